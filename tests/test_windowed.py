"""Windows over matrices: every call against what NumPy makes of it, and what formulas entries are shown by."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from networks import yaml_text
from numpy.lib.stride_tricks import sliding_window_view

from generator.errors import DefinitionError, FormulaError
from generator.formula.tree import Call, Formula, Matrix, Ref, Transpose, num, walk
from generator.graph.quantities import Label, Tensor
from generator.lifting.windowed import CALLS, matrices_of, shown_laid_out, sized, sizes_of, slide, stacked, worked
from generator.pipeline import load_worked
from generator.render.document import render
from generator.render.language import language_names
from generator.solve.exact import bounds, evaluate, precision
from generator.verify.document import verify
from generator.verify.truth import Truth

Array = Any  # of numbers that NumPy need not know

sides = st.integers(1, 4)


@st.composite
def arrays(draw: st.DrawFn, high: int, wide: int) -> Array:
    return np.array([[draw(st.integers(-5, 5)) for _ in range(wide)] for _ in range(high)])


def matrix(array: Array) -> Matrix:
    return Matrix(tuple(tuple(num(int(entry)) for entry in row) for row in array))


def values(made: Matrix) -> Array:
    with precision(96):
        exact = [[bounds(evaluate(entry, dict[str, Fraction]().__getitem__)) for entry in row] for row in made.rows]
    assert all(low == high for row in exact for low, high in row)
    return np.array([[low for low, _ in row] for row in exact], dtype=object)


def same(call: Formula, wanted: Array) -> None:
    assert isinstance(call, Call)
    made = values(worked(call))
    assert made.shape == wanted.shape
    assert (made == wanted).all()


@given(data=st.data(), high=sides, wide=sides)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_windows_are_numpys(data: st.DataObject, high: int, wide: int) -> None:
    """Sums of products and pools, of `sliding_window_view` at every so many places."""
    image = data.draw(arrays(high, wide))
    k, m = data.draw(st.integers(1, high)), data.draw(st.integers(1, wide))
    stride = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    over = data.draw(arrays(k, m))
    windows = sliding_window_view(image, (k, m))[:: stride[0], :: stride[1]]
    same(slide("correlate", matrix(image), matrix(over), stride), np.einsum("abij,ij->ab", windows, over))
    same(slide("convolve", matrix(image), matrix(over), stride), np.einsum("abij,ij->ab", windows, np.rot90(over, 2)))
    same(sized("maxpool", matrix(image), k, m, *stride), windows.max(axis=(2, 3)))
    total = windows.sum(axis=(2, 3))
    mean = [[Fraction(int(entry), k * m) for entry in row] for row in total]
    same(sized("avgpool", matrix(image), k, m, *stride), np.array(mean, dtype=object))


@given(data=st.data(), high=sides, wide=sides, down=st.integers(0, 2), across=st.integers(1, 3))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_entries_are_laid_out_as_numpy_does(data: st.DataObject, high: int, wide: int, down: int, across: int) -> None:
    image = data.draw(arrays(high, wide))
    named = matrix(image)
    same(sized("pad", named, down, across), np.pad(image, ((down, down), (across, across))))
    apart = np.zeros(((down + 1) * (high - 1) + 1, across * (wide - 1) + 1), dtype=int)
    apart[:: down + 1, ::across] = image
    more = np.pad(apart, ((0, across), (0, down)))
    same(sized("dil", named, down + 1, across, across, down), more)
    same(Call("rot", (named,)), np.rot90(image, 2))
    column = image.flatten(order="F")[:, None]
    same(Call("vec", (named,)), column)
    same(Call("vec", (named, named)), np.vstack([column, column]))
    same(sized("unvec", matrix(column), high, wide), image)


@pytest.mark.parametrize("name", ["pad", "dil"])
def test_what_changes_nothing_is_not_written(name: str) -> None:
    nothing, something = ((0, 0), (2, 1)) if name == "pad" else ((1, 1, 0, 0), (1, 1, 0, 1))
    assert sized(name, Ref("x"), *nothing) == Ref("x")
    call = sized(name, Ref("x"), *something)
    assert isinstance(call, Call)
    assert sizes_of(call) == (something[:2], something[2:])[: len(something) // 2]
    assert matrices_of(call) == (Ref("x"),)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (slide("correlate", matrix(np.ones((2, 2))), matrix(np.ones((3, 1)))), "no window of 3 × 1 lies on 2 × 2"),
        (sized("maxpool", matrix(np.ones((2, 2))), 1, 3, 1, 1), "no window of 1 × 3 lies on 2 × 2"),
        (sized("unvec", matrix(np.ones((3, 1))), 2, 2), "3 entries make no matrix of 2 × 2"),
    ],
)
def test_windows_that_do_not_fit_are_refused(call: Formula, said: str) -> None:
    assert isinstance(call, Call)
    with pytest.raises(FormulaError, match=said):
        worked(call)


def test_zeros_and_places_are_shown_and_sums_are_not() -> None:
    ones = matrix(np.array([[1, 2]]))
    padded = sized("pad", ones, 0, 1)
    wide = matrix(np.array([[0, 1, 2, 0]]))
    assert shown_laid_out(padded) == wide
    assert shown_laid_out(slide("correlate", padded, ones)) == slide("correlate", wide, ones)
    assert shown_laid_out(Call("vec", (Transpose(ones),))) == matrix(np.array([[1], [2]]))
    assert shown_laid_out(sized("pad", Ref("x"), 1, 1)) == sized("pad", Ref("x"), 1, 1)


def test_names_below_each_other_are_all_of_a_matrix() -> None:
    def tensor(name: str, high: int, wide: int) -> Tensor:
        entries = tuple(tuple(f"{name}{i}{j}" for j in range(wide)) for i in range(high))
        return Tensor(name, Label("inputs", name), entries)

    known = [tensor("A", 2, 2), tensor("B", 2, 1), tensor("C", 1, 1)]
    by_rows, by_columns = ["A00", "A01", "A10", "A11"], ["A00", "A10", "A01", "A11"]
    assert stacked(by_columns, known) == Call("vec", (Ref("A"),))
    assert stacked([*by_columns, "B00", "B10"], known) == Call("vec", (Ref("A"), Ref("B")))
    assert stacked(by_rows, known) == Call("vec", (Transpose(Ref("A")),))
    assert stacked(by_rows[::-1], known) is None
    assert stacked(by_rows[:3], known) is None
    assert stacked(["C00"], known) is None  # one entry alone is no matrix


@st.composite
def layers(draw: st.DrawFn) -> dict[str, Any]:
    """One convolution over one image, with its targets: windows of more than one entry, that may not reach the end."""

    def numbers(high: int, wide: int) -> list[list[str]]:
        return [[str(draw(st.integers(-4, 4))) for _ in range(wide)] for _ in range(high)]

    shape, stride, apart, size, padding, count = [], [], [], [], [], []
    for smallest in (2, 1):
        k, d, s = draw(st.integers(smallest, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 3))
        p, rest, windows = draw(st.integers(0, d * (k - 1))), draw(st.integers(0, s - 1)), draw(st.integers(1, 3))
        n = d * (k - 1) + 1 + (windows - 1) * s + rest - 2 * p
        p, n = (p, n) if n > 0 else (0, n + 2 * p)
        for values, value in zip((shape, stride, apart, size, padding, count), (n, s, d, k, p, windows), strict=True):
            values.append(value)
    layer = {"name": "z", "filters": {"k": numbers(*size)}, "flip": draw(st.sampled_from(["true", "false"]))}
    layer |= {"stride": list(map(str, stride)), "padding": list(map(str, padding)), "dilation": list(map(str, apart))}
    made = {"kind": "convolution", "title": "made", "input": {"x": numbers(*shape)}, "layers": [{"convolution": layer}]}
    targets = {"t": numbers(*count) if count != [1, 1] else "1"}
    return {**made, "targets": targets, "differentiate": ["filters", "inputs"]}


@given(data=layers())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_both_gradients_of_windows_are_windows_over_matrices(data: dict[str, Any]) -> None:
    """Whatever stride, padding and dilation are, and also where windows leave a rest at the end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.yml"
        path.write_text(yaml_text(data), encoding="utf-8")
        try:
            made = load_worked(path, "matrix")
        except DefinitionError as error:  # entries so far apart that a window has none of the input under it
            if "a window with no entry" not in str(error):
                raise
            reject()
    single = data["targets"] == {"t": "1"}  # one window alone: what comes back is no matrix
    wanted = {"k:", "x:"} if not single else set()
    found = {
        equation.target
        for section in made.sections("all")
        for step in section.walk()
        for equation in step.equations
        if any(isinstance(tree, Call) and tree.name in CALLS for part in equation.parts for tree in walk(part.formula))
    }
    for name in wanted:
        if len(made.graph.tensor[name].names) > 1:
            assert any(name in target and target != name for target in found), (name, sorted(found))
    assert (
        verify(
            render(made, "solution", "markdown", detail="all"),
            "markdown",
            Truth.of(made.graph, made.writer, made.trace.rounding),
        ).untrue
        == ()
    )


