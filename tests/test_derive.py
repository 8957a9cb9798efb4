"""Every network has a worked solution in every notation, whatever its shape."""

from __future__ import annotations

from pathlib import Path

import pytest
from networks import random_network, yaml_text

from generator.notation.files import notation_names
from generator.pipeline import load_worked
from generator.render.document import render
from generator.verify.document import verify
from generator.verify.truth import Truth

# The unit s1 reaches no output, while s2 and s3, fed by the same hidden unit, do.
DEAD_END = """\
kind: network
title: A unit that leads nowhere
inputs: {x1: 0.76, x2: 0.84}
targets: {t1: -1.23}
layers:
  - {name: hidden, units: {h1: {x1: w1, x2: w2}}}
  - {name: second, units: {s1: {h1: w3}, s2: {h1: w4}, s3: {h1: w5}}, activation: tanh}
  - {name: output, units: {o1: {s2: w6, s3: w7}}}
weights: {w1: 0.58, w2: -0.27, w3: 0.43, w4: -1.43, w5: 0.13, w6: -0.73, w7: 1.14}
learning_rate: {eta: 1/3}
"""


@pytest.mark.parametrize("notation", notation_names())
def test_a_unit_that_reaches_no_output_is_no_obstacle(tmp_path: Path, notation: str) -> None:
    path = tmp_path / "dead_end.yml"
    path.write_text(DEAD_END, encoding="utf-8")
    worked = load_worked(path, notation)
    truth = Truth.of(worked.graph, worked.writer, worked.trace.rounding)
    report = verify(render(worked, "solution", "markdown", detail="all"), "markdown", truth)
    assert report.checked > 50
    assert not report.untrue
    assert ("delta rule" in render(worked, "solution", "terminal")) == worked.notation.delta_rule


@pytest.mark.parametrize("seed", range(300, 320))
def test_random_networks_have_a_true_solution_with_the_delta_rule(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "random.yml"
    path.write_text(yaml_text(random_network(seed, layers=3, units=3)), encoding="utf-8")
    worked = load_worked(path, "net_out")
    truth = Truth.of(worked.graph, worked.writer, worked.trace.rounding)
    assert not verify(render(worked, "solution", "latex", detail="all"), "latex", truth).untrue
