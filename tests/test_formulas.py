"""Random problems by formulas against SymPy, differences and PyTorch; every printed line; and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import networks
import numpy as np
import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tools import needs_torch

from generator.definitions.problem import Definition as Loaded
from generator.definitions.problem import load
from generator.definitions.source import Source
from generator.errors import DefinitionError, FormulaError
from generator.formula.infix import parse
from generator.formula.inlining import inlined, own_functions
from generator.formula.tree import CIRCULAR, num
from generator.graph.quantities import derivative_name, updated_name
from generator.kinds.formulas import Definition, check
from generator.notation.files import notation_names
from generator.pipeline import Worked, load_worked, work
from generator.render.document import render
from generator.render.formats import FORMATS
from generator.render.program import FLAVOURS, program
from generator.solve.traces import solve
from generator.verify.document import verify
from generator.verify.truth import Truth

SLOW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SHIPPED = [
    path for folder in ("circuits", "others") for path in sorted(Path("problems", folder).resolve().glob("*.yml"))
]
Data = dict[str, Any]
Pick = Callable[[Sequence[Any]], Any]

SCALARS = ("a", "b", "c")
VECTORS = ("v", "w")


# --- random problems -----------------------------------------------------------------------------------------------


def scalar(pick: Pick, known: Sequence[str], vectors: Sequence[str], depth: int) -> str:
    """A formula of one number, without poles, that stays of moderate size."""
    if depth == 0 or not pick(range(4)):
        return pick([*known, pick(["2", "0.5", "3"])])

    def inside() -> str:
        return scalar(pick, known, vectors, depth - 1)

    def whole() -> str:
        return vector(pick, known, vectors, depth - 1)

    match pick(range(13)):
        case 0:
            return f"({inside()} + {inside()})"
        case 1:
            return f"({inside()} - {inside()})"
        case 2 | 3:
            return f"{inside()} * {inside()}"
        case 4:
            return f"tanh({inside()})"
        case 5:
            return f"logistic({inside()})"
        case 6:
            return f"{inside()} / (1 + ({inside()})**2)"
        case 7:
            return f"exp(tanh({inside()}))"
        case 8:
            return f"log(2 + ({inside()})**2)"
        case 9:
            return f"sqrt(1 + ({inside()})**2)"
        case 10:
            return f"dot({whole()}, {whole()})"
        case 11:
            return f"sum({whole()})"
        case _:
            return f"-({inside()})"


def vector(pick: Pick, known: Sequence[str], vectors: Sequence[str], depth: int) -> str:
    """A formula of a vector of two."""
    if depth == 0 or not pick(range(3)):
        return pick(list(vectors))
    match pick(range(5)):
        case 0:
            return f"(M @ {pick(list(vectors))})"
        case 1:
            return f"({vector(pick, known, vectors, depth - 1)} + {vector(pick, known, vectors, depth - 1)})"
        case 2:
            return f"{pick(list(known))} * {pick(list(vectors))}"
        case 3:
            return f"tanh({vector(pick, known, vectors, depth - 1)})"
        case _:
            return f"({pick(list(vectors))} - {pick(list(known))})**2"


def recipe(pick: Pick, lines: int = 4) -> Data:
    def number() -> str:
        return pick(["0.5", "-1", "1.5", "-0.25", "2", "1/3", "-0.6"])

    givens: Data = {name: number() for name in SCALARS}
    givens |= {name: [number(), number()] for name in VECTORS}
    givens["M"] = [[number(), number()], [number(), number()]]
    known, vectors = list(SCALARS), list(VECTORS)
    formulas: dict[str, str] = {}
    for place in range(pick(range(lines)) + 1):
        if pick(range(3)):
            name = f"s{place}"
            formulas[name] = scalar(pick, known, vectors, 2)
            known.append(name)
        else:
            name = f"h{place}"
            formulas[name] = vector(pick, known, vectors, 2)
            vectors.append(name)
    used = " + ".join(name if name[0] == "s" else f"sum({name})" for name in formulas)
    formulas["L"] = f"tanh(({used}) / 4) + a * b"
    return {
        "kind": "formulas", "title": "made", "givens": givens, "formulas": formulas,
        "differentiate": {"of": "L", "wrt": [*SCALARS, *VECTORS, "M"]}, "learning_rate": {"eta": "0.1"},
        "update": ["a", "v", "M"], "steps": pick([1, 2]), "detail": pick(["all", "first"]),
    }  # fmt: skip


@st.composite
def problems(draw: st.DrawFn) -> Data:
    return recipe(lambda choices: draw(st.sampled_from(list(choices))))


def worked_of(data: Data, notation: str | None = None) -> Worked:
    problem = Definition.model_validate(data)
    assert not list(check(problem)), data
    return work(Loaded(problem=problem, source=Source(Path("made.yml"), data, {})), notation)


# --- witnesses: Python's own reading of the formulas ---------------------------------------------------------------


def entries(data: Data) -> dict[str, str]:
    """Every given number by its name."""
    found: dict[str, str] = {}
    for name, given_ in data["givens"].items():
        if not isinstance(given_, list):
            found[name] = given_
            continue
        for row, inside in enumerate(given_, 1):
            if isinstance(inside, list):
                found |= {f"{name}_{row}_{column}": text for column, text in enumerate(inside, 1)}
            else:
                found[f"{name}_{row}"] = inside
    return found


def held(numbers: list[Any]) -> Any:
    """An array of numbers of any kind, as they are."""
    made = np.empty(len(numbers), dtype=object)
    for place, number in enumerate(numbers):
        made[place] = number
    return made


def loss(
    data: Data,
    numbers: Mapping[str, Any],
    functions: Mapping[str, Callable[..., Any]],
    gather: Callable[[list[Any]], Any] = held,
) -> Any:
    """The value of L over any arithmetic; `gather` makes one array of many numbers."""

    def lifted(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x: held([function(one) for one in x]) if isinstance(x, np.ndarray) else function(x)

    space: Data = {name: lifted(function) for name, function in functions.items()}
    space |= {"dot": lambda one, other: (one * other).sum(), "sum": lambda one: one.sum()}
    space["logistic"] = lambda x: 1 / (1 + space["exp"](-x))
    names: Data = {}
    for name, given_ in data["givens"].items():
        own = [number for entry, number in numbers.items() if entry == name or entry.startswith(f"{name}_")]
        shape = np.shape(given_) if isinstance(given_, list) else None
        names[name] = gather(own).reshape(shape) if shape else own[0]
    for name, text in data["formulas"].items():
        names[name] = eval(text, {"__builtins__": {}}, {**space, **names})  # made above
    return names["L"]


def precise(text: str) -> mpmath.mpf:
    return mpmath.mpf(Fraction(text).numerator) / Fraction(text).denominator


MPMATH = {name: getattr(mpmath, name) for name in ("exp", "log", "tanh", "sqrt")}
SYMPY = {name: getattr(sympy, name) for name in ("exp", "log", "tanh", "sqrt")}


def gradient_names(data: Data) -> dict[str, str]:
    return {name: derivative_name("L", name) for name in entries(data)}


@SLOW
@given(data=problems())
def test_gradients_are_those_of_differences(data: Data) -> None:
    found = worked_of(data).trace
    with mpmath.workdps(60):
        start = {name: precise(text) for name, text in entries(data).items()}
        step = mpmath.mpf(10) ** -18
        for name, gradient in gradient_names(data).items():
            up, down = (loss(data, {**start, name: start[name] + move}, MPMATH) for move in (step, -step))
            expected = (up - down) / (2 * step)
            assert abs(mpmath.mpf(found.full(gradient, 30)) - expected) < 1e-20 * (1 + abs(expected)), gradient


@settings(SLOW, max_examples=5)
@given(data=problems())
def test_gradients_are_those_of_the_expanded_loss(data: Data) -> None:
    found = worked_of(data).trace
    numbers = {name: sympy.Rational(text) for name, text in entries(data).items()}
    for name in ("a", "v_1", "M_2_1"):
        moved = sympy.Symbol("moved", real=True)
        slope = sympy.diff(loss(data, {**numbers, name: moved}, SYMPY), moved).subs(moved, numbers[name])
        value = float(sympy.sympify(slope).evalf(40))
        assert float(found.full(derivative_name("L", name), 25)) == pytest.approx(value, rel=1e-13, abs=1e-15), name


@needs_torch
@SLOW
@given(data=problems())
def test_gradients_are_those_of_autograd(data: Data) -> None:
    import torch

    numbers = {
        name: torch.tensor(float(Fraction(text)), dtype=torch.float64, requires_grad=True)
        for name, text in entries(data).items()
    }

    def lifted(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x: function(torch.as_tensor(x, dtype=torch.float64))

    value = loss(data, numbers, {name: lifted(getattr(torch, name)) for name in MPMATH}, torch.stack)
    value.backward()
    found = worked_of(data)
    double = solve(found.graph)
    assert float(found.trace.full("L", 25)) == pytest.approx(value.item(), rel=1e-12)
    for name, gradient in gradient_names(data).items():
        expected = float(numbers[name].grad) if numbers[name].grad is not None else 0.0
        assert float(found.trace.full(gradient, 25)) == pytest.approx(expected, rel=1e-10, abs=1e-13), gradient
        assert double[gradient][0] == pytest.approx(expected, rel=1e-10, abs=1e-12), gradient


@settings(SLOW, max_examples=5)
@given(data=problems())
def test_derivatives_in_a_formula_are_those_of_the_backward_pass(data: Data) -> None:
    more = {"ga": "d(L, a)", "gv": "d(L, v)"}
    both = {key: value for key, value in data.items() if key not in ("update", "learning_rate", "steps")}
    try:
        found = worked_of({**both, "formulas": {**data["formulas"], **more}}).trace
    except DefinitionError as error:
        assert "too long" in str(error)  # noqa: PT017 - that is what it is refused for, and nothing else
        return
    for name, gradient in (("ga", "dL/da"), ("gv_1", "dL/dv_1"), ("gv_2", "dL/dv_2")):
        assert float(found.full(name, 25)) == pytest.approx(float(found.full(gradient, 25)), rel=1e-20, abs=1e-24)


@settings(SLOW, max_examples=3)
@given(data=problems(), notation=st.sampled_from(notation_names()))
def test_every_printed_line_of_random_problems_is_true(data: Data, notation: str) -> None:
    assert truths(worked_of(data, notation), ("solution",), ("en",)) > 20


def truths(made: Worked, documents: Sequence[str], languages: Sequence[str]) -> int:
    """How many relations were read back and found true. Raises where one is not."""
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    checked = 0
    for document in documents:
        for text_format in FORMATS:
            if text_format == "terminal":
                continue
            for language in languages:
                for level in (None,) if document == "solution" else ("guided", "faded", "open"):
                    more = {"level": level} if level else {}
                    text = render(made, document, text_format, language, **more)
                    report = verify(text, text_format, truth, made.history)
                    assert not report.untrue, (document, text_format, language, level, report.untrue[:2])
                    checked += report.checked
    return checked


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_printed_line_of_the_shipped_problems_is_true(path: Path) -> None:
    assert truths(load_worked(path), ("solution", "worksheet", "key"), ("zh",)) > 100
    other = notation_names()[SHIPPED.index(path) % len(notation_names())]
    assert truths(load_worked(path, other), ("solution",), ("en",)) > 20


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_problems_speak_both_languages_and_fit_a_page(path: Path) -> None:
    problem = load(path).problem
    texts = [problem.title, problem.introduction, *problem.remarks, *problem.conventions]
    texts += [*problem.say.values(), *(part.title for part in problem.parts)]
    assert all(set(text) == {"en", "zh"} for text in texts)
    assert problem.minutes
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 50


def test_an_author_states_conventions_of_their_own(tmp_path: Path) -> None:
    """In every document and language, with symbols, and without telling a value that is asked for."""
    path = tmp_path / "made.yml"
    path.write_text(
        "kind: formulas\ntitle: t\ngivens: {a: 2}\nformulas: {y: a**2 + 3}\n"
        "conventions:\n  - {en: 'Of [[a]], the square is in [[y=]].', zh: '[[a]] 的平方在 [[y]] 中。'}\n",
        encoding="utf-8",
    )
    worked = load_worked(path)
    for document in ("solution", "worksheet"):
        text = render(worked, document, "markdown")
        assert "- Of $a$, the square is in $y" in text
        assert "平方在" in render(worked, document, "markdown", "zh")
    assert "= 7" not in render(worked, "worksheet", "markdown", level="open")


# --- several rounds ------------------------------------------------------------------------------------------------


def test_newtons_method_is_worked_as_exact_fractions() -> None:
    found = load_worked(Path("problems/others/newton_sqrt2.yml").resolve()).trace
    x = Fraction(1)
    for number in (1, 2, 3):
        x -= (x * x - 2) / (2 * x)
        assert found.values[updated_name("x", number)] == x


def test_the_values_round_by_round_are_printed_and_checked() -> None:
    made = load_worked(Path("problems/others/newton_sqrt2.yml").resolve())
    text = render(made, "solution", "markdown")
    row = f"| $2$ | ${made.trace.shown['x_new2']}$ | ${made.trace.shown['f_new2']}$ |"
    assert text.count(row) == 1
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    assert not verify(text, "markdown", truth).untrue
    wrong = text.replace(row, row.replace(made.trace.shown["x_new2"], "1.41666668"))
    assert len(verify(wrong, "markdown", truth).untrue) == 1
    more = text.replace(row, row.replace("| $2$ |", "| $9$ |"))
    assert "after 9 updates is not worked out" in str(verify(more, "markdown", truth).untrue[0])


def test_a_gradient_does_not_pass_through_the_update_before_it() -> None:
    """`b` is not updated, and the second round's `a` was computed with it: there it is a number like any other."""
    made = worked_of({
        "kind": "formulas", "title": "made", "givens": {"a": "2", "b": "3"}, "formulas": {"L": "a * b"},
        "differentiate": {"of": "L", "wrt": ["a", "b"]}, "update": {"a": "a - d(L, a) * b"}, "steps": "2",
    })  # fmt: skip
    assert [made.trace.values[name] for name in ("dL/da", "dL/db", "a_new", "dL_new/db")] == [3, 2, -7, -7]


