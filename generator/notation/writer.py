"""How quantities are written: names, symbols, order, forms and digits. A notation is data; it changes no value.

Longer than 250 lines because the keys of a notation and the writer that obeys them change together.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from generator.errors import AlikeError, NotationError
from generator.formula.functions import (
    ACTIVATIONS,
    LOSSES,
    VECTORS,
    expand,
    is_signed,
    loss_formula,
    textbook_derivative,
)
from generator.formula.greek import GREEK
from generator.formula.tree import Call, Formula, Mul, Ref, rebuild
from generator.graph.quantities import Graph, Label
from generator.graph.wholes import gradients_of, grids, wholes
from generator.solve.rounding import Rounding
from generator.typeset.boxes import Box, Fence, Frac, Op, Row, Script, Word, bold, symbol
from generator.typeset.text import text


class Product(StrEnum):
    """The sign between factors."""

    JUXTAPOSED = "juxtaposed"
    DOT = "dot"
    ASTERISK = "asterisk"
    TIMES = "times"


class Chain(StrEnum):
    """How the chain rule is set out.

    `factors`: from each unit's output gradient (dE/dw = dE/dh · dh/dz · dz/dw); `delta`: through dE/dz; `paths`: a
    hidden unit's gradient is a sum of named gradients, one per error term; `terms`: every gradient that several error
    terms reach is worked for each term by itself, then added up.
    """

    FACTORS = "factors"
    DELTA = "delta"
    PATHS = "paths"
    TERMS = "terms"


class Working(StrEnum):
    """How the factors of a chain are worked: each on its own first, as numbered components, or put in as formulas."""

    SEPARATE = "separate"
    COMPONENTS = "components"
    INLINED = "inlined"


class View(StrEnum):
    """Whether a problem is worked quantity by quantity, or in matrices (where its kind says which there are)."""

    SCALAR = "scalar"
    MATRIX = "matrix"


GIVEN_KINDS = (
    "input", "weight", "bias", "gain", "shift", "target", "rate", "given", "setting", "state", "filter", "statistic",
    "upstream",
)  # fmt: skip
COMPUTED_KINDS = ("value", "pre", "post", "term", "loss", "delta", "observed", "mean", "data", "penalty")
TENSOR_KINDS = (
    "inputs", "weights", "biases", "targets", "pres", "posts", "deltas", "layer_values", "tensor", "all_inputs",
    "all_targets", "all_pres", "all_posts", "all_deltas", "all_layer_values", "all_errors", "losses", "states", "ones",
    "mask", "kept",
)  # fmt: skip
MADE_KINDS = ("scheduled", "updated", "after", "later", "case", "above", "below", "at", "check")
SYMBOL_KINDS = (*GIVEN_KINDS, *COMPUTED_KINDS, *MADE_KINDS, *TENSOR_KINDS)


def _symbol_key(key: str) -> str:
    if key not in SYMBOL_KINDS and not key.startswith("="):
        raise ValueError(f"one of {', '.join(SYMBOL_KINDS)}, or `=` and the name of a given quantity")
    return key


@dataclass(frozen=True, slots=True)
class Notation:
    """A way of writing. `symbols` maps a label's kind to a pattern in the symbol language.

    Placeholders of a pattern: `<name>` (`h1`), `<indexed>` (`h_1`), `<index>` (`1`), `<own>` (a target's own name,
    indexed), and for what is made from another quantity `<symbol>` and `<plain>` (that quantity's symbol, its bare
    name). A key `=w1` writes the given quantity `w1` in a way of its own.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}  # unknown keys in a file are errors

    name: str
    symbols: Mapping[Annotated[str, AfterValidator(_symbol_key)], str]
    product: Product = Product.DOT
    factor_order: tuple[Literal["weight", "input"], Literal["weight", "input"]] = ("weight", "input")
    differential: str = "∂"
    difference: Literal["target_first", "output_first"] = "target_first"  # in the loss: (t - y)² or (y - t)²
    loss_derivative: Literal["target_first", "output_first"] = "output_first"  # y - t or, target_first, -(t - y)
    activation: Literal["symbol", "written_out"] = "symbol"  # σ(z), or its formula
    chain: Chain = Chain.FACTORS
    working: Working = Working.SEPARATE
    delta_rule: bool = False  # also show each unit's δ and the gradients through it
    assign: str = "="  # in an update; `:=` keeps the old name on the left
    plain_updates: bool = False  # parameters by their bare names in update lines (new_w5 = w5 - ...)
    rounding: Rounding = field(default_factory=partial(Rounding, least=3))
    view: View = View.SCALAR

    def __post_init__(self) -> None:
        if self.view is View.MATRIX:  # its gradients go through the pre-activations of whole layers
            object.__setattr__(self, "chain", Chain.DELTA)


_CUT = Word("cut")
_SPLIT = re.compile(r"([A-Za-z]+?)_?(\d+)")


