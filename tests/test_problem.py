"""The strict loader: right definitions load exactly, wrong ones say file, line, key, what was found and expected."""

from __future__ import annotations

import copy
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import Data, dense, networks, yaml_text

from generator.definitions.problem import Definition, exact, find_definitions, kind_module, kind_names, load, name
from generator.definitions.schema import schema
from generator.definitions.source import read
from generator.errors import DefinitionError, LonghandError
from generator.pipeline import load_worked, work
from generator.solve.histories import train
from generator.solve.rounding import Rounding
from generator.solve.traces import solve

PROBLEMS = Path(__file__).parents[1] / "problems"
SHIPPED = find_definitions(PROBLEMS)
FOLDER = Path(tempfile.mkdtemp(prefix="longhand-tests-"))

GOOD = """\
kind: network
title: A small one
inputs: {x1: 0.5, x2: -1}
targets: {t1: 1, t2: 0.10}
layers:
  - name: hidden
    units:
      h1: {x1: w1, x2: w2}
      h2: {x1: w3}
    bias: b1
    activation: tanh
  - name: output
    units:
      o1: {h1: w4, h2: w5}
      o2: {h2: w6}
    bias: {o1: b2}
weights: {w1: 0.1, w2: 0.2, w3: -0.3, w4: 0.4, w5: 0.5, w6: 1e-3}
biases: {b1: 0.1, b2: 1/3}
loss: squared_error
learning_rate: {eta: .5}
trained: [w1, b2]
training: {iterations: 10, show: [1, 10]}
notation: z_h
detail: all
worksheet: {level: faded, points: {forward: 0.5}}
"""


def write(text: str | bytes, file: str = "made.yml") -> Path:
    path = FOLDER / file
    path.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    return path


def test_the_good_one_is_good() -> None:
    worked = load_worked(write(GOOD))
    assert worked.graph.givens["w6"] == Fraction(1, 1000)
    assert worked.graph.givens["t2"] == Fraction(1, 10)
    assert worked.graph.givens["b2"] == Fraction(1, 3)
    assert worked.graph.trained == ("w1", "b2")
    assert worked.id == "made"
    assert worked.definition.claims.name == "made.claims.yml"
    history = worked.history
    assert history is not None
    assert list(history.rows) == [0, 1, 10]


# --- mistakes ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mistake:
    """`old` in the good definition becomes `new`; the error must stand on the line of `at` and name the key."""

    old: str
    new: str
    key: str
    found: str
    expected: str
    at: str = ""

    @property
    def text(self) -> str:
        assert GOOD.count(self.old) == 1, self.old
        return GOOD.replace(self.old, self.new)

    @property
    def line(self) -> int:
        return self.text[: self.text.index(self.at or self.new)].count("\n") + 1


def names(pattern: str, key: str, found: str, expected: str) -> Mistake:
    """A line of name patterns is put in."""
    return Mistake("loss: sq", f"names: {pattern}\nloss: sq", f"names.{key}", found, expected, "names")


