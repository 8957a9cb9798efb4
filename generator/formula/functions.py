"""The functions that a problem can name: activations, vector functions and losses, one row each.

A row's formulas are infix text over `x` (input) and `y` (output) for an activation, `t` (target) and `y` (output) for
a loss, and over the names of its parameters. A call carries its parameters behind its arguments; those left out take
the row's values. `derivative` is the textbook form; the tests hold each one against SymPy, differences and PyTorch.
`stable` is the same value written so that a large input neither overflows nor cancels: it is computed, never shown.

Longer than 250 lines because half of it is the rows, and what is said in a row is read here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from generator.errors import FormulaError
from generator.formula.extremes import PLACES, place_of
from generator.formula.infix import parse
from generator.formula.sums import product_of, sum_of
from generator.formula.tree import (
    Add,
    Call,
    Cases,
    Div,
    Formula,
    Mul,
    Neg,
    Num,
    Ref,
    num,
    rebuild,
    references,
    substitute,
)

Find = Callable[[Formula], str | None]  # the name of the quantity that has a formula


@dataclass(frozen=True, slots=True)
class Activation:
    """y = f(x). `symbol` is its sign in the symbol language (empty: it is always written out).

    `derivative` may use x and y; where it is empty the function has no useful one, and asking for it is an error.
    `kinks` are the inputs at which the derivative is a convention, often the parameter `kink`. A parameter's text may
    use the parameters before it.
    """

    name: str
    formula: str
    derivative: str
    symbol: str = ""
    kinks: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    stable: str = ""


@dataclass(frozen=True, slots=True)
class Vector:
    """One component of a vector function: its argument's share in a sum, `share(x) / (share(x_1) + ... + share(x_n))`.

    A call has the component's own argument first, then all of them. `derivative` is that with respect to the own
    argument, `derivative_other` that with respect to another one, whose component is `other`; y is the own component.
    """

    name: str
    share: str
    derivative: str
    derivative_other: str


@dataclass(frozen=True, slots=True)
class Loss:
    """E = f(t, y) of one output y and its target t.

    Published texts write a difference either way round, so both forms can stand here: `formula` and `derivative` with
    the target first, `formula_output_first` and `derivative_output_first` with the output first (empty: there is no
    other way). `worked` shows how the derivative comes about, before it is tidied, where there is something to show;
    `worked_output_first` does so for `formula_output_first`, whose inner derivative is 1. `targets` says what it is
    made for (empty: any numbers): a `share` from 0 to 1, a `count`, or a `sign`, which is -1 or 1.
    """

    name: str
    formula: str
    formula_output_first: str
    derivative: str
    derivative_output_first: str
    worked: str = ""
    worked_output_first: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    targets: str = ""


ACTIVATIONS: Mapping[str, Activation] = {
    row.name: row
    for row in (
        Activation("logistic", "1 / (1 + exp(-x))", "y * (1 - y)", r"\sigma"),
        Activation("tanh", "tanh(x)", "1 - y**2", "tanh"),
        Activation(
            "relu", "max(0, x)", "1 if x > 0 else kink if x == 0 else 0", "ReLU", kinks=("0",), parameters={"kink": "0"}
        ),
        Activation(
            "leaky_relu",
            "x if x > 0 else slope * x",
            "1 if x > 0 else kink if x == 0 else slope",
            kinks=("0",),
            parameters={"slope": "0.01", "kink": "slope"},
            stable="max(0, x) + slope * min(0, x)",
        ),
        Activation(
            "elu",
            "x if x > 0 else alpha * (exp(x) - 1)",
            "1 if x > 0 else y + alpha",
            kinks=("0",),
            parameters={"alpha": "1"},
            stable="max(0, x) + alpha * expm1(min(0, x))",
        ),
        Activation(
            "softplus",
            "log(1 + exp(x))",
            "1 / (1 + exp(-x))",
            "softplus",
            stable="max(0, x) + log1p(exp(-abs(x)))",
        ),
        Activation("silu", "x / (1 + exp(-x))", "logistic(x) + y * (1 - logistic(x))", "SiLU"),
        Activation(
            "gelu",
            "x / 2 * (1 + erf(x / sqrt(2)))",
            "1/2 * (1 + erf(x / sqrt(2))) + x * exp(-x**2 / 2) / sqrt(2 * pi())",
            "GELU",
            stable="x / 2 * erfc(-x / sqrt(2))",
        ),
        Activation(
            "gelu_tanh",
            "x / 2 * (1 + tanh(sqrt(2 / pi()) * (x + 0.044715 * x**3)))",
            "1/2 * (1 + tanh(sqrt(2 / pi()) * (x + 0.044715 * x**3)))"
            " + x / 2 * (1 - tanh(sqrt(2 / pi()) * (x + 0.044715 * x**3))**2)"
            " * (sqrt(2 / pi()) * (1 + 0.134145 * x**2))",
        ),
        Activation(
            "hard_sigmoid",
            "max(0, min(1, x / 6 + 1/2))",
            "1/6 if abs(x) < 3 else kink if abs(x) == 3 else 0",
            kinks=("-3", "3"),
            parameters={"kink": "0"},
        ),
        Activation(
            "hard_tanh",
            "max(-1, min(1, x))",
            "1 if abs(x) < 1 else kink if abs(x) == 1 else 0",
            kinks=("-1", "1"),
            parameters={"kink": "0"},
        ),
        Activation(
            "selu",
            "scale * x if x > 0 else scale * alpha * (exp(x) - 1)",
            "scale if x > 0 else y + scale * alpha",
            kinks=("0",),
            parameters={"alpha": "1.67326", "scale": "1.0507"},  # as they are worked with by hand
            stable="scale * (max(0, x) + alpha * expm1(min(0, x)))",
        ),
        Activation("softsign", "x / (1 + abs(x))", "1 / (1 + abs(x))**2", kinks=("0",)),
        Activation(
            "mish",
            "x * tanh(log(1 + exp(x)))",
            "tanh(log(1 + exp(x))) + x * (1 - tanh(log(1 + exp(x)))**2) / (1 + exp(-x))",
            stable="x * tanh(max(0, x) + log1p(exp(-abs(x))))",
        ),
        Activation(
            "relu6",
            "max(0, min(6, x))",
            "0 if x < 0 else kink if x == 0 else 1 if x < 6 else kink if x == 6 else 0",
            kinks=("0", "6"),
            parameters={"kink": "0"},
        ),
        Activation(
            "hard_swish",
            "x * max(0, min(6, x + 3)) / 6",
            "1 if x >= 3 else x / 3 + 1/2 if x > -3 else 0",
            kinks=("-3", "3"),
        ),
        Activation("bipolar_sigmoid", "2 / (1 + exp(-x)) - 1", "(1 + y) * (1 - y) / 2"),
        Activation("step", "1 if x > 0 else at_zero if x == 0 else 0", "", parameters={"at_zero": "1"}),
        Activation("sign", "1 if x > 0 else at_zero if x == 0 else -1", "", "sgn", parameters={"at_zero": "0"}),
        Activation("identity", "x", "1"),
    )
}

VECTORS: Mapping[str, Vector] = {row.name: row for row in (Vector("softmax", "exp(x)", "y * (1 - y)", "-y * other"),)}

LOSSES: Mapping[str, Loss] = {
    row.name: row
    for row in (
        Loss(
            "half_squared_error",
            "1/2 * (t - y)**2",
            "1/2 * (y - t)**2",
            "-(t - y)",
            "y - t",
            "2 * (1/2) * (t - y)**(2 - 1) * (-1)",
            "2 * (1/2) * (y - t)**(2 - 1)",
        ),
        Loss(
            "squared_error",
            "(t - y)**2",
            "(y - t)**2",
            "-2 * (t - y)",
            "2 * (y - t)",
            "2 * (t - y)**(2 - 1) * (-1)",
            "2 * (y - t)**(2 - 1)",
        ),
        Loss(
            "absolute_error",
            "abs(t - y)",
            "abs(y - t)",
            "-sign(t - y, -kink)",
            "sign(y - t, kink)",
            parameters={"kink": "0"},
        ),
        Loss(
            "huber",
            "1/2 * (t - y)**2 if abs(t - y) <= delta else delta * (abs(t - y) - 1/2 * delta)",
            "1/2 * (y - t)**2 if abs(y - t) <= delta else delta * (abs(y - t) - 1/2 * delta)",
            "-(t - y) if abs(t - y) <= delta else -delta * sign(t - y)",
            "y - t if abs(y - t) <= delta else delta * sign(y - t)",
            parameters={"delta": "1"},
        ),
        Loss(
            "binary_cross_entropy",
            "-(t * log(y, base) + (1 - t) * log(1 - y, base))",
            "",
            "(y - t) / (y * (1 - y) * log(base))",
            "",
            "-(t / (y * log(base)) - (1 - t) / ((1 - y) * log(base)))",
            parameters={"base": "exp(1)"},
            targets="share",
        ),
        Loss(
            "cross_entropy",
            "-t * log(y, base)",
            "",
            "-t / (y * log(base))",
            "",
            parameters={"base": "exp(1)"},
            targets="share",
        ),
        Loss(
            "hinge",
            "max(0, 1 - t * y)",
            "",
            "-t if t * y < 1 else kink if t * y == 1 else 0",
            "",
            parameters={"kink": "0"},
            targets="sign",
        ),
        Loss(
            "squared_hinge",
            "max(0, 1 - t * y)**2",
            "",
            "-2 * t * max(0, 1 - t * y)",
            "",
            targets="sign",
        ),
        Loss("log_cosh", "log(cosh(t - y))", "log(cosh(y - t))", "-tanh(t - y)", "tanh(y - t)"),
        Loss(
            "kl_divergence",
            "t * log(t / y, base)",
            "",
            "-t / (y * log(base))",
            "",
            parameters={"base": "exp(1)"},
            targets="share",
        ),
        Loss("poisson", "y - t * log(y)", "", "1 - t / y", "", targets="count"),
        Loss(
            "focal",
            "-t * (1 - y)**gamma * log(y)",
            "",
            "t * (gamma * (1 - y)**(gamma - 1) * log(y) - (1 - y)**gamma / y)",
            "",
            parameters={"gamma": "2"},
            targets="share",
        ),
    )
}

SYNONYMS: Mapping[str, str] = {  # what else authors call a function
    "sigmoid": "logistic", "swish": "silu", "linear": "identity", "ln": "log", "asin": "arcsin", "acos": "arccos",
    "atan": "arctan", "sgn": "sign", "heaviside": "step", "clamp": "clip", "mse": "mean_squared_error",
    "sse": "squared_error", "bce": "binary_cross_entropy", "log_loss": "binary_cross_entropy", "nll": "cross_entropy",
    "negative_log_likelihood": "cross_entropy", "categorical_cross_entropy": "cross_entropy",
    "kl": "kl_divergence", "logcosh": "log_cosh", "hardswish": "hard_swish", "hardtanh": "hard_tanh",
    "hardsigmoid": "hard_sigmoid", "smooth_l1": "huber",
}  # fmt: skip
Row = Activation | Loss
_LOGARITHMS = {parse("exp(1)"): "log", num(2): "log2", num(10): "log10"}  # by their base


def plain_name(name: str) -> str:
    """The name of the function that an author calls `Sigmoid`, `ReLU`, `ln` or `cross-entropy`."""
    lower = name.lower().replace("-", "_")
    return SYNONYMS.get(lower, lower)


def row_of(call: Call) -> Row | None:
    """The row with parameters that a call is of (`None`: elementary, or a vector function)."""
    return ACTIVATIONS.get(call.name) or LOSSES.get(call.name)


def bound(call: Call) -> dict[str, Formula]:
    """What a row's names stand for in `call`: its arguments, and its parameters as given or as the row has them.

    Raises `FormulaError` where the call has too few arguments or too many.
    """
    row = row_of(call)
    assert row is not None, call.name
    arguments = ("x",) if isinstance(row, Activation) else ("t", "y")
    names = (*arguments, *row.parameters)
    if not len(arguments) <= len(call.args) <= len(names):
        raise FormulaError(f"`{call.name}` has {len(call.args)} arguments: expected {', '.join(names)}")
    found = dict(zip(names, call.args, strict=False))
    for name, text in row.parameters.items():
        given = found.get(name)
        # A number's own way of being written would keep equal numbers from being seen as equal.
        found[name] = Num(given.value) if isinstance(given, Num) else given or substitute(parse(text), found)
    return found


def written_out(text: str, names: Mapping[str, Formula], parameters: Mapping[str, str]) -> Formula:
    """A row's text with `names` in place; what its parameters make superfluous (a case, a factor 1) is left out."""
    chosen = {name: names[name] for name in parameters}
    tree = _with_parameters(text, tuple(chosen.items()))
    return substitute(tree, {name: tree for name, tree in names.items() if name not in chosen})


