"""A definition of attention -> what is wrong with it beyond its types."""

from __future__ import annotations

from collections.abc import Iterator

from generator.definitions.problem import Finding
from generator.definitions.rows import check_row, row_name
from generator.definitions.tables import said, shape
from generator.formula.functions import ACTIVATIONS, VECTORS
from generator.kinds.attention.attending import Attending
from generator.kinds.attention.model import PROJECTIONS, Attention, Widths, expected_shapes
from generator.learning.losses import LOSS_ROWS
from generator.learning.targets import check_targets
from generator.learning.trainable import check_trained
from generator.learning.training import check_brought, check_learning, check_training


def check_attention(problem: Attention) -> Iterator[Finding]:
    """What is wrong with a definition beyond its types, in the order of the file."""
    found = [*_check_sources(problem)]
    found = found or [*_check_heads(problem)] or [*_check_shapes(problem)]
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
    elif not problem.residual and not any(_reads_inputs(problem, letter) for letter in PROJECTIONS):
        expected = "one of `queries`, `keys` and `values` (and `memory`) left out, or no `inputs`"
        yield ("inputs",), "inputs that nothing uses", expected
    keys, values = (problem.count(letter) for letter in "KV")
    if keys != values:
        yield ("values" if problem.values else "keys",), f"{values} rows of values", f"one for each of the {keys} keys"
    if problem.mask == "causal" and problem.memory:
        expected = "`none`, or rows of 1 and 0: a token stands neither before nor after those of another sequence"
        yield ("mask",), "`causal` beside `memory`", expected
    elif problem.mask == "causal" and keys != problem.count("Q"):
        yield ("mask",), f"{problem.count('Q')} queries of {keys} keys", "as many queries as keys"
    if problem.residual and problem.inputs and len(problem.inputs) != problem.count("Q"):
        yield ("queries",), f"{problem.count('Q')} queries of {len(problem.inputs)} inputs", "as many queries as inputs"


def _reads_inputs(problem: Attention, letter: str) -> bool:
    return problem.given(letter) is None and (letter == "Q" or not problem.memory)


def _check_heads(problem: Attention) -> Iterator[Finding]:
    """Heads share queries, keys and values out evenly, and heads of queries those of keys and values."""
    widths, shared = Widths.of(problem), problem.shared_heads
    if problem.heads % shared:
        yield ("kv_heads",), f"{shared} heads of keys for {problem.heads} of queries", "a number that divides `heads`"
        return
    key = "heads" if problem.kv_heads is None else "kv_heads"
    for name, width in (("keys", widths.keys), ("values", widths.values)):
        if width % shared:
            yield (key,), f"{shared} heads", f"a number that divides the {width} columns of the {name}"
            return


def _check_shapes(problem: Attention) -> Iterator[Finding]:
    expected, widths, queries = expected_shapes(problem), Widths.of(problem), problem.count("Q")
    for name, rows in problem.weights.items():
        if name not in expected:
            yield ("weights", name), f"`{name}`", f"one of {', '.join(expected)}"
        elif shape(rows) != expected[name]:
            yield ("weights", name), said(shape(rows)), said(expected[name])
    wide = widths.head * problem.heads
    if problem.queries and len(problem.queries[0]) != wide:
        of = "as the keys have" if problem.kv_heads is None else f"{widths.head} for each head, as the keys have"
        yield ("queries",), said(shape(problem.queries)), f"rows of {wide} numbers, {of}"
    yield from _check_masks(problem)
    if problem.scores_bias is not None and shape(problem.scores_bias) != (queries, problem.count("K")):
        yield ("scores_bias",), said(shape(problem.scores_bias)), said((queries, problem.count("K")))
    if not isinstance(problem.scale, str) and problem.scale <= 0:
        yield ("scale",), "a number that is not above zero", "a number above zero, `sqrt`, `d` or `none`"
    missing = [name for name in ("W_1", "W_2") if name not in problem.weights]
    if problem.feed_forward is not None and missing:
        yield ("weights",), f"no `{missing[0]}`", "`W_1` and `W_2` of `feed_forward`"
    if problem.residual and widths.inputs != widths.mixed:
        yield ("residual",), f"inputs of {widths.inputs} and outputs of {widths.mixed} numbers", "the same width"
    if problem.residual and widths.after != widths.mixed:
        found = f"a network of {widths.mixed} and {widths.after} numbers"
        yield ("feed_forward",), found, "as many outputs as inputs, since they are added"
    if problem.epsilon < 0:
        yield ("epsilon",), "a number below zero", "zero or more"
    for key, ends in (("targets", problem.compared), ("upstream", problem.upstream)):
        if ends is not None and shape(ends) != (queries, widths.output):
            yield (key,), said(shape(ends)), said((queries, widths.output))
    given = [key for key in ("targets", "classes", "upstream") if getattr(problem, key) is not None]
    if len(given) > 1:
        yield (given[-1],), f"`{given[-1]}` beside `{given[0]}`", "one of them"
    yield from _check_classes(problem, widths.output)


