"""Every document in every format and language: complete, the same every time, and literal about its author's words."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import jinja2
import jinja2.meta
import markdown
import pytest
import yaml
from markdown_it import MarkdownIt
from networks import dense, random_network, yaml_text
from pypdf import PdfReader
from shipped import ALL as SHIPPED
from shipped import SAMPLE

from generator import resources
from generator.definitions.problem import kind_names, load
from generator.derive.matrix_equations import is_in_matrices
from generator.errors import PublishError, RenderError
from generator.graph.families import families
from generator.graph.quantities import Role, derivative_name
from generator.notation.files import notation_names
from generator.pipeline import Worked, load_worked, work
from generator.publish.pdf import has_latex, latex_pdf, typst_pdf
from generator.render import language
from generator.render.blocks import Setter
from generator.render.contents import CONTENTS
from generator.render.document import DOCUMENTS, render
from generator.render.formats import FORMATS, environment, format_for
from generator.render.language import Words, language_names, load_words
from generator.render.paper import Paper
from generator.views.worksheet import LEVELS

PROBLEMS = SAMPLE
IDS = [path.stem for path in PROBLEMS]
EXAMPLE = Path("problems/networks/example_322.yml")
LANGUAGES = language_names()


@cache
def worked_problem(path: Path) -> Worked:
    return load_worked(path)


@cache
def in_notation(path: Path, notation: str) -> Worked:
    """A problem in any notation, without its training, which would take longer than all the rest."""
    definition = load(path)
    problem = definition.problem.model_copy(update={"training": None})
    return work(definition.model_copy(update={"problem": problem}), notation)


def variants(worked: Worked) -> Iterator[tuple[str, str | None]]:
    """The documents that a problem has, each at its levels."""
    for document in DOCUMENTS:
        if document == "audit" and not worked.definition.claims.is_file():
            continue
        for level in LEVELS if document in ("worksheet", "key") else (None,):
            yield document, level


# --- every document --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_every_document_renders(path: Path, format_name: str, code: str) -> None:
    worked = worked_problem(path)
    words, escape = load_words(code), format_for(format_name).escape
    for document, level in variants(worked):
        text = render(worked, document, format_name, code, level=level)
        title = worked.problem.text(worked.problem.title, code)
        assert escape(title) in text
        assert escape(words(f"documents.{document}")) in text
        assert not re.search(r"<<|>>|<%|%>|Undefined|\bNone\b", text)
        fields = set(re.findall(r"(?<![\\\w}^])\{(\w+)=?\}", text)) & _fields(words.texts.values())
        assert not fields or format_name in ("latex", "markdown")  # there braces are mathematics
        if level in (None, "open"):
            part = render(worked, document, format_name, code, level=level, standalone=False)
            assert len(part) < len(text)
        if document in ("solution", "worksheet"):
            setter = Setter(worked, format_for(format_name), words)
            grids = families(worked.graph)
            in_grids = {name for grid in grids for name in grid.names}
            given = {quantity.name for quantity in worked.graph.of_role(Role.GIVEN)}
            assert all(setter.valued(name) in text for name in given - in_grids)
            assert all(setter.format.inline(worked.writer.label_box(grid.label)) in text for grid in grids)
        if document == "solution":
            for section in worked.sections():
                own = f"sections.{worked.problem.kind}.{section.code}"
                heading = words(own if words.has(own) else f"sections.{section.code}")
                assert "{group}" in heading or escape(heading) in text


def test_documents_and_templates_are_the_same() -> None:
    assert set(DOCUMENTS) == set(CONTENTS) == set(resources.names("documents", ".j2")) - {"statement"}
    assert set(FORMATS) == set(resources.names("formats", ".j2"))


def test_what_is_not_there_is_named() -> None:
    worked = worked_problem(EXAMPLE)
    for document, format_name, code, level, found in (
        ("essay", "markdown", "en", None, "essay"),
        ("solution", "word", "en", None, "word"),
        ("solution", "markdown", "xx", None, "xx"),
        ("worksheet", "markdown", "en", "hard", "hard"),
    ):
        with pytest.raises(RenderError, match=f"`{found}`.*expected one of"):
            render(worked, document, format_name, code, level=level)


def _fields(texts: object) -> set[str]:
    return {match for text in texts for match in re.findall(r"\{(\w+)=?\}", text)}


# --- the solution ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_a_solution_in_full_has_every_quantity(path: Path) -> None:
    for notation in notation_names():
        worked = in_notation(path, notation)
        graph, trace = worked.graph, worked.trace
        text = render(worked, "solution", "markdown", detail="all")
        body = text[text.index("\n## ", text.index("\n## ") + 1) :]
        plain = re.sub(r"\\phantom\{[^}]*\}", "", text)  # what lines the points of a column up is no part of a number
        numbers = set(re.findall(r"(?<![\w.}])-?\d+(?:\.\d+)?", plain))
        setter = Setter(worked, format_for("markdown"), load_words("en"))
        targets = [derivative_name(done.loss, name) for done in graph.differentiated for name in done.targets]
        needed = graph.needed(*(done.loss for done in graph.differentiated if done.loss), *targets)
        if is_in_matrices(graph, worked.writer):  # vectors and matrices, whose entries are the quantities
            for tensor in (made for made in graph.tensors if made.label.kind != "ones"):
                assert setter.format.math(setter.symbol(tensor.name)) in body, tensor.name
                assert {trace.shown[name] for name in tensor.names} <= numbers, tensor.name
            continue
        for quantity in graph:
            if quantity.name not in needed and quantity.role not in (Role.UPDATE, Role.AFTER):
                continue
            name = quantity.name
            if quantity.label.kind == "updated" and worked.notation.assign == ":=":
                name = quantity.label.of  # in place: the old name stands on the left
            assert setter.format.math(setter.symbol(name)) in (text if quantity.formula is None else body), name
            assert trace.shown[quantity.name] in numbers, quantity.name


@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_the_first_of_each_kind_is_less_than_all(path: Path) -> None:
    worked = worked_problem(path)
    first, whole = (render(worked, "solution", "markdown", detail=detail) for detail in ("first", "all"))
    assert first.count("=") <= whole.count("=")
    assert render(worked, "solution", "markdown") == (first if worked.problem.detail == "first" else whole)


@pytest.mark.parametrize("notation", notation_names())
@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_any_problem_in_any_notation(path: Path, notation: str) -> None:
    worked = in_notation(path, notation)
    for format_name in FORMATS:
        for document in ("solution", "worksheet", "key"):
            text = render(worked, document, format_name)
            shown = worked.trace.shown[worked.graph.loss or worked.graph.quantities[-1].name]
            assert shown in text or document == "worksheet"
    assert typst_pdf(render(worked, "solution", "typst")).startswith(b"%PDF")


# --- languages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", LANGUAGES)
def test_languages_have_the_same_keys_and_fields(code: str) -> None:
    english, other = load_words("en").texts, load_words(code).texts
    assert set(other) == set(english)
    for key, text in english.items():
        assert set(re.findall(r"\{\w+=?\}", other[key])) == set(re.findall(r"\{\w+=?\}", text)), key
        assert other[key].strip(), key


# What is called so in any language.
NAMES = {
    "Python",
    "NumPy",
    "PyTorch",
    "JavaScript",
    "YAML",
    "JSON",
    "PDF",
    "ReLU",
    "ELU",
    "GELU",
    "SiLU",
    "softplus",
    "softmax",
    "Huber",
    "dropout",
    "inverted",
}
NAMES |= {"Nesterov", "Adagrad", "Adadelta", "RMSProp", "RMS", "Adam", "AdaMax", "Nadam", "AMSGrad", "AdamW", "Lion"}
NAMES |= {"softsign", "Mish", "swish", "KL"}
NAMES |= {"Python", "NumPy", "PyTorch", "JavaScript", "YAML", "PDF"}
NAMES |= {"fwd", "bwd", "cut"}  # in the symbols of recurrent networks


def test_chinese_is_chinese() -> None:
    han = r"[\u4e00-\u9fff]"
    for key, text in load_words("zh").texts.items():
        assert not re.search(rf"{han}\s*[,;:.?!()]|[,;:?!()]\s*{han}", text), f"{key}: Western punctuation"
        assert not re.search(
            rf"{han}\{{(?!function|mode|group|bias)|(?<!function)(?<!mode)(?<!name)(?<!bias)(?<!group)\}}{han}", text
        ), f"{key}: no space between letters and a formula"
        words = set(re.findall(r"[A-Za-z]{2,}", re.sub(r"\{\w+=?\}|`\w+`", "", text)))
        assert words <= NAMES, key


@pytest.fixture(scope="module")
def reached() -> frozenset[str]:
    """The codes of the words that rendering asks for: every document of every problem, and of made ones."""
    asked: set[str] = set()
    patch = pytest.MonkeyPatch()
    patch.setattr(Words, "__call__", lambda self, code: (asked.add(code), self.texts[code])[1])
    try:
        for path in PROBLEMS:
            for document, level in variants(worked_problem(path)):
                render(worked_problem(path), document, "markdown", level=level)
        for worked in _samples():
            render(worked, "solution", "markdown", detail="all")
        render(load_worked(Path("problems/circuits/chain_rule_circuit.yml")), "worksheet", "markdown")
    finally:
        patch.undo()
    return frozenset(asked)


def _samples() -> Iterator[Worked]:
    yield from (in_notation(path, notation) for path in PROBLEMS for notation in notation_names())
    for shipped in ("batch_of_three", "online_learning", "mini_batches"):
        yield load_worked(Path(f"problems/batches/{shipped}.yml"))
    for shipped in ("attention/attention_gradients", "attention/causal_mask", "optimizers/adam_three_steps"):
        yield load_worked(Path(f"problems/{shipped}.yml"), "matrix")
    for ties in ("first", "last", "shared"):  # windows in matrices: apart, turned round, trained and over equal entries
        for largest in ("max_pooling", "average_pooling"):
            yield _made(_windows(ties, largest), "matrix")
    for stride, padding in (("22", "11"), ("21", "00"), ("12", "01"), ("11", "00")):
        for notation in (None, "matrix"):
            yield _made(_laid(list(stride), list(padding)), notation)
    for vectors in ("column", "row"):  # a batch and softmax in matrices
        data = dense((2, 2, 2))
        data["layers"][-1]["activation"] = "softmax"
        several = {group: {name: ["0.5", "0.25"] for name in data[group]} for group in ("inputs", "targets")}
        several["targets"][list(data["targets"])[-1]] = ["0.5", "0.75"]
        yield _made({**data, **several, "loss": "cross_entropy", "vectors": vectors}, "matrix")
    several = {"W": [["1", "2"], ["3", "4"]], "x": ["1", "2"], "t": ["1", "0"]}
    lines = {"h": "tanh(W @ x)", "z": "W @ x", "a": "tanh(z)", "f": "sum((a - t) * (a - t))"}
    asked = {"of": "f", "wrt": ["W"]}
    named = {"kind": "formulas", "title": "made", "givens": several, "formulas": lines, "differentiate": asked}
    yield _made(named, "matrix")
    cell = {"W": [["1", "0"], ["0", "1"]], "U": [["1", "0"], ["0", "1"]], "V": [["1", "1"]]}
    memory = {"kind": "recurrent", "title": "made", "inputs": [["1", "0"]], "weights": cell, "targets": ["1"]}
    yield _made({**memory, "output_activation": "tanh"}, "matrix")
    for seed in range(12):
        data = random_network(seed, layers=2, units=2)
        if seed == 1:
            yield _made({**dense((2, 2)), "vectors": "row"}, "matrix")
            yield _made({**dense((2, 2)), "clip": {"value": "1"}}, "matrix")
            yield _made(dense((2, 9, 2)), "matrix")
        if seed % 3 == 0:  # so long a step drives some functions to numbers that are too small to be written out
            squares = ["half_squared_error", "squared_error"]
            data = random_network(seed, layers=2, units=2, activations=["relu", "tanh", "identity"], losses=squares)
            own = {"extends": "default", "chain": "delta", "rounding": {"mode": "half_up", "carry": "shown"}}
            yield _made({**data, "learning_rate": {"eta": "100"}, "notation": own})
        else:
            yield _made(data, notation_names()[seed % len(notation_names())])


def _laid(stride: list[str], padding: list[str]) -> dict[str, object]:
    layer = {"name": "y", "filters": {"k": [["1", "-1"], ["0", "1"]]}, "stride": stride, "padding": padding}
    asked = {"differentiate": ["filters"], "learning_rate": {"eta": "0.1"}, "update": ["filters"]}
    made = {"kind": "convolution", "title": "made", "input": {"x": [["1", "2"], ["3", "4"]]}, "targets": {"t": "0"}}
    layers = [{"transposed_convolution": layer}, {"average_pooling": {"name": "p", "size": "all"}}]
    return {**made, "layers": layers, **asked}


def _windows(ties: str, pooling: str) -> dict[str, object]:
    image = [["1", "1", "2", "2", "3"][place % 5 :] + ["0"] * (place % 5) for place in range(5)]
    first = {"name": "z", "filters": {"k": [["1", "-1"], ["0", "1"]]}, "padding": ["1", "0"], "biases": {"b": "0"}}
    second = {"name": "r", "filters": {"q": [["0.5", "1"], ["1", "0.5"]]}, "stride": "2", "flip": "true"}
    layers = [
        {"convolution": first},
        {"activation": {"name": "h", "function": "relu"}},
        {"convolution": second},
        {pooling: {"name": "p", "size": ["2", "1"], "stride": "1"}},
        {"flatten": {}},
        {"dense": {"name": "y", "weights": {"w": ["1", "0.5", "-1", "1"]}}},
    ]
    asked = {"differentiate": ["filters"], "learning_rate": {"eta": "0.1"}, "update": ["filters"], "ties": ties}
    made = {"kind": "convolution", "title": "made", "input": {"x": image}, "layers": layers, "targets": {"t": "1"}}
    return made | asked


def _made(data: dict[str, object], notation: str | None = None) -> Worked:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.yml"
        path.write_text(yaml_text(data), encoding="utf-8")
        return load_worked(path, notation)


def _literals() -> Iterator[str]:
    """Every text in the code and in the templates that could be a code of words, or the beginning of one."""
    for path in sorted(Path("generator").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    for path in sorted(Path("templates").rglob("*.j2")):
        yield from re.findall(r"\"([\w.]+)\"", path.read_text(encoding="utf-8"))


OPEN = (
    "sets.checks.",
    "sets.advice.",
    "sets.kinds.",
    "kinds.",
    "groups.",
    "functions.",
    "modes.",
    "documents.",
    "levels.",
    "roles.",
    "site.",
    "program.",
    "difficulty.",
    "optimizers.",
    "places.",
)


def test_every_word_is_used(reached: frozenset[str]) -> None:
    groups = {code.split(".")[-1] for code in load_words("en").texts if code.startswith("groups.")}
    literals = set(_literals())
    literals |= groups | {text.partition(".")[2] for text in literals if text.startswith("texts.")}
    whole = {text for text in literals if "." in text and not text.endswith(".")}
    starts = {text for text in literals if re.fullmatch(r"[a-z]+\.(?:[a-z]+[_.])?", text)} & set(OPEN)
    unused = {
        code
        for code in load_words("en").texts
        if code not in reached and code not in whole and not code.startswith(tuple(starts)) and code != "name"
    }
    assert not "\n".join(sorted(code for code in unused if not _is_made(code, literals)))
    assert not _is_made("steps.matrix_hidden_knob", literals), "a word of pieces that are nowhere"


def _is_made(code: str, literals: set[str]) -> bool:
    """Whether a code is put together from texts of the code: a kind's or not, and then a rule in one to four pieces."""
    place, *kind, name = code.split(".")
    known = place in ("steps", "texts", "sections", "conventions", "worksheet") and set(kind) <= set(kind_names())
    return known and _in_pieces(name, literals, 4)


