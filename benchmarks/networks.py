"""Layer sizes -> a fully connected logistic network, as the data of its definition file."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any


def fully_connected(sizes: Sequence[int]) -> dict[str, Any]:
    """A network with every weight and one bias per unit; `sizes` counts inputs, hidden units and outputs."""
    rng = random.Random(1)
    weights: dict[str, str] = {}
    biases: dict[str, str] = {}
    layers: list[dict[str, Any]] = []
    inputs = {f"x{n}": _decimal(rng, 100) for n in range(1, sizes[0] + 1)}
    before = list(inputs)
    for depth, size in enumerate(sizes[1:], 1):
        units: dict[str, dict[str, str]] = {}
        for n in range(1, size + 1):
            fed = {source: f"w{len(weights) + place}" for place, source in enumerate(before, 1)}
            weights |= {weight: _decimal(rng, 50) for weight in fed.values()}
            units[f"{'abc'[depth - 1]}{n}"] = fed
        bias = {unit: f"b{len(biases) + place}" for place, unit in enumerate(units, 1)}
        biases |= {name: _decimal(rng, 50) for name in bias.values()}
        layers.append({"name": f"layer{depth}", "units": units, "bias": bias, "activation": "logistic"})
        before = list(units)
    targets = {f"t{n}": _decimal(rng, 100) for n in range(1, sizes[-1] + 1)}
    return {
        "kind": "network", "title": "made", "inputs": inputs, "targets": targets, "layers": layers,
        "weights": weights, "biases": biases, "learning_rate": {"eta": "0.5"}, "trained": "all",
    }  # fmt: skip


def _decimal(rng: random.Random, most: int) -> str:
    hundredths = rng.choice([n for n in range(-most, most + 1) if n])
    return f"{'-' if hundredths < 0 else ''}{abs(hundredths) / 100:.2f}"
