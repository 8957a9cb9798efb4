"""Random network definitions as plain data, and independent witnesses of what follows from them.

Definitions are data whose scalars are text (as `source.read` gives them). One recipe serves a `random.Random` and
hypothesis: it only asks to pick one of several options.

The witnesses read that data themselves: nothing in them goes through the graph, the formula parser or the backward
pass. A row's formula text is evaluated as Python over the functions of one arithmetic, so a new row needs no line here.
"""

from __future__ import annotations

import cmath
import json
import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import sympy
from hypothesis import strategies as st

from generator.backward import backward
from generator.functions import ACTIVATIONS, LOSSES
from generator.graph import Graph
from generator.kinds.network import Definition, build, check
from generator.notation import Chain

Data = dict[str, Any]
Pick = Callable[[Sequence[Any]], Any]
Space = Mapping[str, Callable[..., Any]]  # one arithmetic: how it reads a number, and its functions

HUNDREDTHS = [number for number in range(-200, 201) if number]


def decimal(hundredths: int) -> str:
    """A whole number of hundredths as decimal text."""
    sign, (whole, rest) = "-" if hundredths < 0 else "", divmod(abs(hundredths), 100)
    return f"{sign}{whole}.{rest:02d}"


def recipe(pick: Pick, layers: int = 3, units: int = 4, activations: Sequence[str] = tuple(ACTIVATIONS)) -> Data:
    """A definition with 1 to `layers` hidden layers of 1 to `units` units; every other choice is free."""
    inputs = {f"x{n}": decimal(pick(HUNDREDTHS)) for n in range(1, pick(range(1, 4)) + 1)}
    weights: dict[str, str] = {}
    biases: dict[str, str] = {}
    made: list[Data] = []
    before, earlier = list(inputs), []
    names = ["hidden", "second", "third"][: pick(range(1, layers + 1))]
    for name in [*names, "output"]:
        count = pick(range(1, units + 1))
        layer: Data = {"name": name, "units": {}, "activation": pick(activations)}
        for number in range(1, count + 1):
            fed = [source for source in before if pick(range(4))] or [pick(before)]
            fed += [source for source in earlier if not pick(range(4))]
            layer["units"][f"{name[0]}{number}"] = {source: _parameter(pick, weights, "w") for source in fed}
        match pick(["none", "shared", "each", "some"]):
            case "shared":
                layer["bias"] = _parameter(pick, biases, "b")
            case "each":
                layer["bias"] = {unit: _parameter(pick, biases, "b") for unit in layer["units"]}
            case "some":
                layer["bias"] = {pick(list(layer["units"])): _parameter(pick, biases, "b")}
        made.append(layer)
        before, earlier = list(layer["units"]), [*earlier, *before]
    chosen = [name for name in (*weights, *biases) if pick(range(2))] or ["w1"]
    return {
        "kind": "network",
        "title": "made",
        "inputs": inputs,
        "targets": {f"t{n}": decimal(pick(HUNDREDTHS)) for n in range(1, len(made[-1]["units"]) + 1)},
        "layers": made,
        "weights": weights,
        "biases": biases,
        "loss": pick(list(LOSSES)),
        "learning_rate": {"eta": pick(["0.5", "0.1", "1/3", "1e-2"])},
        "trained": pick(["weights", "all", chosen]),
    }


def _parameter(pick: Pick, values: dict[str, str], letter: str) -> str:
    """A new parameter, or now and then one that is used already (tied)."""
    if values and not pick(range(6)):
        return str(pick(list(values)))
    name = f"{letter}{len(values) + 1}"
    values[name] = decimal(pick(HUNDREDTHS))
    return name


def random_network(seed: int, **options: Any) -> Data:
    """The definition that belongs to `seed`."""
    return recipe(random.Random(seed).choice, **options)


@st.composite
def networks(draw: st.DrawFn, **options: Any) -> Data:
    """Definitions, for hypothesis."""
    return recipe(lambda choices: draw(st.sampled_from(choices)), **options)


