"""Notations are data: files that inherit, symbols as the published examples write them, nothing written alike."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import Data, dense, graph_of, networks
from shipped import SAMPLE

from generator.definitions.problem import load
from generator.errors import DefinitionError, LonghandError, NotationError
from generator.formula.functions import ACTIVATIONS, LOSSES, expand
from generator.formula.infix import infix, parse
from generator.formula.tree import Mul, Ref, references
from generator.kinds.network.kind import Definition, build
from generator.notation.arrange import Arranger
from generator.notation.files import load_notation, notation_for, notation_names
from generator.notation.writer import Chain, Notation, Product, Writer, indexed, plain
from generator.pipeline import Worked, load_worked
from generator.render.document import render
from generator.solve.exact import Exact, ball, bounds, evaluate, precision
from generator.solve.rounding import Mode
from generator.solve.traces import trace
from generator.typeset.boxes import Row, Word, symbol
from generator.typeset.latex import latex
from generator.typeset.text import text
from generator.verify.document import FORMATS, verify
from generator.verify.truth import Truth

PROBLEMS = SAMPLE
TABLE = ("example_322", "example_222_net_out", "example_222_sum_output")
each_notation = pytest.mark.parametrize("notation", notation_names())
each_problem = pytest.mark.parametrize("path", PROBLEMS, ids=lambda path: path.stem)


def example(name: str, notation: str | None = None) -> Worked:
    return load_worked(next(path for path in PROBLEMS if path.stem == name), notation)


# --- the table of the issue ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("a / (2 * b)", "a/(2b)"),
        ("a / (b * c)", "a/(bc)"),
        ("a / b * c", "a/b · c"),
        ("2 * a / c", "2a/c"),
        ("a / tanh(b)", "a/tanh(b)"),
        ("a / b", "a/b"),
        ("a / dE", "a/∂E"),
    ],
)
def test_a_slash_divides_by_all_that_stands_below_the_line(formula: str, shown: str) -> None:
    signs = {"dE": Row((Word("∂"), Word("E")))}
    box = Arranger(Product.JUXTAPOSED, lambda name: signs.get(name) or symbol(name)).box(parse(formula))
    assert text(box) == shown


@pytest.mark.parametrize(
    ("name", "quantity", "as_text", "as_latex"),
    [
        ("example_322", "z_h1", "z_h₁", "z_{h_1}"),
        ("example_322", "h1", "h₁", "h_1"),
        ("example_322", "o2", "o₂", "o_2"),
        ("example_322", "w10", "w₁₀", "w_{10}"),
        ("example_322", "t1", "t₁", "t_1"),
        ("example_322", "alpha", "α", r"\alpha"),
        ("example_322", "E", "E", "E"),
        ("example_322", "E_1", "E₁", "E_1"),
        ("example_322", "dE/dw7", "dE/dw₇", r"\frac{dE}{dw_7}"),
        ("example_322", "dz_h1/db1", "dz_h₁/db₁", r"\frac{dz_{h_1}}{db_1}"),
        ("example_222_net_out", "net_h1", "net_h1", r"\mathit{net}_{h1}"),
        ("example_222_net_out", "out_h1", "out_h1", r"\mathit{out}_{h1}"),
        ("example_222_net_out", "target_o1", "target_o1", r"\mathit{target}_{o1}"),
        ("example_222_net_out", "eta", "η", r"\eta"),
        ("example_222_net_out", "E_total", "E_total", r"E_{\mathit{total}}"),
        ("example_222_net_out", "w5_new", "w₅⁺", "w_5^+"),
        ("example_222_net_out", "dE_total/dw5", "∂E_total/∂w₅", r"\frac{\partial E_{\mathit{total}}}{\partial w_5}"),
        ("example_222_net_out", "dE_o1/dout_h1", "∂E_o1/∂out_h1", r"\frac{\partial E_{o1}}{\partial\mathit{out}_{h1}}"),
        ("example_222_sum_output", "sum_h1", "sum_h1", r"\mathit{sum}_{h1}"),
        ("example_222_sum_output", "output_h1", "output_h1", r"\mathit{output}_{h1}"),
        ("example_222_sum_output", "target_1", "target₁", r"\mathit{target}_1"),
        ("example_222_sum_output", "n", "n", "n"),
        ("example_222_sum_output", "E_2", "E₂", "E_2"),
        ("example_222_sum_output", "w5_new", "new_w5", r"\mathit{new\_w5}"),
        ("example_222_sum_output", "dE_1/dw1", "∂E₁/∂w₁", r"\frac{\partial E_1}{\partial w_1}"),
    ],
)
def test_symbols_as_the_examples_write_them(name: str, quantity: str, as_text: str, as_latex: str) -> None:
    box = example(name).writer.box(quantity)
    assert text(box) == as_text
    assert latex(box) == as_latex


@pytest.mark.parametrize(
    ("name", "product", "order", "differential", "assign", "decimals", "mode"),
    [
        ("example_322", Product.JUXTAPOSED, ("weight", "input"), "d", ":=", 4, Mode.HALF_EVEN),
        ("example_222_net_out", Product.DOT, ("weight", "input"), "∂", "=", 9, Mode.HALF_EVEN),
        ("example_222_sum_output", Product.ASTERISK, ("input", "weight"), "∂", "=", 5, Mode.TOWARD_ZERO),
    ],
)
def test_signs_and_digits_as_the_examples_have_them(
    name: str, product: Product, order: tuple[str, str], differential: str, assign: str, decimals: int, mode: Mode
) -> None:
    notation = example(name).notation
    assert (notation.product, notation.factor_order, notation.differential) == (product, order, differential)
    assert (notation.assign, notation.rounding.decimals, notation.rounding.mode) == (assign, decimals, mode)


@pytest.mark.parametrize(
    ("name", "quantity", "formula"),
    [
        ("example_322", "z_h1", "w1 * x1 + w3 * x2 + w5 * x3 + b1"),
        ("example_322", "dE/do1", "o1 - t1"),
        ("example_322", "E_1", "(1 / 2) * (o1 - t1)**2"),
        ("example_322", "h1", "logistic(z_h1)"),
        ("example_322", "w1_new", "w1 - alpha * dE/dw1"),
        ("example_222_net_out", "net_o1", "w5 * out_h1 + w6 * out_h2 + b2"),
        ("example_222_net_out", "dE_total/dout_o1", "-(target_o1 - out_o1)"),
        ("example_222_net_out", "out_h1", "1 / (1 + exp(-net_h1))"),
        ("example_222_net_out", "dE_total/dout_h1", "dE_o1/dout_h1 + dE_o2/dout_h1"),
        ("example_222_sum_output", "sum_h1", "i1 * w1 + i2 * w3 + b1"),
        ("example_222_sum_output", "sum_h1_new", "i1 * w1_new + i2 * w3_new + b1"),
        ("example_222_sum_output", "dE_total/doutput_o1", "output_o1 - target_1"),
        ("example_222_sum_output", "dE_total/dw1", "dE_1/dw1 + dE_2/dw1"),
        ("example_222_sum_output", "output_h1", "1 / (1 + exp(-sum_h1))"),
    ],
)
def test_formulas_as_the_examples_write_them(name: str, quantity: str, formula: str) -> None:
    written = infix(example(name).writer.formula(quantity))
    assert written.replace("1 / 2 *", "(1 / 2) *") == formula


def test_what_the_examples_detail() -> None:
    assert example("example_222_net_out").notation.delta_rule
    assert example("example_222_net_out").notation.chain is Chain.PATHS
    assert example("example_222_sum_output").notation.chain is Chain.TERMS
    assert example("example_222_sum_output").notation.plain_updates
    assert example("example_322").notation.activation == "symbol"


# --- every problem in every notation -------------------------------------------------------------------------------


@each_notation
@each_problem
def test_no_two_quantities_are_written_alike(path: Path, notation: str) -> None:
    worked = load_worked(path, notation)
    worked.writer.check()
    for write in (text, latex):
        written = Counter(write(worked.writer.box(quantity.name)) for quantity in worked.graph)
        assert [shown for shown, count in written.items() if count > 1] == []


def near(one: Exact, other: Exact) -> bool:
    low, high = bounds(ball(one) - ball(other))
    return max(abs(low), abs(high)) < Fraction(1, 10**20)


@each_notation
@each_problem
def test_a_notation_changes_no_value(path: Path, notation: str) -> None:
    """What is written, put through the same numbers, is what was computed."""
    worked = load_worked(path, notation)
    with precision(200):
        for quantity in worked.graph:
            if quantity.formula is not None:
                written = evaluate(worked.writer.formula(quantity.name), worked.trace.values.__getitem__)
                assert near(written, worked.trace.values[quantity.name])
                assert set(references(worked.writer.formula(quantity.name))) == set(references(quantity.formula))


@each_notation
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=networks(layers=2, units=3))
def test_any_network_can_be_written_in_any_notation(notation: str, data: Data) -> None:
    chosen = load_notation(notation)
    graph = graph_of(data, chosen.chain)
    writer = Writer(graph, chosen)
    writer.check()
    values = trace(graph, chosen.rounding).values
    with precision(200):
        for quantity in graph:
            assert text(writer.box(quantity.name))
            assert latex(writer.box(quantity.name))
            if quantity.formula is not None:
                written = evaluate(expand(writer.formula(quantity.name)), values.__getitem__)
                assert near(written, values[quantity.name])


@each_notation
def test_every_row_can_be_written(notation: str) -> None:
    chosen = load_notation(notation)
    for activation in ACTIVATIONS:
        for loss in LOSSES:
            made = Definition.model_validate({**dense([1, 1], activation), "loss": loss})  # some of which make no sense
            writer = Writer(build(made), chosen)
            assert set(references(writer.formula("E_total"))) == {"t0", "out_u1n0"}
            assert references(writer.formula("out_u1n0")) == ("net_u1n0",)


# --- files and inheritance -----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's own folder of notations."""
    monkeypatch.setenv("LONGHAND_TEMPLATES", str(tmp_path))
    (tmp_path / "notations").mkdir()
    return tmp_path / "notations"


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / f"{name}.yml"
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("own", "least"),
    [("", 3), ("rounding: {mode: half_up}\n", 3), ("rounding: {least: 2}\n", 2), ("rounding: {decimals: 2}\n", None),
     ("rounding: {significant: 4}\n", None), ("rounding: {decimals: 6, least: 4}\n", 4)],
)  # fmt: skip
def test_who_fixes_decimals_fixes_those_of_small_numbers(own: str, least: int | None, folder: Path) -> None:
    write(folder, "mine", f"extends: default\n{own}")
    assert load_notation("mine").rounding.least == least


