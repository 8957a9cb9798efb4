"""The keys of a layer of windows, and the maps under it -> where its windows lie, and what they make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from generator.definitions.source import Location
from generator.formula.sums import sum_of
from generator.formula.tree import Call, Div, Formula, Mul, Ref, num
from generator.graph.windows import Maps, Place, Windows, named
from generator.kinds.convolution.images import MisfitError
from generator.kinds.convolution.model import Convolution, Pooling, TransposedConvolution


def maps_of_input(place: Location, shape: Sequence[int], dimensions: int | None) -> Maps:
    """The maps of an input of a shape, of so many dimensions where that is said; it stands at `place` and is called as
    that ends. Raises `MisfitError`.
    """
    dimensions = dimensions or min(len(shape), 2)
    if not dimensions or len(shape) not in (dimensions, dimensions + 1):
        found = f"lists {len(shape)} deep" if shape else "one number"
        raise MisfitError(place, found, "a signal, an image, or a list of channels of these")
    channels = shape[0] if len(shape) > dimensions else 1
    return named(str(place[-1]), channels, shape[-2:] if dimensions == 2 else (1, shape[-1]), dimensions)


def windows_of_filters(layer: Convolution, maps: Maps, size: Place, place: Location) -> Windows:
    """The windows that filters of `size` lie on. Raises `MisfitError` where there are none, or some beside `maps`."""
    stride = both(layer.stride, maps, (*place, "stride"))
    dilation = both(layer.dilation, maps, (*place, "dilation"))
    down, across = (apart * (one - 1) + 1 for apart, one in zip(dilation, size, strict=True))
    padding, behind = _padding(layer, maps, (down, across), stride, (*place, "padding"))
    windows = _fitting(Windows(maps.shape, size, stride, padding, dilation, behind), maps, place)
    if any(not any(windows.at(at)) for at in product(range(windows.count[0]), range(windows.count[1]))):
        raise MisfitError((*place, "dilation"), "a window with no entry on the input", "less dilation, or less padding")
    return windows


def _padding(layer: Convolution, maps: Maps, wide: Place, stride: Place, place: Location) -> tuple[Place, Place]:
    """How many zeros are put before and behind, down and across, for a filter that is so wide with its gaps."""
    given = layer.padding
    if given == "same":
        if stride != (1, 1) or not all(one % 2 for one in wide):
            found = f"`same` with a filter over {wide[0]} by {wide[1]} entries and stride {_text(layer.stride)}"
            expected = "zeros in numbers, or a filter over an odd number of entries that moves by 1"
            raise MisfitError(place, found if maps.dimensions == 2 else found.replace("1 by ", "", 1), expected)
        around = (wide[0] // 2, wide[1] // 2)
        return around, around
    if given == "causal":
        if maps.dimensions != 1:
            raise MisfitError(place, f"`causal` on {maps}", "a signal, or zeros in numbers")
        return (0, wide[1] - 1), (0, 0)
    assert not isinstance(given, str)
    padding = both(given, maps, place, alone=0)
    if any(around >= one for around, one in zip(padding[-maps.dimensions :], wide[-maps.dimensions :], strict=True)):
        raise MisfitError(place, _text(given), "less than the size of the filter")
    return padding, padding


def windows_back(layer: TransposedConvolution, maps: Maps, size: Place, place: Location) -> Windows:
    """The windows on what a transposed convolution makes, one for each entry of `maps`. Raises `MisfitError` where
    nothing would be made, or nothing of some entry.
    """
    stride = both(layer.stride, maps, (*place, "stride"))
    padding = both(layer.padding, maps, (*place, "padding"), alone=0)
    if any(around >= one for around, one in zip(padding[-maps.dimensions :], size[-maps.dimensions :], strict=True)):
        raise MisfitError((*place, "padding"), _text(layer.padding), "less than the size of the filter")
    if any(n > 1 and step > one for n, step, one in zip(maps.shape, stride, size, strict=True)):
        raise MisfitError((*place, "stride"), _text(layer.stride), "no more than the size of the filter")
    along = zip(maps.shape, stride, size, padding, strict=True)
    down, across = ((n - 1) * step + one - 2 * around for n, step, one, around in along)
    if min(down, across) < 1:
        raise MisfitError((*place, "padding"), _text(layer.padding), "less, so that something is left")
    return Windows((down, across), size, stride, padding)


def windows_of_pooling(layer: Pooling, maps: Maps, place: Location) -> Windows:
    """The windows of which one entry is made. Raises `MisfitError` where there are none."""
    size = maps.shape if layer.size == "all" else both(layer.size, maps, (*place, "size"))
    stride = size if layer.stride is None else both(layer.stride, maps, (*place, "stride"))
    padding = both(layer.padding, maps, (*place, "padding"), alone=0)
    if any(2 * around > one for around, one in zip(padding, size, strict=True)):
        raise MisfitError((*place, "padding"), _text(layer.padding), "at most half the size of the window")
    return _fitting(Windows(maps.shape, size, stride, padding), maps, place)


def _fitting(windows: Windows, maps: Maps, place: Location) -> Windows:
    if min(windows.count) < 1:
        raise MisfitError(place, f"a window larger than the {maps}", "a smaller one, or more padding")
    return windows


def both(given: int | tuple[int, int], maps: Maps, place: Location, alone: int = 1) -> Place:
    """What holds down and across; a signal has one direction, and down it is `alone`."""
    if not maps.dimensions:
        raise MisfitError(place[:-1], "a layer of windows after `flatten`", "`dense` or `activation`")
    if isinstance(given, int):
        return (given if maps.dimensions == 2 else alone, given)
    if maps.dimensions == 1:
        raise MisfitError(place, _text(given), "one number, for a signal")
    return given


def _text(given: int | tuple[int, int]) -> str:
    return str(list(given) if isinstance(given, tuple) else given)


def products(
    weights: Maps, channels: Sequence[Sequence[Sequence[str]]], windows: Windows, at: Place, flip: bool
) -> Iterator[Formula]:
    """The products of one window in the order of reading the input, channel by channel."""
    rows, columns = windows.size
    for own, channel in zip(weights.channels, channels, strict=True):
        for (row, column), (down, across) in windows.at(at):
            over = own[rows - 1 - row][columns - 1 - column] if flip else own[row][column]
            yield Mul((Ref(over), Ref(channel[down][across])))


def laid(weights: Maps, maps: Maps, windows: Windows) -> list[list[Formula]]:
    """The products that come to lie on each entry of the output, channel by channel in the order of the input."""
    down, across = windows.shape
    found: dict[Place, list[Formula]] = {(row, column): [] for row, column in product(range(down), range(across))}
    for own, channel in zip(weights.channels, maps.channels, strict=True):
        for i, names in enumerate(channel):
            for j, name in enumerate(names):
                for (row, column), at in windows.at((i, j)):
                    found[at].append(Mul((Ref(own[row][column]), Ref(name))))
    return list(found.values())


def largest(entries: tuple[Ref, ...]) -> Formula:
    """The largest of the entries of a window."""
    return entries[0] if len(entries) == 1 else Call("max", entries)


def mean(entries: tuple[Ref, ...], count: int) -> Formula:
    """The sum of the entries of a window over the number of those that count."""
    return sum_of(entries) if count == 1 else Div(sum_of(entries), num(count))