def test_a_loss_that_uses_a_quantity_twice_adds_both_ways_up() -> None:
    made = worked_of({
        "kind": "formulas", "title": "made", "givens": {"a": "2"}, "formulas": {"q": "a**2", "L": "a * q"},
        "differentiate": {"of": "L", "wrt": ["a"]},
    })  # fmt: skip
    assert made.trace.values["dL/da"] == 12
    assert truths(made, ("solution", "worksheet"), ("en",)) > 10


def test_what_is_computed_is_differentiated_by_as_what_is_given() -> None:
    """The gradient of softmax and cross-entropy by the logits, softmax minus target, goes on to the weights."""
    made = worked_of({
        "kind": "formulas", "title": "made",
        "givens": {"x": ["1", "2"], "W": [["1", "-1"], ["0", "1"]], "t": ["0", "1"]},
        "formulas": {"z": "W @ x", "p": "softmax(z)", "L": "-dot(t, log(p))"},
        "differentiate": {"of": "L", "wrt": ["z", "W"]},
    })  # fmt: skip
    value = made.trace.full
    for unit, target in ((1, 0), (2, 1)):
        logit = float(value(f"p_{unit}", 25)) - target
        assert float(value(f"dL/dz_{unit}", 25)) == pytest.approx(logit, rel=1e-15)
        assert float(value(f"dL/dW_{unit}_2", 25)) == pytest.approx(2 * logit, rel=1e-15)
    assert truths(made, ("solution", "worksheet"), ("en",)) > 50


