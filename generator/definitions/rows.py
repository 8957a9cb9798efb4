"""A function that a definition names, with parameters or without -> its row's name and a call's further arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Annotated

from pydantic import BeforeValidator, Field

from generator.definitions.problem import Exact, Finding, Name
from generator.definitions.source import Location
from generator.errors import nearest
from generator.formula.extremes import PLACES
from generator.formula.functions import ACTIVATIONS, SYNONYMS, VECTORS, Activation, Loss, Vector, plain_name
from generator.formula.infix import parse
from generator.formula.tree import CIRCULAR, Formula, Num


def _known_as(chosen: object) -> object:
    """What a definition calls a function, by the name of its row: `sigmoid` is `logistic`."""
    if isinstance(chosen, str):
        return plain_name(chosen)
    return {plain_name(name): given for name, given in chosen.items()} if isinstance(chosen, dict) else chosen


FunctionName = Annotated[str, BeforeValidator(_known_as)]
Chosen = Annotated[
    str | Annotated[dict[Name, dict[Name, Exact]], Field(min_length=1, max_length=1)], BeforeValidator(_known_as)
]
Rows = Mapping[str, Activation | Loss | Vector]
FUNCTIONS: Rows = {**ACTIVATIONS, **VECTORS}  # of one number, and of all numbers of a vector
# A quantity of one of these names would be printed, or read, as the function is.
PRINTED = frozenset({"ln", "log", "exp", "tanh", "sinh", "cosh", "erf", "max", "min", *CIRCULAR, *PLACES})
SIGNS = {row.symbol.removeprefix("\\"): name for name, row in ACTIVATIONS.items() if row.symbol}
READ = PRINTED | {"sqrt", "abs", *FUNCTIONS, *SYNONYMS, *SIGNS} - {"identity", "sigma"}


def check_name(name: str, place: Location, functions: Iterable[str]) -> Iterator[Finding]:
    """What is wrong with the name of a quantity beside which `functions` are worked: it may be read as one of them."""
    if name in READ or (name in SIGNS and SIGNS[name] in functions):
        expected = f"a name that no function has, such as `{name}_1` or `w_{name}`"
        yield place, f"`{name}`, which would be read as the function", expected


def row_name(chosen: str | Mapping[str, object]) -> str:
    """The name of the row."""
    return chosen if isinstance(chosen, str) else next(iter(chosen))


def arguments(chosen: str | Mapping[str, Mapping[str, Fraction]], rows: Rows) -> tuple[Formula, ...]:
    """The parameters of a call as far as the definition gives any, in the row's order."""
    if isinstance(chosen, str):
        return ()
    (given,) = chosen.values()
    known = _parameters(rows[row_name(chosen)])
    last = max((list(known).index(name) for name in given), default=-1)
    return tuple(Num(given[name]) if name in given else parse(text) for name, text in list(known.items())[: last + 1])


def check_row(chosen: str | Mapping[str, Mapping[str, Fraction]], rows: Rows, place: Location) -> Iterator[Finding]:
    """What is wrong with a function that stands at `place` in the definition."""
    name = row_name(chosen)
    if name not in rows:
        yield place, f"`{name}`", f"one of {', '.join(rows)}{nearest(name, rows)}"
    elif not isinstance(chosen, str):
        known = _parameters(rows[name])
        for parameter in chosen[name]:
            if parameter not in known:
                expected = f"one of {', '.join(known)}" if known else "no parameters"
                yield (*place, name, parameter), f"`{parameter}`", expected


def _parameters(row: Activation | Loss | Vector) -> Mapping[str, str]:
    return {} if isinstance(row, Vector) else row.parameters
