"""Set files: what they say, and how each mistake is named before anything is written."""

from __future__ import annotations

from fractions import Fraction
from math import exp, floor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sets import ROOT, SMALL, set_file

from generator.definitions.source import Source
from generator.errors import DefinitionError, FormulaError
from generator.formula.tree import Add, Call, Div, Mul, Neg, Num, Ref
from generator.sets.model import find_sets, load_set
from generator.sets.ranges import Choices, choices
from generator.sets.require import requirement
from generator.sets.task import shared, tasks
from generator.views.worksheet import worksheet

NAMES = ("w1", "w10", "E", "dE/dw1", "dE/dw10", "net_h1", "dE", "dw1")


def made(data: object) -> Choices:
    return choices(Source(Path("set.yml"), {}, {}), data, ("vary", "w1"))


# --- what varies ---


def test_a_range_holds_both_ends_and_its_steps_exactly() -> None:
    found = made({"from": "0.1", "to": "0.3", "step": "0.05"})
    assert found.values == tuple(Fraction(n, 20) for n in (2, 3, 4, 5, 6))
    assert found.total == 5


def test_integers_and_lists_and_what_they_leave_out() -> None:
    assert made({"integers": ["-1", "2"], "without": ["0"]}).values == (-1, 1, 2)
    assert made(["0.5", "1/4"]).values == (Fraction(1, 2), Fraction(1, 4))


def test_a_normal_distribution_weighs_the_middle_most() -> None:
    found = made({"normal": {"mean": "0", "deviation": "1"}, "from": "-2", "to": "2", "step": "1"})
    assert found.values == (-2, -1, 0, 1, 2)
    assert found.weights == tuple(floor(2**32 * exp(-(x**2) / 2)) for x in (-2, -1, 0, 1, 2))
    least = found.weights[0]
    drawn = [found.place(number) for number in (0, least - 1, least, found.total - 1)]
    assert drawn == [0, 0, 1, 4]


@given(st.integers(1, 60), st.integers(1, 40), st.integers(-500, 500))
def test_a_range_has_as_many_values_as_steps_and_one(count: int, step: int, first: int) -> None:
    ends = {"from": f"{first}/100", "to": f"{first + count * step}/100", "step": f"{step}/100"}
    found = made(ends)
    assert len(found.values) == count + 1
    assert {b - a for a, b in zip(found.values, found.values[1:], strict=False)} == {Fraction(step, 100)}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"from": "0", "to": "1"}, "step"),
        ({"from": "0", "to": "1", "step": "0.3"}, "a whole number of steps of 0.3"),
        ({"from": "0", "to": "1", "step": "0"}, "a step above zero"),
        ({"from": "1", "to": "0", "step": "0.1"}, "a whole number of steps"),
        ({"from": "0", "to": "1e9", "step": "0.1"}, "at most 1,000,000"),
        ({"integers": ["1", "2.5"]}, "a whole number"),
        ({"integers": ["1", "99999999"]}, "at most 1,000,000"),
        ({"normal": {"mean": "0", "deviation": "0"}, "from": "0", "to": "1", "step": "1"}, "a deviation above zero"),
        (["1", "1"], "each value once"),
        (["1"], "at least two"),
        (["1", "x"], "a number such as 0.15"),
        ("0.1..0.9", "a list of values, {from, to, step}"),
        ({"from": "0", "to": "1", "step": "0.1", "steps": "3"}, "another of the known keys"),
        (None, "nothing"),
    ],
)
def test_a_range_that_cannot_be_used_is_refused(data: object, told: str) -> None:
    with pytest.raises(DefinitionError, match="vary") as error:
        made(data)
    assert told in str(error.value)


# --- requirements ---


def test_the_longest_name_wins_and_spaces_make_a_division() -> None:
    (found,) = requirement("dE/dw1 >= 0.0005", NAMES)
    assert (found.left, found.op) == (Ref("dE/dw1"), ">=")
    (found,) = requirement("dE/dw10 < dE / dw1", NAMES)
    assert (found.left, found.right) == (Ref("dE/dw10"), Div(Ref("dE"), Ref("dw1")))
    (found,) = requirement("abs(dE/dw1 - dE/dw10)*2 != E/w1", NAMES)
    assert found.left == Mul((Call("abs", (Add((Ref("dE/dw1"), Neg(Ref("dE/dw10")))),)), Num(Fraction(2))))
    assert found.right == Div(Ref("E"), Ref("w1"))


def test_a_chain_states_several() -> None:
    first, second = requirement("0 < w1 <= 2", NAMES)
    assert (first.op, first.right, second.left, second.op) == ("<", Ref("w1"), Ref("w1"), "<=")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("abs(net_h2) < 3", "did you mean net_h1?"),
        ("w1", "formulas with <"),
        ("w1 == 2", "formulas with <"),
        ("w1 <", "cannot read"),
        ("sin(w1) < 1", "found `sin` of 1"),
        ("abs(w1, E) < 1", "found `abs` of 2"),
        ("__import__('os') < 1", "names `__import__`|cannot read"),
        ("w1.real < 1", "cannot read"),
        ("w2/w3 < 1", "names `w2`"),
    ],
)
def test_a_requirement_that_cannot_be_read_is_refused(text: str, told: str) -> None:
    with pytest.raises(FormulaError, match=told.replace("?", r"\?")):
        requirement(text, NAMES)


# --- whole files ---


def test_the_shipped_sets_are_found_and_read() -> None:
    found = find_sets(ROOT / "problems")
    assert len(found) >= 2
    for path in found:
        homework = load_set(path)
        assert [task.id for task in tasks(homework)] == [exercise.id for exercise in homework.homework.problems]


