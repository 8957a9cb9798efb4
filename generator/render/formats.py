"""A format's name -> how it prints mathematics, escapes text and sets each element of a document."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from traceback import extract_tb
from typing import Any, NoReturn

import jinja2

from generator import resources
from generator.errors import RenderError
from generator.formula.greek import GREEK
from generator.render.language import load_words
from generator.typeset.boxes import Box
from generator.typeset.latex import LATEX_THIN, latex, plain_gap
from generator.typeset.mathml import mathml
from generator.typeset.numerals import THIN
from generator.typeset.text import reach, text
from generator.typeset.typst import TYPST_THIN, typst

_MARKDOWN = re.compile(r"([\\`*_\[\]<>$|#~]|&(?=#?\w+;))")
_LIST = re.compile(r"^(\d*)([-+]|(?<=\d)[.)])(?= |$)")  # what would begin a list at the start of a paragraph
_WEB = re.compile(r"[\\`*_\[\]<>$|#~&{}]")  # braces too: at the end of a heading they hold attributes
_SIGNS = {
    **{letter: f"\\{name}" for name, letter in GREEK.items()},
    "−": "-", "×": r"\times", "·": r"\cdot", "≈": r"\approx", "≠": r"\neq", "≤": r"\leq", "≥": r"\geq", "→": r"\to",
    "½": "1/2", "²": "^2", "³": "^3", "′": "'", "∞": r"\infty", "√": r"\surd", "⊙": r"\odot",
}  # fmt: skip
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    '"': r"\textquotedbl{}", "`": r"\textasciigrave{}",
    # Signs by ensuremath, because dollar signs are for formulas, which are read back and checked.
    **{sign: rf"\ensuremath{{{tex}}}" for sign, tex in _SIGNS.items()},
}  # fmt: skip
_LIGATURES = re.compile(r"([-'])(?=\1)")  # in LaTeX -- and '' would become one sign
_TYPST = re.compile(r"([\\#$*_`<>@\[\]~=/\-+'\"]|\.(?=\.\.))")


def escape_markdown(words: str) -> str:
    """Text that Markdown shows as it is. Line breaks become spaces, so that no line can begin a block."""
    return _LIST.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\1", " ".join(words.split())))


def escape_latex(words: str) -> str:
    """Text that LaTeX shows as it is."""
    return _LIGATURES.sub(r"\1{}", "".join(_LATEX.get(letter, letter) for letter in " ".join(words.split())))


def escape_typst(words: str) -> str:
    """Text that Typst shows as it is."""
    return _LIST.sub(r"\1\\\2", _TYPST.sub(r"\\\1", " ".join(words.split())))


def escape_web(words: str) -> str:
    """Text for a page that Markdown turns into HTML: safe in both."""
    return _WEB.sub(lambda match: f"&#{ord(match[0])};", " ".join(words.split()))


@dataclass(frozen=True)
class Format:
    """One text format. `math` prints boxes; `escape` makes words literal; `suffix` ends its files' names.

    The looks of all elements are the macros of `templates/formats/<name>.j2`, reached by `macro`.
    """

    name: str
    suffix: str
    math: Callable[[Box], str]
    escape: Callable[[str], str]
    stacks: bool = True  # whether there can be rows inside a formula
    thin: str = THIN  # the space between groups of digits

    def macro(self, name: str, *args: object) -> str:
        """The text of a macro of the format file. Raises `RenderError` where the file has no such macro."""
        made: Callable[..., str] | None = getattr(_module(self.name), name, None)
        if made is None:
            raise RenderError(f"templates/formats/{self.name}.j2 has no macro `{name}`")
        return str(made(*args))

    def inline(self, box: Box) -> str:
        """Mathematics inside a sentence."""
        return self.macro("inline", self.math(box))


FORMATS: Mapping[str, Format] = {
    row.name: row
    for row in (
        Format("markdown", ".md", lambda box: latex(box, plain_gap), escape_markdown, thin=LATEX_THIN),
        Format("latex", ".tex", latex, escape_latex, thin=LATEX_THIN),
        Format("typst", ".typ", typst, escape_typst, thin=TYPST_THIN),
        Format("web", ".web.md", mathml, escape_web),
        Format("terminal", ".txt", text, lambda words: " ".join(words.split()), stacks=False),
    )
}


def format_for(name: str) -> Format:
    """The format called `name`. Raises `RenderError` where there is none."""
    if name not in FORMATS:
        raise RenderError(f"there is no format `{name}`: expected one of {', '.join(FORMATS)}")
    return FORMATS[name]


class _Environment(jinja2.Environment):
    """Jinja whose errors say in which template and on which line they are, as every other error does."""

    def handle_exception(self, source: str | None = None) -> NoReturn:
        """Raise what went wrong in a template; every such error comes through here."""
        try:
            super().handle_exception(source)
        except jinja2.TemplateError as error:
            frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
            place = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
            raise RenderError(f"{place}{error.message}") from error


@lru_cache
def environment() -> jinja2.Environment:
    """The one Jinja environment: delimiters that no format's own braces collide with, nothing undefined passes.

    Escaping is explicit (each format's own `escape`): no single automatic escaping is right for four formats.
    """
    made = _Environment(
        loader=jinja2.FileSystemLoader([str(folder) for folder in resources.template_folders()]),
        block_start_string="<%", block_end_string="%>",
        variable_start_string="<<", variable_end_string=">>",
        comment_start_string="<#", comment_end_string="#>",
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined, autoescape=False,
    )  # fmt: skip
    made.filters["reach"] = reach
    return made


@lru_cache
def _module(name: str) -> Any:
    try:
        return environment().get_template(f"formats/{name}.j2").module
    except jinja2.TemplateNotFound:
        raise RenderError(f"there is no templates/formats/{name}.j2") from None


def forget_templates() -> None:
    """Read every template and language file anew (a site that reloads calls this)."""
    environment.cache_clear()
    _module.cache_clear()
    load_words.cache_clear()
