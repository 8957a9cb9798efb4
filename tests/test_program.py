"""Generated programs: run, and every number compared with the trace; valid, clean and safe whatever is in them."""

from __future__ import annotations

import ast
import contextlib
import io
import math
import re
import subprocess
import sys
import warnings
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import DIFFERENTIABLE

from generator.definitions.problem import Definition, find_definitions
from generator.definitions.source import Source
from generator.errors import DefinitionError, FormulaError, RenderError
from generator.formula.functions import LOSSES
from generator.formula.infix import parse
from generator.formula.tree import Add, Blank, Call, Cases, Div, Formula, Mul, Neg, Num, Pow, Ref, num
from generator.graph.quantities import Role
from generator.kinds import network
from generator.notation.files import notation_names
from generator.pipeline import Worked, load_worked, work
from generator.render.document import render
from generator.render.language import language_names
from generator.render.program import FLAVOURS, program
from generator.solve.histories import History
from generator.solve.rounding import full
from generator.solve.traces import solve
from generator.typeset.python import DIALECTS, Printer, comment, identifiers, number, quoted, real
from generator.typeset.wrapping import broken

NETWORKS = Path(__file__).parent.parent / "problems" / "networks"
PROBLEMS = [path for path in find_definitions(NETWORKS) if path.with_suffix(".claims.yml").is_file()]
EVERY = [(path, notation, flavour) for path in PROBLEMS for notation in notation_names() for flavour in FLAVOURS]
IDS = [f"{path.stem}-{notation}-{flavour}" for path, notation, flavour in EVERY]

BASE: dict[str, Any] = {
    "kind": "network",
    "title": "A network",
    "inputs": {"x1": "0.5", "x2": "-1"},
    "targets": {"t1": "1"},
    "layers": [
        {"name": "hidden", "units": {"h1": {"x1": "w1", "x2": "w2"}, "h2": {"x1": "w3"}}, "bias": "b1"},
        {"name": "output", "units": {"o1": {"h1": "w4", "h2": "w5"}}, "activation": "identity"},
    ],
    "weights": {"w1": "0.1", "w2": "0.2", "w3": "-0.3", "w4": "0.4", "w5": "0.5"},
    "biases": {"b1": "0.1"},
    "learning_rate": {"eta": "0.1"},
    "training": {"iterations": 3, "show": [1, 3]},
}


def worked(data: dict[str, Any], notation: str | None = None, *, sound: bool = True) -> Worked:
    problem = network.Definition.model_validate(data)
    assert not sound or not list(network.check(problem))
    return work(Definition(problem=problem, source=Source(Path("made.yml"), data, {})), notation)


def execute(source: str) -> tuple[dict[str, Any], str]:
    """Run a program in a namespace of its own: what it leaves there, and what it printed."""
    space: dict[str, Any] = {"__name__": "__main__"}
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(source.encode(), "<program>", "exec"), space)  # bytes: an encoding line would be obeyed
    return space, out.getvalue()


def printed(output: str) -> tuple[dict[str, float], dict[int, float], dict[str, float]]:
    """What a program printed: every quantity, the error by iteration, the parameters at the end."""
    quantities: dict[str, float] = {}
    errors: dict[int, float] = {}
    last: dict[str, float] = {}
    for line in output.splitlines():
        if match := re.fullmatch(r" *(\S+) += (-?[\d.e+-]+|-?inf|nan)", line):
            into = last if errors else quantities
            assert match[1] not in into
            into[match[1]] = float(match[2])
            assert repr(float(match[2])) == match[2]
        elif match := re.fullmatch(r" *(\d+)  (\S+)", line):
            errors[int(match[1])] = float(match[2])
    return quantities, errors, last


@cache
def history(path: Path) -> History:
    made = load_worked(path).history
    assert made is not None
    return made


# --- the shipped problems, as a reader runs them ---