def test_what_a_softmax_is_of_has_a_name_and_so_has_its_result() -> None:
    """Rows of scores, as in softmax(Q K.T / 2) V, against differences."""
    data: Data = {
        "kind": "formulas", "title": "made",
        "givens": {
            "Q": [["1", "0.5"], ["0", "1"]], "K": [["1", "2"], ["-1", "0"], ["0.5", "0"]],
            "V": [["1", "2"], ["-1", "0"], ["0.5", "0"]],
        },
        "formulas": {"C": "softmax(Q @ K.T / 2) @ V", "p": "softmax(V @ C[1])",
                     "A": "[softmax(C[i]) for i in 1..2]", "L": "sum(C**2) + p[2] + A[2, 1]"},
        "differentiate": {"of": "L", "wrt": ["Q", "K"]},
    }  # fmt: skip
    made = worked_of(data)
    values = {name: float(value) for name, value in made.trace.values.items() if name[0] in "dCLp"}
    scores = np.array([[1, 0.5], [0, 1]]) @ np.array([[1, 2], [-1, 0], [0.5, 0]]).T / 2
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert [values[f"C_in_{i}_{j}"] for i in (1, 2) for j in (1, 2, 3)] == pytest.approx(scores.ravel())
    assert [values[f"C_softmax_{i}_{j}"] for i in (1, 2) for j in (1, 2, 3)] == pytest.approx(shares.ravel())

    def at(row: int, column: int, move: str) -> float:
        keys = [list(line) for line in data["givens"]["K"]]
        keys[row][column] = str(Fraction(keys[row][column]) + Fraction(move))
        return float(worked_of({**data, "givens": {**data["givens"], "K": keys}}).trace.values["L"])

    for row, column in ((0, 1), (2, 0)):
        slope = (at(row, column, "0.001") - at(row, column, "-0.001")) / 0.002
        assert values[f"dL/dK_{row + 1}_{column + 1}"] == pytest.approx(slope, rel=1e-5)
    assert truths(made, ("solution", "worksheet"), ("en",)) > 100
    taken = {**data, "formulas": {"C": "softmax(Q @ K.T) @ V", "C_in": "1"}}
    assert [found for _, found, _ in check(Definition.model_validate(taken))] == ["`C_in`, which is taken"]


