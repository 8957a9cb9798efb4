"""The name of a recurrent cell -> the lines that it computes at each time step, as data.

A new cell is a function here and its name in `model.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from generator.formula.infix import infix, parse
from generator.formula.tree import Ref
from generator.formula.tree import replace as replace_names

_BEFORE = "_before"


@dataclass(frozen=True, slots=True)
class Line:
    """One vector that a cell makes at a time step: matrices times vectors, a bias, and a formula for each entry.

    `products` are pairs of a matrix and what it multiplies, `scaled` of a vector of weights and the vector that it
    multiplies entry by entry; `other` is a second bias, as PyTorch has one beside each matrix. `text` is infix over
    entries of vectors that stand before it at this step and, with `_before`, of the states of the step before; `gate`
    and `squash` are the functions that the definition chooses. What is there of all these is added up.
    """

    name: str
    rule: str
    products: tuple[tuple[str, str], ...] = ()
    bias: str = ""
    text: str = ""
    scaled: tuple[tuple[str, str], ...] = ()
    other: str = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """What is trained in it: its matrices, its vectors of weights, and its biases."""
        multiplied = (name for name, _ in (*self.products, *self.scaled))
        return (*multiplied, *(bias for bias in (self.bias, self.other) if bias))

    def placed(self, suffix: str, source: str) -> Line:
        """The line of a cell that is one of several: its own names end with `suffix`, and its input is `source`."""

        def own(name: str) -> str:
            if name == "x":
                return source
            return f"{before(name)}{suffix}{_BEFORE}" if name.endswith(_BEFORE) else name + suffix

        def pairs(found: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
            return tuple((own(weights), own(vector)) for weights, vector in found)

        text = infix(replace_names(parse(self.text), lambda ref: Ref(own(ref.name)))) if self.text else ""
        bias, other = (own(name) if name else "" for name in (self.bias, self.other))
        return replace(
            self, name=own(self.name), products=pairs(self.products), bias=bias, text=text, scaled=pairs(self.scaled),
            other=other,
        )  # fmt: skip


def before(name: str) -> str:
    """The state whose value of the step before is called `name` (empty: it is of this step)."""
    return name.removesuffix(_BEFORE) if name.endswith(_BEFORE) else ""


def _gate(name: str, rule: str = "gate", watched: str = "") -> tuple[Line, Line]:
    """A gate (or candidate): a weighted sum of input, state before and perhaps what it watches, and its function."""
    products = ((f"W_{name}", "x"), (f"U_{name}", "h_before"))
    function = "gate" if rule == "gate" else "squash"
    scaled = ((f"p_{name}", watched),) if watched else ()
    return (
        Line(f"a_{name}", "weighted_sum", products, f"b_{name}", scaled=scaled, other=f"b_h{name}"),
        Line(name, rule, text=f"{function}(a_{name})"),
    )


_MIXED = {"keeps": "(1 - z) * n + z * h_before", "admits": "z * n + (1 - z) * h_before"}


def _gru(reset: str, update: str) -> tuple[Line, ...]:
    """A gated recurrent unit; the reset gate acts on the state before its matrix, or on the product."""
    if reset == "before":
        inner = Line("p", "reset_state", text="r * h_before")
        candidate = Line("a_n", "weighted_sum", (("W_n", "x"), ("U_n", "p")), "b_n", other="b_hn")
    else:
        inner = Line("q", "weighted_sum", (("U_n", "h_before"),), "b_hn")
        candidate = Line("a_n", "weighted_sum", (("W_n", "x"),), "b_n", "r * q")
    new = (Line("n", "candidate", text="squash(a_n)"), Line("h", "mixed_state", text=_MIXED[update]))
    return (*_gate("r"), *_gate("z"), inner, candidate, *new)


def _lstm(peepholes: bool) -> tuple[Line, ...]:
    """Long short-term memory; with peepholes its gates look at the cell state, the output gate at the new one."""
    old, new = ("c_before", "c") if peepholes else ("", "")
    gates, shown = (
        (*_gate("i", watched=old), *_gate("f", watched=old), *_gate("g", "candidate")),
        _gate("o", watched=new),
    )
    state = Line("c", "cell_state", text="f * c_before + i * g")
    made = (state, *shown) if peepholes else (*shown, state)
    return (*gates, *made, Line("h", "hidden_state", text="o * squash(c)"))


def cell(
    name: str, reset: str = "after", update: str = "keeps", linear: bool = False, peepholes: bool = False
) -> tuple[Line, ...]:
    """What a cell computes at each time step, in order. `reset` and `update` are the two forms of a GRU's gates.

    `linear`: no function follows the weighted sum of a simple cell, which then is the state itself.

    The simple cell is Elman's (1990), the LSTM that of PyTorch's documentation (Hochreiter and Schmidhuber 1997 with
    the forget gate of Gers et al. 2000), its peepholes those of Gers, Schraudolph and Schmidhuber (2002), the GRU that
    of Cho et al. (2014).
    """
    if name == "elman":
        products = (("W", "x"), ("U", "h_before"))
        if linear:
            return (Line("h", "linear_state", products, "b", other="b_hh"),)
        return (Line("a", "weighted_sum", products, "b", other="b_hh"), Line("h", "state", text="squash(a)"))
    return _lstm(peepholes) if name == "lstm" else _gru(reset, update)


def output(states: tuple[tuple[str, str], ...], plain: bool) -> tuple[Line, ...]:
    """What stands behind cells where their states are not themselves the output: `states` has a matrix for each.

    `plain`: no function follows the weighted sum.
    """
    if plain:
        return (Line("y", "output", states, "b_y"),)
    return (Line("s", "weighted_sum", states, "b_y"), Line("y", "activation", text="out(s)"))


STATES = {"elman": ("h",), "lstm": ("h", "c"), "gru": ("h",)}
