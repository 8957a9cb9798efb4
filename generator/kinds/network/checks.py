"""A typed network -> what is wrong with it beyond its types, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from generator.definitions.own import ForEach, check_function, each, name_of
from generator.definitions.problem import Finding
from generator.definitions.problem import name as name_of_quantity
from generator.definitions.rows import FUNCTIONS, check_name
from generator.definitions.source import Location
from generator.formula.functions import ACTIVATIONS, LOSSES, VECTORS
from generator.kinds.network.model import Layer, Network
from generator.learning.batches import at, check_observations, number_at
from generator.learning.chosen import wholes
from generator.learning.dropout import check_dropout, masks
from generator.learning.losses import LOSS_ROWS, MEAN
from generator.learning.normalization import check_normalization, normalization_givens
from generator.learning.penalties import check_penalties
from generator.learning.targets import check_targets
from generator.learning.trainable import check_trained
from generator.learning.training import brought_names, check_learning, check_training


def check_network(problem: Network) -> Iterator[Finding]:
    """Layers, parameters, and what is given; then how it learns; then the names of all quantities."""
    sources = list(problem.inputs)
    used: set[str] = set()
    for number, layer in enumerate(problem.layers):
        place: Location = ("layers", number)
        if layer.name in ("loss", *(other.name for other in problem.layers[:number])):
            yield (*place, "name"), f"`{layer.name}`, which is taken", "a name of its own"
        yield from _check_activation(layer, (*place, "activation"))
        yield from _check_units(problem, layer, sources, place)
        yield from _check_biases(problem, layer, place)
        if layer.normalization is not None:
            several = len(problem.cases) > 1 and problem.order == "batch"
            yield from check_normalization(layer.normalization, layer.units, several, (*place, "normalization"))
        for unit in layer.units:
            for source in problem.skips(unit):
                if source not in sources:
                    yield ("skip", unit), f"`{source}`", _known(sources)
        sources += layer.units
        used.update(*(weights.values() for weights in layer.units.values()), layer.biases.values())
    yield from _check_extras(problem)
    yield from _check_values(problem, used)
    yield from check_trained(problem)
    yield from _check_gradients(problem)
    found = [*check_observations(problem)]
    yield from found or _check_targets(problem)
    found = [*check_learning(problem)]
    yield from found or _check_updates(problem)


def _check_activation(layer: Layer, place: Location) -> Iterator[Finding]:
    yield from check_function(layer.activation, FUNCTIONS, ("x",), tuple(layer.units), place)
    if isinstance(layer.activation, ForEach):
        named = [(unit, name_of(own)) for unit, own in layer.activation.functions]
        for unit, name in named:
            if name in VECTORS and sum(other == name for _, other in named) == 1:
                yield (*place, unit), f"`{name}` of one unit", f"`{name}` for all the units that share it"


def _known(sources: list[str]) -> str:
    return f"an input or a unit of an earlier layer: {', '.join(sorted(sources))}"


def _check_units(problem: Network, layer: Layer, sources: list[str], place: Location) -> Iterator[Finding]:
    """What is wrong with the units of a layer, which can be fed by `sources`."""
    if not layer.units:
        yield (*place, "units"), "no unit", "at least one unit"
    for unit, weights in layer.units.items():
        here = (*place, "units", unit)
        if unit in sources:
            yield here, f"`{unit}`, which is an input or an earlier unit", "a new name"
        if not weights:
            yield here, "no input", "a weight for at least one input"
        for source, weight in weights.items():
            if source not in sources:
                yield (*here, source), f"`{source}`", _known(sources)
            if weight not in problem.weights:
                found = f"the weight `{weight}`, which has no value"
                yield (*here, source), found, "a weight listed under `weights`"


def _check_biases(problem: Network, layer: Layer, place: Location) -> Iterator[Finding]:
    for unit, bias in layer.biases.items():
        here = (*place, "bias", unit) if isinstance(layer.bias, dict) else (*place, "bias")
        if unit not in layer.units:
            yield here, f"`{unit}`", f"a unit of this layer: {', '.join(layer.units)}"
        if bias not in problem.biases:
            yield here, f"the bias `{bias}`, which has no value", "a bias listed under `biases`"


def _check_gradients(problem: Network) -> Iterator[Finding]:
    """Activations that let no gradient through to what it is wanted for, and what cannot be differentiated by."""
    for number, name in enumerate(problem.wanted):
        if name not in problem.inputs:
            yield ("wanted", number), f"`{name}`", f"one of the inputs: {', '.join(problem.inputs)}"
    if problem.wanted and problem.turns:
        yield ("wanted",), "inputs of observations that have turns", "`order: batch`"
    asked = {*problem.learned, *problem.wanted}
    before: set[str] = set(problem.inputs)
    for number, layer in enumerate(problem.layers):
        before |= {*(weight for fed in layer.units.values() for weight in fed.values()), *layer.biases.values()}
        names = (name_of(own) for own in each(layer.activation, tuple(layer.units)).values())
        rows = (ACTIVATIONS[name] for name in names if name in ACTIVATIONS)
        row = next((row for row in rows if not row.derivative), None)
        if row is not None and asked & before:
            found = f"`{row.name}`, which lets no gradient through to {', '.join(sorted(asked & before)[:3])}"
            expected = (
                "another activation; or `trained: []`, to work the forward pass; or a rule of your own as `formulas`, "
                "as the problem `perceptron` has one"
            )
            yield ("layers", number, "activation"), found, expected


def _check_extras(problem: Network) -> Iterator[Finding]:
    if problem.skip_before == "normalization":
        for unit in problem.skip:
            if any(unit in layer.units and layer.normalization is None for layer in problem.layers):
                yield ("skip", unit), f"`{unit}`, whose layer has no normalization", "`skip_before: activation`"
    for unit in problem.skip:
        if unit not in problem.units:
            yield ("skip", unit), f"`{unit}`", f"a unit: {', '.join(problem.units)}"
    yield from check_dropout(problem.dropout, problem.units, problem.cases)
    known = (*problem.groups, *problem.parameters, *wholes(problem.parameters))
    layers = (layer.name for layer in problem.layers)
    yield from check_penalties(problem.regularization, problem.penalized, (*known, *layers))


def _check_values(problem: Network, used: set[str]) -> Iterator[Finding]:
    for group in ("weights", "biases"):
        for name in getattr(problem, group):
            if name not in used:
                yield (group, name), f"`{name}`, which no unit uses", "a name that a unit uses"
    losses = LOSSES if isinstance(problem.loss, ForEach) else LOSS_ROWS
    wrong = [*check_function(problem.loss, losses, ("t", "y"), problem.outputs, ("loss",))]
    yield from wrong or _check_loss(problem)
    if not problem.targets:
        for key in ("learning_rate", "training", "wanted", "regularization", "claims"):
            if getattr(problem, key) and key != "claims":
                yield (key,), f"`{key}` without an error", "`targets` beside it"
    elif problem.classes is not None and len(problem.outputs) < 2:
        yield ("classes",), "classes for one output", "several outputs, or `targets`"
    elif len(problem.targets) != len(problem.outputs):
        found, expected = f"{len(problem.targets)} targets", f"one for each output: {', '.join(problem.outputs)}"
        yield ("targets",), found, expected


def _check_targets(problem: Network) -> Iterator[Finding]:
    """Targets that the losses of their outputs are not made for."""
    whole, losses = name_of(problem.layers[-1].activation) in VECTORS, each(problem.loss, problem.outputs)
    key = "targets" if problem.classes is None else "classes"
    for case in problem.cases:
        held: dict[str, tuple[Any, list[tuple[Location, Fraction]]]] = {}  # those that have the same loss
        for (name, numbers), unit in zip(problem.targets.items(), problem.outputs, strict=False):
            place: Location = (key, name, int(case) - 1) if isinstance(numbers, tuple) else (key, name)
            held.setdefault(str(losses[unit]), (losses[unit], []))[1].append((place, number_at(numbers, case)))
        for own, targets in held.values():
            if name_of(own):
                yield from check_targets(own, targets, (key,), whole)


def _check_loss(problem: Network) -> Iterator[Finding]:
    """What is wrong with the loss of single outputs, and with their weights."""
    for unit in problem.loss_weights:
        if unit not in problem.outputs:
            yield ("loss_weights", unit), f"`{unit}`", f"an output: {', '.join(problem.outputs)}"
    if problem.loss_weights and (len(problem.outputs) < 2 or name_of(problem.loss) == MEAN):
        yield (
            ("loss_weights",),
            "weights of errors that are not added up",
            "several outputs, and a loss that is no mean",
        )
    activations = each(problem.layers[-1].activation, problem.outputs)
    for unit, own in each(problem.loss, problem.outputs).items() if problem.targets else ():
        activation = name_of(activations.get(unit, ""))
        place: Location = ("loss", unit) if isinstance(problem.loss, ForEach) else ("loss",)
        if name_of(own) == "binary_cross_entropy" and activation in _BELOW:
            expected = "an activation with values between 0 and 1, as `logistic`"
            yield place, f"`binary_cross_entropy` of what `{activation}` makes, which can be below 0", expected
            return


_BELOW = ("tanh", "hard_tanh", "bipolar_sigmoid", "sign")


def _check_updates(problem: Network) -> Iterator[Finding]:
    moves = problem.learning_rate is not None and bool(problem.learned)
    yield from check_training(problem, moves, "`learning_rate`, and parameters that are trained")
    yield from _check_names(problem)


# --- names ---


def _check_names(problem: Network) -> Iterator[Finding]:
    """Where two quantities would have one name."""
    taken: dict[str, str] = {}
    layers = (each(layer.activation, tuple(layer.units)).values() for layer in problem.layers)
    functions = {name_of(own) for layer in layers for own in layer}
    for group, key, name in _givens(problem):
        yield from check_name(name, _place(problem, group, key), functions)
        if name in taken:
            yield _place(problem, group, key), f"`{name}`, which {taken[name]} has too", "a name of its own"
        taken[name] = f"`{group}`"
    for name in brought_names(problem, problem.learned):
        if name in taken:
            expected = "other names than the optimizer brings along"
            yield ("optimizer",), f"`{name}`, which {taken[name]} has too", expected
        taken[name] = "`optimizer`"
    for name, pattern in problem.computed():
        try:
            name_of_quantity(name)
        except ValueError as error:
            yield ("names", pattern), f"a pattern that gives `{name}`", str(error)
        if name in taken:
            yield ("names", pattern), f"`{name}`, which {taken[name]} has too", "a pattern that gives new names"
        taken[name] = f"`names.{pattern}`"


def _givens(problem: Network) -> Iterator[tuple[str, str, str]]:
    """What is given: the key that it stands under, its own key there, and the name of the quantity."""
    for group in ("weights", "biases", "learning_rate"):
        yield from ((group, name, name) for name in getattr(problem, group) or ())
    for group in ("inputs", "targets"):
        yield from ((group, name, at(name, case)) for name in getattr(problem, group) for case in problem.cases)
    for layer in problem.layers:
        if layer.normalization:
            yield from (("layers", name, name) for _, name, _ in normalization_givens(layer.normalization, layer.units))
    yield from (("dropout", mask.name, mask.name) for mask in masks(problem.dropout, problem.cases))
    yield from (("regularization", name, name) for name in problem.penalty_rates)


def _place(problem: Network, group: str, key: str) -> Location:
    """Where a given name stands in the file, as near as can be told."""
    listed = getattr(problem, group)
    return (group, key) if isinstance(listed, dict) and key in listed else (group,)