@pytest.mark.parametrize(("path", "notation", "flavour"), EVERY, ids=IDS)
def test_running_a_program_gives_every_number(path: Path, notation: str, flavour: str, tmp_path: Path) -> None:
    made = load_worked(path, notation)
    file = tmp_path / "program.py"
    file.write_text(program(made, flavour), encoding="utf-8")
    run = subprocess.run([sys.executable, "-I", "-W", "error", file], capture_output=True, text=True, check=True)
    assert run.stderr == ""
    quantities, errors, last = printed(run.stdout)
    assert set(quantities) == {q.name for q in made.graph if q.role is not Role.CHECK}
    rounding = made.trace.rounding
    for name, value in quantities.items():
        assert value == pytest.approx(float(made.trace.full(name, 25)), rel=1e-12, abs=0), name
        near = {
            rounding.number(Fraction(value) * factor)
            for factor in (1, 1 - Fraction(1, 10**12), 1 + Fraction(1, 10**12))
        }
        assert Fraction(made.trace.shown[name]) in near, name
    rows = history(path).rows
    assert list(errors) == sorted(rows)
    for iteration, error in errors.items():
        assert error == pytest.approx(float(rows[iteration][made.graph.loss]), rel=1e-9, abs=0)
    assert tuple(last) == tuple(old for old, _ in made.graph.moves)
    for name, value in last.items():
        assert value == pytest.approx(float(rows[max(rows)][name]), rel=1e-9, abs=0)


def test_rounding_what_a_program_prints_gives_the_digits_of_its_worked_solution() -> None:
    made = load_worked(PROBLEMS[0])
    quantities, _, _ = printed(execute(program(made, "python"))[1])
    rounding = made.trace.rounding
    for name, value in quantities.items():
        assert rounding.number(Fraction(value)) == Fraction(made.trace.shown[name]), name


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_programs_compile_without_warnings_and_lint_clean(flavour: str, tmp_path: Path) -> None:
    pytest.importorskip("ruff")
    for path in PROBLEMS:
        for notation in notation_names():
            for language in language_names():
                source = program(load_worked(path, notation), flavour, language)
                (tmp_path / f"{path.stem}_{notation}_{language.replace('-', '_')}.py").write_text(
                    source, encoding="utf-8"
                )
    files = sorted(tmp_path.glob("*.py"))
    subprocess.run([sys.executable, "-W", "error", "-m", "py_compile", *files], check=True)
    ruff: list[str | Path] = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", tmp_path]
    found = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


def test_the_plain_program_needs_only_the_standard_library() -> None:
    for path in PROBLEMS:
        tree = ast.parse(program(load_worked(path), "python"))
        modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert modules == {"math"}


def test_a_program_is_the_same_every_time_and_differs_by_language_in_words_only() -> None:
    path = PROBLEMS[0]
    for flavour in FLAVOURS:
        assert program(load_worked(path), flavour) == program(load_worked(path), flavour)
        trees = {ast.dump(_without_strings(program(load_worked(path), flavour, code))) for code in language_names()}
        assert len(trees) == 1


def _without_strings(source: str) -> ast.AST:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
        if isinstance(node, ast.FormattedValue):
            node.format_spec = None  # how wide a column is depends on its heading
    return tree


# --- variants ---


def test_the_numpy_program_solves_many_variants_at_once() -> None:
    made = load_worked(PROBLEMS[0])
    space, _ = execute(program(made, "numpy"))
    first, weight = np.linspace(-1, 1, 7), np.linspace(0, 2, 7)
    found = space["solve"](**space["GIVENS"] | {"i1": first, "w5": weight})
    expected = solve(made.graph, {"i1": first, "w5": weight})
    assert set(found) == {name for name in expected if made.graph[name].role is not Role.CHECK}
    for name in found:
        values = expected[name]
        np.testing.assert_allclose(np.broadcast_to(found[name], values.shape), values, rtol=1e-13, atol=1e-16)


