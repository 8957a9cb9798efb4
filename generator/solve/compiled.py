"""Graph -> straight-line source -> a function from arrays of givens to arrays of every quantity.

One source serves two arithmetics: NumPy (any number of variants at once, in the last axis) and Arb balls (one variant,
every digit certain). Names become `v0, v1, ...` and numbers `c0, c1, ...`, so no text of a definition is ever run.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial, reduce
from typing import Any

import flint
import numpy as np

from generator.formula.functions import expand
from generator.formula.tree import (
    CIRCULAR,
    HOLDS,
    Add,
    Call,
    Cases,
    Div,
    Formula,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
)
from generator.graph.quantities import Graph
from generator.solve.elementary import LOGARITHMS
from generator.solve.exact import Undecided, ball, of_domain, power

Array = np.ndarray[Any, np.dtype[np.float64]]


def _where_arrays(op: str, left: Array, right: Array, then: Array, otherwise: Array) -> Array:
    return np.where(HOLDS[op](left, right), then, otherwise)


def _times_log_arrays(factor: Array, argument: Array, logarithm: Array) -> Array:
    """A factor times the logarithm of the argument, where 0 ln 0 is 0."""
    found: Array = np.where((factor == 0) & (argument == 0), 0.0, factor * logarithm)
    return found


_NUMPY: Mapping[str, Any] = {
    "exp": np.exp, "log": np.log, "log2": np.log2, "log10": np.log10, "tanh": np.tanh, "sqrt": np.sqrt, "abs": np.abs,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "arcsin": np.arcsin, "arccos": np.arccos, "arctan": np.arctan,
    "sinh": np.sinh, "cosh": np.cosh, "floor": np.floor, "log1p": np.log1p, "expm1": np.expm1, "pi": lambda: np.pi,
    # NumPy has neither of these; the standard library has them for one number at a time.
    "erf": np.vectorize(math.erf, otypes=[np.float64]), "erfc": np.vectorize(math.erfc, otypes=[np.float64]),
    "max": lambda *values: reduce(np.maximum, values), "min": lambda *values: reduce(np.minimum, values),
    "power": operator.pow, "where": _where_arrays, "times_log": _times_log_arrays,
}  # fmt: skip


def _where(op: str, left: flint.arb, right: flint.arb, then: flint.arb, otherwise: flint.arb, last: bool) -> flint.arb:
    """The case that holds; two balls that no precision tells apart (`last`) are equal numbers, as 0.1 − 0.1 and 0."""
    apart = left - right
    if apart.contains(0) and not apart.is_zero():
        if not last:
            raise Undecided("a comparison is too close to decide")
        apart = flint.arb(0)
    return then if HOLDS[op](apart, 0) else otherwise


def _floor(x: flint.arb, last: bool) -> flint.arb:
    """The whole number below; a ball around a whole number that no precision tells apart from it (`last`) is it."""
    found = x.floor()
    if found.is_exact():
        return found
    if not last:
        raise Undecided("a number is too close to a whole one to tell which lies below it")
    return (x + 0.5).floor().mid()


def _times_log(factor: flint.arb, argument: flint.arb, logarithm: flint.arb) -> flint.arb:
    return flint.arb(0) if factor.is_zero() and argument.is_zero() else factor * logarithm


_BALLS: Mapping[str, Any] = {
    **{name: operator.methodcaller(name) for name in ("exp", "log", "tanh", "erf", "erfc", "sinh", "cosh")},
    **{name: operator.methodcaller(name) for name in ("log1p", "expm1")},
    **{name: partial(of_domain, name) for name in ("sqrt", *CIRCULAR)},
    "log2": lambda x: x.log() / flint.arb(2).log(), "log10": lambda x: x.log() / flint.arb(10).log(),
    "abs": abs, "max": lambda *values: reduce(flint.arb.max, values),
    "min": lambda *values: reduce(flint.arb.min, values),
    "pi": flint.arb.pi, "power": power, "times_log": _times_log,
}  # fmt: skip


@dataclass(frozen=True)
class Compiled:
    """The straight-line source of some of a graph's quantities, ready to run.

    `inputs` are the names that `run` takes, `outputs` those it gives, both in order.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    source: str
    numbers: tuple[Fraction, ...]

    def arrays(self) -> Callable[..., tuple[Array, ...]]:
        """The function over NumPy arrays (or floats), broadcasting over variants."""
        return self._made(_NUMPY, [float(number) for number in self.numbers])

    def balls(self, last: bool = False) -> Callable[..., tuple[flint.arb, ...]]:
        """The function over Arb balls, at the working precision that holds when this is called.

        It raises `Undecided` where a comparison is too close, unless this is the `last` precision there is.
        """
        functions = {**_BALLS, "where": partial(_where, last=last), "floor": partial(_floor, last=last)}
        return self._made(functions, [ball(number) for number in self.numbers])

    def _made(self, functions: Mapping[str, Any], constants: Sequence[object]) -> Callable[..., Any]:
        scope: dict[str, Any] = {**functions, **{f"c{number}": value for number, value in enumerate(constants)}}
        # Our own source, made below from a checked tree: it holds only v<i>, c<i>, operators and the functions above.
        exec(compile(self.source, "<graph>", "exec"), scope)
        made: Callable[..., Any] = scope["run"]
        return made


