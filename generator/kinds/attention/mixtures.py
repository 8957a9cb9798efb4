"""Queries, keys and values -> the quantities of scaled dot-product attention: scores, weights, mixtures."""

from __future__ import annotations

from collections.abc import Callable

from generator.formula.sums import sum_of
from generator.formula.tree import MINUS_INFINITY, Add, Call, Div, Formula, Num, Ref, num
from generator.kinds.attention.model import Attention
from generator.kinds.attention.placed import Cells, Placed, Places, share


def mixed(problem: Attention, made: Placed, queries: Cells, keys: Cells, values: Cells) -> Cells:
    """What every token takes from the values, head by head, what the heads make side by side."""
    heads, shared = problem.heads, problem.shared_heads
    width = len(values[0]) // shared
    formulas: dict[tuple[int, int], Formula] = {}
    for head in range(heads):
        q, k = share(queries, head, heads), share(keys, problem.head_of_keys(head), shared)
        v = share(values, problem.head_of_keys(head), shared)
        number = head + 1 if heads > 1 else 0
        weights = _weights(problem, made, _scores(problem, made, q, k, number), number)
        for i, row in enumerate(weights):
            for j in range(width):
                seen = {own: v[place][j] for place, own in enumerate(row) if own}
                formulas[i, head * width + j] = sum_of(made.products([*seen], [*seen.values()]))
    return made.made("C", "mixture", "mixture", formulas)


def _scores(problem: Attention, made: Placed, queries: Cells, keys: Cells, head: int) -> Cells:
    """The scaled dot product of every query with every key that it may look at."""
    width = len(keys[0])
    divisors: dict[str, Formula] = {"sqrt": Call("sqrt", (num(width),)), "d": num(width)} if width > 1 else {}
    below = divisors.get(problem.scale) if isinstance(problem.scale, str) else Num(problem.scale)
    bias = made.rows.get("b_S")
    formulas: dict[tuple[int, int], Formula] = {}
    for i, query in enumerate(queries):
        for j, key in enumerate(keys):
            score = sum_of(made.products(query, key))
            scaled = Div(score, below) if below else score
            scaled = Add((scaled, Ref(bias[i][j]))) if bias else scaled
            formulas[i, j] = scaled if problem.sees(i, j) else MINUS_INFINITY
    return made.made("S", "scores", "score" if problem.sees_all else "score_masked", formulas, head)


def _weights(problem: Attention, made: Placed, scores: Cells, head: int) -> Cells:
    """The softmax of every token's scores; what has no score has no weight."""
    places = {(i, j): own for i, row in enumerate(scores) for j, own in enumerate(row)}

    def each(change: Callable[[int, int], Formula]) -> Places:
        return {(i, j): change(i, j) if own else num(0) for (i, j), own in places.items()}

    if problem.softmax == "row":
        seen = [[Ref(own) for own in row if own] for row in scores]
        softmax = each(lambda i, j: Call("softmax", (Ref(scores[i][j]), *seen[i])))
        return made.made("A", "weights", "softmax", softmax, head)
    raw = made.made("R", "weights", "exponential", each(lambda i, j: Call("exp", (Ref(scores[i][j]),))), head)
    sums = {(i, 0): sum_of([Ref(own) for own in row if own]) for i, row in enumerate(raw)}
    below = made.made("Z", "weights", "sum_of_row", sums, head)
    return made.made("A", "weights", "share", each(lambda i, j: Div(Ref(raw[i][j]), Ref(below[i][0]))), head)
