"""Random problems by formulas against SymPy, differences and PyTorch; every printed line; and what is refused."""

from __future__ import annotations

import importlib.util
import math
import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.errors import DefinitionError
from generator.formats import FORMATS
from generator.graph import Role, derivative_name, updated_name
from generator.kinds.formulas import Definition, build, check
from generator.notations import notation_names
from generator.pipeline import Worked, load_worked, work
from generator.problem import Definition as Loaded
from generator.problem import load
from generator.render import render
from generator.solve import solve
from generator.source import Source
from generator.truth import Truth
from generator.verify import verify

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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


def loss(data: Data, numbers: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> Any:
    """The value of L over any arithmetic whose numbers NumPy can hold as objects."""

    def lifted(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x: held([function(one) for one in x]) if isinstance(x, np.ndarray) else function(x)

    space: Data = {name: lifted(function) for name, function in functions.items()}
    space |= {"dot": lambda one, other: (one * other).sum(), "sum": lambda one: one.sum()}
    space["logistic"] = lambda x: 1 / (1 + space["exp"](-x))
    names: Data = {}
    for name, given_ in data["givens"].items():
        own = [number for entry, number in numbers.items() if entry == name or entry.startswith(f"{name}_")]
        shape = np.shape(given_) if isinstance(given_, list) else None
        names[name] = held(own).reshape(shape) if shape else own[0]
    for name, text in data["formulas"].items():
        names[name] = eval(text, {"__builtins__": {}}, {**space, **names})  # made above
    return names["L"]


def held(numbers: list[Any]) -> Any:
    """An array of numbers of any kind, as they are."""
    made = np.empty(len(numbers), dtype=object)
    for place, number in enumerate(numbers):
        made[place] = number
    return made


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


@settings(SLOW, max_examples=10)
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
    functions = {name: lambda x, f=getattr(torch, name): f(torch.as_tensor(x, dtype=torch.float64)) for name in MPMATH}
    value = loss(data, numbers, functions)
    value.backward()
    found = worked_of(data)
    double = solve(found.graph)
    assert float(found.trace.full("L", 25)) == pytest.approx(float(value), rel=1e-12)
    for name, gradient in gradient_names(data).items():
        expected = float(numbers[name].grad) if numbers[name].grad is not None else 0.0
        assert float(found.trace.full(gradient, 25)) == pytest.approx(expected, rel=1e-10, abs=1e-13), gradient
        assert double[gradient][0] == pytest.approx(expected, rel=1e-10, abs=1e-12), gradient


@settings(SLOW, max_examples=12)
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


@settings(SLOW, max_examples=8)
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


@pytest.mark.parametrize("notation", notation_names())
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_printed_line_of_the_shipped_problems_is_true(path: Path, notation: str) -> None:
    assert truths(load_worked(path, notation), ("solution", "worksheet", "key"), ("zh",)) > 100


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_problems_speak_both_languages_and_fit_a_page(path: Path) -> None:
    problem = load(path).problem
    texts = [problem.title, problem.introduction, *problem.remarks]
    texts += [*problem.say.values(), *(part.title for part in problem.parts)]
    assert all(set(text) == {"en", "zh"} for text in texts)
    assert problem.minutes
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 50