MISTAKES = {
    # unknown keys, at every level; what was meant comes first
    "a misspelled key": Mistake("inputs:", "input:", "input", "unknown key", "`inputs`, or another of the known keys:"),
    "unknown key": Mistake("detail: all", "details: all", "details", "unknown key", "detail"),
    "unknown key in a layer": Mistake("    bias: b1", "    biass: b1", "layers.0.biass", "unknown key", "known keys"),
    "unknown key in training": Mistake("show: [1, 10]", "shown: [1]", "training.shown", "unknown key", "known keys"),
    "unknown key in the worksheet": Mistake("level: faded", "levels: faded", "worksheet.levels", "unknown", "known"),
    "unknown key in points": Mistake("{forward: 0.5}", "{foreward: 1}", "worksheet.points.foreward", "fore", "forward"),
    "known keys of a layer": Mistake(
        "bias: b1", "biass: b1", "layers.0.biass", "unknown", "name, units, bias, activation, normalization"
    ),
    "known keys of a training": Mistake("show: [1, 10]", "shows: [1]", "training.shows", "unknown", "iterations, show"),
    "unknown key in names": Mistake("loss: sq", "names: {prepost: a}\nloss: sq", "names.prepost", "unknown", "known"),
    # repeated keys
    "repeated key": Mistake("detail: all", "detail: all\ndetail: a", "detail", "second", "once", "detail: a\n"),
    "repeated weight": Mistake("w2: 0.2,", "w2: 0.2, w1: 3,", "weights.w1", "a second time (first on line", "once"),
    "repeated input of a unit": Mistake("{x1: w3}", "{x1: w3, x1: w2}", "layers.0.units.h2.x1", "second", "once"),
    "repeated unit": Mistake("h2: {x1: w3}", "h1: {x1: w3}", "layers.0.units.h1", "second", "once"),
    # wrong types
    "text for a list": Mistake("show: [1, 10]", "show: 1", "training.show", "`1`", "a list, such as"),
    "list for a mapping": Mistake("{iterations: 10, show: [1, 10]}", "[1, 10]", "training", "a list", "a mapping"),
    "mapping for a text": Mistake("detail: all", "detail: {a: b}", "detail", "a mapping", "'all' or 'first'"),
    "nothing": Mistake("loss: squared_error", "loss:", "loss", "nothing", "a text"),
    "nothing for a number": Mistake("w2: 0.2,", "w2: ,", "weights.w2", "nothing", "number"),
    "mapping for a number": Mistake("w2: 0.2,", "w2: {},", "weights.w2", "mapping", "number"),
    # numbers
    "no number": Mistake("w2: 0.2,", "w2: much,", "weights.w2", "`much`", "a number such as"),
    "infinity": Mistake("w2: 0.2,", "w2: .inf,", "weights.w2", "`.inf`", "number"),
    "inf": Mistake("w2: 0.2,", "w2: inf,", "weights.w2", "`inf`", "number"),
    "not a number": Mistake("w2: 0.2,", "w2: nan,", "weights.w2", "`nan`", "number"),
    "underscore": Mistake("w2: 0.2,", "w2: 1_000,", "weights.w2", "`1_000`", "number"),
    "no as a number": Mistake("w2: 0.2,", "w2: no,", "weights.w2", "`no`", "number"),
    "hexadecimal": Mistake("w2: 0.2,", "w2: 0x10,", "weights.w2", "`0x10`", "number"),
    "other digits": Mistake("w2: 0.2,", "w2: ١,", "weights.w2", "`١`", "number"),
    "huge exponent": Mistake("w2: 0.2,", "w2: 1e999999999,", "weights.w2", "1e999999999", "number"),
    "very long": Mistake("w2: 0.2,", f"w2: {'1' * 5000},", "weights.w2", "111", "1000"),
    "divided by zero": Mistake("w2: 0.2,", "w2: 1/0,", "weights.w2", "`1/0`", "number"),
    "decimal fraction": Mistake("w2: 0.2,", "w2: 0.1/2,", "weights.w2", "`0.1/2`", "number"),
    "decimal comma": Mistake("w2: 0.2,", 'w2: "0,2",', "weights.w2", "`0,2`", "number"),
    "no whole number": Mistake("iterations: 10", "iterations: 1.5", "training.iterations", "`1.5`", "whole"),
    "negative count": Mistake("iterations: 10", "iterations: -1", "training.iterations", "`-1`", "whole"),
    # names
    "undefined input": Mistake("h2: {x1: w3}", "h2: {x9: w3}", "layers.0.units.h2.x9", "`x9`", "x1, x2"),
    "undefined unit": Mistake("o2: {h2: w6}", "o2: {h3: w6}", "layers.1.units.o2.h3", "`h3`", "h1, h2"),
    "a unit of its own layer": Mistake("o2: {h2: w6}", "o2: {o1: w6}", "layers.1.units.o2.o1", "`o1`", "earlier"),
    "weight without a value": Mistake("h2: {x1: w3}", "h2: {x1: w9}", "layers.0.units.h2.x1", "`w9`", "`weights`"),
    "bias without a value": Mistake("bias: b1", "bias: b9", "layers.0.bias", "`b9`", "`biases`"),
    "bias of no unit": Mistake("{o1: b2}", "{o9: b2}", "layers.1.bias.o9", "`o9`", "o1, o2"),
    "unused weight": Mistake("w2: 0.2,", "w2: 0.2, w9: 1,", "weights.w9", "`w9`", "uses"),
    "unused bias": Mistake("b2: 1/3", "b2: 1/3, b3: 1", "biases.b3", "`b3`", "uses"),
    "undefined trained": Mistake("[w1, b2]", "[w1, w9]", "trained.1", "`w9`", "w1, w2"),
    "trained twice": Mistake("[w1, b2]", "[w1, w1]", "trained", "twice", "once"),
    "bad name in a list": Mistake("[w1, b2]", "[w1, 'b 2']", "trained.1", "`b 2`", "a name"),
    "bad name": Mistake("{eta: .5}", "{eta-1: .5}", "learning_rate.eta-1", "`eta-1`", "a name"),
    "bad bias name": Mistake("{o1: b2}", "{o1: 'b!'}", "layers.1.bias.o1", "`b!`", "a name"),
    "reserved name": Mistake("{eta: .5}", "{eta_new: .5}", "learning_rate.eta_new", "`eta_new`", "_new"),
    "name of two givens": Mistake("{eta: .5}", "{w1: .5}", "learning_rate.w1", "`w1`", "own"),
    "name of two layers": Mistake("name: output", "name:  hidden", "layers.1.name", "`hidden`", "own"),
    "reserved layer": Mistake("- name: output", "- name: loss", "layers.1.name", "`loss`", "own"),
    "unit named as an input": Mistake("h2: {x1: w3}", "x1: {x1: w3}", "layers.0.units.x1", "`x1`", "new"),
    "pattern gives a given's name": names("{pre: w<index>}", "pre", "`w1`", "new"),
    "pattern gives one name": names("{post: out}", "post", "`out`", "new"),
    "pattern gives no name": names("{loss: E total}", "loss", "`E total`", "letter"),
    "unit without inputs": Mistake("h2: {x1: w3}", "h2: {}", "layers.0.units.h2", "no input", "at least one"),
    # targets, rows, training
    "too few targets": Mistake("{t1: 1, t2: 0.10}", "{t1: 1}", "targets", "1 targets", "o1, o2"),
    "unknown activation": Mistake("tanh", "tan", "layers.0.activation", "`tan`", "logistic, tanh"),
    "unknown loss": Mistake("squared_error", "log_sinh", "loss", "`log_sinh`", "half_squared_error"),
    "unknown kind": Mistake("kind: network", "kind: netwrk", "kind", "`netwrk`", "network"),
    "unknown detail": Mistake("detail: all", "detail: some", "detail", "`some`", "'all'"),
    "unknown level": Mistake("level: faded", "level: hard", "worksheet.level", "`hard`", "'guided'"),
    "shown too late": Mistake("show: [1, 10]", "show: [1, 11]", "training.show.1", "11", "at most 10"),
    "two learning rates": Mistake("{eta: .5}", "{eta: .5, mu: 1}", "learning_rate", "mapping", "at most 1"),
    "training without a rate": Mistake("learning_rate: {eta: .5}\n", "", "training", "updates", "rate`", "training"),
    "unknown language": Mistake("title: A small one", "title: {English: A}", "title.English", "`English`", "match"),
    "error without targets": Mistake(
        "targets: {t1: 1, t2: 0.10}\n", "", "learning_rate", "without an error", "`targets`", "learning_rate"
    ),
    "missing layer name": Mistake("  - name: hidden\n    units:", "  - units:", "layers.0.name", "nothing", "this key"),
}  # fmt: skip


