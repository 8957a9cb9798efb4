"""Every number that the three published examples print, held against the computed ones."""

from __future__ import annotations

import decimal
import math
import re
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from generator.definitions.source import read
from generator.errors import DefinitionError
from generator.pipeline import Worked, load_worked
from generator.solve.exact import Exact, bounds
from generator.solve.histories import train
from generator.solve.rounding import Mode
from generator.views.audit import Finding, Verdict, audit

NETWORKS = Path(__file__).parents[1] / "problems" / "networks"
CLAIMED = sorted(path.name.removesuffix(".claims.yml") for path in NETWORKS.glob("*.claims.yml"))
PYTHONS = {
    Mode.HALF_EVEN: decimal.ROUND_HALF_EVEN,
    Mode.HALF_UP: decimal.ROUND_HALF_UP,
    Mode.TOWARD_ZERO: decimal.ROUND_DOWN,
}
SIXTY = decimal.Context(prec=60)
each = pytest.mark.parametrize("name", CLAIMED)


@cache
def worked(name: str) -> Worked:
    return load_worked(NETWORKS / f"{name}.yml")


@cache
def findings(name: str) -> tuple[Finding, ...]:
    made = audit(worked(name))
    assert made is not None
    return made.findings


def wrong(name: str) -> list[Finding]:
    return [finding for finding in findings(name) if finding.verdict is Verdict.WRONG]


def quantity(finding: Finding) -> str:
    assert finding.claim.quantity is not None
    return finding.claim.quantity


# --- the verdicts, independently -----------------------------------------------------------------------------------


def middle(value: Exact) -> Decimal:
    low, high = bounds(value)
    assert high - low < Fraction(1, 10**25)
    exact = (low + high) / 2
    return SIXTY.divide(Decimal(exact.numerator), Decimal(exact.denominator))


def verdict(printed: str, value: Decimal, mode: Mode) -> Verdict:
    """Right if and only if the value, rounded at as many decimals as are printed, is what is printed."""
    number = Decimal(printed.replace("−", "-"))
    rounded = value.quantize(Decimal(1).scaleb(-len(printed.partition(".")[2])), rounding=PYTHONS[mode], context=SIXTY)
    return Verdict.RIGHT if rounded == number else Verdict.WRONG


def computed(name: str) -> dict[str, Decimal]:
    """The values of all claimed quantities, those after N updates included."""
    given = worked(name)
    found = {key: middle(value) for key, value in given.trace.values.items()}
    claimed = {finding.claim.quantity for finding in findings(name) if finding.claim.quantity}
    later = sorted(key for key in claimed if "@" in key)
    counts = tuple(sorted({int(key.partition("@")[2]) for key in later}))
    if counts:
        rows = train(given.graph, counts[-1], counts, replace(given.trace.rounding, decimals=20)).rows
        found.update((key, middle(rows[int(key.partition("@")[2])][key.partition("@")[0]])) for key in later)
    return found


@each
def test_every_verdict_is_that_of_the_decimal_module(name: str) -> None:
    values, mode = computed(name), worked(name).trace.rounding.mode
    assert findings(name)
    for finding in findings(name):
        claim = finding.claim
        if claim.quantity is None:
            assert finding.verdict is Verdict.NOT_COMPARABLE
            assert claim.reason
            continue
        assert finding.verdict is verdict(claim.printed, values[claim.quantity], mode), claim
        assert Decimal(finding.right) == values[claim.quantity].quantize(
            Decimal(1).scaleb(-max(len(claim.printed.partition(".")[2]), worked(name).trace.rounding.decimals)),
            rounding=PYTHONS[mode],
            context=SIXTY,
        )
        if finding.verdict is Verdict.RIGHT:
            short = Decimal(finding.right).quantize(Decimal(claim.printed), rounding=PYTHONS[mode])
            assert short == Decimal(claim.printed)


@each
def test_every_claim_is_heard_once_and_in_order(name: str) -> None:
    data = read(NETWORKS / f"{name}.claims.yml").data["claims"]
    assert [finding.claim.printed for finding in findings(name)] == [claim["printed"] for claim in data]
    assert [finding.claim.where for finding in findings(name)] == [claim["where"] for claim in data]
    assert len({(claim["printed"], claim["where"]) for claim in data}) == len(data)


# --- what is known -------------------------------------------------------------------------------------------------


def test_the_known_examples_are_there() -> None:
    assert {"example_322", "example_222_net_out", "example_222_sum_output"} <= set(CLAIMED)


def test_all_of_the_truncated_example_is_right() -> None:
    assert wrong("example_222_sum_output") == []
    assert Counter(f.verdict for f in findings("example_222_sum_output"))[Verdict.RIGHT] > 60
    # ... and only when it is read as truncated
    values = computed("example_222_sum_output")
    others = [
        finding
        for finding in findings("example_222_sum_output")
        if finding.claim.quantity
        and verdict(finding.claim.printed, values[finding.claim.quantity], Mode.HALF_EVEN) is Verdict.WRONG
    ]
    assert len(others) > 5


def test_the_example_with_three_inputs_has_one_wrong_gradient() -> None:
    found = wrong("example_322")
    assert [quantity(finding) for finding in found] == ["dE/db1", "dE/db1"]
    assert {(finding.claim.printed, finding.right) for finding in found} == {("0.0008", found[0].right)}
    assert found[0].right == worked("example_322").trace.shown["dE/db1"]


