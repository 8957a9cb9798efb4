"""Every line that the printers write is found true, and every planted error is found, in each of the four formats."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from generator.backward.passes import backward
from generator.definitions.problem import kind_module, load
from generator.errors import UntrueLineError
from generator.formula.functions import expand
from generator.formula.tree import Add, Call, Cases, Div, Formula, Mul, Neg, Num, Pow, Ref, children, num, rebuild
from generator.graph.quantities import Role
from generator.notation.arrange import Arranger
from generator.notation.files import load_notation, notation_names
from generator.notation.writer import Product, Writer
from generator.reading.shape import shape
from generator.solve.histories import History, train
from generator.solve.traces import relation, solve
from generator.typeset.boxes import Box, Digits, Fence, Frac, Gap, Op, Root, Row, Script
from generator.typeset.latex import latex, plain_gap
from generator.typeset.mathml import mathml
from generator.typeset.typst import typst
from generator.verify.document import FORMATS, Report, verify
from generator.verify.tables import verify_table
from generator.verify.truth import Truth

FOLDER = Path(__file__).parents[1] / "problems" / "networks"
NET_OUT, SUM_OUTPUT, Z_H = (FOLDER / f"example_{name}.yml" for name in ("222_net_out", "222_sum_output", "322"))
PROBLEMS = (NET_OUT, SUM_OUTPUT, Z_H)
MATH: dict[str, Callable[[Box], str]] = {
    "markdown": lambda box: latex(box, plain_gap),
    "latex": latex,
    "typst": typst,
    "web": mathml,
}


@dataclass(frozen=True)
class Equation:
    """`left = formula = numbers = result` about `target`, each part with the relation before it."""

    target: str
    left: Formula
    parts: tuple[tuple[str, Formula], ...]


@cache
def truth_of(path: Path, notation_name: str) -> Truth:
    definition, notation = load(path), load_notation(notation_name)
    graph = backward(kind_module(definition.problem.kind).build(definition.problem), notation.chain)
    return Truth.of(graph, Writer(graph, notation), notation.rounding)


@cache
def history_of(path: Path, notation_name: str) -> History:
    truth = truth_of(path, notation_name)
    return train(truth.graph, 10, (1, 10), truth.rounding)


def arranger(truth: Truth) -> Arranger:
    return Arranger(truth.writer.notation.product, truth.writer.box)


@cache
def equations(path: Path, notation_name: str) -> tuple[Equation, ...]:
    """The equation of every computed quantity, as `derive` would set it: written formula, numbers, result."""
    truth = truth_of(path, notation_name)
    made = []
    for quantity in truth.graph:
        if quantity.formula is None:
            made.append(Equation(quantity.name, Ref(quantity.name), (("=", truth.shown.number(quantity.name)),)))
            continue
        formula = truth.writer.formula(quantity.name)
        numbers = truth.with_numbers(formula)
        result = truth.shown.number(quantity.name)
        in_place = quantity.role is Role.UPDATE and truth.writer.notation.assign == ":="
        left = Ref(quantity.label.of if in_place else quantity.name)
        sign = relation(numbers, result.text, truth.rounding)
        parts = (("≔" if in_place else "=", formula), ("=", numbers), (sign, result))
        made.append(Equation(quantity.name, left, parts))
    return tuple(made)


def rows_of(truth: Truth, equation: Equation) -> list[tuple[Box | None, str, Box]]:
    box = arranger(truth).box
    lefts = [box(equation.left), *[None] * (len(equation.parts) - 1)]
    return [(left, sign, box(tree)) for left, (sign, tree) in zip(lefts, equation.parts, strict=True)]


def display(rows: list[tuple[Box | None, str, Box]], format: str) -> str:
    """One display of a document, as the format files write it. An empty relation goes on with the row above."""
    math = MATH[format]
    cells = [
        (math(left) if left is not None else "", math(Op(sign)) if sign else "", math(box)) for left, sign, box in rows
    ]
    if format == "typst":
        return "$ " + " \\\n  ".join(f"{left} &{sign or 'quad'} {body}" for left, sign, body in cells) + " $\n"
    if format == "web":
        inside = "".join(f"<mtr><mtd>{a}</mtd><mtd>{b}</mtd><mtd>{c}</mtd></mtr>" for a, b, c in cells)
        return f'<math display="block"><mtable class="lh-align">{inside}</mtable></math>\n'
    inside = " \\\\[0.35em]\n".join(f"{left} &{sign or chr(92) + 'qquad'} {body}" for left, sign, body in cells)
    opening, closing = ("$$", "$$") if format == "markdown" else ("\\[", "\\]")
    return f"{opening}\n\\begin{{aligned}}\n{inside}\n\\end{{aligned}}\n{closing}\n"


def inline(box: Box, format: str) -> str:
    text = MATH[format](box)
    return f"<math>{text}</math>" if format == "web" else f"${text}$"


def check(truth: Truth, equation: Equation, format: str) -> Report:
    return verify(display(rows_of(truth, equation), format), format, truth)


everything = [(path, notation, format) for path in PROBLEMS for notation in notation_names() for format in FORMATS]


@pytest.mark.parametrize(("path", "notation", "format"), everything, ids=lambda value: getattr(value, "stem", value))
def test_every_printed_line_is_true(path: Path, notation: str, format: str) -> None:
    truth, made = truth_of(path, notation), equations(path, notation)
    text = "\n".join(display(rows_of(truth, equation), format) for equation in made)
    report = verify(text, format, truth)
    assert report.untrue == ()
    assert report.checked == sum(len(equation.parts) for equation in made) > 200


def test_thousands_of_lines_are_checked() -> None:
    assert sum(len(e.parts) for path, notation, _ in everything for e in equations(path, notation)) > 10_000


# --- planted errors ----------------------------------------------------------------------------------------------


def variants(tree: Formula, change: Callable[[Formula], Iterator[Formula]]) -> Iterator[Formula]:
    """`tree` with one place in it changed, for every place and every way."""
    yield from change(tree)
    for place, part in enumerate(children(tree)):
        for made in variants(part, change):
            parts = iter(made if place == at else other for at, other in enumerate(children(tree)))
            yield rebuild(tree, lambda _, parts=parts: next(parts))


def digit(tree: Formula) -> Iterator[Formula]:
    if isinstance(tree, Num) and tree.text:
        last = (int(tree.text[-1]) + 1) % 10
        text = f"{tree.text[:-1]}{last}"
        yield Num(Fraction(text), text)


def swapped(tree: Formula) -> Iterator[Formula]:
    match tree:
        case Add((first, Neg(second))):
            yield Add((second, Neg(first)))
        case Div(top, bottom):
            yield Div(bottom, top)


def sign(tree: Formula) -> Iterator[Formula]:
    match tree:
        case Add(terms):
            for at, term in enumerate(terms):
                turned = term.body if isinstance(term, Neg) else Neg(term)
                yield Add((*terms[:at], turned, *terms[at + 1 :]))
        case Neg(body):
            yield body
        case Num(value, text) if value:
            yield Num(-value, text[1:] if text.startswith("-") else f"-{text}" if text else "")


def power(tree: Formula) -> Iterator[Formula]:
    if isinstance(tree, Pow):
        yield Pow(tree.base, num(3))
        yield tree.base
    if isinstance(tree, Call) and tree.name == "exp":
        yield tree.args[0]


def missing(tree: Formula) -> Iterator[Formula]:
    parts = tree.terms if isinstance(tree, Add) else tree.factors if isinstance(tree, Mul) else ()
    for at in range(len(parts)):
        left = (*parts[:at], *parts[at + 1 :])
        yield left[0] if len(left) == 1 else type(tree)(left)  # type: ignore[call-arg, arg-type]  # a sum or a product: both take it


def other_symbol(truth: Truth) -> Callable[[Formula], Iterator[Formula]]:
    names = [quantity.name for quantity in truth.graph]

    def change(tree: Formula) -> Iterator[Formula]:
        if isinstance(tree, Ref):
            at = names.index(tree.name)
            yield from (Ref(names[(at + step) % len(names)]) for step in (1, 7))

    return change


@cache
def witnesses(truth_key: tuple[Path, str]) -> dict[str, list[float]]:
    """Values of every quantity for other givens, by another way of computing: what an identity is judged by here."""
    truth = truth_of(*truth_key)
    givens = {
        name: [float(value) + 0.13 * math.sin(place + 3 * k) for k in range(4)]
        for place, (name, value) in enumerate(truth.graph.givens.items())
    }
    return {name: list(values) for name, values in solve(truth.graph, givens).items()}


def as_float(tree: Formula, value_of: Callable[[str], float]) -> float:
    tree = expand(tree)
    parts = [] if isinstance(tree, Cases) else [as_float(part, value_of) for part in children(tree)]
    match tree:
        case Num(value):
            return float(value)
        case Ref(name):
            return value_of(name)
        case Add():
            return math.fsum(parts)
        case Mul():
            return math.prod(parts)
        case Neg():
            return -parts[0]
        case Div():
            return parts[0] / parts[1]
        case Pow():
            return parts[0] ** parts[1]
        case Call("exp", _):
            return math.exp(parts[0])
    raise AssertionError(tree)


def still_true(key: tuple[Path, str], one: Formula, other: Formula) -> bool:
    values = witnesses(key)
    try:
        pairs = [[as_float(tree, lambda name: values[name][k]) for tree in (one, other)] for k in range(4)]  # noqa: B023 - called at once
    except ZeroDivisionError:
        return False
    return all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-13) for a, b in pairs)


def planted(key: tuple[Path, str], equation: Equation) -> Iterator[tuple[str, Equation]]:
    """Equations with one thing wrong. Left out are the few that say something true all the same:

    a formula that has the same value whatever is given (symbols of quantities that are always equal, a factor that is
    always 1, a difference turned round inside a square), and numbers whose change leaves the line as it was (equal
    numbers swapped, a factor 1 left out before the result).
    """
    truth = truth_of(*key)
    target = Ref(equation.target)

    def with_part(place: int, tree: Formula) -> Equation:
        parts = list(equation.parts)
        parts[place] = (parts[place][0], tree)
        return replace(equation, parts=tuple(parts))

    if len(equation.parts) == 3:
        formula, numbers = equation.parts[0][1], equation.parts[1][1]
        changes = {"swapped": swapped, "sign": sign, "power": power, "missing": missing, "symbol": other_symbol(truth)}
        for kind, change in changes.items():
            for tree in variants(formula, change):
                if not still_true(key, target, tree):
                    yield f"{kind} in the formula", with_part(0, tree)
        for kind, change in {"digit": digit, **changes}.items():
            for tree in variants(numbers, change) if kind != "symbol" else ():
                if shape(tree) not in (shape(numbers), shape(equation.parts[-1][1])):
                    yield f"{kind} in the numbers", with_part(1, tree)
    for kind, change in {"digit": digit, "sign": sign}.items():
        for tree in variants(equation.parts[-1][1], change):
            yield f"{kind} in the result", with_part(len(equation.parts) - 1, tree)
    for place, (relation_sign, tree) in enumerate(equation.parts):
        parts = list(equation.parts)
        parts[place] = ("≈" if relation_sign == "=" else "=", tree)
        yield f"relation {place}", replace(equation, parts=tuple(parts))
    for name in other_symbol(truth)(equation.left):
        same_number = truth.shown.shown[equation.target] == truth.shown.shown[name.name]
        if not (still_true(key, target, name) or (len(equation.parts) == 1 and same_number)):
            yield "symbol on the left", replace(equation, left=name)


def without_fences(box: Box) -> Iterator[Box]:
    """`box` with one pair of parentheses left out, for every pair."""
    match box:
        case Fence(body):
            yield body
            yield from (replace(box, body=made) for made in without_fences(body))
        case Row(items):
            for at, item in enumerate(items):
                for made in without_fences(item):
                    yield Row((*items[:at], made, *items[at + 1 :]))
        case Frac(top, bottom):
            yield from (Frac(made, bottom) for made in without_fences(top))
            yield from (Frac(top, made) for made in without_fences(bottom))
        case Script(base, sub, sup):
            yield from (Script(made, sub, sup) for made in without_fences(base))
            yield from (Script(base, sub, made) for made in without_fences(sup) if sup is not None)
        case Root(body):
            yield from map(Root, without_fences(body))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("notation", notation_names())
def test_every_planted_error_is_found(notation: str, format: str) -> None:
    """Every error in each twelfth equation, in another twelfth for each format and problem."""
    start = list(FORMATS).index(format)
    caught = dict.fromkeys(("swapped", "sign", "power", "missing", "symbol", "digit", "relation", "parentheses"), 0)
    for number, path in enumerate(PROBLEMS):
        key = (path, notation)
        truth = truth_of(*key)
        for equation in equations(*key)[(start + number) % 12 :: 12]:
            for kind, wrong in planted(key, equation):
                report = check(truth, wrong, format)
                assert report.untrue, (kind, display(rows_of(truth, wrong), format))
                caught[kind.split()[0]] += 1
            rows = rows_of(truth, equation)
            for place, (left, relation_sign, box) in enumerate(rows):
                for made in without_fences(box):
                    text = display([*rows[:place], (left, relation_sign, made), *rows[place + 1 :]], format)
                    assert verify(text, format, truth).untrue, text
                    caught["parentheses"] += 1
    assert min(caught.values()) > 0, caught


@pytest.mark.parametrize("format", FORMATS)
def test_a_changed_digit_anywhere_in_the_rendered_text_is_found(format: str) -> None:
    """Not through the printers but in the finished text: each decimal of a document in turn."""
    key = (NET_OUT, "net_out")
    truth = truth_of(*key)
    text = "\n".join(display(rows_of(truth, equation), format) for equation in equations(*key)[14::6])
    assert not verify(text, format, truth).untrue
    places = [match.end() - 1 for match in re.finditer(r"\d+\.\d+(?![\de])", text)]
    assert len(places) > 30
    for place in places:
        wrong = text[:place] + str((int(text[place]) + 3) % 10) + text[place + 1 :]
        (untrue,) = verify(wrong, format, truth).untrue
        assert abs(text.count("\n", 0, place) + 1 - untrue.line) <= 5


# --- single rules ------------------------------------------------------------------------------------------------


@pytest.fixture
def truth() -> Truth:
    return truth_of(NET_OUT, "net_out")


def reasons(text: str, truth: Truth, format: str = "markdown") -> list[str]:
    return [untrue.reason for untrue in verify(text, format, truth).untrue]


NET = r"\mathit{net}_{h1}"
OUT = r"\mathit{out}_{h1}"


@pytest.mark.parametrize(
    "line",
    [
        rf"{NET} = 0.3775",
        rf"{NET} = w_1 \cdot i_1 + w_2 \cdot i_2 + b_1 = 0.3775",
        rf"{NET} = 0.15 \cdot 0.05 + 0.2 \cdot 0.1 + 0.35 = 0.3775",
        rf"{OUT} \approx 0.593269992",
        rf"{OUT} = \sigma({NET}) = 0.593269992",
        rf"{OUT} = \frac{{1}}{{1 + e^{{-{NET}}}}}",
        rf"{OUT}(1 - {OUT}) = 0.241300709",
        rf"{NET} < {OUT}",
        r"0.5 \cdot 0.5 = 0.25",
        r"0.1 \cdot 0.3 \approx 0.030000001",
        r"\frac{\partial E_{\mathit{total}}}{\partial \mathit{net}_{o1}} = \delta_{o1}",
        r"E_{\mathit{total}} = E_{o1} + \underline{\hspace{6.2em}}_{\,(3)} = 0.298371109",
        r"E_{\mathit{total}} = \underline{\hspace{6.2em}} = 0.298371109",
        r"E_{\mathit{total}} = 0.274811083 + \boxed{\scriptstyle 4} = 0.298371109",
        r"\underline{\hspace{6.2em}} = 0.3",
        r"\approx",
        r"\sigma",
        "0.25",
        "w_1",
    ],
)
def test_lines_that_are_true(line: str, truth: Truth) -> None:
    assert reasons(f"so ${line}$.", truth) == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (rf"{NET} \approx 0.3775", "agree"),
        (rf"{OUT} = 0.593269992", "differ"),
        (rf"{NET} = 0.37750", "shown as"),
        (rf"{NET} = w_1 \cdot i_1 + w_2 \cdot i_1 + b_1", "is not"),
        (rf"{NET} = i_2 \cdot 0.2 + 0.15 \cdot 0.05 + 0.35", "is not"),
        (rf"{NET} = 0.05 \cdot 0.15 + 0.2 \cdot 0.1 + 0.35 = 0.3775", "cannot be matched"),
        (rf"{NET} \approx 0.15 \cdot 0.05 + 0.2 \cdot 0.1 + 0.35", "before the numbers"),
        (rf"{NET} = 0.15 \cdot \underline{{\hspace{{1.0em}}}} + 0.3 \cdot 0.1 + 0.35", "cannot be matched"),
        (rf"{NET} \approx w_1 \cdot i_1 + w_2 \cdot i_2 + b_1", "between formulas"),
        (rf"0.3775 = {NET}", "after numbers"),
        (rf"{NET} > {OUT}", "does not hold"),
        (r"0.5 \cdot 0.5 = 0.26", "differ"),
        (r"0.5 \cdot 0.5 \approx 0.25", "agree"),
        (r"0.5 \cdot 0.5 \approx 0.75", "far apart"),
        (r"0.1 \cdot 0 = -0", "zero with a sign"),
        ("-0.000", "zero with a sign"),
        (r"w_1 = \mathrm{nan}", "not understood"),
        (r"w_1 = \infty", "not understood"),
        (r"q = 0.15", "not understood"),
        (r"w_1 =", "nothing stands"),
        (r"w_1 = \frac{1}{0}", "has no value"),
        (r"w_1 \mathrel{:=} 0.15", "shown as"),
    ],
)
def test_lines_that_are_not(line: str, why: str, truth: Truth) -> None:
    (reason,) = reasons(f"so ${line}$.", truth)
    assert why in reason


def test_equal_numbers_do_not_hide_a_wrong_name() -> None:
    """w1 and w10 have the same value in this problem: held against its own numbers only, they could be exchanged."""
    truth = truth_of(Z_H, "z_h")
    assert truth.graph.givens["w1"] == truth.graph.givens["w10"]
    assert reasons("$z_{h_1} = w_1x_1 + w_3x_2 + w_5x_3 + b_1$", truth) == []
    assert reasons("$z_{h_1} = w_{10}x_1 + w_3x_2 + w_5x_3 + b_1$", truth)


def test_an_assignment_names_the_old_value_and_gives_the_new_one() -> None:
    truth = truth_of(Z_H, "z_h")
    assert reasons(r"$w_1 \mathrel{:=} w_1 - \alpha\frac{dE}{dw_1} = 0.1 - 0.01(0.0020) = 0.1000$", truth) == []
    assert reasons(r"$w_1 \mathrel{:=} w_1 + \alpha\frac{dE}{dw_1}$", truth)
    assert reasons(r"$w_1 = w_1 - \alpha\frac{dE}{dw_1}$", truth)


def test_bare_names_are_read_in_update_lines() -> None:
    truth = truth_of(SUM_OUTPUT, "sum_output")
    line = r"$\mathit{new\_w5} = w5 - n * \frac{\partial E_{\mathit{total}}}{\partial w_5}$"
    assert verify(line, "markdown", truth) == Report(1, ())


@pytest.mark.parametrize("format", FORMATS)
def test_a_long_sum_goes_on_in_the_next_row(format: str, truth: Truth) -> None:
    equation = next(e for e in equations(NET_OUT, "net_out") if e.target == "net_o1")
    rows: list[tuple[Box | None, str, Box]] = []
    for left, sign_, box in rows_of(truth, equation):
        assert isinstance(box, Row | Digits)
        cut = box.items.index(Op("+")) if isinstance(box, Row) else 0
        pieces = [Row(box.items[:cut]), Row(box.items[cut:])] if isinstance(box, Row) else [box]
        rows += [(None if place else left, "" if place else sign_, piece) for place, piece in enumerate(pieces)]
    assert len(rows) == 5
    report = verify(display(rows, format), format, truth)
    assert (report.checked, report.untrue) == (3, ())


@pytest.mark.parametrize("format", FORMATS)
def test_several_statements_in_one_display_and_a_blank(format: str, truth: Truth) -> None:
    made = [e for e in equations(NET_OUT, "net_out") if e.target in ("net_h1", "E_total")]
    rows = [row for equation in made for row in rows_of(truth, equation)]
    rows[2] = (None, "=", Gap(3, 12))
    report = verify(display(rows, format) + inline(truth.writer.box("w1"), format), format, truth)
    assert (report.checked, report.untrue) == (5, ())


def test_what_numbers_only_depends_on_the_shown_digits() -> None:
    """Under every notation's rounding the relation is recomputed from what was read."""
    for path in PROBLEMS:
        for notation in notation_names():
            signs = [e.parts[-1][0] for e in equations(path, notation) if len(e.parts) == 3]
            assert {"=", "≈"} == set(signs)