def complaint(path: Path) -> DefinitionError:
    with pytest.raises(DefinitionError) as caught:
        load_worked(path)
    return caught.value


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_explained(mistake: Mistake) -> None:
    path = write(mistake.text)
    error = complaint(path)
    assert error.file == path
    assert error.line == mistake.line
    assert error.key == mistake.key
    assert mistake.found in error.found
    assert mistake.expected in error.expected
    assert str(error) == f"{path}:{mistake.line}: `{mistake.key}`: found {error.found}; expected {error.expected}"


@pytest.mark.parametrize(
    ("new", "key", "found", "expected"),
    [
        ("notation: nope", "notation", "`nope`", "default"),
        ("notation: {extends: nope}", "notation.extends", "`nope`", "default"),
        ("notation: {colour: red}", "notation.colour", "unknown key", "symbols"),
        ("notation: {rounding: {decimals: many}}", "notation.rounding.decimals", "`many`", "integer"),
        ("notation: {rounding: {decimal: 3}}", "notation.rounding.decimal", "unknown key", ""),
        ("notation: {rounding: {decimals: -1}}", "notation.rounding.decimals", "`-1`", "0"),
        ("notation: {rounding: {decimals: 99999}}", "notation.rounding.decimals", "`99999`", "100"),
        ("notation: {rounding: 3}", "notation.rounding", "`3`", "a mapping"),
        ("notation: {product: {a: b}}", "notation.product", "mapping", "'juxtaposed'"),
        ("notation: {product: cross}", "notation.product", "`cross`", "'juxtaposed'"),
        ("notation: {chain: chain}", "notation.chain", "`chain`", "'factors'"),
        ("notation: {difference: any}", "notation.difference", "`any`", "'target_first'"),
        ("notation: {activation: none}", "notation.activation", "`none`", "'symbol'"),
        ("notation: {symbols: [a]}", "notation.symbols", "a list", "a mapping"),
        ("notation: {name: mine}", "notation.name", "a name", "no name"),
        ("notation: [a]", "notation", "a list", ""),
        ("notation:", "notation", "nothing", ""),
    ],
)
def test_a_mistake_in_the_notation_is_explained(new: str, key: str, found: str, expected: str) -> None:
    path = write(GOOD.replace("notation: z_h", new))
    error = complaint(path)
    assert (error.file, error.line, error.key) == (path, GOOD[: GOOD.index("notation")].count("\n") + 1, key)
    assert found in error.found
    assert expected in error.expected