@lru_cache(maxsize=1024)
def _with_parameters(text: str, parameters: tuple[tuple[str, Formula], ...]) -> Formula:
    return _tidy(substitute(parse(text), dict(parameters)))


def _tidy(tree: Formula) -> Formula:
    """`tree` with logarithms called by their base, without factors 1 and ln e, and equal neighbouring cases as one."""
    tree = rebuild(tree, _tidy)
    match tree:
        case Call("log", (body, base)):
            if base not in _LOGARITHMS:
                raise FormulaError("a logarithm has the base `exp(1)`, 2 or 10")
            return Call(_LOGARITHMS[base], (body,))
        case Mul(factors) if any(_is_one(factor) for factor in factors):
            kept = tuple(factor for factor in factors if not _is_one(factor)) or factors[:1]
            return product_of(kept)
        case Mul((Neg(one), *factors)) if _is_one(one):
            return Neg(product_of(factors))
        case Neg(Num(value)) if value == 0:
            return num(0)
        case Cases(left, ("<" | ">") as op, right, then, Cases(same, "==", other, at, otherwise)):
            if (left, right) == (same, other) and at == otherwise:
                return Cases(left, op, right, then, otherwise)
            if (left, right) == (same, other) and at == then:
                return Cases(left, f"{op}=", right, then, otherwise)
    return tree


