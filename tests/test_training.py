"""The keys that say how parameters are updated mean the same in every kind that has them."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
import yaml

from generator.definitions.problem import kind_module, kind_names
from generator.formula.tree import Formula, references
from generator.graph.quantities import Graph, updated_name
from generator.learning.optimizers import OPTIMIZERS
from generator.learning.training import Learning

KINDS = [kind for kind in kind_names() if issubclass(kind_module(kind).Definition, Learning)]
VELOCITY = [name.removesuffix("_rate_inside") for name in OPTIMIZERS if name.endswith("_rate_inside")]


def starter(kind: str, **changed: Any) -> dict[str, Any]:
    """The kind's own first definition as text, with other keys."""
    data: dict[str, Any] = yaml.load(StringIO(kind_module(kind).STARTER), yaml.BaseLoader)
    data.pop("training", None)
    made = {**data, **changed}
    return {key: value for key, value in made.items() if value is not None}


def findings(kind: str, **changed: Any) -> list[tuple[Any, str, str]]:
    module = kind_module(kind)
    return list(module.check(module.Definition.model_validate(starter(kind, **changed))))


def graph_of(kind: str, **changed: Any) -> Graph:
    module = kind_module(kind)
    problem = module.Definition.model_validate(starter(kind, **changed))
    assert not list(module.check(problem))
    made: Graph = module.build(problem)
    return made


def test_all_kinds_that_train_are_here() -> None:
    assert {"network", "recurrent", "attention", "convolution", "formulas"} <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_starter_trains(kind: str) -> None:
    assert graph_of(kind).updates


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("changed", "place", "found"),
    [
        ({"optimizer": "best"}, ("optimizer",), "`best`"),
        ({"optimizer": "momentum_rate_inside"}, ("optimizer",), "`momentum_rate_inside`"),
        ({"schedule": "slow"}, ("schedule",), "`slow`"),
        ({"settings": {"mu": "0.5"}}, ("settings", "mu"), "`mu`"),
        ({"optimizer": "adam", "velocity": "rate_inside"}, ("velocity",), "`rate_inside`"),
    ],
)
def test_a_mistake_is_found_in_every_kind(kind: str, changed: dict[str, Any], place: Any, found: str) -> None:
    assert [(where, what) for where, what, _ in findings(kind, **changed)] == [(place, found)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_names_of_the_optimizer_are_kept_free(kind: str) -> None:
    (where, found, _), *_ = findings(kind, optimizer="momentum", learning_rate={"mu": "0.1"})
    assert (where, found) in [
        (("optimizer",), "`mu`, which is taken"),
        (("optimizer",), "`mu`, which `learning_rate` has too"),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_rate_that_is_named_like_something_else_is_refused(kind: str) -> None:
    name = next(q.name for q in graph_of(kind) if q.formula is not None)
    assert any(name in found for _, found, _ in findings(kind, learning_rate={name: "0.1"}))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optimizer", VELOCITY)
def test_the_velocity_can_have_the_rate_inside(kind: str, optimizer: str) -> None:
    plain, inside = (graph_of(kind, optimizer=optimizer, velocity=how) for how in ("plain", "rate_inside"))
    moved = plain.trained[0]
    rate = plain.rate
    assert rate not in references(velocity(plain, moved))
    assert rate in references(velocity(inside, moved))
    assert {code.code for code in inside.conventions} - {code.code for code in plain.conventions} == {
        "velocity_rate_inside"
    }


def velocity(graph: Graph, parameter: str) -> Formula:
    return next(line.formula for line in graph.updates if line.old == f"v_{parameter}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optimizer", VELOCITY)
def test_the_velocity_can_have_the_other_sign(kind: str, optimizer: str) -> None:
    inside, other = (graph_of(kind, optimizer=optimizer, velocity=how) for how in ("rate_inside", "subtracted"))
    assert velocity(inside, inside.trained[0]) != velocity(other, other.trained[0])
    assert "velocity_subtracted" in {code.code for code in other.conventions}


@pytest.mark.parametrize("kind", KINDS)
def test_steps_are_rounds(kind: str) -> None:
    assert graph_of(kind).rounds == (0,)
    assert graph_of(kind, steps="3").rounds == (0, 0, 0)
    moves = dict(graph_of(kind, steps="3").moves)
    assert set(moves.values()) == {updated_name(name, 3) for name in moves}


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_shows_only_iterations_that_it_has(kind: str) -> None:
    found = findings(kind, training={"iterations": "5", "show": ["6"]})
    assert [(where, what) for where, what, _ in found] == [(("training", "show", 0), "iteration 6")]
