"""What some tests need beyond the Python packages that are always installed, and whether it is here."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Mapping
from functools import cache

import pytest

from generator.publish.pdf import CJK_FONT, has_font

TOOLS: Mapping[str, Callable[[], bool]] = {
    "chromium": lambda: shutil.which("chromium") is not None and shutil.which("chromedriver") is not None,
    "tex": lambda: shutil.which("latexmk") is not None and shutil.which("pdflatex") is not None,
    "torch": lambda: importlib.util.find_spec("torch") is not None,
    "cjk font": lambda: has_font(CJK_FONT),
}


@cache
def is_here(tool: str) -> bool:
    """Whether a tool is installed."""
    return TOOLS[tool]()


def need(*tools: str) -> None:
    """Skip the test where a tool is missing (or fail it, where everything is required)."""
    missing = [tool for tool in tools if not is_here(tool)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


needs_torch = pytest.mark.skipif(not is_here("torch"), reason="PyTorch is not installed")
