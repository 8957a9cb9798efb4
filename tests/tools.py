"""What some tests need beyond the Python packages that are always installed, and whether it is here."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

import pytest

from generator.publish.pdf import CJK_FONT, has_font

TOOLS: Mapping[str, Callable[[], bool]] = {
    "chromium": lambda: shutil.which("chromium") is not None and shutil.which("chromedriver") is not None,
    "tex": lambda: shutil.which("latexmk") is not None and shutil.which("pdflatex") is not None,
    "handcalcs": lambda: importlib.util.find_spec("handcalcs") is not None,
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


def latex_log(drawings: Iterable[str], folder: Path) -> str:
    """What LaTeX says of drawings, each a paragraph of its own; it reads them without an error."""
    body = "\n\n".join(f"\\noindent{drawing}" for drawing in drawings)
    packages = "\\usepackage[T1]{fontenc}\\usepackage{lmodern,amsmath,tikz}\\usetikzlibrary{arrows.meta}"
    head = f"\\documentclass{{article}}{packages}\\begin{{document}}"
    (folder / "a.tex").write_text(f"{head}\n{body}\n\\end{{document}}\n", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    run = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    log = (folder / "a.log").read_text(errors="replace")
    assert run.returncode == 0, log[-2000:]
    return log


needs_torch = pytest.mark.skipif(not is_here("torch"), reason="PyTorch is not installed")
