"""Certificates -> the page that shows them, in any format: verdict, reasons, ranges, histograms, guessable answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generator.formula.tree import shortest
from generator.render.document import tidy
from generator.render.formats import environment
from generator.render.paper import Paper
from generator.sets.certificate import Certificate, Spread
from generator.sets.model import SetFile

_BARS = "▁▂▃▄▅▆▇█"
_NOT_ABOUT = ("require",)  # codes whose subject is a text of the author's, not a quantity


@dataclass(frozen=True, slots=True)
class View:
    """One problem of the page."""

    title: str
    verdict: str
    advice: list[str]
    facts: list[tuple[str, str]]
    refused: list[list[str]]
    quantities: list[list[str]]


def report(homework: SetFile, found: Sequence[Certificate], format_name: str, standalone: bool = True) -> str:
    """The page of a set's certificates."""
    language = homework.homework.language
    papers = [Paper(one.task.worked, format_name, language) for one in found]
    first = papers[0]
    title = homework.homework.text(homework.homework.title)
    text = environment().get_template("sets/certificate.j2").render(
        f=first.macros,
        t=first.setter.word,
        standalone=standalone,
        title=first.format.escape(title),
        plain_title=title,
        document=first.setter.word("sets.certificate"),
        language=language,
        introduction=first.setter.say("sets.certificate_note", count=counted(found[0].draws)),
        problems=[_view(number, paper, one) for number, (paper, one) in enumerate(zip(papers, found, strict=True), 1)],
    )  # fmt: skip
    return tidy(text)


def percent(share: float) -> str:
    """A share, with as many digits as tell something."""
    return f"{100 * share:.1f} %" if share >= 0.001 or not share else "< 0.1 %"


def counted(number: int) -> str:
    """A count, with a space after each three digits."""
    return f"{number:,}".replace(",", " ")


def bars(counts: Sequence[int]) -> str:
    """A histogram as a row of bars."""
    most = max(counts, default=0) or 1
    return "".join(_BARS[min(len(_BARS) - 1, count * len(_BARS) // (most + 1))] if count else " " for count in counts)


def _view(number: int, paper: Paper, one: Certificate) -> View:
    word, escape, measure = paper.setter.word, paper.format.escape, one.judge.difficulty
    problem = one.task.worked.problem
    title = paper.setter.say(
        "sets.numbered",
        number=str(number),
        title=escape(problem.text(problem.title, paper.language)),
        points=shortest(one.task.exercise.points),
    )
    operations = ", ".join(f"{count} {word(f'sets.kinds.{kind}')}" for kind, count in measure.operations.items())
    low, high = measure.low, measure.high
    facts = [
        ("sets.accepted", f"{counted(one.accepted)} / {counted(one.draws)} ({percent(one.acceptance)})"),
        ("sets.needed", percent(one.minimum)),
        ("sets.possible", counted(one.task.space)),
        ("sets.collisions", counted(one.collisions)),
        ("sets.operations", operations),
        ("sets.own", str(measure.own)),
        ("sets.allowed", f"{low}–{high}"),
        ("sets.difficulty", bars(one.difficulty)),
    ]
    guessable = [
        paper.format.inline(paper.setter.symbol(spread.quantity)) for spread in one.spreads if spread.guessable
    ]
    advice = [escape(paper.words(f"sets.advice.{code}")) for code in one.advice]
    if guessable:
        advice.append(paper.setter.say("sets.guessable", quantities=", ".join(guessable)))
    return View(
        title,
        word("sets.passed" if one.passed else "sets.failed"),
        advice,
        [(word(code), _cell(paper, code, text)) for code, text in facts],
        list(_refused(paper, one)),
        [_row(paper, spread) for spread in one.spreads],
    )


def _refused(paper: Paper, one: Certificate) -> Iterator[list[str]]:
    """A row for each reason why draws are refused; what it is about, with shares where there are several."""
    escape = paper.format.escape
    for code, total in one.reasons:
        found = [(about, count) for known, about, count in one.refused if known == code]
        name = paper.setter.word(f"sets.checks.{code}")
        if code in _NOT_ABOUT or len(found) == 1:
            for about, count in found:
                yield [name, _about(paper, code, about), escape(percent(count / one.draws))]
            continue
        parts = (f"{_about(paper, code, about)} ({escape(percent(count / one.draws))})" for about, count in found)
        yield [name, ", ".join(parts), escape(percent(total / one.draws))]


def _cell(paper: Paper, code: str, text: str) -> str:
    escaped = paper.format.escape(text)
    return paper.format.macro("code", escaped) if code == "sets.difficulty" else escaped


def _about(paper: Paper, code: str, about: str) -> str:
    if not about:
        return "–"
    if code in _NOT_ABOUT:
        return paper.format.macro("code", paper.format.escape(about))
    return paper.format.inline(paper.setter.symbol(about))


def _row(paper: Paper, spread: Spread) -> list[str]:
    escape = paper.format.escape
    numbers = [_short(value) for value in (spread.low, spread.high)]
    histogram = paper.format.macro("code", escape(bars(spread.counts)))
    symbol = paper.format.inline(paper.setter.symbol(spread.quantity))
    usual = [escape(_short(spread.usual)), escape(percent(spread.share))]
    return [symbol, histogram, *map(escape, numbers), *usual]


def _short(value: float) -> str:
    """A number for reading; these are not results that anybody has to reach."""
    return f"{value:.6g}".replace("-", "−")