def test_own_functions_are_put_in_where_they_are_called() -> None:
    """A step of Runge and Kutta against the series of the solution, and a function of a function of a vector."""
    made = worked_of({
        "kind": "formulas", "title": "made", "givens": {"y": "1", "h": "1/10", "v": ["1", "3"]},
        "functions": {"f(t, u)": "t - u", "s(u)": "sum(u[i] * f(i, 0) for i in 1..2)", "r(u)": "s(u - 1)"},
        "formulas": {
            "a": "f(0, y)", "b": "f(h / 2, y + h * a / 2)", "c": "f(h / 2, y + h * b / 2)", "e": "f(h, y + h * c)",
            "z": "y + h / 6 * (a + 2 * b + 2 * c + e)", "q": "r(v)",
        },
    })  # fmt: skip
    values = made.trace.values
    assert float(values["z"]) == pytest.approx(2 * float(mpmath.exp(-0.1)) + 0.1 - 1, abs=1e-6)
    assert values["q"] == 4
    with pytest.raises(FormulaError, match="`s` has the index `i` in it"):
        inlined(parse("[s(v[i]) for i in 1..2]"), own_functions({"s(u)": "sum(u * i for i in 1..2)"}))


def test_one_entry_of_a_given_takes_a_new_value() -> None:
    """A step of Q-learning: one entry of a table moves, the others stay; a row can move as a whole."""
    data = {
        "kind": "formulas", "title": "made", "steps": 2,
        "givens": {"alpha": "0.5", "gamma": "0.9", "r": "1", "Q": [["0.2", "0.5"], ["0.8", "0.1"]]},
        "formulas": {"delta": "r + gamma * max(Q[2]) - Q[1,2]", "best": "argmax(Q[2])"},
        "update": {"Q[1,2]": "Q[1,2] + alpha * delta", "Q[2]": "Q[2] / 2"},
    }  # fmt: skip
    made = worked_of(data)
    values = made.trace.values
    first = Fraction("0.5") + Fraction("0.5") * (1 + Fraction("0.9") * Fraction("0.8") - Fraction("0.5"))
    assert values["Q_1_2_new"] == first
    assert values["Q_1_2_new2"] == first + Fraction("0.5") * (1 + Fraction("0.9") * Fraction("0.4") - first)
    assert "Q_1_1_new" not in values
    assert values["best"] == 1
    assert truths(made, ("solution", "worksheet"), ("en",)) > 20


