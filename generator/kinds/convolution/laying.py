"""The keys of a layer of windows, and the maps under it -> where its windows lie, what they make, and what is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from generator.definitions.source import Location
from generator.formula.tree import Add, Call, Div, Formula, Mul, Ref, num
from generator.graph.quantities import Convention
from generator.graph.windows import Maps, Place, Windows
from generator.kinds.convolution.images import MisfitError
from generator.kinds.convolution.model import Convolution, Pooling, TransposedConvolution


def windows_of_filters(layer: Convolution, maps: Maps, size: Place, place: Location) -> Windows:
    """The windows that filters of `size` lie on. Raises `MisfitError` where there are none, or some beside `maps`."""
    stride = both(layer.stride, maps, (*place, "stride"))
    padding = both(layer.padding, maps, (*place, "padding"), alone=0)
    dilation = both(layer.dilation, maps, (*place, "dilation"))
    wide = tuple(apart * (one - 1) + 1 for apart, one in zip(dilation, size, strict=True))
    if any(around >= one for around, one in zip(padding[-maps.dimensions :], wide[-maps.dimensions :], strict=True)):
        raise MisfitError((*place, "padding"), _text(layer.padding), "less than the size of the filter")
    windows = _fitting(Windows(maps.shape, size, stride, padding, dilation), maps, place)
    if any(not any(windows.at(at)) for at in product(range(windows.count[0]), range(windows.count[1]))):
        raise MisfitError((*place, "dilation"), "a window with no entry on the input", "less dilation, or less padding")
    return windows


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
    return _fitting(Windows(maps.shape, size, stride), maps, place)


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


def said_of(number: int, windows: Windows, dimensions: int) -> Iterator[Convention]:
    """How the windows of the layer `number` move, what is put around the input, and what lies between the entries."""
    layer = str(number)
    (down, across), (above, beside), (rows, columns) = windows.stride, windows.padding, windows.dilation
    if windows.size == windows.shape and not any(windows.padding):
        yield Convention("windows_all", {}, {"number": layer})
    elif dimensions == 1 or (down == across and above == beside):
        numbers = {"number": layer, "stride": str(across), "padding": str(beside)}
        yield Convention("windows_padded" if beside else "windows", {}, numbers)
    else:
        numbers = {
            "number": layer,
            "down": str(down),
            "across": str(across),
            "above": str(above),
            "beside": str(beside),
        }
        yield Convention("windows_two_padded" if above or beside else "windows_two", {}, numbers)
    if dimensions == 1 or rows == columns:
        if columns > 1:
            yield Convention("windows_dilated", {}, {"number": layer, "dilation": str(columns)})
    else:
        yield Convention("windows_dilated_two", {}, {"number": layer, "rows": str(rows), "columns": str(columns)})


def said_back(number: int, windows: Windows, dimensions: int) -> Convention:
    """How far apart the filter of a transposed convolution is laid, and what is cut off."""
    (down, across), (above, beside) = windows.stride, windows.padding
    cut = "_cut" if above or beside else ""
    if dimensions == 1 or (down == across and above == beside):
        numbers = {"number": str(number), "stride": str(across), "padding": str(beside)}
        return Convention(f"transposed{cut}", {}, numbers)
    numbers = {"down": str(down), "across": str(across), "above": str(above), "beside": str(beside)}
    return Convention(f"transposed_two{cut}", {}, {"number": str(number), **numbers})


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


def pooled(entries: tuple[Ref, ...], is_largest: bool) -> Formula:
    """The largest of the entries of a window, or their mean."""
    if len(entries) == 1:
        return entries[0]
    return Call("max", entries) if is_largest else Div(Add(entries), num(len(entries)))


def added(terms: Sequence[Formula]) -> Formula:
    """The sum of terms; of one alone, itself."""
    return terms[0] if len(terms) == 1 else Add(tuple(terms))
