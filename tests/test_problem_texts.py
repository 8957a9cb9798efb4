"""The texts of the shipped problems: in both languages, standing alone, explaining every step, true of the numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from shipped import ALL, ROOT

from generator.definitions.problem import Definition, load
from generator.notation.files import notation_names
from generator.pipeline import work
from generator.render.document import render

FORMULAS = [path for path in ALL if load(path).problem.kind == "formulas"]
TEN_LINES = "one_unit"  # which the README promises and shows: its level is the default
BEFORE = r"^The same (shape|kind|line|parabola)|with other numbers|as (by|for|in) the? ?(batch|least|plain)"


def shipped(name: str) -> Path:
    return next(path for path in ALL if path.stem == name)


def shown(name: str) -> dict[str, str]:
    return dict(work(load(shipped(name))).trace.shown)


@pytest.mark.parametrize("path", ALL, ids=[path.stem for path in ALL])
def test_a_problem_is_complete_in_both_languages(path: Path) -> None:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"level", "minutes"} <= set(data) or path.stem == TEN_LINES
    texts = [data["title"], data["introduction"], *data.get("remarks", ()), *data.get("say", {}).values()]
    texts += [claim["say"] for claim in data.get("claims", ()) if isinstance(claim, dict)]
    if path.stem == TEN_LINES:
        return
    for text in texts:
        assert set(text) == {"en", "zh"}, text
        named = [set(re.findall(r"\[\[.*?\]\]", text[language])) for language in ("en", "zh")]
        assert named[0] == named[1], text
        assert not re.search("[a-z]{3} [a-z]{3}", text["zh"]), text["zh"]
    assert not re.search(BEFORE, data["introduction"]["en"])


@pytest.mark.parametrize("path", FORMULAS, ids=[path.stem for path in FORMULAS])
def test_every_formula_is_introduced_by_what_it_is_for(path: Path) -> None:
    definition = load(path)
    for notation in (None, *notation_names()):
        assert "We work out" not in render(work(definition, notation), "solution", "terminal", "en"), notation


def test_times_go_with_the_work() -> None:
    """Whatever takes an hour is not introductory, and what is worked in ten minutes is not advanced."""
    for path in ALL:
        problem = load(path).problem
        if path.stem == TEN_LINES:
            continue
        assert problem.minutes
        assert not (problem.level == "introductory" and problem.minutes > 30), path
        assert not (problem.level == "advanced" and problem.minutes < 30), path


# --- what an introduction says of the numbers, where no claim of the problem holds it ----------------------------


def test_adam_is_too_small_before_its_correction() -> None:
    numbers = shown("adam_three_steps")
    for before, after in (("m_w1_new", "mhat_w1"), ("s_w1_new", "shat_w1")):
        assert abs(float(numbers[before])) < abs(float(numbers[after]))
    assert numbers["w1_new"] == numbers["eta"]


def test_the_last_observation_is_fitted_best_at_the_expense_of_the_one_before() -> None:
    numbers = {name: float(value) for name, value in shown("online_learning").items() if name.startswith("E_")}
    ends = {name: value for name, value in numbers.items() if name.endswith("_new3")}
    assert min(ends.values()) == numbers["E_total_3_new3"] < numbers["E_total_3"]
    assert numbers["E_total_2_new3"] > numbers["E_total_2"]


def test_the_rectifier_of_the_edge_detector_has_something_to_do() -> None:
    numbers = shown("image_edges")
    sums = [float(value) for name, value in numbers.items() if re.fullmatch(r"z_\d_\d", name)]
    assert min(sums) < 0 < max(sums)


def test_without_clipping_the_error_would_rise() -> None:
    definition = load(shipped("clipped_gradient"))
    problem = definition.problem.model_copy(update={"clip": None, "claims": ()})
    wild = work(Definition(problem=problem, source=definition.source)).trace.values
    assert float(str(shown("clipped_gradient")["E_total_new"])) < 0.125 < float(wild["E_total_new"])


def test_the_one_error_of_xor_reaches_every_parameter() -> None:
    worked = work(load(shipped("xor_relu")))
    gradients = [worked.trace.values[f"dE_total/d{name}"] for name in worked.graph.trained]
    assert len(gradients) == 7
    assert all(gradients)


def test_backtracking_leads_to_the_best_states() -> None:
    """As all eight ways show."""
    data = yaml.safe_load(shipped("hidden_markov").read_text(encoding="utf-8"))["givens"]
    start, move, seen = data["p"], data["A"], data["B"]
    chances = {
        (i, j, k): start[i] * seen[0][i] * move[i][j] * seen[1][j] * move[j][k] * seen[2][k]
        for i in range(2)
        for j in range(2)
        for k in range(2)
    }
    numbers = shown("hidden_markov")
    assert tuple(int(numbers[name]) - 1 for name in "mlk") == max(chances, key=chances.__getitem__)


def test_the_author_of_the_best_known_example_has_his_name() -> None:
    claims = yaml.safe_load((ROOT / "networks" / "example_222_net_out.claims.yml").read_text(encoding="utf-8"))
    assert claims["source"]["author"] == "Matt Mazur"