def test_the_best_known_example_has_twelve_wrong_figures() -> None:
    found = wrong("example_222_net_out")
    assert len(found) == 12
    by_quantity = Counter(map(quantity, found))
    assert by_quantity["eta"] == 1  # a learning rate in one line
    assert {"dE_total/dout_o1", "dout_o1/dnet_o1", "dnet_o1/dw5", "dE_total/dw5"} <= set(by_quantity)  # a chain
    assert sum(count for key, count in by_quantity.items() if "@" in key) == 3  # after training
    assert all(finding.right and Fraction(finding.right) != Fraction(finding.claim.printed) for finding in found)


def test_the_figures_after_training_are_those_of_a_plain_loop() -> None:
    """Ten thousand updates of the 2-2-2 network, written out."""

    def logistic(x: float) -> float:
        return 1 / (1 + math.exp(-x))

    i1, i2, t1, t2, b1, b2, rate = 0.05, 0.10, 0.01, 0.99, 0.35, 0.60, 0.5
    w1, w2, w3, w4, w5, w6, w7, w8 = 0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55
    for update in range(10001):
        h1, h2 = logistic(w1 * i1 + w2 * i2 + b1), logistic(w3 * i1 + w4 * i2 + b1)
        o1, o2 = logistic(w5 * h1 + w6 * h2 + b2), logistic(w7 * h1 + w8 * h2 + b2)
        error = ((t1 - o1) ** 2 + (t2 - o2) ** 2) / 2
        if update in (0, 1):
            assert f"{error:.9f}" == ("0.298371109", "0.291027774")[update]
        if update == 10000:
            break
        d1, d2 = (o1 - t1) * o1 * (1 - o1), (o2 - t2) * o2 * (1 - o2)
        e1, e2 = (d1 * w5 + d2 * w7) * h1 * (1 - h1), (d1 * w6 + d2 * w8) * h2 * (1 - h2)
        w5, w6, w7, w8 = w5 - rate * d1 * h1, w6 - rate * d1 * h2, w7 - rate * d2 * h1, w8 - rate * d2 * h2
        w1, w2, w3, w4 = w1 - rate * e1 * i1, w2 - rate * e1 * i2, w3 - rate * e2 * i1, w4 - rate * e2 * i2
    values = computed("example_222_net_out")
    for key, number in (("E_total@10000", error), ("out_o1@10000", o1), ("out_o2@10000", o2)):
        assert math.isclose(float(values[key]), number, rel_tol=1e-9)
    history = worked("example_222_net_out").history
    assert history is not None
    assert math.isclose(history.losses[10000], error, rel_tol=1e-9)


@each
def test_the_table_shows_what_the_training_computes(name: str) -> None:
    given = worked(name)
    history, training = given.history, given.problem.training
    assert history is not None
    assert training is not None
    assert set(training.show) <= set(history.rows)
    assert len(history.losses) == training.iterations + 1
    assert history.losses[-1] < history.losses[0]
    assert history.losses[0] == pytest.approx(float(middle(given.trace.values[given.graph.loss])), rel=1e-14)


# --- claims that cannot be heard -----------------------------------------------------------------------------------


def claim_file(folder: Path, claims: str) -> Path:
    """A copy of an example with other claims."""
    path = folder / "copy.yml"
    path.write_text((NETWORKS / "example_222_net_out.yml").read_text(encoding="utf-8"), encoding="utf-8")
    path.with_suffix(".claims.yml").write_text(f"source: {{title: A}}\nclaims:\n{claims}", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("claim", "key", "found"),
    [
        ("{quantity: w99, printed: '1', where: a}", "claims.0.quantity", "`w99`"),
        ("{quantity: out_o1@soon, printed: '1', where: a}", "claims.0.quantity", "`out_o1@soon`"),
        ("{quantity: dE_total/dw5@3, printed: '1', where: a}", "claims.0.quantity", "`dE_total/dw5@3`"),
        ("{quantity: w5, printed: about 1, where: a}", "claims.0.printed", "`about 1`"),
        ("{quantity: w5, printed: '1'}", "claims.0.where", "nothing"),
        ("{quantity: w5, where: a}", "claims.0.printed", "nothing"),
        ("{quantity: w5, printed: '1', where: a, page: 3}", "claims.0.page", "unknown key"),
    ],
)
def test_a_claim_that_cannot_be_heard_is_explained(tmp_path: Path, claim: str, key: str, found: str) -> None:
    path = claim_file(tmp_path, f"  - {claim}\n")
    with pytest.raises(DefinitionError, match=re.escape(found)) as caught:
        audit(load_worked(path))
    assert caught.value.file == path.with_suffix(".claims.yml")
    assert (caught.value.line, caught.value.key) == (3, key)


@pytest.mark.parametrize(
    ("printed", "is_right"),
    [
        ("0.75136507", True), ("0.751365070", True), ("0.7513650696", True), (".75", True), ("0.8", True), ("1", True),
        ("0.75136506", False), ("0.7513651", True), ("0.7513650", False), ("0", False), ("-0.75136507", False),
    ],
)  # fmt: skip
def test_a_number_is_right_to_its_own_last_decimal(tmp_path: Path, printed: str, is_right: bool) -> None:
    path = claim_file(tmp_path, f"  - {{quantity: out_o1, printed: '{printed}', where: here}}\n")
    made = audit(load_worked(path))
    assert made is not None
    assert (made.findings[0].verdict is Verdict.RIGHT) is is_right


def test_no_claims_no_audit(tmp_path: Path) -> None:
    path = claim_file(tmp_path, "")
    path.with_suffix(".claims.yml").unlink()
    assert audit(load_worked(path)) is None
