"""Graph -> Graph with the tensors of its backward pass, its updates and the passes after them.

The graph stays one of scalars: a tensor only names quantities of it. A kind declares those of its forward pass; what
comes of them are the same places filled with the gradients, the states, the new values of what stands there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from generator.formula.functions import ACTIVATIONS
from generator.formula.tree import Call, references
from generator.graph.quantities import FORBIDDEN, Graph, Label, Role, Tensor, derivative_name, is_constant, updated_name
from generator.lifting.tensors import ones

DELTAS = {"pres": "deltas", "all_pres": "all_deltas"}  # whose gradients have a sign of their own
_Entries = tuple[tuple[str, ...], ...]


def backward_tensors(graph: Graph) -> Graph:
    """`graph` with all tensors that follow from the declared ones, in the order of working."""
    if not graph.tensors:
        return graph
    base = [_completed(graph, tensor) for tensor in graph.tensors]
    base += [made for tensor in base if tensor.role is Role.GIVEN for made in _remembered(graph, tensor)]
    found = {tensor.name: tensor for tensor in (*_ones(base), *_masks(base), *base)}
    for number in range(len(graph.rounds) + 1):
        now = [_latest(graph, found, tensor, number) for tensor in base]
        found |= {tensor.name: tensor for tensor in now}
        for done in (done for done in graph.differentiated if done.round == number and done.loss):
            pairs = zip(base, now, strict=True)
            made = [made for start, tensor in pairs for made in _derivatives(graph, start, tensor, now, done.loss)]
            found |= {tensor.name: tensor for tensor in made if tensor.name not in found}
    return replace(graph, tensors=tuple(found.values()))


def _completed(graph: Graph, tensor: Tensor) -> Tensor:
    """A tensor with the role, rule, group and round of its entries."""
    first = graph[tensor.names[0]]
    return replace(tensor, role=first.role, rule=first.rule, group=first.group, round=first.round)


def _ones(tensors: list[Tensor]) -> Iterator[Tensor]:
    """A column of ones as long as each side of a tensor."""
    sides = (side for tensor in tensors for side in (len(tensor.entries), len(tensor.entries[0])))
    for size in sorted({side for side in sides if side > 1}):
        yield Tensor(ones(size), Label("ones", index=str(size)), (("1",),) * size)


def _masks(tensors: list[Tensor]) -> Iterator[Tensor]:
    """Where a tensor has −∞: a mask that is added, 0 or −∞, and one that is multiplied with, 1 or 0."""
    places = (tuple(tuple(name == FORBIDDEN for name in row) for row in tensor.entries) for tensor in tensors)
    for number, rows in enumerate(dict.fromkeys(rows for rows in places if any(map(any, rows)))):
        for kind, (free, hidden) in (("mask", ("0", FORBIDDEN)), ("kept", ("1", "0"))):
            entries = tuple(tuple(hidden if at else free for at in row) for row in rows)
            yield Tensor(f"{kind}:{number}", Label(kind, index=str(number + 1)), entries)


def _remembered(graph: Graph, tensor: Tensor) -> Iterator[Tensor]:
    """What an optimizer remembers of the entries, and works out on the way to their new values."""
    first = tensor.names[0]
    for quantity in graph:
        on_the_way = quantity.role is Role.UPDATE and quantity.label.kind == "value"
        if quantity.label.of == first and (on_the_way or (quantity.formula is None and quantity.label.kind == "state")):
            sign = quantity.name.removesuffix(f"_{first}")
            entries = _mapped(tensor.entries, lambda name, sign=sign: f"{sign}_{name}")
            made = Tensor(
                f"{sign}:{tensor.name}", Label("states", sign, of=tensor.name, step=quantity.label.step), entries
            )
            if sign != quantity.name and all(name in graph for name in made.names):
                yield _completed(graph, made)


def _latest(graph: Graph, found: dict[str, Tensor], tensor: Tensor, updates: int) -> Tensor:
    """A tensor after so many updates: the last of its versions where none of its entries has changed since."""
    before = _latest(graph, found, tensor, updates - 1) if updates else tensor
    if not updates:
        return tensor
    places = dict(zip(tensor.names, before.names, strict=True))
    entries = _mapped(tensor.entries, lambda name: _version(graph, name, updates) or places[name])
    name = updated_name(tensor.name, updates)
    if name in found or entries == before.entries:
        return found.get(name, before)
    changed = next(graph[new] for new, old in zip(_names(entries), before.names, strict=True) if new != old)
    label = Label("later", tensor.label.name, changed.label.index, of=tensor.name)
    if changed.label.step:
        label = replace(tensor.label, step=changed.label.step)
    elif changed.label.kind != "later":
        label = replace(label, kind=changed.label.kind, index=tensor.label.index)
    return Tensor(name, label, entries, changed.role, changed.rule, changed.group, changed.round)


def _version(graph: Graph, name: str, updates: int) -> str:
    made = updated_name(name, updates)
    return made if made in graph else ""


def _derivatives(graph: Graph, start: Tensor, tensor: Tensor, now: list[Tensor], loss: str) -> Iterator[Tensor]:
    """The gradient of a tensor, where every entry has one of its own, and its slope where it is a function's value.

    `start` is the tensor before all updates.
    """
    if tensor.role is Role.LOSS:
        return
    slope = _slope(graph, tensor, now)
    if slope is not None:
        yield slope
    entries = _mapped(_free(tensor.entries), lambda name: derivative_name(loss, name))
    names = _names(entries)
    if all(name in graph for name in names) and len(set(names)) == len(names):
        label, made = Label("derivative", of=loss, wrt=tensor.name), start.label
        if made.kind in DELTAS and tensor is start:
            label = Label(DELTAS[made.kind], made.name, made.index, loss, tensor.name, made.case, part=made.part)
        whole = _completed(graph, Tensor(derivative_name(loss, tensor.name), label, entries))
        yield replace(whole, role=Role.GRADIENT, rule=_gradient_rule(graph, whole, made.kind))


def _gradient_rule(graph: Graph, gradient: Tensor, kind: str) -> str:
    """How the entries come about: from the loss itself, or by the chain rule."""
    if {graph[name].rule for name in gradient.names} == {"local_loss"}:
        return "matrix_local_loss"
    return f"matrix_gradient_{kind.removeprefix('all_')}"


def _slope(graph: Graph, post: Tensor, now: list[Tensor]) -> Tensor | None:
    """The derivative of a function of each entry; none where it is a constant, as that of the identity is."""
    operands: dict[str, str] = {}
    for name in post.names:
        call = graph[name].formula
        if not isinstance(call, Call) or call.name not in ACTIVATIONS or len(references(call)) != 1:
            return None
        (operands[name],) = references(call)
    inside = _mapped(post.entries, operands.__getitem__)
    pre = next((tensor for tensor in now if tensor.entries == inside), None)
    entries = _mapped(post.entries, lambda name: derivative_name(name, operands[name]))
    if pre is None or not all(name in graph for name in _names(entries)):
        return None
    if not any(graph.operands[name] for name in _names(entries)):
        return None
    first = graph[post.names[0]].formula
    assert isinstance(first, Call)
    label = Label("slopes", first.name, of=post.name, wrt=pre.name)
    made = Tensor(derivative_name(post.name, pre.name), label, entries)
    return replace(_completed(graph, made), rule="matrix_local_activation", group=post.group)


def _free(entries: _Entries) -> _Entries:
    """`entries` with nothing in the place of −∞, through which nothing comes back."""
    return tuple(tuple("0" if name == FORBIDDEN else name for name in row) for row in entries)


def _mapped(entries: _Entries, change: object) -> _Entries:
    """`entries` with what `change` makes of each quantity in its place."""
    assert callable(change)
    return tuple(tuple(name if is_constant(name) else change(name) for name in row) for row in entries)


def _names(entries: _Entries) -> tuple[str, ...]:
    return tuple(name for row in entries for name in row if not is_constant(name))