def _check_classes(problem: Attention, outputs: int) -> Iterator[Finding]:
    """What is wrong with the numbers of the outputs that are right."""
    if problem.classes is None:
        return
    if len(problem.classes) != problem.count("Q"):
        yield ("classes",), f"{len(problem.classes)} classes", f"one for each of {problem.count('Q')} tokens"
    for number, right in enumerate(problem.classes):
        if outputs < 2 or right > outputs:
            expected = f"a number from 1 to {outputs}" if outputs > 1 else "several outputs, or `targets`"
            yield ("classes", number), f"the class {right}", expected


def _check_masks(problem: Attention) -> Iterator[Finding]:
    queries, keys = problem.count("Q"), problem.count("K")
    if problem.padding is not None and (len(problem.padding) != keys or set(problem.padding) - {0, 1}):
        yield ("padding",), f"a list of {len(problem.padding)} numbers", f"{keys} numbers, each of them 0 or 1"
        return
    if not isinstance(problem.mask, str):
        size = (queries, keys)
        if shape(problem.mask) not in (size, (1, keys)):
            yield ("mask",), said(shape(problem.mask)), f"{said(size)}, or one for all tokens"
            return
        if any(number not in (0, 1) for row in problem.mask for number in row):
            yield ("mask",), "a mask", "rows of 0 and 1, with a 1 in each"
            return
    blind = next((i for i in range(queries) if not any(problem.sees(i, j) for j in range(keys))), None)
    if blind is not None:
        key = "padding" if problem.padding is not None else "mask"
        yield (key,), f"nothing that token {blind + 1} may look at", "a 1 for one key or more of each token"


def _check_learning(problem: Attention) -> Iterator[Finding]:
    wrong = [*check_row(problem.loss, LOSS_ROWS, ("loss",))]
    wrong += check_row(problem.output_activation, {**ACTIVATIONS, **VECTORS}, ("output_activation",))
    if problem.feed_forward is not None:
        wrong += check_row(problem.feed_forward, ACTIVATIONS, ("feed_forward",))
    yield from wrong
    if wrong:
        return
    last = row_name(problem.output_activation)
    allowed = {"cross_entropy": ("softmax", "logistic"), "binary_cross_entropy": ("logistic", "softmax")}
    choice = allowed.get(row_name(problem.loss), (last,))
    if problem.held and last not in choice:
        found = f"`{row_name(problem.loss)}` of outputs that need not lie between 0 and 1"
        yield ("loss",), found, f"`output_activation: {' or '.join(choice)}`"
    if last in VECTORS and Widths.of(problem).output < 2:
        yield ("output_activation",), f"`{last}` of one number for each token", "two numbers or more"
    for i, row in enumerate(problem.compared or ()):
        places = [(("targets", i, j), number) for j, number in enumerate(row)]
        if any(row):  # else the token is not held against anything
            yield from check_targets(problem.loss, places, ("targets", i), last in VECTORS)
    if not (problem.held or problem.upstream) and (problem.learning_rate or problem.wanted or problem.training):
        yield ("targets",), "no `targets` and no `upstream`", "one of them, since gradients are asked for"
    for number, name in enumerate(problem.wanted):
        here = {"X": problem.inputs, "U": problem.memory}[name] if name in "XU" else problem.given(name)
        if here is None:
            yield ("wanted", number), f"`{name}`", "rows that are given"
    yield from check_trained(problem)
    yield from check_learning(problem)


def _check_updates(problem: Attention) -> Iterator[Finding]:
    if problem.learning_rate and not problem.chosen:
        yield ("learning_rate",), "a learning rate", "weights that are trained with it"
    yield from check_training(problem, problem.learning_rate is not None, "`learning_rate` beside it")
    yield from check_brought(problem, {quantity.name for quantity in Attending(problem).quantities}, problem.learned)