def test_the_report_names_the_line_and_raises_on_demand(truth: Truth) -> None:
    report = verify(f"one\n\ntwo ${NET} = 0.1$\n", "markdown", truth)
    assert [untrue.line for untrue in report.untrue] == [3]
    with pytest.raises(UntrueLineError, match=r"solution\.md: line 3: .* shown as 0\.3775, not as 0\.1"):
        report.demand("solution.md")
    verify(f"${NET} = 0.3775$", "markdown", truth).demand("solution.md")


def test_broken_mathematics_is_untrue_not_an_exception(truth: Truth) -> None:
    for format, text in (
        ("markdown", "$$ x"),
        ("latex", "\\[ \\frac{1} \\]"),
        ("typst", "$ frac(1 $"),
        ("web", "<math><mi></math>"),
    ):
        assert len(verify(text, format, truth).untrue) == 1, format


# --- tables ------------------------------------------------------------------------------------------------------


def iterations(by_row: bool) -> list[list[str]]:
    key = (NET_OUT, "net_out")
    truth, history = truth_of(*key), history_of(*key)
    names = ["E_total", "w1", "w5"]
    symbols = [f"${latex(truth.writer.box(name))}$" for name in names]
    table = [["updates", *symbols]]
    for number, values in history.rows.items():
        table.append([f"${number}$", *(truth.rounding.text(values[name]) for name in names)])
    return table if by_row else [list(column) for column in zip(*table, strict=True)]


