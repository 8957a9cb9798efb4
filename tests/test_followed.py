"""Training on one observation after the other is followed by the error over all of them."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from generator.definitions.problem import Definition as Loaded
from generator.definitions.source import Source
from generator.kinds.network.kind import Definition, check
from generator.pipeline import Worked, work
from generator.publish.artifacts import truth_of
from generator.render.document import render
from generator.render.program import FLAVOURS, program
from generator.verify.document import Report, verify

INPUTS, TARGETS = [1, 2, 3], [2, 3, 7]
RATE, SHARE = Fraction(1, 100), Fraction(1, 10)
SHOWN = (1, 2, 7)
BASE: dict[str, Any] = {
    "kind": "network", "title": "made", "inputs": {"x1": list(map(str, INPUTS))},
    "targets": {"t1": list(map(str, TARGETS))}, "weights": {"w1": "1"}, "biases": {"b1": "0"},
    "layers": [{"name": "output", "units": {"o1": {"x1": "w1"}}, "bias": "b1", "activation": "identity"}],
    "learning_rate": {"eta": "0.01"}, "order": "online",
    "training": {"iterations": "12", "show": list(map(str, SHOWN))},
}  # fmt: skip


def worked(**more: Any) -> Worked:
    data = {**BASE, **more}
    problem = Definition.model_validate(data)
    assert not list(check(problem))
    return work(Loaded(problem=problem, source=Source(Path("made.yml"), data, {})))


def plain(order: list[int], mean: bool, penalized: bool) -> list[Fraction]:
    """The error over all observations after each epoch, in fractions."""
    w, b, found = Fraction(1), Fraction(0), []
    share = SHARE if penalized else Fraction(0)
    for _ in range(13):
        errors = [(t - w * x - b) ** 2 / 2 + share * w**2 / 2 for x, t in zip(INPUTS, TARGETS, strict=True)]
        found.append(sum(errors, Fraction(0)) / (len(errors) if mean else 1))
        for number in order:
            x, t = INPUTS[number - 1], TARGETS[number - 1]
            back = w * x + b - t
            w, b = w - RATE * (back * x + share * w), b - RATE * back
    return found


def report(made: Worked, text: str, fmt: str) -> Report:
    return verify(text, fmt, truth_of(made), made.history)


@pytest.mark.parametrize("penalized", [False, True])
@pytest.mark.parametrize("batch", ["sum", "mean"])
@pytest.mark.parametrize("order", ["online", ["3", "1", "3"], ["2"]])
def test_the_curve_and_the_table_follow_all_observations(order: Any, batch: str, penalized: bool) -> None:
    made = worked(order=order, batch=batch, regularization={"l2": "0.1"} if penalized else None)
    expected = plain([1, 2, 3] if order == "online" else list(map(int, order)), batch == "mean", penalized)
    history = made.history
    assert history is not None
    assert list(history.losses) == pytest.approx(list(map(float, expected)), rel=1e-12)
    rounding, loss = made.trace.rounding, made.graph.watched.loss
    for number, row in history.rows.items():
        assert rounding.text(row[loss]) == rounding.text(expected[number])
    text = render(made, "solution", "markdown")
    symbol = r"E_{\mathit{mean}}" if batch == "mean" else r"E_{\mathit{total}}"
    cells = [f"${rounding.text(expected[number])}$" for number in (0, *SHOWN, 12)]
    assert f"| ${symbol}$ | {' | '.join(cells)} |" in text
    assert f"the {batch} of the errors of all $3$ observations" in text
    for fmt in ("markdown", "latex", "typst", "web"):
        found = report(made, render(made, "solution", fmt), fmt)
        assert not found.untrue, found.untrue[0]


def test_a_wrong_error_in_the_table_is_noticed() -> None:
    """Also that of the first observation alone, and at the start the value that a later round has worked."""
    made = worked()
    assert made.history is not None
    text = render(made, "solution", "markdown")
    rounding, (first, last) = made.trace.rounding, (made.history.rows[n] for n in (0, 12))
    right, alone = (rounding.text(last[name]) for name in (made.graph.watched.loss, "E_total_1"))
    row = next(line for line in text.splitlines() if line.startswith(r"| $E_{\mathit{total}}$ |"))
    wrong = text.replace(row, row.replace(f"${right}$", f"${alone}$"))
    assert right != alone
    assert report(made, wrong, "markdown").untrue
    later = made.trace.shown["out_o1_2"]
    begun = next(line for line in text.splitlines() if line.startswith(r"| $\mathit{out}_{o1}^{(2)}$ |"))
    assert rounding.text(first["out_o1_2"]) != later
    changed = begun.replace(f"| ${rounding.text(first['out_o1_2'])}$ |", f"| ${later}$ |", 1)
    assert report(made, text.replace(begun, changed), "markdown").untrue


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_programs_print_the_same_errors(flavour: str) -> None:
    made = worked(batch="mean", layers=[{**BASE["layers"][0], "activation": "tanh"}])
    assert made.history is not None
    run = subprocess.run([sys.executable, "-c", program(made, flavour)], capture_output=True, text=True, check=True)
    printed = dict(re.findall(r"(?m)^\s*(\d+)  (\S+)$", run.stdout))
    assert list(map(int, printed)) == [0, *SHOWN, 12]
    for number, text in printed.items():
        assert float(text) == pytest.approx(made.history.losses[int(number)], rel=1e-12)


def test_where_all_are_learned_from_at_once_the_graph_itself_is_followed() -> None:
    made = worked(order="batch")
    assert made.graph.followed is None
    assert made.graph.watched is made.graph
    alone = worked(order=["1"], inputs={"x1": ["1"]}, targets={"t1": ["2"]})
    assert alone.graph.followed is None
    assert "observations, every one" not in render(made, "solution", "markdown")


def test_digits_of_a_long_training_are_certain() -> None:
    """Whatever the decimals, they are those of the exact fractions."""
    made = worked(notation={"extends": "default", "rounding": {"decimals": "18"}})
    expected = plain([1, 2, 3], mean=False, penalized=False)
    assert made.history is not None
    rounding = replace(made.trace.rounding, decimals=18)
    assert rounding.text(made.history.rows[12]["E_total"]) == rounding.text(expected[12])