def _in_pieces(name: str, literals: set[str], most: int) -> bool:
    if name in literals:
        return True
    ends = (end for end in range(3, len(name) - 2) if most > 1 and name[:end] in literals)
    return any(_in_pieces(rest, literals, most - 1) for end in ends for rest in (name[end:], name[end:].lstrip("_")))


def test_every_word_that_is_asked_for_is_there(reached: frozenset[str]) -> None:
    for code in LANGUAGES:
        assert reached <= set(load_words(code).texts)


# --- templates -------------------------------------------------------------------------------------------------------


def _source(*parts: str) -> str:
    path = resources.find(*parts)
    assert path is not None
    return path.read_text(encoding="utf-8")


def test_formats_have_the_same_macros() -> None:
    """Every format sets every element, by the same name and from the same arguments."""
    macros = {
        name: dict(re.findall(r"<% macro (\w+)\((.*?)\) %>", _source("formats", f"{name}.j2"))) for name in FORMATS
    }
    for name in FORMATS:
        assert macros[name].items() >= macros["markdown"].items(), name  # some have small helpers of their own


def test_templates_use_what_they_are_given() -> None:
    """No document asks for what it is not given, and nothing that it is given for itself is left lying."""
    statement = _source("documents", "statement.j2")
    worked = next(w for w in map(worked_problem, PROBLEMS) if w.definition.claims.is_file())
    for document, fill in CONTENTS.items():
        source = _source("documents", f"{document}.j2")
        if "documents/statement.j2" in source:
            source = source.replace('<% include "documents/statement.j2" %>', statement)
        used = jinja2.meta.find_undeclared_variables(environment().parse(source))
        paper = Paper(worked, "markdown", "en")
        own = set(fill(paper, None))
        assert used <= own | set(paper.common()) | {"f", "t", "standalone", "document"}
        assert own - used <= {"level", "level_name"}, document  # which pages of the site use too


