"""A paper and a document's name -> what that document's template is given, beyond what all have in common.

Longer than 250 lines because every document has its function here, in the order of the list at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from generator.derive.steps import Section
from generator.errors import RenderError
from generator.formula.tree import shortest
from generator.graph.quantities import Graph, Quantity, Role, followed_name, updated_name
from generator.once import once
from generator.pipeline import Worked, own_notation
from generator.render.layout import Block
from generator.render.paper import Paper
from generator.views.alike import tabled
from generator.views.audit import Finding, Verdict, audit
from generator.views.gathered import gathered
from generator.views.worksheet import Answer, worksheet

_COLUMNS = 8  # of a table of values round by round
_SHORT = 20  # rows of a table that fits on a page with a curve below it
_ROOM = {"guided": 0, "faded": 1, "open": 0}  # lines left free after what is listed; an open one has room by the work


@dataclass(frozen=True)
class Table:
    """A table ready to set."""

    header: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class View:
    """A section ready to set: its heading, its introduction, its blocks, closing sentences, and tables."""

    code: str
    title: str
    introduction: list[str]
    blocks: list[Block]
    closing: list[str]
    tables: tuple[Table, ...] = ()


# --- the solution ---


def solution(paper: Paper, choice: str | None) -> dict[str, Any]:
    """The worked solution; `choice` is its detail, `all` or `first`."""
    remarks = [paper.author_texts(remark) for remark in paper.worked.problem.remarks]
    sections = _solved(paper.worked, choice or paper.worked.problem.detail)
    return {
        "sections": _with_iterates(paper, [_view(paper, made, closing=True) for made in sections]),
        "training": _training(paper),
        "remarks": [paragraph for remark in remarks for paragraph in remark],
    }


@once
def _solved(worked: Worked, detail: str) -> tuple[Section, ...]:
    """The sections as they are shown."""
    sections = worked.sections(detail)
    if detail == "first":
        sections = tuple(tabled(worked, section) for section in sections)
    return tuple(gathered(worked, section) for section in sections)


def _view(paper: Paper, section: Section, closing: bool = False) -> View:
    setter, code = paper.setter, section.code
    group = setter.group(section.group) if section.group else ""
    introduction = [] if section.round else _introduction(paper, section)
    titled = "gradients_of" if section.of and code.startswith("gradients") else code
    title = setter.say(
        _own_code(paper, f"sections.{titled}", section.group), group=group, of=paper.format.escape(section.of)
    )
    return View(
        code,
        _heading(paper, section, title),
        introduction,
        setter.blocks(section),
        _closing(paper, section) if closing else [],
    )


def _heading(paper: Paper, section: Section, title: str) -> str:
    """The heading of a section, with the number of the update it leads to where several are worked."""
    if section.round is None:
        return title
    return paper.setter.say("sections.round", number=str(section.round + 1), title=title)


def _own_code(paper: Paper, code: str, group: str = "") -> str:
    """The code of the words that the problem's kind has for something (in a group), else of those of all kinds."""
    place, _, name = code.partition(".")
    own = f"{place}.{paper.worked.problem.kind}.{name}"
    return next((found for found in (f"{own}_{group}", own) if paper.words.has(found)), code)


def _introduction(paper: Paper, section: Section) -> list[str]:
    """What is said before the steps of a section: in the words of the problem's kind, where they are special to it."""
    special = f"texts.{paper.worked.problem.kind}.{section.code}_{section.group.partition(':')[0]}"
    code = special if paper.words.has(special) else _own_code(paper, f"texts.{section.code}")
    if section.code == "update" and any(line.rule == "update_state" for line in paper.worked.graph.updates):
        code = "texts.update_remembering"
    graph = paper.worked.graph
    short = bool(graph.loss) and graph.is_cut_short(graph.loss, (*graph.trained, *graph.wanted))
    code = f"{code}_cut" if short and paper.words.has(f"{code}_cut") else code
    if not paper.words.has(code):
        return []
    fields = {key for _, key, _ in paper.words.pieces(code) if key}
    names = {key: name for key, name in section.names.items() if name}
    return [paper.setter.say(code, names)] if fields <= names.keys() else []


