"""The keys of a definition that lay out a network -> its layers and parameters, and what its quantities are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from generator.definitions.own import Function
from generator.definitions.problem import Exact, Model, Name
from generator.kinds.network.shorthand import written_out
from generator.learning.batches import Observations, at, batch_name
from generator.learning.chosen import chosen
from generator.learning.dropout import Dropout
from generator.learning.normalization import Normalization, normalization_givens
from generator.learning.penalties import Regularization

Class = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$")]


def _or_matrix(schema: dict[str, Any]) -> None:
    """In the JSON Schema, a layer has units or a matrix of weights (see `shorthand`)."""
    schema["required"].remove("units")
    schema["anyOf"] = [{"required": [key]} for key in ("units", "weights")]
    schema["properties"] |= {"weights": {"type": ["array", "object"]}, "biases": {"type": ["array", "object"]}}


def _of_layers(schema: dict[str, Any]) -> None:
    """In the JSON Schema, weights can stand in the layers, and classes are numbers or names."""
    schema["required"].remove("weights")
    one = {"type": ["integer", "string"]}
    schema["properties"]["classes"] |= {"anyOf": [one, {"type": "array", "items": one}, {"type": "null"}]}


class Layer(Model):
    """One layer: for each unit, the weight on each of its inputs."""

    model_config = ConfigDict(json_schema_extra=_or_matrix)

    name: Name
    units: dict[Name, dict[Name, Name]] = Field(description="unit: {input or unit of an earlier layer: its weight}")
    bias: Name | dict[Name, Name] | None = Field(None, description="one for the layer, or one per unit; none if absent")
    activation: Function = Field("logistic", description="a function, {formula: ...} over x, or one for each unit")
    normalization: Normalization | None = None

    @property
    def biases(self) -> dict[str, str]:
        """The bias of each unit that has one."""
        if isinstance(self.bias, str):
            return dict.fromkeys(self.units, self.bias)
        return dict(self.bias or {})


class Names(Model):
    """What the quantities of a unit and of the loss are called; `<unit>` and `<index>` stand for the unit's."""

    pre: str = "net_<unit>"
    post: str = "out_<unit>"
    term: str = "E_<unit>"
    loss: str = "E_total"

    @property
    def chosen(self) -> Mapping[str, str]:
        """Those that the definition chooses, by the kinds of symbols that they stand for."""
        kinds = {"pre": ("pre",), "post": ("post",), "term": ("term",), "loss": ("loss", "observed", "mean")}
        return {kind: getattr(self, key) for key in kinds if key in self.model_fields_set for kind in kinds[key]}

    def of(self, what: Literal["pre", "post", "term"], unit: str, index: int, case: str) -> str:
        """The name of what belongs to a unit, the `index`th of its layer, in one observation."""
        pattern: str = getattr(self, what)
        return at(pattern.replace("<unit>", unit).replace("<index>", str(index)), case)


