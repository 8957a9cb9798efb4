"""A published example's printed numbers -> verdicts: each held against the computed value under its own rounding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from pydantic import Field

from generator.definitions.problem import Model
from generator.definitions.source import Source, read, validated
from generator.pipeline import Worked, own_notation
from generator.solve.exact import Exact
from generator.solve.histories import train
from generator.solve.rounding import MOST, Carry, Rounding
from generator.solve.traces import trace

_DECIMAL = re.compile(rf"[-−]?([0-9]+\.?[0-9]{{0,{MOST}}}|\.[0-9]{{1,{MOST}}})")
_COUNT = re.compile(r"[0-9]{1,9}")


class Publication(Model):
    """Where the numbers were printed."""

    title: str
    author: str = ""
    date: str = ""
    url: str = ""

    @property
    def line(self) -> str:
        """The source on one line."""
        return ", ".join(part for part in (self.author, self.title, self.date, self.url) if part)


class Claim(Model):
    """One number as printed: the quantity it is said to be (`name@N`: after N updates), and where it stands.

    A claim with no quantity is not comparable; `reason` says why.
    """

    quantity: str | None
    printed: str
    where: str
    reason: str = ""


class Claims(Model):
    """A claims file."""

    source: Publication
    claims: tuple[Claim, ...] = Field(min_length=1)


class Verdict(StrEnum):
    """What the comparison says."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim and its verdict; `right` is the figure that should stand there (empty where not comparable)."""

    claim: Claim
    verdict: Verdict
    right: str = ""


@dataclass(frozen=True)
class Audit:
    """All findings about one published example, in the order of printing."""

    publication: Publication
    findings: tuple[Finding, ...]

    def of(self, verdict: Verdict) -> tuple[Finding, ...]:
        """The findings with one verdict."""
        return tuple(finding for finding in self.findings if finding.verdict is verdict)


def audit(worked: Worked) -> Audit | None:
    """Compare a problem's claims file with the computed values; `None` where it has none.

    The problem is taken in its own notation, because that decides how it rounds and which derivatives have names.
    A number printed with k decimals is right when the computed value, rounded at k decimals in the notation's own mode,
    is that number. Raises `DefinitionError` with the line of a claim that names no quantity or prints no number.
    """
    path = worked.definition.claims
    if not path.is_file():
        return None
    worked = own_notation(worked)
    source = read(path)
    claims = validated(Claims, source)
    rounding = worked.trace.rounding
    for number, claim in enumerate(claims.claims):
        if claim.quantity is not None and not _DECIMAL.fullmatch(claim.printed):
            raise source.error(("claims", number, "printed"), f"`{claim.printed}`", "a decimal number as it is printed")
    values = _values(worked, claims, source)
    findings = tuple(_finding(claim, values.get(claim.quantity or ""), rounding) for claim in claims.claims)
    return Audit(claims.source, findings)


def _sharp(rounding: Rounding, claims: Claims) -> Rounding:
    """The rounding under which every printed digit is decided, where what is carried on does not depend on it."""
    if rounding.carry is Carry.SHOWN:
        return rounding
    printed = (_decimals(claim.printed) for claim in claims.claims if claim.quantity is not None)
    return replace(rounding, decimals=max(rounding.decimals, *printed, 0), significant=None, least=None, fractions=None)


def _decimals(printed: str) -> int:
    return len(printed.partition(".")[2])


def _values(worked: Worked, claims: Claims, source: Source) -> Mapping[str, Exact]:
    """The computed value of every quantity that is claimed."""
    sharp = _sharp(worked.trace.rounding, claims)
    values: dict[str, Exact] = dict(trace(worked.graph, sharp).values)
    later: dict[str, tuple[str, int]] = {}
    for number, claim in enumerate(claims.claims):
        if claim.quantity is None:
            continue
        name, at, count = claim.quantity.partition("@")
        if name not in worked.graph or (at and not (worked.graph.moves and _COUNT.fullmatch(count))):
            later_too = ", `name@N`" if worked.graph.moves else ""
            expected = f"a quantity of the problem (see `longhand solve FILE --json`){later_too}, or null"
            raise source.error(("claims", number, "quantity"), f"`{claim.quantity}`", expected)
        if at:
            later[claim.quantity] = (name, int(count))
    if later:
        counts = tuple(sorted({count for _, count in later.values()}))
        history = train(worked.graph, counts[-1], counts, sharp)
        for key, (name, updates) in later.items():
            if name not in history.rows[updates]:
                place = next(n for n, claim in enumerate(claims.claims) if claim.quantity == key)
                raise source.error(("claims", place, "quantity"), f"`{key}`", "an output, error or parameter after N")
            values[key] = history.rows[updates][name]
    return values


def _finding(claim: Claim, value: Exact | None, rounding: Rounding) -> Finding:
    if claim.quantity is None or value is None:
        return Finding(claim, Verdict.NOT_COMPARABLE)
    printed = claim.printed.replace("−", "-")
    decimals = _decimals(printed)
    own = replace(rounding, decimals=decimals, significant=None, least=None, fractions=None).number(value)
    verdict = Verdict.RIGHT if own == Fraction(printed) else Verdict.WRONG
    shown = replace(rounding, decimals=max(decimals, rounding.decimals), significant=None, least=None, fractions=None)
    return Finding(claim, verdict, shown.text(value))