# --- networks of every sort ---

EIGHTHS = st.integers(-16, 16).map(lambda n: f"{n}/8")  # exact in binary, so that a kink is met in both or in neither


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    sources = [f"x{number}" for number in range(1, draw(st.integers(1, 3)) + 1)]
    data: dict[str, Any] = {"kind": "network", "title": "", "inputs": {name: draw(EIGHTHS) for name in sources}}
    weights: dict[str, str] = {}
    biases: dict[str, str] = {}
    layers = []
    for place, sort in enumerate(draw(st.lists(st.sampled_from(["none", "shared", "own"]), min_size=1, max_size=3))):
        units = [f"u{place}{unit}" for unit in range(draw(st.integers(1, 3)))]
        wiring: dict[str, dict[str, str]] = {}
        for unit in units:
            wiring[unit] = {}
            for source in sources:
                weights[name := f"w{len(weights) + 1}"] = draw(EIGHTHS)
                wiring[unit][source] = name
        bias: Any = {"none": None, "shared": f"b{place}", "own": {unit: f"b_{unit}" for unit in units}}[sort]
        biases |= {name: draw(EIGHTHS) for name in ([bias] if sort == "shared" else (bias or {}).values())}
        activation = draw(st.sampled_from(["relu", "tanh", "identity"]))
        layers.append({"name": f"layer{place}", "units": wiring, "bias": bias, "activation": activation})
        sources = units
    data |= {"layers": layers, "weights": weights, "biases": biases}
    data["targets"] = {f"t{place}": draw(EIGHTHS) for place, _ in enumerate(sources)}
    data["loss"] = draw(st.sampled_from(["half_squared_error", "squared_error"]))
    data["trained"] = draw(st.sampled_from(["weights", "all"]))
    if draw(st.booleans()):
        data["learning_rate"] = {"eta": "1/64"}
        if draw(st.booleans()):
            data["training"] = {"iterations": draw(st.integers(0, 2))}
    return data


@settings(max_examples=40, deadline=None)
@given(networks(), st.sampled_from(notation_names()))
def test_programs_of_generated_networks(data: dict[str, Any], notation: str) -> None:
    made = worked(data, notation)
    for flavour in FLAVOURS:
        quantities, errors, last = printed(execute(program(made, flavour))[1])
        assert set(quantities) == {q.name for q in made.graph if q.role is not Role.CHECK}
        for name, value in quantities.items():
            exact = float(full(made.trace.values[name], 25))
            assert math.isclose(value, exact, rel_tol=1e-12, abs_tol=1e-12), name
        if made.history is None:
            assert not errors
        else:
            assert list(errors) == sorted(made.history.rows)
            assert tuple(last) == tuple(old for old, _ in made.graph.moves)


@pytest.mark.parametrize("activation", DIFFERENTIABLE)
@pytest.mark.parametrize("weight", ["-1/2", "3/4", "1000"])
def test_programs_know_every_activation(activation: str, weight: str) -> None:
    """Written by its sign or written out; with inputs so large, too, that one case of two would overflow."""
    hidden, output = BASE["layers"]
    data = {**BASE, "layers": [{**hidden, "activation": activation}, output]}
    data["weights"] = {**BASE["weights"], "w1": weight}
    if weight == "1000":
        data = {key: value for key, value in data.items() if key not in ("learning_rate", "training")}
    holds_in_every_flavour(data)


@pytest.mark.parametrize("loss", LOSSES)
def test_programs_know_every_loss(loss: str) -> None:
    hidden, output = BASE["layers"]
    data = {**BASE, "layers": [hidden, {**output, "activation": "logistic"}], "loss": loss}
    for target in ("1", "-1") if LOSSES[loss].targets == "sign" else ("1", "1/4"):
        holds_in_every_flavour({**data, "targets": {"t1": target}})