SHOWN = {
    "image_edges": {"correlate", "maxpool", "vec", "unvec"},
    "two_channels": {"correlate"},
    "learned_filter": {"correlate"},
    "polynomial_product": {"convolve"},
    "average_pooling": {"avgpool"},
}


@pytest.mark.parametrize(("problem", "wanted"), SHOWN.items())
def test_problems_are_worked_with_windows_over_matrices(problem: str, wanted: set[str]) -> None:
    made = load_worked(Path(f"problems/convolution/{problem}.yml"), "matrix")
    steps = [step for section in made.sections("all") for step in section.walk()]
    formulas = [part.formula for step in steps for equation in step.equations for part in equation.parts]
    called = {part.name for formula in formulas for part in walk(formula) if isinstance(part, Call)}
    assert wanted <= called & set(CALLS)


@pytest.mark.parametrize("language", language_names())
def test_a_signal_that_is_classified_has_its_document_in_matrices(language: str, tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    path.write_text(
        "kind: convolution\ntitle: t\ndimensions: 1\ninput: {x: [[1, 0, 1, 0.5], [0, 1, 1, -0.5]]}\nlayers:\n"
        "- convolution: {name: c, filters: {k: [[[1, -1], [0.5, 0]], [[0, 1], [1, -1]]]}, biases: {b: [0, 0.1]}}\n"
        "- max_pooling: {name: m, size: all}\n- flatten: {}\n"
        "- dense: {name: s, weights: {W: [[1, -1], [-0.5, 0.5]]}, biases: {d: [0, 0]}}\n"
        "- activation: {name: y, function: softmax}\nclasses: 2\nloss: cross_entropy\n"
        "differentiate: [filters, weights]\n",
        encoding="utf-8",
    )
    worked = load_worked(path, "matrix")
    truth = Truth.of(worked.graph, worked.writer, worked.notation.rounding)
    report = verify(render(worked, "solution", "markdown", language), "markdown", truth)
    assert report.untrue == ()
    assert report.checked > 20