def _closing(paper: Paper, section: Section) -> list[str]:
    """After steps against the gradient: whether the error fell; that of all observations, where some have turns."""
    graph, setter, count = paper.worked.graph, paper.setter, len(paper.worked.graph.rounds)
    if section.code != "after" or not graph.trained:
        return []
    made = []
    before, after = graph.loss, updated_name(graph.loss, count)
    if graph.followed is not None:
        loss = graph.watched.loss
        before, after = followed_name(loss, 0), followed_name(loss, count)
        made = [_all_errors(paper, "texts.after_followed")]
    if before not in graph or after not in graph:
        return []
    was, is_now = (paper.worked.trace.number(name).value for name in (before, after))
    change = "same" if was == is_now else "fell" if is_now < was else "rose"
    made.append(setter.say(_own_code(paper, f"texts.after_{change}"), {"before": before, "after": after}))
    return [*made, setter.word(_reason(graph))] if change == "rose" else made


def _all_errors(paper: Paper, code: str) -> str:
    """What the error of all observations is: their sum or mean, as the words `code` have it."""
    watched = paper.worked.graph.watched
    mean = any(watched[name].rule == "batch_mean" for name in watched.computing(watched.loss))
    count = sum(quantity.label.kind == "observed" for quantity in watched)
    penalized = "_penalized" if watched[watched.loss].rule == "penalized" else ""  # once, not in each of the errors
    code = f"{code}_{'mean' if mean else 'sum'}{penalized}"
    return paper.setter.say(code, {"loss": watched.loss}, count=paper.number(count))


def _reason(graph: Graph) -> str:
    """The words why an error can rise: one step along the gradient, several, or steps for other observations."""
    if graph.passes:
        return "texts.rose_in_turn"
    if graph.cut:
        return "texts.rose_cut"
    return "texts.rose_steps" if len(graph.rounds) > 1 else "texts.rose_step"


def _with_iterates(paper: Paper, views: list[View]) -> list[View]:
    """`views` with the values round by round before the closing checks, where several rounds are worked."""
    tables = tuple(_iterates(paper))
    if not tables:
        return views
    setter = paper.setter
    made = View("iterates", setter.word("sections.iterates"), [setter.word("texts.iterates")], [], [], tables)
    place = next((number for number, view in enumerate(views) if view.code == "checks"), len(views))
    return [*views[:place], made, *views[place:]]


def _iterates(paper: Paper) -> Iterator[Table]:
    """The values round by round: what is updated, and what all comes down to where there is room for it."""
    graph, setter, shown = paper.worked.graph, paper.setter, paper.worked.trace.shown
    counts, watched = range(len(graph.rounds) + 1), graph.watched.loss if graph.followed is not None else ""
    names = [q.name for q in graph if q.round == 0 and _is_iterated(graph, q)] if len(counts) > 2 else []
    if graph.columns and names:
        names = list(graph.columns)
    elif len(names) > _COLUMNS:
        names = [name for name in names if graph[name].role is Role.GIVEN or name == graph.loss]
    names += [watched] if watched and names else []
    for start in range(0, len(names), _COLUMNS):
        chosen = names[start : start + _COLUMNS]
        header = [setter.word("labels.updates"), *(paper.format.inline(setter.symbol(name)) for name in chosen)]
        at = {name: followed_name if name == watched else updated_name for name in chosen}
        cells = ([at[name](name, n) for name in chosen] for n in counts)
        values = ([paper.number(shown[name]) if name in shown else "" for name in row] for row in cells)
        yield Table(header, [[paper.number(n), *row] for n, row in zip(counts, values, strict=True)])


def _is_iterated(graph: Graph, quantity: Quantity) -> bool:
    """Whether a quantity is worth following: it is updated (and no mere counter), or is what all comes down to."""
    computed = quantity.formula is not None and not graph.closing  # and not once more after the last update
    if any(updated_name(quantity.name, number) not in graph for number in range(len(graph.rounds) + 1 - computed)):
        return False
    if quantity.role is Role.GIVEN:
        return quantity.label.kind not in ("setting", "state")
    is_end = not any(graph[user].role in (Role.FORWARD, Role.LOSS) for user in graph.consumers[quantity.name])
    return quantity.name == graph.loss or (quantity.role is Role.FORWARD and is_end)


def _training(paper: Paper) -> dict[str, Any] | None:
    history, graph, watched = paper.worked.history, paper.worked.graph, paper.worked.graph.watched
    if history is None:
        return None
    rounding, setter = paper.worked.trace.rounding, paper.setter
    outputs = [
        name
        for name in history.names
        if watched[name].role is Role.FORWARD
        and any(watched[user].role is Role.LOSS for user in watched.consumers[name])
    ]
    rows = []
    moved = (old for old, _ in graph.moves if graph[old].label.kind != "state")  # what an optimizer remembers
    for name in dict.fromkeys((watched.loss, *outputs, *moved)):
        cells = [paper.number(rounding.text(row[name])) for row in history.rows.values()]
        rows.append([paper.format.inline(setter.symbol(name)), *cells])
    return {
        "title": setter.word("sections.training"),
        "text": _training_text(paper),
        "header": [setter.word("labels.updates"), *(paper.number(row * len(graph.rounds)) for row in history.rows)],
        "rows": rows,
        "curve": paper.figure("curve"),
        "short": len(rows) <= _SHORT,
    }