def holds_in_every_flavour(data: dict[str, Any]) -> None:
    for notation in notation_names():
        made = worked(data, notation)
        for flavour in FLAVOURS:
            quantities = printed(execute(program(made, flavour))[1])[0]
            assert set(quantities) == {q.name for q in made.graph if q.role is not Role.CHECK}
            for name, value in quantities.items():
                exact = float(full(made.trace.values[name], 25))
                assert math.isclose(value, exact, rel_tol=1e-12, abs_tol=1e-12), name


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_programs_work_what_double_precision_cannot_do_as_it_is_written(flavour: str, tmp_path: Path) -> None:
    """Zero times its logarithm, shares of huge powers of e, and a quotient in a case that does not hold."""
    path = tmp_path / "made.yml"
    path.write_text(
        "kind: formulas\ntitle: made\ngivens: {p: [0.5, 0.5, 0], z: [1000, 0, -900]}\nformulas:\n"
        "  H: -sum(p[i] * log2(p[i]) for i in 1..3)\n  s: softmax(z)\n  q: 1 / p[3] if p[3] > 0 else 0\n",
        encoding="utf-8",
    )
    made = load_worked(path)
    source = program(made, flavour)
    quantities = printed(execute(source)[1])[0]
    assert {name: quantities[name] for name in ("H", "s_1", "s_2", "q")} == {"H": 1.0, "s_1": 1.0, "s_2": 0.0, "q": 0.0}
    assert source.count("A product with zero counts as zero") == 1
    plain = program(worked(BASE), flavour)
    assert not any(text in plain for text in ("A product with zero", "every case", "np.float64"))
    assert "Zero times the logarithm of zero counts as zero" in render(made, "solution", "markdown")


def test_numpy_programs_borrow_what_numpy_lacks() -> None:
    data = {**BASE, "layers": [{**BASE["layers"][0], "activation": "gelu"}, BASE["layers"][1]]}
    made = program(worked(data), "numpy")
    assert made.count("erf = np.vectorize(math.erf, otypes=[float])") == 1
    assert "import math" in made
    assert "math" not in program(worked(BASE), "numpy")


def test_without_a_learning_rate_there_is_the_pass_alone() -> None:
    data = {key: value for key, value in BASE.items() if key not in ("learning_rate", "training")}
    for flavour in FLAVOURS:
        source = program(worked(data), flavour)
        assert "for iteration" not in source
        quantities, errors, _ = printed(execute(source)[1])
        assert {"E_total", "dE_total/dw1"} < set(quantities)
        assert not errors


def test_where_the_solution_carries_rounded_numbers_the_program_says_that_it_does_not() -> None:
    data = BASE | {"notation": {"rounding": {"decimals": 2, "carry": "shown"}}}
    for flavour in FLAVOURS:
        assert "does not round" in program(worked(data), flavour)
        assert "does not round" not in program(worked(BASE), flavour)


def test_saturated_units_do_not_overflow() -> None:
    made = worked(BASE | {"inputs": {"x1": "3000", "x2": "-1"}, "training": None})
    for flavour in FLAVOURS:
        quantities, _, _ = printed(execute(program(made, flavour))[1])
        assert quantities["out_h2"] == 0
        assert quantities["out_h1"] == 1


# --- awkward names and titles ---