def test_a_word_without_its_field_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {**load_words("en").texts, "steps.total": "The total {nothing}"}
    monkeypatch.setattr("generator.render.paper.load_words", lambda code: language.Words(code, texts))
    with pytest.raises(RenderError, match="nothing"):
        render(worked_problem(EXAMPLE), "solution", "markdown")


# --- the same bytes --------------------------------------------------------------------------------------------------

_SCRIPT = """
import hashlib, sys
from pathlib import Path
from typing import Any
from generator.render.formats import FORMATS
from generator.pipeline import load_worked
from generator.publish.pdf import typst_pdf
from generator.render.document import render
for path in sys.argv[1:]:
    worked = load_worked(Path(path))
    for format_name in FORMATS:
        for document in ("solution", "worksheet", "key"):
            text = render(worked, document, format_name, "zh")
            print(path, format_name, document, hashlib.sha256(text.encode()).hexdigest())
    print(hashlib.sha256(typst_pdf(render(worked, "worksheet", "typst"))).hexdigest())
"""


def test_the_same_bytes_every_time() -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", _SCRIPT, str(EXAMPLE)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()},
            stdout=subprocess.PIPE,
        )
        for seed in ("1", "2")
    ]
    first, second = (run.communicate()[0] for run in runs)
    assert all(run.returncode == 0 for run in runs)
    assert first == second
    assert len(first.splitlines()) == len(FORMATS) * 3 + 1