def compile_graph(graph: Graph, inputs: Sequence[str], outputs: Sequence[str]) -> Compiled:
    """Compile what `outputs` need, taking `inputs` (and what lies before them) as arguments."""
    places = {quantity.name: f"v{number}" for number, quantity in enumerate(graph)}
    needed: set[str] = set()
    stack = [name for name in outputs if name not in inputs]
    while stack:
        name = stack.pop()
        if name not in needed and name not in inputs:
            needed.add(name)
            stack.extend(graph.operands[name])
    numbers: dict[Fraction, str] = {}
    lines = [
        f"    {places[q.name]} = {_source(expand(q.formula, stable=True), places, numbers)}"
        for q in graph
        if q.name in needed and q.formula is not None
    ]
    arguments = ", ".join(places[name] for name in inputs)
    results = "".join(f"{places[name]}, " for name in outputs)
    source = "\n".join([f"def run({arguments}):", *lines, f"    return ({results})", ""])
    return Compiled(tuple(inputs), tuple(outputs), source, tuple(numbers))


def _source(tree: Formula, places: Mapping[str, str], numbers: dict[Fraction, str]) -> str:
    """The source of one formula, fully parenthesised."""
    write = partial(_source, places=places, numbers=numbers)
    match tree:
        case Num(value):
            return numbers.setdefault(value, f"c{len(numbers)}")
        case Ref(name):
            return places[name]
        case Add(terms):
            return f"({' + '.join(map(write, terms))})"
        case Mul((Call(name, (argument,)) as logarithm, *others)) if name in LOGARITHMS and others:
            return f"times_log({write(Mul(tuple(others)))}, {write(argument)}, {write(logarithm)})"
        case Mul((factor, *others)) if any(isinstance(o, Call) and o.name in LOGARITHMS for o in others):
            return write(Mul((*others, factor)))  # the logarithm in front
        case Mul(factors):
            return f"({' * '.join(map(write, factors))})"
        case Neg(body):
            return f"(-{write(body)})"
        case Div(top, bottom):
            return f"({write(top)} / {write(bottom)})"
        case Pow(base, Num(exponent)) if exponent.denominator == 1:
            return f"power({write(base)}, {exponent.numerator})"
        case Pow(base, exponent):
            return f"({write(base)} ** {write(exponent)})"
        case Cases(left, op, right, then, otherwise):
            return f"where({op!r}, {write(left)}, {write(right)}, {write(then)}, {write(otherwise)})"
        case Call(name, args):
            return f"{name}({', '.join(map(write, args))})"
    raise AssertionError(tree)
