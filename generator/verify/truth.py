"""Graph, notation and rounding -> what a printed line has to agree with.

An identity is held against exact values twice: with the problem's own numbers, and with others near them, so that a
name in another's place is noticed even where the two quantities happen to be equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, partial

from generator.derive.matrix_equations import is_in_matrices
from generator.derive.shapes import dims_of
from generator.formula.tree import Formula, Ref, references, replace, substitute
from generator.graph.families import Family, computed_families, families
from generator.graph.quantities import Graph, Role, derivative_name
from generator.graph.wholes import Dims
from generator.notation.called import called
from generator.notation.titles import titled
from generator.notation.writer import Product, View, Writer
from generator.reading.formula import Symbols
from generator.reading.normal import items, normal
from generator.reading.shape import alike, fraction_of, has_blank, number_of, shape
from generator.solve.exact import Exact, Undecided, Undefined, ball, bounds, evaluate, precision
from generator.solve.rounding import Carry, Rounding
from generator.solve.traces import Trace, trace
from generator.typeset.boxes import Box
from generator.verify.samples import BITS, others, solved

_BITS = (BITS, 512, 1024, 4096)  # of working precision, each tried where the one before leaves a question open
_CLOSE = Fraction(1, 10**25)  # two values that are equal in theory differ by less than this part of them
_TINY = Fraction(1, 10**60)  # and a value that is zero in theory is less than this


@dataclass(frozen=True, slots=True)
class Untrue:
    """A line that is not true or cannot be read: its source, why, and the line of the document it begins on."""

    text: str
    reason: str
    line: int

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}: {self.text}"


@dataclass(frozen=True)
class Truth:
    """`shown` is the trace as a document shows it; `samples` are the givens that identities are held against."""

    graph: Graph
    writer: Writer
    rounding: Rounding
    shown: Trace
    symbols: Symbols
    samples: tuple[Mapping[str, Fraction], ...]
    _values: dict[tuple[int, int], Mapping[str, Exact]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, graph: Graph, writer: Writer, rounding: Rounding) -> Truth:
        """What holds in the documents of `graph`, written by `writer` and rounded by `rounding`."""
        slides = is_in_matrices(graph, writer) and writer.notation.product is not Product.ASTERISK
        symbols = Symbols.of(_symbols(graph, writer), slides)
        near, values = others(graph)
        known = {} if values is None else {(1, BITS): values}
        return cls(graph, writer, rounding, trace(graph, rounding), symbols, (graph.givens, near), known)

    def family(self, segment: Box) -> Family | None:
        """The grid of given or computed values that a symbol by itself stands for."""
        return self._families.get(items(segment))

    def is_called(self, segment: Box) -> bool:
        """Whether a symbol by itself stands for a vector or matrix that a text speaks of."""
        return items(segment) in self._called

    @cached_property
    def _called(self) -> frozenset[tuple[Box, ...]]:
        return frozenset(items(normal(box)) for box in called(self.writer).values())

    @cached_property
    def _families(self) -> Mapping[tuple[Box, ...], Family]:
        boxes = titled(self.graph, self.writer)
        for family in (*computed_families(self.graph), *families(self.graph)):
            boxes[self.writer.label_box(family.label)] = family
        return {items(normal(box)): family for box, family in boxes.items()}

    @cached_property
    def dims(self) -> Mapping[str, Dims]:
        """The shapes of the vectors and matrices that a line can speak of, by their names."""
        return dims_of(self.graph, is_in_matrices(self.graph, self.writer))

    @cached_property
    def whole_symbols(self) -> Symbols:
        """The symbols of these vectors and matrices."""
        return Symbols.of((self.writer.box(name), name) for name in self.dims if self.writer.writes(name))

    def values(self, sample: int, bits: int) -> Mapping[str, Exact]:
        """Every quantity from exact operands; to be called, and used, at `bits` of working precision."""
        if (sample, bits) not in self._values:
            self._values[sample, bits] = solved(self.graph, self.samples[sample])
        return self._values[sample, bits]

    def identical(self, one: Formula, other: Formula) -> bool:
        """Whether two formulas over the graph's quantities have the same value, whatever is given.

        Raises `Undefined` where one of them has no value, `Undecided` where no precision tells.
        """
        return all(self._equal(number, one, other) for number in range(len(self.samples)))

    def equal(self, one: Formula, other: Formula) -> bool:
        """Whether two formulas have the same value for what is given. Raises as `identical` does."""
        return self._equal(0, one, other)

    def _equal(self, sample: int, one: Formula, other: Formula) -> bool:
        for bits in _BITS:
            with precision(bits):
                try:
                    values = self.values(sample, bits)
                    verdict = _compared(evaluate(one, values.__getitem__), evaluate(other, values.__getitem__))
                except Undecided:
                    continue
                if verdict is not None:
                    return verdict
        raise Undecided("no precision tells whether the two sides are equal")

    def with_numbers(self, tree: Formula) -> Formula:
        """`tree` with the shown number of each quantity in its place."""
        return substitute(tree, {name: self.shown.number(name) for name in references(tree)})

    def rounds_to(self, tree: Formula, number: Fraction) -> bool:
        """Whether `tree`, worked from the shown numbers and rounded, is `number`; what has no value is none."""
        numbers = self.with_numbers(tree)
        for bits in _BITS:
            with precision(bits):
                try:
                    value = evaluate(numbers, _no_name)
                    value = self.rounding.tied(value) if bits == _BITS[-1] else value
                    return self.rounding.gives(value, number)
                except Undecided:
                    continue
                except Undefined:
                    return False
        return False

    def text(self, subject: Formula) -> str:
        """How the value of `subject`, a quantity or a formula, is to be shown."""
        if isinstance(subject, Ref):
            return self.shown.shown[subject.name]
        for bits in _BITS:
            with precision(bits):
                try:
                    if self.rounding.carry is Carry.SHOWN:
                        value = evaluate(self.with_numbers(subject), _no_name)
                    else:
                        value = evaluate(subject, self.values(0, bits).__getitem__)
                except Undecided:
                    continue
                try:
                    return self.rounding.text(value)
                except Undecided:  # only what nothing else decides is a tie
                    if bits == _BITS[-1]:
                        return self.rounding.text(self.rounding.tied(value))
        raise Undecided("no precision tells the digits")

    def number(self, tree: Formula) -> tuple[Fraction, str] | None:
        """The value and the text of a single number, which may be a fraction where numbers are shown as fractions."""
        found = number_of(tree)
        fraction = fraction_of(tree) if found is None else None
        if fraction is None or fraction[1] != f"{fraction[0].numerator}/{fraction[0].denominator}":
            return found  # 4/6 is no way to show a number
        given = fraction[1].removeprefix("-") in self._fractions
        return fraction if given or self.rounding.is_fraction(fraction[0]) else None

    @cached_property
    def _fractions(self) -> frozenset[str]:
        """The fractions that are shown of what is given."""
        texts = (self.shown.shown[name] for name in self.graph.givens)
        return frozenset(text.removeprefix("-") for text in texts if "/" in text)

    def is_exactly(self, name: str, number: Fraction) -> bool:
        """Whether the value of the quantity `name` is `number` and nothing else."""
        value = self.shown.values[name]
        return isinstance(value, Fraction) and value == number

    def forms(self, name: str) -> Iterator[Formula]:
        """The formulas of the quantity `name` that numbers may stand in: as written, and with local gradients in it."""
        if self.graph[name].formula is None:
            return
        own = self.writer.formula(name)
        yield own
        for roles in ((Role.LOCAL,), (Role.LOCAL, Role.GRADIENT)):
            yield replace(own, partial(self._inlined, roles=roles))

    def _inlined(self, ref: Ref, roles: tuple[Role, ...]) -> Formula:
        quantity = self.graph[ref.name]
        is_local = quantity.role in roles and quantity.rule.startswith("local_")
        return self.writer.formula(ref.name) if is_local else ref

    def stands_for(self, numbers: Formula, formula: Formula) -> bool:
        """Whether `numbers` is `formula` with shown numbers in the places of its symbols, in the same order."""
        wanted = self.with_numbers(formula)
        if has_blank(numbers) and alike(shape(numbers, False), shape(wanted, False)):
            return True  # numbers that are equal by chance decide no blank
        return alike(shape(numbers), shape(wanted))


def _symbols(graph: Graph, writer: Writer) -> Iterator[tuple[Box, str]]:
    for name in dict.fromkeys(quantity.name for quantity in (*graph, *graph.watched)):
        yield writer.box(name), name
    for quantity in graph.of_role(Role.FORWARD):
        name = derivative_name(graph.loss, quantity.name)
        if quantity.label.kind == "pre" and name in graph and "delta" in writer.notation.symbols:
            yield writer.delta(quantity.name), name
    for tensor in graph.tensors if writer.notation.view is View.MATRIX else ():
        yield writer.box(tensor.name), tensor.name
    for quantity in graph.of_role(Role.GIVEN, Role.UPDATE):
        yield writer.bare(quantity.name), quantity.name
    if graph.diagram and graph.diagram.on_grid:
        yield from ((writer.box(name), name) for name in graph.diagram.named if name in graph.tensor)
    elif graph.diagram:
        yield from ((writer.box_without_case(node.name), node.name) for node in graph.diagram.nodes)  # of every case


def _compared(one: Exact, other: Exact) -> bool | None:
    """Whether two values are equal; `None` where their balls are too wide to tell."""
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one == other
    low, high = bounds(ball(one) - ball(other))
    if low > 0 or high < 0:
        return False
    apart = max(-low, high)
    if apart <= _TINY:  # as nearly always: then it need not be asked how large they are
        return True
    size = max(map(abs, (*bounds(one), *bounds(other))))
    return True if apart <= size * _CLOSE else None


def _no_name(name: str) -> Exact:
    raise AssertionError(f"`{name}` is not a number")
