"""Where the windows of a layer lie -> what a document says about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generator.graph.quantities import Convention
from generator.graph.windows import Maps, Windows
from generator.kinds.convolution.model import AveragePooling, Pooling


def said_of(number: int, windows: Windows, dimensions: int) -> Iterator[Convention]:
    """How the windows of the layer `number` move, what is put around the input, and what lies between the entries."""
    layer = str(number)
    (down, across), (above, beside), (rows, columns) = windows.stride, windows.padding, windows.dilation
    if windows.size == windows.shape and not any(windows.padding):
        yield Convention("windows_all", {}, {"number": layer})
    elif windows.behind not in (None, windows.padding):
        yield Convention("windows_causal", {}, {"number": layer, "stride": str(across), "padding": str(beside)})
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


def said_of_channels(filters: Sequence[Maps], cases: Sequence[str]) -> Iterator[Convention]:
    """What the numbers above the symbols of a layer with filters are."""
    if len(filters) > 1 or any(len(weights.channels) > 1 for weights in filters):
        yield Convention("channels_observed" if cases[0] else "channels")


def said_of_pooling(number: int, layer: Pooling, windows: Windows, dimensions: int) -> Iterator[Convention]:
    """How the windows of a pooling layer move, and what becomes of places over the edge."""
    if not any(windows.padding):
        yield from said_of(number, windows, dimensions)
        return
    (down, across), (above, beside) = windows.stride, windows.padding
    code = "pooled_largest"
    if isinstance(layer, AveragePooling):
        code = "pooled_counted" if layer.count_padding else "pooled_left_out"
    if dimensions == 1 or (down == across and above == beside):
        yield Convention(code, {}, {"number": str(number), "stride": str(across), "padding": str(beside)})
        return
    numbers = {"down": str(down), "across": str(across), "above": str(above), "beside": str(beside)}
    yield Convention(f"{code}_two", {}, {"number": str(number), **numbers})


def said_back(number: int, windows: Windows, dimensions: int) -> Convention:
    """How far apart the filter of a transposed convolution is laid, and what is cut off."""
    (down, across), (above, beside) = windows.stride, windows.padding
    cut = "_cut" if above or beside else ""
    if dimensions == 1 or (down == across and above == beside):
        numbers = {"number": str(number), "stride": str(across), "padding": str(beside)}
        return Convention(f"transposed{cut}", {}, numbers)
    numbers = {"down": str(down), "across": str(across), "above": str(above), "beside": str(beside)}
    return Convention(f"transposed_two{cut}", {}, {"number": str(number), **numbers})