@pytest.mark.parametrize(
    "new",
    [
        "notation: {symbols: {pre: '<nmae>'}}",
        "notation: {symbols: {pre: 'net_{<name>'}}",
        "notation: {symbols: {pre: '\\nosuch'}}",
        "notation: {symbols: {target: <symbol>}}",
        "notation: {symbols: {pre: z}}",
        "notation: {symbols: {post: <symbol>}}",
    ],
)
def test_a_symbol_that_cannot_be_written_is_an_error_with_the_file(new: str) -> None:
    path = write(GOOD.replace("notation: z_h", new))
    assert complaint(path).file == path


# --- files that are no definitions ---------------------------------------------------------------------------------

TENFOLD = "{1}: &{1} [*{0}, *{0}, *{0}, *{0}, *{0}, *{0}, *{0}, *{0}, *{0}, *{0}]\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(TENFOLD.format(*pair) for pair in pairwise("abcdefghi"))
NO_DEFINITIONS: dict[str, tuple[str | bytes, int | None, str]] = {
    "empty": ("", None, "no key `kind`"),
    "a comment": ("# nothing\n", None, "no key `kind`"),
    "a text": ("hello\n", 1, "no key `kind`"),
    "a list": ("- kind\n", 1, "no key `kind`"),
    "no kind": ("title: a\n", 1, "no key `kind`"),
    "kind is nothing": ("\nkind:\n", 2, "None"),
    "kind is a list": ("kind: [network]\n", 1, "network"),
    "no YAML": ("kind: network\ntitle: [a\n", 3, ""),
    "bad indentation": ("kind: network\n  title: a\n", 2, ""),
    "a tab": ("kind: network\nlayers:\n\t- name: a\n", 3, "cannot start any token"),
    "two documents": ("kind: network\n---\nkind: network\n", 2, ""),
    "no UTF-8": (b"kind: network\ntitle: \xff\xfe\n", None, "UTF-8"),
    "UTF-16": ("kind: network\n".encode("utf-16"), None, "UTF-8"),
    "control characters": (b"kind: network\ntitle: \x07\n", None, ""),
    "a null byte": (b"kind: network\ntitle: \x00\n", None, ""),
    "undefined alias": ("kind: network\ntitle: *a\n", 2, ""),
    "an impossible escape": ('kind: network\ntitle: "\\UFFFFFFFF"\n', None, ""),
    "refers to itself": ("kind: network\ntitle: &a [*a]\n", 2, "itself"),
    "a mapping in itself": ("kind: network\ntitle: &a {en: *a}\n", 2, "itself"),
    "nested deeply": (f"kind: network\ntitle: {'[' * 200}{']' * 200}\n", 2, "nested too deeply"),
    "nested very deeply": (f"kind: network\ntitle: {'[' * 20000}{']' * 20000}\n", None, "nested too deeply"),
    "a billion laughs": (BOMB + "kind: network\n", None, ""),
    "a merge key": (GOOD.replace("{forward: 0.5}", "{<<: {forward: 1}}"), None, "<<"),
}  # fmt: skip