# --- PDF -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_typst_sets_every_document(path: Path, code: str) -> None:
    worked = worked_problem(path)
    for document, level in variants(worked):
        if (document, level) not in (("solution", None), ("worksheet", "guided")) and (code != "en" or level == "open"):
            continue  # set in the same way
        try:
            pdf = typst_pdf(render(worked, document, "typst", code, level=level), code)
        except PublishError as error:
            if "fonts-noto-cjk" in str(error):
                pytest.skip(str(error))
            raise
        assert squeezed(worked.problem.text(worked.problem.title, code)) in first_page(pdf)


def first_page(pdf: bytes) -> str:
    return squeezed(PdfReader(BytesIO(pdf)).pages[0].extract_text())


@pytest.mark.tex
@pytest.mark.parametrize(("code", "document"), [("en", "solution"), ("zh", "worksheet")])
def test_latex_sets_a_document(code: str, document: str) -> None:
    if not has_latex(code):
        pytest.skip("no LaTeX")
    worked = worked_problem(EXAMPLE)
    pdf = latex_pdf(render(worked, document, "latex", code, level="faded"), code)
    assert squeezed(worked.problem.text(worked.problem.title, code)) in first_page(pdf)


def squeezed(text: str) -> str:
    """A text without its spaces, and with the signs that fonts draw as others put back."""
    plain = text.replace("’", "'").replace("−", "-").replace("\u00ad", "-").replace("ﬁ", "fi").replace("ﬀ", "ff")
    return re.sub(r"\s", "", plain)


