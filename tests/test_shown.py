"""What many variants show, decided at once, is what the exact functions say of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shipped import SAMPLE

import generator.variants.shown
from generator.errors import SolveError
from generator.formula.infix import parse
from generator.formula.tree import Formula, references, substitute
from generator.graph.quantities import Graph, Label, Quantity, Role
from generator.pipeline import load_worked
from generator.solve.rounding import Carry, Mode, Rounding
from generator.solve.traces import relation, trace
from generator.variants.shown import Shown, shown

ROOT = Path(__file__).resolve().parents[1]

ROUNDINGS = st.builds(
    Rounding,
    decimals=st.integers(0, 12),
    significant=st.none() | st.integers(1, 14),
    mode=st.sampled_from(Mode),
    carry=st.sampled_from(Carry),
    least=st.none() | st.integers(1, 6),
)

# Sums, products, quotients, cases and functions; the last ones use what is rounded before.
FORMULAS = {
    "p": "a * b + c",
    "q": "a / 2 - b * c",
    "r": "1 / (1 + exp(-p))",
    "s": "r * (1 - r)",
    "t": "(a - r)**2 / 2",
    "u": "-(a - r) * s * b",
    "v": "c - 1/2 * u",
    "w": "max(0, p) + abs(q)",
    "x": "1 if p > 0 else 0",
    "y": "tanh(q) * x",
    "z": "p / 3 + sqrt(abs(p)) * b",
    "zero": "0 * r",
    "copy": "a",
}


def graph_of(formulas: Mapping[str, str], givens: Sequence[str] = ("a", "b", "c")) -> Graph:
    quantities = [Quantity(name, Role.GIVEN, Label("input", name)) for name in givens]
    quantities += [Quantity(name, Role.FORWARD, Label("pre", name), parse(text)) for name, text in formulas.items()]
    return Graph(tuple(quantities), {name: Fraction(1) for name in givens}, loss=quantities[-1].name)


GRAPH = graph_of(FORMULAS)


def decimals(places: int, most: int) -> st.SearchStrategy[Fraction]:
    return st.integers(-most, most).map(lambda digits: Fraction(digits, 10**places))


# Round numbers (ties are frequent among them), fine ones, tiny ones, and some whose decimals never end.
NUMBERS = st.one_of(
    decimals(1, 30), decimals(2, 300), decimals(5, 10**5), decimals(9, 10**10), decimals(12, 20),
    st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(-2, 7), Fraction(1), Fraction(10**9)]),
)  # fmt: skip
VARIANTS = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=4)


def columns(rows: Sequence[tuple[Fraction, ...]]) -> dict[str, list[Fraction]]:
    return {name: list(column) for name, column in zip("abc", zip(*rows, strict=True), strict=True)}


def assert_exact(graph: Graph, rounding: Rounding, found: Shown, formulas: Mapping[str, Formula]) -> None:
    """Each text, each number, each exactness and each sign is that of `trace` and `relation`."""
    signs = {name: found.relation(formula, name).tolist() for name, formula in formulas.items()}
    for number in range(found.count):
        true = trace(graph, rounding, found.of(number))
        for quantity in graph:
            name = quantity.name
            assert found.text(name, number) == found.texts(name)[number] == true.shown[name], name
            value, text = true.values[name], Fraction(true.shown[name])
            assert found.exact[name][number] == (isinstance(value, Fraction) and value == text), name
            if not found.long[number]:
                assert found.numbers[name][number] == float(text), name
        if found.long[number]:
            continue
        for name, formula in formulas.items():
            put_in = substitute(formula, {ref: true.number(ref) for ref in references(formula)})
            assert signs[name][number] == (relation(put_in, true.shown[name], rounding) == "="), (name, put_in)


@settings(max_examples=60)
@given(VARIANTS, ROUNDINGS)
@example([(Fraction("0.5"), Fraction("0.25"), Fraction(0))], Rounding(2))  # 0.125: a tie
@example([(Fraction("-0.5"), Fraction("0.25"), Fraction(0))], Rounding(2, mode=Mode.HALF_UP))
@example([(Fraction("0.5"), Fraction("-0.00001"), Fraction(0))], Rounding(4))  # rounds to a zero without a sign
@example([(Fraction("1e-9"), Fraction("-1e-9"), Fraction("1e-12"))], Rounding(4, 5))
@example([(Fraction(0), Fraction(0), Fraction(0))], Rounding(4, 3, Mode.TOWARD_ZERO, Carry.SHOWN))
@example([(Fraction(10**9), Fraction(10**9), Fraction("0.1"))], Rounding(6))  # more digits than a double holds
def test_all_that_is_shown_is_exact(rows: list[tuple[Fraction, ...]], rounding: Rounding) -> None:
    formulas = {quantity.name: quantity.formula for quantity in GRAPH if quantity.formula is not None}
    try:
        for row in rows:
            trace(GRAPH, rounding, dict(zip("abc", row, strict=True)))
    except SolveError as error:
        with pytest.raises(SolveError, match=str(error)[:10]):
            shown(GRAPH, rounding, columns(rows))
        return
    assert_exact(GRAPH, rounding, shown(GRAPH, rounding, columns(rows)), formulas)


@pytest.mark.parametrize("file", SAMPLE, ids=lambda file: file.stem)
@pytest.mark.parametrize("carry", Carry)
def test_shipped_problems(file: Path, carry: Carry) -> None:
    worked = load_worked(file)
    graph, own = worked.graph, worked.notation.rounding
    rounding = replace(own, carry=carry)
    names = [q.name for q in graph if q.formula is None and q.label.kind in ("input", "weight", "bias")]
    givens = {
        name: [Fraction((7 * place + 11 * row + place * row) % 39 - 19 or 3, 20) for row in range(12)]
        for place, name in enumerate(names)
    }
    formulas = {q.name: worked.writer.formula(q.name) for q in graph if q.formula is not None}
    assert_exact(graph, rounding, shown(graph, rounding, givens), formulas)


def test_every_tie_of_two_decimals_is_decided() -> None:
    """All products 0.aa times 0.bb: the 402 ties among them go to the even digit, the others where they belong."""
    pairs = [(a, b) for a in range(1, 100) for b in range(1, 100)]
    rows = [(Fraction(a, 100), Fraction(b, 100), Fraction(0)) for a, b in pairs]
    made = shown(graph_of({"p": "a * b"}), Rounding(3), columns(rows))
    wanted = [round(Fraction(a * b, 10000), 3) for a, b in pairs]
    assert [Fraction(text) for text in made.texts("p")] == wanted
    ties = sum(a * b % 10 == 5 for a, b in pairs)
    assert ties
    assert made.relation(parse("a * b"), "p").all()


def test_a_planted_tie_turns_the_sign() -> None:
    """0.3 - 0.5 * 0.12345 is a tie at five decimals; what is shown decides between = and ≈."""
    graph = graph_of({"p": "a * a", "q": "c - 1/2 * p"})
    rows = [(Fraction("0.35136"), Fraction(1), Fraction(number, 10)) for number in range(-9, 10)]
    for mode in Mode:
        rounding = Rounding(5, mode=mode)
        assert_exact(graph, rounding, shown(graph, rounding, columns(rows)), {"q": parse("c - 1/2 * p")})


def test_few_variants_are_worked_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exact functions are the exception: none of 500 plain variants needs them for its values."""
    worked = load_worked(ROOT / "problems" / "networks" / "example_222_net_out.yml")
    called: list[int] = []
    monkeypatch.setattr(generator.variants.shown, "_settle", lambda made, number: called.append(number))
    givens = {f"w{place}": [Fraction(1 + (place * 7 + row) % 19, 20) for row in range(500)] for place in range(1, 9)}
    shown(worked.graph, worked.notation.rounding, givens)
    assert called == []


