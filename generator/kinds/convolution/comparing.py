"""The last maps of a pipeline, and targets or given weights -> their errors and the loss, as quantities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from generator.definitions.nested import flat, shape_of
from generator.definitions.problem import Finding
from generator.definitions.rows import check_row, row_name
from generator.definitions.source import Location
from generator.formula.functions import VECTORS
from generator.formula.sums import sum_of
from generator.formula.tree import Mul, Ref
from generator.graph.quantities import Label, Quantity, Role
from generator.graph.windows import Maps, named
from generator.kinds.convolution.images import Images, MisfitError, labels_of, matrices
from generator.kinds.convolution.model import Pipeline
from generator.learning.batches import at
from generator.learning.losses import LOSS_ROWS, Losses, Output, averages, error_of, losses
from generator.learning.targets import check_targets


def compare(problem: Pipeline, images: Images, maps: Maps, batch: str) -> None:
    """Add to `images` what becomes of the last `maps`: errors and their sum, or a weighted sum, or nothing.

    Raises `MisfitError` where what the maps are compared with does not fit.
    """
    given = [key for key in ("targets", "classes", "upstream") if getattr(problem, key) is not None]
    if len(given) > 1:
        raise MisfitError((given[-1],), f"`{given[-1]}` beside `{given[0]}`", "one of them")
    for place, found, expected in check_row(problem.loss, LOSS_ROWS, ("loss",)):
        raise MisfitError(place, found, expected)
    if problem.upstream:
        ((name, value),) = problem.upstream.items()
        _weighted(problem, images, maps, name, by_observation(problem, "upstream", name, value))
    if problem.targets:
        ((name, value),) = problem.targets.items()
        values = by_observation(problem, "targets", name, value)
        for place, found, expected in _check_targets(problem, name, values):
            raise MisfitError(place, found, expected)
        _errors(problem, images, maps, name, values, batch)
    if problem.classes is not None:
        values = _ones(problem, len(maps.entries))
        for _, found, expected in _check_targets(problem, "", values):  # a hinge has no zeros
            raise MisfitError(("classes",), found, expected)
        _errors(problem, images, maps, "t", values, batch)


def _check_targets(problem: Pipeline, name: str, values: Mapping[str, Any]) -> Iterator[Finding]:
    """Targets that the loss is not made for."""
    last = problem.layers[-1].activation
    for case, value in values.items():
        place: Location = ("targets", name, int(case) - 1) if case else ("targets", name)
        is_list = len(shape_of(value)) == 1
        targets = [((*place, number) if is_list else place, own) for number, own in enumerate(flat(value))]
        yield from check_targets(problem.loss, targets, place, last is not None and row_name(last.function) in VECTORS)


def by_observation(problem: Pipeline, key: str, name: str, value: Any) -> Mapping[str, Any]:
    """What is given for each observation under `key`. Raises `MisfitError` where that is not one for each."""
    if problem.inputs is None:
        return {"": value}
    count, found = len(problem.cases), len(value) if isinstance(value, tuple) else 0
    if found != count:
        of = next(iter(problem.inputs))
        said = f"{found} observations" if found else "a single number"
        raise MisfitError((key, name) if name else (key,), said, f"{count} observations, as for `{of}`")
    return dict(zip(problem.cases, value, strict=True))


def _ones(problem: Pipeline, outputs: int) -> Mapping[str, Any]:
    """For each observation a target of 1 for the output that is right, and of 0 for the others."""
    found = by_observation(problem, "classes", "", problem.classes)
    for right in found.values():
        if isinstance(right, tuple):
            raise MisfitError(("classes",), f"{len(right)} classes", "one, or several observations under `inputs`")
        if outputs < 2 or right > outputs:
            expected = f"a number from 1 to {outputs}" if outputs > 1 else "several outputs, or `targets`"
            raise MisfitError(("classes",), f"the class {right}", expected)
    places = range(1, outputs + 1)
    return {case: tuple(Fraction(place == right) for place in places) for case, right in found.items()}


def _weighted(problem: Pipeline, images: Images, maps: Maps, name: str, values: Mapping[str, Any]) -> None:
    """The sum of all outputs, each times the number that its derivative is to be."""
    weights = named(name, len(maps.channels), maps.shape, maps.dimensions)
    for case, value in values.items():
        _check_count("upstream", name, value, maps)
        images.tensors += matrices(name, weights, case)
    images.give_each("upstream", {case: labels_of("upstream", name, weights, case) for case in values}, values)
    pairs = [
        Mul((Ref(at(weight, case)), Ref(at(output, case))))
        for case in values
        for weight, output in zip(weights.entries, maps.entries, strict=True)
    ]
    label = Label("loss", problem.loss_name)
    images.take([(problem.loss_name, label)], "loss_name")
    total = sum_of(pairs)
    images.quantities.append(Quantity(problem.loss_name, Role.LOSS, label, total, "weighted_total", images.group))


def _errors(problem: Pipeline, images: Images, maps: Maps, name: str, values: Mapping[str, Any], batch: str) -> None:
    """Each entry's error and what adds them up (for a single entry the error is the loss itself)."""
    for value in values.values():
        _check_count("targets", name, value, maps)
    targets = named(name, 1, (1, len(maps.entries)), 0).entries
    places = list(enumerate(targets, 1))
    images.give_each("targets", {case: [_target(t, place, case) for place, t in places] for case in values}, values)
    for case in values:
        images.tensors += matrices(name, maps.like(targets), case)
    short = problem.loss_name.removesuffix("_total")
    outputs: dict[str, list[Output]] = {case: [] for case in images.cases}
    for case, made in outputs.items():
        for (place, target), output in zip(places, maps.entries, strict=True):
            formula = error_of(problem.loss, at(target, case), at(output, case))
            made.append(Output(str(place), place, formula, at(f"{short}_{place}", case)))
    how = Losses(problem.loss_name, averages(problem.loss), problem.batch == "mean")
    errors = list(losses(how, outputs, batch=batch))
    images.take([(quantity.name, quantity.label) for quantity in errors], "loss_name")
    images.quantities += errors


def _target(name: str, place: int, case: str) -> tuple[str, Label]:
    """The target of one output, which is labelled with the output that it is for."""
    return at(name, case), Label("target", str(place), str(place), of=name, case=case)


def _check_count(key: str, name: str, value: object, maps: Maps) -> None:
    count, outputs = len(flat(value)), len(maps.entries)
    if count != outputs:
        found = f"{count} targets" if key == "targets" else f"{count} numbers"
        raise MisfitError((key, name), found, f"one for each of {outputs} outputs")
