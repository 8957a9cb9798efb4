"""The biases of layers -> what a document says of them: added or subtracted, shared or not, trained or not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from generator.graph.quantities import Convention


def bias_conventions(
    layers: Sequence[Sequence[str]], learned: Collection[str], subtracted: bool = False
) -> Iterator[Convention]:
    """`layers` has the bias of each unit, layer by layer (empty: it has none); `learned` is all that is trained.

    Layers of one unit, or a single bias, do not tell whether biases are shared, and where nothing is trained, biases
    are not spoken of as trained or fixed.
    """
    biases = [bias for layer in layers for bias in layer if bias]
    words = {"bias": "parts.threshold" if subtracted else "parts.bias"}
    if not biases:
        return
    yield Convention("bias_as_threshold" if subtracted else "bias_added")
    if any(len(layer) > 1 and any(layer) for layer in layers) and not _is_only(layers):
        yield Convention(_sharing(layers, biases), words)
    if learned:
        count = sum(bias in learned for bias in biases)
        some = "biases_partly" if count else "biases_fixed"
        yield Convention("biases_trained" if count == len(biases) else some, words)


def _is_only(layers: Sequence[Sequence[str]]) -> bool:
    """Whether one unit has the only bias that there is."""
    return sum(bool(bias) for layer in layers for bias in layer) == 1


def _sharing(layers: Sequence[Sequence[str]], biases: Sequence[str]) -> str:
    """How units share biases: not at all, one in each layer, or in some other way."""
    if len(set(biases)) == len(biases):
        return "bias_own"
    whole = all(len(set(layer)) == 1 for layer in layers)
    return "bias_shared" if whole and len(set(biases)) == sum(any(layer) for layer in layers) else "bias_some"
