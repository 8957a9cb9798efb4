"""One statement as it was read -> what is shared by all ways of holding it against the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from generator.errors import FormulaError
from generator.formula.tree import Formula, Ref
from generator.graph.quantities import updated_name
from generator.reading.chains import ASSIGN
from generator.solve.exact import Undecided, Undefined
from generator.verify.truth import Truth


@dataclass
class Examined:
    """One statement under examination: its sides, what stands between them, and what has been found.

    `formulas` are those of what it is about, as far as it has been read.
    """

    trees: list[Formula]
    relations: tuple[str, ...]
    truth: Truth
    checked: int = 0
    reasons: list[str] = field(default_factory=list)
    formulas: list[Formula] = field(default_factory=list)

    def assigned(self) -> Formula:
        """The first side; in an assignment its symbol names the old value of what is assigned."""
        first, graph = self.trees[0], self.truth.graph
        if self.relations[:1] == (ASSIGN,) and isinstance(first, Ref):
            new = updated_name(first.name)
            return Ref(new) if new in graph or new in graph.tensor else first
        return first

    def guarded(self, examine: Callable[[], None]) -> None:
        """Examine; a side that cannot be worked is a reason why the statement is not true."""
        try:
            examine()
        except FormulaError as error:
            self.reasons.append(str(error))
        except (Undecided, Undefined) as error:
            self.reasons.append(f"a side has no value: {error}")
