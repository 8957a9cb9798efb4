"""Attention over a few tokens, or to those of another sequence -> the graph of all that it makes, and of its error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from generator.definitions.problem import Finding
from generator.definitions.rows import row_name
from generator.definitions.tables import names
from generator.formula.tree import shortest
from generator.graph.declared import whole
from generator.graph.quantities import Convention, Graph
from generator.kinds.attention.attending import Attending
from generator.kinds.attention.checks import check_attention
from generator.kinds.attention.model import Attention, Widths
from generator.learning.biases import bias_conventions
from generator.learning.losses import loss_conventions
from generator.learning.training import conventions_of, plan_of


class Definition(Attention):
    """Scaled dot-product attention of a few tokens, with one or several heads."""

    kind: Literal["attention"]


def check(problem: Definition) -> Iterator[Finding]:
    """What is wrong with a definition beyond its types, in the order of the file."""
    return check_attention(problem)


def build(problem: Definition) -> Graph:
    """The graph of a checked definition: projections, scores, weights, mixtures, outputs, and what becomes of them."""
    made = Attending(problem)
    work = plan_of(problem, problem.learned, made.loss)
    wanted = tuple(own for name in problem.wanted for row in made.rows[name] for own in row)
    return Graph(
        (*made.quantities, *work.givens), {**made.givens, **work.values}, made.loss, problem.learned, problem.rate,
        wanted=wanted, updates=work.updates, rounds=(0,) * (problem.steps or 1),
        conventions=tuple(_conventions(problem)), tensors=whole(made.tensors), vectors=problem.vectors,
    )  # fmt: skip


def _conventions(problem: Definition) -> Iterator[Convention]:
    yield Convention("attention_columns" if problem.columns else "attention_rows")
    width = Widths.of(problem).head
    if isinstance(problem.scale, str):
        divided = {"sqrt": "scores_sqrt", "d": "scores_d"} if width > 1 else {}
        yield Convention(divided.get(problem.scale, "scores_none"), numbers={"d": str(width)})
    else:
        yield Convention("scores_number", numbers={"number": shortest(problem.scale)})
    if problem.scores_bias is not None:
        yield Convention("scores_bias")
    if problem.memory:
        yield Convention("memory")
    if problem.heads > 1:
        shared = problem.shared_heads
        code = "heads" if shared == problem.heads else "heads_grouped" if shared > 1 else "heads_one"
        numbers = {"heads": str(problem.heads), "shared": str(shared), "each": str(problem.heads // shared)}
        yield Convention(code, numbers=numbers)
    if problem.mask != "none":
        yield Convention("mask_causal" if problem.mask == "causal" else "mask_given")
    if problem.padding is not None:
        yield Convention("mask_padding")
    if problem.feed_forward is not None:
        yield Convention("feed_forward", {"function": f"functions.{row_name(problem.feed_forward)}"})
    if problem.normalization != "none":
        yield Convention("layer_norm")
        epsilon = {"epsilon": shortest(problem.epsilon)}
        yield Convention("epsilon_inside", numbers=epsilon) if problem.epsilon else Convention("epsilon_none")
    biases = [[own] for name, rows in problem.weights.items() if name.startswith("b_") for own in names(name, rows)]
    yield from bias_conventions(biases, problem.learned if problem.learning_rate else ())
    if problem.held:
        yield from loss_conventions(problem.loss, sum(map(len, problem.held)))
    yield from conventions_of(problem)


STARTER = """\
# A problem definition for Longhand. `longhand solve FILE` works it, `longhand render FILE` writes its documents.
kind: attention
title: Attention of two tokens
introduction: >
  A few sentences that say what is worked here and why. Write [[S_1_2]] for a symbol and [[A_1_2=]] for a symbol and its
  value: numbers are computed, never typed.

inputs: [[1, 0], [0, 1]] # a list for each token; or `queries`, `keys` and `values` given directly
# memory: [[1, 1]] # tokens of another sequence, of which keys and values are made instead
vectors: row # or column: tokens are columns, and matrices stand before them
weights: # as written, for X W or W X; leave one out and the inputs are used as they are
  W_Q: [[1, 0], [0, 1]]
  W_K: [[0, 1], [1, 0]]
  W_V: [[1, 2], [3, 4]]
heads: 1
mask: none # or causal, or rows of 1 (may look) and 0
scale: sqrt # scores divided by the root of d; or d, or none
softmax: row # or steps: exponentials, their sum, and quotients
residual: false # true: the inputs are added to the output
normalization: none # layer norm: before the projections, or after everything

targets: [[1, 2], [2, 1]] # or classes: [2, 1], the output that is right; or upstream: what each entry is weighted with
learning_rate: {eta: 0.1}
trained: all # or a list of matrices
wanted: [X] # also the gradients for the inputs

notation: default
detail: first # work the first of each kind in full; or all
worksheet: {level: guided} # or faded, or open
"""