def as_markdown(table: list[list[str]]) -> str:
    header, *rows = [f"| {' | '.join(cells)} |" for cells in table]
    return "\n".join([header, "|" + "---|" * len(table[0]), *rows, ""])


@pytest.mark.parametrize("by_row", [True, False])
def test_a_table_of_iterations_is_held_against_the_history(by_row: bool) -> None:
    key = (NET_OUT, "net_out")
    truth, history = truth_of(*key), history_of(*key)
    table = iterations(by_row)
    assert verify(as_markdown(table), "markdown", truth, history) == Report(9, ())
    assert verify(as_markdown(table), "markdown", truth) == Report(0, ())
    for row in range(1, len(table)):
        for column in range(1, len(table[0])):
            wrong = [list(cells) for cells in table]
            wrong[row][column] = wrong[row][column][:-1] + str((int(wrong[row][column][-1]) + 1) % 10)
            (untrue,) = verify(as_markdown(wrong), "markdown", truth, history).untrue
            assert untrue.line == row + 2


def test_the_rows_of_a_table_of_another_format_can_be_checked_too() -> None:
    key = (NET_OUT, "net_out")
    truth, history = truth_of(*key), history_of(*key)
    assert verify_table(["w1"], [(0, ["0.15"]), (1, [truth.shown.shown["w1_new"]])], truth, history) == []
    assert len(verify_table(["w1"], [(0, ["nan"]), (1, ["-0.000"]), (2, ["0.1"])], truth, history)) == 3


def test_a_table_of_givens_and_an_answer_key_are_checked(truth: Truth) -> None:
    assert verify("| a | b |\n|---|---|\n| $w_1$ | $0.15$ |\n| $w_2$ | 0.2 |\n", "markdown", truth) == Report(2, ())
    assert len(verify("| a | b |\n|---|---|\n| $w_1$ | $0.16$ |\n| $w_2$ | nan |\n", "markdown", truth).untrue) == 2
    full = truth.shown.full("out_h1")
    key = "| n | q | v | f | p |\n|---|---|---|---|---|\n| $1$ | $" + OUT + "$ | $0.593269992$ | $%s$ | $1$ |\n"
    assert verify(key % full, "markdown", truth) == Report(2, ())
    assert verify(key % full[:-1], "markdown", truth).untrue


def test_the_styles_of_products_are_among_what_is_tested() -> None:
    styles = {load_notation(name).product for name in notation_names()}
    assert {Product.JUXTAPOSED, Product.DOT, Product.ASTERISK} <= styles