@pytest.mark.parametrize("case", NO_DEFINITIONS.values(), ids=list(NO_DEFINITIONS))
def test_what_is_no_definition_is_refused(case: tuple[str | bytes, int | None, str]) -> None:
    text, line, found = case
    path = write(text)
    error = complaint(path)
    assert error.file == path
    assert str(path) in str(error)
    assert found in error.found
    if line is not None:
        assert error.line == line


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert "no such file" in complaint(tmp_path / "nowhere.yml").found
    assert "directory" in complaint(tmp_path).found
    assert str(tmp_path) in str(complaint(tmp_path))


def test_an_alias_is_read_as_what_it_names() -> None:
    text = GOOD.replace("x1: 0.5, x2: -1", "x1: &half 0.5, x2: *half").replace("faded", '"faded"')
    assert load_worked(write(text)).graph.givens["x2"] == Fraction(1, 2)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    path = write(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_worked(path).trace.shown == load_worked(write(GOOD, "same.yml")).trace.shown


# --- numbers and texts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.10", Fraction(1, 10)), (".5", Fraction(1, 2)), ("1e-3", Fraction(1, 1000)), ("1/3", Fraction(1, 3)),
        ("-2/4", Fraction(-1, 2)), ("+1.", Fraction(1)), ("1E+2", Fraction(100)), (" 7 ", Fraction(7)),
        ("-0", Fraction(0)), ("007", Fraction(7)), ("1e999", Fraction(10**999)), (Fraction(2, 3), Fraction(2, 3)),
    ],
)  # fmt: skip
def test_numbers_are_exact(text: str | Fraction, value: Fraction) -> None:
    assert exact(text) == value
    if isinstance(text, str):
        assert load_worked(write(GOOD.replace("w2: 0.2", f"w2: '{text}'" if text != "1e999" else "w2: 2")))


@given(digits=st.integers(-(10**30), 10**30), places=st.integers(0, 40))
def test_any_decimal_is_exact(digits: int, places: int) -> None:
    text = f"{'-' if digits < 0 else ''}{str(abs(digits)).rjust(places + 1, '0')}"
    text = f"{text[:-places]}.{text[-places:]}" if places else text
    assert exact(text) == Fraction(digits, 10**places)
    assert exact(f"{digits}e-{places}") == Fraction(digits, 10**places)


@given(text=st.text(max_size=12))
def test_what_is_no_number_is_refused_and_what_is_has_one_meaning(text: str) -> None:
    try:
        value = exact(text)
    except ValueError as error:
        assert str(error).startswith("a number")  # noqa: PT017 - both ways are right
    else:
        assert value == Fraction(text.strip())


@pytest.mark.parametrize("good", ["w", "w5", "target_o1", "E_total", "x10", "A_1_b"])
def test_names(good: str) -> None:
    assert name(good) == good


