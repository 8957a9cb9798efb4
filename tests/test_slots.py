"""Documents filled into slots are the documents that `render` makes, to the letter, and cost no SymPy and no Jinja."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from shipped import EXAMPLES
from shipped import ROOT as PROBLEMS

import generator.variants.slots
from generator import resources
from generator.definitions.problem import load
from generator.errors import SolveError
from generator.notation.files import notation_names
from generator.pipeline import Worked, work
from generator.render import formats
from generator.render.document import render
from generator.variants.filling import Batch, Template
from generator.variants.shown import shown
from generator.variants.slots import Slots, variant
from generator.views.worksheet import LEVELS

ROOT = Path(__file__).resolve().parents[1]
FILES = [*EXAMPLES, PROBLEMS / "first" / "one_unit.yml"]
CHOICES = [("solution", "all"), ("solution", "first")] + [
    (doc, level) for doc in ("worksheet", "key") for level in LEVELS
]
FORMATS = ("markdown", "latex", "typst", "web")
Givens = Mapping[str, Sequence[Fraction]]


@cache
def worked_without_training(file: Path, notation: str | None = None) -> Worked:
    definition = copy.copy(load(file))
    object.__setattr__(definition, "problem", definition.problem.model_copy(update={"training": None}))
    return work(definition, notation)


def rendered(worked: Worked, document: str, fmt: str, language: str, choice: str | None) -> str:
    detail, level = (choice, None) if document == "solution" else (None, choice)
    return render(worked, document, fmt, language, detail=detail, level=level)


def of(givens: Givens, number: int) -> dict[str, Fraction]:
    return {name: values[number] for name, values in givens.items()}


def homework(worked: Worked, count: int, shift: int = 0) -> dict[str, list[Fraction]]:
    """Weights of both signs in steps of 0.05, inputs in -2..2, targets in 0.01..0.99, in a fixed order of their own."""
    found: dict[str, list[Fraction]] = {}
    for place, quantity in enumerate(q for q in worked.graph if q.formula is None):
        draw = [(7919 * (row + shift) + 104729 * place * (row + shift + 3) + 31 * place) % 9973 for row in range(count)]
        match quantity.label.kind:
            case "weight" | "bias":
                found[quantity.name] = [Fraction(number % 19 + 1, 20) for number in draw]
            case "input":
                found[quantity.name] = [Fraction(number % 81 - 40 or 5, 20) for number in draw]
            case "target":
                found[quantity.name] = [Fraction(number % 99 + 1, 100) for number in draw]
    return found


NUMBERS = st.one_of(
    st.integers(-40, 40).map(lambda number: Fraction(number, 20)),
    st.integers(-999, 999).map(lambda number: Fraction(number, 1000)),
    st.sampled_from([Fraction(0), Fraction(1), Fraction(-1), Fraction(1, 3), Fraction("12.25"), Fraction("-0.00001")]),
)


@settings(max_examples=25)
@given(data=st.data())
def test_filled_is_rendered(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(FILES))
    worked = worked_without_training(file, data.draw(st.sampled_from(notation_names())))
    document, choice = data.draw(st.sampled_from(CHOICES))
    fmt, language = data.draw(st.sampled_from(FORMATS)), data.draw(st.sampled_from(["en", "zh"]))
    givens = homework(worked, 6, data.draw(st.integers(0, 50)))
    for name in data.draw(st.sets(st.sampled_from(sorted(givens)), max_size=4)):
        givens[name] = data.draw(st.lists(NUMBERS, min_size=6, max_size=6))
    slots = Slots(worked, document, fmt, language, choice)
    try:
        found = list(slots.fill(givens))
    except SolveError:
        with pytest.raises(SolveError):
            [variant(worked, of(givens, number)) for number in range(6)]
        return
    for number, text in enumerate(found):
        assert text == rendered(variant(worked, of(givens, number)), document, fmt, language, choice)


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_longer_number_has_another_diagram(fmt: str) -> None:
    """The longest number decides how a diagram is placed, so a template serves only variants whose is as long."""
    worked = worked_without_training(FILES[0])
    givens = homework(worked, 6)
    givens["w1"] = [Fraction(text) for text in ("0.5", "0.25", "-0.00125", "0.0012", "-0.5", "12.25")]
    for number, text in enumerate(Slots(worked, "worksheet", fmt, "en", "open").fill(givens)):
        assert text == rendered(variant(worked, of(givens, number)), "worksheet", fmt, "en", "open")


@pytest.mark.parametrize(("document", "choice"), [("solution", "first"), ("worksheet", "faded"), ("key", "guided")])
@pytest.mark.parametrize("notation", [name for name in notation_names() if name != "matrix"])  # rendered in full
def test_templates_serve_variants_that_they_have_not_seen(
    notation: str, document: str, choice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is filled without being rendered, not only what has been learned from, is right."""
    worked = worked_without_training(FILES[0], notation)
    slots = Slots(worked, document, "latex", "en", choice)
    list(slots.fill(homework(worked, 40)))
    assert slots.follows
    learned: list[int] = []
    original = slots._learn

    def noted(batch: Batch, number: int, room: int) -> str:
        learned.append(number)
        return original(batch, number, room)

    monkeypatch.setattr(slots, "_learn", noted)
    givens = homework(worked, 15, shift=200)
    found = list(slots.fill(givens))
    assert len(learned) < 8
    for number, text in enumerate(found):
        assert text == rendered(variant(worked, of(givens, number)), document, "latex", "en", choice)


def _forbidden(*_: object, **__: object) -> None:
    raise AssertionError("called once per variant")


