"""An author's text -> text in a format: paragraphs, *emphasis*, `code`, [[symbols]] and [[symbols=]] with values.

A symbol is that of a quantity, or of a whole vector or matrix by the name that its entries share: `[[A]]` of `A_1_1`.
"""

from __future__ import annotations

import re

from generator.errors import GraphError, RenderError
from generator.formula.greek import spelled
from generator.notation.called import called
from generator.render.blocks import Setter

# Chinese letters and punctuation: a line break of the definition file between two of them is no space.
_CJK = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_FOLDED = re.compile(rf"(?<={_CJK})\s+(?={_CJK})")
_MARK = re.compile(r"\[\[\s*([^\]=\s]+)\s*(=?)\s*\]\]|\*([^*\s][^*]*)\*|`([^`]+)`")


def paragraphs(text: str, setter: Setter, secret: bool = False) -> list[str]:
    """The paragraphs of an author's text, which blank lines separate, in the setter's format.

    `secret`: `[[...=]]` shows the value of a given quantity only (on a worksheet, others are asked for). Raises
    `RenderError` where `[[...]]` names nothing that there is.
    """
    parts = re.split(r"\n\s*\n|\n(?=\n)", text.strip())
    return [marked(_FOLDED.sub("", part), setter, secret) for part in parts if part.strip()]


def marked(text: str, setter: Setter, secret: bool = False) -> str:
    """One paragraph with its marks set and everything else literal (`secret` as in `paragraphs`)."""
    graph = setter.worked.graph
    out, at = "", 0
    for match in _MARK.finditer(text):
        out += setter.literal(text[at : match.start()])
        name, valued, emphasis, code = match.groups()
        if name:
            name = spelled(name)
            try:
                shown = valued and not (secret and graph[name].formula is not None)
                out += setter.valued(name) if shown else setter.format.inline(setter.symbol(name))
            except (GraphError, KeyError):
                whole = None if valued else called(setter.worked.writer).get(name)
                if whole is None:
                    one = "quantity with a number" if valued else "quantity, vector or matrix"
                    raise RenderError(f"the text `{match[0]}` names no {one} of the problem") from None
                out += setter.format.inline(whole)
        elif emphasis:
            out += setter.format.macro("emphasis", setter.format.escape(emphasis))
        else:
            out += setter.format.macro("code", setter.format.escape(code))
        at = match.end()
    return out + setter.literal(text[at:])
