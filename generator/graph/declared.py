"""Names of entries, as a kind has them -> the tensors that it declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from generator.formula.grids import Grid, Value, names_of
from generator.graph.quantities import Label, Tensor

Names = tuple[tuple[str, ...], ...]


def matrix(name: str, entries: Names, case: str = "", part: str = "") -> Tensor:
    """The matrix that is written as `name`, at a time step or of a head; or of a `part` of an observation."""
    own = f"{name}:{case}:{part}" if part else f"{name}:{case}"
    return Tensor(own, Label("tensor", name, case=case, part=part), entries)


def vector(name: str, entries: tuple[str, ...], column: bool, case: str = "", part: str = "") -> Tensor:
    """A vector as a column or as a row."""
    return matrix(name, tuple((entry,) for entry in entries) if column else (entries,), case, part)


def grid(names: tuple[str, ...], width: int) -> Names:
    """Names row by row as rows."""
    return tuple(names[start : start + width] for start in range(0, len(names), width))


def whole(tensors: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """Tensors of which all entries are there; none where each has one entry only, and matrices would say nothing."""
    kept = tuple(tensor for tensor in tensors if all(name for row in tensor.entries for name in row))
    return kept if any(len(tensor.names) > 1 for tensor in kept) else ()


def named(values: Mapping[str, Value]) -> tuple[Tensor, ...]:
    """The vectors (as columns) and matrices among values that have names; of a list of matrices each of them."""
    grids = {name: value for name, value in values.items() if isinstance(value, Grid)}
    single = {name: value for name, value in grids.items() if not value.depth}
    for name, value in grids.items():
        single |= {f"{name}_{place}": each for place, each in enumerate(value.matrices if value.depth else (), 1)}
    made = {name: tuple(entry for entry, _ in names_of(name, value)) for name, value in single.items()}
    return whole(matrix(name, grid(made[name], value.shape[1])) for name, value in single.items())


def heads(name: str, entries: Names, count: int, down: bool = False) -> tuple[Tensor, ...]:
    """The columns (`down`: the rows) of each head as a matrix of its own; of one head, all of them."""
    if count == 1 or not all(name for row in entries for name in row):
        return (matrix(name, entries),)
    lines = entries if down else tuple(zip(*entries, strict=True))
    size = len(lines) // count
    shares = [lines[head * size : (head + 1) * size] for head in range(count)]
    turned = shares if down else [tuple(zip(*share, strict=True)) for share in shares]
    return tuple(matrix(name, share, str(head)) for head, share in enumerate(turned, 1))