def test_a_new_value_may_be_computed_from_one_before_it() -> None:
    """Nesterov's momentum with the gradient at the point ahead, against plain arithmetic; vectors and entries too."""
    made = worked_of({
        "kind": "formulas", "title": "made", "steps": 2,
        "givens": {"x": "2", "v": "0", "mu": "0.5", "eta": "0.1", "w": ["1", "2"], "s": ["0", "0"]},
        "formulas": {"y": "x + mu * v", "f": "y**2 + w[1] * w[2]", "g": "d(f, y)", "h": "d(f, w)"},
        "update": {
            "v": "mu * v - eta * g", "x": "x + v_new", "s[2]": "s[1] + h[2]", "w": "w - eta * [s_2_new, v_new]",
        },
    })  # fmt: skip
    x, v, w, s = Fraction(2), Fraction(0), [Fraction(1), Fraction(2)], Fraction(0)
    for _ in range(2):
        v = v / 2 - Fraction("0.1") * 2 * (x + v / 2)
        x, s = x + v, w[0]
        w = [w[0] - Fraction("0.1") * s, w[1] - Fraction("0.1") * v]
    values = made.trace.values
    assert [values[f"{name}_new2"] for name in ("x", "v", "w_1", "w_2", "s_2")] == [x, v, *w, s]
    assert "from new ones before them" in render(made, "solution", "markdown", "en")
    for flavour in FLAVOURS:
        assert "v_new" in program(made, flavour)
    assert truths(made, ("solution", "worksheet", "key"), ("en", "zh")) > 20


def test_a_derivative_is_differentiated_again_and_so_is_a_formula_without_a_name() -> None:
    made = worked_of({
        "kind": "formulas", "title": "made", "givens": {"x": "2", "y": "3", "v": ["1", "2"]},
        "formulas": {
            "f": "x**4 * y - 3 * x**2 + sin(x * y)", "s": "d(f, x) / d(d(f, x), x)", "m": "d(d(f, x), y)",
            "t": "d(d(d(f, x), x), y)", "g": "d(x**2 * y, x) + 1", "k": "d(v[1] * x, v)",
        },
    })  # fmt: skip
    x, y = sympy.symbols("x y")
    f = x**4 * y - 3 * x**2 + sympy.sin(x * y)
    wanted = {"s": f.diff(x) / f.diff(x, 2), "m": f.diff(x, y), "t": f.diff(x, 2, y), "g": 2 * x * y + 1}
    for name, formula in wanted.items():
        found = float(made.trace.full(name, 20))
        assert found == pytest.approx(float(formula.subs({x: 2, y: 3})), rel=1e-12), name
    assert (made.trace.values["k_1"], made.trace.values["k_2"]) == (2, 0)
    assert truths(made, ("solution",), ("en",)) > 10