@pytest.mark.parametrize("bad", ["", "5w", "_w", "w_", "w__1", "w-1", "w1_new", "é", "w.1", "w\n", "dE/dw"])
def test_no_names(bad: str) -> None:
    with pytest.raises(ValueError, match="a name"):
        name(bad)


def test_texts_in_languages() -> None:
    problem = load(write(GOOD.replace("title: A small one", "title: {en: A, zh: B, de: C}"))).problem
    assert [problem.text(problem.title, code) for code in ("en", "zh", "de", "fr")] == ["A", "B", "C", "A"]
    problem = load(write(GOOD.replace("title: A small one", "title: {zh: B}"))).problem
    assert problem.text(problem.title, "fr") == "B"
    problem = load(write(GOOD)).problem
    assert problem.title == {"en": "A small one"}


def test_a_learning_rate_without_a_name_is_eta() -> None:
    graph = load_worked(write(GOOD.replace("learning_rate: {eta: .5}", "learning_rate: 0.25"))).graph
    assert (graph.rate, graph.givens["eta"]) == ("eta", Fraction(1, 4))


# --- all definitions that there are --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_definitions_work(path: Path) -> None:
    worked = load_worked(path)
    assert worked.graph.loss in worked.graph or not worked.graph.trained  # a forward pass alone has no loss
    assert worked.sections()


def test_claims_are_no_definitions() -> None:
    assert len(SHIPPED) >= 3
    assert not any(".claims" in path.name for path in SHIPPED)
    assert list(SHIPPED) == sorted(SHIPPED)


@pytest.mark.parametrize("kind", kind_names())
def test_a_kinds_starter_works(kind: str) -> None:
    worked = load_worked(write(kind_module(kind).STARTER))
    assert worked.sections()
    assert (worked.history is None) == (worked.problem.training is None)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=networks(layers=2, units=3))
def test_generated_definitions_load_as_what_they_say(data: Data) -> None:
    path = write(yaml_text(data), "generated.yml")
    source = read(path)
    assert json.loads(json.dumps(source.data)) == data
    definition = load(path)
    assert isinstance(definition, Definition)
    assert work(definition).trace.values


def test_every_key_knows_its_line() -> None:
    path = write(GOOD)
    lines = GOOD.splitlines()
    for place, line in read(path).lines.items():
        if place:
            assert str(place[-1]) in lines[line - 1] or isinstance(place[-1], int)


# --- fuzz ----------------------------------------------------------------------------------------------------------

TEXTS = [GOOD, *(path.read_text(encoding="utf-8") for path in SHIPPED), kind_module("network").STARTER]
TOKENS = [
    "", "0", "-1", "1e-3", "0.10", ".5", "1/3", "1/0", "1e999", "1e999999999", "no", "null", "~", "{}", "[]", "{a: b}",
    "[a, b]", "&a", "*a", "<<", "!!int", "|", ">", "'", '"', "#", "\t", ":", "-", ",", "}", "{", "x1", "w1", "h1",
    "o1", "b1", "loss", "relu", "tanh", "identity", "weights", "all", "default", "net_out", "sum_output", "<unit>",
    "<index>", "w1_new", "E_total", "extends", "0.5", "100", "\x00", "\ufeff", "é", "\U0001f600", "\u2028",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A definition with one to four lines or tokens deleted, doubled, moved or replaced."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            parts, glue = text.split("\n"), "\n"
        else:
            parts, glue = re.split(r"(\s+|[{}\[\],:])", text), ""
        at = draw(st.integers(0, len(parts) - 1))
        match draw(st.sampled_from(["delete", "double", "replace", "swap"])):
            case "delete":
                del parts[at]
            case "double":
                parts.insert(at, parts[at])
            case "replace":
                parts[at] = draw(st.sampled_from(TOKENS) | st.sampled_from(parts))
            case "swap":
                other = draw(st.integers(0, len(parts) - 1))
                parts[at], parts[other] = parts[other], parts[at]
        text = glue.join(parts)
    return text


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=mutated())
def test_a_changed_definition_works_or_is_refused(text: str) -> None:
    """Never any other exception; a refusal names the file."""
    path = write(text, "mutated.yml")
    try:
        worked = load_worked(path)
    except DefinitionError as error:
        assert str(path) in str(error) or "notations" in str(error)  # noqa: PT017 - both ways are right
        assert error.found  # noqa: PT017 - as above
        assert error.expected  # noqa: PT017 - as above
        return
    assert set(worked.trace.shown) == {quantity.name for quantity in worked.graph}
    try:
        solve(worked.graph)
        train(worked.graph, 2, (1,), Rounding()) if worked.graph.rate and worked.graph.moves else None
        worked.sections()
    except LonghandError:
        pass


