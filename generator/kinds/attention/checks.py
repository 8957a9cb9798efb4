"""A definition of attention -> what is wrong with it beyond its types."""

from __future__ import annotations

from collections.abc import Iterator

from generator.definitions.problem import Finding
from generator.definitions.tables import said, shape
from generator.formula.functions import LOSSES
from generator.kinds.attention.attending import Attending
from generator.kinds.attention.model import PROJECTIONS, Attention, Widths, expected_shapes
from generator.learning.training import check_brought, check_learning, check_trained, check_training


def check_attention(problem: Attention) -> Iterator[Finding]:
    """What is wrong with a definition beyond its types, in the order of the file."""
    found = [*_check_sources(problem)]
    found = found or [*_check_shapes(problem)]
    found = found or [*_check_learning(problem)]
    found = found or [*_check_updates(problem)]
    yield from found


def _check_sources(problem: Attention) -> Iterator[Finding]:
    given = {letter: problem.given(letter) for letter in PROJECTIONS}
    if problem.memory and given["K"] is not None and given["V"] is not None:
        yield ("memory",), "a memory that nothing uses", "`keys` or `values` left out, or no `memory`"
    if problem.inputs is None:
        for letter, rows in given.items():
            if rows is None and problem.source(letter) is None:
                expected = f"`inputs`, or `{PROJECTIONS[letter]}` beside the other given rows"
                yield (), f"no `inputs` and no `{PROJECTIONS[letter]}`", expected
                return
        if problem.residual or problem.normalization == "before":
            yield (), "a residual or a layer norm of inputs that are not there", "`inputs`"
    elif all(rows is not None for rows in given.values()) and not problem.residual:
        yield ("inputs",), "inputs that nothing uses", "`queries`, `keys` and `values` left out, or no `inputs`"
    keys, values = (problem.count(letter) for letter in "KV")
    if keys != values:
        yield ("values" if problem.values else "keys",), f"{values} rows of values", f"one for each of the {keys} keys"
    if problem.mask == "causal" and keys != problem.count("Q"):
        yield ("queries",), f"{problem.count('Q')} queries of {keys} keys", "as many queries as keys"
    if problem.residual and problem.inputs and len(problem.inputs) != problem.count("Q"):
        yield ("queries",), f"{problem.count('Q')} queries of {len(problem.inputs)} inputs", "as many queries as inputs"


def _check_shapes(problem: Attention) -> Iterator[Finding]:
    expected, widths, queries = expected_shapes(problem), Widths.of(problem), problem.count("Q")
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
        size = (queries, problem.count("K"))
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


def _check_learning(problem: Attention) -> Iterator[Finding]:
    if problem.loss not in LOSSES:
        yield ("loss",), f"`{problem.loss}`", f"one of {', '.join(LOSSES)}"
    if not (problem.targets or problem.upstream) and (problem.learning_rate or problem.wanted or problem.training):
        yield ("targets",), "no `targets` and no `upstream`", "one of them, since gradients are asked for"
    for number, name in enumerate(problem.wanted):
        here = {"X": problem.inputs, "U": problem.memory}[name] if name in "XU" else problem.given(name)
        if here is None:
            yield ("wanted", number), f"`{name}`", "rows that are given"
    yield from check_trained(problem.trained, tuple(problem.weights))
    yield from check_learning(problem)


def _check_updates(problem: Attention) -> Iterator[Finding]:
    if problem.learning_rate and (not problem.weights or problem.trained == ()):
        yield ("learning_rate",), "a learning rate", "weights that are trained with it"
    yield from check_training(problem, problem.learning_rate is not None, "`learning_rate` beside it")
    yield from check_brought(problem, {quantity.name for quantity in Attending(problem).quantities}, problem.learned)
