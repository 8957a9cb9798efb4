"""Mini-batches: their updates and the error that is followed, held against plain arithmetic."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from generator.definitions.problem import Definition as Loaded
from generator.definitions.source import Source
from generator.graph.quantities import Graph
from generator.kinds.network.kind import Definition, build, check
from generator.notation.files import notation_names
from generator.pipeline import Worked, load_worked, work
from generator.render.document import render
from generator.render.program import program
from generator.verify.document import FORMATS, verify
from generator.verify.truth import Truth

X, T = [1, 2, 3, 4], [2, 3, 7, 8]
LINE = {
    "kind": "network", "title": "made", "inputs": {"x1": list(map(str, X))}, "targets": {"t1": list(map(str, T))},
    "layers": [{"name": "output", "units": {"o1": {"x1": "w1"}}, "bias": "b1", "activation": "identity"}],
    "weights": {"w1": "1"}, "biases": {"b1": "0"}, "learning_rate": {"eta": "0.01"},
}  # fmt: skip


def problem(**more: Any) -> Definition:
    return Definition.model_validate({**LINE, **more})


def worked(notation: str = "default", **more: Any) -> Worked:
    made = problem(**more)
    assert not list(check(made))
    return work(Loaded(problem=made, source=Source(Path("made.yml"), {}, {})), notation)


def descent(batches: list[list[int]], mean: bool, penalty: Fraction = Fraction(0)) -> list[tuple[Fraction, ...]]:
    """Weight, bias and error of all observations before the first update and after each."""
    w, b, rows = Fraction(1), Fraction(0), []
    for batch in [*batches, []]:
        errors = [(t - w * x - b) ** 2 / 2 for x, t in zip(X, T, strict=True)]
        rows.append((w, b, sum(errors) / (len(errors) if mean else 1) + penalty * w * w / 2))
        out = [(w * X[n - 1] + b - T[n - 1], X[n - 1]) for n in batch]
        size = len(batch) if mean and batch else 1
        w, b = (
            w - (sum(e * x for e, x in out) / size + penalty * w) / 100,
            b - sum(Fraction(e) for e, _ in out) / size / 100,
        )
    return rows


@pytest.mark.parametrize("mean", [True, False])
@pytest.mark.parametrize(
    ("order", "epochs"),
    [([[1, 2], [3, 4]], 2), ([[4, 1, 2], [3]], 1), ([[1, 2], [2, 3], [1, 2]], 1), ([[1, 2, 3, 4]], 2), ([[2], 1], 1)],
)
def test_each_batch_is_an_update(order: list[Any], epochs: int, mean: bool) -> None:
    texts = [list(map(str, batch)) if isinstance(batch, list) else str(batch) for batch in order]
    done = worked(order=texts, epochs=str(epochs), batch="mean" if mean else "sum")
    batches = [batch if isinstance(batch, list) else [batch] for batch in order] * epochs
    rows = descent(batches, mean)
    values = done.trace.values
    for number, (w, b, error) in enumerate(rows):
        now = f"_new{number}" if number > 1 else "_new" if number else ""
        assert (values[f"w1{now}"], values[f"b1{now}"]) == (w, b)
        assert values[f"E_total_at{number}"] == error


def test_a_penalty_counts_once_in_each_update() -> None:
    done = worked(order=[["1", "2"], ["3", "4"]], batch="mean", regularization={"l2": "0.5"})
    rows = descent([[1, 2], [3, 4]], True, Fraction(1, 2))
    assert done.trace.values["w1_new2"] == rows[2][0]
    assert [done.trace.values[f"E_total_at{number}"] for number in range(3)] == [error for *_, error in rows]


def test_the_page_says_how_all_observations_fare() -> None:
    done = worked(order=[["1", "2"], ["3", "4"]], batch="mean")
    text = render(done, "solution", "markdown")
    assert "is the mean of all $4$, measured with the same parameters" in text
    before, after = (done.trace.shown[f"E_total_at{number}"] for number in (0, 2))
    mean = r"E_{\mathit{mean}}"
    assert f"The error fell from ${mean}^{{[0]}} = {before}$ to ${mean}^{{[2]}} \\approx {after}$." in text
    assert text.count("The error fell") + text.count("The error rose") == 1
    assert "after each of the batches of observations $1$, $2$; $3$, $4$, by the mean of their errors" in text
    (header,) = (line for line in text.splitlines() if line.startswith("| Updates"))
    assert header.count(mean) == 1


def test_an_optimizers_memory_is_not_in_the_table_of_training() -> None:
    done = worked(order="online", optimizer="adam", training={"iterations": "2", "show": ["1"]})
    text = render(done, "solution", "markdown")
    table = text[text.rindex("| Updates") :]
    assert "$w_1$" in table
    assert not any(state in table for state in ("$m_", "$s_", "$k$"))


@pytest.mark.parametrize("notation", notation_names())
@pytest.mark.parametrize("order", [[["1", "2"], ["4", "3"]], [["1", "2"], ["2", "3"]]])
def test_every_line_is_true(notation: str, order: list[list[str]]) -> None:
    done = worked(notation, order=order, batch="mean", regularization={"l2": "0.1"})
    truth = Truth.of(done.graph, done.writer, done.notation.rounding)
    for format in FORMATS:
        report = verify(render(done, "solution", format, "en"), format, truth)
        assert report.untrue == ()
        assert report.checked > 50


def test_the_short_way_of_softmax_is_true_in_every_turn() -> None:
    """The loss of each turn has targets of its own that add up to one."""
    made = worked(
        "matrix",
        inputs={"x1": ["1", "2"], "x2": ["0", "1"]},
        targets={"t1": ["1", "0"], "t2": ["0", "1"]},
        layers=[{"name": "output", "units": {"o1": {"x1": "w1"}, "o2": {"x2": "w2"}}, "activation": "softmax"}],
        weights={"w1": "0.1", "w2": "-0.4"},
        biases={},
        loss="cross_entropy",
        order="online",
    )
    text = render(made, "solution", "markdown")
    assert not verify(text, "markdown", Truth.of(made.graph, made.writer, made.notation.rounding), made.history).untrue


def test_in_matrices_a_batch_has_a_column_for_each_of_its_observations() -> None:
    made: Graph = build(problem(order=[["1", "2"], ["4", "3"]]))
    assert made.tensor["x:inputs:1, 2"].entries == (("x1_1", "x1_2"),)
    assert made.tensor["x:inputs:4, 3"].entries == (("x1_4", "x1_3"),)
    text = render(worked("matrix", order=[["1", "2"], ["4", "3"]]), "solution", "markdown")
    assert r"\mathbf{Z}^{(1)(4 , 3)} &= \mathbf{W}^{(1)[1]}\mathbf{X}^{(4 , 3)} + \mathbf{b}^{(1)[1]}" in text


def test_the_program_goes_through_the_same_batches() -> None:
    done = worked(order=[["1", "2"], ["3"]], regularization={"l2": "0.1"}, training={"iterations": "2", "show": []})
    names: dict[str, Any] = {"__name__": "made"}
    exec(program(done, "python"), names)  # our own text
    text = program(done, "python")
    assert "w1_new2" in text
    assert done.history is not None
    assert float(done.history.losses[-1]) == pytest.approx(
        float(descent([[1, 2], [3]] * 2, False, Fraction(1, 10))[-1][2])
    )


@pytest.mark.parametrize(
    ("order", "place", "found"),
    [
        ([["1", "5"]], ("order", 0), "5"),
        ([["1"], []], ("order", 1), "no observation"),
        ([["1", "1"]], ("order", 0), "an observation twice"),
    ],
)
def test_a_wrong_batch_is_refused(order: list[list[str]], place: tuple[Any, ...], found: str) -> None:
    assert [(where, what) for where, what, _ in check(problem(order=order))] == [(place, found)]


def test_a_schedule_can_go_by_epochs() -> None:
    done = worked(
        order=[["1", "2"], ["3", "4"]],
        epochs="3",
        schedule="exponential",
        settings={"gamma": "0.5"},
        schedule_per="epoch",
    )
    rates = [done.trace.values[f"rate{f'_new{n}' if n > 1 else '_new' if n else ''}"] for n in range(6)]
    assert rates == [Fraction(1, 100) / 2**epoch for epoch in (0, 0, 1, 1, 2, 2)]
    assert "The number of this epoch:" in render(done, "solution", "markdown")


@pytest.mark.parametrize(
    ("on", "expected"), [("all", {"w1", "b1"}), ("weights", {"w1"}), (["output"], {"w1"}), (["b1"], {"b1"})]
)
def test_a_penalty_is_on_what_the_definition_says(on: Any, expected: set[str]) -> None:
    made = build(problem(regularization={"l2": "0.1", "on": on}))
    assert {name for name in made.operands["R"] if name != "lambda"} == expected
    found, *_ = check(problem(regularization={"l2": "0.1", "on": ["o9"]}))
    assert found[:2] == (("regularization", "on", 0), "`o9`")


def test_only_weights_decay_where_it_says_so() -> None:
    done = worked(optimizer="weight_decay", decayed="weights", settings={"decay": "0.5"})
    plain = descent([[1, 2, 3, 4]], False)
    assert done.trace.values["b1_new"] == plain[1][1]
    assert done.trace.values["w1_new"] == plain[1][0] - Fraction(1, 200)
    assert "Only weights decay." in render(done, "solution", "markdown")


@pytest.mark.parametrize("path", ["batches/batch_of_three", "convolution/two_images", "recurrence/binary_numbers"])
def test_the_first_observation_is_the_one_that_is_worked_in_full_both_ways(path: str) -> None:
    made = load_worked(Path(__file__).parents[1] / "problems" / f"{path}.yml")
    steps = [step for section in made.sections() for each in section.steps for step in each.walk()]
    full = [step.target for step in steps if step.full and not step.cell]
    labels = [made.graph[name].label for name in full if name in made.graph]
    cases = {(made.graph[label.wrt].label if label.kind == "derivative" else label).case for label in labels}
    assert "1" in cases
    assert cases <= {"", "1"}


@pytest.mark.parametrize(
    ("order", "batches"),
    [("batch", [(1, 2, 3, 4)] * 3), ([["1", "2"], ["3", "4"]], [(1, 2), (3, 4), (1, 2), (3, 4)])],
    ids=["all", "mini-batches"],
)
def test_observations_have_their_order_after_an_update_too(order: Any, batches: list[tuple[int, ...]]) -> None:
    """What comes first of its like before the first update does so ever after, and the others follow in a table."""
    done = worked(order=order, epochs=str(3 if order == "batch" else 2), batch="mean")
    steps = [step for section in done.sections() for step in section.walk()]
    taken = [step for step in steps if re.search(r"/dE_total_\d(_new\d*)?$", step.target)]
    assert [int(step.target.split("/dE_total_")[1][0]) for step in taken] == [n for batch in batches for n in batch]
    assert [step.cell is None for step in taken] == [n == batch[0] for batch in batches for n in batch]
