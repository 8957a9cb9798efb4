"""Calls that lay windows over matrices, or lay out the entries of matrices anew -> their entries.

A call has its matrices first and then whole numbers, two for each thing that is down and across. `correlate` and
`convolve` have how far the window moves; `maxpool` and `avgpool` the size of the window and how far it moves; `pad` how
many zeros there are on every side, `dil` how far apart the entries are put, with zeros between them, and how many zeros
follow at the end; `unvec` how many rows and columns there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import TypeVar

from generator.errors import FormulaError
from generator.formula.sums import sum_of
from generator.formula.tree import Add, Call, Div, Formula, Matrix, Mul, Num, Ref, Transpose, num, rebuild
from generator.graph.quantities import Tensor
from generator.graph.windows import Place, Windows

T = TypeVar("T")
Rows = Sequence[Sequence[T]]

SLIDES = {"correlate": "⋆", "convolve": "∗"}  # a filter as it is written, or turned round
POOLS = ("maxpool", "avgpool")
SIZED: Mapping[str, int] = {"pad": 1, "dil": 2, "unvec": 1, "maxpool": 2, "avgpool": 2}  # so many pairs of numbers
UNSIZED = ("vec", "rot")
SHOWN_LAID_OUT = ("pad", "dil", "vec")  # whose numbers are shown where they come to lie
CALLS = (*SLIDES, *SIZED, *UNSIZED)


def slide(name: str, image: Formula, over: Formula, stride: Place = (1, 1)) -> Formula:
    """A filter laid over an image, `stride` apart."""
    return Call(name, (image, over, *map(num, stride)))


def sized(name: str, body: Formula, *sizes: int) -> Formula:
    """A call with whole numbers; what they do not change is itself."""
    plain = (name == "pad" and not any(sizes)) or (name == "dil" and sizes == (1, 1, 0, 0))
    return body if plain else Call(name, (body, *map(num, sizes)))


def sizes_of(call: Call) -> tuple[Place, ...]:
    """The pairs of whole numbers that a call has."""
    numbers = [int(arg.value) for arg in call.args if isinstance(arg, Num)]
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def second(name: str, first: Place) -> Place:
    """The second pair of numbers of a call where it is not written."""
    return (0, 0) if name == "dil" else first


def matrices_of(call: Call) -> tuple[Formula, ...]:
    """What a call lays windows over or lays out anew."""
    return tuple(arg for arg in call.args if not isinstance(arg, Num))


def worked(call: Call) -> Matrix:
    """A call of written matrices by its entries. Raises `FormulaError` where no window fits."""
    grids = [arg.rows if isinstance(arg, Matrix) else ((arg,),) for arg in matrices_of(call)]
    if call.name in SLIDES:
        return Matrix(_slid(grids[0], grids[1], sizes_of(call)[0], call.name == "convolve"))
    if call.name in POOLS:
        made = _largest if call.name == "maxpool" else _mean
        size, stride = sizes_of(call)
        return Matrix(_over(grids[0], size, stride, lambda entries: made(tuple(entry for _, entry in entries))))
    zero: Formula = num(0)
    return Matrix(laid_out(call.name, grids, sizes_of(call), zero))


def laid_out(name: str, grids: Sequence[Rows[T]], sizes: Sequence[Place], zero: T) -> tuple[tuple[T, ...], ...]:
    """The entries of a call that only puts them in other places, with `zero` between them or around."""
    rows = grids[0]
    match name:
        case "vec":
            return tuple((entry,) for grid in grids for column in zip(*grid, strict=True) for entry in column)
        case "rot":
            return tuple(tuple(row)[::-1] for row in rows)[::-1]
        case "pad":
            ((down, across),) = sizes
            empty = ((zero,) * (len(rows[0]) + 2 * across),) * down
            return (*empty, *((*(zero,) * across, *row, *(zero,) * across) for row in rows), *empty)
        case "dil":
            (down, across), (below, behind) = sizes
            high, wide = down * (len(rows) - 1) + 1, across * (len(rows[0]) - 1) + 1
            apart = (
                tuple(zero if i % down or j % across else rows[i // down][j // across] for j in range(wide))
                for i in range(high)
            )
            return (*((*row, *(zero,) * behind) for row in apart), *((zero,) * (wide + behind),) * below)
    ((high, wide),) = sizes
    entries = tuple(chain.from_iterable(rows))
    if len(entries) != high * wide:
        raise FormulaError(f"{len(entries)} entries make no matrix of {high} × {wide}")
    return tuple(tuple(entries[j * high + i] for j in range(wide)) for i in range(high))


def stacked(names: Sequence[str], tensors: Iterable[Tensor]) -> Formula | None:
    """Names below each other as all entries of matrices, one after the other: vec(P), or by rows vec(Pᵀ)."""
    known = list(tensors)
    for by_rows in (False, True):
        parts, rest = list[Formula](), tuple(names)
        while rest:
            tensor = next((t for t in known if len(t.names) > 1 and rest[: len(t.names)] == _read(t, by_rows)), None)
            if tensor is None:
                break
            parts.append(Transpose(Ref(tensor.name)) if by_rows else Ref(tensor.name))
            rest = rest[len(tensor.names) :]
        if parts and not rest:
            return Call("vec", tuple(parts))
    return None


def _read(tensor: Tensor, by_rows: bool) -> tuple[str, ...]:
    rows = tensor.entries if by_rows else tuple(zip(*tensor.entries, strict=True))
    return tuple(name for row in rows for name in row)


def shown_laid_out(tree: Formula) -> Formula:
    """`tree`, in which zeros are written out and entries stand where they come to lie."""
    tree = rebuild(tree, shown_laid_out)
    if isinstance(tree, Call) and tree.name in SHOWN_LAID_OUT:
        parts = tuple(_turned(arg) for arg in tree.args)
        if all(isinstance(arg, Matrix) for arg in matrices_of(Call(tree.name, parts))):
            return worked(Call(tree.name, parts))
    return tree


def _turned(tree: Formula) -> Formula:
    if isinstance(tree, Transpose) and isinstance(tree.body, Matrix):
        return Matrix(tuple(zip(*tree.body.rows, strict=True)))
    return tree


def _over(
    rows: Rows[Formula], size: Place, stride: Place, make: Callable[[list[tuple[Place, Formula]]], Formula]
) -> tuple[tuple[Formula, ...], ...]:
    """`make` of what each window covers."""
    windows = Windows((len(rows), len(rows[0])), size, stride)
    high, wide = windows.count
    if min(high, wide) < 1:
        raise FormulaError(f"no window of {size[0]} × {size[1]} lies on {len(rows)} × {len(rows[0])} entries")

    def at(place: Place) -> Formula:
        return make([(inside, rows[row][column]) for inside, (row, column) in windows.at(place)])

    return tuple(tuple(at((i, j)) for j in range(wide)) for i in range(high))


def _slid(image: Rows[Formula], over: Rows[Formula], stride: Place, turned: bool) -> tuple[tuple[Formula, ...], ...]:
    weights = laid_out("rot", [over], (), num(0)) if turned else over

    def total(entries: list[tuple[Place, Formula]]) -> Formula:
        products = tuple(Mul((weights[row][column], entry)) for (row, column), entry in entries)
        return sum_of(products)

    return _over(image, (len(over), len(over[0])), stride, total)


def _largest(entries: tuple[Formula, ...]) -> Formula:
    return entries[0] if len(entries) == 1 else Call("max", entries)


def _mean(entries: tuple[Formula, ...]) -> Formula:
    return entries[0] if len(entries) == 1 else Div(Add(entries), num(len(entries)))
