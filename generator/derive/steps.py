"""The parts of a derivation: equations, steps and sections, in no language and no format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from generator.formula.tree import Formula
from generator.graph.families import Family


@dataclass(frozen=True, slots=True)
class Part:
    """One member of a chain of relations: the relation before it, the formula, and what it is.

    `kind`: `formula` (symbols), `worked` (symbols, an untidied form), `numbers` (shown values put in) or `result`.
    """

    relation: str
    formula: Formula
    kind: str


@dataclass(frozen=True, slots=True)
class Equation:
    """`left = part = part ...` about the quantity `target`.

    `plain`: parameters by their bare names; `short`: on one line where it fits, whatever step it belongs to; `brief`:
    its numbers are left out where they would make it longer than a line.
    """

    target: str
    left: Formula
    parts: tuple[Part, ...]
    plain: bool = False
    short: bool = False
    brief: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a derivation: a rule's code, the quantity it makes, and the equations that make it.

    `names` are quantities, `words` are word codes and `numbers` are numbers that the rule's sentence speaks of. `full`
    steps are worked line by line; the others are listed. `number` counts the components of a chain (0: not one). What
    has to be worked out before the last equation stands in `before`; `after` holds asides. `again`: the sentence of the
    step before it stands for this one too. `grid` is a matrix that is shown with its values.
    """

    rule: str
    target: str
    equations: tuple[Equation, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    full: bool = True
    number: int = 0
    before: tuple[Step, ...] = ()
    opening: tuple[Equation, ...] = ()  # what the chain rule says, before the factors are worked
    after: tuple[Step, ...] = ()
    cell: tuple[str, str] | None = None  # its row and its column in a table of what is worked alike
    numbers: Mapping[str, str] = field(default_factory=dict)
    work: int = 0  # how many operations lead to its blank, where room is left for them
    table: str = ""  # of which entries the cell is one (empty: the columns are the graph's cases)
    again: bool = False
    heads: bool = False
    said: bool = False
    grid: Family | None = None
    asking: str = ""  # its rule where the result is asked for, if the sentence of `rule` would tell it

    @property
    def compact(self) -> bool:
        """Whether its equations stand on one line each where they fit."""
        return not self.full or self.again

    def walk(self) -> Iterator[Step]:
        """This step and all inside it, in the order of reading."""
        for step in self.before:
            yield from step.walk()
        yield self
        for step in self.after:
            yield from step.walk()


@dataclass(frozen=True, slots=True)
class Section:
    """Steps under one heading: its code (a key of the language files) and the group (layer) it is about."""

    code: str
    steps: tuple[Step, ...]
    group: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    round: int | None = None  # the number of updates before it, where several are worked
    of: str = ""  # what is differentiated in it, where several quantities are

    def walk(self) -> Iterator[Step]:
        """Every step, in the order of reading."""
        for step in self.steps:
            yield from step.walk()
