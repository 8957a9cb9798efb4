"""The keys of a definition that lay out attention -> which rows and matrices it has, and how large they are."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from pydantic import Field

from generator.definitions.problem import Exact, Name, Whole
from generator.definitions.rows import Chosen, row_name
from generator.definitions.tables import Rows, Table, names, shape
from generator.learning.batches import Number
from generator.learning.trainable import Trainable

PROJECTIONS = {"Q": "queries", "K": "keys", "V": "values"}  # each letter, and the group that it makes


class Attention(Trainable):
    """Rows and matrices with their numbers, and what is done besides mixing the values."""

    vectors: Literal["row", "column"] = Field("row", description="how tokens stand: rows, X W, or columns, W X")
    inputs: Table | None = Field(None, description="a list of numbers for each token, whichever way vectors stand")
    memory: Table | None = Field(
        None, description="other tokens, of which keys and values are made (cross-attention); they are called U"
    )
    queries: Table | None = Field(None, description="given queries, instead of projected ones")
    keys: Table | None = Field(None, description="given keys")
    values: Table | None = Field(None, description="given values")
    weights: dict[Name, Table] = Field(
        default_factory=dict,
        description="W_Q, W_K, W_V, W_O as they are written (X W, or W X), b_Q, ..., gamma and beta; W_1, b_1, W_2,"
        " b_2, gamma_f and beta_f of `feed_forward`; W_P and b_P of an output layer",
    )
    heads: Whole = Field(
        1, ge=1, le=8, description="among which the numbers of a query, key or value are shared out, in order"
    )
    kv_heads: Whole | None = Field(
        None, ge=1, le=8, description="how many heads keys and values have, where several of queries share each of them"
    )
    mask: Literal["none", "causal"] | Table = Field(
        "none", description="or 1 (may look) and 0, a list for each token, or one list for all of them"
    )
    padding: tuple[Exact, ...] | None = Field(
        None, description="1 for each key that may be looked at at all, 0 for one that only fills up; beside any mask"
    )
    scale: Literal["sqrt", "d", "none"] | Exact = Field(
        "sqrt", description="scores divided by the root of d, by d, by a number (a temperature), or not"
    )
    scores_bias: Table | None = Field(None, description="added to the scores of every head, a list for each query")
    softmax: Literal["row", "steps"] = Field("row", description="as one formula, or exponentials, their sum, quotients")
    residual: bool = Field(False, description="add the inputs to the output")
    feed_forward: Chosen | None = Field(
        None, description="the activation of a layer for each token, W_1 and b_1, which W_2 and b_2 follow"
    )
    normalization: Literal["none", "before", "after"] = Field(
        "none", description="layer norm of the input or output, of attention and of `feed_forward`"
    )
    output_activation: Chosen = Field("identity", description="of an output layer, W_P and b_P")
    epsilon: Exact = Field(Fraction(0), description="added to the variance in a layer norm")
    targets: Literal["inputs"] | Table | None = Field(
        None, description="a list for each token, compared with its output; or the inputs themselves"
    )
    classes: tuple[Number, ...] | None = Field(
        None, description="in place of targets: for each token the number of the output that is right, from 1"
    )
    upstream: Table | None = Field(None, description="or what each entry of the output is weighted with in a sum")
    loss: Chosen = "half_squared_error"
    wanted: tuple[Literal["X", "U", "Q", "K", "V"], ...] = Field(
        (), description="also differentiate by inputs, memory, or Q, K, V"
    )

    @property
    def learned(self) -> tuple[str, ...]:
        """The entries of what is trained; nothing is where there is nothing to differentiate."""
        return self.chosen if self.held or self.upstream else ()

    @property
    def parameters(self) -> tuple[str, ...]:
        """The entries of all weights."""
        return tuple(own for name, rows in self.weights.items() for own in names(name, rows))

    @property
    def unweighted(self) -> tuple[str, ...]:
        """The parameters that are no weights: biases, and what a norm scales and shifts by."""
        return tuple(own for name, rows in self.weights.items() if name[0] != "W" for own in names(name, rows))

    @property
    def held(self) -> Rows | None:
        """What the outputs of each token are held against: the targets, or a 1 for the right class and zeros."""
        if self.classes is None:
            return self.compared
        width = Widths.of(self).output
        return tuple(tuple(Fraction(place == right) for place in range(1, width + 1)) for right in self.classes)

    @property
    def compared(self) -> Rows | None:
        """The targets, which can be the inputs: what is to be given back, as by an autoencoder."""
        return self.inputs if isinstance(self.targets, str) else self.targets

    def given(self, letter: str) -> Rows | None:
        """The queries, keys or values that are given directly."""
        found: Rows | None = getattr(self, PROJECTIONS[letter])
        return found

    def count(self, letter: str) -> int:
        """How many queries, keys or values there are."""
        return len(self.given(letter) or self.source(letter) or ())

    def source(self, letter: str) -> Rows | None:
        """What queries, keys or values are made of: the inputs, or (of keys and values) the memory."""
        made: Rows | None = self.memory if self.memory and letter != "Q" else self.inputs
        return made

    @property
    def shared_heads(self) -> int:
        """How many heads keys and values have: as many as queries, or fewer, which several of queries share."""
        return self.kv_heads or self.heads

    def head_of_keys(self, head: int) -> int:
        """The head of keys and values that a head of queries uses, both from 0: neighbouring heads share one."""
        return head * self.shared_heads // self.heads

    @property
    def columns(self) -> bool:
        """Whether tokens are columns."""
        return self.vectors == "column"

    def size(self, name: str) -> tuple[int, int]:
        """How many numbers one of the weights takes, and how many it makes."""
        high, wide = shape(self.weights[name])
        return (wide, high) if self.columns else (high, wide)

    @property
    def has_head(self) -> bool:
        """Whether there is an output layer, or a function of what the block makes."""
        return "W_P" in self.weights or row_name(self.output_activation) != "identity"

    def sees(self, query: int, key: int) -> bool:
        """Whether a token may look at another (both counted from 0)."""
        if self.padding is not None and self.padding[key] != 1:
            return False
        if isinstance(self.mask, str):
            return self.mask == "none" or key <= query
        return self.mask[query if len(self.mask) > 1 else 0][key] == 1

    @property
    def sees_all(self) -> bool:
        """Whether every token may look at every other."""
        return all(self.sees(i, j) for i in range(self.count("Q")) for j in range(self.count("K")))


@dataclass(frozen=True, slots=True)
class Widths:
    """How wide the rows are: of the inputs, of the memory, of one head's queries and keys, of keys and values, of what
    the heads make side by side, of what attention makes of that, of the hidden layer of a feed-forward network and its
    output, and of the output layer (without one, as wide as before).
    """

    inputs: int
    memory: int
    head: int
    keys: int
    values: int
    heads: int
    mixed: int
    hidden: int
    after: int
    output: int

    @classmethod
    def of(cls, problem: Attention) -> Widths:
        """The widths in a definition whose matrices have the right shapes."""

        def width(rows: Rows | None) -> int:
            return len(rows[0]) if rows else 0

        def made(letter: str) -> int:
            direct, name = problem.given(letter), f"W_{letter}"
            if direct:
                return len(direct[0])
            return problem.size(name)[1] if name in problem.weights else width(problem.source(letter))

        def after(name: str, before: int) -> int:
            return problem.size(name)[1] if name in problem.weights else before

        keys, values = made("K"), made("V")
        head = keys // problem.shared_heads if keys else made("Q") // problem.heads
        heads = values // problem.shared_heads * problem.heads
        mixed = after("W_O", heads)
        hidden = after("W_1", mixed)
        behind = after("W_2", hidden) if problem.feed_forward is not None else mixed
        return cls(
            width(problem.inputs),
            width(problem.source("K")),
            head,
            keys or head * problem.shared_heads,
            values,
            heads,
            mixed,
            hidden,
            behind,
            after("W_P", behind),
        )


def expected_shapes(problem: Attention) -> dict[str, tuple[int, int]]:
    """The shape of each matrix (as it is written) and vector that the problem can use, by its name under `weights`."""
    widths = Widths.of(problem)
    found: dict[str, tuple[int, int]] = {}

    def written(taken: int, made: int) -> tuple[int, int]:
        return (made, taken) if problem.columns else (taken, made)

    for letter in PROJECTIONS:
        width = {"Q": widths.head * problem.heads, "K": widths.keys, "V": widths.values}[letter]
        if problem.given(letter) is None:
            taken = widths.inputs if letter == "Q" else widths.memory
            found |= {f"W_{letter}": written(taken, width), f"b_{letter}": (1, width)}
    found |= {"W_O": written(widths.heads, widths.mixed), "b_O": (1, widths.mixed)}
    if problem.feed_forward is not None:
        found |= {"W_1": written(widths.mixed, widths.hidden), "b_1": (1, widths.hidden)}
        found |= {"W_2": written(widths.hidden, widths.after), "b_2": (1, widths.after)}
    found |= {"W_P": written(widths.after, widths.output), "b_P": (1, widths.output)}
    if problem.normalization != "none":
        before = problem.normalization == "before"
        width = widths.inputs if before else widths.mixed
        found |= {"gamma": (1, width), "beta": (1, width)}
        width = widths.mixed if before else widths.after
        found |= {"gamma_f": (1, width), "beta_f": (1, width)} if problem.feed_forward is not None else {}
    return found
