"""The last maps of a pipeline, and targets or given weights -> their errors and the loss, as quantities."""

from __future__ import annotations

from typing import Any

from generator.definitions.nested import flat
from generator.definitions.rows import check_row
from generator.formula.tree import Mul, Ref
from generator.graph.quantities import Label, Quantity, Role
from generator.graph.windows import Maps, named
from generator.kinds.convolution.images import Images, MisfitError, labels_of, matrices
from generator.kinds.convolution.laying import added
from generator.kinds.convolution.model import Pipeline
from generator.learning.losses import LOSS_ROWS, Losses, Output, averages, error_of, losses


def compare(problem: Pipeline, images: Images, maps: Maps) -> None:
    """Add to `images` what becomes of the last `maps`: errors and their sum, or a weighted sum, or nothing.

    Raises `MisfitError` where what the maps are compared with does not fit.
    """
    if problem.targets and problem.upstream:
        raise MisfitError(("upstream",), "`upstream` beside `targets`", "one of them")
    for place, found, expected in check_row(problem.loss, LOSS_ROWS, ("loss",)):
        raise MisfitError(place, found, expected)
    if problem.upstream:
        _weighted(problem, images, maps, *problem.upstream.items())
    if problem.targets:
        _errors(problem, images, maps, *problem.targets.items())


def _weighted(problem: Pipeline, images: Images, maps: Maps, given: tuple[str, Any]) -> None:
    """The sum of all outputs, each times the number that its derivative is to be."""
    name, value = given
    _check_count("upstream", name, value, maps)
    weights = named(name, len(maps.channels), maps.shape, maps.dimensions)
    images.give("upstream", labels_of("upstream", name, weights), value)
    images.tensors += matrices(name, weights)
    pairs = zip(weights.entries, maps.entries, strict=True)
    total = added([Mul((Ref(weight), Ref(output))) for weight, output in pairs])
    label = Label("loss", problem.loss_name)
    images.take([(problem.loss_name, label)], "loss_name")
    images.quantities.append(Quantity(problem.loss_name, Role.LOSS, label, total, "weighted_total", images.group))


def _errors(problem: Pipeline, images: Images, maps: Maps, given: tuple[str, Any]) -> None:
    """Each entry's error and what adds them up (for a single entry the error is the loss itself)."""
    name, value = given
    targets = named(name, 1, (1, _check_count("targets", name, value, maps)), 0).entries
    labels = [(t, Label("target", str(place), str(place), of=t)) for place, t in enumerate(targets, 1)]
    images.give("targets", labels, value)
    images.tensors += matrices(name, maps.like(targets))
    short = problem.loss_name.removesuffix("_total")
    pairs = enumerate(zip(maps.entries, targets, strict=True), 1)
    outputs = [
        Output(str(at), at, error_of(problem.loss, target, output), f"{short}_{at}") for at, (output, target) in pairs
    ]
    made = list(losses(Losses(problem.loss_name, averages(problem.loss)), {"": outputs}))
    images.take([(quantity.name, quantity.label) for quantity in made], "loss_name")
    images.quantities += made


def _check_count(key: str, name: str, value: object, maps: Maps) -> int:
    count, outputs = len(flat(value)), len(maps.entries)
    if count != outputs:
        found = f"{count} targets" if key == "targets" else f"{count} numbers"
        raise MisfitError((key, name), found, f"one for each of {outputs} outputs")
    return count
