"""Pipelines with a softmax head, a given gradient, a skip connection, and padding that keeps the size: against PyTorch.

Every line of their documents is true, in every notation.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tools import needs_torch

from generator.errors import DefinitionError
from generator.graph.quantities import Role, derivative_name
from generator.notation.files import notation_names
from generator.pipeline import Worked, load_worked
from generator.render.document import render
from generator.verify.document import FORMATS, verify
from generator.verify.truth import Truth
from generator.views.worksheet import LEVELS

START = "kind: convolution\ntitle: T\n"
CLASSIFIER = """\
input: {x: [[1, 0, 2, 0], [0, 1, 0, 1], [2, 0, 1, 0], [0, 2, 0, 1]]}
layers:
- convolution: {name: z, filters: {k: [[[1, 0.25], [0, -1]], [[0.5, 1], [-1, 0]]]}, biases: {b: [0.1, -0.2]}}
- activation: {name: h, function: {leaky_relu: {slope: 0.1}}}
- max_pooling: {name: p, size: 2, stride: 1}
- flatten: {}
- dense:
    name: s
    weights: {W: [[0.1, 0.2, -0.3, 0.4, 0.5, -0.1, 0.2, 0.3], [-0.1, 0.2, 0.3, 0.4, -0.5, -0.1, 0.2, 0.3],
                  [0.1, 0.2, -0.3, -0.4, 0.5, 0.1, 0.2, 0.3]]}
    biases: {c: [0, 0.1, 0]}
