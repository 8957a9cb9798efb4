"""A task -> what 100,000 draws look like: how many are refused and why, ranges, guessable answers, collisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from generator.errors import SetError
from generator.sets.batch import Mask, Places
from generator.sets.draw import fields, many
from generator.sets.judge import Judge
from generator.sets.model import SetFile
from generator.sets.task import Task
from generator.solve.compiled import Array

DRAWS = 100_000
PROBE = 2_000  # draws that are looked at before a set is built
BINS = 20
GUESSABLE = 0.05  # an answer that as large a share of the papers has
_SECRET = b"certificate"  # public: a certificate is the same for everybody
_BLOCK = 10_000
_ROOM = 20  # how many times as many different papers there should be as students


@dataclass(frozen=True)
class Spread:
    """What the accepted draws show for one asked quantity."""

    quantity: str
    low: float
    high: float
    counts: tuple[int, ...]
    different: int
    usual: float
    share: float

    @property
    def guessable(self) -> bool:
        """Whether one answer is right too often."""
        return self.share > GUESSABLE


@dataclass(frozen=True)
class Certificate:
    """What is certified about one problem of a set."""

    task: Task
    judge: Judge
    draws: int
    accepted: int
    refused: tuple[tuple[str, str, int], ...]
    reasons: tuple[tuple[str, int], ...]  # by code alone: a draw that is refused twice for the same reason counts once
    spreads: tuple[Spread, ...]
    collisions: int
    difficulty: tuple[int, ...]
    minimum: float
    students: int

    @property
    def acceptance(self) -> float:
        """The share of draws that satisfy everything."""
        return self.accepted / self.draws

    @property
    def enough(self) -> bool:
        """Whether enough draws are acceptable."""
        return self.acceptance >= self.minimum

    @property
    def roomy(self) -> bool:
        """Whether there are many more acceptable papers than students."""
        return self.task.space * self.acceptance >= _ROOM * self.students

    @property
    def passed(self) -> bool:
        """Whether the problem can be handed out."""
        return self.enough and self.roomy

    @property
    def advice(self) -> tuple[str, ...]:
        """Codes of advice (keys of the language files), the most useful first."""
        if self.passed:
            return ()
        codes = [code for code, _, count in self.refused if count * 10 > self.draws] if not self.enough else []
        return tuple(dict.fromkeys([*codes, *([] if self.roomy else ["room"])]))

    def data(self) -> dict[str, Any]:
        """The certificate as JSON."""
        measure = self.judge.difficulty
        return {
            "id": self.task.id,
            "draws": self.draws,
            "accepted": self.accepted,
            "acceptance": self.acceptance,
            "needed": self.minimum,
            "passed": self.passed,
            "advice": list(self.advice),
            "refused": [{"code": code, "about": about, "draws": count} for code, about, count in self.refused],
            "papers": self.task.space,
            "collisions": self.collisions,
            "operations": dict(measure.operations),
            "difficulty": {"own": measure.own, "allowed": [measure.low, measure.high], "counts": list(self.difficulty)},
            "quantities": [
                {
                    "quantity": one.quantity, "low": one.low, "high": one.high, "counts": list(one.counts),
                    "different": one.different, "usual": one.usual, "share": one.share, "guessable": one.guessable,
                }
                for one in self.spreads
            ],
        }  # fmt: skip


@dataclass
class _Found:
    """What has been gathered from the blocks so far."""

    refused: dict[tuple[str, str], int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    shown: dict[str, list[Array]] = field(default_factory=dict)
    keys: list[Places] = field(default_factory=list)
    scores: list[Array] = field(default_factory=list)
    accepted: int = 0


def certify(homework: SetFile, judge: Judge, draws: int = DRAWS, students: int = 0) -> Certificate:
    """Draw a task's variants and say what they are like. The same draws in every run, whatever the secret."""
    task, found = judge.task, _Found()
    for places in _blocks(homework.id, task, draws):
        _gather(judge, places, found)
    spreads = tuple(_spread(name, np.concatenate(found.shown[name])) for name in task.asked) if found.accepted else ()
    keys = np.concatenate(found.keys) if found.keys else np.zeros(0, dtype=np.int64)
    scores = np.concatenate(found.scores) if found.scores else np.zeros(0)
    refused = sorted(
        ((*key, count) for key, count in found.refused.items() if count), key=lambda row: (-row[2], row[:2])
    )
    return Certificate(
        task,
        judge,
        draws,
        found.accepted,
        tuple(refused),
        tuple(sorted(((code, n) for code, n in found.reasons.items() if n), key=lambda row: (-row[1], row[0]))),
        spreads,
        len(keys) - len(np.unique(keys)),
        _histogram(scores, float(judge.difficulty.low), float(judge.difficulty.high)) if len(scores) else (),
        float(homework.homework.acceptance),
        students or homework.homework.copies or 1,
    )


