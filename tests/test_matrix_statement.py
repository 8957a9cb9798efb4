"""Matrices on the page: what is printed is read back in every format, and every planted error in it is found."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import dense, yaml_text

from generator.derive.shapes import SHAPE
from generator.derive.steps import Equation, Part
from generator.errors import FormulaError
from generator.formula.tree import (
    MINUS_INFINITY,
    Add,
    Call,
    Div,
    Dots,
    Formula,
    Hadamard,
    MatMul,
    Matrix,
    Mul,
    Neg,
    Num,
    Ref,
    Transpose,
    children,
    num,
    rebuild,
    walk,
)
from generator.graph.quantities import Label, Tensor
from generator.lifting.tensors import entrywise
from generator.lifting.windowed import CALLS, POOLS, SLIDES, sized, slide
from generator.notation.arrange import Arranger
from generator.notation.writer import Product
from generator.pipeline import Worked, load_worked
from generator.reading import Unreadable
from generator.reading.chains import statements
from generator.reading.formula import Symbols, read_formula
from generator.reading.latex import read_latex
from generator.reading.mathml import read_mathml
from generator.reading.typst import read_typst
from generator.render.blocks import Setter
from generator.render.formats import format_for
from generator.render.language import load_words
from generator.solve.exact import Exact, Undecided, Undefined, ball, bounds, evaluate, precision
from generator.solve.traces import solve
from generator.typeset.boxes import Box, Fence, Frac, Op, Row, Script, Word, bold, symbol
from generator.typeset.latex import latex
from generator.typeset.mathml import mathml
from generator.typeset.text import text, width
from generator.typeset.typst import typst
from generator.verify.document import FORMATS, verify
from generator.verify.truth import Truth

# --- printing and reading back ---------------------------------------------------------------------------------------

MATHS: dict[str, tuple[Callable[[Box], str], Callable[[str], object]]] = {
    "latex": (latex, read_latex),
    "typst": (typst, read_typst),
    "web": (lambda box: f"<math>{mathml(box)}</math>", read_mathml),
}
LETTERS = (r"W^{(1)}", r"W^{(1)}^+", "x", r"\delta^{(2)}", "net_{h1,", r"b'", r"new\_W")


def _tensors() -> Iterator[tuple[Tensor, Box]]:
    """Several names for each shape of up to 3 × 3, written in bold in different ways."""
    for place, (high, wide) in enumerate((high, wide) for high in (1, 2, 3) for wide in (1, 2, 3)):
        for turn in (0, 1):
            name = f"T{high}{wide}{turn}"
            entries = tuple(tuple(f"{name}_{row}{column}" for column in range(wide)) for row in range(high))
            letter = LETTERS[(2 * place + turn) % len(LETTERS)]
            whole = letter.replace("(", f"({place}") if "(" in letter else f"{letter}_{{{place}}}"
            box = bold(symbol(f"{letter}{place}}}" if letter.endswith(",") else whole))
            yield Tensor(name, Label("weights", name), entries), box


TENSORS = {tensor.name: tensor for tensor, _ in _tensors()}
BOXES: dict[str, Box] = {
    **{tensor.name: box for tensor, box in _tensors()},
    "rate": symbol(r"\eta"),
    "W1": symbol(r"W^{(1)}"),  # not in bold: another name
    "slope": Frac(Row((Word("∂"), Word("E"))), Row((Word("∂"), bold(symbol("x"))))),
    "sigma": Row((Script(Word("σ"), sup=Op("′")), Fence(bold(symbol("z^{(1)}"))))),
}
SYMBOLS = Symbols.of((box, name) for name, box in BOXES.items())
SLIDING = Symbols.of(((box, name) for name, box in BOXES.items()), slides=True)  # of pages that have windows
SCALARS = ("rate", "W1", "slope", "sigma")
VALUES = {
    name: Fraction(7 * place - 95, 3 * place + 40)
    for place, name in enumerate((*SCALARS, *(entry for tensor in TENSORS.values() for entry in tensor.names)))
}

scalars = st.one_of(
    st.sampled_from([Ref(name) for name in SCALARS]),
    st.decimals(-3, 3, places=4).map(lambda d: Num(Fraction(d), f"{d:.4f}" if d else "0.0000")),
    st.integers(-9, 9).map(lambda n: Num(Fraction(n))),
)


@st.composite
def reaches(draw: st.DrawFn, count: int) -> tuple[int, int]:
    """A stride and the side of a window of which `count` lie on at most three entries."""
    stride = draw(st.integers(1, 1 if count > 2 else 2))
    return stride, draw(st.integers(1, 3 - (count - 1) * stride))


@st.composite
def matrices(draw: st.DrawFn, high: int, wide: int, depth: int = 3) -> Formula:
    """A formula with so many rows and columns."""

    def inner(rows: int = high, columns: int = wide) -> Formula:
        return draw(matrices(rows, columns, depth - 1))

    kinds = ["name", "entries", "add", "hadamard", "product", "transpose", "scaled", "call", "negative", "shifted"]
    kinds += ["slid", "pooled", "pad", "dil", "rot", "unvec", "vec"]
    match draw(st.sampled_from(kinds[: 2 if depth == 0 else None])):
        case "slid":
            (down, k), (across, m) = draw(reaches(high)), draw(reaches(wide))
            image, over = inner((high - 1) * down + k, (wide - 1) * across + m), inner(k, m)
            return slide(draw(st.sampled_from(list(SLIDES))), image, over, (down, across))
        case "pooled":
            (down, k), (across, m) = draw(reaches(high)), draw(reaches(wide))
            image = inner((high - 1) * down + k, (wide - 1) * across + m)
            return sized(draw(st.sampled_from(POOLS)), image, k, m, down, across)
        case "pad":
            down, across = (draw(st.integers(0, (side - 1) // 2)) for side in (high, wide))
            return sized("pad", inner(high - 2 * down, wide - 2 * across), down, across)
        case "dil":
            below, behind = draw(st.integers(0, high - 1)), draw(st.integers(0, wide - 1))
            rows, columns = high - below, wide - behind
            down, across = (draw(st.sampled_from([d for d in (1, 2) if (n - 1) % d == 0])) for n in (rows, columns))
            made = inner((rows - 1) // down + 1, (columns - 1) // across + 1)
            return sized("dil", made, down, across, below, behind)
        case "rot":
            return Call("rot", (inner(),))
        case "unvec":
            return sized("unvec", Call("vec", (draw(st.sampled_from([inner(wide, high), inner()])),)), high, wide)
        case "vec" if wide == 1:
            first = draw(st.integers(1, high))
            split = (inner(1, first),) if first == high else (inner(first, 1), inner(1, high - first))
            return Call("vec", split)
        case "name":
            return Ref(f"T{high}{wide}{draw(st.integers(0, 1))}")
        case "entries":
            return Matrix(tuple(tuple(draw(scalars) for _ in range(wide)) for _ in range(high)))
        case "add":
            return Add((inner(), draw(st.sampled_from([inner(), Neg(inner())]))))
        case "hadamard":
            return Hadamard(tuple(inner() for _ in range(draw(st.integers(2, 3)))))
        case "product":
            between = draw(st.integers(1, 3))
            return MatMul((inner(high, between), inner(between, wide)))
        case "transpose":
            return Transpose(inner(wide, high))
        case "scaled":
            half = Div(Num(Fraction(1)), Num(Fraction(2)))
            return Mul((draw(st.sampled_from([draw(scalars), half])), inner()))
        case "call":
            return Call("logistic", (inner(),))
        case "negative":
            return Neg(inner())
    return Add((Num(Fraction(1)), Neg(inner())))


def back(source: str, format: str, symbols: Symbols = SYMBOLS) -> Formula:
    (line,) = MATHS[format][1](source)  # type: ignore[misc]  # functions of different types in one table
    (statement,) = statements([line])
    (segment,) = statement.segments
    return read_formula(segment, symbols)


def values(tree: Formula) -> list[list[Exact | None]]:
    made = entrywise(tree, TENSORS)
    assert isinstance(made, Matrix)
    return [[value(entry) for entry in row] for row in made.rows]


def value(tree: Formula) -> Exact | None:
    with precision(192):
        try:
            return evaluate(tree, VALUES.__getitem__)
        except (Undefined, Undecided):
            return None


@given(data=st.data(), product=st.sampled_from(Product))
@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_printed_formula_in_matrices_reads_back_in_every_format(data: st.DataObject, product: Product) -> None:
    high, wide = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    tree = data.draw(matrices(high, wide))
    box = Arranger(product, BOXES.__getitem__).box(tree)
    meant = values(tree)
    for name, (write, _) in MATHS.items():
        got = values(back(write(box), name, SYMBOLS if product is Product.ASTERISK else SLIDING))
        for row, wanted in zip(got, meant, strict=True):
            for one, other in zip(row, wanted, strict=True):
                assert (one is None) == (other is None), write(box)
                if one is not None and other is not None:
                    low, top = bounds(ball(one) - ball(other))
                    assert low <= 0 <= top, write(box)
    assert "\n" not in text(box)
    assert width(box) > 0


def test_bold_is_another_name() -> None:
    for name, (write, _) in MATHS.items():
        assert back(write(BOXES["W1"]), name) == Ref("W1")
        plain = symbol(r"W^{(9)}")
        with pytest.raises(Unreadable):
            back(write(plain), name)


def test_a_matrix_in_each_format() -> None:
    box = Arranger(Product.DOT, BOXES.__getitem__).box(
        MatMul((Matrix(((Num(Fraction(-1)), Dots("⋯")), (Ref("rate"), Num(Fraction(3))))), Transpose(Ref("T120"))))
    )
    name = BOXES["T120"]
    assert latex(box) == rf"\begin{{bmatrix}} -1 & \cdots \\ \eta & 3 \end{{bmatrix}}{latex(name)}^{{\top}}"
    assert typst(box) == f'mat(delim: "[", -1, dots.c ; η, 3) {typst(name)}^(top)'
    assert "<mtable" in mathml(box)
    assert text(box) == f"[−1, ⋯; η, 3]{text(name)}ᵀ"


@pytest.mark.parametrize(
    ("format", "source"),
    [
        ("latex", r"\begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}"),
        ("latex", r"\begin{bmatrix} 1 & \\ 3 & 4 \end{bmatrix}"),
        ("latex", r"\begin{bmatrix} 1 & 2 \end{pmatrix}"),
        ("latex", r"\begin{matrix} 1 & 2 \end{matrix}"),
        ("latex", r"\begin{bmatrix} \end{bmatrix}"),
        ("latex", r"\mathbf{\foo}"),
        ("latex", r"\eta \odot \eta \eta"),
        ("latex", r"\eta \eta \odot \eta"),
        ("typst", "mat(1, 2; 3, 4)"),
        ("typst", 'mat(delim: "[", 1, 2; 3)'),
        ("typst", 'mat(delim: "[", 1, )'),
        ("typst", 'mat(delim: "[")'),
        ("typst", "bold(q)"),
        ("web", "<math><mtable><mtr><mtd><mn>1</mn></mtd></mtr></mtable><mn>2</mn></math>"),
        ("web", "<math><mo>[</mo><mtable><mtr><mtd><mn>1</mn></mtd></mtr></mtable></math>"),
        ("web", "<math><mo>[</mo><mtable><mtr><mtd><mn>1</mn></mtd></mtr></mtable><mo>)</mo></math>"),
        ("web", "<math><mrow><mo>[</mo><mtable><mtr><mtd></mtd></mtr></mtable><mo>]</mo></mrow></math>"),
    ],
)
def test_what_is_no_matrix_is_refused(format: str, source: str) -> None:
    with pytest.raises((Unreadable, ValueError)):
        back(source, format)


# --- planted errors --------------------------------------------------------------------------------------------------

EXAMPLE = Path("problems/networks/example_222_net_out.yml")
READ = tuple(FORMATS)


@cache
def example(which: str = "column") -> tuple[Worked, Truth, tuple[Equation, ...]]:
    worked = load_worked(EXAMPLE, "matrix") if which == "column" else _made(which)
    truth = Truth.of(worked.graph, worked.writer, worked.trace.rounding)
    steps = [step for section in worked.sections("all") for step in section.walk()]
    return worked, truth, tuple(equation for step in steps for equation in step.equations)


MADE = {
    "row": {**dense((3, 2, 2), "tanh"), "vectors": "row"},
    "batch": {
        **dense((2, 2, 2), "tanh"), "loss": "squared_error", "optimizer": "adam", "batch": "mean",
        "settings": {"beta1": "0.5", "beta2": "0.5"},
        "inputs": {"x0": ["0.5", "-1", "2"], "x1": ["1", "0.25", "-0.5"]},
        "targets": {"t0": ["1", "0", "0.5"], "t1": ["0.2", "1", "-1"]},
    },
    "recurrent": {
        "kind": "recurrent", "title": "made", "cell": "gru", "inputs": [["1", "0.5"], ["0.3", "-1"]],
        "targets": {"2": ["0.5", "0.1"]}, "learning_rate": {"eta": "0.1"}, "initial": {"h": ["0.2", "-0.4"]},
        "weights": {
            f"{letter}_{gate}": [["0.5", f"0.{place}"], ["0.2", f"-0.{place + 3}"]]
            for place, (letter, gate) in enumerate([(letter, gate) for letter in "WU" for gate in "rzn"], 1)
        },
    },
    "attention": {
        "kind": "attention", "title": "made", "inputs": [["1", "0.5", "2"], ["0.3", "-1", "0.7"]], "heads": "2",
        "weights": {
            f"W_{letter}": [[f"0.{place + row + column}" for column in range(2)] for row in range(3)]
            for place, letter in enumerate("QKV", 1)
        },
        "targets": [["1", "0"], ["0.5", "0.25"]], "learning_rate": {"eta": "0.1"},
    },
    "masked": {
        "kind": "attention", "title": "made", "inputs": [["1", "0.5"], ["0.3", "-1"], ["0.7", "0.2"]],
        "mask": "causal", "vectors": "column", "scale": "sqrt",
        "weights": {
            f"W_{letter}": [[f"0.{2 * place + row + column}" for column in range(2)] for row in (0, 3)]
            for place, letter in enumerate("QKV")
        },
        "targets": [["1", "0"], ["0.5", "0.25"], ["0", "1"]], "learning_rate": {"eta": "0.1"},
    },
    "windows": {
        "kind": "convolution", "title": "made", "targets": {"t": "1"}, "learning_rate": {"eta": "0.1"},
        "differentiate": ["filters", "weights", "inputs"], "update": ["filters", "weights"],
        "input": {"x": [[f"{(3 * i + 5 * j * j) % 7 - 2}" for j in range(5)] for i in range(4)]},
        "layers": [
            {"convolution": {
                "name": "z", "filters": {"k": [["1", "-0.5"], ["0.25", "1"]]}, "stride": ["1", "2"], "padding": "1",
            }},
            {"activation": {"name": "h", "function": "tanh"}},
            {"convolution": {"name": "r", "filters": {"q": [["0.5", "1"], ["-1", "2"]]}, "flip": "true"}},
            {"max_pooling": {"name": "p", "size": ["2", "1"], "stride": "1"}},
            {"flatten": {}},
            {"dense": {"name": "y", "weights": {"w": ["1", "0.5", "-1", "0.2", "0.3", "0.7"]}}},
        ],
    },
}  # fmt: skip


def _made(which: str) -> Worked:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.yml"
        path.write_text(yaml_text(MADE[which]), encoding="utf-8")
        return load_worked(path, "matrix")


def display(worked: Worked, equation: Equation, format: str) -> str:
    fmt = format_for(format)
    own = replace(worked)  # a copy, so that what is set of equations with errors is not kept
    return fmt.macro("rows", Setter(own, fmt, load_words("en")).rows(equation, compact=False))


def variants(tree: Formula, change: Callable[[Formula], Iterator[Formula]]) -> Iterator[Formula]:
    yield from change(tree)
    for place, part in enumerate(children(tree)):
        for made in variants(part, change):
            parts = iter(made if place == at else other for at, other in enumerate(children(tree)))
            yield rebuild(tree, lambda _, parts=parts: next(parts))


def digit(tree: Formula) -> Iterator[Formula]:
    if isinstance(tree, Num) and tree.text:
        changed = f"{tree.text[:-1]}{(int(tree.text[-1]) + 1) % 10}"
        yield Num(Fraction(changed), changed)


def infinite(tree: Formula) -> Iterator[Formula]:
    """Minus infinity for a number, a number for minus infinity, or infinity without its sign."""
    if tree == MINUS_INFINITY:
        yield from (num(0, "0"), Neg(num(0, "0")), num("-1.5", "-1.5"), Call("infinity", ()))
    elif isinstance(tree, Num) and tree.text:
        yield from (MINUS_INFINITY, Call("infinity", ()))


def swapped(tree: Formula) -> Iterator[Formula]:
    """Rows or columns in another order."""
    if isinstance(tree, Matrix):
        yield Matrix(tree.rows[::-1])
        yield Matrix(tuple(row[::-1] for row in tree.rows))


def turned(tree: Formula) -> Iterator[Formula]:
    """A transposition left out, a product of entries for one of matrices, factors in another order."""
    if isinstance(tree, Transpose):
        yield tree.body
    if isinstance(tree, Hadamard):
        yield MatMul(tree.factors)
    if isinstance(tree, MatMul):
        yield MatMul(tree.factors[::-1])
        yield tree.factors[0]


def windowed(tree: Formula) -> Iterator[Formula]:
    """A filter that is turned round or is not, and every size, stride and padding by one more."""
    if isinstance(tree, Call) and tree.name in CALLS:
        if tree.name in SLIDES:
            yield Call("convolve" if tree.name == "correlate" else "correlate", tree.args)
            yield Call(tree.name, (*tree.args[1::-1], *tree.args[2:]))
        if tree.name == "rot":
            yield tree.args[0]
        for at, arg in enumerate(tree.args):
            if isinstance(arg, Num):
                yield Call(tree.name, (*tree.args[:at], num(arg.value + 1), *tree.args[at + 1 :]))


def signed(tree: Formula) -> Iterator[Formula]:
    if isinstance(tree, Add):
        for at, term in enumerate(tree.terms):
            other = term.body if isinstance(term, Neg) else Neg(term)
            yield Add((*tree.terms[:at], other, *tree.terms[at + 1 :]))
            left = (*tree.terms[:at], *tree.terms[at + 1 :])
            yield left[0] if len(left) == 1 else Add(left)


def renamed(truth: Truth) -> Callable[[Formula], Iterator[Formula]]:
    """Another tensor's name, of the same shape or of another."""
    names = list(truth.graph.tensor)

    def change(tree: Formula) -> Iterator[Formula]:
        if isinstance(tree, Ref) and tree.name in names:
            at = names.index(tree.name)
            yield from (Ref(names[(at + step) % len(names)]) for step in (1, 4, 9))

    return change


