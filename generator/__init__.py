"""Longhand: problem definitions -> worked solutions, worksheets, answer keys, programs and a website.

The public surface: load a definition, work it, render a document, verify what was rendered.

>>> from pathlib import Path
>>> from generator import load, render, work
>>> worked = work(load(Path("problems/networks/example_322.yml")))
>>> worked.trace.shown["E"]
'0.5932'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "load": "generator.problem",
    "work": "generator.pipeline",
    "Worked": "generator.pipeline",
    "render": "generator.render",
    "audit": "generator.audit",
    "verify": "generator.verify",
    "Truth": "generator.truth",
    "program": "generator.program",
    "solve": "generator.solve",
    "LonghandError": "generator.errors",
}
__all__ = ["LonghandError", "Truth", "Worked", "audit", "load", "program", "render", "solve", "verify", "work"]

if TYPE_CHECKING:
    from generator.audit import audit
    from generator.errors import LonghandError
    from generator.pipeline import Worked, work
    from generator.problem import load
    from generator.program import program
    from generator.render import render
    from generator.solve import solve
    from generator.truth import Truth
    from generator.verify import verify


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that starting the command line stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module `generator` has no attribute `{name}`")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
