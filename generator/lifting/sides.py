"""The formula of a layer's gradient -> the same with its transposes and its factors where they always stand.

Where a matrix has one entry it is equal to its transpose, and two of them can stand either way round; a reader who
knows Wᵀ δ and δ hᵀ looks for these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from generator.formula.tree import Formula, MatMul, Ref, Transpose, rebuild
from generator.graph.quantities import Role, Tensor


def on_their_sides(gradient: Tensor, formula: Formula, tensors: Mapping[str, Tensor], column: bool) -> Formula:
    """Wᵀ δ in the gradient of a layer's outputs and δ hᵀ in that of weights; δ Wᵀ and hᵀ δ where vectors are rows."""
    turns: Mapping[str, Callable[[str, str], Formula | None]] = {
        "matrix_gradient_posts": lambda one, other: _back(one, other, tensors, column),
        "matrix_gradient_weights": lambda one, other: _into(one, other, tensors, column),
    }
    turn = turns.get(gradient.rule)
    return formula if turn is None else _turned(formula, turn)


def _turned(tree: Formula, turn: Callable[[str, str], Formula | None]) -> Formula:
    if isinstance(tree, MatMul) and len(tree.factors) == 2:
        one, other = (factor.body if isinstance(factor, Transpose) else factor for factor in tree.factors)
        if isinstance(one, Ref) and isinstance(other, Ref):
            return turn(one.name, other.name) or tree
    return rebuild(tree, lambda part: _turned(part, turn))


def _back(one: str, other: str, tensors: Mapping[str, Tensor], column: bool) -> Formula | None:
    """What comes back through weights."""
    pair = {_is_weights(name, tensors): name for name in (one, other)}
    if set(pair) != {True, False}:
        return None
    weights, delta = Transpose(Ref(pair[True])), Ref(pair[False])
    return MatMul((weights, delta) if column else (delta, weights))


def _into(one: str, other: str, tensors: Mapping[str, Tensor], column: bool) -> Formula | None:
    """What came back, times what the weights were multiplied by."""
    pair = {name in tensors and tensors[name].role is Role.GRADIENT: name for name in (one, other)}
    if set(pair) != {True, False}:
        return None
    delta, fed = Ref(pair[True]), Transpose(Ref(pair[False]))
    return MatMul((delta, fed) if column else (fed, delta))


def _is_weights(name: str, tensors: Mapping[str, Tensor]) -> bool:
    tensor = tensors.get(name)
    while tensor is not None and tensor.label.kind in ("updated", "later"):
        tensor = tensors.get(tensor.label.of)
    return tensor is not None and tensor.label.kind == "weights"
