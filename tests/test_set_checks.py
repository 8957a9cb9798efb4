"""What every variant satisfies: the same judgement for many at once and exactly for one, and by plain recomputation."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sets import ROOT, SMALL, set_file

from generator.errors import SetError
from generator.pipeline import Worked
from generator.sets.batch import decimals, rounded
from generator.sets.certificate import certify, probe
from generator.sets.difficulty import score
from generator.sets.judge import Judge
from generator.sets.model import find_sets, load_set
from generator.sets.report import bars, percent, report
from generator.sets.require import requirement
from generator.sets.task import Task, tasks
from generator.solve.rounding import Carry, Mode, Rounding
from generator.solve.traces import trace
from generator.verify.document import verify
from generator.views.worksheet import worksheet

SECRET = b"a secret"


def judges(path: Path) -> list[Judge]:
    return [Judge(task) for task in tasks(load_set(path))]


def small(tmp_path: Path, *changes: tuple[str, str]) -> Judge:
    text = SMALL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (judge,) = judges(set_file(tmp_path, text))
    return judge


def columns(task: Task, count: int) -> tuple[list[dict[str, int]], dict[str, np.ndarray]]:
    draws = [task.drawn(SECRET, "set", str(number), 0) for number in range(count)]
    return draws, {given: np.array([places[given] for places in draws]) for given in task.choices}


# --- rounding many numbers at once ---

MODES = [Rounding(places, None, mode) for places in (0, 2, 4, 9) for mode in Mode]
MODES += [Rounding(significant=digits, mode=mode) for digits in (1, 3, 6) for mode in Mode]
MODES += [Rounding(places, mode=mode, least=least) for places, least in ((0, 2), (2, 1), (4, 3)) for mode in Mode]


@given(st.lists(st.fractions(-1000, 1000), min_size=1, max_size=20), st.sampled_from(MODES))
def test_what_is_shown_is_what_exact_rounding_shows(values: list[Fraction], rounding: Rounding) -> None:
    shown, unit, near = rounded(np.array([float(value) for value in values]), rounding)
    for value, number, size, close in zip(values, shown, unit, near, strict=True):
        if not close:
            exact = rounding.number(value)
            assert abs(Fraction(float(number)) - exact) <= abs(exact) * Fraction(1, 10**15)
            assert float(size) == pytest.approx(10.0 ** -rounding.unit(exact), rel=1e-12)


@given(st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=20), st.sampled_from(MODES[:9]), st.integers(0, 6))
def test_ties_are_decided_where_the_decimals_are_known(digits: list[int], rounding: Rounding, places: int) -> None:
    values = [Fraction(number, 10**places) for number in digits]
    shown, _, near = rounded(np.array([float(value) for value in values]), rounding, grain=places)
    assert not near.any()
    assert [round(float(number), 9) for number in shown] == [round(float(rounding.number(v)), 9) for v in values]


def test_how_many_decimals_a_formula_has() -> None:
    names = ("a", "b", "c")
    of: dict[str, int | None] = {"a": 2, "b": 3, "c": None}
    for text, wanted in (
        ("a + b", 3), ("a * b", 5), ("a - 0.0001", 4), ("a**3", 6), ("1/2 * a", 3), ("b / 8", 6), ("a / 3", None),
        ("max(a, b)", 3), ("exp(a)", None), ("a + c", None), ("abs(a)", 2), ("a / b", None),
    ):  # fmt: skip
        (found,) = requirement(f"{text} < 1", names)
        assert decimals(found.left, of) == wanted, text


# --- the same judgement both ways ---


@pytest.mark.parametrize("path", find_sets(ROOT / "problems"), ids=lambda path: path.stem)
def test_many_at_once_are_judged_as_one_by_one(path: Path) -> None:
    for judge in judges(path):
        draws, places = columns(judge.task, 60)
        exact = [judge.exactly(judge.task.numbers(draw)) is None for draw in draws]
        assert list(judge.judged(draws)) == exact
        assert any(exact)
        _, doubt = judge.accepted(judge.batch(places))
        assert doubt.sum() < 20, "most are decided without exact arithmetic"


def accepted_variants(judge: Judge, count: int) -> list[Worked]:
    draws, _ = columns(judge.task, count)
    good = [draw for draw, accepted in zip(draws, judge.judged(draws), strict=True) if accepted]
    return [judge.task.variant(judge.task.numbers(draw)) for draw in good]


@pytest.mark.parametrize("level", ["guided", "faded"])
def test_an_accepted_variant_holds_what_is_promised(tmp_path: Path, level: str) -> None:
    """From the exact values alone."""
    judge = small(tmp_path, ("level: guided", f"level: {level}"))
    task = judge.task
    variants = accepted_variants(judge, 80)
    assert len(variants) > 40
    for variant in variants:
        shown = {name: variant.trace.number(name).value for name in task.asked}
        assert all(shown.values()), "no answer is zero"
        assert all(shown[f"{name}_new"] != variant.graph.givens[name] for name in ("w2", "b1"))
        assert len(set(shown.values())) == len(shown), "no two answers are the same"
        assert abs(float(variant.trace.full("net_o1"))) < 2
        assert abs(float(variant.trace.full("dE_total/dw1"))) >= 0.0005
        pencil = trace(variant.graph, Rounding(task.rounding.decimals, None, task.rounding.mode, Carry.SHOWN))
        assert max(abs(pencil.number(name).value - value) for name, value in shown.items()) <= Fraction(5, 10**4)
        assert judge.difficulty.low <= score(judge.difficulty, variant) <= judge.difficulty.high
        assert tuple(answer.quantity for answer in worksheet(variant, level).answers) == task.asked


@pytest.mark.parametrize(
    ("code", "changes", "values"),
    [
        ("require", (), {"x1": "0.9", "w1": "0.9", "w2": "-0.9", "b1": "0.5"}),
        (
            "zero",
            (("require: [abs(net_o1) < 2, abs(dE_total/dw1) >= 0.0005]", "level: guided"),),
            {"w1": "-0.2", "w2": "0.1"},
        ),
        ("equal", (), {"x1": "1"}),
        ("difficulty", (("points: 7", "points: 7\n    difficulty: 0"),), {"w1": "0.35", "w2": "-0.35"}),
        ("tolerance", (("points: 7", "points: 7\n    tolerance: 0"),), {"w1": "0.35"}),
        ("saturated", (("require: [abs(net_o1) < 2, abs(dE_total/dw1) >= 0.0005]", "level: guided"),), {"w2": "-20"}),
    ],
)
def test_a_variant_that_fails_is_refused(
    tmp_path: Path, code: str, changes: tuple[tuple[str, str], ...], values: dict[str, str]
) -> None:
    """One that breaks a requirement on purpose; the given values need not be among those that are drawn."""
    text = SMALL
    for old, new in changes:
        text = text.replace(old, new if new != "level: guided" else "tolerance: 5")
    (judge,) = judges(set_file(tmp_path, text))
    drawn = {name: Fraction(value) for name, value in values.items()}
    found = judge.exactly(drawn)
    assert found is not None
    assert any(check.code == code and _fails(judge, check.code, drawn) for check in judge.checks)


def _fails(judge: Judge, code: str, drawn: dict[str, Fraction]) -> bool:
    from generator.sets.checks import Case

    variant = judge.task.variant(drawn)
    case = Case(variant, judge.task.student(variant))
    return any(check.fails_exactly(case) for check in judge.checks if check.code == code)


def test_an_update_that_changes_nothing_is_refused(tmp_path: Path) -> None:
    judge = small(tmp_path, ("x1: {from: 0.1, to: 0.9, step: 0.1}", "eta: [0.0001, 0.5]"))
    found = judge.exactly({"eta": Fraction(1, 10000)})
    assert found is not None
    assert found.code == "unchanged"
    assert _fails(judge, "unchanged", {"eta": Fraction(1, 10000)})


def test_a_dead_unit_is_refused_unless_it_is_allowed(tmp_path: Path) -> None:
    path = set_file(tmp_path, SMALL)
    definition = tmp_path / "one_unit.yml"
    definition.write_text(definition.read_text().replace("bias: b1}", "bias: b1, activation: relu}"))
    dead = {"w1": Fraction(-9, 10), "w2": Fraction(1, 10), "b1": Fraction(-1, 2)}
    (judge,) = judges(path)
    assert _fails(judge, "dead", dead)
    path.write_text(SMALL.replace("points: 7", "points: 7\n    allow: [dead]"))
    (judge,) = judges(path)
    assert "dead" not in {check.code for check in judge.checks}


def test_a_boundary_is_decided_exactly(tmp_path: Path) -> None:
    """0.1 + 0.2 is 0.3, whatever binary floats say."""
    judge = small(tmp_path, ("abs(net_o1) < 2", "x1 + x2 <= 0.3"), ("x1: {", "x2: [0.2, 0.5]\n      x1: {"))
    check = next(check for check in judge.checks if check.subject == "x1 + x2 <= 0.3")
    places = {name: np.array([0]) for name in judge.task.choices}
    batch = judge.batch(places)
    assert 0.1 + 0.2 > 0.3
    check.fails(batch)
    assert batch.doubt.all(), "too close for floats"
    from generator.sets.checks import Case

    variant = judge.task.variant(judge.task.numbers(dict.fromkeys(places, 0)))
    assert not check.fails_exactly(Case(variant, judge.task.student(variant)))


# --- certificates ---


def test_a_certificate_counts_what_is_refused(tmp_path: Path) -> None:
    path = set_file(tmp_path)
    homework = load_set(path)
    (judge,) = judges(path)
    found = certify(homework, judge, 3000)
    data = found.data()
    assert data["accepted"] + 0 == found.accepted
    assert 0.5 < found.acceptance < 1
    assert found.passed
    assert {row["quantity"] for row in data["quantities"]} == set(judge.task.asked)
    assert all(sum(row["counts"]) == found.accepted for row in data["quantities"])
    assert sum(data["difficulty"]["counts"]) == found.accepted
    assert certify(homework, judge, 3000).data() == data, "the same in every run"


def test_a_certificate_finds_what_is_planted(tmp_path: Path) -> None:
    judge = small(tmp_path, ("weight: {from: -0.9, to: 0.9, step: 0.05, without: [0]}", "weight: [0.25, 0.45]"))
    found = certify(load_set(tmp_path / "small.yml"), judge, 2000, students=200)
    assert found.collisions > 0
    assert not found.roomy
    assert not found.passed
    assert found.advice == ("room",)
    few = small(
        tmp_path,
        ("{from: 0.1, to: 0.9, step: 0.1}", "[0.5, 0.7]"),
        ("weight: {from: -0.9, to: 0.9, step: 0.05, without: [0]}", "w1: [0.25, 0.45]"),
        ("{from: -0.5, to: 0.5, step: 0.1, without: [0]}", "[0.1, 0.2]"),
    )
    found = certify(load_set(tmp_path / "small.yml"), few, 500)
    spread = next(spread for spread in found.spreads if spread.quantity == "net_o1")
    assert spread.guessable
    assert spread.different <= 8


def test_impossible_requirements_fail_with_advice(tmp_path: Path) -> None:
    judge = small(tmp_path, ("abs(net_o1) < 2", "net_o1 > 5"))
    homework = load_set(tmp_path / "small.yml")
    found = certify(homework, judge, 1000)
    assert (found.accepted, found.enough) == (0, False)
    assert found.advice[0] == "require"
    with pytest.raises(SetError, match="net_o1 > 5 100%"):
        probe(homework, judge)


@pytest.mark.parametrize("format_name", ["web", "typst", "markdown"])
def test_the_page_of_a_certificate_holds_true_lines(tmp_path: Path, format_name: str) -> None:
    homework = load_set(set_file(tmp_path))
    (judge,) = judges(tmp_path / "small.yml")
    text = report(homework, [certify(homework, judge, 500)], format_name)
    from generator.publish.artifacts import truth_of

    assert not verify(text, format_name, truth_of(judge.task.worked)).untrue
    assert "can be handed out" in text
    assert "▁" in text or "█" in text


def test_bars_and_shares() -> None:
    assert bars([0, 1, 8, 4]) == " ▁█▄"
    assert bars([]) == ""
    assert (percent(0.5), percent(0), percent(0.0004)) == ("50.0 %", "0.0 %", "< 0.1 %")


def test_a_reason_is_one_row_with_what_it_is_about(tmp_path: Path) -> None:
    """A draw that is refused twice for one reason counts once in the row's share."""
    homework = load_set(set_file(tmp_path))
    (judge,) = judges(tmp_path / "small.yml")
    found = certify(homework, judge, 3000)
    codes = [code for code, _, _ in found.refused]
    (code,) = (code for code, _ in found.reasons if code == "equal")
    own = [count for known, _, count in found.refused if known == code]
    total = dict(found.reasons)[code]
    assert len(own) > 3
    assert max(own) <= total <= sum(own)
    assert {code for code, _ in found.reasons} == set(codes)
    assert [count for _, count in found.reasons] == sorted((count for _, count in found.reasons), reverse=True)
    text = report(homework, [found], "markdown")
    (row,) = (line for line in text.split("\n") if "two answers are the same" in line)
    assert row.count("%)") == len(own)
    assert row.endswith(f"| {percent(total / found.draws)} |")
    assert "/ 3 000 (" in text
    assert not re.search(r"\d{4}", re.sub(r"\d*\.\d+", "", text))