def _is_one(factor: Formula) -> bool:
    return factor in (num(1), Call("log", (Call("exp", (num(1),)),)))


def formula_of(call: Call, stable: bool = False) -> Formula | None:
    """The formula behind a call of a row, with the call's arguments in place (`None`: the function is elementary).

    `stable`: in the form that a large input neither overflows nor cancels in, where the row has one.
    """
    if call.name in VECTORS:
        return _shares(call, stable)
    if call.name in PLACES:
        return place_of(call)
    row = row_of(call)
    if row is None:
        return None
    text = row.stable if stable and isinstance(row, Activation) and row.stable else row.formula
    body = written_out(text, bound(call), row.parameters)
    return None if body == call else body  # tanh is its own formula


def _shares(call: Call, stable: bool) -> Formula:
    own, components = call.args[0], call.args[1:]
    if own not in components:
        raise FormulaError(f"the first argument of `{call.name}` has to be one of the others")
    if stable and len(components) == 1:
        return num(1)  # a share of itself alone
    if stable:  # shares stay the same when all arguments are moved by as much
        below = Neg(Call("max", components))
        own, components = Add((own, below)), tuple(Add((part, below)) for part in components)
    share = parse(VECTORS[call.name].share)
    shares = tuple(substitute(share, {"x": part}) for part in components)
    return Div(substitute(share, {"x": own}), sum_of(shares))


