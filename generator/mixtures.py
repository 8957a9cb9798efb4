"""Queries, keys and values -> the quantities of scaled dot-product attention: scores, weights, mixtures."""

from __future__ import annotations

from generator.attentions import Attention
from generator.formula import Call, Div, Formula, Ref, num
from generator.placed import Cells, Placed, each, share, total


def mixed(problem: Attention, made: Placed, queries: Cells, keys: Cells, values: Cells) -> Cells:
    """What every token takes from the values, head by head, what the heads make side by side."""
    heads = problem.heads
    weights = []
    for head in range(heads):
        q, k = (share(rows, head, heads) for rows in (queries, keys))
        number = head + 1 if heads > 1 else 0
        weights.append(_weights(problem, made, _scores(problem, made, q, k, number), number))
    width = len(values[0]) // heads
    formulas: dict[tuple[int, int], Formula] = {}
    for i in range(len(queries)):
        for j in range(len(values[0])):
            seen = {own: values[k][j] for k, own in enumerate(weights[j // width][i]) if own}
            formulas[i, j] = total(made.products([*seen], [*seen.values()]))
    return made.made("C", "mixture", "mixture", formulas)


def _scores(problem: Attention, made: Placed, queries: Cells, keys: Cells, head: int) -> Cells:
    """The scaled dot product of every query with every key that it may look at."""
    width = len(keys[0])
    divisors: dict[str, Formula] = {"sqrt": Call("sqrt", (num(width),)), "d": num(width)}
    below = divisors.get(problem.scale) if width > 1 else None
    formulas: dict[tuple[int, int], Formula] = {}
    for i, query in enumerate(queries):
        for j, key in enumerate(keys):
            if problem.sees(i, j):
                score = total(made.products(query, key))
                formulas[i, j] = Div(score, below) if below else score
    return made.made("S", "scores", "score", formulas, head)


def _weights(problem: Attention, made: Placed, scores: Cells, head: int) -> Cells:
    """The softmax of every token's scores."""
    rows = [[own for own in row if own] for row in scores]
    places = {(i, j): own for i, row in enumerate(scores) for j, own in enumerate(row) if own}
    if problem.softmax == "row":
        formulas: dict[tuple[int, int], Formula] = {
            (i, j): Call("softmax", (Ref(own), *map(Ref, rows[i]))) for (i, j), own in places.items()
        }
        return made.made("A", "weights", "softmax", formulas, head)
    raw = made.made("R", "weights", "exponential", each(places, lambda own: Call("exp", (Ref(own),))), head)
    sums = {(i, 0): total([Ref(own) for own in row if own]) for i, row in enumerate(raw)}
    bottom = made.made("Z", "weights", "sum_of_row", sums, head)
    formulas = {(i, j): Div(Ref(raw[i][j]), Ref(bottom[i][0])) for i, j in places}
    return made.made("A", "weights", "share", formulas, head)