AWKWARD = [
    "lambda",
    "sum",
    "max",
    "math",
    "np",
    "None",
    "print",
    "show",
    "solve",
    "exp",
    "iteration",
    "found",
    "GIVENS",
]


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("activation", ["logistic", "relu", "tanh"])
def test_quantities_may_be_called_what_the_program_needs_for_itself(flavour: str, activation: str) -> None:
    names = [*AWKWARD, "error", "range", "name", "value", "values", "title", "logistic", "relu", "x", "float", "dict"]
    weights = {f"w{number}": "0.1" for number, _ in enumerate(names)}
    data = BASE | {
        "inputs": dict.fromkeys(names, "0.5"),
        "layers": [
            {"name": "output", "units": {"in": dict(zip(names, weights, strict=True))}, "activation": activation}
        ],
        "weights": weights,
        "biases": {},
        "names": {"pre": "dE_dw0", "post": "<unit>", "loss": "E"},  # `dE_dw0` is also what `dE/dw0` would be called
        "learning_rate": {"yield": "0.1"},
    }
    made = worked(data, sound=False)  # names of functions are none for a reader, but a program has them all
    quantities, _, last = printed(execute(program(made, flavour))[1])
    for quantity in (q for q in made.graph if q.role is not Role.CHECK):
        exact = float(full(made.trace.values[quantity.name], 25))
        assert quantities[quantity.name] == pytest.approx(exact, rel=1e-12)
    assert tuple(last) == tuple(old for old, _ in made.graph.moves)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=8), unique=True))
def test_identifiers_are_valid_and_no_two_are_alike(names: list[str]) -> None:
    made = list(identifiers(names).values())
    assert len(set(made)) == len(names)
    for word in made:
        assert isinstance(compile(f"{word} = 1", "", "exec", ast.PyCF_ONLY_AST), ast.Module)
        assert ast.parse(word).body[0].value.id == word


def test_identifiers_keep_what_they_can() -> None:
    assert list(identifiers(["w5", "dE_total/dw5", "lambda", "sum", "Σ_h1", "3h", ""]).values()) == [
        "w5", "dE_total_dw5", "lambda_", "sum_", "Σ_h1", "q_3h", "q_",
    ]  # fmt: skip


TITLES = [
    'a "quoted" title', "it's", '"""', "'''", "back\\slash\\", "two\nlines\nimport os", "a\r\nb\rc", "nul\0 bell\a",
    "coding: latin-1", "-*- coding=utf-7 -*-", "encoding: nonsense", "\u2028x\u2029y\x85z\x0c", "{braces} {0} %s %d",
    "<% for %> << x >> <# #>", "{{ x }}", "\u202eright to left\u2066", "surrogate \udc80", "# noqa", "题目", "",
]  # fmt: skip


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("title", TITLES, ids=range(len(TITLES)))
def test_a_title_never_becomes_code(title: str, flavour: str) -> None:
    def of(text: str) -> str:
        return program(worked(BASE | {"title": text}), flavour)

    tree = ast.parse(of(title).encode())  # from bytes, as a file is read
    assert ast.dump(tree) == ast.dump(ast.parse(of("plain").encode()))
    assert len(of(title).splitlines()) == len(of("plain").splitlines())
    execute(of(title))


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_pattern_of_names_never_becomes_code(flavour: str) -> None:
    with pytest.raises(DefinitionError, match="cannot read the symbol"):  # on the page it would be no symbol
        worked(BASE | {"names": {"pre": 'a"\n\\{<unit>}', "post": "print(<unit>)#", "loss": "'''\u202e"}}, sound=False)
    made = worked(BASE | {"names": {"pre": "import_<unit>", "post": "print_(<unit>)", "loss": "exec"}}, sound=False)
    space, output = execute(program(made, flavour))
    assert output.count(" = ") >= sum(q.role is not Role.CHECK for q in made.graph)
    assert space["w1"] if flavour == "python" else space["GIVENS"]["w1"]


@given(st.text())
def test_quoted_text_reads_back_and_comments_stay_comments(text: str) -> None:
    assert ast.literal_eval(quoted(text)) == text
    assert quoted(text).isprintable()
    tree = ast.parse(f"# {comment(text)}\nx".encode())
    assert ast.unparse(tree) == "x"


def test_an_unknown_flavour_is_refused() -> None:
    with pytest.raises(RenderError, match="cobol"):
        program(worked(BASE), "cobol")


# --- formulas and numbers ---

