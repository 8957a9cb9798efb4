"""Several quantities differentiated: each on a way back of its own, against SymPy and PyTorch; every line is true."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy
from conftest import need
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.definitions.problem import Definition, kind_module
from generator.definitions.source import Source
from generator.formula.infix import infix
from generator.graph.quantities import derivative_name
from generator.notation.files import notation_names
from generator.pipeline import Worked, work
from generator.render.document import render
from generator.render.formats import FORMATS
from generator.render.program import program
from generator.verify.document import verify
from generator.verify.truth import Truth

READ = tuple(name for name in FORMATS if name != "terminal")
Data = dict[str, Any]


def made(data: Data, notation: str | None = None) -> Worked:
    data = {"kind": "formulas", "title": "made", **data}
    module = kind_module("formulas")
    problem = module.Definition.model_validate(data)
    assert not list(module.check(problem)), data
    return work(Definition(problem=problem, source=Source(Path("made.yml"), data, {})), notation)


def demand_true(worked: Worked) -> None:
    truth = Truth.of(worked.graph, worked.writer, worked.notation.rounding)
    for document in ("solution", "worksheet", "key"):
        for text_format in READ:
            report = verify(render(worked, document, text_format, "en"), text_format, truth, worked.history)
            assert not report.untrue, (document, text_format, report.untrue[:2])


# --- random problems -----------------------------------------------------------------------------------------------

GIVENS = ("x", "y", "z")


@st.composite
def problems(draw: st.DrawFn) -> Data:
    """Three or four formulas, each over givens and what stands before it; two or three of them are differentiated."""
    formulas: dict[str, str] = {}
    for name in ("a", "b", "c", "f")[: draw(st.integers(3, 4))]:
        known = (*GIVENS, *formulas)
        terms = []
        for _ in range(draw(st.integers(1, 3))):
            one, other = draw(st.sampled_from(known)), draw(st.sampled_from(known))
            terms.append(draw(st.sampled_from([f"{one} * {other}", one, f"sin({one})", f"{one}**2", f"2 * {other}"])))
        formulas[name] = " + ".join(terms)
    of = draw(st.permutations(list(formulas)))[: draw(st.integers(2, 3))]
    wrt = [name for name in GIVENS if draw(st.booleans())] or ["x"]
    asked = draw(st.sampled_from([{"of": of, "wrt": wrt}, [{"of": name, "wrt": wrt} for name in of]]))
    givens = {name: str(Fraction(draw(st.integers(-8, 8)), 4)) for name in GIVENS}
    return {"givens": givens, "formulas": formulas, "differentiate": asked}


def pairs(data: Data) -> list[tuple[str, str]]:
    """What is differentiated, and by what."""
    asked = data["differentiate"]
    listed = asked if isinstance(asked, list) else [asked]
    return [
        (of, name)
        for each in listed
        for of in ([each["of"]] if isinstance(each["of"], str) else each["of"])
        for name in each["wrt"]
    ]


def values(data: Data, numbers: dict[str, Any], sine: Callable[[Any], Any]) -> dict[str, Any]:
    """Every formula's value, as Python itself reads the text."""
    known = dict(numbers)
    for name, text in data["formulas"].items():
        known[name] = eval(text, {"__builtins__": {}, "sin": sine}, known)
    return known


@settings(max_examples=25)
@given(problems())
def test_every_entry_of_a_jacobian_is_that_of_sympy(data: Data) -> None:
    worked = made(data)
    symbols = {name: sympy.Symbol(name, real=True) for name in GIVENS}
    numbers = {symbols[name]: sympy.Rational(text) for name, text in data["givens"].items()}
    whole = values(data, symbols, sympy.sin)
    for of, wrt in pairs(data):
        expected = sympy.sympify(whole[of]).diff(symbols[wrt]).subs(numbers).evalf(30)
        found = worked.trace.full(derivative_name(of, wrt), 25)
        assert float(found) == pytest.approx(float(expected), rel=1e-13, abs=1e-15), (of, wrt)


@settings(max_examples=15)
@given(problems())
def test_every_entry_of_a_jacobian_is_that_of_autograd(data: Data) -> None:
    need("torch")
    import torch

    worked = made(data)
    numbers = {
        name: torch.tensor(float(Fraction(text)), dtype=torch.float64, requires_grad=True)
        for name, text in data["givens"].items()
    }
    whole = values(data, numbers, torch.sin)
    for of, wrt in pairs(data):
        (slope,) = torch.autograd.grad(whole[of], numbers[wrt], retain_graph=True, allow_unused=True)
        expected = 0.0 if slope is None else float(slope)
        found = float(worked.trace.full(derivative_name(of, wrt), 25))
        assert found == pytest.approx(expected, rel=1e-11, abs=1e-12), (of, wrt)


