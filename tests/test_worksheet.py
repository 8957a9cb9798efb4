"""No answer reaches a worksheet: not its steps, not its text in any format, not its PDF, pictures or attributes."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import networks, yaml_text
from pypdf import PdfReader
from pypdf.generic import StreamObject
from shipped import ALL, EXAMPLES, ROOT

from generator.definitions.problem import Definition, load
from generator.derive.matrix_equations import is_in_matrices
from generator.derive.steps import Equation, Part
from generator.errors import DefinitionError
from generator.formula.functions import expand
from generator.formula.tree import Blank, Call, Dots, Matrix, Num, children, shortest, walk
from generator.graph.quantities import Role, derivative_name, updated_name
from generator.notation.files import notation_names
from generator.pipeline import Worked, load_worked, work
from generator.publish.pdf import typst_pdf
from generator.render.document import render
from generator.render.figures import image
from generator.render.formats import FORMATS
from generator.typeset.boxes import Fence, Gap
from generator.typeset.mathml import mathml
from generator.views.worksheet import LEVELS, Sheet, worksheet

PROBLEMS = (*EXAMPLES, ROOT / "first" / "one_unit.yml")
IDS = [path.stem for path in PROBLEMS]
BLANKS = {  # how a format writes a blank: its number (or none) and its width
    "markdown": r"\\underline\{\\hspace\{(?P<width>[\d.]+)em\}\}(?:_\{\\,\((?P<number>\d+)\)\})?",
    "latex": r"\\lhblank\{(?P<number>\d*)\}\{(?P<width>\d+)\}",
    "typst": r"#blank\((?P<number>\d+), (?P<width>\d+)\)",
    "web": r'<span class="lh-blank" style="min-width:(?P<width>[\d.]+)em">(?P<number>\d*)</span>',
    "terminal": r"(?P<width>_{5,})(?:\((?P<number>\d+)\))?",
}
REFERENCES = {
    "markdown": r"\\boxed\{\\scriptstyle (\d+)\}",
    "latex": r"\\lhref\{(\d+)\}",
    "typst": r"#backref\((\d+)\)",
    "web": r'<span class="lh-ref">(\d+)</span>',
    "terminal": r"\[(\d+)\]",
}


@cache
def worked_problem(path: Path, notation: str | None = None) -> Worked:
    return load_worked(path, notation)


# --- the detector ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Secret:
    """An answer: as it is shown, and with (at least) twenty digits; without its sign, which may stand apart."""

    quantity: str
    shown: str
    full: str

    @property
    def digits(self) -> int:
        """How many significant digits are shown."""
        return len(self.shown.replace(".", "").lstrip("0"))


def secrets(worked: Worked, sheet: Sheet) -> tuple[Secret, ...]:
    """The answers of a sheet. (A whole number says nothing: 0 and 1 stand in formulas, and blanks are counted.)"""
    trace = worked.trace
    found = (
        Secret(answer.quantity, trace.shown[answer.quantity].lstrip("-"), trace.full(answer.quantity).lstrip("-"))
        for answer in sheet.answers
    )
    return tuple(secret for secret in found if Fraction(secret.shown).denominator > 1)


def given_texts(worked: Worked) -> frozenset[str]:
    """The numbers that stand in the table of what is given, without their signs."""
    return frozenset(worked.trace.shown[q.name].lstrip("-") for q in worked.graph if q.formula is None)


def leaks(text: str, hidden: tuple[Secret, ...], printed: frozenset[str]) -> list[tuple[str, Secret]]:
    """Where a number of `text` tells an answer: `printed` are the numbers that are meant to be there.

    A number tells an answer that it is written like or equal to, and one that it is a rounding or a beginning of, to
    four significant digits or more.
    """
    meant = {Fraction(number) for number in printed}
    tokens = {token for token in re.findall(r"\d+\.\d+", text) if token not in printed}
    found = [(token, secret) for token in sorted(tokens) for secret in hidden if _tells(token, secret, meant)]
    joined = re.sub(r"\s", "", text)
    pieces = set(re.findall(r"\d+\.\d+", joined)) - printed
    for secret in hidden:
        if secret.digits >= 4 and secret.shown not in printed and any(secret.shown in piece for piece in pieces):
            found.append((secret.shown, secret))
    return found


def _tells(token: str, secret: Secret, meant: set[Fraction]) -> bool:
    value = Fraction(token)
    if token == secret.shown:
        return True
    if value in meant:
        return False
    if value == Fraction(secret.shown):
        return True
    decimals = len(token.partition(".")[2])
    exact = len(token.replace(".", "").lstrip("0")) >= 4
    return exact and abs(value - Fraction(secret.full)) < Fraction(1, 10**decimals)


def contents(text: str, format_name: str) -> str:
    """What a reader sees of a source text, and every word in it: without lengths and coordinates, which are layout."""
    text = re.sub(BLANKS[format_name], " ", text)
    text = re.sub(REFERENCES[format_name], " ", text)
    match format_name:
        case "latex":
            text = text[text.index("\\begin{document}") :] + "".join(re.findall(r"\\title\{.*", text))
            text = re.sub(r"\\path.*;|at \([\d.,-]+\)|\\fontsize\{.*?\}\{.*?\}|[\d.]+(?=em|pt|\\linewidth)", " ", text)
            return re.sub(r"\\useasboundingbox.*|\\pgfmathsetmacro.*", " ", text)
        case "typst":
            text = re.sub(r"(?m)^#(set page|set text|set par|show|let|  ).*", " ", text)
            return re.sub(r"[\d.]+(?=em\b|pt\b|mm\b|%)", " ", text)
        case "web":
            return _seen(text)
    return text


_GEOMETRY = {"x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "dx", "dy", "points", "viewbox", "width", "height"}
_GEOMETRY |= {"font-size", "style", "transform", "stroke-dasharray"}


def _seen(page: str) -> str:
    """The text of a page and every attribute but those of geometry."""
    parts: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            parts.extend(f" {value} " for name, value in attrs if name not in _GEOMETRY and value)

        def handle_data(self, data: str) -> None:
            parts.append(data)

        def handle_comment(self, data: str) -> None:
            parts.append(data)

    Reader().feed(page)
    return " ".join(parts)


def worked_values(sheet: Sheet) -> frozenset[str]:
    """The numbers that the steps of a sheet print as values of quantities, without their signs."""
    return frozenset(leaf.text.lstrip("-") for part in parts_of(sheet) for leaf in numbers(part))


def parts_of(sheet: Sheet) -> Iterator[Part]:
    for section in sheet.sections:
        for step in section.walk():
            for equation in (*step.equations, *step.opening):
                yield from equation.parts


def numbers(part: Part) -> Iterator[Num]:
    """The values of quantities in a part (a constant of a formula has no text of its own)."""
    yield from (leaf for leaf in walk(part.formula) if isinstance(leaf, Num) and leaf.text)


# --- every problem, level and format ---------------------------------------------------------------------------------


def test_points_can_be_those_of_a_name_and_are_shared_by_its_blanks(tmp_path: Path) -> None:
    path = tmp_path / "exam.yml"
    path.write_text(
        "kind: formulas\ntitle: t\ngivens: {x: [1, 2], w: [0.5, -1]}\nformulas: {y: 'dot(w, x)', L: y**2}\n"
        "differentiate: {of: L, wrt: [w]}\n"
        "worksheet: {level: open, ask: [y, L, dL/dw], points: {loss: 5, forward: 1, L: 2, dL/dw: 5}}\n",
        encoding="utf-8",
    )
    answers = worksheet(load_worked(path), "open").answers
    assert [(one.quantity, one.points) for one in answers] == [
        ("y", 1), ("L", 2), ("dL/dw_1", Fraction(5, 2)), ("dL/dw_2", Fraction(5, 2)),
    ]  # fmt: skip
    path.write_text(path.read_text(encoding="utf-8").replace("L: 2,", "M: 2,"), encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"worksheet\.points\.M.*`M`; expected forward, .* or the name"):
        load_worked(path)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_no_answer_stands_in_the_steps(path: Path, level: str) -> None:
    for notation in (None, *notation_names()):
        worked = worked_problem(path, notation)
        _steps_keep_their_answers(worked, level)


def _steps_keep_their_answers(worked: Worked, level: str) -> None:
    sheet = worksheet(worked, level)
    values = worked_values(sheet)
    if level != "faded":
        assert not values  # formulas, slots and blanks: no value of anything
        return
    # Every number is that of a given or of a quantity that is worked, and none of these is asked for.
    assert not {answer.quantity for answer in sheet.answers} & {*sheet.told}
    told = frozenset(worked.trace.shown[name].lstrip("-") for name in sheet.told) | constants(worked)
    assert values <= told | given_texts(worked)
    for section in sheet.sections:
        for step in section.walk():
            for equation in step.equations:
                _tells_no_blank(equation, told)


def constants(worked: Worked) -> frozenset[str]:
    """The values of quantities that are numbers whatever is given, as the derivative of a sum by one of its terms."""
    return frozenset(worked.trace.shown[q.name].lstrip("-") for q in worked.graph if isinstance(q.formula, Num))


def _tells_no_blank(equation: Equation, told: frozenset[str]) -> None:
    """A line that a blank goes into ends with a blank: its result would tell what was put in.

    In a matrix, an entry that has been worked by itself stands with its value beside the blanks.
    """
    leaves = [leaf for part in equation.parts for leaf in walk(part.formula)]
    if any(isinstance(leaf, Blank) for leaf in leaves):
        last = equation.parts[-1].formula
        if not isinstance(last, Matrix):
            assert isinstance(last, Blank)
            return
        for entry in children(last):
            constant = isinstance(entry, Num) and (not entry.text or entry.text.lstrip("-") in told)
            assert isinstance(entry, Blank | Dots) or constant


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_no_answer_stands_in_the_text(path: Path, level: str, format_name: str) -> None:
    worked = worked_problem(path)
    sheet = worksheet(worked, level)
    hidden, givens = secrets(worked, sheet), given_texts(worked)
    values = {Fraction(text) for text in givens}
    excused = [worked.graph[secret.quantity] for secret in hidden if Fraction(secret.shown) in values]
    # The only answers that stand among the givens: parameters that an update did not move by a digit that is shown.
    assert all(q.role is Role.UPDATE for q in excused)
    assert len(excused) < len(worked.graph.trained) / 2
    printed = givens | (worked_values(sheet) if level == "faded" else frozenset())
    for language in ("en", "zh") if format_name == "web" else ("en",):
        text = render(worked, "worksheet", format_name, language, level=level)
        assert not leaks(contents(text, format_name), hidden, printed)
        # Lengths and coordinates too, as far as they have more digits than layout has by itself.
        long = tuple(secret for secret in hidden if len(secret.shown.partition(".")[2]) > 2)
        assert not leaks(text, long, printed)


@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_no_answer_stands_in_the_picture_beside_a_worksheet(path: Path) -> None:
    from generator.render.paper import Paper

    worked = worked_problem(path)
    hidden, givens = secrets(worked, worksheet(worked, "guided")), given_texts(worked)
    pictures = {kind: (drawing, words) for kind, drawing, words in Paper(worked, "markdown", "en").pictures()}
    assert not leaks(_seen(image(*pictures["network"], "")), hidden, givens)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_no_long_answer_stands_in_any_worksheet(path: Path) -> None:
    """Of every shipped problem; answers of few digits are looked for where nothing else has the same digits."""
    worked = worked_problem(path)
    for level in LEVELS:
        sheet = worksheet(worked, level)
        printed = given_texts(worked) | worked_values(sheet)
        long = tuple(secret for secret in secrets(worked, sheet) if secret.digits >= 4)
        text = render(worked, "worksheet", "markdown", level=level)
        assert not leaks(text, long, printed)
        assert {str(number) for number in range(1, len(sheet.answers) + 1)} <= set(re.findall(r"\((\d+)\)", text))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_no_answer_stands_in_the_pdf(path: Path, level: str) -> None:
    worked = worked_problem(path)
    sheet = worksheet(worked, level)
    printed = given_texts(worked) | worked_values(sheet)
    pdf = typst_pdf(render(worked, "worksheet", "typst", level=level))
    assert not pdf_leaks(pdf, secrets(worked, sheet), printed)
    assert worked.problem.title["en"].replace(" ", "") in re.sub(r"\s", "", pdf_texts(pdf)["text"])  # it can be read


def pdf_leaks(pdf: bytes, hidden: tuple[Secret, ...], printed: frozenset[str]) -> dict[str, list[tuple[str, Secret]]]:
    """Where a PDF tells an answer: its text layer, its metadata, outline and annotations, its decompressed streams."""
    texts = pdf_texts(pdf)
    found = {place: leaks(text, hidden, printed) for place, text in texts.items() if place != "streams"}
    # Positions on the page are numbers too: an answer of five digits or more is none of them by chance.
    long = [secret for secret in hidden if secret.digits > 4 and not any(secret.shown in text for text in printed)]
    found["streams"] = [(secret.shown, secret) for secret in long if secret.shown in texts["streams"]]
    return {place: told for place, told in found.items() if told}


def pdf_texts(pdf: bytes) -> dict[str, str]:
    """What stands in a PDF, place by place."""
    reader = PdfReader(BytesIO(pdf))
    annotations = [item.get_object() for page in reader.pages for item in page.get("/Annots", ())]
    metadata = [f"{key} {value}" for key, value in (reader.metadata or {}).items()]
    if reader.xmp_metadata is not None:
        metadata.append(reader.xmp_metadata.stream.get_data().decode())
    streams = []
    for number in range(1, reader.trailer["/Size"]):
        thing = reader.get_object(number)
        if isinstance(thing, StreamObject):
            data = thing.get_data()
            streams += [data.decode("latin-1"), data.decode("utf-16-be", errors="ignore")]
        streams.append(str(thing))
    return {
        "text": "\n".join(page.extract_text() for page in reader.pages),
        "metadata": "\n".join(metadata),
        "outline": str(reader.outline),
        "annotations": str([{key: item[key].get_object() for key in item} for item in annotations]),
        "streams": "\n".join(streams),
    }


# --- blanks ----------------------------------------------------------------------------------------------------------


def blanks(text: str, format_name: str) -> list[tuple[int, str]]:
    """The blanks of a text in the order of reading: number (0: a slot) and width."""
    found = re.finditer(BLANKS[format_name], text)
    return [(int(match["number"] or 0), match["width"]) for match in found]


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_blanks_are_numbered_once_each_and_all_as_wide(path: Path, level: str, format_name: str) -> None:
    worked = worked_problem(path)
    answers = worksheet(worked, level).answers
    text = render(worked, "worksheet", format_name, level=level)
    body = text[text.index("\\begin{document}") :] if format_name == "latex" else text
    body = re.sub(r"(?m)^Name: .*", "", body)
    found = blanks(body, format_name)
    assert [number for number, _ in found if number] == list(range(1, len(answers) + 1))
    assert [answer.number for answer in answers] == list(range(1, len(answers) + 1))
    assert len({width for _, width in found}) == 1
    assert len({answer.quantity for answer in answers}) == len(answers)
    for match in re.finditer(REFERENCES[format_name], body):
        earlier = [number for number, _ in blanks(body[: match.start()], format_name)]
        assert int(match[1]) in earlier  # a framed number speaks of a line that stands above
    if level == "open":
        assert all(number for number, _ in found)  # nothing but lines for results


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_the_key_has_the_answers_of_the_blanks(path: Path, level: str) -> None:
    worked = worked_problem(path)
    text = render(worked, "key", "markdown", level=level)
    rows = re.findall(r"^\| \$(\d+)\$ \| (\$.+?\$) \| \$([-\d.]+)\$ \| \$([-\d.]+)\$ \| \$([\d.]+)\$ \|$", text, re.M)
    wanted = [
        (str(a.number), worked.trace.shown[a.quantity], worked.trace.full(a.quantity))
        for a in worksheet(worked, level).answers
    ]
    assert [(number, shown, full) for number, _, shown, full, _ in rows] == wanted
    for answer, (*_, full, _) in zip(worksheet(worked, level).answers, rows, strict=True):
        exact = worked.trace.values[answer.quantity]
        is_exact = isinstance(exact, Fraction) and Fraction(full) == exact
        assert is_exact or len(full.replace(".", "").lstrip("-0")) >= 20
        assert not (is_exact and "." in full and full.endswith("0"))  # an exact number has no digits that say nothing


def other_values(definition: Definition, by: Fraction) -> Definition:
    """The definition with every weight, bias and target moved."""
    problem = definition.problem
    moved = {
        group: {name: value + by for name, value in getattr(problem, group).items()}
        for group in ("weights", "biases", "targets")
    }
    return definition.model_copy(update={"problem": problem.model_copy(update=moved)})


@cache
def variants(path: Path) -> tuple[Worked, ...]:
    definition = load(path)
    return tuple(work(other_values(definition, by)) for by in (Fraction(0), Fraction(3, 100), Fraction(-7)))


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_blanks_do_not_depend_on_values(path: Path, format_name: str) -> None:
    for level in LEVELS:
        first, *others = (render(worked, "worksheet", format_name, level=level) for worked in variants(path))
        for other in others:
            assert other != first
            if level == "faded":  # which steps can be worked may depend on values; how wide a blank is may not
                assert {width for _, width in blanks(other, format_name)} == {w for _, w in blanks(first, format_name)}
            else:
                assert blanks(other, format_name) == blanks(first, format_name)


# --- what is asked, and what it is worth -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_a_guided_worksheet_asks_for_every_result(path: Path) -> None:
    worked = worked_problem(path)
    asked = {answer.quantity for answer in worksheet(worked, "guided").answers}
    worked_out = {
        equation.target
        for section in worked.sections("all")
        if section.code != "checks"
        for step in section.walk()
        if step.rule != "chain_example"
        for equation in step.equations
        if equation.parts[-1].kind == "result" and any(part.kind == "numbers" for part in equation.parts)
    }
    graph = worked.graph
    asides = {q.name for q in graph.of_role(Role.GRADIENT) if graph[q.label.wrt].label.kind == "pre"}
    assert asked >= worked_out - asides
    assert asked <= {q.name for q in graph if q.formula is not None}


@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_a_faded_worksheet_asks_for_what_it_does_not_work(path: Path) -> None:
    for notation in notation_names():
        worked = worked_problem(path, notation)
        graph, shown = worked.graph, worked.trace.shown
        sheet = worksheet(worked, "faded")
        asked = {answer.quantity for answer in sheet.answers}
        printed = worked_values(sheet) | given_texts(worked)
        wanted = [derivative_name(graph.loss, name) for name in graph.trained]
        wanted += [updated_name(name) for name in graph.trained]
        roles = (Role.FORWARD,) if is_in_matrices(graph, worked.writer) else (Role.FORWARD, Role.LOSS)
        wanted += [graph.loss, *(q.name for q in graph.of_role(*roles))]  # in matrices, the error is one product
        for name in wanted:
            assert name in asked or shown[name].lstrip("-") in printed, f"{name} is neither worked nor asked for"
        assert asked
        assert worked_values(sheet)


@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_an_open_worksheet_asks_for_what_the_definition_lists(path: Path) -> None:
    definition = load(path)
    graph = worked_problem(path).graph
    usual = {answer.quantity for answer in worksheet(work(definition), "open").answers}
    assert usual >= {graph.loss, *(derivative_name(graph.loss, name) for name in graph.trained)}
    listed = (graph.loss, derivative_name(graph.loss, graph.trained[-1]))
    answers = worksheet(work(_with_sheet(definition, ask=listed)), "open").answers
    assert [answer.quantity for answer in answers] == list(listed)


def _with_sheet(definition: Definition, **changes: object) -> Definition:
    sheet = definition.problem.worksheet.model_copy(update=changes)
    return definition.model_copy(update={"problem": definition.problem.model_copy(update={"worksheet": sheet})})


@pytest.mark.parametrize("level", LEVELS)
def test_points_come_from_the_definition(level: str) -> None:
    points = {"forward": 2, "loss": Fraction(1, 2), "local": 0, "gradient": 3, "update": 5, "after": 7}
    keys = {Role.FORWARD: "forward", Role.LOSS: "loss", Role.LOCAL: "local", Role.GRADIENT: "gradient"}
    keys |= {Role.UPDATE: "update", Role.AFTER: "after"}
    worked = work(_with_sheet(load(PROBLEMS[0]), points={key: Fraction(value) for key, value in points.items()}))
    answers = worksheet(worked, level).answers
    assert [answer.points for answer in answers] == [points[keys[worked.graph[a.quantity].role]] for a in answers]
    total = sum(answer.points for answer in answers)
    number = str(total) if total.denominator == 1 else str(float(total))
    assert f"Total: ${number}$" in render(worked, "key", "markdown", level=level)
    plain = worksheet(work(load(PROBLEMS[0])), level).answers
    assert {answer.points for answer in plain} == {1}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_slots_lead_to_a_blank(path: Path, level: str) -> None:
    """Numbers to put in stand only in a line whose result is asked for."""
    for notation in notation_names():
        sheet = worksheet(worked_problem(path, notation), level)
        for section in sheet.sections:
            for step in section.walk():
                for equation in step.equations:
                    leaves = [leaf for part in equation.parts for leaf in walk(part.formula)]
                    if any(isinstance(leaf, Blank) and not leaf.number for leaf in leaves):
                        last = equation.parts[-1].formula
                        entries = children(last) if isinstance(last, Matrix) else (last,)
                        assert all(isinstance(entry, Blank) and entry.number for entry in entries)


# --- the detector detects --------------------------------------------------------------------------------------------


def _planted(worked: Worked, text: str, format_name: str) -> Mapping[str, str]:
    """Texts with one answer put in, in every way that should be noticed."""
    answer = worked.trace.shown[worksheet(worked, "guided").answers[1].quantity]  # the first unit's output
    full = worked.trace.full(worksheet(worked, "guided").answers[1].quantity)
    first = re.search(BLANKS[format_name], text)
    assert first is not None
    ways = {
        "in a blank": text[: first.start()] + answer + text[first.end() :],
        "the full value": text[: first.start()] + full + text[first.end() :],
        "the beginning of it": text[: first.start()] + full[:7] + text[first.end() :],
        "with its sign apart": text[: first.start()] + f"- {answer}" + text[first.end() :],
    }
    if format_name == "web":
        ways["in an attribute"] = text.replace('class="lh-blank"', f'class="lh-blank" data-answer="{answer}"', 1)
        ways["in a style"] = re.sub(r"min-width:[\d.]+em", f"min-width:{answer}em", text, count=1)
        ways["in a comment"] = f"{text}<!-- {answer} -->"
    return ways


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_a_planted_answer_is_found(path: Path, format_name: str) -> None:
    worked = worked_problem(path)
    hidden, givens = secrets(worked, worksheet(worked, "guided")), given_texts(worked)
    text = render(worked, "worksheet", format_name, level="guided")
    for way, planted in _planted(worked, text, format_name).items():
        where = planted if way == "in a style" else contents(planted, format_name)
        assert leaks(where, hidden, givens), way


def test_an_answer_planted_in_a_pdf_is_found() -> None:
    worked = max(map(worked_problem, PROBLEMS), key=lambda worked: worked.notation.rounding.decimals)
    hidden, givens = secrets(worked, worksheet(worked, "open")), given_texts(worked)
    answer = next(secret.shown for secret in hidden if secret.digits >= 5)
    text = render(worked, "worksheet", "typst", level="open")
    title = re.sub(r"#set document\(title: \[", f"#set document(title: [{answer} ", text, count=1)
    assert "metadata" in pdf_leaks(typst_pdf(title), hidden, givens)
    white = text + f"\n#text(fill: white)[{answer}]\n"
    assert "text" in pdf_leaks(typst_pdf(white), hidden, givens)
    link = text + f'\n#link("https://example.org/{answer}")[here]\n'
    assert "annotations" in pdf_leaks(typst_pdf(link), hidden, givens)
    assert "streams" in pdf_leaks(typst_pdf(link), hidden, givens)
    keywords = text.replace("date: none)", f'date: none, keywords: "{answer}")', 1)
    assert "metadata" in pdf_leaks(typst_pdf(keywords), hidden, givens)


@pytest.mark.parametrize("format_name", FORMATS)
def test_an_introduction_that_speaks_of_a_value_does_not_tell_it_on_a_worksheet(format_name: str) -> None:
    definition = load(PROBLEMS[0])
    worked = worked_problem(PROBLEMS[0])
    sheet = worksheet(worked, "guided")
    told = f"The error is [[{worked.graph.loss}=]], and [[{worked.graph.trained[0]}=]] is given."
    problem = definition.problem.model_copy(update={"introduction": {"en": told}})
    telling = work(definition.model_copy(update={"problem": problem}))
    hidden, givens = secrets(worked, sheet), given_texts(worked)
    text = render(telling, "worksheet", format_name, level="guided")
    assert not leaks(contents(text, format_name), hidden, givens)
    assert worked.trace.shown[worked.graph.loss] in render(telling, "solution", format_name)


def of_functions(worked: Worked) -> frozenset[str]:
    """The numbers in the formulas of functions, which a worksheet states: the slope of a leaky rectifier is one."""
    calls = (q.formula for q in worked.graph.of_role(Role.FORWARD, Role.LOSS) if isinstance(q.formula, Call))
    numbers = (part.value for call in calls for part in walk(expand(call)) if isinstance(part, Num))
    return frozenset(shortest(abs(value)) for value in numbers)


# --- any network -----------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=networks(layers=1, units=2), notation=st.sampled_from(notation_names()))
def test_no_network_tells_an_answer(data: dict[str, object], notation: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.yml"
        path.write_text(yaml_text(data), encoding="utf-8")
        worked = load_worked(path, notation)
    for level in LEVELS:
        _steps_keep_their_answers(worked, level)
        sheet = worksheet(worked, level)
        printed = given_texts(worked) | worked_values(sheet) | of_functions(worked)
        text = render(worked, "worksheet", "markdown", level=level)
        assert not leaks(contents(text, "markdown"), secrets(worked, sheet), printed)
        found = blanks(text, "markdown")
        assert [number for number, _ in found if number] == [answer.number for answer in sheet.answers]
        assert len({width for _, width in found}) <= 1
        for part in parts_of(sheet):
            for leaf in walk(part.formula):
                assert not isinstance(leaf, Blank) or leaf.number <= len(sheet.answers)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("net_h9", "`net_h2`"), ("dE_total/dw55", "`dE_total/dw5`"), ("i1", ""), ("nothing", ""), ("check1_left", "")],
)
def test_asking_for_what_there_is_not_is_an_error(name: str, hint: str, tmp_path: Path) -> None:
    """A given cannot be asked for either, nor what only a closing check is made of."""
    source = next(path for path in EXAMPLES if path.stem == "example_222_net_out").read_text(encoding="utf-8")
    assert "worksheet:" not in source
    path = tmp_path / "own.yml"
    path.write_text(f"{source.rstrip()}\nworksheet:\n  ask:\n    - out_o1\n    - {name}\n", encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_worked(path)
    error = caught.value
    last = len(path.read_text(encoding="utf-8").splitlines())
    assert (error.file, error.line, error.key, error.found) == (path, last, "worksheet.ask.1", f"`{name}`")
    assert error.expected.startswith("the name of a quantity that is computed")
    assert hint in error.expected


def test_what_another_notation_does_not_have_is_passed_over(tmp_path: Path) -> None:
    source = next(path for path in EXAMPLES if path.stem == "example_222_net_out").read_text(encoding="utf-8")
    path = tmp_path / "own.yml"
    path.write_text(f"{source.rstrip()}\nworksheet: {{ask: [dE_o1/dout_h1, dE_total/dw1]}}\n", encoding="utf-8")
    assert "dE_o1/dout_h1" in load_worked(path).graph
    other = load_worked(path, "z_h")
    assert "dE_o1/dout_h1" not in other.graph
    assert [answer.quantity for answer in worksheet(other, "open").answers] == ["dE_total/dw1"]
    assert all(worksheet(other, level).answers for level in LEVELS)


def test_parentheses_around_a_blank_are_as_tall_as_its_box() -> None:
    blank, reference = Gap(0, 4), Gap(3, 4, reference=True)
    assert mathml(Fence(blank, "(", ")")).count('stretchy="true"') == 2
    assert mathml(Fence(reference, "(", ")")).count('stretchy="false"') == 2