def test_the_default_says_everything() -> None:
    default = load_notation("default")
    assert default == Notation("default", default.symbols)
    assert set(default.symbols) >= {
        "input", "weight", "bias", "target", "rate", "pre", "post", "term", "loss", "delta", "updated", "after",
    }  # fmt: skip


def test_a_file_adds_to_what_it_extends(folder: Path) -> None:
    write(folder, "mine", "extends: z_h\nsymbols: {pre: a_<index>}\nrounding: {decimals: 7}\n")
    mine, parent = load_notation("mine"), load_notation("z_h")
    assert mine.symbols == {**parent.symbols, "pre": "a_<index>"}
    assert (mine.rounding.decimals, mine.rounding.mode) == (7, parent.rounding.mode)
    assert mine.product is parent.product
    assert (mine.name, "mine" in notation_names()) == ("mine", True)


def test_a_file_that_extends_nothing_extends_the_default(folder: Path) -> None:
    write(folder, "mine", "product: times\n")
    assert load_notation("mine").symbols == load_notation("default").symbols
    assert load_notation("mine").product is Product.TIMES


def test_three_generations(folder: Path) -> None:
    write(folder, "a", "rounding: {decimals: 7}\nproduct: times\n")
    write(folder, "b", "extends: a\nrounding: {mode: half_up}\n")
    write(folder, "c", "extends: b\nproduct: dot\n")
    found = load_notation("c")
    assert (found.rounding.decimals, found.rounding.mode, found.product) == (7, Mode.HALF_UP, Product.DOT)


