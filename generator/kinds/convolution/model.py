"""The keys of a definition that lay out a pipeline over an image -> its input, its layers, and what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from generator.definitions.nested import Given, Nested
from generator.definitions.problem import Model, Name, Texts, Whole
from generator.definitions.rows import Chosen
from generator.formula.extremes import Ties
from generator.kinds.convolution.shorthand import WORDS, written_out
from generator.learning.batches import Batches, Number
from generator.learning.normalization import Standardization

Count = Annotated[Whole, Field(ge=1)]
Counts = Count | tuple[Count, Count]  # down and across, where they differ
Border = Whole | tuple[Whole, Whole]
# What is given in each part of a pipeline, as the kind of its entries' labels.
KINDS: Mapping[str, tuple[str, ...]] = {
    "inputs": ("input",), "filters": ("filter",), "weights": ("weight",), "biases": ("bias", "gain", "shift")
}  # fmt: skip
TRAINED = ("filters", "weights", "biases")


def _or_written(schema: dict[str, Any]) -> None:
    """In the JSON Schema, layers and lists of numbers in them need no names (see `shorthand`)."""
    schema.get("required", []).remove("name")
    for key in ("filters", "weights", "biases"):
        if key in schema["properties"]:
            schema["properties"][key] = {"anyOf": [schema["properties"][key], {"type": ["array", "number", "string"]}]}


def _or_listed(schema: dict[str, Any]) -> None:
    """In the JSON Schema, a layer can have another key or be a word, and what is given needs no name."""
    words = {"type": ["object", "array", "number", "string", "null"]}
    keys = {"type": "object", "minProperties": 1, "maxProperties": 1, "propertyNames": {"enum": [*WORDS]}}
    layers = schema["properties"]["layers"]
    layers["items"] = {"anyOf": [layers["items"], {"enum": [*WORDS]}, {**keys, "additionalProperties": words}]}
    for key in ("input", "inputs", "targets", "upstream"):
        schema["properties"][key]["anyOf"].append({"type": ["array", "number", "string"]})


class Titled(Model):
    """A layer: what its heading says (by default its number and its kind)."""

    title: Texts = Field(default_factory=dict)


class Filtered(Titled):
    """Filters, each of which makes one map."""

    model_config = ConfigDict(json_schema_extra=_or_written)

    name: Name = Field(description="what the maps it makes are called")
    filters: Given = Field(description="name: one filter, or a list of them; several channels: a list in each filter")
    biases: Given | None = Field(None, description="name: one number for each filter")


class Convolution(Filtered):
    """Filters laid over the input: one map for each filter."""

    stride: Counts = Field(1, description="how far the window moves; [down, across] where these differ")
    padding: Border | Literal["same", "causal"] = Field(
        0,
        description="zeros around the input, or [down, across]; same: the size stays; causal: before a signal",
    )
    dilation: Counts = Field(1, description="how far apart the entries under a filter are; 1: side by side")
    groups: Count = Field(1, description="so many groups of filters read one group of channels each")
    flip: bool = Field(False, description="turn the filter round, as convolution is defined outside of deep learning")


class TransposedConvolution(Filtered):
    """Filters laid on the output, once for each entry of the input and times it: one map for each filter."""

    stride: Counts = Field(1, description="how far apart the filter is laid; [down, across] where these differ")
    padding: Border = Field(0, description="how much is cut off on every side; [down, across] where these differ")


class Activation(Titled):
    """A function of each entry, or softmax of all entries of a vector."""

    model_config = ConfigDict(json_schema_extra=_or_written)

    name: Name
    function: Chosen = Field(description="its name, or {leaky_relu: {slope: 0.1}} where it has parameters")


class Addition(Titled):
    """What an earlier layer made, added entry by entry (a skip connection)."""

    model_config = ConfigDict(json_schema_extra=_or_written)

    name: Name
    of: Name = Field(description="the input or an earlier layer, of the same shape")


class Pooling(Titled):
    """One entry for each window of each map."""

    model_config = ConfigDict(json_schema_extra=_or_written)

    name: Name
    size: Counts | Literal["all"] = Field(description="of the window, [down, across]; or all: one window of everything")
    stride: Counts | None = Field(None, description="by default the size, so that windows lie side by side")
    padding: Border = Field(0, description="how far windows reach over the edge; [down, across] where these differ")


class AveragePooling(Pooling):
    """The mean of each window."""

    count_padding: bool = Field(True, description="whether places over the edge count in the mean, as zeros")


class Flatten(Titled):
    """All entries one after the other, channel by channel."""

    order: Literal["rows", "columns"] = "rows"


class Dense(Titled):
    """Units that are fed by every entry."""

    model_config = ConfigDict(json_schema_extra=_or_written)

    name: Name
    weights: Given = Field(description="name: a list for one unit, or a list of rows, one for each unit")
    biases: Given | None = Field(None, description="name: one number for each unit")


class Remembered(Model):
    """What a batch normalization has remembered from training: one number for each channel, or one for all."""

    mean: Nested
    variance: Nested


class Normalizing(Titled, Standardization):
    """Each channel over all its entries in the batch (behind `flatten`: each entry over the batch), or each
    observation over all its entries, brought to mean 0 and variance 1; then scaled and shifted.
    """

    model_config = ConfigDict(json_schema_extra=_or_written)

    name: Name
    gamma: Nested = Field(
        Fraction(1), description="the scale: one number, or one for each channel (over a layer: for each entry)"
    )
    beta: Nested = Field(Fraction(0), description="the shift, as `gamma`")
    running: Remembered | None = Field(None, description="over a batch: statistics to use instead of the batch's own")


class Stage(Model):
    """One layer: exactly one of these keys."""

    convolution: Convolution | None = None
    transposed_convolution: TransposedConvolution | None = None
    activation: Activation | None = None
    normalization: Normalizing | None = None
    add: Addition | None = None
    max_pooling: Pooling | None = None
    average_pooling: AveragePooling | None = None
    flatten: Flatten | None = None
    dense: Dense | None = None

    def kinds(self) -> list[str]:
        """The keys that are there."""
        return [name for name in Stage.model_fields if getattr(self, name) is not None]

    @property
    def parameters(self) -> tuple[str, ...]:
        """What its filters or weights, its biases, or its scales and shifts are called."""
        filtered = self.convolution or self.transposed_convolution
        given = filtered.filters if filtered else self.dense.weights if self.dense else {}
        made = filtered or self.dense
        norm = self.normalization
        scaled = (f"gamma_{norm.name}", f"beta_{norm.name}") if norm else ()
        return (*given, *((made.biases or ()) if made else ()), *scaled)


class Pipeline(Batches):
    """A pipeline of layers over a signal or an image, or over several of them."""

    model_config = ConfigDict(json_schema_extra=_or_listed)
    OTHERWISE: ClassVar[Mapping[str, str]] = {
        **{key: own for key, own in Batches.OTHERWISE.items() if own != "wanted"}, "wanted": "differentiate"
    }  # fmt: skip

    input: Given | None = Field(
        None, description="name: a signal (a list), an image (rows), or a list of channels of these"
    )
    inputs: Given | None = Field(None, description="name: a list with one of these for each observation")
    dimensions: Annotated[Whole, Field(ge=1, le=2)] | None = Field(
        None, description="1 where a list of lists means the channels of a signal"
    )
    layers: tuple[Stage, ...] = Field(min_length=1)
    ties: Ties = Field("first", description="which of the equally large entries of a window takes its gradient")
    targets: Given | None = Field(
        None,
        description="name: one number for each entry of the last layer; with `inputs`, one list for each",
    )
    classes: Number | tuple[Number, ...] | None = Field(
        None, description="in place of `targets`: the number of the output that is right, or one for each observation"
    )
    upstream: Given | None = Field(
        None, description="name: instead of targets, what each entry of the last layer is weighted with in a sum"
    )
    loss: Chosen = "half_squared_error"
    loss_name: Name = "E_total"
    differentiate: tuple[Name, ...] = Field(
        (),
        description="what the loss is differentiated by besides: inputs, filters, weights, biases (scales and shifts"
        " among them), or names",
    )
    update: tuple[Name, ...] = Field((), description="another word for `trained`, as a list")

    @model_validator(mode="before")
    @classmethod
    def _written_out(cls, data: Any) -> Any:
        return written_out(data)

    @property
    def moved(self) -> tuple[str, str | tuple[str, ...]]:
        """What is trained, and the key that says so: without a learning rate, only what is listed."""
        if self.update:
            return "update", self.update
        told = self.learning_rate is not None or "trained" in self.model_fields_set
        return "trained", self.trained if told else ()

    @property
    def cases(self) -> tuple[str, ...]:
        """The numbers of the observations."""
        (value,) = (self.inputs or {"": ()}).values()
        return tuple(map(str, range(1, len(value) + 1))) if isinstance(value, tuple) and value else ("",)

    @property
    def compares(self) -> bool:
        """Whether outputs are held against something, so that there is a loss."""
        return self.targets is not None or self.classes is not None

    def heading(self, group: str, language: str) -> str:
        """What the author calls a layer."""
        kind, _, number = group.partition(":")
        layer = getattr(self.layers[int(number) - 1], kind) if kind in Stage.model_fields else None
        return self.text(layer.title, language) if layer else ""