def expand(tree: Formula, stable: bool = False) -> Formula:
    """`tree` with every call of a row written out in elementary functions (`stable`: as they are best computed)."""
    tree = rebuild(tree, lambda part: expand(part, stable))
    body = formula_of(tree, stable) if isinstance(tree, Call) else None
    return tree if body is None else expand(body, stable)


def is_signed(call: Call) -> bool:
    """Whether a sign says all that the value of an activation depends on: its parameters are the row's own."""
    row = ACTIVATIONS[call.name]
    used = references(parse(row.formula))
    names, own = bound(call), bound(Call(call.name, call.args[:1]))
    return bool(row.symbol) and all(names[name] == own[name] for name in row.parameters if name in used)


def textbook_derivative(
    call: Call, wrt: str, result: str, find: Find | None = None, output_first: bool = False
) -> Formula | None:
    """The derivative of `result` = `call` with respect to its operand `wrt`, in the row's textbook form.

    `find` gives the quantity of a sibling component by its formula. `output_first`: a loss's difference that way round.
    `None` where no row has it: the call is elementary, or `wrt` is not the input (the target of a loss, say). Raises
    `FormulaError` where the function has no useful derivative.
    """
    if call.name in VECTORS:
        return _component_derivative(call, wrt, result, find)
    row = row_of(call)
    if row is None:
        return None
    names = bound(call)
    place = "x" if isinstance(row, Activation) else "y"
    if names[place] != Ref(wrt) or any(wrt in references(tree) for name, tree in names.items() if name != place):
        return None
    if isinstance(row, Activation):
        require_derivative(call)
        return written_out(row.derivative, {**names, "y": Ref(result)}, row.parameters)
    text = row.derivative_output_first if output_first and row.derivative_output_first else row.derivative
    return written_out(text, names, row.parameters)


def _component_derivative(call: Call, wrt: str, result: str, find: Find | None) -> Formula | None:
    own, *components = call.args
    if components.count(Ref(wrt)) != 1 or len(set(components)) < len(components):
        return None
    if any(wrt in references(part) for part in components if part != Ref(wrt)):
        return None
    row = VECTORS[call.name]
    if own == Ref(wrt):
        return substitute(parse(row.derivative), {"y": Ref(result)})
    other = Call(call.name, (Ref(wrt), *components))
    name = find(other) if find else None
    return substitute(parse(row.derivative_other), {"y": Ref(result), "other": Ref(name) if name else other})


def require_derivative(call: Call) -> None:
    """Raise `FormulaError` where a function is flat between its jumps, so that no gradient comes through it."""
    row = ACTIVATIONS.get(call.name)
    if call.name == "floor" or (row is not None and not row.derivative):
        raise FormulaError(f"`{call.name}` has no useful derivative: it is flat between its jumps")


def loss_formula(call: Call, output_first: bool) -> Formula:
    """The formula of a loss with its difference the one way round or the other."""
    row = LOSSES[call.name]
    text = row.formula_output_first if output_first and row.formula_output_first else row.formula
    return written_out(text, bound(call), row.parameters)


def worked_derivative(call: Call, output_first: bool = False) -> Formula | None:
    """How the derivative of a loss with respect to its output comes about (`None`: there is nothing to show).

    `output_first`: of the loss as `loss_formula` writes it with its output first.
    """
    row = LOSSES[call.name]
    text = row.worked_output_first if output_first and row.formula_output_first else row.worked
    return written_out(text, bound(call), row.parameters) if text else None
