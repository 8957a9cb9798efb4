"""Longhand: problem definitions -> worked solutions, worksheets, answer keys, programs and a website.

The public surface: load a definition, work it, render a document, verify what was rendered.

>>> from pathlib import Path
>>> from generator import load, render_document, work
>>> worked = work(load(Path("problems/networks/example_322.yml")))
>>> worked.trace.shown["E"]
'0.5932'
>>> solution = render_document(worked, "solution", "markdown")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator import resources

__version__ = resources.VERSION

# A verb has another name here than in its module where a package is called like it: `generator.render` is the package.
_HOMES = {
    "Definition": ("definitions.problem", "Definition"),
    "LonghandError": ("errors", "LonghandError"),
    "Truth": ("verify.truth", "Truth"),
    "Worked": ("pipeline", "Worked"),
    "compare_published": ("views.audit", "audit"),
    "load": ("definitions.problem", "load"),
    "program_source": ("render.program", "program"),
    "render_document": ("render.document", "render"),
    "solve_variants": ("solve.traces", "solve"),
    "verify_document": ("verify.document", "verify"),
    "work": ("pipeline", "work"),
}
__all__ = [
    "Definition",
    "LonghandError",
    "Truth",
    "Worked",
    "compare_published",
    "load",
    "program_source",
    "render_document",
    "solve_variants",
    "verify_document",
    "work",
]

if TYPE_CHECKING:
    from generator.definitions.problem import Definition, load
    from generator.errors import LonghandError
    from generator.pipeline import Worked, work
    from generator.render.document import render as render_document
    from generator.render.program import program as program_source
    from generator.solve.traces import solve as solve_variants
    from generator.verify.document import verify as verify_document
    from generator.verify.truth import Truth
    from generator.views.audit import audit as compare_published


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the command line starts quickly."""
    if name not in _HOMES:
        raise AttributeError(f"module `generator` has no attribute `{name}`")
    from importlib import import_module

    module, attribute = _HOMES[name]
    return getattr(import_module(f"generator.{module}"), attribute)
