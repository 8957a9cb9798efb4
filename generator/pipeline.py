"""Definition -> `Worked`: a problem taken through graph, backward and solve, in one notation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from generator.backward.passes import backward
from generator.checks.closing import failed, with_checks
from generator.definitions.mentions import mentions
from generator.definitions.problem import Definition, Problem, kind_module, load
from generator.definitions.source import Location
from generator.derive.matrix_equations import is_in_matrices
from generator.derive.matrix_sections import derive_matrices
from generator.derive.runs import in_runs
from generator.derive.sections import derive
from generator.derive.steps import Section
from generator.drawings.diagram import draw_diagram
from generator.drawings.drawing import Drawing
from generator.errors import (
    AlikeError,
    ClaimError,
    DefinitionError,
    FormulaError,
    GraphError,
    NotationError,
    SolveError,
    nearest,
)
from generator.formula.infix import infix
from generator.graph.quantities import PARTS, Graph, Role
from generator.graph.wholes import entries_called
from generator.notation.called import called
from generator.notation.files import notation_for
from generator.notation.writer import Notation, Writer, indexed
from generator.solve.histories import History, train
from generator.solve.traces import Trace, trace
from generator.typeset.text import text


@dataclass(frozen=True)
class Worked:
    """A problem with everything that its documents are views of."""

    definition: Definition
    notation: Notation
    graph: Graph
    trace: Trace
    writer: Writer

    @property
    def id(self) -> str:
        """The problem's id."""
        return self.definition.id

    @property
    def problem(self) -> Problem:
        """The definition's content."""
        return self.definition.problem

    @cached_property
    def history(self) -> History | None:
        """What training does, where the definition asks for it. Raises `DefinitionError` where it diverges."""
        training = self.problem.training
        if training is None or not (self.graph.moves and self.graph.loss):
            return None
        try:
            return train(self.graph, training.iterations, training.show, self.trace.rounding)
        except SolveError as error:
            source = self.definition.source
            raise source.error(("training",), str(error), "a smaller learning rate or fewer iterations") from None

    @cached_property
    def drawing(self) -> Drawing | None:
        """The network with its weights, or the circuit: placed once, drawn in every document and format."""
        return self._drawn(solved=True)

    @cached_property
    def blank_drawing(self) -> Drawing | None:
        """The drawing with boxes in place of all that is worked; of a network, which shows nothing of that, itself."""
        diagram = self.graph.diagram
        return self._drawn(solved=False) if diagram is not None and diagram.of else self.drawing

    def _drawn(self, solved: bool) -> Drawing | None:
        if self.graph.diagram is None:
            return None
        return draw_diagram(self.graph.diagram, self.writer, self.trace.shown.__getitem__, solved)

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The quantities that the definition's worksheet asks for (none: it says nothing of them)."""
        listed = self.problem.worksheet.ask
        return tuple(dict.fromkeys(own for name in listed for own in entries_called(self.graph, name) or (name,)))

    def sections(self, detail: str | None = None) -> tuple[Section, ...]:
        """The worked solution (`detail` as in `derive`; the definition's own by default)."""
        return self._derived(detail or self.problem.detail)

    def _derived(self, detail: str) -> tuple[Section, ...]:
        if detail not in self._cache:
            derived = derive_matrices if is_in_matrices(self.graph, self.writer) else derive
            self._cache[detail] = in_runs(self.graph, derived(self.graph, self.trace, self.writer, detail))
        return self._cache[detail]

    @cached_property
    def _cache(self) -> dict[str, tuple[Section, ...]]:
        return {}