@settings(max_examples=6)
@given(problems(), st.sampled_from(notation_names()))
def test_every_line_of_random_jacobians_is_true(data: Data, notation: str) -> None:
    demand_true(made(data, notation))


# --- what a document shows -----------------------------------------------------------------------------------------

CHAIN = {
    "givens": {"x": "2", "y": "3"},
    "formulas": {"q": "x * y", "f": "q**2 + x", "g": "f * y + q"},
    "differentiate": {"of": ["g", "f"], "wrt": ["x", "y"]},
}


def test_each_has_its_own_heading_in_the_order_of_the_graph() -> None:
    worked = made(CHAIN)
    assert [done.loss for done in worked.graph.differentiated] == ["f", "g"]
    text = render(worked, "solution", "terminal")
    places = [text.index(f"## The derivatives of {name}") for name in "fg"]
    assert places == sorted(places)
    assert text.count("## What the chain rule says") == 1
    first, second = text[places[0] : places[1]], text[places[1] :]
    assert "∂f/∂x = ∂f/∂q · ∂q/∂x + 1" in first
    assert "∂g/∂x = ∂g/∂q · ∂q/∂x + ∂g/∂f · 1" in second
    assert "∂q/∂x = y" not in second  # it has been worked
    demand_true(worked)


def test_a_derivative_along_all_ways_is_no_factor_of_another() -> None:
    """`f` feels `x` directly and by way of `q`: what `g` takes from it is its own formula's derivative alone."""
    worked = made(CHAIN)
    assert worked.trace.values["df/dx"] == 2 * 6 * 3 + 1
    assert worked.trace.values["dg/dx"] == 37 * 3 + 3
    formula = worked.graph["dg/dx"].formula
    assert formula is not None
    assert infix(formula) == "dg/dq * dq/dx + dg/df * 1"


def test_a_vector_is_differentiated_entry_by_entry() -> None:
    data = {
        "givens": {"v": ["1", "2"], "a": "3"},
        "formulas": {"F": "[v[1]**2 * a, v[1] + v[2] * a]"},
        "differentiate": [{"of": "F", "wrt": ["v"]}],
    }
    worked = made(data)
    names = [derivative_name(f"F_{row}", f"v_{column}") for row in (1, 2) for column in (1, 2)]
    assert [worked.trace.values[name] for name in names] == [6, 0, 1, 3]
    assert "shape(∂F₁/∂v) = shape(v) = 2 × 1" in render(worked, "solution", "terminal")
    demand_true(worked)


def test_each_by_its_own_givens() -> None:
    asked = [{"of": "f", "wrt": ["x"]}, {"of": "g", "wrt": ["y"]}]
    worked = made({**CHAIN, "differentiate": asked})
    assert "df/dx" in worked.graph
    assert "dg/dy" in worked.graph
    assert "df/dy" not in [q.name for q in worked.graph if q.role == "gradient"]
    demand_true(worked)


def test_newtons_method_for_two_equations_goes_by_both() -> None:
    """Both rows of the Jacobian are worked on the way back, in every round, and the new values are made of them."""
    det = "(d(f, x) * d(g, y) - d(f, y) * d(g, x))"
    data = {
        "givens": {"x": "1", "y": "2"},
        "formulas": {"f": "x**2 + y**2 - 4", "g": "y - x**2"},
        "differentiate": {"of": ["f", "g"], "wrt": ["x", "y"]},
        "update": {
            "x": f"x - (d(g, y) * f - d(f, y) * g) / {det}",
            "y": f"y - (d(f, x) * g - d(g, x) * f) / {det}",
        },
        "steps": "2",
    }
    worked = made(data)
    x, y = Fraction(1), Fraction(2)
    for number in (1, 2):
        f, g = x * x + y * y - 4, y - x * x
        det_ = 2 * x + 4 * x * y
        x, y = x - (f - 2 * y * g) / det_, y - (2 * x * g + 2 * x * f) / det_
        suffix = "_new" if number == 1 else "_new2"
        assert (worked.trace.values[f"x{suffix}"], worked.trace.values[f"y{suffix}"]) == (x, y)
    assert {"df_new/dx_new", "dg_new/dx_new"} <= {q.name for q in worked.graph}
    demand_true(worked)


@pytest.mark.parametrize("flavour", ["python", "numpy"])
def test_its_program_prints_the_same_numbers(flavour: str, capsys: pytest.CaptureFixture[str]) -> None:
    worked = made(CHAIN)
    source = program(worked, flavour, "en")
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, "program", "exec"), scope)
    printed = capsys.readouterr().out
    assert "114" in printed
    assert "112" in printed