- activation: {name: y, function: softmax}
targets: {t: [0, 1, 0]}
loss: cross_entropy
differentiate: [filters, biases, weights, inputs]
learning_rate: 0.1
update: [filters, biases, weights]
"""
GIVEN = """\
input: {x: [[1, 0, 2], [3, 1, 1], [0, 2, -1]]}
layers:
- convolution: {name: Y, filters: {K: [[1, 0.5, -1], [0, 1, 0], [0, 0, 2]]}, biases: {b: 0.5}, padding: same}
upstream: {G: [[1, 2, 0], [0, -1, 1], [0.5, 0, 1]]}
differentiate: [filters, inputs, biases]
"""
SKIP = """\
input: {x: [1, 0, 2, 3]}
layers:
- convolution: {name: z, filters: {k: [1, 0, -1]}, padding: causal}
- activation: {name: h, function: tanh}
- add: {name: y, of: x}
targets: {t: [1, 0, 1, 2]}
loss: {huber: {delta: 0.5}}
differentiate: [filters, inputs]
"""
PROBLEMS = {"classifier": CLASSIFIER, "given": GIVEN, "skip": SKIP}


def made(folder: Path, text: str, notation: str | None = None) -> Worked:
    path = folder / "made.yml"
    path.write_text(START + text, encoding="utf-8")
    return load_worked(path, notation)


def gradients(worked: Worked, *names: str) -> list[float]:
    return [float(worked.trace.full(derivative_name("E_total", name))) for name in names]


def places(name: str, high: int, wide: int) -> list[str]:
    return [f"{name}_{row}_{column}" for row in range(1, high + 1) for column in range(1, wide + 1)]


# --- values ----------------------------------------------------------------------------------------------------------


@needs_torch
def test_a_softmax_head_is_that_of_torch(tmp_path: Path) -> None:
    import torch

    worked = made(tmp_path, CLASSIFIER)

    def given(*names: str) -> Any:
        numbers = [float(worked.graph.givens[name]) for name in names]
        return torch.tensor(numbers, dtype=torch.float64, requires_grad=True)

    filters = [*places("k_1", 2, 2), *places("k_2", 2, 2)]
    x, k, b = given(*places("x", 4, 4)), given(*filters), given("b_1", "b_2")
    w, c = given(*places("W", 3, 8)), given("c_1", "c_2", "c_3")
    z = torch.nn.functional.conv2d(x.reshape(1, 1, 4, 4), k.reshape(2, 1, 2, 2), b)
    p = torch.nn.functional.max_pool2d(torch.nn.functional.leaky_relu(z, 0.1), 2, 1)
    loss = torch.nn.functional.cross_entropy(w.reshape(3, 8) @ p.flatten() + c, torch.tensor(1))
    loss.backward()
    assert float(worked.trace.full("E_total")) == pytest.approx(loss.item(), rel=1e-12)
    for names, tensor in ((places("x", 4, 4), x), (filters, k), (places("W", 3, 8), w), (["b_1", "b_2"], b)):
        assert gradients(worked, *names) == pytest.approx(tensor.grad.tolist(), rel=1e-12, abs=1e-12)
    assert float(worked.trace.full("c_2_new")) == pytest.approx((c - 0.1 * c.grad)[1].item(), rel=1e-12)


@needs_torch
def test_a_given_gradient_goes_back_as_in_torch(tmp_path: Path) -> None:
    import torch

    worked = made(tmp_path, GIVEN)
    x, k, g = (
        torch.tensor([float(worked.graph.givens[name]) for name in places(letter, 3, 3)], requires_grad=letter != "G")
        for letter in "xKG"
    )
    torch.nn.functional.conv2d(x.reshape(1, 1, 3, 3), k.reshape(1, 1, 3, 3), padding="same").backward(
        g.reshape(1, 1, 3, 3)
    )
    assert gradients(worked, *places("x", 3, 3)) == pytest.approx(x.grad.tolist(), rel=1e-6)
    assert gradients(worked, *places("K", 3, 3)) == pytest.approx(k.grad.tolist(), rel=1e-6)
    assert worked.trace.values["dE_total/db"] == sum(worked.graph.givens[name] for name in places("G", 3, 3))
    assert worked.trace.values["dE_total/dY_2_2"] == -1, "what comes in is what is given"


@needs_torch
def test_what_goes_past_layers_is_added_and_no_window_looks_ahead(tmp_path: Path) -> None:
    import torch

    worked = made(tmp_path, SKIP)
    x = torch.tensor([1.0, 0, 2, 3], dtype=torch.float64, requires_grad=True)
    k = torch.tensor([1.0, 0, -1], dtype=torch.float64, requires_grad=True)
    padded = torch.nn.functional.pad(x, (2, 0))
    y = torch.tanh(torch.nn.functional.conv1d(padded[None, None], k[None, None])[0, 0]) + x
    loss = torch.nn.functional.huber_loss(
        y, torch.tensor([1.0, 0, 1, 2], dtype=torch.float64), reduction="sum", delta=0.5
    )
    loss.backward()
    assert float(worked.trace.full("E_total")) == pytest.approx(loss.item(), rel=1e-12)
    assert gradients(worked, "x_1", "x_2", "x_3", "x_4") == pytest.approx(x.grad.tolist(), rel=1e-12)
    assert gradients(worked, "k_1", "k_2", "k_3") == pytest.approx(k.grad.tolist(), rel=1e-12)
    assert worked.graph.operands["z_1"] == ("k_3", "x_1")


def test_the_errors_of_outputs_can_be_averaged(tmp_path: Path) -> None:
    text = "input: {x: [1, 3]}\nlayers: [{flatten: {}}]\ntargets: {t: [0, 1]}\nloss: mean_squared_error\n"
    assert made(tmp_path, text).trace.values["E_total"] == Fraction(5, 2)


# --- names -----------------------------------------------------------------------------------------------------------


def test_the_error_is_called_as_it_is_printed(tmp_path: Path) -> None:
    claimed = made(tmp_path, GIVEN + 'claims: ["d(E_total, b) > 0"]\nworksheet: {ask: [E_total]}\n')
    assert claimed.graph.loss == "E_total"
    several = made(tmp_path, SKIP)
    assert [q.name for q in several.graph.of_role(Role.LOSS)] == ["E_1", "E_2", "E_3", "E_4", "E_total"]
    assert made(tmp_path, SKIP + "loss_name: L\n").graph.operands["L"] == ("L_1", "L_2", "L_3", "L_4")


# --- documents -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("notation", notation_names())
@pytest.mark.parametrize("name", PROBLEMS)
def test_every_line_is_true(tmp_path: Path, name: str, notation: str) -> None:
    worked = made(tmp_path, PROBLEMS[name], notation)
    truth = Truth.of(worked.graph, worked.writer, worked.notation.rounding)
    place = list(notation_names()).index(notation)
    for number, document in enumerate(("solution", "worksheet", "key")):
        format_name = list(FORMATS)[(place + number) % len(FORMATS)]
        level = None if document == "solution" else LEVELS[place % len(LEVELS)]
        report = verify(render(worked, document, format_name, "en", level=level), format_name, truth)
        assert not report.untrue, (document, format_name, report.untrue[:3])


def test_the_short_way_back_through_softmax_is_shown(tmp_path: Path) -> None:
    page = render(made(tmp_path, CLASSIFIER), "solution", "markdown")
    assert "nothing but $y_1$ less $t_1$" in page
    assert "add up to one" in page
    in_matrices = render(made(tmp_path, CLASSIFIER, "matrix"), "solution", "markdown")
    assert "nothing but" in in_matrices


@pytest.mark.parametrize("notation", ["default", "net_out", "z_h", "sum_output"])
def test_a_weight_of_a_filter_goes_by_way_of_what_windows_made(tmp_path: Path, notation: str) -> None:
    """The factors of each window are multiplied once, not in the sum of every weight."""
    graph = made(tmp_path, CLASSIFIER, notation).graph
    for name in ("k_1_1_1", "b_2", "x_2_2"):
        parts = [operand for operand in graph.operands[f"dE_total/d{name}"] if "/d" in operand]
        whole = [part for part in parts if part.startswith("dE_")]
        assert whole
        for part in whole:
            wrt = graph[part].label.wrt
            assert wrt.startswith("z_") or wrt == name, part


def test_the_channels_of_a_map_come_in_order_on_the_way_back(tmp_path: Path) -> None:
    worked = made(tmp_path, CLASSIFIER)
    steps = [step.target for section in worked.sections("first") for step in section.steps]
    of_maps = [name for name in steps if name.startswith(("dE_total/dp_", "dE_total/dz_"))]
    assert of_maps[:8] == [
        f"dE_total/dp_{channel}_{place}" for channel in (1, 2) for place in ("1_1", "1_2", "2_1", "2_2")
    ]
    assert of_maps[8] == "dE_total/dz_1_1_1"


def test_given_numbers_are_not_called_targets(tmp_path: Path) -> None:
    page = render(made(tmp_path, GIVEN), "solution", "markdown")
    assert "Upstream gradient" in page
    assert "Targets" not in page
    assert "The error of an output" not in page


# --- what is said ----------------------------------------------------------------------------------------------------

SIGNAL = "input: {x: [1, 2, 3]}\nlayers:\n"
IMAGE = "input: {x: [[1, 2], [3, 4]]}\nlayers:\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (IMAGE + "- activation: {name: y, function: softmax}\n", "`flatten: {}` before it"),
        (SIGNAL + "- activation: {name: y, function: {leaky_relu: {slop: 0.1}}}\n", "one of slope, kink"),
        (SIGNAL + "- convolution: {name: z, filters: {k: [1, 2]}, padding: same}\n", "an odd number of entries"),
        (SIGNAL + "- convolution: {name: z, filters: {k: [1, 2, 1]}, padding: same, stride: 2}\n", "moves by 1"),
        (IMAGE + "- convolution: {name: z, filters: {k: [[1, 2]]}, padding: same}\n", "over 1 by 2 entries"),
        (IMAGE + "- convolution: {name: z, filters: {k: [[1, 2]]}, padding: causal}\n", "a signal, or zeros"),
        (SIGNAL + "- max_pooling: {name: p, size: 2, padding: 2}\n", "at most half the size"),
        (
            SIGNAL + "- max_pooling: {name: p, size: 2, count_padding: true}\n",
            "keys: title, name, size, stride, padding",
        ),
        (SIGNAL + "- convolution: {name: z, filter: {k: [1]}}\n", "`filters`, or another of the known keys: "),
        (SIGNAL + "- convolutions: {name: z, filters: {k: [1]}}\n", "`convolution`, or another of"),
        (SIGNAL + "- add: {name: y, of: x}\n", "no `add` here"),
        (SIGNAL + "- convolution: {name: z, filters: {k: [1]}}\n- add: {name: y, of: z1}\n", "an earlier layer: x"),
        (SIGNAL + "- convolution: {name: z, filters: {k: [1, 1]}}\n- add: {name: y, of: x}\n", "2 entries, which it"),
        (SIGNAL + "- flatten: {}\nupstream: {g: [1, 2]}\n", "one for each of 3 outputs"),
        (SIGNAL + "- flatten: {}\nupstream: {g: [1, 2, 3]}\ntargets: {t: [1, 2, 3]}\n", "one of them"),
        (SIGNAL + "- flatten: {}\ntargets: {t: [1, 2, 3]}\nloss: {huber: {d: 1}}\n", "one of delta"),
    ],
)
def test_what_does_not_fit_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DefinitionError) as error:
        made(tmp_path, text)
    assert said in str(error.value)


def test_what_counts_in_a_mean_at_the_edge_is_said(tmp_path: Path) -> None:
    text = IMAGE + "- average_pooling: {name: y, size: 2, stride: 2, padding: 1, count_padding: %s}\n"
    counted, left_out = (made(tmp_path, text % chosen) for chosen in ("true", "false"))
    assert [worked.trace.values["y_2_2"] for worked in (counted, left_out)] == [1, 4]
    assert "these zeros count in the mean" in render(counted, "solution", "markdown")
    assert "that of the entries that are there" in render(left_out, "solution", "markdown")
