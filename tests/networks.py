"""Random network definitions as plain data, and independent witnesses of what follows from them.

Definitions are data whose scalars are text (as `source.read` gives them). One recipe serves a `random.Random` and
hypothesis: it only asks to pick one of several options.

The witnesses read that data themselves: nothing in them goes through the graph, the formula parser or the backward
pass. A row's formula text is evaluated as Python over the functions of one arithmetic, so a new row needs no line here.
"""

from __future__ import annotations

import ast
import cmath
import json
import math
import operator
import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache, partial
from types import CodeType
from typing import Any

import mpmath
import sympy
from hypothesis import strategies as st

from generator.backward.passes import backward
from generator.formula.functions import ACTIVATIONS, LOSSES, Activation, Loss
from generator.formula.tree import CIRCULAR
from generator.graph.quantities import Graph
from generator.kinds.network.kind import Definition, build, check
from generator.learning.optimizers import OPTIMIZERS
from generator.notation.writer import Chain

Data = dict[str, Any]
Pick = Callable[[Sequence[Any]], Any]
Space = Mapping[str, Callable[..., Any]]  # one arithmetic: how it reads a number, and its functions

# What random networks pick from: a step lets no gradient through, and a logarithm wants outputs between 0 and 1.
DIFFERENTIABLE = tuple(name for name, row in ACTIVATIONS.items() if row.derivative)
LOGARITHMIC = tuple(name for name, row in LOSSES.items() if "log(y" in row.formula or "/ y" in row.formula)
PLAIN_LOSSES = tuple(name for name in LOSSES if name not in LOGARITHMIC)

HUNDREDTHS = [number for number in range(-200, 201) if number]


def targets_of(loss: str) -> Sequence[int]:
    """The targets, in hundredths, that a loss is made for."""
    if loss in LOGARITHMIC:
        return range(1, 100)
    return {"sign": [-100, 100], "share": range(1, 100)}.get(LOSSES[loss].targets, HUNDREDTHS)


def decimal(hundredths: int) -> str:
    """A whole number of hundredths as decimal text."""
    sign, (whole, rest) = "-" if hundredths < 0 else "", divmod(abs(hundredths), 100)
    return f"{sign}{whole}.{rest:02d}"


def recipe(
    pick: Pick,
    layers: int = 3,
    units: int = 4,
    activations: Sequence[str] = DIFFERENTIABLE,
    losses: Sequence[str] = tuple(LOSSES),
) -> Data:
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
    trained = [name for name in (*weights, *biases) if pick(range(2))] or ["w1"]
    loss = pick(losses)
    if loss in LOGARITHMIC:
        made[-1]["activation"] = "logistic"
    targets = targets_of(loss)
    return {
        "kind": "network",
        "title": "made",
        "inputs": inputs,
        "targets": {f"t{n}": decimal(pick(targets)) for n in range(1, len(made[-1]["units"]) + 1)},
        "layers": made,
        "weights": weights,
        "biases": biases,
        "loss": loss,
        "learning_rate": {"eta": pick(["0.5", "0.1", "1/3", "1e-2"])},
        "trained": pick(["weights", "all", trained]),
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


@st.composite
def batches(draw: st.DrawFn, most: int = 3) -> Data:
    """Fully connected layers with several observations, any optimizer, one update or several, with penalties or not."""
    sizes = draw(st.lists(st.integers(1, most), min_size=2, max_size=3))
    count = draw(st.integers(1, 3))
    data = dense(sizes, draw(st.sampled_from(["logistic", "tanh", "identity", "softplus"])), draw(st.integers(0, 99)))
    for group in ("inputs", "targets") if count > 1 else ():
        data[group] = {name: [decimal(draw(st.sampled_from(HUNDREDTHS))) for _ in range(count)] for name in data[group]}
    data["loss"] = draw(st.sampled_from(["half_squared_error", "squared_error", "mean_squared_error"]))
    data["optimizer"] = draw(
        st.sampled_from(list(OPTIMIZERS)).filter(lambda name: not name.endswith(("inside", "subtracted")))
    )
    data["steps"] = draw(st.sampled_from(["1", "2"]))
    data["batch"] = draw(st.sampled_from(["sum", "mean"]))
    data["vectors"] = draw(st.sampled_from(["column", "row"]))
    if count > 1 and draw(st.booleans()):
        data["order"] = "online"
        del data["steps"]
    if draw(st.booleans()):
        data["regularization"] = {draw(st.sampled_from(["l1", "l2"])): "0.1"}
    if draw(st.booleans()):
        softmax = sizes[-1] > 1
        data["layers"][-1]["activation"] = "softmax" if softmax else "logistic"
        data["loss"] = "cross_entropy" if softmax else "binary_cross_entropy"
        shares = [Fraction(draw(st.integers(0, 100)), 100) for _ in range(count)]
        held = [shares, [1 - share for share in shares], *[[Fraction(0)] * count] * (sizes[-1] - 2)]
        for name, numbers in zip(data["targets"], held, strict=False):  # what these losses are made for
            texts = [str(number) for number in numbers]
            data["targets"][name] = texts if count > 1 else texts[0]
    return data


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


HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt, "GtE": operator.ge, "Eq": operator.eq,
    "NotEq": operator.ne,
}  # fmt: skip


