"""Fully connected networks: their definition, their checks, and their forward pass."""

from generator.kinds.network.kind import STARTER, Definition, build, check

__all__ = ["STARTER", "Definition", "build", "check"]
