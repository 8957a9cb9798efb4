"""A loop that refers to its own other entries, as `v[t - 1]` -> their names, and the order in which they are worked."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from generator.errors import FormulaError
from generator.formula.grids import Grid, Value, names_of
from generator.formula.tree import Call, Formula, Num, Ref, children, num, rebuild, references

_OWN = "own"  # a name in its own formula, with the indices behind it


def itself(name: str, tree: Formula) -> Formula:
    """What `name` is in its own formula, `tree`. Raises `FormulaError` where no index stands behind it."""
    if _is_bare(name, tree):
        raise FormulaError(f"`{name}` stands in its own formula: it may with an index, in a loop: `{name}[t - 1]`")
    return Call(_OWN, (Ref(name),))


def _is_bare(name: str, tree: Formula) -> bool:
    """Whether a name stands in a formula without an index behind it."""
    indexed = isinstance(tree, Call) and tree.name == "entry" and tree.args[0] == Ref(name)
    return tree == Ref(name) or any(_is_bare(name, part) for part in children(tree)[indexed:])


def is_itself(value: Value) -> bool:
    """Whether a value is what a name is in its own formula."""
    return isinstance(value, Call) and value.name == _OWN


def own_entry(whole: Value, places: tuple[int, ...]) -> Formula:
    """An entry of what is still being made. Whether there is such a one, `resolved` knows."""
    assert isinstance(whole, Call)
    return Call(_OWN, (*whole.args, *map(num, places)))


def resolved(name: str, value: Value) -> Value:
    """`value`, called `name`, with references to its own entries in the places where it has been made from them.

    Raises `FormulaError` for one that is not there, or that is worked from itself.
    """
    if not isinstance(value, Grid):
        return _resolved(value, {})
    entries = {tuple(map(int, index.split(","))): entry for entry, index in names_of(name, value)}
    rows = tuple(tuple(_resolved(entry, entries) for entry in row) for row in value.rows)
    made = Grid(rows, value.vector)
    _order(made, {entry: place for place, entry in entries.items()})
    return made


def in_order(name: str, value: Value) -> tuple[tuple[str, str, Formula], ...]:
    """The entries of what is called `name`: name, index and formula, each behind those that it is worked from."""
    if not isinstance(value, Grid):
        return ((name, "", value),)
    indices = dict(names_of(name, value))
    formulas = dict(zip(indices, value.entries, strict=True))
    places = {entry: tuple(map(int, index.split(","))) for entry, index in indices.items()}
    return tuple((entry, indices[entry], formulas[entry]) for entry in _order(value, places))


def _resolved(tree: Formula, entries: dict[tuple[int, ...], str]) -> Formula:
    match tree:
        case Call(name, (Ref(own), *indices)) if name == _OWN:
            places = tuple(int(index.value) for index in indices if isinstance(index, Num))
            if places not in entries:
                raise FormulaError(
                    f"`{_indexed(own, places)}` is no entry of `{own}`: the first ones have a formula of their own, as"
                    f" in `{_begun(own, places)}`"
                )
            return Ref(entries[places])
    return rebuild(tree, lambda part: _resolved(part, entries))


def _order(value: Grid, entries: dict[str, tuple[int, ...]]) -> tuple[str, ...]:
    """The entries as they stand where that goes, and else each behind those that it needs."""
    needed = {
        entry: [other for other in references(formula) if other in entries]
        for entry, formula in zip(entries, value.entries, strict=True)
    }
    seen: set[str] = set()
    for entry, others in needed.items():
        if not seen.issuperset(others):
            break
        seen.add(entry)
    else:
        return tuple(needed)
    try:
        return tuple(TopologicalSorter(needed).static_order())
    except CycleError as error:
        entry = error.args[1][0]
        own, places = entry.removesuffix("_" + "_".join(map(str, entries[entry]))), entries[entry]
        raise FormulaError(
            f"`{_indexed(own, places)}` is worked from itself: the first ones have a formula of their own, as in"
            f" `{_begun(own, places)}`"
        ) from None


def _indexed(name: str, places: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, places))}]"


def _begun(name: str, places: tuple[int, ...]) -> str:
    """A formula that begins where there is nothing before it."""
    return f"1 if t == 1 else {name}[t - 1] / 2" if len(places) == 1 else f"1 if i == 1 else {name}[i - 1, j] / 2"