@pytest.fixture
def no_sympy_and_no_jinja(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def forbid() -> None:
        for name in ("sympify", "latex", "diff", "simplify", "lambdify", "Symbol", "Float", "Rational", "Integer"):
            monkeypatch.setattr(sympy, name, _forbidden)
        monkeypatch.setattr(sympy.Basic, "__new__", _forbidden)
        monkeypatch.setattr(jinja2.Template, "render", _forbidden)
        monkeypatch.setattr(jinja2.runtime.Macro, "__call__", _forbidden)
        monkeypatch.setattr(generator.variants.slots, "render", _forbidden)
        monkeypatch.setattr(generator.variants.slots, "trace", _forbidden)

    return forbid


def test_no_sympy_and_no_jinja_per_variant(no_sympy_and_no_jinja: Callable[[], None]) -> None:
    worked = worked_without_training(ROOT / "problems" / "networks" / "example_222_net_out.yml")
    slots = Slots(worked, "solution", "latex")
    seen, more = homework(worked, 60), homework(worked, 30)
    first = list(slots.fill(seen))
    no_sympy_and_no_jinja()
    assert list(slots.fill(more)) == first[:30]
    swapped = {name: values[::-1] for name, values in seen.items()}
    assert list(slots.fill(swapped)) == first[::-1]
    with pytest.raises(AssertionError, match="once per variant"):
        sympy.Symbol("x")  # the patches hold


def test_jinja_renders_only_while_something_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    worked = worked_without_training(ROOT / "problems" / "first" / "one_unit.yml")
    slots, calls, learned = Slots(worked, "solution", "markdown"), [0], [0]
    original, learn = jinja2.Template.render, slots._learn

    def counted(self: jinja2.Template, *args: object, **kwargs: object) -> str:
        calls[0] += 1
        return original(self, *args, **kwargs)

    def noted(*args: Any) -> str:
        learned[0] += 1
        return learn(*args)

    monkeypatch.setattr(jinja2.Template, "render", counted)
    monkeypatch.setattr(slots, "_learn", noted)
    assert len(list(slots.fill(homework(worked, 700)))) == 700
    assert calls[0] == 2 * learned[0]  # as it is, and with marks
    assert 0 < learned[0] < 40


def test_structure_follows_the_numbers() -> None:
    """The sentence about the error, parentheses, and what a worksheet may print change with the numbers."""
    worked = worked_without_training(ROOT / "problems" / "first" / "one_unit.yml")
    givens = {"eta": [Fraction(number) for number in ("0.5", "0.0000001", "-1", "50")], "t1": [Fraction(1)] * 4}
    found = list(Slots(worked, "solution", "markdown").fill(givens))
    sentences = {line for text in found for line in text.splitlines() if re.match("The error (fell|rose|did)", line)}
    assert len(sentences) == 4
    for number, text in enumerate(found):
        assert text == rendered(variant(worked, of(givens, number)), "solution", "markdown", "en", None)


def test_training_is_rendered_in_full() -> None:
    definition = copy.copy(load(ROOT / "problems" / "networks" / "example_222_sum_output.yml"))
    training = definition.problem.training
    assert training is not None
    short = training.model_copy(update={"iterations": 3, "show": (1, 3)})
    object.__setattr__(definition, "problem", definition.problem.model_copy(update={"training": short}))
    worked = work(definition)
    givens = homework(worked, 2)
    slots = Slots(worked, "solution", "typst")
    found = list(slots.fill(givens))
    assert not slots.follows
    assert found == [rendered(variant(worked, of(givens, n)), "solution", "typst", "en", None) for n in range(2)]


def test_what_cannot_be_learned_is_rendered_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the same place in a text has two forms for the same signs, nothing is filled."""
    worked = worked_without_training(ROOT / "problems" / "first" / "one_unit.yml")
    calls = [0]

    def learn(self: Template, pieces: Sequence[str], shapes: Sequence[int]) -> bool:
        calls[0] += 1
        return calls[0] < 3 and original(self, pieces, shapes)

    original = Template.learn
    monkeypatch.setattr(Template, "learn", learn)
    slots, givens = Slots(worked, "solution", "latex"), homework(worked, 12)
    found = list(slots.fill(givens))
    assert not slots.follows
    assert found == [rendered(variant(worked, of(givens, n)), "solution", "latex", "en", None) for n in range(12)]


def test_a_document_that_works_with_numbers_is_rendered_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A template of your own gets what all documents get; one that shows nothing else is followed."""
    folder = tmp_path / "templates" / "documents"
    folder.mkdir(parents=True)
    (folder / "givens.j2").write_text("<< title >>\n\n<< f.pairs(givens) >>\n")
    monkeypatch.chdir(tmp_path)
    formats.forget_templates()
    assert resources.find("documents", "givens.j2")
    worked = worked_without_training(ROOT / "problems" / "first" / "one_unit.yml")
    slots, givens = Slots(worked, "givens", "markdown"), homework(worked, 5)
    assert list(slots.fill(givens)) == [
        rendered(variant(worked, of(givens, number)), "givens", "markdown", "en", None) for number in range(5)
    ]
    assert slots.follows
    monkeypatch.undo()
    formats.forget_templates()


def test_values_worked_before_can_be_filled() -> None:
    worked = worked_without_training(ROOT / "problems" / "first" / "one_unit.yml")
    givens = homework(worked, 9)
    slots = Slots(worked, "worksheet", "typst", "en", "open")
    found = shown(worked.graph, worked.notation.rounding, givens)
    assert slots.filled(found) == list(slots.fill(givens))
    assert slots.filled(found)[4] == next(slots.fill({name: values[4:5] for name, values in givens.items()}))