def test_points_are_shared_out_in_quarters_and_add_up() -> None:
    for total in ("7", "10", "15", "7.5", "1/3", "0.05"):
        for count in (1, 3, 8, 14, 24, 29):
            efforts = [number % 5 for number in range(count)]
            points = shared(Fraction(total), efforts)
            assert sum(points) == Fraction(total)
            quarters = Fraction(total) * 4
            if quarters.denominator == 1 and quarters >= count:
                assert {(worth * 4).denominator for worth in points} == {1}
                assert max(points) <= 2 * min(points)
            more = {efforts[place] for place in range(count) if points[place] == max(points)}
            less = {efforts[place] for place in range(count) if points[place] == min(points)}
            assert len({*points}) == 1 or min(more) >= max(less)  # what takes more work is worth no less


def test_points_are_even_where_they_can_be_and_never_odd_cents() -> None:
    assert set(shared(Fraction(5), [1] * 4)) == {Fraction(5, 4)}
    assert shared(Fraction(10), range(7)) == (1, *[Fraction(3, 2)] * 6)
    assert sorted(set(shared(Fraction(15), [1] * 24))) == [Fraction(1, 2), Fraction(3, 4)]  # and no 0.62 and 0.63


def test_what_is_asked_by_name_group_and_step(tmp_path: Path) -> None:
    text = SMALL.replace("level: guided", "level: open\n    ask: [updates, net_o1, gradients_last/output]")
    (task,) = tasks(load_set(set_file(tmp_path, text)))
    assert set(task.asked) >= {"w1_new", "w2_new", "b1_new", "net_o1", "dE_total/dw1", "dE_total/dout_o1"}
    assert "dnet_o1/db1" not in task.asked, "a constant is not worth a question"


def test_where_steps_are_laid_out_only_what_leads_to_the_asked_is_there(tmp_path: Path) -> None:
    (task,) = tasks(load_set(set_file(tmp_path, SMALL.replace("guided", "guided\n    ask: [dE_total/dw1]"))))
    assert "dE_total/dw1" in task.asked
    assert "net_o1" in task.asked
    assert not {"dE_total/dw2", "w1_new", "b1_new"} & set(task.asked)


@pytest.mark.parametrize(("vary", "crossed"), [("w1: [0.5, 1]", ["out_h2"]), ("mask_h2: [0, 1]", [])])
def test_a_unit_is_crossed_out_only_where_everybody_drops_it(vary: str, crossed: list[str], tmp_path: Path) -> None:
    text = f"title: t\nproblems:\n  - {{id: dropout_mask, vary: {{{vary}}}}}\ncopies: 1\n"
    (task,) = tasks(load_set(set_file(tmp_path, text, "dropout_mask")))
    diagram = task.worked.graph.diagram
    assert diagram is not None
    assert [node.name for node in diagram.nodes if node.dropped] == crossed


def test_the_blanks_do_not_depend_on_which_values_coincide(tmp_path: Path) -> None:
    (task,) = tasks(load_set(set_file(tmp_path, SMALL.replace("guided", "faded"))))
    own = task.worked.trace.shown
    assert abs(float(own["dE_total/dw2"])) == abs(float(own["dE_total/db1"])), "the definition's own numbers coincide"
    assert {"dE_total/dw2", "w2_new", "out_o1_new"} <= set(task.asked)
    for attempt in range(20):
        variant = task.variant(task.numbers(task.drawn(b"", "small", "student", attempt)))
        assert tuple(answer.quantity for answer in worksheet(variant, "faded").answers) == task.asked


BAD = {
    "title: x\nproblems: []": ("problems", "at least 1"),
    "title: x\nproblem: []": ("problem", "unknown key"),
    SMALL.replace("one_unit", "two_units"): ("problems.0.id", "one_unit"),
    SMALL.replace("x1:", "x9:"): ("problems.0.vary.x9", "x1"),
    SMALL.replace("level: guided", "level: hard"): ("problems.0.level", "guided"),
    SMALL.replace("points: 7", "points: -1"): ("problems.0.points", "greater than 0"),
    SMALL.replace("step: 0.1}\n      weight", "}\n      weight"): ("problems.0.vary.x1.step", "this key"),
    SMALL.replace("abs(net_o1) < 2", "abs(net_o7) < 2"): ("problems.0.require.0", "net_o1"),
    SMALL.replace("[0.1, 0.9]", "[1/3, 2/3]"): ("problems.0.vary.t1", "decimals that end"),
    SMALL.replace("level: guided", "level: open\n    ask: [gradient]"): ("problems.0.ask.0", "gradients"),
    SMALL.replace("copies: 5", "copies: 0"): ("copies", "greater than or equal to 1"),
    SMALL.replace("copies: 5", "allow: [zero]"): ("allow", "unknown key"),
    SMALL.replace("    level: guided", "    allow: [all]\n    level: guided"): ("problems.0.allow.0", "zero"),
    "- a\n- b\n": ("", "the keys of a homework set"),
}


@pytest.mark.parametrize("text", BAD)
def test_a_mistake_is_named_with_its_place(text: str, tmp_path: Path) -> None:
    key, told = BAD[text]
    with pytest.raises(DefinitionError) as error:
        tasks(load_set(set_file(tmp_path, text)))
    assert error.value.file == tmp_path / "small.yml"
    assert told in str(error.value)
    assert error.value.key == key
    assert error.value.line is not None


def test_a_problem_stands_once_in_a_set(tmp_path: Path) -> None:
    twice = SMALL.replace("copies: 5\n", "  - id: one_unit\n    vary: {x1: [1, 2]}\n")
    with pytest.raises(DefinitionError, match="each problem once"):
        load_set(set_file(tmp_path, twice))
