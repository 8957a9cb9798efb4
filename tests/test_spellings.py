"""The ways in which authors write a definition: each gives the numbers of the usual one, or an error that says how."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest

from generator.definitions.problem import load
from generator.errors import DefinitionError
from generator.pipeline import Worked, load_worked
from generator.render.document import render
from generator.verify.document import verify
from generator.verify.truth import Truth


def worked(folder: Path, text: str) -> Worked:
    path = folder / "made.yml"
    path.write_text(text, encoding="utf-8")
    return load_worked(path)


def numbers(made: Worked) -> list[Fraction]:
    """The values of all quantities in the order of the graph, whatever these are called."""
    return [Fraction(made.trace.full(quantity.name)) for quantity in made.graph.quantities]


# --- convolution ---

USUAL = """\
kind: convolution
title: t
input: {x: [[1, 2, 0], [0, 1, 3], [2, 1, 0]]}
layers:
  - convolution: {name: z, filters: {k: [[1, -1], [0, 1]]}, biases: {b1: 0.5}}
  - activation: {name: h, function: relu}
  - max_pooling: {name: p, size: 2}
  - flatten: {}
  - dense: {name: y, weights: {w: [0.5]}, biases: {b2: -1}}
targets: {t: 1}
learning_rate: 0.1
trained: all
"""
LAYERS = {
    "a word": ("activation: {name: h, function: relu}", "relu"),
    "a key": ("activation: {name: h, function: relu}", "ReLU: {}"),
    "nothing behind it": ("activation: {name: h, function: relu}", "relu:"),
    "its name behind it": ("activation: {name: h, function: relu}", "relu: h"),
    "the function alone": ("activation: {name: h, function: relu}", "activation: relu"),
    "no name": ("{name: h, function: relu}", "{function: relu}"),
    "conv": ("convolution: {name: z, ", "conv: {name: z, "),
    "Conv2d": ("convolution: {name: z, ", "Conv2d: {"),
    "a bare filter": ("{k: [[1, -1], [0, 1]]}", "[[1, -1], [0, 1]]"),
    "bare biases": ("{b1: 0.5}", "0.5"),
    "pooling": ("max_pooling: {name: p, size: 2}", "max_pooling: 2"),
    "max_pool": ("max_pooling: {name: p, size: 2}", "max_pool: {size: 2}"),
    "global": ("max_pooling: {name: p, size: 2}", "global_max_pooling"),
    "Flatten": ("flatten: {}", "flatten"),
    "linear": ("dense: {name: y, weights: {w: [0.5]}, biases: {b2: -1}}", "linear: {weights: [0.5], biases: [-1]}"),
    "a bare input": ("{x: [[1, 2, 0], [0, 1, 3], [2, 1, 0]]}", "[[1, 2, 0], [0, 1, 3], [2, 1, 0]]"),
    "bare targets": ("{t: 1}", "[1]"),
    "a number as the target": ("{t: 1}", "1"),
    "no list of what is trained": ("trained: all\n", ""),
    "groups": ("trained: all", "trained: [filters, weights, biases]"),
    "names": ("trained: all", "trained: [k, b1, w, b2]"),
    "update": ("trained: all", "update: [filters, weights, biases]"),
}  # fmt: skip


@pytest.mark.parametrize("case", LAYERS)
def test_layers_as_authors_write_them(tmp_path: Path, case: str) -> None:
    old, new = LAYERS[case]
    assert old in USUAL
    assert numbers(worked(tmp_path, USUAL.replace(old, new))) == numbers(worked(tmp_path, USUAL))


def test_a_function_with_parameters_as_a_layer(tmp_path: Path) -> None:
    plain = USUAL.replace("function: relu", "function: {leaky_relu: {slope: 0.25}}")
    short = USUAL.replace("activation: {name: h, function: relu}", "leaky_relu: {slope: 0.25}")
    assert numbers(worked(tmp_path, short)) == numbers(worked(tmp_path, plain)) != numbers(worked(tmp_path, USUAL))


def test_several_layers_without_names_are_numbered(tmp_path: Path) -> None:
    text = "kind: convolution\ntitle: t\ninput: [1, 2, 3, 1, 0]\nlayers:\n  - conv: {filters: [1, 2], biases: 1}\n"
    text += (
        "  - tanh\n  - conv: {filters: [3, 1]}\n  - tanh\n  - flatten\n  - dense: {weights: [1, 2, 1], biases: 0.5}\n"
    )
    made = worked(tmp_path, text + "targets: 1\nlearning_rate: 0.1\n")
    names = {quantity.name for quantity in made.graph.quantities}
    assert {"z1_1", "h1_1", "k1_1", "b1", "z2_1", "h2_1", "k2_2", "w_1", "b2", "y", "t", "x_5"} <= names
    report = verify(
        render(made, "solution", "markdown"), "markdown", Truth.of(made.graph, made.writer, made.notation.rounding)
    )
    assert not report.untrue
    assert report.checked > 20


@pytest.mark.parametrize(
    ("old", "new", "line", "found", "expected"),
    [
        ("flatten: {}", "pooling", 8, "`pooling`", "a function, `flatten`, or one of convolution"),
        ("flatten: {}", "max_pool", 8, "`max_pool`", "`max_pooling: {...}` with its keys"),
        ("flatten: {}", "reluu: {}", 8, "an unknown key", "known keys: convolution"),
        ("trained: all", "trained: [q]", 12, "`q`", "one of all, filters, weights, biases, k, b1, w, b2"),
        ("trained: all", "trained: [k, filters]", 12, "`filters`, which is listed twice", "each parameter once"),
        ("trained: all", "wanted: [inputs]", 12, "an unknown key", "`differentiate`, as it is called here"),
        ("trained: all", "trained: all\nupdate: [k]", 13, "`update` beside `trained`", "one of them"),
        ("targets: {t: 1}\n", "", 11, "gradients", "`targets` or `upstream`"),
    ],
)
def test_a_layer_or_name_that_is_not_known(
    tmp_path: Path, old: str, new: str, line: int, found: str, expected: str
) -> None:
    path = tmp_path / "made.yml"
    path.write_text(USUAL.replace(old, new), encoding="utf-8")
    with pytest.raises(DefinitionError) as raised:
        load(path)
    assert f"made.yml:{line}: " in str(raised.value)
    assert found in raised.value.found
    assert expected in raised.value.expected


@pytest.mark.parametrize(
    ("layers", "through"),
    [("[dense: {weights: [1, 2]}, step]", True), ("[dense: {weights: [1, 2]}, tanh]", False)],
)
def test_what_lets_no_gradient_through_is_told_of_names_too(tmp_path: Path, layers: str, through: bool) -> None:
    path = tmp_path / "made.yml"
    text = f"kind: convolution\ntitle: t\ninput: [1, 2]\nlayers: [flatten, {layers[1:]}\ntargets: 1\nlearning_rate: 1\n"
    path.write_text(text.replace("[dense", "dense") + "trained: [w_1]\n", encoding="utf-8")
    if through:
        with pytest.raises(DefinitionError, match="`step`, which lets no gradient through"):
            load(path)
    else:
        assert load_worked(path).graph.trained == ("w_1",)


# --- what is trained, in every kind ---

KINDS: Mapping[str, str] = {
    "network": "inputs: [1, 2]\nlayers: [{name: o, weights: {W: [[1, 2], [0, 1]]}, biases: {b: [1, 0]}}]\n"
    "targets: [1, 0]",
    "recurrent": "inputs: [1, 2]\nweights: {W: [[1], [2]], U: [[1, 0], [0, 1]], b: [0, 1]}\ntargets: {2: [0, 1]}",
    "attention": "inputs: [[1, 2]]\nweights: {W_V: [[1, 2], [0, 1]], b_V: [1, 0]}\ntargets: [[1, 1]]",
    "convolution": "input: [1, 2]\nlayers: [flatten, dense: {weights: {W: [[1, 2], [0, 1]]}, biases: {b: [0, 1]}}]\n"
    "targets: [1, 0]",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_trained_is_said_alike_in_every_kind(tmp_path: Path, kind: str) -> None:
    def trained(listed: str) -> list[str]:
        text = f"kind: {kind}\ntitle: t\n{KINDS[kind]}\nlearning_rate: 0.1\n{listed}"
        return sorted(worked(tmp_path, text).graph.trained)

    every, weights, biases = trained(""), trained("trained: weights"), trained("trained: biases")
    assert every == trained("trained: all") == sorted((*weights, *biases))
    assert len(biases) == 2
    assert trained("trained: [biases]") == biases
    name = "W_V" if kind == "attention" else "W"
    matrix = trained(f"trained: [{name}]")
    assert matrix == [own for own in every if own.startswith(f"{name}_")]
    assert trained(f"trained: [{matrix[0]}]") == matrix[:1]
    assert trained(f"trained: [{matrix[0]}, biases]") == sorted((matrix[0], *biases))
    if kind != "attention":  # which would have a learning rate for nothing
        assert trained("trained: []") == []
    with pytest.raises(DefinitionError, match=r"`trained\.0`: found `Q`; expected one of all, "):
        trained("trained: [Q]")
    with pytest.raises(DefinitionError, match="listed twice"):
        trained(f"trained: [{name}, {matrix[0]}]")
    if kind != "convolution":
        train = "train" if kind == "recurrent" else "update"  # which is a form of its cells
        for key, own in {train: "trained", "differentiate": "wanted", "lr": "learning_rate"}.items():
            with pytest.raises(DefinitionError, match=f"`{key}`: found an unknown key; expected `{own}`, as it is"):
                trained(f"{key}: [{name}]")


def test_which_matrices_decay_and_are_penalized(tmp_path: Path) -> None:
    text = f"kind: network\ntitle: t\n{KINDS['network']}\nlearning_rate: 0.1\noptimizer: weight_decay\n"
    made = worked(tmp_path, text + "decayed: [W]\nregularization: {l2: 1, on: [b]}\n")
    kept = {name for name in made.graph.trained if "decay" in made.graph.operands[f"{name}_new"]}
    assert kept == {"W_1_1", "W_1_2", "W_2_1", "W_2_2"}
    assert set(made.graph.operands["R"]) >= {"b_1", "b_2"}
    assert "W_1_1" not in made.graph.operands["R"]
    with pytest.raises(DefinitionError, match=r"`decayed\.0`: found `Q`"):
        worked(tmp_path, text + "decayed: [Q]\n")


# --- recurrent: the letters of other texts ---

CELLS = {
    "elman": ("W: 1, U: 2, b: 3, V: 4, b_y: 5", "W_xh: 1, W_hh: 2, b_h: 3, W_hy: 4, b_y: 5",
              "w_ih: 1, w_hh: 2, b_ih: 3, w_ho: 4, b_o: 5"),
    "lstm": ("W_i: 1, U_i: 2, b_i: 3, W_f: 4, U_f: 5, W_o: 6, U_o: 7, W_g: 8, U_g: 9, b_g: 1, V: 2",
             "W_xi: 1, W_hi: 2, b_i: 3, W_xf: 4, W_hf: 5, W_xo: 6, W_ho: 7, W_xc: 8, W_hc: 9, b_c: 1, W_hy: 2",
             "W_ii: 1, W_hi: 2, b_i: 3, W_if: 4, W_hf: 5, W_io: 6, W_ho: 7, W_ig: 8, W_hg: 9, b_g: 1, W_yh: 2"),
    "gru": ("W_r: 1, U_r: 2, b_r: 3, W_z: 4, U_z: 5, W_n: 6, U_n: 7, b_n: 8, V: 2",
            "W_xr: 1, W_hr: 2, b_r: 3, W_xz: 4, W_hz: 5, W_xh: 6, W_hh: 7, b_h: 8, W_hy: 2",
            "W_ir: 1, W_hr: 2, b_r: 3, W_iz: 4, W_hz: 5, W_in: 6, W_hn: 7, b_n: 8, W_hy: 2"),
}  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
def test_matrices_by_the_letters_of_other_texts(tmp_path: Path, cell: str) -> None:
    text = f"kind: recurrent\ntitle: t\ncell: {cell}\ninputs: [0.1, 0.2]\ntargets: {{2: 1}}\nlearning_rate: 0.1\n"
    usual, *others = (numbers(worked(tmp_path, f"{text}weights: {{{weights}}}\n")) for weights in CELLS[cell])
    assert others == [usual] * 2


def test_matrices_of_layers_by_other_letters(tmp_path: Path) -> None:
    text = "kind: recurrent\ntitle: t\nlayers: 2\ninputs: [0.1, 0.2]\ntargets: {2: 1}\nlearning_rate: 0.1\n"
    usual = "weights: {W_1: 1, U_1: 2, b_1: 3, W_2: 4, U_2: 5, V: 6}\n"
    other = "weights: {W_xh_1: 1, W_hh_1: 2, b_h_1: 3, W_xh_2: 4, W_hh_2: 5, W_hy: 6}\n"
    assert numbers(worked(tmp_path, text + other)) == numbers(worked(tmp_path, text + usual))


def test_the_letters_of_a_text_that_has_them_the_other_way_round(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="W is of the input, U of the state before, V of the output"):
        worked(tmp_path, "kind: recurrent\ntitle: t\ninputs: [1]\nweights: {U: 1, W: 1, V: 1, c: 0}\n")


# --- autoencoders ---

GIVEN_BACK = {
    "network": (
        "inputs: {a: 1, b: 2}\nlayers: [{name: h, weights: [[1, 2]]}, {name: o, weights: [[1], [2]]}]\n", "[1, 2]"
    ),
    "recurrent": ("inputs: [1, 2]\nweights: {w: 1, u: 1}\n", "[1, 2]"),
    "convolution": ("input: [1, 2, 3]\nlayers: [conv: {filters: [1, 2, 1], padding: 1}]\n", "[1, 2, 3]"),
    "attention": ("inputs: [[1, 2], [2, 1]]\nweights: {W_V: [[1, 0], [0, 1]]}\n", "[[1, 2], [2, 1]]"),
}  # fmt: skip
SEVERAL = {
    "network": GIVEN_BACK["network"][0].replace("{a: 1, b: 2}", "{a: [1, 0], b: [2, 1]}"),
    "recurrent": "inputs: [[[1], [2]], [[0], [1]]]\nweights: {w: 1, u: 1}\n",
    "convolution": "dimensions: 1\ninputs: [[1, 2, 3], [0, 1, 0]]\nlayers: [conv: {filters: [1, 2, 1], padding: 1}]\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", GIVEN_BACK)
def test_inputs_as_targets(tmp_path: Path, kind: str) -> None:
    text, targets = GIVEN_BACK[kind]
    start = f"kind: {kind}\ntitle: t\nlearning_rate: 0.1\n{text}targets: "
    assert numbers(worked(tmp_path, f"{start}inputs\n")) == numbers(worked(tmp_path, f"{start}{targets}\n"))


@pytest.mark.parametrize("kind", SEVERAL)
def test_inputs_of_several_observations_as_targets(tmp_path: Path, kind: str) -> None:
    made = worked(tmp_path, f"kind: {kind}\ntitle: t\nlearning_rate: 0.1\n{SEVERAL[kind]}targets: inputs\n")
    inputs, targets = (
        [made.trace.full(q.name) for q in made.graph.quantities if q.label.kind == kind_of]
        for kind_of in ("input", "target")
    )
    assert sorted(inputs) == sorted(targets)
    assert len(inputs) > 3


def test_inputs_that_cannot_be_given_back(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="found 2 targets; expected one for each output: o1"):
        worked(
            tmp_path,
            "kind: network\ntitle: t\ninputs: [1, 2]\nlayers: [{name: o, weights: [[1, 2]]}]\ntargets: inputs\n",
        )