def probe(homework: SetFile, judge: Judge) -> None:
    """Raise `SetError` where too few draws are acceptable, before anything is made."""
    found = certify(homework, judge, PROBE)
    if not found.enough:
        reasons = "; ".join(
            f"{code} {about}".strip() + f" {count / PROBE:.0%}" for code, about, count in found.refused[:3]
        )
        raise SetError(
            f"{homework.source.file}: `{judge.task.id}`: found {found.acceptance:.1%} of the draws acceptable "
            f"(refused: {reasons}); expected {found.minimum:.0%} or more: wider ranges, weaker requirements, or `allow`"
        )


def _blocks(name: str, task: Task, draws: int) -> Iterator[dict[str, Places]]:
    """The draws, some thousands at a time: for each given the places of its values."""
    streams = {
        given: many(_SECRET, fields(name, task.id, "certificate", given), draws, one.total)
        for given, one in task.choices.items()
    }
    for start in range(0, draws, _BLOCK):
        chosen: dict[str, Places] = {}
        for given, one in task.choices.items():
            block = streams[given][start : start + _BLOCK]
            upto = np.array(one.upto, dtype=np.uint64)
            placed = np.searchsorted(upto, block, side="right") if one.weights else block
            chosen[given] = placed.astype(np.int64)
        yield chosen


def _gather(judge: Judge, places: dict[str, Places], found: _Found) -> None:
    batch = judge.batch(places)
    failed: Mask = np.zeros(batch.size, dtype=np.bool_)
    by_code: dict[str, Mask] = {}
    for check, mask in judge.failing(batch):
        key = (check.code, check.subject)
        found.refused[key] = found.refused.get(key, 0) + int(np.count_nonzero(mask))
        by_code[check.code] = by_code[check.code] | mask if check.code in by_code else mask
        failed |= mask
    for code, mask in by_code.items():
        found.reasons[code] = found.reasons.get(code, 0) + int(np.count_nonzero(mask))
    good = ~failed
    found.accepted += int(np.count_nonzero(good))
    for name in judge.task.asked:
        found.shown.setdefault(name, []).append(batch.shown(name)[good])
    papers = np.zeros(batch.size, dtype=np.uint64)
    for given, at in places.items():  # modulo 2**64: very rarely, two different papers are taken for one
        papers = papers * np.uint64(2 * len(judge.task.choices[given].values) + 1) + at.astype(np.uint64)
    found.keys.append(papers[good].astype(np.int64))
    found.scores.append(judge.difficulty.scores(batch)[good])


def _spread(name: str, values: Array) -> Spread:
    low, high = float(values.min()), float(values.max())
    different, counts = np.unique(values, return_counts=True)
    top = int(np.argmax(counts))
    share = float(counts[top]) / len(values)
    return Spread(name, low, high, _histogram(values, low, high), len(different), float(different[top]), share)


def _histogram(values: Array, low: float, high: float) -> tuple[int, ...]:
    counts, _ = np.histogram(values, bins=BINS, range=(low, high if high > low else low + 1))
    return tuple(int(count) for count in counts)