NAMES = {name: name for name in "abc"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a*b + c", "a * b + c"),
        ("a - (b + c)", "a - (b + c)"),
        ("a - (b - c)", "a - (b - c)"),
        ("a/(b*c)", "a / (b * c)"),
        ("a*(b/c)", "a * (b / c)"),
        ("(a + b)*c", "(a + b) * c"),
        ("-(a - b)", "-(a - b)"),
        ("(-a)**2", "(-a) ** 2"),
        ("-a**2", "-a**2"),
        ("a**-b", "a ** -b"),
        ("a**(-(b*c))", "a ** (-b * c)"),
        ("(a**b)**c", "(a**b) ** c"),
        ("1/2 * (a - b)**2", "1 / 2 * (a - b) ** 2"),
        ("a * -b", "a * (-b)"),
        ("1/(1 + exp(-a))", "1 / (1 + math.exp(-a))"),
        ("1 if a > 0 else 0", "1 if a > 0 else 0"),
        ("(1 if a > 0 else 0) * b", "(1 if a > 0 else 0) * b"),
        ("logistic(a)", "logistic(a)"),
    ],
)
def test_only_the_parentheses_that_are_needed(text: str, expected: str) -> None:
    assert Printer(NAMES, DIALECTS["python"]).source(parse(text)) == expected


def test_numpy_has_its_own_functions() -> None:
    printer = Printer(NAMES, DIALECTS["numpy"])
    assert printer.source(parse("max(a, b, c)")) == "np.maximum(np.maximum(a, b), c)"
    assert printer.source(parse("(a if a > 0 else 0) * b")) == "np.where(a > 0, a, 0) * b"
    assert printer.source(parse("(2 if a > 0 else 1)**-1")) == "np.where(a > 0.0, 2.0, 1.0) ** -1"
    assert printer.source(parse("exp(a) + tanh(b)")) == "np.exp(a) + np.tanh(b)"


def trees() -> st.SearchStrategy[Formula]:
    leaves = st.one_of(
        st.sampled_from([Ref("a"), Ref("b"), Ref("c")]),
        st.sampled_from([num(2), num("-0.5"), num(Fraction(1, 3)), num(Fraction(-2, 7)), num("1e-30")]),
    )

    def grown(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(
            several.map(Add), several.map(Mul), inner.map(Neg), st.builds(Div, inner, inner),
            st.builds(Pow, inner, st.sampled_from([num(2), num(-1), Neg(num(2)), Div(num(4), num(2))])),
            st.builds(Call, st.just("max"), several), st.builds(Call, st.just("abs"), st.tuples(inner)),
            st.builds(Cases, inner, st.sampled_from(["<", "<=", ">", ">="]), inner, inner, inner),
        )  # fmt: skip

    return st.recursive(leaves, grown, max_leaves=12)


VALUES = {"a": 0.7, "b": -1.3, "c": 2.1}


def reference(tree: Formula) -> float:
    """The value of a tree worked node by node in double precision."""
    match tree:
        case Num(value):
            return float(value)
        case Ref(name):
            return VALUES[name]
        case Add(terms):
            total = reference(terms[0])
            for term in terms[1:]:
                total += reference(term)
            return total
        case Mul(factors):
            return math.prod(map(reference, factors[1:]), start=reference(factors[0]))
        case Neg(body):
            return -reference(body)
        case Div(top, bottom):
            return reference(top) / reference(bottom)
        case Pow(base, exponent):
            return float(reference(base) ** reference(exponent))
        case Call("max", args):
            return max(map(reference, args))
        case Call("abs", (body,)):
            return abs(reference(body))
        case Cases(left, op, right, then, otherwise):
            a, b = reference(left), reference(right)
            holds = {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]
            return reference(then) if holds else reference(otherwise)
    raise AssertionError(tree)


@settings(max_examples=200, deadline=None)
@given(trees())
def test_the_source_computes_exactly_what_the_tree_says(tree: Formula) -> None:
    try:
        expected = reference(tree)
    except ArithmeticError:
        return
    assert _evaluated(Printer(NAMES, DIALECTS["python"]).source(tree)) == pytest.approx(
        expected, rel=1e-13, nan_ok=True
    )
    statement = Printer(NAMES | {"y": "y"}, DIALECTS["python"]).assignment("y", tree)
    space = dict(VALUES)
    exec(statement, {"math": math}, space)
    assert space["y"] == pytest.approx(expected, rel=1e-13, nan_ok=True)
    with np.errstate(all="ignore"):
        found = eval(
            Printer(NAMES, DIALECTS["numpy"]).source(tree), {"np": np}, {k: np.float64(v) for k, v in VALUES.items()}
        )
    assert float(found) == pytest.approx(expected, rel=1e-13, nan_ok=True)


def _evaluated(source: str) -> float:
    return float(eval(source, {"math": math}, dict(VALUES)))


def test_numbers_are_exact_decimals_where_they_end() -> None:
    assert number(Fraction(1, 10)) == "0.1"
    assert number(Fraction(1, 3)) == "1 / 3"
    assert number(Fraction(-2, 7)) == "-2 / 7"
    assert number(Fraction("1e-30")) == "1e-30"
    assert number(Fraction("-1.25e40")) == "-1.25e40"
    assert real(Fraction(2)) == "2.0"
    assert real(Fraction("1e40")) == "1e40"
    assert real(Fraction(1, 3)) == "1 / 3"
    with pytest.raises(FormulaError, match="too large"):
        number(Fraction("1e400"))


@given(
    st.fractions(max_denominator=10**6)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9)
)
def test_a_printed_number_is_the_nearest_double(value: Any) -> None:
    exact = Fraction(value)
    assert float(eval(number(exact))) == float(exact)
    assert isinstance(eval(real(exact)), float)


