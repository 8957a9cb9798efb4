"""Targets that a loss is not made for are errors, in every kind that has losses; those at the edge are taken."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.backward.passes import backward
from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.formula.functions import LOSSES
from generator.graph.quantities import derivative_name
from generator.kinds.attention.kind import Definition as Attention
from generator.kinds.attention.kind import build
from generator.learning.targets import check_targets
from generator.solve.traces import solve

NETWORK = """\
kind: network
title: t
inputs: {x1: [1, 2]}
layers: [{name: out, weights: {W: [[1], [2], [3]]}, activation: ACTIVATION}]
loss: LOSS
targets:
  a: [A, 0]
  b: [0, B]
  c: [0, 0]
"""
RECURRENT = """\
kind: recurrent
title: t
inputs: [1, 2]
weights: {w: 1, u: 1, V: [[1], [2], [3]]}
output_activation: ACTIVATION
loss: LOSS
targets:
  1: [A, 0, 0]
  2: [0, B, 0]
"""
CONVOLUTION = """\
kind: convolution
title: t
inputs: {x: [[1], [2]]}
layers:
  - flatten: {}
  - dense: {name: z, weights: {W: [[1], [2], [3]]}}
  - activation: {name: y, function: ACTIVATION}
loss: LOSS
targets:
  t:
    - [A, 0, 0]
    - [0, B, 0]
"""
ATTENTION = """\
kind: attention
title: t
inputs: [[1, 2, 3], [0, 1, 0]]
output_activation: ACTIVATION
loss: LOSS
targets:
  - [A, 0, 0]
  - [0, B, 0]
"""
KINDS = {"network": NETWORK, "recurrent": RECURRENT, "convolution": CONVOLUTION, "attention": ATTENTION}
# Loss and activation, the two targets that are no zeros, and what the error says; nothing where there is none.
CASES = {
    "above one": ("binary_cross_entropy", "logistic", "1", "2", "the target 2 of `binary_cross_entropy`; expected a"),
    "below zero": ("binary_cross_entropy", "logistic", "1", "-0.5", "the target -0.5 of `binary"),
    "a share": ("binary_cross_entropy", "logistic", "0.25", "1", ""),
    "a class of its own": ("cross_entropy", "softmax", "1", "1", ""),
    "more than one": ("cross_entropy", "softmax", "1", "2", "the target 2 of `cross_entropy`"),
    "less than one": ("cross_entropy", "softmax", "1", "0.9", "add up to 0.9; expected shares that add up to 1"),
    "negative": ("cross_entropy", "softmax", "1", "-1", "the target -1 of `cross_entropy`"),
    "independent": ("cross_entropy", "logistic", "1", "0.5", ""),
    "zero is no sign": ("hinge", "tanh", "1", "1", "the target 0 of `hinge`; expected -1 or 1"),
    "any number": ("squared_error", "tanh", "7", "-8", ""),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES)
def test_targets_that_a_loss_is_not_made_for_are_refused(tmp_path: Path, kind: str, case: str) -> None:
    loss, activation, first, second, message = CASES[case]
    path = tmp_path / "made.yml"
    text = KINDS[kind].replace("LOSS", loss).replace("ACTIVATION", activation)
    path.write_text(text.replace("A,", f"{first},").replace("B", second, 1), encoding="utf-8")
    if not message:
        load(path)
        return
    with pytest.raises(DefinitionError) as raised:
        load(path)
    assert message in str(raised.value)
    assert re.search(r"made\.yml:\d+: `targets", str(raised.value))


@pytest.mark.parametrize(
    ("kind", "line", "key"),
    [("network", 8, "targets.b.1"), ("recurrent", 9, "targets.2.1"), ("convolution", 12, "targets.t.1.1"),
     ("attention", 8, "targets.1.1")],
)  # fmt: skip
def test_the_error_names_the_line_and_the_number(tmp_path: Path, kind: str, line: int, key: str) -> None:
    path = tmp_path / "made.yml"
    text = KINDS[kind].replace("LOSS", "binary_cross_entropy").replace("ACTIVATION", "logistic")
    path.write_text(text.replace("A,", "1,").replace("B", "3", 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as raised:
        load(path)
    assert f"made.yml:{line}: `{key}`: found the target 3" in str(raised.value)


def test_outputs_of_a_loss_of_their_own_are_looked_at_alone(tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    text = NETWORK.replace("LOSS", "{out_1: squared_error, o2: hinge, o3: hinge}").replace("out_1", "o1")
    text = text.replace("ACTIVATION", "tanh").replace("A,", "9,").replace("b: [0, B]", "b: [1, -1]")
    path.write_text(text.replace("c: [0, 0]", "c: [1, 1]"), encoding="utf-8")
    load(path)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"`targets\.c\.0`: found the target 0 of `hinge`"):
        load(path)


@given(st.lists(st.fractions(0, 1), min_size=2, max_size=5))
def test_shares_of_a_whole_add_up(parts: list[Fraction]) -> None:
    numbers = [*parts[1:], 1 - sum(parts[1:], Fraction(0))]
    wrong = [*check_targets("cross_entropy", [((), number) for number in numbers], (), whole=True)]
    assert bool(wrong) == (numbers[-1] < 0)


def test_every_loss_with_a_logarithm_of_its_output_has_shares_as_targets() -> None:
    assert {row.name for row in LOSSES.values() if row.targets == "share"} >= {"cross_entropy", "binary_cross_entropy"}


CLASSES = {"kind": "attention", "title": "t", "inputs": [["1", "2"], ["0", "1"]], "output_activation": "softmax",
           "loss": "cross_entropy", "weights": {"W_V": [["1", "0"], ["2", "1"]]}, "learning_rate": "1"}  # fmt: skip


def test_classes_of_tokens_are_targets() -> None:
    one = solve(backward(build(Attention.model_validate({**CLASSES, "classes": ["2", "1"]}))))
    other = solve(backward(build(Attention.model_validate({**CLASSES, "targets": [["0", "1"], ["1", "0"]]}))))
    assert one.keys() == other.keys()
    name = derivative_name("E_total", "W_V_2_1")
    assert one[name][0] == other[name][0] != 0


@pytest.mark.parametrize(
    ("given_classes", "message"),
    [("[3, 1]", "`classes.0`: found the class 3; expected a number from 1 to 2"),
     ("[1]", "`classes`: found 1 classes; expected one for each of 2 tokens"),
     ("[1, 2]\ntargets: [[1, 0], [0, 1]]", "found `classes` beside `targets`"), ("[0, 1]", "`classes.0`: found")],
)  # fmt: skip
def test_classes_of_tokens_that_do_not_fit(tmp_path: Path, given_classes: str, message: str) -> None:
    path = tmp_path / "made.yml"
    path.write_text(
        "kind: attention\ntitle: t\ninputs: [[1, 2], [0, 1]]\noutput_activation: softmax\nloss: cross_entropy\n"
        f"classes: {given_classes}\n", encoding="utf-8",
    )  # fmt: skip
    with pytest.raises(DefinitionError) as raised:
        load(path)
    assert message in str(raised.value)


def test_a_token_with_zeros_alone_is_not_held_against_anything(tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    text = ATTENTION.replace("LOSS", "cross_entropy").replace("ACTIVATION", "softmax").replace("A,", "1,")
    path.write_text(text.replace("B", "0"), encoding="utf-8")
    load(path)