def _training_text(paper: Paper) -> str:
    """What is made again and again: one update, or all that are worked, which may be an epoch; and what is followed."""
    graph, setter = paper.worked.graph, paper.setter
    count = len(graph.rounds)
    said = (
        setter.say("texts.training_rounds", count=paper.number(count)) if count > 1 else setter.word("texts.training")
    )
    if graph.followed is None:
        return said
    return " ".join((said, _all_errors(paper, "texts.followed")))


# --- worksheet and key ---


def _level(paper: Paper, choice: str | None) -> str:
    return choice or paper.worked.problem.worksheet.level


def blank_worksheet(paper: Paper, choice: str | None) -> dict[str, Any]:
    """The worksheet at the level `choice`: no value of a blank is in it."""
    level = _level(paper, choice)
    sheet = worksheet(paper.worked, level)
    return {
        **(paper.posed() if level == "open" else {}),
        "level": level,
        "introduction": paper.author_texts(paper.worked.problem.introduction, secret=True),
        "instructions": paper.setter.word(f"worksheet.{'sparing' if sheet.sparing else level}"),
        "sections": [_view(paper, section) for section in sheet.sections],
        "room": _ROOM[level],
    }


def key(paper: Paper, choice: str | None) -> dict[str, Any]:
    """The answer key of the worksheet at the level `choice`."""
    level = _level(paper, choice)
    answers = worksheet(paper.worked, level).answers
    total = sum((answer.points for answer in answers), Fraction(0))
    return {
        "level": level,
        "level_name": paper.setter.word(f"levels.{level}"),
        "answers": [_answer(paper, answer) for answer in answers],
        "total": paper.setter.say("labels.total", total=paper.number(shortest(total))),
    }


def _answer(paper: Paper, answer: Answer) -> list[str]:
    trace = paper.worked.trace
    return [
        paper.number(answer.number),
        paper.format.inline(paper.setter.symbol(answer.quantity)),
        paper.number(trace.number(answer.quantity).text),
        paper.number(trace.full(answer.quantity)),
        paper.number(shortest(answer.points)),
    ]


# --- published against computed ---


def comparison(paper: Paper, choice: str | None) -> dict[str, Any]:
    """A published example's numbers against the computed ones. Raises `RenderError` where there is no claims file."""
    found = audit(paper.worked)
    if found is None:
        raise RenderError(f"`{paper.worked.id}` has no claims file, so there is nothing to compare")
    paper = Paper(own_notation(paper.worked), paper.format.name, paper.language)
    wrong = found.of(Verdict.WRONG)
    count = len(wrong) + len(found.of(Verdict.RIGHT))
    summary = "audit.some_wrong" if wrong else "audit.all_right"
    return {
        "source": paper.setter.say("audit.source", source=paper.format.escape(found.publication.line)),
        "summary": paper.setter.say(summary, wrong=paper.number(len(wrong)), count=paper.number(count)),
        "wrong": [_finding(paper, finding) for finding in wrong],
        "findings": [_finding(paper, finding) for finding in found.findings],
    }


def _finding(paper: Paper, finding: Finding) -> list[str]:
    claim, fmt, setter = finding.claim, paper.format, paper.setter
    name, at, count = (claim.quantity or "").partition("@")
    symbol = fmt.inline(setter.symbol(name)) if name else "–"
    if at:
        symbol += " " + setter.say("audit.after", count=paper.number(count))
    verdict = finding.verdict.replace(" ", "_")
    return [
        symbol,
        fmt.macro("printed", fmt.escape(claim.printed)),
        fmt.macro("printed", fmt.escape(finding.right)) if finding.right else "–",
        fmt.macro("verdict", verdict, setter.word(f"audit.{verdict}")),
        fmt.escape(f"{claim.where}: {claim.reason}" if claim.reason else claim.where),
    ]


SOLVED = ("solution", "key")  # documents that show what is worked, in drawings too
CONTENTS: Mapping[str, Callable[[Paper, str | None], dict[str, Any]]] = {
    "solution": solution,
    "worksheet": blank_worksheet,
    "key": key,
    "audit": comparison,
}