def elsewhere(truth: Truth) -> dict[str, Fraction]:
    """The values of all quantities for other givens, worked by NumPy."""
    moved = {name: np.array([float(value) * 1.3 + 0.1]) for name, value in truth.graph.givens.items()}
    return {name: Fraction(float(array[0])) for name, array in solve(truth.graph, moved).items()}


def still_true(truth: Truth, found: dict[str, Fraction], one: Formula, other: Formula) -> bool:
    """Whether two formulas have the same entries for other givens, where quantities are as in `found`."""
    tensors = truth.graph.tensor

    def entries(tree: Formula) -> list[list[Fraction]]:
        made = entrywise(tree, tensors, truth.graph.vectors == "column")
        rows = made.rows if isinstance(made, Matrix) else ((made,),)
        with precision(128):
            exact = [[evaluate(entry, found.__getitem__) for entry in row] for row in rows]
        return [[bounds(entry)[0] for entry in row] for row in exact]

    try:
        pairs = zip(entries(one), entries(other), strict=True)
        return all(abs(a - b) < Fraction(1, 10**9) for row, rest in pairs for a, b in zip(row, rest, strict=True))
    except (ValueError, Undefined, FormulaError):  # other shapes
        return False


def planted(truth: Truth, equation: Equation) -> Iterator[tuple[str, Equation]]:
    """Equations with one thing wrong."""

    def with_part(place: int, part: Part) -> Equation:
        return replace(equation, parts=(*equation.parts[:place], part, *equation.parts[place + 1 :]))

    found = elsewhere(truth)
    changes = {"digit": digit, "infinity": infinite, "swapped": swapped, "turned": turned, "sign": signed}
    changes["windows"] = windowed
    changes["name"] = renamed(truth)
    for place, part in enumerate(equation.parts):
        for kind, change in changes.items():
            for tree in variants(part.formula, change):
                symbols = part.kind == "formula"
                if tree == part.formula or (symbols and still_true(truth, found, equation.left, tree)):
                    continue
                if part.kind == "numbers" and (kind == "turned" or tree == equation.parts[-1].formula):
                    continue  # a row for a column, or a product for its result, may say what is true
                yield f"{kind} in the {part.kind}", with_part(place, replace(part, formula=tree))
        other = "≈" if part.relation == "=" else "="
        yield f"relation before the {part.kind}", with_part(place, replace(part, relation=other))


