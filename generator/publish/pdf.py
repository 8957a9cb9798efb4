"""Typst or LaTeX source -> PDF, the same bytes every time; a clear error where a compiler or a font is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

import typst

from generator.errors import PublishError

CJK_FONT = "Noto Serif CJK SC"
_CJK_PACKAGE = "fonts-noto-cjk (Debian, Ubuntu), google-noto-serif-cjk-fonts (Fedora), noto-fonts-cjk (Arch)"


def typst_pdf(source: str, language: str = "en", tagged: bool = True) -> bytes:
    """The PDF of a Typst document, tagged for who hears it read unless that is not wanted (tags take much room).

    Raises `PublishError` where it does not compile or a font is missing.
    """
    require_font(language)
    try:
        made = _compiler().compile(input=source.encode(), format="pdf", timestamp=0, pdf_tags=tagged)
    except typst.TypstError as error:
        raise PublishError(f"Typst could not set the document: {error}") from None
    assert isinstance(made, bytes)  # a PDF is one file; other formats are a list of pages
    return made


def typst_page(source: str, language: str = "en") -> str:
    """The first page of a Typst document as an SVG file whose letters are outlines."""
    require_font(language)
    try:
        made = _compiler().compile(input=source.encode(), format="svg")
    except typst.TypstError as error:
        raise PublishError(f"Typst could not set the document: {error}") from None
    first = made[0] if isinstance(made, list) else made
    assert isinstance(first, bytes)
    return first.decode()


@lru_cache
def _compiler() -> typst.Compiler:
    return typst.Compiler()


@lru_cache
def has_font(family: str) -> bool:
    """Whether Typst finds a font family on this machine."""
    return family in typst.Fonts().families()


def require_font(language: str) -> None:
    """Raise `PublishError` naming the package where the font that `language` needs is missing."""
    if language == "zh" and not has_font(CJK_FONT):
        raise PublishError(f"a PDF in Chinese needs the font {CJK_FONT}: install the package {_CJK_PACKAGE}")


def has_latex(language: str = "en") -> bool:
    """Whether the LaTeX that a language needs is installed."""
    return shutil.which("latexmk") is not None and shutil.which(_engine(language)) is not None


def _engine(language: str) -> str:
    return "xelatex" if language == "zh" else "pdflatex"


def latex_pdf(source: str, language: str = "en") -> bytes:
    """The PDF of a LaTeX document. Raises `PublishError` where LaTeX is missing or does not compile it."""
    engine = _engine(language)
    if not has_latex(language):
        raise PublishError(f"a PDF through LaTeX needs latexmk and {engine} (Debian: texlive-latex-extra, latexmk)")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.tex"
        path.write_text(_undated(source, engine), encoding="utf-8")
        flag = "-xelatex" if engine == "xelatex" else "-pdf"
        command = ["latexmk", flag, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", path.name]
        # The date and the folder would otherwise stand in the PDF.
        clock = {**os.environ, "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
        run = subprocess.run(command, cwd=folder, env=clock, capture_output=True, check=False)
        pdf = path.with_suffix(".pdf")
        if run.returncode or not pdf.is_file():
            log = path.with_suffix(".log")
            text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else run.stdout.decode()
            raise PublishError(f"{engine} could not set the document: {_first_error(text)}")
        return pdf.read_bytes()


def _undated(source: str, engine: str) -> str:
    if engine == "pdflatex":
        return "\\pdfinfoomitdate=1\\pdftrailerid{}\\pdfsuppressptexinfo=-1\n" + source
    return source


def _first_error(log: str) -> str:
    match = re.search(r"^! .*(?:\n.*){0,3}", log, re.MULTILINE)
    return " ".join(match[0].split()) if match else "no message"