def test_a_users_file_stands_before_the_shipped_one(folder: Path) -> None:
    write(folder, "z_h", "extends: default\nproduct: asterisk\n")
    assert load_notation("z_h").product is Product.ASTERISK


def test_a_path_is_a_notation_too(tmp_path: Path) -> None:
    path = tmp_path / "own.yml"
    path.write_text("extends: net_out\ndecimals: 3\n")
    with pytest.raises(DefinitionError, match="decimals"):
        load_notation(str(path))
    path.write_text("extends: net_out\nrounding: {significant: 3}\n")
    assert load_notation(str(path)).rounding.significant == 3
    assert load_notation(str(path)).name == "own"


def test_a_definitions_own_block(tmp_path: Path) -> None:
    shipped = example("example_222_net_out").definition.source.file.read_text(encoding="utf-8")
    own = shipped.replace("notation: net_out", "notation: {extends: sum_output, symbols: {=w5: omega_5}}")
    path = tmp_path / "own.yml"
    path.write_text(own.replace("omega", "\\omega"), encoding="utf-8")
    worked = load_worked(path)
    assert text(worked.writer.box("w5")) == "ω₅"
    assert text(worked.writer.box("w6")) == "w₆"
    assert worked.notation.product is Product.ASTERISK
    assert notation_for(load(path), "z_h").name == "z_h"


