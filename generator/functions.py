"""The functions that a problem can name: activations and losses, one row each.

A row's formulas are infix text over `x` (input) and `y` (output) for an activation, `t` (target) and `y` (output) for
a loss. `derivative` is the textbook form; the tests hold each one against SymPy, differences and PyTorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.formula import Call, Formula, Ref, rebuild, substitute
from generator.infix import parse


@dataclass(frozen=True, slots=True)
class Activation:
    """y = f(x). `symbol` is its sign in the symbol language; `derivative` may use x and y.

    `kink` is the input at which the derivative is a convention (the derivative's own formula says which).
    """

    name: str
    formula: str
    derivative: str
    symbol: str
    kink: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """E = f(t, y) of one output y and its target t.

    Published texts write the difference either way round, so both forms stand here: `formula` and `derivative` with
    the target first, `formula_output_first` and `derivative_output_first` with the output first. `worked` shows how
    the derivative comes about, before it is tidied.
    """

    name: str
    formula: str
    formula_output_first: str
    derivative: str
    derivative_output_first: str
    worked: str


ACTIVATIONS: Mapping[str, Activation] = {
    row.name: row
    for row in (
        Activation("logistic", "1 / (1 + exp(-x))", "y * (1 - y)", r"\sigma"),
        Activation("tanh", "tanh(x)", "1 - y**2", "tanh"),
        Activation("relu", "max(0, x)", "1 if x > 0 else 0", "ReLU", kink="0"),
        Activation("identity", "x", "1", ""),
    )
}

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
        ),
        Loss(
            "squared_error",
            "(t - y)**2",
            "(y - t)**2",
            "-2 * (t - y)",
            "2 * (y - t)",
            "2 * (t - y)**(2 - 1) * (-1)",
        ),
    )
}


def formula_of(call: Call) -> Formula | None:
    """The formula behind a call of a row, with the call's arguments in place (`None`: the function is elementary)."""
    if call.name in ACTIVATIONS:
        body = substitute(parse(ACTIVATIONS[call.name].formula), {"x": call.args[0]})
        return None if body == call else body  # tanh is its own formula
    if call.name in LOSSES:
        target, output = call.args
        return substitute(parse(LOSSES[call.name].formula), {"t": target, "y": output})
    return None


def expand(tree: Formula) -> Formula:
    """`tree` with every call of a row written out in elementary functions."""
    tree = rebuild(tree, expand)
    body = formula_of(tree) if isinstance(tree, Call) else None
    return tree if body is None else body


def textbook_derivative(call: Call, wrt: str, result: str) -> Formula | None:
    """The derivative of `result` = `call` with respect to its operand `wrt`, in the row's textbook form.

    `None` where no row has it: the call is elementary, or `wrt` is the target of a loss.
    """
    if call.name in ACTIVATIONS and call.args == (Ref(wrt),):
        return substitute(parse(ACTIVATIONS[call.name].derivative), {"x": Ref(wrt), "y": Ref(result)})
    if call.name in LOSSES and call.args[1:] == (Ref(wrt),):
        return substitute(parse(LOSSES[call.name].derivative), {"t": call.args[0], "y": Ref(wrt)})
    return None