def work(definition: Definition, notation: str | None = None) -> Worked:
    """Take a definition through every stage before `derive`.

    Raises `DefinitionError` naming the file where a quantity of it has no value or two are written alike.
    """
    chosen = notation_for(definition, notation)
    try:
        problem = definition.problem
        graph = with_checks(backward(kind_module(problem.kind).build(problem), chosen.chain), _claims(problem))
        writer = Writer(graph, chosen)
        writer.check()
        worked = Worked(definition, chosen, graph, trace(graph, chosen.rounding), writer)
    except ClaimError as error:
        raise definition.source.error(("claims", error.place), error.found, error.expected) from error
    except SolveError as error:
        place = definition.source.place_of(error.quantity)
        raise definition.source.error(place, f"that {error}", "numbers with which the problem can be worked") from error
    except GraphError as error:
        place = definition.source.place_of(error.quantity)
        raise definition.source.error(place, f"that {error}", "a problem that can be worked") from error
    except AlikeError as error:
        place = next(filter(None, map(definition.source.place_of, reversed(error.names))), ())
        one, other = error.names
        found = f"`{one}` and `{other}`, which notation `{error.notation}` writes alike: {error.shown}"
        by_name = indexed(one) == indexed(other)
        named = "another name for one of them (a number at the end of a name is written as an index)"
        expected = named if by_name else "a notation whose symbols tell them apart"
        raise definition.source.error(place, found, expected) from error
    except (FormulaError, NotationError) as error:
        raise DefinitionError(definition.source.file, None, "", str(error), "a problem that can be worked") from error
    _hold(worked)
    if notation is None:  # in another notation there are other quantities on the way
        _check_asked(worked)
        _check_mentioned(worked)
    return worked


def _claims(problem: Problem) -> tuple[tuple[str, bool], ...]:
    """Each claim, and whether the author has a sentence for it."""
    return tuple((claim, False) if isinstance(claim, str) else (claim.holds, True) for claim in problem.claims)


def _check_asked(worked: Worked) -> None:
    """Raise `DefinitionError` where the worksheet speaks of what no quantity that is computed is called."""
    computed = [q.name for q in worked.graph if q.formula is not None and q.role is not Role.CHECK]
    sheet = worked.problem.worksheet
    named: list[tuple[Location, str]] = [(("ask", place), name) for place, name in enumerate(sheet.ask)]
    named += [(("points", name), name) for name in sheet.points if name not in PARTS]
    for place, name in named:
        if not set(entries_called(worked.graph, name)) & set(computed):
            written = next((own for own in computed if text(worked.writer.box(own)) == name), "")
            parts = "" if place[0] == "ask" else f"{', '.join(PARTS)}, or "
            hint = f": `{written}` is the name of what is written {name}" if written else nearest(name, computed)
            expected = f"{parts}the name of a quantity that is computed{hint}"
            raise worked.definition.source.error(("worksheet", *place), f"`{name}`", expected)


def _check_mentioned(worked: Worked) -> None:
    """Raise `DefinitionError` where a text mentions what nothing in the problem is called."""
    known = {quantity.name for quantity in worked.graph}
    for place, name in mentions(worked.definition.source):
        if name not in known and name not in (wholes := called(worked.writer)):
            expected = f"the name of a quantity, a vector or a matrix{nearest(name, [*known, *wholes])}"
            raise worked.definition.source.error(place, f"`[[{name}]]`", expected)


def _hold(worked: Worked) -> None:
    """Raise `DefinitionError` where something that the definition claims does not hold."""
    for check in worked.graph.checks:
        if check.code == "claim" and failed(check, worked.trace.values):
            left, right = (worked.trace.shown[side] for side in check.sides)
            found = f"{infix(check.left)} = {left} and {infix(check.right)} = {right}"
            expected = f"the left side {check.relation} the right one"
            raise worked.definition.source.error(("claims", check.claim), found, expected)


def own_notation(worked: Worked) -> Worked:
    """The problem in the notation of its definition, whose quantities and rounding a claims file speaks of.

    What was published is compared in no other.
    """
    own = notation_for(worked.definition)
    return worked if own == worked.notation else work(worked.definition)


def load_worked(path: Path, notation: str | None = None) -> Worked:
    """Load a definition file and work it."""
    return work(load(path), notation)


def givens(worked: Worked) -> Mapping[str, tuple[str, ...]]:
    """The names of the given quantities by kind (`input`, `weight`, ...), in the definition's order."""
    found: dict[str, list[str]] = {}
    for quantity in worked.graph:
        if quantity.formula is None:
            found.setdefault(quantity.label.kind, []).append(quantity.name)
    return {kind: tuple(names) for kind, names in found.items()}