@pytest.mark.parametrize(
    ("content", "line", "key", "found", "expected"),
    [
        ("colour: red\n", 1, "colour", "unknown key", "symbols"),
        ("\nextends: nope\n", 2, "extends", "`nope`", "default"),
        ("extends: mine\n", 1, "extends", "`mine`", "does not extend this one"),
        ("extends: [default]\n", 1, "extends", "default", "another notation"),
        ("product: dot\nproduct: times\n", 2, "product", "second time", "once"),
        ("product: dots\n", 1, "product", "`dots`", "'juxtaposed'"),
        ("factor_order: [weight]\n", 1, "factor_order.1", "", ""),
        ("factor_order: [weight, bias]\n", 1, "factor_order.1", "`bias`", "'weight'"),
        ("\n\nrounding: {decimals: x}\n", 3, "rounding.decimals", "`x`", "integer"),
        ("rounding:\n  digits: 3\n", 2, "rounding.digits", "unknown key", ""),
        ("rounding: 4\n", 1, "rounding", "`4`", "a mapping"),
        ("symbols: pre\n", 1, "symbols", "`pre`", "a mapping"),
        ("symbols:\n  pre: {a: b}\n", 2, "symbols.pre", "mapping", "a text"),
        ("chain: {a: b}\n", 1, "chain", "mapping", "'factors'"),
        ("delta_rule: maybe\n", 1, "delta_rule", "`maybe`", "true or false"),
        ("name: other\n", 1, "name", "a name", "no name"),
        ("- a\n", 1, "", "no mapping", "keys"),
        ("extends: [\n", 2, "", "YAML", "quotes"),
    ],
)
def test_a_mistake_in_a_file_is_explained(
    folder: Path, content: str, line: int, key: str, found: str, expected: str
) -> None:
    path = write(folder, "mine", content)
    with pytest.raises(DefinitionError) as caught:
        load_notation("mine")
    error = caught.value
    assert error.file is not None
    assert Path(error.file).samefile(path)
    assert error.line == line
    assert error.key == key
    assert found in error.found
    assert expected in error.expected


def test_a_circle_is_explained(folder: Path) -> None:
    write(folder, "a", "extends: b\n")
    write(folder, "b", "product: dot\nextends: c\n")
    path = write(folder, "c", "extends: a\n")
    with pytest.raises(DefinitionError, match="does not extend this one") as caught:
        load_notation("a")
    assert (Path(str(caught.value.file)).name, caught.value.line) == (path.name, 1)


def test_an_unknown_parent_of_a_parent_is_explained_there(folder: Path) -> None:
    write(folder, "a", "extends: b\n")
    write(folder, "b", "product: dot\nextends: nope\n")
    with pytest.raises(DefinitionError, match="`nope`") as caught:
        load_notation("a")
    assert (Path(str(caught.value.file)).name, caught.value.line) == ("b.yml", 2)


def test_a_mistake_in_a_parent_is_explained_there(folder: Path) -> None:
    write(folder, "a", "extends: b\n")
    write(folder, "b", "product: dot\ncolour: red\n")
    with pytest.raises(DefinitionError, match="colour") as caught:
        load_notation("a")
    assert (Path(str(caught.value.file)).name, caught.value.line) == ("b.yml", 2)


@pytest.mark.parametrize("name", ["nope", "", "nope.yml", "../notations/default", "DEFAULT "])
def test_an_unknown_notation_names_the_known_ones(name: str) -> None:
    if name.startswith(".."):
        assert load_notation(name)  # a way round to a shipped file does no harm
        return
    with pytest.raises(NotationError, match="default, matrix, net_out, sum_output, z_h"):
        load_notation(name)


@pytest.mark.parametrize(
    ("symbols", "complaint"),
    [
        ("pre: z", "alike"),
        ("post: net_{<name>}", "alike"),
        ("updated: <symbol>", "alike"),
        ("pre: <colour>", "<colour>"),
        ("pre: net_{<name>", "not closed"),
        ("pre: \\nosuch", "nosuch"),
        ("pre: _a", "follows nothing"),
        ("pre: a_", "ends too early"),
        ("pre: a}", "unexpected"),
    ],
)
def test_a_symbol_that_says_nothing_or_too_much(folder: Path, symbols: str, complaint: str) -> None:
    write(folder, "mine", f"symbols: {{'{symbols.partition(':')[0]}': '{symbols.partition(': ')[2]}'}}\n")
    with pytest.raises(LonghandError, match=complaint):
        example("example_222_net_out", "mine")


