"""Lines of shapes: of products, gradients and windows, held against NumPy and PyTorch; planted errors are found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tools import need

from generator.definitions.problem import Definition, kind_module
from generator.definitions.source import Source
from generator.derive.shapes import SIZES
from generator.derive.steps import Equation
from generator.formula.tree import Call, MatMul, Mul, Num, Ref, Transpose, walk
from generator.graph.wholes import wholes
from generator.notation.files import notation_names
from generator.pipeline import Worked, load_worked, work
from generator.publish.artifacts import truth_of
from generator.render.document import render
from generator.render.formats import FORMATS
from generator.verify.document import Report, verify

FEW = settings(max_examples=12)
READ = tuple(name for name in FORMATS if name != "terminal")
PROBLEMS = Path(__file__).resolve().parents[1] / "problems"
Data = dict[str, Any]


def made(kind: str, data: Data, notation: str | None = None) -> Worked:
    data = {"kind": kind, "title": "made", **data}
    module = kind_module(kind)
    problem = module.Definition.model_validate(data)
    assert not list(module.check(problem)), data
    return work(Definition(problem=problem, source=Source(Path("made.yml"), data, {})), notation)


def lines(worked: Worked, code: str, detail: str = "all") -> list[Equation]:
    """The lines under one sentence of the closing checks."""
    steps = [step for section in worked.sections(detail) for step in section.steps if section.code == "checks"]
    return [line for step in steps if step.rule == f"check_{code}" for line in step.equations]


def sizes(line: Equation) -> list[tuple[int, ...]]:
    """The shapes that a line writes as numbers, in its order."""
    found = (part for piece in line.parts for part in walk(piece.formula) if isinstance(part, Call))
    return [
        tuple(int(size.value) for size in call.args if isinstance(size, Num))
        for call in found
        if call.name == SIZES and all(isinstance(size, Num) for size in call.args)
    ]


def factors(line: Equation) -> list[str]:
    """What is multiplied: names as an author writes them, with a mark where they are transposed."""
    (product,) = line.left.args if isinstance(line.left, Call) else ()
    parts = product.factors if isinstance(product, Mul | MatMul) else ()
    bodies = ((part.body, ".T") if isinstance(part, Transpose) else (part, "") for part in parts)
    return [body.name.removeprefix("whole:").removesuffix(":") + mark for body, mark in bodies if isinstance(body, Ref)]


def read_back(worked: Worked, text: str, text_format: str) -> Report:
    return verify(text, text_format, truth_of(worked), worked.history)


def demand_true(worked: Worked) -> None:
    for text_format in READ:
        assert not read_back(worked, render(worked, "solution", text_format, "en"), text_format).untrue, text_format


def matrix(high: int, wide: int, start: int = 1) -> list[list[str]]:
    """A matrix of different numbers."""
    return [[str(start + 10 * row + column) for column in range(wide)] for row in range(high)]


# --- products ------------------------------------------------------------------------------------------------------

size = st.integers(2, 3)


@FEW
@given(size, size, size, st.sampled_from(notation_names()))
def test_shapes_of_products_are_those_of_numpy(a: int, b: int, c: int, notation: str) -> None:
    givens = {
        "A": matrix(a, b), "B": matrix(b, c, 2), "C": matrix(c, b, 3), "x": ["1", "-2", "0.5"][:b],
        "y": ["2", "3", "5"][:a], "s": ["1", "4", "7"][:a],
    }  # fmt: skip
    formulas = {
        "P": "A @ B", "Q": "A @ transpose(C)", "z": "A @ x + s", "u": "y @ A", "R": "transpose(A) @ A",
        "n": "x * 2", "f": "sum(x)",
    }  # fmt: skip
    worked = made("formulas", {"givens": givens, "formulas": formulas}, notation)
    found = {line.target.removeprefix("whole:").removesuffix(":"): line for line in lines(worked, "shapes")}
    assert list(found) == ["P", "Q", "z", "u", "R"]
    in_matrices = worked.notation.view == "matrix"  # where every vector is a column
    named = {name: factors(line) for name, line in found.items()}
    assert named == {
        "P": ["A", "B"], "Q": ["A", "C.T"], "z": ["A", "x"],
        "u": ["A.T", "y"] if in_matrices else ["y.T", "A"], "R": ["A.T", "A"],
    }  # fmt: skip
    arrays = {name: np.array(value, dtype=float) for name, value in givens.items()}
    arrays = {name: value if value.ndim == 2 else value[:, None] for name, value in arrays.items()}
    for name, line in found.items():
        operands = [arrays[own[:-2]].T if own.endswith(".T") else arrays[own] for own in named[name]]
        assert sizes(line)[:3] == [*(one.shape for one in operands), (operands[0] @ operands[1]).shape]
    assert [part.relation for part in found["P"].parts] == ["=", "→", "="]
    signs = ["=", "→", "="] if in_matrices else ["=", "→", "=", "="]  # the shape of what is added too
    assert [part.relation for part in found["z"].parts] == signs
    demand_true(worked)


def test_sums_that_are_no_products_have_no_line() -> None:
    formulas = {"u": "[x[1]*y[2] + x[2]*y[1], x[1]*y[1] + x[2]*y[2]]", "v": "x * y", "w": "[A[1,1]*x[1], A[2,1]*x[2]]"}
    worked = made("formulas", {"givens": {"x": ["1", "2"], "y": ["3", "4"], "A": matrix(2, 2)}, "formulas": formulas})
    assert lines(worked, "shapes") == []


def test_an_authors_own_shape_is_a_quantity_and_nothing_else() -> None:
    data = {"givens": {"A": matrix(2, 2), "shape": "3"}, "formulas": {"P": "A @ A", "q": "shape * (shape + 1)"}}
    worked = made("formulas", data)
    assert lines(worked, "shapes") == []
    demand_true(worked)


def test_layers_in_matrices_have_lines_of_their_own() -> None:
    worked = load_worked(PROBLEMS / "networks" / "example_322.yml", "matrix")
    assert [sizes(line)[:3] for line in lines(worked, "shapes")] == [
        [(2, 3), (3, 1), (2, 1)],
        [(2, 2), (2, 1), (2, 1)],
    ]
    assert [sizes(line)[-1] for line in lines(worked, "gradient_shapes")] == [(2, 3), (2, 2)]
    demand_true(worked)
    assert lines(load_worked(PROBLEMS / "networks" / "example_322.yml"), "shapes") == []  # no matrix is on that page


def test_attention_is_products_of_matrices() -> None:
    worked = load_worked(PROBLEMS / "attention" / "small_block.yml")
    assert list(map(factors, lines(worked, "shapes"))) == [["X", "W_V"], ["X", "X.T"], ["A", "V"]]
    assert len(lines(worked, "gradient_shapes", "first")) == 2  # the first of each kind
    assert len(lines(worked, "gradient_shapes")) == 3


def test_a_state_is_a_sum_of_two_products() -> None:
    data = {
        "cell": "elman", "inputs": [["1", "0.5", "2"], ["0", "1", "1"]], "targets": {"2": ["1", "0"]},
        "weights": {"W": matrix(2, 3), "U": matrix(2, 2, 3), "b": ["0.1", "0.2"]}, "learning_rate": {"eta": "0.5"},
    }  # fmt: skip
    worked = made("recurrent", data)
    first, both = lines(worked, "shapes", "first"), lines(worked, "shapes")
    assert list(map(factors, first)) == [["W", "x:1"], ["U", "h:0"]]
    assert [sizes(line)[:3] for line in first] == [[(2, 3), (3, 1), (2, 1)], [(2, 2), (2, 1), (2, 1)]]
    assert len(both) == 4  # at both time steps
    demand_true(worked)


# --- gradients -----------------------------------------------------------------------------------------------------


def test_a_gradient_has_the_shape_of_its_parameter() -> None:
    data = {
        "givens": {"W": matrix(2, 3), "x": ["1", "2", "3"], "b": ["0", "1"]},
        "formulas": {"z": "W @ x + b", "L": "sum(z * z)"},
        "differentiate": {"of": "L", "wrt": ["W", "b"]},
    }
    worked = made("formulas", data)
    assert [sizes(line) for line in lines(worked, "gradient_shapes")] == [[(2, 3)], [(2, 1)]]
    demand_true(worked)


def test_a_matrix_of_one_row_is_no_column() -> None:
    data = {
        "inputs": [["1", "2"], ["0", "1"]], "targets": {"2": ["1"]}, "weights": {"W": [["1", "0"]], "U": [["0.5"]]},
        "learning_rate": {"eta": "0.1"},
    }  # fmt: skip
    worked = made("recurrent", data)
    assert [sizes(line) for line in lines(worked, "gradient_shapes")] == [[(1, 2)]]
    demand_true(worked)
    text = render(worked, "solution", "markdown", "en")
    assert r"1 \times 2" in text
    turned = text.replace(r"1 \times 2", r"2 \times 1")
    assert "(1 × 2) is not (2 × 1)" in "; ".join(map(str, read_back(worked, turned, "markdown").untrue))
    alone = text.replace(r"1 \times 2", "2")
    assert "(1 × 2) is not (2)" in "; ".join(map(str, read_back(worked, alone, "markdown").untrue))


def test_vectors_that_are_rows_have_the_shape_of_rows() -> None:
    data = {
        "inputs": [["1", "2"], ["0", "1"]], "targets": {"2": ["1", "0"]}, "vectors": "rows",
        "weights": {"W": matrix(2, 2), "U": matrix(2, 2, 3), "b": ["0.1", "0.2"]}, "learning_rate": {"eta": "0.1"},
    }  # fmt: skip
    worked = made("recurrent", data)
    assert [sizes(line) for line in lines(worked, "gradient_shapes")] == [[(2, 2)], [(2, 2)], [(1, 2)]]
    assert list(map(factors, lines(worked, "shapes", "first"))) == [["x:1", "W"], ["h:0", "U"]]
    demand_true(worked)


# --- windows -------------------------------------------------------------------------------------------------------


@st.composite
def layers(draw: st.DrawFn) -> tuple[Data, int, int, int]:
    """A convolution of an image or a signal, and its padding, stride and the size of its filter."""
    dimensions = draw(st.integers(1, 2))
    window, stride = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    padding = draw(st.integers(0, window - 1))
    inputs = [draw(st.integers(max(3, window), 5)) for _ in range(dimensions)]
    image, filters = (matrix(*(dims if dimensions == 2 else (1, *dims))) for dims in (inputs, [window] * dimensions))
    flat = dimensions == 1
    layer = {
        "name": "z", "filters": {"k": filters[0] if flat else filters}, "stride": str(stride), "padding": str(padding),
    }  # fmt: skip
    data = {"input": {"x": image[0] if flat else image}, "layers": [{"convolution": layer}]}
    if dimensions == 1:
        data["dimensions"] = "1"
    return data, padding, stride, window


@FEW
@given(layers())
def test_the_number_of_windows_is_that_of_pytorch(drawn: tuple[Data, int, int, int]) -> None:
    need("torch")
    import torch

    data, padding, stride, window = drawn
    worked = made("convolution", data)
    image = torch.tensor(np.array(data["input"]["x"], dtype=float))[None, None]
    convolve = torch.nn.functional.conv1d if image.ndim == 3 else torch.nn.functional.conv2d
    weights = torch.ones((1, 1) + (window,) * (image.ndim - 2), dtype=image.dtype)
    shape = tuple(convolve(image, weights, stride=stride, padding=padding).shape[2:])
    if any(whole.label.name == "z" for whole in wholes(worked.graph)):
        (line,) = lines(worked, "windows")
        assert sizes(line) == [shape]
        assert line.parts[0].formula != line.parts[1].formula
    else:
        assert max(shape) == 1  # a single entry is no image
    demand_true(worked)


# --- planted errors ------------------------------------------------------------------------------------------------


def tampered(text: str) -> Iterator[str]:
    """The text with one digit of one line of shapes changed, once for each digit; not those of names."""
    for found in re.finditer(r"^.*shape.*$", text, re.MULTILINE):
        line = found[0]
        for digit in re.finditer(r"(?<=<mn>)\d(?=</mn>)" if "<mn>" in line else r"(?<![\w.{])\d(?![\w.}])", line):
            other = str((int(digit[0]) + 1) % 10)
            changed = line[: digit.start()] + other + line[digit.end() :]
            yield text[: found.start()] + changed + text[found.end() :]


@pytest.mark.parametrize("text_format", READ)
@pytest.mark.parametrize("path", ["attention/attention_gradients", "convolution/image_edges"])
def test_every_wrong_digit_of_a_shape_is_found(text_format: str, path: str) -> None:
    worked = load_worked(PROBLEMS / f"{path}.yml")
    text = render(worked, "solution", text_format, "en")
    assert not read_back(worked, text, text_format).untrue
    wrong = list(tampered(text))
    assert len(wrong) > 5
    for each in wrong:
        report = read_back(worked, each, text_format)
        assert report.untrue, next(a for a, b in zip(each.splitlines(), text.splitlines(), strict=True) if a != b)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (r"(2 \times 3)(3 \times 1)", r"(3 \times 2)(3 \times 1)", "(2 × 3)(3 × 1) is not (3 × 2)(3 × 1)"),
        (r"\to 2 \times 1", r"\to 2 \times 3", "does not make (2 × 3)"),
        (r"\to 2 \times 1", r"= 2 \times 3", "is not (2 × 3)"),
        (r"\to 2 \times 1", r"\approx 2 \times 1", "between shapes"),
        (r"\mathrm{shape}(b)", r"\mathrm{shape}(x)", "(2 × 1) is not (3 × 1)"),
        (r"\mathrm{shape}(b)", r"\mathrm{shape}(q)", "by their names"),
        (r"\to 2 \times 1", r"\to 2 \times 0.5", "whole numbers"),
        (r"z_1 &= ", r"z_1 &\to ", "between formulas"),
        (r"\mathrm{shape}(W \cdot x)", r"\mathrm{shape}(x \cdot W)", "(3 × 1)(2 × 3) is not"),
    ],
)
def test_a_wrong_line_of_shapes_says_what_is_wrong(old: str, new: str, reason: str) -> None:
    data = {"givens": {"W": matrix(2, 3), "x": ["1", "2", "3"], "b": ["0", "1"]}, "formulas": {"z": "W @ x + b"}}
    worked = made("formulas", data)
    text = render(worked, "solution", "markdown", "en").replace(r"\operatorname", r"\mathrm")
    assert not read_back(worked, text, "markdown").untrue
    assert old in text
    report = read_back(worked, text.replace(old, new, 1), "markdown")
    assert reason in "; ".join(map(str, report.untrue))