def test_a_zero_is_worked_exactly() -> None:
    """What an input of zero makes zero is shown with all its decimals or with none, as the exact value's type says."""
    worked = load_worked(ROOT / "problems" / "networks" / "example_222_net_out.yml")
    found = shown(worked.graph, worked.notation.rounding, {"i1": [Fraction(0), Fraction(1, 20)]})
    true = trace(worked.graph, worked.notation.rounding, {"i1": Fraction(0)})
    assert {name: texts[0] for name, texts in ((q.name, found.texts(q.name)) for q in worked.graph)} == true.shown


def test_wrong_givens_are_refused() -> None:
    one, two = [Fraction(1)], [Fraction(1), Fraction(2)]
    with pytest.raises(SolveError, match="`nothing` is no given"):
        shown(GRAPH, Rounding(), {"nothing": one})
    with pytest.raises(SolveError, match="`p` is no given"):
        shown(GRAPH, Rounding(), {"p": one})
    with pytest.raises(SolveError, match="different numbers of variants: 1, 2"):
        shown(GRAPH, Rounding(), {"a": one, "b": two})
    with pytest.raises(SolveError, match="`q` has no value: division by zero"):
        shown(graph_of({"q": "1 / a"}), Rounding(), {"a": [Fraction(1), Fraction(0)]})
