"""Graph -> Graph with the tensors of its backward pass, its updates and the pass after them.

The graph stays one of scalars: a tensor names quantities of it, and its formula says the same as theirs together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from generator.errors import FormulaError
from generator.formula import Add, Call, Formula, Hadamard, MatMul, Mul, Neg, Ref, Transpose, references
from generator.formula import replace as replace_names
from generator.graph import Graph, Label, Role, Tensor, derivative_name, updated_name
from generator.infix import infix


def backward_tensors(graph: Graph) -> Graph:
    """`graph` with the tensors of its backward pass, its updates and the pass after them, as far as it has them all."""
    if not graph.tensors:
        return graph
    made = {tensor.name: tensor for tensor in (*graph.tensors, *_gradients(graph))}
    for more in (_updates, _after):
        made |= {tensor.name: tensor for tensor in more(graph, made)}
    return replace(graph, tensors=tuple(made.values()))


def _gradients(graph: Graph) -> Iterator[Tensor]:
    """The gradient of every tensor, from the loss back: what each of its users sends it, added up."""
    sent: dict[str, list[Formula]] = {}
    for tensor in reversed(graph.tensors):
        gradient = _gradient(graph, tensor, sent.get(tensor.name, []))
        if gradient is None:
            continue
        yield gradient
        if isinstance(tensor.formula, Call) and tensor.role is Role.FORWARD:
            (name,) = references(tensor.formula)
            slope = _slope(graph, tensor, graph.tensor[name])
            if slope is not None:
                yield slope
            product = Ref(gradient.name) if slope is None else Hadamard((Ref(gradient.name), Ref(slope.name)))
            sent.setdefault(name, []).append(product)
        elif tensor.formula is not None and tensor.role is Role.FORWARD:
            for name, formula in _sent(tensor.formula, Ref(gradient.name)):
                sent.setdefault(name, []).append(formula)


def _gradient(graph: Graph, tensor: Tensor, sent: list[Formula]) -> Tensor | None:
    """The gradient of one tensor, where every entry has one and no two entries are the same quantity."""
    entries = tuple(tuple(derivative_name(graph.loss, name) for name in row) for row in tensor.entries)
    names = [name for row in entries for name in row]
    if not all(name in graph for name in names) or len(set(names)) < len(names):
        return None
    formula: Formula | None
    if sent:
        formula, rule = (sent[0] if len(sent) == 1 else Add(tuple(sent))), f"matrix_gradient_{tensor.label.kind}"
    else:
        formula, rule = None, "matrix_local_loss"
    label = Label("derivative", of=graph.loss, wrt=tensor.name)
    if tensor.label.kind == "pres":
        label = Label("deltas", tensor.label.name, tensor.label.index, of=graph.loss, wrt=tensor.name)
    name = derivative_name(graph.loss, tensor.name)
    return Tensor(name, Role.GRADIENT, label, entries, formula, rule, tensor.group)


def _slope(graph: Graph, post: Tensor, pre: Tensor) -> Tensor | None:
    """The derivative of an activation at each unit; none where it is a constant, as that of the identity is."""
    pairs = [list(zip(outs, ins, strict=True)) for outs, ins in zip(post.entries, pre.entries, strict=True)]
    entries = tuple(tuple(derivative_name(out, into) for out, into in row) for row in pairs)
    assert isinstance(post.formula, Call)
    if not all(name in graph for row in entries for name in row):
        return None
    if not any(graph.operands[name] for row in entries for name in row):
        return None
    label = Label("slopes", post.formula.name, of=post.name, wrt=pre.name)
    name = derivative_name(post.name, pre.name)
    return Tensor(name, Role.LOCAL, label, entries, None, "matrix_local_activation", post.group)


def _sent(formula: Formula, gradient: Formula) -> Iterator[tuple[str, Formula]]:
    """What a tensor with this formula and gradient sends to each of its operands."""
    match formula:
        case Ref(name):
            yield name, gradient
        case Add(terms):
            for term in terms:
                yield from _sent(term, gradient)
        case MatMul((Ref(left), Ref(right))):
            yield left, MatMul((gradient, Transpose(Ref(right))))
            yield right, MatMul((Transpose(Ref(left)), gradient))
        case _:
            raise FormulaError(f"no gradient in matrices is known for `{infix(formula)}`")


# --- update and after ------------------------------------------------------------------------------------------------


def _updates(graph: Graph, made: Mapping[str, Tensor]) -> Iterator[Tensor]:
    for tensor in graph.tensors:
        entries = tuple(tuple(map(updated_name, row)) for row in tensor.entries)
        if tensor.role is Role.GIVEN and all(name in graph for row in entries for name in row):
            label = Label("updated", tensor.label.name, tensor.label.index, of=tensor.name)
            gradient = derivative_name(graph.loss, tensor.name)
            step = Neg(Mul((Ref(graph.rate), Ref(gradient))))
            formula = Add((Ref(tensor.name), step)) if gradient in made else None
            group = made[gradient].group if gradient in made else tensor.group
            yield Tensor(updated_name(tensor.name), Role.UPDATE, label, entries, formula, "matrix_update", group)


def _after(graph: Graph, made: Mapping[str, Tensor]) -> Iterator[Tensor]:
    renamed = {name: name for name in made}
    renamed |= {name: updated_name(name) for name in made if updated_name(name) in made}
    for tensor in graph.tensors:
        entries = tuple(tuple(map(updated_name, row)) for row in tensor.entries)
        if tensor.formula is not None and all(name in graph for row in entries for name in row):
            renamed[tensor.name] = updated_name(tensor.name)
            formula = replace_names(tensor.formula, lambda ref: Ref(renamed.get(ref.name, ref.name)))
            label = Label("after", tensor.label.name, tensor.label.index, of=tensor.name)
            yield Tensor(
                renamed[tensor.name], Role.AFTER, label, entries, formula, f"after_{tensor.rule}", tensor.group
            )