def _real(number: Any) -> Any:
    return number.real if isinstance(number, complex) else number


def _choose(op: str, left: Any, right: Any, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    """A choice between numbers; a complex step is on the side that its real part is on."""
    return then() if HOLDS[op](_real(left), _real(right)) else otherwise()


MPMATH: Space = {
    "number": lambda text: mpmath.mpf(Fraction(text).numerator) / Fraction(text).denominator, "choose": _choose,
    "exp": mpmath.exp, "log": mpmath.log, "tanh": mpmath.tanh, "sqrt": mpmath.sqrt, "max": max, "min": min,
    "abs": abs, "erf": mpmath.erf, "sin": mpmath.sin, "cos": mpmath.cos, "floor": mpmath.floor,
    "log2": lambda x: mpmath.log(x) / mpmath.log(2), "log10": mpmath.log10, "pi": lambda: +mpmath.pi,
    "expm1": mpmath.expm1, "log1p": mpmath.log1p, "erfc": mpmath.erfc, "tan": mpmath.tan, "arcsin": mpmath.asin,
    "arccos": mpmath.acos, "arctan": mpmath.atan, "sinh": mpmath.sinh, "cosh": mpmath.cosh,
}  # fmt: skip


def _complex_max(a: complex, b: complex) -> complex:
    return a if complex(a).real > complex(b).real else b


def _complex_erf(x: complex) -> complex:
    """On a tiny imaginary step, to which a derivative of the first order is exact."""
    x = complex(x)
    return complex(math.erf(x.real), 2 / math.sqrt(math.pi) * math.exp(-(x.real**2)) * x.imag)


COMPLEX: Space = {
    "number": lambda text: complex(float(Fraction(text))), "choose": _choose,
    "exp": cmath.exp, "log": cmath.log, "tanh": cmath.tanh, "sqrt": cmath.sqrt, "max": _complex_max,
    "min": lambda a, b: -_complex_max(-a, -b), "abs": lambda x: _complex_max(x, -x), "erf": _complex_erf,
    "sin": cmath.sin, "cos": cmath.cos, "log2": lambda x: cmath.log(x) / math.log(2), "log10": cmath.log10,
    "floor": lambda x: complex(math.floor(_real(x))), "pi": lambda: math.pi, "tan": cmath.tan, "arcsin": cmath.asin,
    "arccos": cmath.acos, "arctan": cmath.atan, "sinh": cmath.sinh, "cosh": cmath.cosh,
}  # fmt: skip

_RELATIONS = {"Lt": sympy.Lt, "LtE": sympy.Le, "Gt": sympy.Gt, "GtE": sympy.Ge, "Eq": sympy.Eq, "NotEq": sympy.Ne}
SYMPY: Space = {
    "number": sympy.Rational, "exp": sympy.exp, "log": sympy.log, "tanh": sympy.tanh, "sqrt": sympy.sqrt,
    "max": sympy.Max, "min": sympy.Min, "abs": sympy.Abs, "erf": sympy.erf, "sin": sympy.sin, "cos": sympy.cos,
    "floor": sympy.floor, "log2": lambda x: sympy.log(x, 2), "log10": lambda x: sympy.log(x, 10),
    "pi": lambda: sympy.pi, "expm1": lambda x: sympy.exp(x) - 1, "log1p": lambda x: sympy.log(1 + x),
    "erfc": sympy.erfc, "tan": sympy.tan, "arcsin": sympy.asin, "arccos": sympy.acos, "arctan": sympy.atan,
    "sinh": sympy.sinh, "cosh": sympy.cosh,
    "choose": lambda op, left, right, then, otherwise: sympy.Piecewise(
        (then(), _RELATIONS[op](left, right)), (otherwise(), True)
    ),
}  # fmt: skip


def torch_space() -> Space:
    """PyTorch in double precision."""
    import torch

    torch.set_num_threads(1)  # these are tiny numbers of tiny tensors

    def lifted(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args: function(*(torch.as_tensor(arg, dtype=torch.float64) for arg in args))

    names = ("exp", "log", "tanh", "sqrt", "abs", "erf", "floor", "log2", "log10", "sinh", "cosh", *CIRCULAR)
    return {
        "number": lambda text: torch.tensor(float(Fraction(text)), dtype=torch.float64), "choose": _choose,
        **{name: lifted(getattr(torch, name)) for name in names},
        "max": lifted(torch.maximum), "min": lifted(torch.minimum), "pi": lambda: math.pi,
    }  # fmt: skip


class _Reading(ast.NodeTransformer):
    """Python's reading of a row's text, made fit for any arithmetic: exact quotients and decimals, choices as calls."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        match node:
            case ast.BinOp(ast.Constant(int(top)), ast.Div(), ast.Constant(int(bottom))):
                return _called("number", ast.Constant(f"{top}/{bottom}"))
        return ast.BinOp(self.visit(node.left), node.op, self.visit(node.right))

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return _called("number", ast.Constant(repr(node.value))) if isinstance(node.value, float) else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        assert isinstance(node.test, ast.Compare)
        sides = (self.visit(node.test.left), self.visit(node.test.comparators[0]))
        nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        cases = (ast.Lambda(nothing, self.visit(case)) for case in (node.body, node.orelse))
        return _called("choose", ast.Constant(type(node.test.ops[0]).__name__), *sides, *cases)


def _called(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


@cache
def _code(text: str) -> CodeType:
    return compile(ast.fix_missing_locations(_Reading().visit(ast.parse(text, mode="eval"))), text, "eval")


def value(text: str, space: Space, **names: Any) -> Any:
    """The value of a row's text: Python's own reading of it, where the text of one row may name another."""
    scope = {**space, "log": partial(_logarithm, space), **names}
    for name, row in ACTIVATIONS.items():
        if f"{name}(" in text and name not in space:
            scope[name] = partial(_activated, row, space)
    return eval(_code(text), {"__builtins__": {}, **scope})  # our own rows


def _logarithm(space: Space, x: Any, base: Any = None) -> Any:
    return space["log"](x) if base is None else space["log"](x) / space["log"](base)


def _activated(row: Activation, space: Space, x: Any, *parameters: Any) -> Any:
    return value(
        row.formula, space, **{**chosen(row, space), **dict(zip(row.parameters, parameters, strict=False))}, x=x
    )


def chosen(row: Activation | Loss, space: Space, parameters: Mapping[str, str] = {}) -> dict[str, Any]:
    """A row's parameters in one arithmetic: the row's own, or other ones; a text may name an earlier parameter."""
    found: dict[str, Any] = {}
    for name, text in row.parameters.items():
        found[name] = value(parameters.get(name, text), space, **found)
    return found


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
        own = chosen(activation, space)
        made = {}
        for unit, weights in layer["units"].items():
            bias = layer.get("bias")
            bias = bias.get(unit) if isinstance(bias, dict) else bias
            total = sum(found[weight] * of_unit[source] for source, weight in weights.items())
            total = touch(f"net_{unit}", total + found[bias] if bias else total)
            found[f"net_{unit}"] = total
            made[unit] = found[f"out_{unit}"] = touch(f"out_{unit}", value(activation.formula, space, **own, x=total))
        of_unit.update(made)
    outputs = list(data["layers"][-1]["units"])
    loss = LOSSES[data.get("loss", "half_squared_error")]
    errors = [
        value(loss.formula, space, **chosen(loss, space), t=found[target], y=of_unit[unit])
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


# Where the derivative of a loss is a convention, or its value is none: these are zero there.
LOSS_KINKS = {
    "absolute_error": ["t - y"],
    "huber": ["abs(t - y) - delta"],
    "hinge": ["1 - t * y"],
    "squared_hinge": ["1 - t * y"],
    **{name: ["y", "1 - y"] for name in LOGARITHMIC},
}


def nearest_kink(data: Data) -> float:
    """How near any quantity is to a point where the derivative of its function is a convention, or none."""
    found = forward(data, start(data, MPMATH), MPMATH)
    gaps = [
        abs(found[f"net_{unit}"] - float(Fraction(kink)))
        for layer in data["layers"] for kink in ACTIVATIONS[layer["activation"]].kinks
        for unit in layer["units"]
    ]  # fmt: skip
    loss = LOSSES[data.get("loss", "half_squared_error")]
    for target, unit in zip(data["targets"], data["layers"][-1]["units"], strict=True):
        names = {**chosen(loss, MPMATH), "t": found[target], "y": found[f"out_{unit}"]}
        gaps += [abs(value(text, MPMATH, **names)) for text in LOSS_KINKS.get(loss.name, ())]
    return float(min(gaps, default=1))