def dense(sizes: Sequence[int], activation: str = "logistic", seed: int = 0) -> Data:
    """A plain network with every weight and one bias for each unit: `sizes` counts inputs, hidden units, outputs."""
    rng = random.Random(seed)
    weights: dict[str, str] = {}
    biases: dict[str, str] = {}
    layers = []
    before = [f"x{n}" for n in range(sizes[0])]
    inputs = {name: decimal(rng.choice(HUNDREDTHS)) for name in before}
    for depth, size in enumerate(sizes[1:], 1):
        units: Data = {f"u{depth}n{n}": {} for n in range(size)}
        bias = {}
        for unit, fed in units.items():
            for source in before:
                name = f"w{len(weights)}"
                weights[name], fed[source] = decimal(rng.randint(-50, 50)), name
            bias[unit] = f"b{len(biases)}"
            biases[bias[unit]] = decimal(rng.randint(-50, 50))
        layers.append({"name": f"layer{depth}", "units": units, "bias": bias, "activation": activation})
        before = list(units)
    targets = {f"t{n}": decimal(rng.randint(1, 99)) for n in range(sizes[-1])}
    return {
        "kind": "network", "title": "dense", "inputs": inputs, "targets": targets, "layers": layers,
        "weights": weights, "biases": biases, "learning_rate": {"eta": "0.1"},
    }  # fmt: skip


def checked(data: Data) -> Definition:
    """The typed definition; an assertion where it is not a good one."""
    definition = Definition.model_validate(data)
    assert not list(check(definition))
    return definition


def forward_graph(data: Data) -> Graph:
    """The graph of the forward pass and loss."""
    return build(checked(data))


def graph_of(data: Data, chain: Chain = Chain.FACTORS) -> Graph:
    """The whole graph."""
    return backward(forward_graph(data), chain)


def yaml_text(data: Data) -> str:
    """The definition as YAML (numbers are written plainly, as an author writes them)."""
    return "\n".join(f"{key}: {_flow(value)}" for key, value in data.items()) + "\n"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(inside)}" for key, inside in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return value if value and all(letter.isalnum() or letter in "._/-" for letter in value) else json.dumps(value)


# --- witnesses -----------------------------------------------------------------------------------------------------


MPMATH: Space = {
    "number": lambda text: mpmath.mpf(Fraction(text).numerator) / Fraction(text).denominator,
    "exp": mpmath.exp, "log": mpmath.log, "tanh": mpmath.tanh, "sqrt": mpmath.sqrt, "max": max, "min": min,
}  # fmt: skip


def _complex_max(a: complex, b: complex) -> complex:
    return a if complex(a).real > complex(b).real else b


COMPLEX: Space = {
    "number": lambda text: complex(float(Fraction(text))),
    "exp": cmath.exp, "log": cmath.log, "tanh": cmath.tanh, "sqrt": cmath.sqrt, "max": _complex_max,
    "min": lambda a, b: -_complex_max(-a, -b),
}  # fmt: skip

SYMPY: Space = {
    "number": sympy.Rational, "exp": sympy.exp, "log": sympy.log, "tanh": sympy.tanh, "sqrt": sympy.sqrt,
    "max": sympy.Max, "min": sympy.Min,
}  # fmt: skip


