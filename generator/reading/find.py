"""Document -> the mathematics in it, with line numbers; code, comments and preambles are passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.reading import Found

_MARKDOWN = re.compile(
    r"(?P<skip>^(?P<fence>[ >]*(?:```+|~~~+))[^\n]*\n.*?(?:^(?P=fence)[`~]*[ ]*$|\Z)"
    r"|<!--.*?-->|(?P<ticks>`+).+?(?P=ticks)(?!`)|\\[\\$`])"
    r"|\$\$(?P<display>.*?)\$\$"
    r"|(?<!\$)\$(?![\s$])(?P<inline>(?:\\.|[^$\\\n])*?(?<![\s\\]))\$(?![\d$])"
    r"|(?P<open>\$\$)",
    re.DOTALL | re.MULTILINE,
)
_LATEX_ROWS = r"align\*?|equation\*?|gather\*?"
_LATEX = re.compile(
    r"(?P<skip>\\verb(?P<bar>[^A-Za-z\s*]).*?(?P=bar)"
    r"|\\begin\{(?P<code>verbatim|lstlisting|minted|comment)\}.*?\\end\{(?P=code)\}|\\\\|\\[$%]|%[^\n]*)"
    r"|\\\[(?P<display>.*?)\\\]"
    r"|\\\((?P<round>.*?)\\\)"
    rf"|\\begin\{{(?P<rows>{_LATEX_ROWS})\}}(?P<body>.*?)\\end\{{(?P=rows)\}}"
    r"|\$\$(?P<dollars>.*?)\$\$"
    r"|\$(?P<inline>(?:\\.|[^$\\])+)\$"
    rf"|(?P<open>\\\[|\\\(|\$|\\begin\{{(?:{_LATEX_ROWS})\}})",
    re.DOTALL,
)
_HTML = re.compile(
    r"(?P<skip><!--.*?-->|<(?P<code>script|style|pre|code|template)\b.*?</(?P=code)>)"
    r"|(?P<math><math\b[^>]*>.*?</math>)"
    r"|(?P<open><math\b|</math>)",
    re.DOTALL,
)


def find_markdown(text: str) -> Iterator[Found]:
    """`$$...$$` and `$...$` outside of code, comments and front matter."""
    front = re.match(r"---\n.*?\n---\n", text, re.DOTALL)
    for found in _matches(_MARKDOWN, text, front.end() if front else 0):
        # Inside a quotation each further line begins with the sign of quotation.
        yield Found(re.sub(r"\n[ ]*>[ ]?", "\n", found.text), found.line, found.problem)


def find_latex(text: str) -> Iterator[Found]:
    """`\\[...\\]`, `\\(...\\)`, dollars and display environments in the body of a document (or in a part of one)."""
    begin = re.search(r"^[^%\n]*\\begin\{document\}", text, re.MULTILINE)
    return _matches(_LATEX, text, begin.end() if begin else 0)


def find_html(text: str) -> Iterator[Found]:
    """The `math` elements of a page."""
    return _matches(_HTML, text, 0)


def _matches(pattern: re.Pattern[str], text: str, start: int) -> Iterator[Found]:
    line, counted = text.count("\n", 0, start) + 1, start
    for match in pattern.finditer(text, start):
        if match["skip"] is not None:
            continue
        part = match.lastgroup or ""
        begin = match.start(part)
        line, counted = line + text.count("\n", counted, begin), begin
        if part == "open":
            problem = f"`{match['open']}` has no counterpart"
            yield Found(text[begin : begin + 60].partition("\n")[0], line, problem)
        else:
            yield Found(match[part], line)


_TYPST = re.compile(
    r"(?<!:)//[^\n]*|/\*.*?\*/|(?P<ticks>`+).*?(?P=ticks)|\\.|\"(?:\\.|[^\"\\])*\"|[^\\\"$#`/\[\](){}\n]+|.", re.DOTALL
)
_TYPST_CODE = re.compile(r"#(?:(?P<line>let|set|show|import|include)\b|(?:if|for|while)\b|[A-Za-z_][\w.-]*|(?=[({\[]))")
_TYPST_END = re.compile(r"(?:\\.|\"[^\"]*\"|[^$\\\"])*\$", re.DOTALL)
_CLOSES = {"(": ")", "[": "]", "{": "}"}


def find_typst(text: str) -> Iterator[Found]:
    """`$...$` in the text of a document and in the content that its code holds; definitions are passed over."""
    modes = ["]"]  # what closes the bracket that we stand in; in `]` text, in `)` and `}` code
    at, definition = 0, False
    line, counted = 1, 0
    while at < len(text):
        match = _TYPST.match(text, at)
        assert match is not None
        piece = match[0]
        is_text = modes[-1] == "]"
        if piece == "#" and is_text:
            code = _TYPST_CODE.match(text, at)
            definition = definition or bool(code and code["line"] and len(modes) == 1)
            at = code.end() if code else at + 1
            # What follows a name directly belongs to it: arguments, then content.
            if code and text[at : at + 1] in ("(", "{") and not definition:
                modes.append(_CLOSES[text[at]])
                at += 1
            continue
        if piece == "$":
            end = _TYPST_END.match(text, at + 1)
            line, counted = line + text.count("\n", counted, at), at
            if end is None:
                yield Found(text[at : at + 60].partition("\n")[0], line, "`$` has no counterpart")
                return
            if not definition:
                yield Found(text[at + 1 : end.end() - 1], line)
            at = end.end()
            continue
        if piece[0] == '"' and is_text and not definition:
            piece = '"'  # a quotation mark in text
        elif piece in _CLOSES and (not is_text or piece == "[" or definition):
            modes.append(_CLOSES[piece])
        elif piece == modes[-1] and len(modes) > 1:
            modes.pop()
        elif piece == "\n" and len(modes) == 1:
            definition = False
        at += len(piece)
