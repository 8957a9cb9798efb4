"""Where the templates and the shipped problems are: beside the package in the repository, inside it in a wheel.

A user's own `templates/` folder overrides the shipped one file by file.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

VERSION = "0.1.0"
_HERE = Path(__file__).resolve().parent


@lru_cache
def shipped(folder: str) -> Path:
    """The shipped folder called `folder` (`templates`, `problems` or `site`)."""
    inside = _HERE / "data" / folder
    return inside if inside.is_dir() else _HERE.parent / folder


def template_folders() -> tuple[Path, ...]:
    """The folders to look in for templates, the user's own first (`./templates`, or `LONGHAND_TEMPLATES`)."""
    own = Path(os.environ.get("LONGHAND_TEMPLATES", "templates")).resolve()
    folders = (own, shipped("templates").resolve())
    return tuple(dict.fromkeys(folder for folder in folders if folder.is_dir()))


def find(*parts: str) -> Path | None:
    """The template file at `parts`, from the first folder that has it."""
    for folder in template_folders():
        path = folder.joinpath(*parts)
        if path.is_file():
            return path
    return None


def names(folder: str, suffix: str) -> tuple[str, ...]:
    """The names (without `suffix`) of all template files in `folder`, sorted."""
    found = {
        path.name.removesuffix(suffix) for base in template_folders() for path in (base / folder).glob(f"*{suffix}")
    }
    return tuple(sorted(found))