# --- names in the symbol language ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "written", "shown"),
    [
        ("w10", "w_{10}", "w₁₀"), ("w_10", "w_{10}", "w₁₀"), ("eta", r"\eta", "η"), ("alpha2", r"\alpha_{2}", "α₂"),
        ("target_o1", "target_{o1}", "target_o1"), ("x", "x", "x"), ("bias", "bias", "bias"), ("h1a", "h1a", "h1a"),
        ("E_total", "E_{total}", "E_total"), ("a_b_c", "a_{b,c}", "a_(b,c)"),
    ],
)  # fmt: skip
def test_names_become_symbols(name: str, written: str, shown: str) -> None:
    assert indexed(name) == written
    assert text(symbol(indexed(name))) == shown
    assert text(symbol(plain(name)))


@given(name=st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,5}(_[A-Za-z0-9]{1,4}){0,2}", fullmatch=True))
def test_any_name_can_be_written(name: str) -> None:
    for written in (indexed(name), plain(name)):
        assert text(symbol(written))
        assert latex(symbol(written))


NUMBERED = """kind: formulas
title: Names with numbers
givens: {W1: [[1, 2], [3, 4]], x: [1, 2], w1: 3}
formulas:
  v: W1 @ x
  v1: v / norm(v)
  v2: w1 * W1 @ v1
  s: v1[1]**2 + v1[2]**2
introduction: "Of [[W1]] and [[v1]]."
"""


@pytest.mark.parametrize("notation", ["default", "matrix"])
def test_a_whole_with_a_number_in_its_name_is_written_in_one_way(tmp_path: Path, notation: str) -> None:
    """In the corner of its table, in its entries and its shape; and no entry of `v` is written as `v1` is."""
    path = tmp_path / "numbered.yml"
    path.write_text(NUMBERED, encoding="utf-8")
    worked = load_worked(path, notation)
    writer = worked.writer
    shown = {name: text(writer.box(name)) for name in ("W1_1_2", "v_1", "v1_2", "w1", "whole:W1", "whole:v1")}
    if notation == "default":
        assert shown == {
            "W1_1_2": "W_(1,2)⁽¹⁾", "v_1": "v₁", "v1_2": "v₂⁽¹⁾", "w1": "w₁", "whole:W1": "W⁽¹⁾", "whole:v1": "v⁽¹⁾"
        }  # fmt: skip
    page = render(worked, "solution", "terminal")
    assert "Of W⁽¹⁾ and v⁽¹⁾." in page
    assert "shape(W⁽¹⁾ · x)" in page or "shape(W⁽¹⁾x)" in page
    assert "W⁽¹⁾   1   2" in page
    assert not re.search("W1|v1|W₁", page)
    assert notation == "matrix" or "s = (v₁⁽¹⁾)² + (v₂⁽¹⁾)²" in page
    truth = Truth.of(worked.graph, worked.writer, worked.trace.rounding)
    for format_name in FORMATS:
        made = render(worked, "solution", format_name)
        assert not verify(made, format_name, truth).untrue
        first, other = worked.trace.shown["v2_1"], worked.trace.shown["v2_2"]
        assert verify(made.replace(first, other, 1), format_name, truth).untrue


def test_marks_that_follow_one_another_stand_each_by_itself() -> None:
    assert text(symbol("E^{(2)}^{[1]}")) == "E⁽²⁾^[1]"
    assert text(symbol("w^{(2)}^+")) == "w⁽²⁾⁺"


def test_two_names_that_are_written_alike_are_told_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "alike.yml"
    path.write_text("kind: formulas\ntitle: Alike\ngivens:\n  w: [0, 0]\nformulas:\n  w1: w[1] + 2\n", encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_worked(path)
    assert (caught.value.line, caught.value.key) == (6, "formulas.w1")
    assert str(caught.value).endswith(
        "found `w_1` and `w1`, which notation `default` writes alike: w₁; expected another name for one of them (a "
        "number at the end of a name is written as an index)"
    )


def test_only_products_of_a_weight_are_turned_round() -> None:
    worked = example("example_222_sum_output")
    assert worked.writer.written(parse("w1 * i1")) == Mul((Ref("i1"), Ref("w1")))
    assert worked.writer.written(parse("i1 * w1")) == Mul((Ref("i1"), Ref("w1")))
    assert worked.writer.written(parse("n * i1")) == parse("n * i1")
    assert {field.name for field in fields(worked.notation)} >= {"symbols", "rounding", "chain"}
    assert TABLE[2] == worked.id
