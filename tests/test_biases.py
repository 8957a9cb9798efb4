"""What a document says of biases, and of everything else that a key switches: in either of its states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from test_training import graph_of, starter

from generator.learning.biases import bias_conventions


def said(layers: Iterable[str], learned: str = "", subtracted: bool = False) -> list[str]:
    """`layers` as words: a letter for each unit's bias, a dot for a unit that has none."""
    made = [["" if bias == "." else bias for bias in layer] for layer in layers]
    return [convention.code for convention in bias_conventions(made, list(learned), subtracted)]


@pytest.mark.parametrize(
    ("layers", "sharing"),
    [
        (["ab", "c"], "bias_own"),
        (["ab", ".."], "bias_own"),
        (["a.", "bc"], "bias_own"),
        (["aa", "bb"], "bias_shared"),
        (["aa", "b"], "bias_shared"),
        (["aa", ".."], "bias_shared"),
        (["aa", "aa"], "bias_some"),
        (["aa", "bc"], "bias_some"),
        (["aa", "ab"], "bias_some"),
        (["aa."], "bias_some"),
        (["ab", "a"], "bias_some"),
    ],
)
def test_how_units_share_biases(layers: list[str], sharing: str) -> None:
    assert said(layers) == ["bias_added", sharing]
    assert said(layers, subtracted=True) == ["bias_as_threshold", sharing]


def test_nothing_is_said_of_what_is_not_there() -> None:
    assert said(["..", "."], "abc") == []
    assert said(["a", "b"]) == ["bias_added"]


@pytest.mark.parametrize(
    ("learned", "code"), [("abc", "biases_trained"), ("a", "biases_partly"), ("w", "biases_fixed")]
)
def test_which_biases_are_trained(learned: str, code: str) -> None:
    assert said(["ab", "c"], learned)[-1] == code


def codes(kind: str, **changed: Any) -> set[str]:
    return {convention.code for convention in graph_of(kind, **changed).conventions}


BATCH = {"inputs": {"x1": ["0.5", "1"], "x2": ["-1", "2"]}, "targets": {"t1": ["1", "0"]}}
TWO_OUTPUTS: dict[str, Any] = {
    "layers": [
        {"name": "output", "units": {"o1": {"x1": "w1", "x2": "w2"}, "o2": {"x1": "w3", "x2": "w4"}}, "bias": "b1"}
    ],
    "weights": {"w1": "0.1", "w2": "0.2", "w3": "-0.3", "w4": "0.4"},
    "biases": {"b1": "0.1"},
    "targets": {"t1": "1", "t2": "0.25"},
}
SOFTMAX = {**TWO_OUTPUTS, "layers": [{**TWO_OUTPUTS["layers"][0], "activation": "softmax"}]}


def normalized(**how: str) -> dict[str, Any]:
    return {**TWO_OUTPUTS, "layers": [{**TWO_OUTPUTS["layers"][0], "normalization": {"over": "layer", **how}}]}


@pytest.mark.parametrize(
    ("kind", "shared", "states"),
    [
        ("network", {}, {"bias_added": {}, "bias_as_threshold": {"bias_as": "threshold"}}),
        ("network", {}, {"biases_trained": {}, "biases_fixed": {"trained": "weights"}}),
        ("network", TWO_OUTPUTS, {"outputs_sum": {}, "outputs_mean": {"loss": "mean_squared_error"}}),
        ("network", BATCH, {"batch_sum": {}, "batch_mean": {"batch": "mean"}, "online": {"order": "online"}}),
        (
            "network",
            {**SOFTMAX, "loss": "cross_entropy", "targets": {"t1": "1", "t2": "0"}},
            {"logarithm_natural": {}, "logarithm_base": {"loss": {"cross_entropy": {"base": "2"}}}},
        ),
        (
            "network",
            {},
            {
                "penalty_half": {"regularization": {"l2": "0.1"}},
                "penalty_whole": {"regularization": {"l2": "0.1", "half": "false"}},
            },
        ),
        ("network", {}, {"variance_population": normalized(), "variance_sample": normalized(variance="sample")}),
        ("network", {}, {"epsilon_inside": normalized(), "epsilon_none": normalized(epsilon="0")}),
        ("recurrent", {"targets": ["1", "0", "1"]}, {"over_time_sum": {}, "over_time_mean": {"over_time": "mean"}}),
        ("recurrent", {}, {"biases_trained": {}, "biases_fixed": {"trained": ["w"]}}),
        (
            "recurrent",
            {"inputs": [["1", "2"], ["0", "1"], ["1", "1"]], "weights": {"W": [["1", "2"]], "u": "1"}},
            {
                "vectors_columns": {},
                "vectors_rows": {"vectors": "rows", "weights": {"W": [["1"], ["2"]], "u": "1"}},
            },
        ),
        ("attention", {}, {"scores_sqrt": {}, "scores_d": {"scale": "d"}, "scores_none": {"scale": "none"}}),
        (
            "attention",
            {"normalization": "after"},
            {"epsilon_none": {}, "epsilon_inside": {"epsilon": "0.01"}},
        ),
        ("convolution", {}, {"biases_trained": {}, "biases_fixed": {"update": ["filters"]}}),
        (
            "formulas",
            {},
            {"logarithm_natural": {"formulas": {"q": "log(y)", "f": "q * x * z"}},
             "logarithm_base": {"formulas": {"q": "log10(y)", "f": "q * x * z"}}},
        ),
    ],
)  # fmt: skip
def test_a_key_is_stated_in_each_of_its_states(kind: str, shared: Any, states: dict[str, Any]) -> None:
    for code, changed in states.items():
        found = codes(kind, **{**shared, **changed})
        assert found & set(states) == {code}


def test_what_does_not_matter_is_not_stated() -> None:
    assert not codes("network") & {"outputs_sum", "outputs_mean", "batch_sum", "logarithm_natural", "optimizer"}
    plain = starter("network")
    layers = [{key: value for key, value in layer.items() if key != "bias"} for layer in plain["layers"]]
    assert not {code for code in codes("network", layers=layers, biases={}) if code.startswith("bias")}
