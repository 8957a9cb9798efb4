"""Any computation by named formulas, with derivatives and repeated updates where they are asked for."""

from generator.kinds.formulas.kind import STARTER, Definition, build, check

__all__ = ["STARTER", "Definition", "build", "check"]
