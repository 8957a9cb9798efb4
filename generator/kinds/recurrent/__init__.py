"""Recurrent networks: their cells, and the same cell at every time step."""

from generator.kinds.recurrent.kind import STARTER, Definition, build, check

__all__ = ["STARTER", "Definition", "build", "check"]