def test_a_blank_is_not_printed() -> None:
    with pytest.raises(FormulaError):
        Printer({}, DIALECTS["python"]).source(Blank(1, 4))


# --- long lines ---


@given(tree=trees(), width=st.integers(10, 80), flavour=st.sampled_from(FLAVOURS))
def test_a_broken_line_is_the_same_statement(tree: Formula, width: int, flavour: str) -> None:
    source = Printer(NAMES, DIALECTS[flavour]).source(tree)
    made = broken("value", source, width)
    assert ast.dump(ast.parse(made)) == ast.dump(ast.parse(f"value = {source}"))
    assert ("\n" in made) <= (len(f"value = {source}") > width)


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("a + b", ["value = a + b"]),
        ("alpha * beta + gamma - delta", ["value = (", "    alpha * beta", "    + gamma", "    - delta", ")"]),
        ("max(alpha - beta, gamma + delta)", ["value = max(", "    alpha - beta,", "    gamma + delta", ")"]),
        (
            "1 if alpha <= beta + gamma else 0",
            ["value = (", "    1", "    if alpha", "    <= beta + gamma", "    else 0", ")"],
        ),
        ("alphabet_and_more_than_fits", ["value = (", "    alphabet_and_more_than_fits", ")"]),
    ],
)  # fmt: skip
def test_a_line_is_broken_where_it_binds_least(source: str, lines: list[str]) -> None:
    assert broken("value", source, 20).split("\n") == lines


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("name", ["k_means", "roc_curve", "one_unit", "example_222_net_out"])
def test_no_line_of_a_program_is_cut_on_its_page(name: str, flavour: str) -> None:
    (path,) = (path for path in find_definitions(NETWORKS.parent) if path.stem == name)
    text = program(load_worked(path), flavour)
    assert max(map(len, text.split("\n"))) <= 82
    about = [line for line in text.split("\n")[:12] if line.startswith("#")]
    assert max(map(len, about)) <= 70
    assert ("at the end of its name" in " ".join(about)) == (name == "k_means")