def torch_space() -> Space:
    """PyTorch in double precision."""
    import torch

    torch.set_num_threads(1)  # these are tiny numbers of tiny tensors

    def lifted(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args: function(*(torch.as_tensor(arg, dtype=torch.float64) for arg in args))

    return {
        "number": lambda text: torch.tensor(float(Fraction(text)), dtype=torch.float64),
        "max": lifted(torch.maximum),
        "min": lifted(torch.minimum), "exp": lifted(torch.exp), "log": lifted(torch.log),
        "tanh": lifted(torch.tanh), "sqrt": lifted(torch.sqrt),
    }  # fmt: skip


def value(text: str, space: Space, **names: Any) -> Any:
    """The value of a row's formula: Python's own reading of the text."""
    text = text.replace("1/2", "half")
    return eval(text, {"__builtins__": {}}, {**space, "half": space["number"]("1/2"), **names})  # our own rows


def givens(data: Data) -> dict[str, str]:
    """All given numbers, as text."""
    groups = ("inputs", "weights", "biases", "targets", "learning_rate")
    return {name: text for group in groups for name, text in data.get(group, {}).items()}


def trained(data: Data) -> list[str]:
    """The trained parameters."""
    if isinstance(data["trained"], list):
        return data["trained"]
    return [*data["weights"], *(data["biases"] if data["trained"] == "all" else ())]


def forward(
    data: Data, numbers: Mapping[str, Any], space: Space, touch: Callable[[str, Any], Any] = lambda name, value: value
) -> dict[str, Any]:
    """Every forward quantity by name; `touch` may change (or keep an eye on) each one as it is made."""
    found: dict[str, Any] = {name: touch(name, number) for name, number in numbers.items()}
    of_unit = {name: found[name] for name in data["inputs"]}
    for layer in data["layers"]:
        activation = ACTIVATIONS[layer.get("activation", "logistic")]
        made = {}
        for unit, weights in layer["units"].items():
            bias = layer.get("bias")
            bias = bias.get(unit) if isinstance(bias, dict) else bias
            total = sum(found[weight] * of_unit[source] for source, weight in weights.items())
            total = touch(f"net_{unit}", total + found[bias] if bias else total)
            found[f"net_{unit}"] = total
            made[unit] = found[f"out_{unit}"] = touch(f"out_{unit}", value(activation.formula, space, x=total))
        of_unit.update(made)
    outputs = list(data["layers"][-1]["units"])
    loss = LOSSES[data.get("loss", "half_squared_error")]
    errors = [
        value(loss.formula, space, t=found[target], y=of_unit[unit])
        for target, unit in zip(data["targets"], outputs, strict=True)
    ]
    if len(outputs) > 1:
        errors = [touch(f"E_{unit}", error) for unit, error in zip(outputs, errors, strict=True)]
        found.update((f"E_{unit}", error) for unit, error in zip(outputs, errors, strict=True))
    found["E_total"] = touch("E_total", sum(errors[1:], errors[0]))
    return found


def start(data: Data, space: Space) -> dict[str, Any]:
    """The given numbers in one arithmetic."""
    return {name: space["number"](text) for name, text in givens(data).items()}


def nudged(data: Data, space: Space, name: str, step: Any, source: str = "E_total") -> Any:
    """The loss when the quantity `name` is moved by `step`."""
    return forward(data, start(data, space), space, lambda at, number: number + step if at == name else number)[source]


def complex_step(data: Data, name: str) -> float:
    """The gradient by one complex step (exact to double precision where the functions are analytic)."""
    return float(nudged(data, COMPLEX, name, 1e-60j).imag / 1e-60)


def central_difference(data: Data, name: str, source: str = "E_total") -> mpmath.mpf:
    """The gradient by central differences with 80 digits; good to about 30."""
    with mpmath.workdps(80):
        step = mpmath.mpf(10) ** -20
        up, down = (nudged(data, MPMATH, name, move, source) for move in (step, -step))
        return (up - down) / (2 * step)


def symbolic(data: Data, name: str) -> sympy.Expr:
    """The derivative of the fully expanded loss, at the given numbers: exact."""
    symbol = sympy.Symbol("moved", real=True)
    expanded = forward(data, start(data, SYMPY), SYMPY, lambda at, number: symbol if at == name else number)["E_total"]
    numbers = forward(data, start(data, SYMPY), SYMPY)
    return sympy.diff(expanded, symbol).subs(symbol, numbers[name])


def autograd(data: Data, names: list[str]) -> dict[str, float]:
    """The gradients by PyTorch's autograd."""
    seen: dict[str, Any] = {}

    def watch(name: str, number: Any) -> Any:
        if not number.requires_grad:
            number.requires_grad_(True)
        number.retain_grad()
        seen[name] = number
        return number

    space = torch_space()
    forward(data, start(data, space), space, watch)["E_total"].backward()
    return {name: float(seen[name].grad) if seen[name].grad is not None else 0.0 for name in names}


def nearest_kink(data: Data) -> float:
    """How near any pre-activation is to a point where its activation's derivative is a convention."""
    found = forward(data, start(data, MPMATH), MPMATH)
    gaps = [
        abs(found[f"net_{unit}"] - float(Fraction(ACTIVATIONS[layer["activation"]].kink)))
        for layer in data["layers"] if ACTIVATIONS[layer["activation"]].kink
        for unit in layer["units"]
    ]  # fmt: skip
    return float(min(gaps, default=1))
