"""Names that would be read as functions are no names of quantities; what only looks like one is."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.definitions.problem import load
from generator.errors import DefinitionError

NETWORK = """\
kind: network
title: t
inputs: {IN: 2}
layers:
  - {name: out, units: {o: {IN: WEIGHT}}, bias: BIAS, activation: ACTIVATION}
weights: {WEIGHT: 0.3}
biases: {BIAS: 2}
targets: {TARGET: 1}
learning_rate: {RATE: 0.1}
"""
PLAIN = {"IN": "x", "WEIGHT": "w", "BIAS": "b", "TARGET": "t", "RATE": "eta", "ACTIVATION": "logistic"}
LINES = {"IN": 3, "WEIGHT": 6, "BIAS": 7, "TARGET": 8, "RATE": 9}


def written(folder: Path, **names: str) -> Path:
    text = NETWORK
    for key, name in {**PLAIN, **names}.items():
        text = text.replace(key, name)
    path = folder / "made.yml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("key", LINES)
@pytest.mark.parametrize("name", ["tanh", "exp", "ln", "max", "ReLU", "sigmoid", "softmax", "argmax", "sigma"])
def test_a_name_that_is_read_as_a_function(tmp_path: Path, key: str, name: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        load(written(tmp_path, **{key: name}))
    assert f"made.yml:{LINES[key]}: " in str(raised.value)
    assert f"found `{name}`, which would be read as the function; expected a name that no" in str(raised.value)


@pytest.mark.parametrize(
    "names",
    [{"WEIGHT": "tanh_1"}, {"WEIGHT": "w_exp"}, {"WEIGHT": "sigma", "ACTIVATION": "tanh"}, {"BIAS": "identity"},
     {"IN": "e"}, {"RATE": "alpha"}],
)  # fmt: skip
def test_a_name_that_is_none(tmp_path: Path, names: dict[str, str]) -> None:
    load(written(tmp_path, **names))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [("{k: [1, 2]}", "{exp: [1, 2]}", 5), ("name: z", "name: tanh", 5),
     ("{x: [1", "{ln: [1", 3),
                             ("{a: 1}", "{cos: 1}", 8), ("name: h", "name: sigma", 6), ("{b: 0}", "{sigma: 0}", 5)],
)  # fmt: skip
def test_names_in_a_convolution(tmp_path: Path, old: str, new: str, line: int) -> None:
    text = (
        "kind: convolution\ntitle: t\ninput: {x: [1, 2]}\nlayers:\n"
        "  - convolution: {name: z, filters: {k: [1, 2]}, biases: {b: 0}}\n"
        "  - activation: {name: h, function: logistic}\n"
        "targets: 1\nlearning_rate: {a: 1}\n"
    )
    path = tmp_path / "made.yml"
    path.write_text(text, encoding="utf-8")
    load(path)
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DefinitionError, match=rf"made\.yml:{line}: .*which would be read as the function"):
        load(path)
