"""The name of a recurrent cell -> the lines that it computes at each time step, as data.

A new cell is a function here and its name in `recurrences.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One vector that a cell makes at a time step: matrices times vectors, a bias, and a formula for each entry.

    `products` are pairs of a matrix and what it multiplies. `text` is infix over entries of vectors that stand before
    it at this step and, with `_before`, of the states of the step before; `gate` and `squash` are the functions that
    the definition chooses. What is there of all these is added up.
    """

    name: str
    rule: str
    products: tuple[tuple[str, str], ...] = ()
    bias: str = ""
    text: str = ""


def _gate(name: str, rule: str = "gate") -> tuple[Line, Line]:
    """A gate (or candidate): a weighted sum of the input and the state before, and its function."""
    products = ((f"W_{name}", "x"), (f"U_{name}", "h_before"))
    function = "gate" if rule == "gate" else "squash"
    return (
        Line(f"a_{name}", "weighted_sum", products, f"b_{name}"),
        Line(name, rule, text=f"{function}(a_{name})"),
    )


_MIXED = {"keeps": "(1 - z) * n + z * h_before", "admits": "z * n + (1 - z) * h_before"}


def _gru(reset: str, update: str) -> tuple[Line, ...]:
    """A gated recurrent unit; the reset gate acts on the state before its matrix, or on the product."""
    if reset == "before":
        inner = Line("p", "reset_state", text="r * h_before")
        candidate = Line("a_n", "weighted_sum", (("W_n", "x"), ("U_n", "p")), "b_n")
    else:
        inner = Line("q", "weighted_sum", (("U_n", "h_before"),), "b_hn")
        candidate = Line("a_n", "weighted_sum", (("W_n", "x"),), "b_n", "r * q")
    new = (Line("n", "candidate", text="squash(a_n)"), Line("h", "mixed_state", text=_MIXED[update]))
    return (*_gate("r"), *_gate("z"), inner, candidate, *new)


def cell(name: str, reset: str = "after", update: str = "keeps", linear: bool = False) -> tuple[Line, ...]:
    """What a cell computes at each time step, in order. `reset` and `update` are the two forms of a GRU's gates.

    `linear`: no function follows the weighted sum of a simple cell, which then is the state itself.

    The simple cell is Elman's (1990), the LSTM that of PyTorch's documentation (Hochreiter and Schmidhuber 1997 with
    the forget gate of Gers et al. 2000), the GRU that of Cho et al. (2014).
    """
    if name == "elman":
        products = (("W", "x"), ("U", "h_before"))
        if linear:
            return (Line("h", "linear_state", products, "b"),)
        return (Line("a", "weighted_sum", products, "b"), Line("h", "state", text="squash(a)"))
    if name == "lstm":
        return (
            *_gate("i"), *_gate("f"), *_gate("g", "candidate"), *_gate("o"),
            Line("c", "cell_state", text="f * c_before + i * g"),
            Line("h", "hidden_state", text="o * squash(c)"),
        )  # fmt: skip
    return _gru(reset, update)


# What stands behind a cell where its state is not itself the output.
OUTPUT = (Line("s", "weighted_sum", (("V", "h"),), "b_y"), Line("y", "activation", text="out(s)"))
PLAIN_OUTPUT = (Line("y", "output", (("V", "h"),), "b_y"),)  # where no function follows the weighted sum

STATES = {"elman": ("h",), "lstm": ("h", "c"), "gru": ("h",)}
