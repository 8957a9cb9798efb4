"""Scaled dot-product attention: its matrices, heads and masks."""

from generator.kinds.attention.kind import STARTER, Definition, build, check

__all__ = ["STARTER", "Definition", "build", "check"]