# --- JSON Schema ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def loaded(text: str) -> Any:
    """As an editor sees it: plain YAML types, with keys that are text (`{2: 1}`) as JSON has them."""
    return _with_text_keys(yaml.safe_load(text))


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _with_text_keys(inside) for key, inside in value.items()}
    return [_with_text_keys(inside) for inside in value] if isinstance(value, list) else value


@pytest.mark.parametrize("text", TEXTS, ids=["good", *(path.stem for path in SHIPPED), "starter"])
def test_the_schema_accepts_what_loads(validator: Any, text: str) -> None:
    assert not [error.message for error in validator.iter_errors(loaded(text))]


BEYOND_A_SCHEMA = {
    "undefined input", "undefined unit", "a unit of its own layer", "weight without a value", "bias without a value",
    "bias of no unit", "unused weight", "unused bias", "undefined trained", "trained twice", "name of two givens",
    "name of two layers", "reserved layer",
    "unit named as an input", "pattern gives a given's name", "pattern gives one name",
    "pattern gives no name", "unit without inputs", "too few targets", "unknown activation", "unknown loss",
    "shown too late", "training without a rate", "reserved name",
    "error without targets",  # of a forward pass alone no target is given
    # plain YAML loads these as numbers, or does not tell them from good ones
    "infinity", "very long", "underscore", "hexadecimal",
    "unknown key in points",  # a name or a part, and which names there are the schema does not know
    "repeated key", "repeated weight", "repeated input of a unit", "repeated unit",
}  # fmt: skip


@pytest.mark.parametrize("case", [case for case in MISTAKES if case not in BEYOND_A_SCHEMA])
def test_the_schema_rejects_what_it_can(validator: Any, case: str) -> None:
    assert not validator.is_valid(loaded(MISTAKES[case].text))


def test_the_schema_is_the_same_every_time_and_is_json() -> None:
    assert json.dumps(schema()) == json.dumps(schema())
    assert copy.deepcopy(schema()) == schema()


@pytest.mark.parametrize("kind", kind_names())
def test_the_schema_describes_every_key(kind: str) -> None:
    branches = schema().get("oneOf", [schema()])
    (properties,) = (branch["properties"] for branch in branches if branch["properties"]["kind"]["const"] == kind)
    assert set(properties) == set(kind_module(kind).Definition.model_fields)


@pytest.fixture(autouse=True, scope="module")
def swept() -> Iterator[None]:
    """Leave nothing behind."""
    yield
    for path in FOLDER.iterdir():
        path.unlink()
    FOLDER.rmdir()


def test_a_large_definition_loads() -> None:
    data = dense([16, 32, 16])
    definition = load(write(yaml_text(data)))
    assert len(definition.problem.model_dump()["weights"]) == 1024


def test_a_misspelled_key_is_named_before_the_one_that_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "p.yml"
    text = Path("problems/first/one_unit.yml").read_text(encoding="utf-8")
    path.write_text(text.replace("weights:", "wieghts:"), encoding="utf-8")
    line = text.splitlines().index("weights: {w1: 0.4, w2: 0.3}") + 1
    with pytest.raises(DefinitionError, match=rf"p\.yml:{line}: `wieghts`: found an unknown key") as caught:
        load(path)
    assert "weights" in caught.value.expected


def test_a_folder_called_like_a_definition_is_none(tmp_path: Path) -> None:
    (tmp_path / "odd.yml").mkdir()
    assert find_definitions(tmp_path) == ()