def is_of_tensors(truth: Truth, equation: Equation) -> bool:
    trees = (equation.left, *(part.formula for part in equation.parts))
    if isinstance(equation.left, Call) and equation.left.name == SHAPE:
        return False  # a line of shapes, which stays true for another name of the same shape
    return any(isinstance(p, Matrix) or getattr(p, "name", "") in truth.graph.tensor for t in trees for p in walk(t))


@pytest.mark.parametrize("which", ["column", *MADE])
@pytest.mark.parametrize("format", READ)
def test_every_planted_error_in_matrices_is_found(format: str, which: str) -> None:
    worked, truth, equations = example(which)
    chosen = [equation for equation in equations if is_of_tensors(truth, equation)]
    assert len(chosen) > 20
    caught: dict[str, int] = {}
    for equation in chosen[READ.index(format) :: len(READ)]:
        assert verify(display(worked, equation, format), format, truth).untrue == ()
        for kind, wrong in planted(truth, equation):
            source = display(worked, wrong, format)
            assert verify(source, format, truth).untrue, (kind, source)
            caught[kind] = caught.get(kind, 0) + 1
    kinds = {kind.split()[0] for kind in caught}
    assert {"digit", "swapped", "name", "relation", *({"windows"} & {which})} <= kinds, caught
    assert sum(caught.values()) > 80


