"""Pipelines of windows: values and gradients against PyTorch, SymPy and exact differences; every line is true.

The witnesses read the definition themselves: a padded copy of the input, loops over it, and nothing of the graph.
"""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tools import needs_torch

from generator.definitions.problem import Definition
from generator.definitions.source import Source
from generator.errors import DefinitionError
from generator.graph.quantities import Role, derivative_name
from generator.kinds import convolution
from generator.notation.files import notation_names
from generator.pipeline import Worked, load_worked, work
from generator.render.document import render
from generator.render.language import language_names
from generator.render.program import FLAVOURS, program
from generator.solve.rounding import full
from generator.solve.traces import solve
from generator.verify.document import FORMATS, verify
from generator.verify.truth import Truth

Data = dict[str, Any]
Path_ = tuple[str, int]  # a family, and a place in it in reading order

HERE = Path(__file__).resolve().parents[1] / "problems" / "convolution"


# --- random pipelines ------------------------------------------------------------------------------------------------


def numbers(draw: st.DrawFn, *shape: int) -> Any:
    """Quarters, in lists of lists."""
    if not shape:
        return str(Fraction(draw(st.integers(-8, 8)), 4))
    return [numbers(draw, *shape[1:]) for _ in range(shape[0])]


@st.composite
def transposed(draw: st.DrawFn, own: str, channels: int, sides: list[int]) -> tuple[Data, int, list[int]]:
    """A transposed convolution of so many channels, how many it makes, and of what size."""
    size = [draw(st.integers(1, 3)) for _ in sides]
    stride = [draw(st.integers(1, one)) for one in size]
    whole = [(a - 1) * s + k for a, s, k in zip(sides, stride, size, strict=True)]
    padding = [draw(st.integers(0, min(k - 1, (all_ - 1) // 2))) for k, all_ in zip(size, whole, strict=True)]
    filters = draw(st.integers(1, 2))
    shape = [*([filters] if filters > 1 else []), *([channels] if channels > 1 else []), *size]
    layer = {"name": f"z{own}", "filters": {f"k{own}": numbers(draw, *shape)}}
    layer |= {"stride": both(stride), "padding": both(padding)}
    if draw(st.booleans()):
        layer["biases"] = {f"b{own}": numbers(draw, *([filters] if filters > 1 else []))}
    return layer, filters, [all_ - 2 * around for all_, around in zip(whole, padding, strict=True)]


@st.composite
def poolings(draw: st.DrawFn, kind: str, sides: list[int]) -> tuple[Data, list[int]]:
    """A layer of pooling, and the size of what it makes."""
    size = [draw(st.integers(1, side)) for side in sides]
    stride = [draw(st.integers(1, 2)) for _ in sides]
    around = [draw(st.integers(0, one // 2)) for one in size]
    pool: Data = {"name": "p", "size": both(size), "stride": both(stride), "padding": both(around)}
    if draw(st.booleans()):
        size, around, pool = sides, [0] * len(sides), {"name": "p", "size": "all"}
    if kind == "average_pooling":
        pool["count_padding"] = draw(st.sampled_from(["true", "false"]))
    along = zip(sides, around, size, stride, strict=True)
    return pool, [(side + 2 * more - one) // step + 1 for side, more, one, step in along]


@st.composite
def pipelines(draw: st.DrawFn, small: bool = False) -> Data:
    """A definition with one or two convolutions and what may stand behind them; numbers are quarters, so ties occur."""

    def whole(low: int, high: int) -> int:
        return draw(st.integers(low, high))

    dimensions, channels = whole(1, 2), whole(1, 2)
    sides = [whole(2, 3 if small or dimensions == 2 else 6) for _ in range(dimensions)]
    data: Data = {"kind": "convolution", "title": "Made", "layers": [], "dimensions": str(dimensions)}
    data["input"] = {"x": numbers(draw, *([channels] if channels > 1 else []), *sides)}
    for number in range(1, whole(1, 1 if small else 2) + 1):
        if draw(st.integers(1, 3)) == 1 and max(sides) < 4:
            layer, channels, sides = draw(transposed("ab"[number - 1], channels, sides))
            data["layers"].append({"transposed_convolution": layer})
            continue
        groups = whole(1, channels)
        filters, depth = groups * whole(1, 1 if groups > 1 else 2), channels // groups
        dilation = [whole(1, 2) for _ in sides]
        size = [whole(1, min((side - 1) // apart + 1, 3)) for side, apart in zip(sides, dilation, strict=True)]
        wide = [apart * (one - 1) + 1 for apart, one in zip(dilation, size, strict=True)]
        stride, padding = [whole(1, 2) for _ in sides], [whole(0, one - 1) for one in size]
        shape = [*([filters] if filters > 1 else []), *([depth] if depth > 1 else []), *size]
        layer = {"name": f"z{'ab'[number - 1]}", "filters": {f"k{'ab'[number - 1]}": numbers(draw, *shape)}}
        layer |= {"stride": both(stride), "padding": both(padding), "dilation": both(dilation)}
        layer |= {"groups": str(groups), "flip": draw(st.sampled_from(["true", "false"]))}
        if draw(st.booleans()):
            layer["biases"] = {f"b{'ab'[number - 1]}": numbers(draw, filters) if filters > 1 else numbers(draw)}
        data["layers"].append({"convolution": layer})
        sides = [(a + 2 * p - w) // s + 1 for a, p, w, s in zip(sides, padding, wide, stride, strict=True)]
        channels = filters
        if draw(st.booleans()):
            function = draw(st.sampled_from(["relu", "identity"]))
            data["layers"].append({"activation": {"name": f"h{'ab'[number - 1]}", "function": function}})
    kind = draw(st.sampled_from(["", "max_pooling", "average_pooling"]))
    if kind:
        pool, sides = draw(poolings(kind, sides))
        data["layers"].append({kind: pool})
    count = channels
    for side in sides:
        count *= side
    if draw(st.booleans()):
        units = whole(1, 2)
        data["layers"].append({"flatten": {"order": draw(st.sampled_from(["rows", "columns"]))}})
        dense = {"name": "y", "weights": {"W": numbers(draw, *([units] if units > 1 else []), count)}}
        biases = {"c": numbers(draw, units) if units > 1 else numbers(draw)}
        data["layers"].append({"dense": {**dense, "biases": biases}})
        count = units
    data["targets"] = {"t": numbers(draw, count)}
    data["differentiate"] = ["inputs", "filters", "weights", "biases"]
    return data


def both(given: list[int]) -> Any:
    """What holds down and across: one number where that is the same."""
    return str(given[0]) if len(set(given)) == 1 else [str(one) for one in given]


def worked(data: Data, notation: str | None = None) -> Worked:
    problem = convolution.Definition.model_validate(data)
    assert not list(convolution.check(problem))
    return work(Definition(problem=problem, source=Source(Path("made.yml"), data, {})), notation)


# --- the witnesses ---------------------------------------------------------------------------------------------------


def flat(value: Any) -> list[Any]:
    return [number for part in value for number in flat(part)] if isinstance(value, list) else [value]


def given_families(data: Data) -> dict[str, Any]:
    """Every family of numbers by its name."""
    found = dict(data["input"])
    for layer in data["layers"]:
        (made,) = layer.values()
        for key in ("filters", "weights", "biases"):
            found |= made.get(key, {})
    return found


def shaped(value: Any, numbers: Iterator[Any]) -> Any:
    return [shaped(part, numbers) for part in value] if isinstance(value, list) else next(numbers)


def loss(data: Data, families: dict[str, Any], largest: Callable[..., Any]) -> Any:
    """Half the squared error of the whole pipeline, in any arithmetic: images are channels of rows."""
    dimensions = int(data["dimensions"])

    def image(value: Any) -> Any:
        depth, part = 0, value
        while isinstance(part, list):
            depth, part = depth + 1, part[0]
        channels = value if depth > dimensions else [value]
        return [[channel] for channel in channels] if dimensions == 1 else channels

    ((name, _),) = data["input"].items()
    maps = image(families[name])
    values: list[Any] | None = None
    for layer in data["layers"]:
        ((kind, made),) = layer.items()
        if kind == "convolution":
            (filters,) = (families[key] for key in made["filters"])
            biases = [families[key] for key in made.get("biases", {})]
            maps = convolved(maps, filters, flat(biases), made, dimensions)
        elif kind == "transposed_convolution":
            (filters,) = (families[key] for key in made["filters"])
            biases = [families[key] for key in made.get("biases", {})]
            maps = laid(maps, filters, flat(biases), made, dimensions)
        elif kind == "activation":
            rectify = made["function"] == "relu"
            maps = [[[largest(0, v) if rectify else v for v in row] for row in channel] for channel in maps]
        elif kind == "flatten":
            if made["order"] == "columns":
                maps = [[list(column) for column in zip(*channel, strict=True)] for channel in maps]
            values = flat(maps)
        elif kind == "dense":
            (weights,) = (families[key] for key in made["weights"])
            (bias,) = (families[key] for key in made["biases"])
            rows = weights if isinstance(weights[0], list) else [weights]
            assert values is not None
            values = [
                sum(w * v for w, v in zip(row, values, strict=True)) + b
                for row, b in zip(rows, flat([bias]), strict=True)
            ]
        else:
            maps = [pooled(channel, kind, made, dimensions, largest) for channel in maps]
    outputs = flat(maps) if values is None else values
    targets = [Fraction(t) for t in flat(data["targets"]["t"])]
    return sum((t - y) * (t - y) for t, y in zip(targets, outputs, strict=True)) / 2


def images_of(filters: Any, channels: int, dimensions: int) -> Any:
    """Filters, each as a list of images, one for each channel."""
    depth, part = 0, filters
    while isinstance(part, list):
        depth, part = depth + 1, part[0]
    if depth == dimensions:
        filters = [[filters]]
    elif depth == dimensions + 1:
        filters = [filters] if channels > 1 else [[one] for one in filters]
    return [[[channel] for channel in one] for one in filters] if dimensions == 1 else filters


def convolved(maps: Any, filters: Any, biases: list[Any], made: Data, dimensions: int) -> Any:
    groups = int(made["groups"])
    channels, steps, dilation = (
        len(maps) // groups,
        pair(made["stride"], dimensions),
        pair(made["dilation"], dimensions),
    )
    filters = images_of(filters, channels, dimensions)
    if made["flip"] == "true":
        filters = [[[row[::-1] for row in channel[::-1]] for channel in one] for one in filters]
    around = pair(made["padding"], dimensions, 0)
    padded = []
    for channel in maps:
        wide = len(channel[0]) + 2 * around[1]
        rows = [[0] * around[1] + list(row) + [0] * around[1] for row in channel]
        padded.append([[0] * wide] * around[0] + rows + [[0] * wide] * around[0])
    height, width = len(filters[0][0]), len(filters[0][0][0])
    down, across = dilation
    together = len(filters) // groups
    return [
        [
            [
                sum(
                    one[c][a][b] * padded[number // together * channels + c][i + a * down][j + b * across]
                    for c in range(channels)
                    for a in range(height)
                    for b in range(width)
                )
                + (biases[number] if biases else 0)
                for j in range(0, len(padded[0][0]) - across * (width - 1), steps[1])
            ]
            for i in range(0, len(padded[0]) - down * (height - 1), steps[0])
        ]
        for number, one in enumerate(filters)
    ]


def laid(maps: Any, filters: Any, biases: list[Any], made: Data, dimensions: int) -> Any:
    """Every entry lays the filter, times itself, on a large enough image, of which what is wanted is cut out."""
    channels, (down, across) = len(maps), pair(made["stride"], dimensions)
    filters = images_of(filters, channels, dimensions)
    above, beside = pair(made["padding"], dimensions, 0)
    high, wide = len(filters[0][0]), len(filters[0][0][0])
    found = []
    for number, one in enumerate(filters):
        rows, columns = (len(maps[0]) - 1) * down + high, (len(maps[0][0]) - 1) * across + wide
        image = [[biases[number] if biases else 0] * columns for _ in range(rows)]
        for channel, weights in zip(maps, one, strict=True):
            for i, row in enumerate(channel):
                for j, value in enumerate(row):
                    for a in range(high):
                        for b in range(wide):
                            image[i * down + a][j * across + b] += weights[a][b] * value
        found.append([row[beside : columns - beside] for row in image[above : rows - above]])
    return found


def pair(given: Any, dimensions: int, alone: int = 1) -> tuple[int, int]:
    """What holds down and across; of a signal there is nothing down."""
    if isinstance(given, list):
        return int(given[0]), int(given[1])
    return int(given) if dimensions == 2 else alone, int(given)


def pooled(channel: Any, kind: str, made: Data, dimensions: int, largest: Callable[..., Any]) -> Any:
    every = made["size"] == "all"
    high, wide = (len(channel), len(channel[0])) if every else pair(made["size"], dimensions)
    down, across = (high, wide) if every else pair(made["stride"], dimensions)
    above, beside = (0, 0) if every else pair(made["padding"], dimensions, 0)
    rows, columns = range(len(channel)), range(len(channel[0]))
    found = []
    for i in range(-above, len(channel) + above - high + 1, down):
        row = []
        for j in range(-beside, len(channel[0]) + beside - wide + 1, across):
            places = [(i + a, j + b) for a in range(high) for b in range(wide)]
            window = [channel[a][b] for a, b in places if a in rows and b in columns]
            if kind == "max_pooling":
                row.append(largest(*window))
            else:
                row.append(sum(window) / Fraction(high * wide if made["count_padding"] == "true" else len(window)))
        found.append(row)
    return found


def entries(made: Worked, family: str) -> list[str]:
    """The quantities of a family, in reading order."""
    return [q.name for q in made.graph if q.formula is None and q.label.of == family]


def gradient(made: Worked, name: str) -> Fraction:
    value = made.trace.values[derivative_name("E_total", name)]
    assert isinstance(value, Fraction)
    return value


def plainly_max(*values: Any) -> Any:
    return max(values) if len(values) > 1 else values[0]


# --- values and gradients --------------------------------------------------------------------------------------------


@given(pipelines())
@settings(max_examples=40)
def test_loss_and_gradients_are_those_of_differences(data: Data) -> None:
    """Between kinks the loss is a polynomial of small degree in each number, so that a difference is close to it."""
    made = worked(data)
    texts = given_families(data)
    numbers = {name: [Fraction(text) for text in flat(value)] for name, value in texts.items()}

    def at(family: str, place: int, shift: Fraction) -> Fraction:
        moved = {name: [*values] for name, values in numbers.items()}
        moved[family][place] += shift
        families = {name: shaped(value, iter(moved[name])) for name, value in texts.items()}
        return Fraction(loss(data, families, plainly_max))

    h, checked = Fraction(1, 10**9), 0
    for family in texts:
        names = entries(made, family)
        assert len(names) == len(numbers[family])
        for place, name in enumerate(names):
            here, up, down = (at(family, place, shift) for shift in (Fraction(0), h, -h))
            assert made.trace.values["E_total"] == here
            if abs((up - here) - (here - down)) < h / 1000:  # no kink here, or one between squares
                checked += 1
                assert abs(gradient(made, name) - (up - down) / (2 * h)) < 10**4 * h, name
    assert checked or all(value == 0 for value in flat(list(numbers.values())) if not isinstance(value, list))


@needs_torch
@given(pipelines())
@settings(max_examples=40)
def test_loss_and_gradients_are_those_of_torch(data: Data) -> None:
    """At ties and kinks too: the first largest entry takes the gradient, and the rectifier has no slope at zero."""
    torch: Any = importlib.import_module("torch")
    made = worked(data)
    tensors = {
        name: torch.tensor(as_floats(value), dtype=torch.float64, requires_grad=True)
        for name, value in given_families(data).items()
    }
    by_torch = torch_loss(torch, data, tensors)
    by_torch.backward()
    values = solve(made.graph)
    assert float(values["E_total"][0]) == pytest.approx(by_torch.item(), rel=1e-12, abs=1e-12)
    for family, tensor in tensors.items():
        found = [float(values[derivative_name("E_total", name)][0]) for name in entries(made, family)]
        wanted = tensor.grad.flatten().tolist() if tensor.grad is not None else [0.0] * len(found)
        assert found == pytest.approx(wanted, rel=1e-12, abs=1e-12), family


def as_floats(value: Any) -> Any:
    return [as_floats(part) for part in value] if isinstance(value, list) else float(Fraction(value))


def torch_loss(torch: Any, data: Data, tensors: dict[str, Any]) -> Any:
    functional = torch.nn.functional
    dimensions = int(data["dimensions"])
    ((name, _),) = data["input"].items()
    x = tensors[name]
    x = x if x.dim() > dimensions else x[None]
    for layer in data["layers"]:
        ((kind, made),) = layer.items()
        if kind == "convolution":
            (k,), groups = (tensors[key] for key in made["filters"]), int(made["groups"])
            if k.dim() == dimensions:
                k = k[None, None]
            elif k.dim() == dimensions + 1:
                k = k[None] if x.shape[0] > groups else k[:, None]
            if made["flip"] == "true":
                k = torch.flip(k, dims=tuple(range(2, 2 + dimensions)))
            bias = [tensors[key].reshape(-1) for key in made.get("biases", {})]
            convolve = functional.conv1d if dimensions == 1 else functional.conv2d
            ways = {way: pair(made[way], dimensions)[-dimensions:] for way in ("stride", "padding", "dilation")}
            x = convolve(x[None], k, bias[0] if bias else None, groups=groups, **ways)[0]
        elif kind == "transposed_convolution":
            (k,) = (tensors[key] for key in made["filters"])
            if k.dim() == dimensions:
                k = k[None, None]
            elif k.dim() == dimensions + 1:
                k = k[None] if x.shape[0] > 1 else k[:, None]
            bias = [tensors[key].reshape(-1) for key in made.get("biases", {})]
            lay = functional.conv_transpose1d if dimensions == 1 else functional.conv_transpose2d
            ways = {way: pair(made[way], dimensions)[-dimensions:] for way in ("stride", "padding")}
            x = lay(x[None], k.transpose(0, 1), bias[0] if bias else None, **ways)[0]
        elif kind == "activation":
            x = torch.relu(x) if made["function"] == "relu" else x
        elif kind == "flatten":
            turned = x.transpose(-1, -2) if made["order"] == "columns" and dimensions == 2 else x
            x = turned.flatten()
        elif kind == "dense":
            (weights,) = (tensors[key] for key in made["weights"])
            (bias,) = (tensors[key] for key in made["biases"])
            x = weights.reshape(-1, x.shape[0]) @ x + bias.reshape(-1)
        else:
            pool = getattr(functional, f"{'max' if kind == 'max_pooling' else 'avg'}_pool{dimensions}d")
            every = made["size"] == "all"
            size = tuple(x.shape[1:]) if every else pair(made["size"], dimensions)[-dimensions:]
            stride = size if every else pair(made["stride"], dimensions)[-dimensions:]
            more: Data = {"padding": pair("0" if every else made["padding"], dimensions, 0)[-dimensions:]}
            if kind == "average_pooling":
                more["count_include_pad"] = made["count_padding"] == "true"
            x = pool(x[None], size, stride, **more)[0]
    targets = torch.tensor(as_floats(flat(data["targets"]["t"])), dtype=torch.float64)
    return ((targets - x.flatten()) ** 2).sum() / 2


@given(pipelines(small=True))
@settings(max_examples=6)
def test_gradients_are_sympys_of_the_composed_expression(data: Data) -> None:
    made = worked(data)
    texts = given_families(data)
    families: dict[str, Any] = {}
    point: dict[sympy.Symbol, sympy.Rational] = {}
    for name, value in texts.items():
        symbols = [sympy.Symbol(entry, real=True) for entry in entries(made, name)]
        families[name] = shaped(value, iter(symbols))
        point |= dict(zip(symbols, map(sympy.Rational, flat(value)), strict=True))

    def chosen(*values: Any) -> Any:
        """The largest expression at the point: between kinks, the derivative is its own."""
        at_point = [sympy.sympify(value).subs(point) for value in values]
        return values[at_point.index(max(at_point))]

    composed = loss(data, families, chosen)
    for symbol, number in point.items():
        found = gradient(made, symbol.name)
        wanted = sympy.diff(composed, symbol).subs(point)
        assert sympy.Rational(found.numerator, found.denominator) == wanted, (symbol, number)


# --- documents -------------------------------------------------------------------------------------------------------


@given(pipelines(small=True), st.sampled_from(notation_names()), st.sampled_from(language_names()))
@settings(max_examples=6)
def test_every_line_of_every_document_is_true(data: Data, notation: str, language: str) -> None:
    holds(worked(data, notation), language)


def holds(made: Worked, language: str = "en") -> int:
    truth = Truth.of(made.graph, made.writer, made.notation.rounding)
    checked = 0
    for format_name in FORMATS:
        for document in ("solution", "worksheet", "key"):
            report = verify(render(made, document, format_name, language), format_name, truth, made.history)
            assert not report.untrue, (format_name, document, report.untrue[:2])
            checked += report.checked
    assert checked
    return checked


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("name", ["image_edges", "two_channels", "average_pooling"])
def test_programs_compute_the_same_numbers(name: str, flavour: str) -> None:
    made = load_worked(HERE / f"{name}.yml")
    space: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(program(made, flavour), "<program>", "exec"), space)
    lines = (line.partition(" = ") for line in out.getvalue().split("\n") if " = " in line)
    printed = {name.strip(): float(value) for name, _, value in lines}
    for quantity in made.graph:
        if quantity.role is not Role.CHECK:
            wanted = float(full(made.trace.values[quantity.name], 20))
            assert printed[quantity.name] == pytest.approx(wanted, rel=1e-12, abs=1e-12), quantity.name


def test_the_first_of_equal_entries_takes_the_gradient() -> None:
    data: Data = yaml.load(
        """
        {kind: convolution, title: Tie, input: {x: [[2, 5], [5, 5]]},
         layers: [max_pooling: {name: p, size: 2}], targets: {t: 4}, differentiate: [inputs]}
        """,
        yaml.BaseLoader,
    )
    made = worked(data)
    gradients = [made.trace.values[derivative_name("E_total", name)] for name in entries(made, "x")]
    assert gradients == [0, 1, 0, 0]
    page = render(made, "solution", "markdown")
    assert "the first of them alone" in page
    holds(made)


@pytest.mark.parametrize(
    ("ties", "wanted", "said"),
    [("last", [0, 0, 0, 1], "the last of them alone"), ("shared", [0, "1/3", "1/3", "1/3"], "shared evenly")],
)
def test_equal_entries_can_have_the_gradient_otherwise(ties: str, wanted: list[Any], said: str) -> None:
    data: Data = yaml.load(
        f"""
        {{kind: convolution, title: Tie, input: {{x: [[2, 5], [5, 5]]}}, ties: {ties},
         layers: [max_pooling: {{name: p, size: 2}}], targets: {{t: 4}}, differentiate: [inputs]}}
        """,
        yaml.BaseLoader,
    )
    made = worked(data)
    gradients = [made.trace.values[derivative_name("E_total", name)] for name in entries(made, "x")]
    assert gradients == list(map(Fraction, wanted))
    assert said in render(made, "solution", "markdown")
    holds(made)


@needs_torch
@given(pipelines(small=True))
@settings(max_examples=15)
def test_shared_ties_are_those_of_torchs_amax(data: Data) -> None:
    torch: Any = importlib.import_module("torch")
    shape = [2, 3] if data["dimensions"] == "2" else [4]
    numbers = [str(Fraction(number)) for number in flat(data["input"]["x"])]
    picked = iter(numbers * 6)
    image = shaped([[0] * 3] * 2 if len(shape) == 2 else [0] * 4, picked)
    made = worked(
        {
            **{"kind": "convolution", "title": "Made", "ties": "shared", "input": {"x": image}},
            **{"layers": [{"max_pooling": {"name": "p", "size": "all"}}], "targets": {"t": "1"}},
            "differentiate": ["inputs"],
        }
    )
    x = torch.tensor(as_floats(image), dtype=torch.float64, requires_grad=True)
    ((1 - torch.amax(x)) ** 2 / 2).backward()
    found = [float(gradient(made, name)) for name in entries(made, "x")]
    assert found == pytest.approx(x.grad.flatten().tolist())


@pytest.mark.parametrize("function", ["tanh", "logistic", "relu"])
def test_ties_of_numbers_with_endless_digits_are_ties(function: str) -> None:
    data: Data = yaml.load(
        f"""
        {{kind: convolution, title: Tie, input: {{x: [0.5, 0.5, 0.25]}},
         layers: [activation: {{name: h, function: {function}}}, max_pooling: {{name: p, size: 3}}],
         targets: {{t: 0}}, differentiate: [inputs]}}
        """,
        yaml.BaseLoader,
    )
    made = worked(data)
    first, *others = (made.trace.values[derivative_name("E_total", name)] for name in entries(made, "x"))
    assert first != 0
    assert others == [0, 0]
    holds(made)


def test_entries_that_no_window_covers_have_no_gradient_and_are_said_to() -> None:
    data: Data = yaml.load(
        """
        {kind: convolution, title: Rest, input: {x: [1, 2, 3, 4]},
         layers: [convolution: {name: z, filters: {k: [2]}, stride: 2}], targets: {t: [1, 1]}, differentiate: [inputs]}
        """,
        yaml.BaseLoader,
    )
    made = worked({**data, "detail": "all"})
    assert made.trace.values["dE_total/dx_2"] == 0
    assert "Nothing on the way" in render(made, "solution", "markdown", detail="all")
    holds(made)


def test_nothing_passes_a_dead_rectifier() -> None:
    data: Data = yaml.load(
        """
        {kind: convolution, title: Dead, input: {x: [1, 2, 3]},
         layers: [convolution: {name: z, filters: {k: [-1, -1]}}, activation: {name: h, function: relu}],
         targets: {t: [1, 1]}, differentiate: [filters, inputs]}
        """,
        yaml.BaseLoader,
    )
    made = worked(data)
    assert {made.trace.values[q.name] for q in made.graph.of_role(Role.GRADIENT) if "/dk" in q.name} == {0}
    holds(made)


def test_a_flipped_filter_multiplies_polynomials() -> None:
    made = load_worked(HERE / "polynomial_product.yml")
    x = sympy.Symbol("x")
    product = sympy.Poly((1 + 2 * x + 3 * x**2) * (4 + 5 * x), x).all_coeffs()[::-1]
    assert [made.trace.values[f"z_{place}"] for place in range(1, 5)] == product


@pytest.mark.parametrize("notation", [None, "matrix"])
def test_what_a_transposed_convolution_lays_on_its_output_can_be_checked(notation: str | None) -> None:
    """Bilinear weights keep the entries of a map and put means between them; the size of the output is worked."""
    made = load_worked(HERE / "upsampling.yml", notation)
    found = [[made.trace.values[f"y_{row}_{column}"] for column in (1, 2, 3)] for row in (1, 2, 3)]
    assert found == [[1, 2, 3], [3, 4, 5], [5, 6, 7]]
    page = render(made, "solution", "markdown", detail="all")
    truth = Truth.of(made.graph, made.writer, made.trace.rounding)
    assert not verify(page, "markdown", truth, made.history).untrue
    (size,) = {line for line in page.splitlines() if "(2 - 1)" in line and "shape" in line}
    for right, wrong in (("(2 - 1)", "(3 - 1)"), ("+ 3", "+ 4"), (r"3 \times 3", r"3 \times 4")):
        assert right in size
        assert verify(page.replace(size, size.replace(right, wrong)), "markdown", truth, made.history).untrue, wrong


def test_two_updates_are_those_of_torch(torch: Any) -> None:
    made = load_worked(HERE / "learned_filter.yml")
    x, t = (torch.tensor(v, dtype=torch.float64) for v in ([[[1.0, 2, 0, 1]]], [[[1.0, -2, 1]]]))
    layer = torch.nn.Conv1d(1, 1, 2, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.fill_(0.5)
        layer.bias.fill_(0.0)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        (((t - layer(x)) ** 2).sum() / 2).backward()
        optimizer.step()
    found = [float(made.trace.values[name]) for name in ("k_1_new2", "k_2_new2", "b_new2")]
    assert found == pytest.approx([*layer.weight.flatten().tolist(), layer.bias.item()], rel=1e-12)


# --- definitions -----------------------------------------------------------------------------------------------------

START = "kind: convolution\ntitle: T\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("input: {x: 3}\nlayers: [{flatten: {}}]\n", 3, "a signal, an image"),
        ("input: {x: [[1, 2], [3]]}\nlayers: [{flatten: {}}]\n", 3, "the same shape"),
        ("input: {x: [1, 2]}\nlayers:\n- {}\n", 5, "exactly one of"),
        ("input: {x: [1, 2]}\nlayers:\n- {flatten: {}, max_pooling: {name: p, size: 2}}\n", 5, "exactly one of"),
        ("input: {x: [1, 2]}\nlayers:\n- pooling: {name: p, size: 2}\n", 5, "known keys"),
        ("input: {x: [1, 2]}\nlayers:\n- max_pooling: {name: p, size: 3}\n", 5, "a smaller one"),
        ("input: {x: [1, 2]}\nlayers:\n- max_pooling: {name: p, size: 0}\n", 5, "greater than or equal to 1"),
        ("input: {x: [1, 2]}\nlayers:\n- convolution: {name: z, filters: {k: [1]}, padding: 1}\n", 5, "less than"),
        (
            "input: {x: [1, 2]}\nlayers:\n- transposed_convolution: {name: z, filters: {k: [1]}, padding: 1}\n",
            5,
            "less than the size of the filter",
        ),
        (
            "input: {x: [1, 2]}\nlayers:\n- transposed_convolution: {name: z, filters: {k: [1]}, stride: 2}\n",
            5,
            "no more than the size of the filter",
        ),
        (
            "input: {x: [1, 2]}\nlayers:\n- transposed_convolution: {name: z, filters: {k: [1, 2, 3]}, padding: 2}\n",
            5,
            "less, so that something is left",
        ),
        ("input: {x: [1, 2]}\nlayers:\n- convolution: {name: z, filters: {k: [[[1], [2]]]}}\n", 5, "filters of 1"),
        ("input: {x: [1, 2]}\nlayers:\n- max_pooling: {name: p, size: [1, 2]}\n", 5, "one number, for a signal"),
        ("input: {x: [1, 2]}\nlayers:\n- max_pooling: {name: p, size: some}\n", 5, "size"),
        (
            "input: {x: [[1, 2]]}\nlayers:\n- convolution: {name: z, filters: {k: [[1, 2]]}, padding: [1, 0]}\n",
            5,
            "less than the size of the filter",
        ),
        (
            "input: {x: [1, 2]}\nlayers:\n- convolution: {name: z, filters: {k: [1, 2]}, padding: 1, dilation: 3}\n",
            5,
            "less dilation",
        ),
        ("input: {x: [1, 2]}\nlayers:\n- convolution: {name: z, filters: {k: [1, 2]}, dilation: 2}\n", 5, "larger"),
        ("input: {x: [1, 2]}\nlayers:\n- convolution: {name: z, filters: {k: [1]}, groups: 2}\n", 5, "divides the"),
        (
            "input: {x: [[1],[2]]}\ndimensions: 1\nlayers:\n- convolution: {name: z, groups: 2, filters: {k: [[1]]}}\n",
            6,
            "as many in each",
        ),
        ("input: {x: [1, 2]}\nties: none\nlayers:\n- max_pooling: {name: p, size: 2}\n", 4, "shared"),
        ("input: {x: [1, 2]}\nlayers:\n- convolution: {name: z, filters: {k: 3}}\n", 5, "filters of 1 dimensions"),
        (
            "input: {x: [1, 2]}\nlayers:\n- convolution: {name: z, filters: {k: [1]}, biases: {b: [1, 2]}}\n",
            5,
            "one for each filter: 1",
        ),
        ("input: {x: [1, 2]}\nlayers:\n- convolution: {name: x, filters: {k: [1]}}\n", 5, "a name of its own"),
        ("input: {x: [[1]]}\nlayers:\n- flatten: {}\n- dense: {name: x, weights: {w: [1]}}\n", 6, "a name of its own"),
        ("input: {x: [1]}\ndimensions: 3\nlayers:\n- flatten: {}\n", 4, "less than or equal to 2"),
        ("input: {x: [1, 2]}\nlayers:\n- activation: {name: h, function: relo}\n", 5, "one of logistic"),
        ("input: {x: [1, 2]}\nlayers:\n- dense: {name: y, weights: {w: [1, 2]}}\n", 5, "before it"),
        ("input: {x: [1, 2]}\nlayers:\n- flatten: {}\n- dense: {name: y, weights: {w: [1]}}\n", 6, "rows of 2 weights"),
        ("input: {x: [1, 2]}\nlayers:\n- flatten: {}\n- max_pooling: {name: y, size: 1}\n", 6, "`dense` or"),
        ("input: {x: [1, 2]}\nlayers: [{flatten: {}}]\ntargets: {t: 1}\n", 5, "one for each of 2 outputs"),
        ("input: {x: [1, 2]}\nlayers: [{flatten: {}}]\ntargets: {t: [1, 2]}\nloss: none\n", 6, "one of half_"),
        ("input: {x: [1, 2]}\nlayers: [{flatten: {}}]\ndifferentiate: [inputs]\n", 5, "so that there is a loss"),
        (
            "input: {x: [1, 2]}\nlayers:\n- convolution: {name: z, filters: {k: [1]}}\n"
            "targets: {t: [1, 2]}\nupdate: [filters]\n",
            7,
            "`learning_rate` beside it",
        ),
        ("input: {x: [1, 2]}\nlayers: [{flatten: {}}]\noptimizer: magic\n", 5, "one of sgd"),
        (
            "input: {x: [1, 2]}\nlayers:\n- activation: {name: h, function: step}\n"
            "targets: {t: [1, 2]}\ndifferentiate: [inputs]\n",
            5,
            "a function with a derivative",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = tmp_path / "bad.yml"
    path.write_text(START + text, encoding="utf-8")
    with pytest.raises(DefinitionError) as error:
        load_worked(path)
    message = str(error.value)
    assert f"bad.yml:{line}:" in message or f"line {line}" in message, message
    assert said in message, message


def test_the_starter_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "start.yml"
    path.write_text(convolution.STARTER, encoding="utf-8")
    holds(load_worked(path))