def indexed(name: str) -> str:
    """A bare name in the symbol language: `w10` is `w_{10}`, `eta` is `\\eta`, `W_1_2` is `W_{1,2}`."""
    match = _SPLIT.fullmatch(name)
    if match:
        return f"{_greek(match[1])}_{{{match[2]}}}"
    head, *tail = name.split("_")
    return f"{_greek(head)}_{{{','.join(map(_greek, tail))}}}" if tail else _greek(head)


def numbered(name: str, stems: Container[str]) -> str:
    """`indexed`, but `H1` is `H^{(1)}` if it is one of `stems`, vectors and matrices, whose entries have an index.

    So `H1_1_2` is `H^{(1)}_{1,2}`, and no entry of `v` is written as `v1` is.
    """
    stem, underscore, index = name.partition("_")
    match = _SPLIT.fullmatch(stem)
    if match is None or stem not in stems:
        return indexed(name)
    return f"{_greek(match[1])}^{{({match[2]})}}" + (f"_{{{index.replace('_', ',')}}}" if underscore else "")


def _greek(name: str) -> str:
    """A name, or the sign that it spells out: `eta` is a letter, and `mhat` one with a hat."""
    letter = name.removesuffix("hat")
    if letter != name and (len(letter) == 1 or letter in GREEK):
        return rf"\hat{{{_greek(letter)}}}"
    return f"\\{name}" if name in GREEK else name


def plain(name: str) -> str:
    """A bare name as one word of the symbol language."""
    return _greek(name).replace("_", r"\_")


