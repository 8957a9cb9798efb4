"""The graph of quantities: an ordered list in which a formula only names what stands earlier.

Longer than 250 lines because it is the vocabulary of all later stages: types, with hardly any logic.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

from generator.errors import GraphError
from generator.formula.extremes import Ties
from generator.formula.tree import Formula, references


class Role(StrEnum):
    """What a quantity is for."""

    GIVEN = "given"
    FORWARD = "forward"
    LOSS = "loss"
    LOCAL = "local gradient"
    GRADIENT = "gradient"
    UPDATE = "update"
    AFTER = "after the update"
    CHECK = "check"

    @property
    def part(self) -> str:
        """What a definition calls the part of a worksheet that asks for such quantities."""
        return {Role.LOCAL: "local", Role.AFTER: "after"}.get(self, self.value)


PARTS = tuple(r.part for r in (Role.FORWARD, Role.LOSS, Role.LOCAL, Role.GRADIENT, Role.UPDATE, Role.AFTER))


@dataclass(frozen=True, slots=True)
class Label:
    """What a notation needs to know to write a quantity's symbol.

    `kind` chooses the notation's pattern (`input`, `weight`, `pre`, `post`, `derivative`, ...); `name` fills it in: the
    unit's name for what belongs to a unit, the quantity's own name otherwise. `index` is the unit's number in its
    layer. A derivative is `of` a quantity with respect to (`wrt`) another; an updated value is `of` a quantity.

    `case` is the number of the observation, time step or channel that it belongs to; where there are observations with
    time steps or channels, that of the observation (empty: all share it), and `part` that of the time step or channel.
    """

    kind: str
    name: str = ""
    index: str = ""
    of: str = ""
    wrt: str = ""
    case: str = ""
    part: str = ""
    step: str = ""  # the number of the update on whose way it is worked, where there are several


@dataclass(frozen=True)
class Quantity:
    """One named value: its formula over earlier quantities (`None`: it is given), its role, and how it is spoken of.

    `rule` is the code of the derivation rule that makes it (a key of the language files); `group` names the part of the
    problem it belongs to (a layer), so that the first of each kind can be told from the others.
    """

    name: str
    role: Role
    label: Label
    formula: Formula | None = None
    rule: str = "given"
    group: str = ""
    round: int = 0  # how many updates the values that it is computed with have seen

    @cached_property
    def operands(self) -> tuple[str, ...]:
        """The names its formula uses, in written order: looked for once, though it is put into graph after graph."""
        return references(self.formula) if self.formula is not None else ()


@dataclass(frozen=True, slots=True)
class Update:
    """One line of an update: its formula, over quantities, derivatives by name, and lines before it.

    With `old`, its value takes the place of that given (its name is `updated_name(old)`); without, it is a value on the
    way there, called `name`. `stepped`: it is made of new values, and is numbered as they are.
    """

    formula: Formula
    old: str = ""
    name: str = ""
    rule: str = "update"
    label: Label | None = None  # of a value on the way
    stepped: bool = False


@dataclass(frozen=True, slots=True)
class Pass:
    """A forward pass beside the graph's own, over the same givens: another observation, with a loss of its own."""

    quantities: tuple[Quantity, ...]
    loss: str


@dataclass(frozen=True, slots=True)
class Differentiated:
    """What was differentiated in a round, and with respect to what: the targets."""

    loss: str
    targets: tuple[str, ...] = ()
    round: int = 0


@dataclass(frozen=True, slots=True)
class Convention:
    """What a document says about how its numbers come about: a word code, word codes and numbers that it speaks of."""

    code: str
    words: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """Something that a reader can see to hold at the end: `left relation right`, over the graph's quantities.

    `code` is that of its sentence (`steps.check_<code>`), which may name quantities and numbers.
    """

    code: str
    left: Formula
    relation: str
    right: Formula
    names: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, Fraction] = field(default_factory=dict)
    sides: tuple[str, str] = ("", "")  # the quantities that hold the values of both sides, once they are there
    claim: int = -1  # its place among the definition's claims, where it is one
    said: bool = False  # whether the author has a sentence for this claim