class Network(Observations):
    """Layers of units with their parameters, and what is done besides weighted sums and activations."""

    model_config = ConfigDict(json_schema_extra=_of_layers)

    layers: tuple[Layer, ...] = Field(min_length=1)
    weights: dict[Name, Exact] = Field(min_length=1)
    biases: dict[Name, Exact] = Field(default_factory=dict)
    loss: Function = Field(
        "half_squared_error",
        description="a loss, mean_squared_error (the mean over the outputs), {formula: ...} over t and y, or several",
    )
    loss_weights: dict[Name, Exact] = Field(default_factory=dict, description="output: what its error is multiplied by")
    regularization: Regularization | None = None
    skip: dict[Name, Name | tuple[Name, ...]] = Field(
        default_factory=dict, description="unit: what is added to what it passes on"
    )
    skip_before: Literal["activation", "normalization"] | None = Field(
        None, description="where that is added, if not at the end of the layer"
    )
    dropout: Dropout | None = None
    wanted: tuple[Name, ...] = Field((), description="also differentiate by inputs")
    classes: Class | tuple[Class, ...] | None = Field(
        None, description="in place of `targets`: for each observation the number or the unit of its class"
    )
    bias_as: Literal["bias", "threshold"] = Field("bias", description="added, or subtracted as a threshold")
    update_order: Literal["at_once", "outputs_first"] = Field("at_once", description="when the parameters move")
    names: Names = Names()
    vectors: Literal["column", "row"] = Field("column", description="in matrices: columns, W x + b, or rows, x W + b")

    @model_validator(mode="before")
    @classmethod
    def _written_out(cls, data: Any) -> Any:
        return written_out(data)

    @property
    def called(self) -> Mapping[str, str]:
        """What the definition calls the quantities of units and the loss."""
        return self.names.chosen

    @property
    def units(self) -> tuple[str, ...]:
        """All units, layer by layer."""
        return tuple(unit for layer in self.layers for unit in layer.units)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The units of the last layer."""
        return tuple(self.layers[-1].units)

    @property
    def parameters(self) -> tuple[str, ...]:
        """All that can be trained: weights, biases, and what the normalizations scale and shift by."""
        made = (
            name
            for layer in self.layers
            for kind, name, _ in (normalization_givens(layer.normalization, layer.units) if layer.normalization else ())
            if kind in ("gain", "shift")
        )
        return (*self.weights, *self.biases, *made)

    @property
    def learned(self) -> tuple[str, ...]:
        """The parameters that are trained; none where there is no error to learn from."""
        return self.chosen if self.targets else ()

    @property
    def unweighted(self) -> tuple[str, ...]:
        """The parameters that are no weights."""
        return tuple(name for name in self.parameters if name not in self.weights)

    @property
    def penalized(self) -> tuple[str, ...]:
        """The parameters that a penalty is on: trained weights, all that is trained, or some of it."""
        on = self.regularization.on if self.regularization else "weights"
        if on == "all":
            return self.learned
        weights = [name for name in self.learned if name in self.weights]
        if on == "weights":
            return tuple(weights)
        layers = {layer.name: [w for fed in layer.units.values() for w in fed.values()] for layer in self.layers}
        listed = chosen(on, self.parameters, {**self.groups, **layers})
        return tuple(name for name in self.learned if name in listed)

    def skips(self, unit: str) -> tuple[str, ...]:
        """What is added to what a unit passes on."""
        sources = self.skip.get(unit, ())
        return (sources,) if isinstance(sources, str) else sources

    def computed(self) -> Iterator[tuple[str, str]]:
        """The names of what is computed, each with the key under `names` that it comes from."""
        for case in self.cases:
            for layer in self.layers:
                for index, unit in enumerate(layer.units, 1):
                    yield self.names.of("pre", unit, index, case), "pre"
                    yield self.names.of("post", unit, index, case), "post"
                    yield from ((at(name, case), "post") for name in self._further(layer, unit))
            if len(self.outputs) > 1 and self.targets:
                for index, unit in enumerate(self.outputs, 1):
                    yield self.names.of("term", unit, index, case), "term"
            if case and self.targets:
                yield at(self.names.loss, case), "loss"
        for turn in dict.fromkeys(self.turns):
            if len(turn) > 1:
                yield at(self.names.loss, batch_name(turn)), "loss"
        if self.targets:
            yield self.names.loss, "loss"
        yield from ((name, "loss") for name in (self.regularization.names if self.regularization else ()))

    @property
    def penalty_rates(self) -> Mapping[str, Fraction]:
        """The rates of the penalties, by their names."""
        return self.regularization.rates if self.regularization else {}

    def _further(self, layer: Layer, unit: str) -> Iterator[str]:
        """What else is made of a unit's output."""
        if layer.normalization:
            yield from (f"{kind}_{unit}" for kind in ("dev", "xhat", "norm"))
        if self.dropout and unit in self.dropout.mask:
            yield f"drop_{unit}"
        if unit in self.skip:
            yield f"skip_{unit}"
