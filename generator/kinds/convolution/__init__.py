"""Pipelines over signals and images: their layers, how windows lie, and what they make."""

from generator.kinds.convolution.kind import STARTER, Definition, build, check

__all__ = ["STARTER", "Definition", "build", "check"]