@dataclass(frozen=True, slots=True)
class Sliding:
    """Windows that made all that is an entry of `made`: along each index the size of the input, the padding before and
    behind it, the size of the window, the stride, and how far apart the entries of a window are.

    `back`: the windows lie on what is made, one for each entry of the input (a transposed convolution).
    """

    made: str
    along: tuple[tuple[int, int, int, int, int, int], ...]
    back: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A unit in the diagram: it stands for the quantity `name`, in column `column`, and is crossed out where it is
    dropped: because the givens `dropped`, its masks, are all 0.

    On a grid it stands for a quantity or tensor of one time step, and for `others` beside it, in a `row` from below.
    """

    name: str
    column: int
    kind: str  # input, hidden, output, bias or target
    row: int | None = None
    others: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow of the diagram between two nodes, with the given quantity `label` on it (empty: none).

    On a grid it can have `further` labels, and be `cut`: no gradient goes back along it.
    """

    start: str
    end: str
    label: str = ""
    further: tuple[str, ...] = ()
    cut: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """All that is written on it."""
        return (self.label, *self.further) if self.label else ()


@dataclass(frozen=True, slots=True)
class Diagram:
    """What a drawing of the problem shows; where things go is for `diagram.py`.

    In a circuit every node stands for a quantity and the operation that makes it, and shows its value and the
    derivative of the quantity `of` by it: of those among `shown`, where not all are (`None`).
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    of: str = ""
    shown: frozenset[str] | None = None

    def shows(self, name: str) -> bool:
        """Whether the number of a quantity is among those that are shown."""
        return self.shown is None or name in self.shown

    def part(self, shown: frozenset[str]) -> Diagram:
        """The part of a circuit that has `shown` in it: values, and derivatives with those on the way back to them."""
        for edge in sorted(self.edges, key=lambda edge: next(n.column for n in self.nodes if n.name == edge.start)):
            if derivative_name(self.of, edge.start) in shown:
                shown |= {derivative_name(self.of, edge.end)}
        derivatives = {derivative_name(self.of, node.name) for node in self.nodes} & shown
        kept = [node for node in self.nodes if {node.name, derivative_name(self.of, node.name)} & shown]
        kept += [node for node in self.nodes if derivatives and node.name == self.of and node not in kept]
        if not kept:
            return self
        columns = sorted({node.column for node in kept})
        nodes = tuple(replace(node, column=columns.index(node.column)) for node in self.nodes if node in kept)
        names = {node.name for node in nodes}
        edges = tuple(edge for edge in self.edges if {edge.start, edge.end} <= names)
        return replace(self, nodes=nodes, edges=edges, shown=shown)

    def varying(self, givens: Collection[str]) -> Diagram:
        """The diagram of all variants with other `givens`: a unit that not all of them drop is not crossed out."""
        kept = (replace(node, dropped=()) if {*node.dropped} & {*givens} else node for node in self.nodes)
        return replace(self, nodes=tuple(kept))

    @property
    def on_grid(self) -> bool:
        """Whether its nodes have rows."""
        return any(node.row is not None for node in self.nodes)

    @property
    def named(self) -> tuple[str, ...]:
        """All that stands in its nodes and on its edges."""
        nodes = (name for node in self.nodes for name in (node.name, *node.others))
        return tuple(dict.fromkeys((*nodes, *(name for edge in self.edges for name in edge.labels))))


FORBIDDEN = "-inf"  # −∞ at a place of a tensor


def is_constant(entry: str) -> bool:
    """Whether what stands at a place of a tensor is always there, and no quantity."""
    return entry.isdecimal() or entry == FORBIDDEN


@dataclass(frozen=True)
class Tensor:
    """Quantities of the graph set as a matrix: `entries` are their names in rows (a column vector has rows of one).

    In the place of a quantity there can be what is always there: `1`, `0`, or `-inf`, which is −∞. The whole has the
    role, the rule and the group of its entries, which are filled in after the backward pass: a kind gives names and a
    label only.
    """

    name: str
    label: Label
    entries: tuple[tuple[str, ...], ...]
    role: Role = Role.GIVEN
    rule: str = "given"
    group: str = ""
    round: int = 0

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The quantities in it, row by row."""
        return tuple(name for row in self.entries for name in row if not is_constant(name))


