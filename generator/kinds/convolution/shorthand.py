"""Layers as authors write them, and lists without names -> the same with the keys and the names that a pipeline has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.definitions.rows import FUNCTIONS
from generator.definitions.source import Misplaced
from generator.formula.functions import SYNONYMS, plain_name

Data = dict[str, Any]
KINDS = (
    "convolution", "transposed_convolution", "activation", "normalization", "add", "max_pooling", "average_pooling",
    "flatten", "dense",
)  # fmt: skip
# What other libraries and texts call a layer, in small letters without signs between words; and what it says besides.
SPELLINGS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    **dict.fromkeys(("conv", "conv1d", "conv2d", "convolution1d", "convolution2d"), ("convolution", {})),
    **dict.fromkeys(
        ("transposedconv", "convtranspose", "convtranspose1d", "convtranspose2d", "conv2dtranspose", "deconvolution",
         "deconv"), ("transposed_convolution", {}),
    ),
    **dict.fromkeys(("maxpool", "maxpool1d", "maxpool2d", "maxpooling1d", "maxpooling2d"), ("max_pooling", {})),
    **dict.fromkeys(
        ("avgpool", "avgpool1d", "avgpool2d", "averagepool", "avgpooling", "averagepooling1d", "averagepooling2d",
         "meanpooling"), ("average_pooling", {}),
    ),
    **dict.fromkeys(
        ("globalaveragepooling", "globalavgpool", "globalaveragepool", "globalaveragepooling2d", "gap"),
        ("average_pooling", {"size": "all"}),
    ),
    **dict.fromkeys(
        ("globalmaxpooling", "globalmaxpool", "globalmaxpooling2d"), ("max_pooling", {"size": "all"})
    ),
    **dict.fromkeys(("fullyconnected", "fc", "linear"), ("dense", {})),
    **dict.fromkeys(("batchnorm", "batchnorm1d", "batchnorm2d", "batchnormalization", "bn"),
                    ("normalization", {"over": "batch"})),
    **dict.fromkeys(("layernorm", "layernormalization"), ("normalization", {"over": "layer"})),
    **dict.fromkeys(("skip", "residual", "shortcut"), ("add", {})),
}  # fmt: skip
# Every word for a layer, for editors: the functions, what layers are called here, and what else they are called.
WORDS = tuple(dict.fromkeys((*FUNCTIONS, *SYNONYMS, "ReLU", *KINDS, *SPELLINGS, "max_pool", "avg_pool", "batch_norm")))
_LETTERS = {  # what the maps of a layer are called that has no name
    "convolution": "z", "transposed_convolution": "z", "activation": "h", "normalization": "n", "add": "s",
    "max_pooling": "p", "average_pooling": "p", "dense": "y",
}  # fmt: skip
_GIVEN = {"filters": "k", "weights": "w", "biases": "b"}  # and what is given in one
_AROUND = {"input": "x", "inputs": "x", "targets": "t", "upstream": "g"}  # and around the layers


def written_out(data: Any) -> Any:
    """`data` of a pipeline with one known key in every layer and a name for everything; what is malformed stays so."""
    if not isinstance(data, dict):
        return data
    data = {key: _named(value, _AROUND[key]) if key in _AROUND else value for key, value in data.items()}
    if data.get("targets") == {"t": "inputs"}:
        values = [*_values(data.get("inputs")), *_values(data.get("input"))]
        data["targets"] = {"t": values[0]} if values else {}
    if not isinstance(data.get("layers"), list):
        return data
    return {**data, "layers": _with_names([_layer(layer, place) for place, layer in enumerate(data["layers"])])}


def _named(value: Any, name: str) -> Any:
    """Numbers under the name that they have where none is given."""
    return {name: value} if isinstance(value, list | str) else value


def _values(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []


# --- layers ---


def _layer(layer: Any, place: int) -> Any:
    """A layer by its key: `relu` is an activation, `conv` a convolution, `max_pooling: 2` has a size."""
    if isinstance(layer, str):
        if _is_function(layer) or layer.lower() == "flatten":
            return _layer({layer: None}, place)
        kind, said = _kind(layer)
        if said:
            return {kind: dict(said)}
        expected = f"`{kind}: {{...}}`" if kind in KINDS else f"a function, `flatten`, or one of {', '.join(KINDS)}"
        raise Misplaced(("layers", place), f"`{layer}`", f"{expected} with its keys" if kind in KINDS else expected)
    if not isinstance(layer, dict) or len(layer) != 1:
        return layer
    ((key, inside),) = layer.items()
    kind, said = _kind(key)
    if _is_function(key) and not (isinstance(inside, dict) and "weights" in inside):  # `linear` has either sense
        return {"activation": _activation(key, inside)}
    if kind == "activation" and isinstance(inside, str):
        return {kind: {"function": inside}}
    if kind in ("max_pooling", "average_pooling") and isinstance(inside, list | str):
        return {kind: {"size": inside}}
    if kind in KINDS and inside is None:
        return {kind: dict(said)}
    return {kind: {**said, **inside} if isinstance(inside, dict) else inside}


def _kind(key: str) -> tuple[str, Mapping[str, str]]:
    """A layer's key here, and what it says besides."""
    plain = str(key).lower().replace("-", "_")
    return (plain, {}) if plain in KINDS else SPELLINGS.get(plain.replace("_", ""), (key, {}))


def _is_function(text: str) -> bool:
    return plain_name(text) in FUNCTIONS


def _activation(function: str, inside: Any) -> Data:
    """`leaky_relu: {slope: 0.1, name: h}`: its parameters, and what its maps are called."""
    given = inside if isinstance(inside, dict) else {"name": inside} if isinstance(inside, str) else {}
    own = {key: value for key, value in given.items() if key in ("name", "title")}
    parameters = {key: value for key, value in given.items() if key not in own}
    return {**own, "function": {function: parameters} if parameters else function}


# --- names ---


def _with_names(layers: list[Any]) -> list[Any]:
    """Layers and lists without a name of their own have a letter, with a number where there are several."""
    insides = [next(iter(layer.values())) if isinstance(layer, dict) and len(layer) == 1 else None for layer in layers]
    wanted: list[tuple[int, str, str]] = []  # the layer, the key, and the letter
    for place, inside in enumerate(insides):
        if isinstance(inside, dict):
            letter = _LETTERS.get(next(iter(layers[place])), "")
            wanted += [(place, "name", letter)] if letter and "name" not in inside else []
            wanted += [(place, key, own) for key, own in _GIVEN.items() if isinstance(inside.get(key), list | str)]
    letters = [letter for _, _, letter in wanted]
    counted: dict[str, int] = {}
    for place, key, letter in wanted:
        counted[letter] = counted.get(letter, 0) + 1
        name = f"{letter}{counted[letter]}" if letters.count(letter) > 1 else letter
        ((kind, inside),) = layers[place].items()
        layers[place] = {kind: {**inside, key: name if key == "name" else {name: inside[key]}}}
    return layers
