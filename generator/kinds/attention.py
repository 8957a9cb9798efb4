"""Self-attention over a few tokens -> the graph of its queries, keys, values, scores, weights, outputs and error.

Longer than 250 lines because a kind is one file: its model, its checks, its graph and its starter definition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from pydantic import Field

from generator.biases import bias_conventions
from generator.declared import grid, heads, matrix, whole
from generator.formula import Add, Call, Div, Formula, Mul, Neg, Pow, Ref, num, shortest
from generator.functions import LOSSES
from generator.graph import Convention, Graph, Label, Quantity, Role, Tensor
from generator.losses import loss_conventions
from generator.problem import Exact, Finding, Name, Whole
from generator.tables import Rows, Table, entries, entry, names, said, shape
from generator.training import (
    Learning,
    check_brought,
    check_learning,
    check_trained,
    check_training,
    conventions_of,
    plan_of,
)

LOSS = "E_total"
PROJECTIONS = {"Q": "queries", "K": "keys", "V": "values"}  # each letter, and the group that it makes


class Definition(Learning):
    """Scaled dot-product attention of a few tokens, with one or several heads."""

    kind: Literal["attention"]
    inputs: Table | None = Field(None, description="one row for each token")
    queries: Table | None = Field(None, description="given queries, instead of projected ones")
    keys: Table | None = Field(None, description="given keys")
    values: Table | None = Field(None, description="given values")
    weights: dict[Name, Table] = Field(
        default_factory=dict, description="W_Q, W_K, W_V, W_O (rows times matrix), b_Q, ..., gamma and beta"
    )
    heads: Whole = Field(1, ge=1, le=8, description="among which the columns are shared out, in order")
    mask: Literal["none", "causal"] | Table = Field("none", description="or rows of 1 (may look) and 0, one per token")
    scale: Literal["sqrt", "d", "none"] = Field("sqrt", description="scores divided by the root of d, by d, or not")
    softmax: Literal["row", "steps"] = Field("row", description="as one formula, or exponentials, their sum, quotients")
    residual: bool = Field(False, description="add the inputs to the output")
    normalization: Literal["none", "before", "after"] = Field("none", description="layer norm of the input or output")
    epsilon: Exact = Field(Fraction(0), description="added to the variance in a layer norm")
    targets: Table | None = Field(None, description="one row for each token, compared with its output")
    upstream: Table | None = Field(None, description="or what each entry of the output is weighted with in a sum")
    loss: str = "half_squared_error"
    trained: Literal["all"] | tuple[Name, ...] = "all"
    wanted: tuple[Literal["X", "Q", "K", "V"], ...] = Field((), description="also differentiate by inputs, or Q, K, V")

    @property
    def learned(self) -> tuple[str, ...]:
        """The entries of what is trained; nothing is where there is nothing to differentiate."""
        chosen = tuple(self.weights) if self.trained == "all" else self.trained
        differentiated = self.targets or self.upstream
        return tuple(own for name in chosen for own in names(name, self.weights[name])) if differentiated else ()


# --- checks ---


@dataclass(frozen=True, slots=True)
class _Widths:
    """How wide the rows are: of the inputs, of queries and keys, of values, and of the output."""

    inputs: int
    keys: int
    values: int
    output: int

    @classmethod
    def of(cls, problem: Definition) -> _Widths:
        width = len(problem.inputs[0]) if problem.inputs else 0

        def made(letter: str) -> int:
            direct: Rows | None = getattr(problem, PROJECTIONS[letter])
            weight = problem.weights.get(f"W_{letter}")
            return len(direct[0]) if direct else len(weight[0]) if weight else width

        values = made("V")
        last = problem.weights.get("W_O")
        return cls(width, made("K") if made("K") else made("Q"), values, len(last[0]) if last else values)


def _expected(problem: Definition) -> dict[str, tuple[int, int]]:
    """The shape of each matrix and vector that the problem can use."""
    widths = _Widths.of(problem)
    found: dict[str, tuple[int, int]] = {}
    for letter, key in PROJECTIONS.items():
        width = widths.values if letter == "V" else widths.keys
        if getattr(problem, key) is None:
            found |= {f"W_{letter}": (widths.inputs, width), f"b_{letter}": (1, width)}
    found |= {"W_O": (widths.values, widths.output), "b_O": (1, widths.output)}
    if problem.normalization != "none":
        width = widths.inputs if problem.normalization == "before" else widths.output
        found |= {"gamma": (1, width), "beta": (1, width)}
    return found


def check(problem: Definition) -> Iterator[Finding]:
    """What is wrong with a definition beyond its types, in the order of the file."""
    found = [*_check_sources(problem)]
    found = found or [*_check_shapes(problem)]
    found = found or [*_check_learning(problem)]
    found = found or [*_check_updates(problem)]
    yield from found


def _check_sources(problem: Definition) -> Iterator[Finding]:
    given = {letter: getattr(problem, key) for letter, key in PROJECTIONS.items()}
    if problem.inputs is None:
        for letter, rows in given.items():
            if rows is None:
                expected = f"`inputs`, or `{PROJECTIONS[letter]}` beside the other given rows"
                yield (), f"no `inputs` and no `{PROJECTIONS[letter]}`", expected
                return
        if problem.residual or problem.normalization == "before":
            yield (), "a residual or a layer norm of inputs that are not there", "`inputs`"
    elif all(rows is not None for rows in given.values()) and not problem.residual:
        yield ("inputs",), "inputs that nothing uses", "`queries`, `keys` and `values` left out, or no `inputs`"
    keys, values = (_count(problem, letter) for letter in "KV")
    if keys != values:
        yield ("values" if problem.values else "keys",), f"{values} rows of values", f"one for each of the {keys} keys"
    if (problem.residual or problem.mask == "causal") and keys != _count(problem, "Q"):
        yield ("queries",), f"{_count(problem, 'Q')} queries of {keys} keys", "as many queries as keys"


def _count(problem: Definition, letter: str) -> int:
    """How many queries, keys or values there are."""
    rows: Rows | None = getattr(problem, PROJECTIONS[letter]) or problem.inputs
    return len(rows or ())


def _check_shapes(problem: Definition) -> Iterator[Finding]:
    expected, widths, queries = _expected(problem), _Widths.of(problem), _count(problem, "Q")
    for name, rows in problem.weights.items():
        if name not in expected:
            yield ("weights", name), f"`{name}`", f"one of {', '.join(expected)}"
        elif shape(rows) != expected[name]:
            yield ("weights", name), said(shape(rows)), said(expected[name])
    if problem.queries and len(problem.queries[0]) != widths.keys:
        yield ("queries",), said(shape(problem.queries)), f"rows of {widths.keys} numbers, as the keys have"
    for key, width in (("keys", widths.keys), ("values", widths.values)):
        if width % problem.heads:
            yield ("heads",), f"{problem.heads} heads", f"a number that divides the {width} columns of the {key}"
    if not isinstance(problem.mask, str):
        size = (queries, _count(problem, "K"))
        if shape(problem.mask) != size:
            yield ("mask",), said(shape(problem.mask)), said(size)
        elif any(number not in (0, 1) for row in problem.mask for number in row) or not all(map(any, problem.mask)):
            yield ("mask",), "a mask", "rows of 0 and 1, with a 1 in each"
    if problem.residual and widths.inputs != widths.output:
        yield ("residual",), f"inputs of {widths.inputs} and outputs of {widths.output} numbers", "the same width"
    if problem.epsilon < 0:
        yield ("epsilon",), "a number below zero", "zero or more"
    for key in ("targets", "upstream"):
        rows = getattr(problem, key)
        if rows is not None and shape(rows) != (queries, widths.output):
            yield (key,), said(shape(rows)), said((queries, widths.output))
    if problem.targets and problem.upstream:
        yield ("upstream",), "`upstream` beside `targets`", "one of them"


def _check_learning(problem: Definition) -> Iterator[Finding]:
    if problem.loss not in LOSSES:
        yield ("loss",), f"`{problem.loss}`", f"one of {', '.join(LOSSES)}"
    if not (problem.targets or problem.upstream) and (problem.learning_rate or problem.wanted or problem.training):
        yield ("targets",), "no `targets` and no `upstream`", "one of them, since gradients are asked for"
    for number, name in enumerate(problem.wanted):
        here = problem.inputs if name == "X" else getattr(problem, PROJECTIONS[name])
        if here is None:
            yield ("wanted", number), f"`{name}`", "rows that are given"
    yield from check_trained(problem.trained, tuple(problem.weights))
    yield from check_learning(problem)


def _check_updates(problem: Definition) -> Iterator[Finding]:
    if problem.learning_rate and (not problem.weights or problem.trained == ()):
        yield ("learning_rate",), "a learning rate", "weights that are trained with it"
    yield from check_training(problem, problem.learning_rate is not None, "`learning_rate` beside it")
    yield from check_brought(problem, {quantity.name for quantity in _Attention(problem).quantities}, problem.learned)


# --- the graph ---


def build(problem: Definition) -> Graph:
    """The graph of a checked definition: projections, scores, weights, mixtures, outputs, and what becomes of them."""
    made = _Attention(problem)
    loss = LOSS if problem.targets or problem.upstream else ""
    work = plan_of(problem, problem.learned, loss)
    wanted = tuple(own for name in problem.wanted for row in made.given[name] for own in row)
    return Graph(
        (*made.quantities, *work.givens), {**made.givens, **work.values}, loss, problem.learned, problem.rate,
        wanted=wanted, updates=work.updates, rounds=(0,) * (problem.steps or 1),
        conventions=tuple(_conventions(problem)), tensors=whole(made.tensors), vectors="row",
    )  # fmt: skip


def _conventions(problem: Definition) -> Iterator[Convention]:
    yield Convention("attention_rows")
    width = _Widths.of(problem).keys // problem.heads
    divided = {"sqrt": "scores_sqrt", "d": "scores_d"} if width > 1 else {}
    yield Convention(divided.get(problem.scale, "scores_none"), numbers={"d": str(width)})
    if problem.heads > 1:
        yield Convention("heads", numbers={"heads": str(problem.heads)})
    if problem.mask != "none":
        yield Convention("mask_causal" if problem.mask == "causal" else "mask_given")
    if problem.normalization != "none":
        yield Convention("layer_norm")
        epsilon = {"epsilon": shortest(problem.epsilon)}
        yield Convention("epsilon_inside", numbers=epsilon) if problem.epsilon else Convention("epsilon_none")
    biases = [[own] for name, rows in problem.weights.items() if name.startswith("b_") for own in names(name, rows)]
    yield from bias_conventions(biases, problem.learned if problem.learning_rate else ())
    if problem.targets:
        yield from loss_conventions(problem.loss, sum(map(len, problem.targets)))
    yield from conventions_of(problem)


Cells = tuple[tuple[str, ...], ...]  # the names of a matrix's entries, row by row


class _Attention:
    """The quantities in the order of computing; `given` has the entries' names of the given rows."""

    def __init__(self, problem: Definition) -> None:
        self.problem = problem
        self.quantities: list[Quantity] = []
        self.tensors: list[Tensor] = []
        self.givens: dict[str, Fraction] = {}
        self.given: dict[str, Cells] = {}
        self._givens()
        inputs = self.given.get("X", ())
        if problem.normalization == "before":
            inputs = self._normalized(inputs)
        queries, keys, values = (self._projected(letter, inputs) for letter in PROJECTIONS)
        made = self._mixed(queries, keys, values)
        if "W_O" in problem.weights:
            made = self._product("O", "projection", made, "W_O", "b_O")
        if problem.residual:
            made = self._plus(self.given["X"], made)
        if problem.normalization == "after":
            made = self._normalized(made)
        self._error(made)

    # --- givens ---

    def _givens(self) -> None:
        problem = self.problem
        given = {"X": problem.inputs, **{letter: getattr(problem, key) for letter, key in PROJECTIONS.items()}}
        for name, rows in given.items():
            if rows is not None:
                self.given[name] = self._rows(name, rows, "input")
        for name, rows in problem.weights.items():
            self._rows(name, rows, "bias" if name.startswith("b") else "weight")
        if problem.normalization != "none" and problem.epsilon:
            self._rows("epsilon", ((problem.epsilon,),), "setting")
        if problem.targets:
            self.given["T"] = self._rows("T", problem.targets, "target")
        if problem.upstream:
            self.given["G"] = self._rows("G", problem.upstream, "given")

    def _rows(self, name: str, rows: Rows, kind: str) -> Cells:
        """The given rows as quantities."""
        for own, number in entries(name, rows):
            of = name if kind == "weight" else own  # an entry of a matrix, or (for a target) its own name
            self.quantities.append(Quantity(own, Role.GIVEN, Label(kind, own, own.removeprefix(f"{name}_"), of=of)))
            self.givens[own] = number
        made = grid(names(name, rows), len(rows[0]))
        shared = self.problem.heads if name[-1] in PROJECTIONS or name == "W_O" else 1
        self.tensors += heads(name, made, shared, down=name == "W_O")
        return made

    # --- what is computed ---

    def _grid(
        self, name: str, group: str, rule: str, formulas: Mapping[tuple[int, int], Formula], head: int = 0
    ) -> Cells:
        """A matrix of quantities from its entries' formulas by place (from 0); entries without one have no name."""
        height, width = max(i for i, _ in formulas) + 1, max(j for _, j in formulas) + 1
        cells = [[""] * width for _ in range(height)]
        for (i, j), formula in formulas.items():
            symbol = entry(name, (i + 1, height), (j + 1, width))
            case = str(head) if head else ""
            own = f"{symbol}_h{head}" if head else symbol
            label = Label("value", symbol, symbol.removeprefix(f"{name}_"), of=name, case=case)
            self.quantities.append(Quantity(own, Role.FORWARD, label, formula, rule, group))
            cells[i][j] = own
        made = tuple(map(tuple, cells))
        shared = self.problem.heads if name in (*PROJECTIONS, "C") else 1
        seen = made if name != "A" else tuple(tuple(own or "0" for own in row) for row in made)
        self.tensors += [matrix(name, seen, str(head))] if head else heads(name, seen, shared)
        return made

    def _projected(self, letter: str, inputs: Cells) -> Cells:
        if letter in self.given:
            return self.given[letter]
        if f"W_{letter}" not in self.problem.weights:
            return inputs
        return self._product(letter, PROJECTIONS[letter], inputs, f"W_{letter}", f"b_{letter}")

    def _product(self, name: str, group: str, rows: Cells, matrix: str, bias: str) -> Cells:
        """Every row times a matrix, plus a bias where it is given."""
        weights = self.problem.weights
        height, width = shape(weights[matrix])
        formulas: dict[tuple[int, int], Formula] = {}
        for i, row in enumerate(rows):
            for j in range(width):
                terms: list[Formula] = [
                    Mul((Ref(own), Ref(entry(matrix, (k + 1, height), (j + 1, width))))) for k, own in enumerate(row)
                ]
                if bias in weights:
                    terms.append(Ref(entry(bias, (j + 1, width))))
                formulas[i, j] = _sum(terms)
        return self._grid(name, group, "row_times_column", formulas)

    def _mixed(self, queries: Cells, keys: Cells, values: Cells) -> Cells:
        """What every token takes from the values, head by head, the heads' columns side by side."""
        heads = self.problem.heads
        formulas: dict[tuple[int, int], Formula] = {}
        weights = []
        for head in range(heads):
            q, k = (_columns(rows, head, heads) for rows in (queries, keys))
            weights.append(
                self._weights(self._scores(q, k, head + 1 if heads > 1 else 0), head + 1 if heads > 1 else 0)
            )
        width = len(values[0]) // heads
        for i in range(len(queries)):
            for j in range(len(values[0])):
                row = weights[j // width][i]
                terms: list[Formula] = [Mul((Ref(own), Ref(values[k][j]))) for k, own in enumerate(row) if own]
                formulas[i, j] = _sum(terms)
        return self._grid("C", "mixture", "mixture", formulas)

    def _scores(self, queries: Cells, keys: Cells, head: int) -> Cells:
        """The scaled dot product of every query with every key that it may look at."""
        width = len(keys[0])
        divisors: dict[str, Formula] = {"sqrt": Call("sqrt", (num(width),)), "d": num(width)}
        below = divisors.get(self.problem.scale) if width > 1 else None
        formulas: dict[tuple[int, int], Formula] = {}
        for i, query in enumerate(queries):
            for j, key in enumerate(keys):
                if self._may_look(i, j):
                    dot = _sum([Mul((Ref(a), Ref(b))) for a, b in zip(query, key, strict=True)])
                    formulas[i, j] = Div(dot, below) if below else dot
        return self._grid("S", "scores", "score", formulas, head)

    def _may_look(self, query: int, key: int) -> bool:
        mask = self.problem.mask
        if isinstance(mask, str):
            return mask == "none" or key <= query
        return mask[query][key] == 1

    def _weights(self, scores: Cells, head: int) -> Cells:
        """The softmax of every row of scores."""
        rows = [[own for own in row if own] for row in scores]
        places = {(i, j): own for i, row in enumerate(scores) for j, own in enumerate(row) if own}
        if self.problem.softmax == "row":
            formulas: dict[tuple[int, int], Formula] = {
                (i, j): Call("softmax", (Ref(own), *map(Ref, rows[i]))) for (i, j), own in places.items()
            }
            made = self._grid("A", "weights", "softmax", formulas, head)
        else:
            raw = self._grid("R", "weights", "exponential", _each(places, lambda own: Call("exp", (Ref(own),))), head)
            sums = {(i, 0): _sum([Ref(own) for own in row if own]) for i, row in enumerate(raw)}
            total = self._grid("Z", "weights", "sum_of_row", sums, head)
            formulas = {(i, j): Div(Ref(raw[i][j]), Ref(total[i][0])) for i, j in places}
            made = self._grid("A", "weights", "share", formulas, head)
        return made

    # --- around it ---

    def _plus(self, inputs: Cells, made: Cells) -> Cells:
        formulas: dict[tuple[int, int], Formula] = {
            (i, j): Add((Ref(x), Ref(o)))
            for i, (left, right) in enumerate(zip(inputs, made, strict=True))
            for j, (x, o) in enumerate(zip(left, right, strict=True))
        }
        return self._grid("H", "residual", "residual", formulas)

    def _normalized(self, rows: Cells) -> Cells:
        """Layer norm: every row less its mean, over its standard deviation (that of a population)."""
        width = len(rows[0])
        places = {(i, j): own for i, row in enumerate(rows) for j, own in enumerate(row)}
        averages = {(i, 0): _mean([Ref(own) for own in row]) for i, row in enumerate(rows)}
        means = self._grid("m", "norm", "mean", averages)
        deviations = {(i, j): Add((Ref(own), Neg(Ref(means[i][0])))) for (i, j), own in places.items()}
        apart = self._grid("D", "norm", "deviation", deviations)
        squares = {(i, 0): _mean([Pow(Ref(own), num(2)) for own in row]) for i, row in enumerate(apart)}
        variances = self._grid("v", "norm", "variance", squares)
        inside = _each({(i, 0): row[0] for i, row in enumerate(variances)}, self._with_epsilon)
        spreads = self._grid("s", "norm", "spread", {place: Call("sqrt", (tree,)) for place, tree in inside.items()})
        made = self._grid(
            "N", "norm", "normalized", {(i, j): Div(Ref(apart[i][j]), Ref(spreads[i][0])) for i, j in places}
        )
        weights = self.problem.weights
        if "gamma" not in weights and "beta" not in weights:
            return made
        scaled: dict[tuple[int, int], Formula] = {}
        for i, row in enumerate(made):
            for j, own in enumerate(row):
                gain, shift = (entry(name, (j + 1, width)) for name in ("gamma", "beta"))
                term: Formula = Mul((Ref(gain), Ref(own))) if "gamma" in weights else Ref(own)
                scaled[i, j] = Add((term, Ref(shift))) if "beta" in weights else term
        return self._grid("Y", "norm", "scaled", scaled)

    def _with_epsilon(self, variance: str) -> Formula:
        return Add((Ref(variance), Ref("epsilon"))) if self.problem.epsilon else Ref(variance)

    # --- the error ---

    def _error(self, made: Cells) -> None:
        label = Label("loss", LOSS)
        pairs = [(i, j, own) for i, row in enumerate(made) for j, own in enumerate(row)]
        if self.problem.upstream:
            total = _sum([Mul((Ref(self.given["G"][i][j]), Ref(own))) for i, j, own in pairs])
            self.quantities.append(Quantity(LOSS, Role.LOSS, label, total, "weighted_total", "loss"))
        if not self.problem.targets:
            return
        terms = []
        for i, j, own in pairs:
            symbol = entry("E", (i + 1, len(made)), (j + 1, len(made[0])))
            formula = Call(self.problem.loss, (Ref(self.given["T"][i][j]), Ref(own)))
            place = symbol.removeprefix("E_")
            terms.append(Quantity(symbol, Role.LOSS, Label("value", symbol, place, of="E"), formula, "error", "loss"))
        if len(terms) == 1:
            self.quantities.append(Quantity(LOSS, Role.LOSS, label, terms[0].formula, "error", "loss"))
            return
        total = Add(tuple(Ref(term.name) for term in terms))
        self.quantities += [*terms, Quantity(LOSS, Role.LOSS, label, total, "total", "loss")]


def _columns(rows: Cells, head: int, heads: int) -> Cells:
    """The columns of one head."""
    width = len(rows[0]) // heads
    return tuple(row[head * width : (head + 1) * width] for row in rows)


def _sum(terms: Sequence[Formula]) -> Formula:
    return terms[0] if len(terms) == 1 else Add(tuple(terms))


def _mean(terms: Sequence[Formula]) -> Formula:
    return Div(_sum(terms), num(len(terms)))


def _each(places: Mapping[tuple[int, int], str], change: Callable[[str], Formula]) -> dict[tuple[int, int], Formula]:
    return {place: change(own) for place, own in places.items()}


STARTER = """\
# A problem definition for Longhand. `longhand solve FILE` works it, `longhand render FILE` writes its documents.
kind: attention
title: Attention of two tokens
introduction: >
  A few sentences that say what is worked here and why. Write [[S_1_2]] for a symbol and [[A_1_2=]] for a symbol and its
  value: numbers are computed, never typed.

inputs: [[1, 0], [0, 1]] # one row for each token; or `queries`, `keys` and `values` given directly
weights: # rows times matrix; leave one out and the inputs are used as they are
  W_Q: [[1, 0], [0, 1]]
  W_K: [[0, 1], [1, 0]]
  W_V: [[1, 2], [3, 4]]
heads: 1
mask: none # or causal, or rows of 1 (may look) and 0
scale: sqrt # scores divided by the root of d; or d, or none
softmax: row # or steps: exponentials, their sum, and quotients
residual: false # true: the inputs are added to the output
normalization: none # layer norm: before the projections, or after everything

targets: [[1, 2], [2, 1]] # or upstream: what each entry of the output is weighted with
learning_rate: {eta: 0.1}
trained: all # or a list of matrices
wanted: [X] # also the gradients for the inputs

notation: default
detail: first # work the first of each kind in full; or all
worksheet: {level: guided} # or faded, or open
"""