@dataclass(frozen=True)
class Graph:
    """Quantities in the order of computing, the loss among them, and what is differentiated and updated.

    `givens` holds the exact values of the given quantities. `loss` is the quantity that is differentiated (empty:
    nothing is), with respect to what is `trained` and to what else is `wanted`; `also` are others.

    Each of the `rounds` computes one of the passes (0: the graph's own; 1, 2, ...: `passes`), its gradients, and the
    lines of `updates`. `conventions` are word codes with the texts that they name; `cases` and `in_turn` say how it is
    worked, `tensors` which quantities can be set as matrices, in which `vectors` are columns or rows, `slidings` what
    windows made, `followed` what a training shows, `cut` which quantities are taken as numbers on the way back.
    `closing` says whether all is computed once more with what the last round made, `columns` what is tabled round by
    round (empty: what is updated, and what all comes down to).

    Raises `GraphError` on a name that is repeated, unknown or used before it stands.
    """

    quantities: tuple[Quantity, ...]
    givens: Mapping[str, Fraction]
    loss: str = ""
    trained: tuple[str, ...] = ()
    rate: str = ""
    diagram: Diagram | None = None
    wanted: tuple[str, ...] = ()
    updates: tuple[Update, ...] = ()
    rounds: tuple[int, ...] = (0,)
    also: tuple[Differentiated, ...] = ()  # what else is differentiated in every round, in the graph's order
    differentiated: tuple[Differentiated, ...] = ()  # round by round, once the gradients are there
    passes: tuple[Pass, ...] = ()
    conventions: tuple[Convention, ...] = ()
    cases: str = ""  # what the labels' cases are, where they are all worked alike: `observation`
    in_turn: bool = False  # each group is updated before the gradients of the group before it are worked
    checks: tuple[Check, ...] = ()
    tensors: tuple[Tensor, ...] = ()
    slidings: tuple[Sliding, ...] = ()
    ties: Ties = "first"  # whose slope a `max` or `min` has where several of its arguments are equal
    vectors: str = "column"  # how the vectors among them stand: `column`, `row`; `signal`: columns, but signals as rows
    cut: tuple[str, ...] = ()  # where gradients end, though they are computed from something
    flat: tuple[str, ...] = ()  # what only counts, as ranks do, so that it has no slope and no gradient goes through it
    closing: bool = True
    columns: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()  # givens that formulas have been made for, as an index: with others they are not true
    followed: Pass | None = None  # of all observations together, where each of them is learned from by itself
    _index: dict[str, Quantity] = field(init=False, repr=False, compare=False, default_factory=dict)
    _behind: dict[str, frozenset[str]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for quantity in self.quantities:
            if quantity.name in self._index:
                raise GraphError(f"the quantity `{quantity.name}` stands twice in the graph")
            for name in quantity.operands:
                if name not in self._index:
                    raise GraphError(f"the formula of `{quantity.name}` uses `{name}`, which does not stand before it")
            if quantity.formula is None and quantity.name not in self.givens:
                raise GraphError(f"`{quantity.name}` has neither a formula nor a given value")
            self._index[quantity.name] = quantity
        self._check_tensors()

    def _check_tensors(self) -> None:
        known = {*self._index, *(q.name for other in self.passes for q in other.quantities)} if self.tensors else set()
        named: set[str] = set()
        for tensor in self.tensors:
            if tensor.name in known or tensor.name in named:
                raise GraphError(f"the name of the tensor `{tensor.name}` is taken")
            for name in tensor.names:
                if name not in known:
                    raise GraphError(f"the tensor `{tensor.name}` holds `{name}`, which is no quantity")
            named.add(tensor.name)

    @cached_property
    def watched(self) -> Graph:
        """What training is followed by: the graph itself, or its givens with what is `followed`."""
        if self.followed is None:
            return self
        givens = (quantity for quantity in self.quantities if quantity.formula is None)
        return Graph((*givens, *self.followed.quantities), self.givens, self.followed.loss)

    @cached_property
    def tensor(self) -> Mapping[str, Tensor]:
        """The tensors by name."""
        return {tensor.name: tensor for tensor in self.tensors}

    def __getitem__(self, name: str) -> Quantity:
        try:
            return self._index[name]
        except KeyError:
            raise GraphError(f"there is no quantity `{name}`") from None

    def __contains__(self, name: object) -> bool:
        return name in self._index

    def __iter__(self) -> Iterator[Quantity]:
        return iter(self.quantities)

    def __len__(self) -> int:
        return len(self.quantities)

    @cached_property
    def operands(self) -> Mapping[str, tuple[str, ...]]:
        """For each quantity, the names its formula uses, in written order."""
        return {quantity.name: quantity.operands for quantity in self.quantities}

    @cached_property
    def consumers(self) -> Mapping[str, tuple[str, ...]]:
        """For each quantity, the names of the quantities whose formulas use it, in the graph's order."""
        found: dict[str, list[str]] = {q.name: [] for q in self.quantities}
        for name, used in self.operands.items():
            for operand in used:
                found[operand].append(name)
        return {name: tuple(users) for name, users in found.items()}

    def of_role(self, *roles: Role) -> tuple[Quantity, ...]:
        """The quantities with one of `roles`, in the graph's order."""
        return tuple(q for q in self.quantities if q.role in roles)

    @property
    def moves(self) -> tuple[tuple[str, str], ...]:
        """What is updated, and the name of its value after all rounds; what an iteration of training repeats."""
        return tuple((line.old, updated_name(line.old, len(self.rounds))) for line in self.updates if line.old)

    def needed(self, *targets: str) -> frozenset[str]:
        """`targets` and all that they are computed from."""
        return self._reached(targets, frozenset())

    def computing(self, target: str) -> frozenset[str]:
        """`target` and what its own round computes it from: an updated value is where a round begins."""
        return self._reached((target,), frozenset(q.name for q in self.of_role(Role.UPDATE)))

    def _reached(self, targets: tuple[str, ...], ends: frozenset[str]) -> frozenset[str]:
        found: set[str] = set()
        stack = list(targets)
        while stack:
            name = stack.pop()
            if name not in found:
                found.add(name)
                stack.extend(() if name in ends else self.operands[name])
        return frozenset(found)

    def is_cut_short(self, of: str, wrt: Iterable[str]) -> bool:
        """Whether the derivative of a loss by one of `wrt` leaves out ways that go through what is cut."""
        return bool(self.cut) and self[of].role is Role.LOSS and not self._behind_cuts(of).isdisjoint(wrt)

    def _behind_cuts(self, of: str) -> frozenset[str]:
        """What acts on a quantity through something that is cut."""
        if of not in self._behind:
            reached = self.computing(of)
            cuts = (updated_name(name, count) for name in self.cut for count in range(len(self.rounds)))
            found = (self.computing(cut) - {cut} for cut in cuts if cut in reached)
            self._behind[of] = frozenset().union(*found)
        return self._behind[of]

    def extended(self, *more: Quantity) -> Graph:
        """The graph with `more` quantities after its own."""
        return replace(self, quantities=(*self.quantities, *more))


def followed_name(name: str, updates: int) -> str:
    """The name of what training is followed by, worked after so many of the updates."""
    return f"{name}_at{updates}"


def derivative_name(of: str, wrt: str) -> str:
    """The name of a derivative: `dE_total/dw5`."""
    return f"d{of}/d{wrt}"


def updated_name(name: str, updates: int = 1) -> str:
    """The name of a quantity's value after one update, `w5_new`, or after several, `w5_new2` (none: its own)."""
    return f"{name}_new{updates}" if updates > 1 else f"{name}_new" if updates else name