@pytest.mark.parametrize("format", READ)
def test_a_changed_digit_anywhere_in_a_display_is_found(format: str) -> None:
    worked, truth, equations = example()
    chosen = [equation for equation in equations if is_of_tensors(truth, equation)][READ.index(format) :: 3]
    places = 0
    for equation in chosen:
        source = display(worked, equation, format)
        for match in re.finditer(r"\d+\.\d+(?![\d.]|e[mx])", source):
            at = match.end() - 1
            wrong = source[:at] + str((int(source[at]) + 3) % 10) + source[at + 1 :]
            if 'style="' in source[max(0, at - 30) : at] or "0.35em" in source[at - 3 : at + 4]:
                continue
            places += 1
            assert verify(wrong, format, truth).untrue, wrong
    assert places > 40


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (r"{z} = {W}{x} + {b}", ""),
        (r"{z} = {x}{W} + {b}", "multiplies 2 × 1 by 2 × 2"),
        (r"{z} = {W}{x}", "is not"),
        (r"{z} \approx {W}{x} + {b}", "between formulas"),
        (r"{z} = \begin{{bmatrix}} 0.3775 \\ 0.3925 \end{{bmatrix}}", ""),
        (r"{z} \approx \begin{{bmatrix}} 0.3775 \\ 0.3925 \end{{bmatrix}}", "agree"),
        (r"{z} = \begin{{bmatrix}} 0.3775 & 0.3925 \end{{bmatrix}}", "different shapes: 2 × 1 and 1 × 2"),
        (r"{z} = \begin{{bmatrix}} 0.3775 & 0.3925 \end{{bmatrix}}^\top", ""),
        (r"{z} = \begin{{bmatrix}} 0.3925 \\ 0.3775 \end{{bmatrix}}", "shown as 0.3775, not as 0.3925"),
        (r"{h} = \begin{{bmatrix}} 0.5933 \\ 0.5969 \end{{bmatrix}}", "differ"),
        (r"{h} \approx \begin{{bmatrix}} 0.5933 \\ 0.5969 \end{{bmatrix}}", ""),
        (r"{h} = \sigma({z}) = \begin{{bmatrix}} 0.5933 \\ 0.5969 \end{{bmatrix}}", ""),
        (r"{h} = \sigma\left(\begin{{bmatrix}} 0.3775 \\ 0.3925 \end{{bmatrix}}\right)", "cannot be matched"),
        (r"{x} = \begin{{bmatrix}} i_1 \\ i_2 \end{{bmatrix}} = \begin{{bmatrix}} 0.05 \\ 0.1 \end{{bmatrix}}", ""),
        (r"{x} = \begin{{bmatrix}} i_2 \\ i_1 \end{{bmatrix}}", "is not"),
        (r"{x} > {z}", "between matrices"),
        (r"\begin{{bmatrix}} 1 \end{{bmatrix}} = \begin{{bmatrix}} 1 \end{{bmatrix}}", "begins with no name"),
        (r"{x} = \begin{{bmatrix}} \vdots \\ 0.1 \end{{bmatrix}}", ""),
        (r"{x} = \begin{{bmatrix}} \vdots \\ 0.05 \end{{bmatrix}}", "shown as 0.1"),
        (r"{x} = \begin{{bmatrix}} 0.05 \\ \vdots \\ 0.1 \end{{bmatrix}}", "different shapes"),
        (r"{W} = \begin{{bmatrix}} 0.15 & \cdots \\ \cdots & 0.3 \end{{bmatrix}}", "different shapes"),
        (r"{W}^\top = \begin{{bmatrix}} 0.15 & 0.25 \\ 0.2 & 0.3 \end{{bmatrix}}", ""),
        (r"{W} = \begin{{bmatrix}} 0.15 & 0.25 \\ 0.2 & 0.3 \end{{bmatrix}}", "shown as"),
        (r"{W}", ""),
    ],
)
def test_single_lines(line: str, why: str) -> None:
    worked, truth, _ = example()
    names = {"W": "W:hidden", "x": "x:inputs", "b": "b1", "z": "z:hidden", "h": "h:hidden"}
    source = line.format(**{key: latex(worked.writer.box(name)) for key, name in names.items()})
    reasons = [untrue.reason for untrue in verify(f"${source}$", "latex", truth).untrue]
    assert bool(reasons) == bool(why), reasons
    assert why in "".join(reasons)
