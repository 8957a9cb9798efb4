"""Names -> whether the formats can set them: which letters the fonts of this machine have, and which LaTeX knows."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import typst

from generator.render.formats import escape_typst

_PLAIN = 0x180  # Latin letters up to here are in every font
_T1 = frozenset("ßøØæÆœŒłŁđĐðÐþÞıŋŊ")  # Latin letters without an accent that LaTeX's T1 encoding has
_CHUNK = 500


def without_font(texts: Sequence[str]) -> str | None:
    """The first text with a letter that no font of this machine has (`None`: all can be set)."""
    strange = [text for text in texts if any(ord(letter) >= _PLAIN for letter in text)]
    compiler = typst.Compiler()
    for start in range(0, len(strange), _CHUNK):
        chunk = strange[start : start + _CHUNK]
        if not _all_set(compiler, chunk):
            return next(text for text in chunk if not _all_set(compiler, [text]))
    return None


def _all_set(compiler: typst.Compiler, texts: Sequence[str]) -> bool:
    """Whether an archival PDF can be made of the texts: its standard forbids letters that are missing in the fonts."""
    lines = "\n\n".join(map(escape_typst, texts))
    source = f'#set document(title: "names", date: auto)\n#set text(font: "New Computer Modern")\n{lines}'
    try:
        compiler.compile(input=source.encode(), format="pdf", pdf_standards="a-2b", timestamp=0)
    except typst.TypstError:
        return False
    return True


def without_latex(texts: Sequence[str], language: str) -> str | None:
    """The first text with a letter that the LaTeX documents of a language cannot set (`None`: there is none)."""
    return next((text for text in texts if not all(_latex_has(letter, language) for letter in text)), None)


def _latex_has(letter: str, language: str) -> bool:
    if letter.isascii() or letter in _T1:
        return True
    if language == "zh" and unicodedata.name(letter, "").startswith("CJK UNIFIED"):
        return True
    base = unicodedata.normalize("NFD", letter)
    return ord(letter) < _PLAIN and base[0].isascii() and base[0].isalpha()