class Writer:
    """A graph in a notation: the symbol of every quantity and the written form of every formula."""

    def __init__(self, graph: Graph, notation: Notation) -> None:
        self.graph, self.notation = graph, notation
        self._boxes: dict[Label, Box] = {}
        labels = (quantity.label for quantity in (*graph, *graph.watched))
        self._stems = frozenset(label.of for label in labels if label.of and label.name.startswith(f"{label.of}_"))
        found = wholes(graph)
        self._wholes = {whole.name: whole.label for each in found for whole in (each, *grids(each))}
        self._inside = {whole.name: whole.entries for whole in found}
        self._wholes |= {made.name: made.label for _, made in gradients_of(graph, found)}

    def box(self, name: str) -> Box:
        """The symbol of the quantity, tensor or whole called `name`."""
        label = self.label_of(name)
        return self._tensor_box(label) if name in self.graph.tensor else self.label_box(label)

    def writes(self, name: str) -> bool:
        """Whether there is a symbol for `name`: a pattern that wants an index has none for a whole vector."""
        try:
            self.box(name)
        except NotationError:
            return False
        return True

    def _tensor_box(self, label: Label) -> Box:
        """The symbol of a tensor, with its letter in bold."""
        if label.kind == "derivative":
            return self.derivative(label.of, label.wrt)
        if label.kind == "slopes":  # σ′(z)
            if label.name not in ACTIVATIONS or not ACTIVATIONS[label.name].symbol:
                return self._box_of_slopes(label)
            sign = symbol(ACTIVATIONS[label.name].symbol)
            sign = Word(sign.text, function=True) if isinstance(sign, Word) and len(sign.text) > 1 else sign
            return Row((Script(sign, sup=Op("′")), Fence(self.box(label.wrt))))
        if label not in self._boxes:
            self._boxes[label] = bold(symbol(self._text(label)))
        return self._boxes[label]

    def _box_of_slopes(self, label: Label) -> Box:
        """The derivative of a function without a sign, by the symbol of its values: h′."""
        whole = self.box(label.of)
        prime = Op("′")
        if isinstance(whole, Script):
            return Script(whole.base, whole.sub, prime if whole.sup is None else Row((whole.sup, prime)))
        return Script(whole, sup=prime)

    def box_without_case(self, name: str) -> Box:
        """The symbol of the quantity `name` in every observation or time step."""
        return self.label_box(replace(self.graph[name].label, case=""))

    def label_box(self, label: Label) -> Box:
        """The symbol that a label is written with."""
        if label not in self._boxes:
            is_derivative = label.kind == "derivative"
            self._boxes[label] = self.derivative(label.of, label.wrt) if is_derivative else symbol(self._text(label))
        return self._boxes[label]

    def check(self) -> None:
        """Raise `AlikeError` where two quantities would be written alike."""
        seen: dict[Box, str] = {}
        for name in dict.fromkeys(quantity.name for quantity in (*self.graph, *self.graph.watched)):
            self._check_alike(seen, name)
        for tensor in self.graph.tensors if self.notation.view is View.MATRIX else ():
            self._check_alike(seen, tensor.name)

    def _check_alike(self, seen: dict[Box, str], name: str) -> None:
        other = seen.setdefault(self.box(name), name)
        if other != name:
            raise AlikeError(self.notation.name, (other, name), text(self.box(name)))

    def derivative(self, of: str, wrt: str) -> Box:
        """The derivative of one quantity with respect to another, as a fraction of differentials.

        One that leaves out ways through what is cut is written as a derivative in which that is held: (∂E/∂w)_cut.
        """
        d = Word(self.notation.differential)
        quotient = Frac(Row((d, self.box(of))), Row((d, self.box(wrt))))
        is_cut = of in self.graph and self.graph.is_cut_short(of, self._entries(wrt))
        return Script(Fence(quotient), sub=_CUT) if is_cut else quotient

    def _entries(self, name: str) -> tuple[str, ...]:
        """The quantities in a whole vector or matrix, or the one of that name."""
        return self.graph.tensor[name].names if name in self.graph.tensor else self._inside.get(name, (name,))

    def bare(self, name: str) -> Box:
        """The bare name of a quantity, for update lines in notations that write it so."""
        return symbol(plain(name))

    def delta(self, unit: str) -> Box:
        """The δ of the unit whose pre-activation is the quantity `unit`."""
        label = self.graph[unit].label
        return self.label_box(Label("delta", label.name, label.index, case=label.case, part=label.part))

    def _text(self, label: Label) -> str:
        own = label.of if label.kind == "target" else label.name
        pattern = self.notation.symbols.get(f"={own}") if label.kind in GIVEN_KINDS else None
        pattern = pattern or self.notation.symbols.get(label.kind)
        if pattern is None:
            raise NotationError(f"notation `{self.notation.name}` has no symbol for `{label.kind}`")
        if not label.index:
            pattern = pattern.replace("_<index>", "")  # the only one of its kind needs no number
        whole = self._wholes.get(label.of)
        tensor = self.graph.tensor.get(label.of)
        of = self.label_of(label.of) if "<symbol>" in pattern and label.kind not in GIVEN_KINDS else None
        values = {
            "name": plain(label.name),
            "indexed": numbered(label.name, self._stems),
            "own": numbered(own, self._stems),
            "index": f"{{{label.index.replace('_', ',')}}}" if "_" in label.index else label.index,
            "symbol": self._text(of) if of else "",
            "plain": plain(whole.name if whole else label.of) if tensor is None else self._text(tensor.label),
        }
        for placeholder in re.findall(r"<(.*?)>", pattern):
            if placeholder not in values:
                known = ", ".join(f"<{name}>" for name in values)
                raise NotationError(f"the symbol `{pattern}` has an unknown `<{placeholder}>`: expected {known}")
        made = re.sub(r"<(\w+)>", lambda match: values[match[1]], pattern)
        if label.case or label.part:
            own = ",".join(filter(None, (label.case, label.part)))
            made = self.notation.symbols["case"].replace("<symbol>", made).replace("<case>", own)
        if label.step:
            made = self.notation.symbols["later"].replace("<symbol>", made).replace("<index>", label.step)
        return made

    def label_of(self, name: str) -> Label:
        """The label of the quantity or tensor `name`, or of a whole vector or matrix that has no formula of its own."""
        if name in self._wholes:
            return self._wholes[name]
        if name in self.graph.tensor:
            return self.graph.tensor[name].label
        return (self.graph if name in self.graph else self.graph.watched)[name].label

    def written(self, formula: Formula) -> Formula:
        """`formula` in the order and the forms of this notation; its value is the same."""
        formula = rebuild(formula, self.written)
        match formula:
            case Mul((Ref(first), Ref(second))):
                kinds = [self._kind(first), self._kind(second)]
                if "weight" in kinds and (kinds[0] == "weight") != (self.notation.factor_order[0] == "weight"):
                    return Mul((Ref(second), Ref(first)))
            case Call(name) if name in LOSSES:
                return loss_formula(formula, self.notation.difference == "output_first")
            case Call(name, args) if name in ACTIVATIONS:
                if self.notation.activation == "written_out" or not is_signed(formula):
                    return expand(formula)
                return Call(name, args[:1])  # its other arguments do not change the value
            case Call(name) if name in VECTORS:
                return expand(formula)
        return formula

    def _kind(self, name: str) -> str:
        """The kind of a quantity's label; an updated weight is still a weight.

        A weight that is an entry of a matrix behind its row stands where the matrix product has it.
        """
        label = self.graph[name].label
        label = self.graph[label.of].label if label.kind in ("updated", "later") else label
        if label.kind == "filter":
            return "weight"  # the entries of a filter are weights
        return "entry" if label.kind == "weight" and label.of else label.kind

    def formula(self, name: str) -> Formula:
        """The formula of the quantity `name` as this notation writes it. The quantity must have one."""
        formula = self.graph[name].formula
        assert formula is not None, name
        return self.written(self._loss_derivative(name, formula))

    def _loss_derivative(self, name: str, formula: Formula) -> Formula:
        """The derivative of a loss with the difference the way round that the notation wants."""
        label = self.graph[name].label
        if self.notation.loss_derivative == "output_first" and label.kind == "derivative":
            for user in self.graph.consumers[label.wrt]:
                call = self.graph[user].formula
                if not isinstance(call, Call) or call.name not in LOSSES:
                    continue
                if textbook_derivative(call, label.wrt, user) == formula:
                    return textbook_derivative(call, label.wrt, user, output_first=True) or formula
        return formula
