"""A document that shows no working says what is computed: every formula that a student needs, and each once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shipped import ALL, ROOT

from generator.definitions.problem import load
from generator.derive.steps import Step
from generator.formula.infix import infix
from generator.formula.tree import references
from generator.graph.quantities import Role
from generator.pipeline import Worked, load_worked, work
from generator.publish.pages import generate
from generator.render.document import render
from generator.variants.slots import variant
from generator.views.effort import Effort
from generator.views.posed import posed
from generator.views.worksheet import worksheet

SHARED = "What is worked alike is stated once"


def problem(name: str, notation: str | None = None) -> Worked:
    (path,) = (path for path in ALL if path.stem == name)
    return load_worked(path, notation)


def stated(worked: Worked) -> dict[str, list[str]]:
    """What is said to be computed: by the name of a quantity, its formulas."""
    return {
        equation.target: [infix(part.formula) for part in equation.parts]
        for step in posed(worked).steps
        for equation in step.equations
    }


@pytest.mark.parametrize(
    ("name", "formulas"),
    [
        ("newton_sqrt2", {"f": ["x**2 - 2"], "x_new": ["x - f / df/dx"]}),
        ("vae_step", {"y": ["u * z"], "R": ["(y - x)**2 / 2"], "L": ["R + K"]}),
        ("value_iteration", {"k_1": ["argmax(A_1, A_2)"], "k_2": ["argmax(B_1, B_2)"]}),
        ("example_322", {"h1": ["logistic(z_h1)", "1 / (1 + exp(-z_h1))"], "o1": ["logistic(z_o1)"]}),
        ("xor_relu", {"out_h1_1": ["relu(net_h1_1)", "max(0, net_h1_1)"]}),
        ("adam_three_steps", {"shat_w1": ["s_w1_new / (1 - beta2**k_new)"]}),
        ("causal_mask", {"A_3_1": ["exp(S_3_1) / (exp(S_3_1) + exp(S_3_2) + exp(S_3_3))"]}),
    ],
)
def test_what_a_student_needs_is_stated(name: str, formulas: Mapping[str, list[str]]) -> None:
    found = stated(problem(name))
    assert {target: found.get(target) for target in formulas} == formulas


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_every_rule_of_the_way_there_is_stated(path: Path) -> None:
    worked = load_worked(path)
    made, graph = posed(worked), worked.graph
    targets = {step.target for step in made.steps}
    if not any(target in graph.tensor for target in targets):
        roles = (Role.FORWARD, Role.LOSS, Role.UPDATE)
        kinds = {(q.role, q.rule) for q in graph.of_role(*roles) if not q.round}
        assert {(graph[name].role, graph[name].rule) for name in targets} >= kinds
    assert len({equation for step in made.steps for equation in step.equations}) >= len(made.steps)  # each once
    assert all(part.kind == "formula" for step in made.steps for each in step.equations for part in each.parts)
    for level in ("guided", "faded", "open"):
        text = render(worked, "worksheet", "markdown", level=level)
        assert ("What is computed" in text) is (level == "open")
        assert (SHARED in text) is (level == "open" and made.others)
    assert "What is computed" not in render(worked, "solution", "markdown")


def made(formulas: Mapping[str, str], **givens: object) -> Worked:
    definition = load(ROOT / "others" / "newton_sqrt2.yml")
    changes = {"givens": givens, "formulas": dict(formulas), "parts": (), "say": {}, "functions": {}}
    changes |= {"differentiate": None, "update": (), "steps": None, "training": None, "claims": (), "conventions": ()}
    source = replace(definition.source, data={})  # whose texts speak of other formulas
    return work(
        definition.model_copy(update={"problem": definition.problem.model_copy(update=changes), "source": source})
    )


@given(st.integers(2, 6))
def test_entries_are_stated_once_only_where_one_tells_the_others(length: int) -> None:
    numbers = tuple(map(Fraction, range(1, length + 1)))
    regular = made({"u": "2 * v + 1", "s": "sum(u)"}, v=numbers)
    assert list(stated(regular)) == ["u_1", "s"]
    assert posed(regular).others
    other = made({"u": "[v[1] * v[2], v[1] * v[2]]", "w": "[v[1], v[1] + 1]"}, v=numbers)
    assert list(stated(other)) == ["u_1", "w_1", "w_2"]
    crossed = made({"u": "[v[2], v[1]]"}, v=numbers)  # the index of the second goes back
    assert list(stated(crossed)) == ["u_1", "u_2"]
    assert not posed(crossed).others


def test_a_sentence_that_stands_with_a_formula_is_not_said_again() -> None:
    text = render(problem("kalman_step"), "worksheet", "markdown", level="open")
    own = "The corrected position, between both:"
    assert text.count(own) == 1
    network = render(problem("vae_step"), "worksheet", "markdown", level="open")
    assert network.count("takes a step against its gradient") == 1
    assert network.count("is itself a product") == 1


def test_layers_and_losses_are_named_with_their_formulas() -> None:
    text = render(problem("example_322"), "solution", "markdown")
    assert "Activation function of the hidden layer: logistic function, $h_1 = \\sigma" in text
    assert "half the squared difference between target and output: $E_1 = " in text
    huber = render(problem("huber_outlier"), "solution", "markdown")
    assert "Activation function of the output layer: identity, $" in huber
    assert "Huber loss of the difference between target and output: $" in huber
    zh = render(problem("example_322"), "solution", "markdown", "zh")
    assert "隐藏层的激活函数：逻辑函数，$h_1 = " in zh
    open_ = render(problem("example_322"), "worksheet", "markdown", level="open")
    assert "Activation function of" not in open_  # it is stated with what is computed


def test_the_first_page_of_a_problem_says_what_is_computed(tmp_path: Path) -> None:
    source = ROOT / "others" / "newton_sqrt2.yml"
    (tmp_path / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    (found,) = generate(tmp_path)
    overview = next(page for page in found.pages if page.path.endswith("index.md"))
    assert "## What is computed" in overview.text


# --- room ---


def tasks(worked: Worked) -> list[Step]:
    return [step for section in worksheet(worked, "open").sections for step in section.steps]


def test_room_goes_by_the_work() -> None:
    worked = problem("vae_step")
    work_of = {step.target: step.work for step in tasks(worked)}
    assert work_of["L"] > 3 * work_of["w_new"]
    text = render(worked, "worksheet", "typst", level="open")
    tasks_only = text[text.index("== The decoder and the loss") :]
    rooms = [float(line[3:-3]) for line in tasks_only.splitlines() if line.startswith("#v(") and line.endswith("em)")]
    assert len(rooms) == len(tasks(worked))
    assert rooms[0] == max(rooms) > 2 * min(rooms)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_nothing_is_worked_twice(path: Path) -> None:
    graph = load_worked(path).graph
    names = [q.name for q in graph if q.formula is not None and references(q.formula)]
    effort = Effort(graph)
    assert effort.of(names) >= len(graph.needed(*names)) / 50
    assert effort.of(names) == 1  # all of it is there


# --- components ---


def test_a_single_task_has_no_number_of_a_component() -> None:
    for name in ("example_222_net_out", "example_222_sum_output"):
        assert "Component" not in render(problem(name), "worksheet", "markdown", level="open")


def test_the_error_of_an_update_is_asked_for_with_it() -> None:
    sections = worksheet(problem("adam_three_steps"), "open").sections
    errors = [[step.target for step in section.steps] for section in sections if section.code == "error"]
    assert errors == [["E_total"], ["E_total_new"], ["E_total_new2"]]


# --- blanks of every variant ---


@pytest.mark.parametrize("level", ["guided", "faded", "open"])
@pytest.mark.parametrize("name", ["image_edges", "example_322", "softmax_cross_entropy", "k_means"])
def test_every_variant_has_the_same_blanks(name: str, level: str) -> None:
    """Though other entries are the largest of their windows, and other values coincide."""
    worked = problem(name)
    usual = [answer.quantity for answer in worksheet(worked, level).answers]
    for step in (1, 2, 3):
        moved = {
            given: value + Fraction((7 * step * place) % 5 - 2, 8)
            for place, (given, value) in enumerate(worked.graph.givens.items())
            if worked.graph[given].label.kind in ("input", "weight", "filter", "bias")
        }
        assert [answer.quantity for answer in worksheet(variant(worked, moved), level).answers] == usual


def test_what_stands_in_which_matrix_is_no_step() -> None:
    """The names of the entries stand in a section of their own, of which nothing is computed."""
    text = render(problem("example_222_net_out", "matrix"), "worksheet", "markdown", level="open")
    assert text.count("Vectors and matrices") == 1
    assert "What is computed" in text