def test_a_list_of_formulas_is_the_vector_or_matrix_of_them() -> None:
    """What YAML reads as a list need not be in quotes."""
    given_ = {"kind": "formulas", "title": "made", "givens": {"a": "2", "b": "3"}}
    listed = {"v": ["a + b", "2 * a", "5"], "M": [["a", "0"], ["a * b", "1"]], "w": "M @ [a, b]"}
    quoted = {"v": "[a + b, 2 * a, 5]", "M": "[[a, 0], [a * b, 1]]", "w": "M @ [a, b]"}
    assert worked_of(given_ | {"formulas": listed}).graph == worked_of(given_ | {"formulas": quoted}).graph


def test_the_place_of_the_largest_is_said_by_name() -> None:
    """`argmax` stands on the page; a program has the cases, and a derivative does not pass through it."""
    made = worked_of({
        "kind": "formulas", "title": "made", "givens": {"q": ["0.2", "0.8", "0.5"], "w": "2"},
        "formulas": {"k": "argmax(q)", "l": "argmin([w, q[1]])", "y": "onehot(k, 3) @ q * w"},
        "differentiate": {"of": "y", "wrt": ["q"]},
    })  # fmt: skip
    assert (made.trace.values["k"], made.trace.values["l"]) == (2, 2)
    text = render(made, "solution", "latex", "en")
    assert r"\operatorname{argmax}(q_1 , q_2 , q_3)" in text
    assert r"\operatorname{argmax}(0.2 , 0.8 , 0.5)" in text
    assert [made.trace.values[derivative_name("y", f"q_{place}")] for place in (1, 2, 3)] == [0, 2, 0]
    assert made.trace.values[derivative_name("k", "q_2")] == 0
    assert made.graph[derivative_name("k", "q_2")].formula == num(0)
    for flavour in FLAVOURS:
        assert "argmax" not in program(made, flavour)
    assert truths(made, ("solution", "worksheet", "key"), ("en", "zh")) > 20


# --- refused -------------------------------------------------------------------------------------------------------

