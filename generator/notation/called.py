"""The vectors and matrices of a graph -> the names that an author calls them by, each with its symbol."""

from __future__ import annotations

from collections.abc import Mapping

from generator.errors import NotationError
from generator.graph.quantities import Label
from generator.graph.wholes import wholes
from generator.notation.writer import View, Writer
from generator.typeset.boxes import Box, bold


def called(writer: Writer) -> Mapping[str, Box]:
    """The symbol of each vector and matrix by the name that its entries share: `A` where there are `A_1_1`, `A_1_2`, …

    It is written as a document writes it elsewhere: in bold where the problem is worked in matrices, else as in the
    corner of its table and in the lines of its shape. A name that a quantity has is the quantity's.
    """
    labels: dict[str, Label] = {}
    for whole in wholes(writer.graph):
        labels.setdefault(whole.called, whole.label)
    for tensor in writer.graph.tensors:  # a `W_1` beside a `W_2`, whose entries are not those of one `W`
        name, colon, case = tensor.name.partition(":")
        if colon and not case:
            labels.setdefault(name, tensor.label)
    in_matrices = writer.notation.view is View.MATRIX and bool(writer.graph.tensors)
    boxes = {name: _box(label, writer) for name, label in labels.items() if name not in writer.graph}
    return {name: bold(box) if in_matrices else box for name, box in boxes.items()}


def _box(label: Label, writer: Writer) -> Box:
    try:
        return writer.label_box(label)
    except NotationError:  # a pattern for single entries wants an index
        return writer.label_box(Label("tensor", label.name, case=label.case, part=label.part))