# --- an author's words are literal -----------------------------------------------------------------------------------

HOSTILE = (
    r"\input{x} #read(1) <script>alert(1)</script> <img src=x onerror=y> $a$ {{ b }} << c >> <% d %> <# e #> f|g "
    r"`h &lt;i 100% ~x^2_3 -- ... ![j](k) \end{document} @l // m /* n */ = o {: onclick=p }"
)


@cache
def hostile() -> Worked:
    # The introduction has no pairs of marks, which would be an author's own emphasis and code.
    definition = load(EXAMPLE)
    texts = {"title": {"en": HOSTILE}, "introduction": {"en": f"1. {HOSTILE}\n\n- {HOSTILE}"}}
    return work(definition.model_copy(update={"problem": definition.problem.model_copy(update=texts)}))


class Page(HTMLParser):
    """What a browser would see of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("document", ["solution", "worksheet", "key"])
def test_hostile_words_are_literal_on_the_web(document: str) -> None:
    text = render(hostile(), document, "web")
    site = yaml.load(Path("mkdocs.yml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    names = [name for item in site["markdown_extensions"] for name in (item if isinstance(item, dict) else [item])]
    page = Page(markdown.markdown(text, extensions=names))
    assert page.text.count(HOSTILE) == (1 if document == "key" else 3)
    assert not page.tags & {"script", "img", "a", "code"}
    assert not {name for name in page.attributes if name.startswith("on")}


@pytest.mark.parametrize("document", ["solution", "worksheet", "key"])
def test_hostile_words_are_literal_in_markdown(document: str) -> None:
    page = Page(MarkdownIt("commonmark").enable("table").render(render(hostile(), document, "markdown")))
    assert page.text.count(HOSTILE) == (1 if document == "key" else 3)
    assert not page.tags & {"script", "code", "a", "ol"}
    source = render(hostile(), document, "markdown")
    assert not re.search(r"(?<!\\)\$a", source)  # GitHub and Jupyter read dollars too


def test_hostile_words_are_literal_in_typst() -> None:
    for document in ("solution", "worksheet", "key"):
        reader = PdfReader(BytesIO(typst_pdf(render(hostile(), document, "typst"))))
        text = squeezed(reader.pages[0].extract_text())
        assert text.count(squeezed(HOSTILE)) >= (1 if document == "key" else 3)  # the head of the page has it too
        assert squeezed(str(reader.metadata.title)) == squeezed(HOSTILE)


def test_hostile_words_are_literal_in_latex() -> None:
    body = render(hostile(), "worksheet", "latex")
    assert body.count(format_for("latex").escape(HOSTILE)) >= 4
    for command in (r"\input{", "{{ b", "$a$", "#read", r"\end{document} "):
        assert not re.search(rf"(?<!\\){re.escape(command)}", body)


@pytest.mark.tex
def test_hostile_words_are_literal_in_a_latex_pdf() -> None:
    if not has_latex():
        pytest.skip("no LaTeX")
    short = render(hostile(), "key", "latex", level="open")
    text = first_page(latex_pdf(short))
    for word in HOSTILE.split():
        assert squeezed(word).replace("`", "") in text.replace("`", "")


def test_marks_are_set_and_names_must_be_known() -> None:
    definition = load(EXAMPLE)

    def told(text: str, format_name: str) -> str:
        problem = definition.problem.model_copy(update={"introduction": {"en": text}})
        return render(work(definition.model_copy(update={"problem": problem})), "solution", format_name)

    assert "so *very* good: $w_1$, $w_1 = 0.1$" in told("so *very* good: [[w1]], [[w1=]]", "markdown")
    assert r"\emph{very} \texttt{a\_b} $w_1$" in told("*very* `a_b` [[w1]]", "latex")
    assert "<em>very</em> <code>a&#95;b</code> <math>" in told("*very* `a_b` [[w1]]", "web")
    assert "<code>a_b &lt;c&gt;</code>" in MarkdownIt().render(told("see `a_b <c>`", "markdown"))
    with pytest.raises(RenderError, match="nobody"):
        told("[[nobody=]]", "markdown")


def test_letters_that_latex_does_not_know_are_set_in_mathematics() -> None:
    made = format_for("latex").escape("α ≈ 1 – β → ½")
    assert not set("α≈β→½") & set(made)
    assert all(command in made for command in (r"\alpha", r"\approx", r"\beta", r"\to"))


def test_a_line_break_between_chinese_letters_is_no_space() -> None:
    definition = load(EXAMPLE)
    for format_name in FORMATS:
        text = render(work(definition), "solution", format_name, "zh")
        assert not re.search(r"[\u4e00-\u9fff，。；：] +[\u4e00-\u9fff]", text), format_name


def test_titles_are_written_as_json_writes_them() -> None:
    """A title with every sign of the keyboard comes through the loader and all formats."""
    data = {**random_network(1, layers=1, units=1), "title": "".join(map(chr, range(33, 127)))}
    assert json.dumps(data["title"]) in yaml_text(data)
    worked = _made(data)
    for format_name in FORMATS:
        assert render(worked, "key", format_name)
    pdf = PdfReader(BytesIO(typst_pdf(render(worked, "key", "typst"))))
    assert str(pdf.metadata.title) == data["title"]


def test_a_curve_stands_on_the_page_of_its_table() -> None:
    worked = load_worked(next(path for path in SHIPPED if path.stem == "example_322"))
    pages = [page.extract_text() for page in PdfReader(BytesIO(typst_pdf(render(worked, "solution", "typst")))).pages]
    (place,) = (number for number, page in enumerate(pages) if "Over many updates" in page)
    assert "10000" in pages[place]
    assert pages[place].rstrip().count("Updates") == 2, "above the table and below the curve"


def test_fractions_in_tables_are_as_large_as_in_equations() -> None:
    """Nothing that is read back changes: only the looks of the format say so."""
    worked = load_worked(next(path for path in SHIPPED if path.stem == "one_unit"))
    assert r"{\small\everymath{\displaystyle}" in render(worked, "key", "latex")
    sizes: list[float] = []

    def look(said: str, *place: Any) -> None:
        sizes.extend([place[-1]] if said.strip() == "𝑑" else [])

    page = PdfReader(BytesIO(typst_pdf(render(worked, "key", "typst")))).pages[0]
    page.extract_text(visitor_text=look)
    assert len(sizes) > 4
    assert set(sizes) == {10.0}, "the size of the table's letters"


@pytest.mark.parametrize(
    ("name", "sign"), [("typst", "#whole("), ("latex", r"\begin{tabular}"), ("web", "lh-scroll lh-short")]
)
def test_a_short_table_stays_on_one_page(name: str, sign: str) -> None:
    for rows, whole in ((2, True), (10, True), (11, False)):
        text = format_for(name).macro("table", ["a", "b"], [["1", "2"]] * rows, "cells")
        assert (sign in text) is whole
        assert (r"\endhead" in text) is (name == "latex" and not whole)
