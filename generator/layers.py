"""Graph -> Graph with the vectors and matrices of its fully connected layers.

They are found in the graph itself: quantities of one group whose formulas are weighted sums of one and the same vector,
and a function of each. Tensors have names that no quantity can have (`W:hidden`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from generator.formula import Add, Call, Formula, MatMul, Mul, Ref
from generator.graph import Graph, Label, Quantity, Role, Tensor

INPUTS, TARGETS = "x:inputs", "t:targets"


def with_layers(graph: Graph, vectors: str) -> Graph:
    """`graph` with its tensors; `vectors` are `column`s (z = W x + b) or `row`s (z = x W + b).

    As it is where a layer cannot be set in matrices: it is fed by anything but one vector as a whole, a parameter
    stands in several places (one bias for a whole layer is no other place), or only a part of its weights is trained.
    """
    found = _layers(graph)
    if found is None:
        return graph
    column = vectors == "column"
    inputs, targets = (_given(graph, kind) for kind in ("input", "target"))
    made = [_vector(INPUTS, Label("inputs"), inputs, column), _vector(TARGETS, Label("targets"), targets, column)]
    for layer in found:
        made += _tensors(layer, column)
    return replace(graph, tensors=tuple(made))


def loss_operands(graph: Graph) -> tuple[str, Tensor, Tensor] | None:
    """The loss's function with the tensors of targets and outputs that it compares; `None` where it is none of both."""
    errors = _errors(graph)
    for outputs in graph.tensors if errors else ():
        if outputs.label.kind == "posts" and outputs.names == tuple(output for _, _, output in errors):
            return errors[0][0], graph.tensor[TARGETS], outputs
    return None


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer: `weights` has a row for each unit; `biases` is empty where it has none."""

    name: str
    number: int
    source: str
    weights: tuple[tuple[str, ...], ...]
    biases: tuple[str, ...]
    pres: tuple[str, ...]
    posts: tuple[str, ...]
    activation: str


def _given(graph: Graph, kind: str) -> tuple[str, ...]:
    return tuple(q.name for q in graph if q.formula is None and q.label.kind == kind)


def _layers(graph: Graph) -> list[_Layer] | None:
    """The layers in the graph's order; `None` where one of them is not what matrices can say."""
    sources = {_given(graph, "input"): INPUTS}
    found: list[_Layer] = []
    for number, group in enumerate(dict.fromkeys(q.group for q in graph.of_role(Role.FORWARD)), 1):
        units = [q for q in graph.of_role(Role.FORWARD) if q.group == group]
        layer = _layer(group, number, units, sources)
        if layer is None:
            return None
        found.append(layer)
        sources[layer.posts] = f"h:{group}"
    return found if found and _fits(graph, found) else None


def _layer(group: str, number: int, units: list[Quantity], sources: Mapping[tuple[str, ...], str]) -> _Layer | None:
    pres = [q for q in units if q.label.kind == "pre"]
    posts = [q for q in units if q.label.kind == "post"]
    calls = [q.formula.name for q in posts if isinstance(q.formula, Call)]
    wanted = [Call(name, (Ref(pre.name),)) for name, pre in zip(calls, pres, strict=False)]
    if not pres or len(units) != 2 * len(pres) or [q.formula for q in posts] != wanted or len(set(calls)) > 1:
        return None
    sums = [_weighted(q.formula) for q in pres]
    fed = next((names for names in sources if all(s is not None and set(s[0]) == set(names) for s in sums)), None)
    if fed is None:
        return None
    known = [s for s in sums if s is not None]
    biases = tuple(bias for _, bias in known if bias)
    if len(biases) not in (0, len(pres)):
        return None
    weights = tuple(tuple(by_source[name] for name in fed) for by_source, _ in known)
    names, outputs = (tuple(q.name for q in found) for found in (pres, posts))
    return _Layer(group, number, sources[fed], weights, biases, names, outputs, calls[0])


def _weighted(formula: Formula | None) -> tuple[dict[str, str], str] | None:
    """A weighted sum as {what is fed: its weight} and a bias (empty: none)."""
    terms = list(formula.terms) if isinstance(formula, Add) else [formula]
    last = terms[-1]
    bias = last.name if isinstance(last, Ref) else ""
    found: dict[str, str] = {}
    for term in terms[:-1] if bias else terms:
        match term:
            case Mul((Ref(weight), Ref(source))) if source not in found:
                found[source] = weight
            case _:
                return None
    return (found, bias) if found else None


def _fits(graph: Graph, layers: list[_Layer]) -> bool:
    """Whether every parameter has one place, is trained with its fellows, and every layer leads to the loss."""
    weights = [name for layer in layers for row in layer.weights for name in row]
    biases = [name for layer in layers for name in dict.fromkeys(layer.biases)]
    trained = set(graph.trained)
    together = [
        {name in trained for name in names}
        for layer in layers
        for names in ([name for row in layer.weights for name in row], layer.biases)
    ]
    once = all(len(set(layer.biases)) in (0, 1, len(layer.biases)) for layer in layers)
    once = once and len({*weights, *biases}) == len(weights) + len(biases)
    leads = {f"h:{layer.name}" for layer in layers[:-1]} <= {layer.source for layer in layers}
    compared = tuple(output for _, _, output in _errors(graph)) == layers[-1].posts
    targets = tuple(target for _, target, _ in _errors(graph)) == _given(graph, "target")
    return once and leads and compared and targets and all(len(of) < 2 for of in together)


def _errors(graph: Graph) -> list[tuple[str, str, str]]:
    """For each error that the loss adds up: its function, its target and its output."""
    total = graph[graph.loss].formula
    terms = [graph[name].formula for name in graph.operands[graph.loss]] if isinstance(total, Add) else [total]
    found = []
    for term in terms:
        match term:
            case Call(name, (Ref(target), Ref(output))):
                found.append((name, target, output))
    return found if len(found) == len(terms) and len({name for name, _, _ in found}) == 1 else []


def _tensors(layer: _Layer, column: bool) -> Iterable[Tensor]:
    name, index = layer.name, str(layer.number)
    weights = layer.weights if column else tuple(zip(*layer.weights, strict=True))
    weight = Tensor(f"W:{name}", Role.GIVEN, Label("weights", name, index), weights, group=name)
    yield weight
    factors = (Ref(weight.name), Ref(layer.source))
    terms: list[Formula] = [MatMul(factors if column else factors[::-1])]
    if layer.biases:
        yield _vector(f"b:{name}", Label("biases", name, index), layer.biases, column, group=name)
        terms.append(Ref(f"b:{name}"))
    total = Add(tuple(terms)) if len(terms) > 1 else terms[0]
    pre = _vector(f"z:{name}", Label("pres", name, index), layer.pres, column, group=name)
    yield replace(pre, role=Role.FORWARD, formula=total, rule="matrix_weighted_sum")
    post = _vector(f"h:{name}", Label("posts", name, index), layer.posts, column, group=name)
    call = Call(layer.activation, (Ref(pre.name),))
    yield replace(post, role=Role.FORWARD, formula=call, rule="matrix_activation")


def _vector(name: str, label: Label, entries: tuple[str, ...], column: bool, group: str = "") -> Tensor:
    rows = tuple((entry,) for entry in entries) if column else (entries,)
    return Tensor(name, Role.GIVEN, label, rows, group=group)