GOOD = """\
kind: formulas
title: A good one
givens: {x: 2, v: [1, 2], M: [[1, 2], [2, 4]]}
formulas:
  f: x**2 + sum(v)
  g: f * v
differentiate: {of: f, wrt: [x, v]}
learning_rate: {eta: 0.1}
update: [x]
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "found", "expected"),
    [
        ("x**2 +", "x**2 + y +", 5, "formulas.f", "`x**2 + y", "`y` is not known here"),
        ("x**2 +", "x**2 +* ", 5, "formulas.f", "`x**2 +*", "cannot read the formula"),
        ("x**2 +", "2x +", 5, "formulas.f", "`2x +", "as `2*x`"),
        ("x**2 +", f"{'-' * 300}x +", 5, "formulas.f", "`---", "nested too deeply"),
        ("f * v", "M @ [1, 2, 3]", 6, "formulas.g", "`M @", "as many columns"),
        ("g: f * v", "v: f", 6, "formulas.v", "`v`, which is taken", "a name of its own"),
        ("g: f * v", "v_1: f", 6, "formulas.v_1", "`v_1`, which is taken", "a name of its own"),
        ("v: [1, 2]", "v: [1, [2]]", 3, "givens.v", "", "a list of numbers"),
        ("[[1, 2], [2, 4]]", "[[1, 2], [2]]", 3, "givens.M", "", "a matrix whose rows have the same length"),
        ("v: [1, 2]", "v: []", 3, "givens.v", "", "a list of numbers"),
        ("of: f", "of: x", 7, "differentiate.of", "`x`", "the name of a formula"),
        ("of: f", "of: ff", 7, "differentiate.of", "`ff`", "the closest is `f`"),
        ("of: f", "of: 3", 7, "differentiate.of", "`3`", "a name"),
        ("of: f", "of: [f, x]", 7, "differentiate.of.1", "`x`", "the name of a formula"),
        ("of: f", "of: [f, f]", 7, "differentiate.of.1", "`f` a second time", "one formula"),
        ("of: f", "of: []", 7, "differentiate.of", "a list", ""),
        ("{of: f, wrt: [x, v]}", "[{of: f, wrt: [x]}, {of: f, wrt: [y]}]", 7, "differentiate.1.of", "a second", "one"),
        ("{of: f, wrt: [x, v]}", "[{of: f, wrt: [y]}]", 7, "differentiate.0.wrt.0", "`y`", "the name of a given"),
        ("{of: f, wrt: [x, v]}", "[{of: f, wtr: [x]}]", 7, "differentiate.0.wtr", "an unknown key", "of"),
        ("of: f", "of: g", 7, "differentiate.of", "`g`", "a formula that is one number"),
        ("wrt: [x, v]", "wrt: [x, f]", 7, "differentiate.wrt.1", "`f`", "a formula before `f`"),
        ("formulas:\n", "functions: {'q(y)': y**2}\nformulas:\n  h: q(x, x)\n", 6, "formulas.h", "`q(x,", "of y"),
        ("formulas:\n", "functions: {q: y**2}\nformulas:\n", 4, "functions", "1 functions", "`q` is not a function"),
        ("formulas:\n", "functions: {'q(y, y)': y}\nformulas:\n", 4, "functions", "", "a name twice"),
        ("formulas:\n", "functions: {'exp(y)': y}\nformulas:\n", 4, "functions", "`exp`", "that no function has yet"),
        ("{eta: 0.1}", "{x: 0.1}", 8, "learning_rate.x", "taken", "a name of its own"),
        ("update: [x]", "update: [f]", 9, "update.0", "`f`", "one of the givens"),
        ("update: [x]", "update: {x: v}", 9, "update.x", "a vector of 2", "one number"),
        ("update: [x]", "update: {v: x}", 9, "update.v", "one number", "a vector of 2"),
        ("update: [x]", "update: {'v[3]': x}", 9, "update.v[3]", "`v[3]`", "one of the givens, or an entry of one"),
        ("update: [x]", "update: {'x + 1': x}", 9, "update.x + 1", "`x + 1`", "one of the givens, or an entry of one"),
        ("update: [x]", "update: {v: v, 'v[1]': x}", 9, "update.v[1]", "`v[1]`", "(`v_1` has a new value already)"),
        ("update: [x]", "update: {x: v_new, v: v}", 9, "update.x", "`v_new`", "`v_new` is not known here"),
        ("update: [x]", "update: {'M[1]': x}", 9, "update.M[1]", "one number", "a vector of 2"),
        ("update: [x]", "update: {x: d(f)}", 9, "update.x", "`d(f)`", "a derivative is written"),
        ("update: [x]", "update: [x]\noptimizer: best", 10, "optimizer", "`best`", "one of sgd"),
        ("update: [x]", "update: [x]\nschedule: best", 10, "schedule", "`best`", "one of constant"),
        ("update: [x]", "update: [x]\nsettings: {mu: 1}", 10, "settings.mu", "`mu`", "no settings"),
        ("update: [x]", "update: [x]\nsteps: 0", 10, "steps", "0", "1"),
        ("update: [x]", "update: [x]\nsay: {x: A}", 10, "say.x", "`x`", "the name of a formula"),
        ("learning_rate: {eta: 0.1}\n", "", 8, "update", "an update by gradients", "`learning_rate`"),
        ("update: [x]", "parts: [{title: A, formulas: {h: x}}]", 9, "parts", "beside `formulas`", "one of the two"),
        ("f * v", "(inverse(M) @ v)[1]", 6, "formulas.g", "inverse(M)", "the matrix is singular: its determinant is 0"),
        ("f * v", "1 / (x - 2)", 6, "formulas.g", "has no value: division by zero", "can be worked"),
        ("f * v", "exp(500 * x)", 6, "formulas.g", "`g` has no value: it overflows", "can be worked"),
        ("update: [x]", "update: {x: exp(exp(5 * x))}", 9, "update.x", "`x_new` has no value: it overflows", "worked"),
        ("f * v", "exp(exp(exp(6 * x)))", 6, "formulas.g", "exp has no finite value there: it overflows", "can"),
        ("f * v", "(10 * x)**400", 6, "formulas.g", "`g` has no value: it overflows", "can be worked"),
        ("g: f * v", "g(x): f * v", 6, "formulas.g(x)", "`g(x)`", "a name before the formula, as in `g: ...`"),
        ("f * v", "log(x - 2)", 6, "formulas.g", "`g` has no value", "can be worked"),
        ("f * v", "d(floor(x), x)", 6, "formulas.g", "`g` uses d(g_of, x): `floor` has no useful", "can be worked"),
        ("update: [x]", "update: {x: 'x - d(d(f, x), x)'}", 9, "update.x", "", "give a formula one in a line before"),
    ],
)  # fmt: skip
def test_a_mistake_is_explained(
    old: str, new: str, line: int | None, key: str, found: str, expected: str, tmp_path: Path
) -> None:
    assert GOOD.count(old) == 1
    path = tmp_path / "made.yml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_worked(path)
    error = caught.value
    assert (error.file, error.line, error.key) == (path, line, key)
    assert found in error.found
    assert expected in error.expected


@pytest.mark.parametrize(
    ("formulas", "expected"),
    [
        ("x * 2", "a name before each formula, as in `y: x * 2`"),
        ("[x * 2]", "a name before each formula, and no dashes"),
    ],
)
def test_a_formula_without_a_name_is_told_how_it_gets_one(formulas: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    path.write_text(f"kind: formulas\ntitle: made\ngivens: {{x: 1}}\nformulas: {formulas}\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"made.yml:4: `formulas`") as caught:
        load(path)
    assert expected in caught.value.expected


@pytest.mark.parametrize(
    ("formula", "slope", "number"),
    [
        ("-log(sigmoid(z))", "−(1 − σ(z))", lambda z: -1 / (1 + np.exp(z))),
        ("-log(1 - sigmoid(z))", "σ(z)", lambda z: 1 / (1 + np.exp(-z))),
        ("log(sigmoid(2 * z))", "2(1 − σ(2 · z))", lambda z: 2 / (1 + np.exp(2 * z))),
    ],
)
def test_the_slope_of_a_logarithm_of_the_logistic_is_written_by_it(
    formula: str, slope: str, number: Callable[[float], float]
) -> None:
    made = worked_of({
        "kind": "formulas", "title": "made", "givens": {"w": "3", "x": "1/4"}, "formulas": {"z": "w * x", "L": formula},
        "differentiate": {"of": "L", "wrt": ["w"]},
    })  # fmt: skip
    assert float(made.trace.full("dL/dz")) == pytest.approx(number(0.75))
    assert f"∂L/∂z = {slope}" in render(made, "solution", "terminal")
    assert truths(made, ("solution", "worksheet"), ("en",)) > 10


def test_the_good_one_is_good(tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    path.write_text(GOOD, encoding="utf-8")
    assert load_worked(path).trace.values["x_new"] == Fraction(8, 5)


def test_what_a_derivative_is_taken_to_be_at_a_corner_is_said() -> None:
    """Of an absolute value and of cases, where one of them is differentiated, and only there."""
    data = {
        "kind": "formulas",
        "title": "made",
        "givens": {"x": "0"},
        "formulas": {"f": "abs(x)", "g": "x if x > 0 else -x"},
    }
    corners = ("the derivative of an absolute value is taken to be 0", "is differentiated case by case")
    plain = render(worked_of(data), "solution", "terminal")
    for formula, corner in zip(("f", "g"), corners, strict=True):
        page = render(worked_of({**data, "differentiate": {"of": formula, "wrt": ["x"]}}), "solution", "terminal")
        assert corner in page
        assert corner not in plain


ANGLES = {
    "sin": "0.7",
    "cos": "0.7",
    "tan": "0.7",
    "arcsin": "0.3",
    "arccos": "0.3",
    "arctan": "1.7",
    "sinh": "0.6",
    "cosh": "0.6",
}


@pytest.mark.parametrize("name", ANGLES)
def test_functions_of_angles_have_their_values_and_slopes(name: str) -> None:
    """Against mpmath, SymPy and a complex step; every line of every format is true, and the page speaks of radians."""
    x = ANGLES[name]
    data = {
        "kind": "formulas", "title": "made", "givens": {"x": x}, "formulas": {"f": f"{name}(x**2) + 2 * {name}(x)"},
        "differentiate": {"of": "f", "wrt": ["x"]},
    }  # fmt: skip
    made = worked_of(data)
    with mpmath.workdps(40):
        point = precise(x)
        exact = networks.MPMATH[name](point**2) + 2 * networks.MPMATH[name](point)
        assert mpmath.almosteq(precise(made.trace.full("f", 30)), exact, 1e-28)
    symbol = sympy.Symbol("x")
    function = networks.SYMPY[name]
    slope = sympy.diff(function(symbol**2) + 2 * function(symbol), symbol).subs(symbol, sympy.Rational(x))
    assert mpmath.almosteq(precise(made.trace.full("df/dx", 30)), mpmath.mpf(str(sympy.N(slope, 30))), 1e-14)
    step, function = complex(float(x), 1e-30), networks.COMPLEX[name]
    assert float(made.trace.full("df/dx")) == pytest.approx((function(step**2) + 2 * function(step)).imag / 1e-30)
    assert truths(made, ("solution", "worksheet"), ("en", "zh")) > 20
    assert ("Angles are in radians." in render(made, "solution", "markdown")) == (name in CIRCULAR)
    for flavour in FLAVOURS:
        assert f"{'math' if flavour == 'python' else 'np'}." in program(made, flavour)


def test_functions_have_other_names_and_logarithms_any_base() -> None:
    lines = {"a": "asin(x) - arcsin(x)", "b": "log(x, 2) - log2(x)", "c": "log(8, 3) * ln(3)", "e": "log(x, 10)"}
    made = worked_of({"kind": "formulas", "title": "made", "givens": {"x": "0.5"}, "formulas": lines})
    shown = made.trace.shown
    assert list(map(float, (shown["a"], shown["b"]))) == [0, 0]
    assert (shown["c"], shown["e"]) == ("2.0794", "-0.3010")
    with pytest.raises(DefinitionError, match="`f` has no value: arcsin has no finite value there"):
        worked_of({"kind": "formulas", "title": "made", "givens": {"x": "2"}, "formulas": {"f": "asin(x)"}})
