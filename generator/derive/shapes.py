"""Graph -> lines of its shapes that a reader can check: of products, of gradients, and of what windows made.

A line is an equation over whole vectors and matrices: `shape(W h) = (2 × 3)(3 × 1) → 2 × 1 = shape(z)`. The shape of a
vector is that of a column, unless its kind has set it as a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from generator.derive.steps import Equation, Part, Step
from generator.formula.tree import Add, Call, Div, Formula, MatMul, Mul, Neg, Ref, Transpose, num, references, walk
from generator.graph.products import Product, Turned, products
from generator.graph.quantities import Graph, Role, Sliding, derivative_name
from generator.graph.wholes import Dims, Whole, gradients_of, wholes
from generator.notation.writer import Writer

SHAPE, SIZES = "shape", "sizes"  # the functions that such lines are written with


def shape_steps(
    graph: Graph, writer: Writer, formulas: Mapping[str, Formula | None] | None, detail: str
) -> Iterator[Step]:
    """The lines of a problem's shapes, under a sentence each; `detail`: `all`, or `first` of each sort.

    `formulas` are those of the tensors where the problem is worked in matrices.
    """
    in_matrices = formulas is not None
    if SHAPE in graph:  # an author's own name: the lines would speak of it
        return
    found = _laid_out(graph)
    lines: Mapping[str, Iterable[Equation]] = {
        "windows": _windows(graph, _tensor_dims(graph) if in_matrices else _whole_dims(found)),
        "laid": _windows(graph, _tensor_dims(graph) if in_matrices else _whole_dims(found), back=True),
        "shapes": _tensor_products(graph, formulas) if formulas is not None else _products(graph, found, detail),
        "gradient_shapes": _tensor_gradients(graph, detail) if in_matrices else _gradients(graph, found, detail),
    }
    for code, made in lines.items():
        equations = tuple(line for line in made if all(map(writer.writes, _names(line))))
        if equations:
            yield Step(f"check_{code}", equations[0].target, equations)


def _names(line: Equation) -> tuple[str, ...]:
    return references(MatMul((line.left, *(part.formula for part in line.parts))))


def dims_of(graph: Graph, in_matrices: bool) -> dict[str, Dims]:
    """The shape of everything that such lines can speak of, by its name."""
    if in_matrices:
        return {tensor.name: (len(tensor.entries), len(tensor.entries[0])) for tensor in graph.tensors}
    found = _laid_out(graph)
    made = (gradient for _, gradient in gradients_of(graph, found))
    return {whole.name: whole.dims if graph.slidings else _two(whole.dims) for whole in (*found, *made)}


def _laid_out(graph: Graph) -> tuple[Whole, ...]:
    """The vectors and matrices as they stand on paper: what its kind has set as one row has an index for that."""
    if graph.slidings:  # whose signals are neither rows nor columns
        return wholes(graph)
    rows = {tensor.entries[0] for tensor in graph.tensors if len(tensor.entries) == 1}
    return tuple(
        replace(whole, dims=(1, *whole.dims)) if len(whole.dims) == 1 and whole.entries in rows else whole
        for whole in wholes(graph)
    )


def _two(dims: Dims) -> Dims:
    """The shape of a vector as that of a column."""
    return dims if len(dims) > 1 else (*dims, 1)


def window_sizes(sliding: Sliding, indices: int) -> tuple[Formula, ...]:
    """How many windows there are along each index: ⌊(n + 2p - k) / s⌋ + 1 for n entries, padding p and stride s.

    A window of k entries that are d apart is d(k - 1) + 1 wide. With more indices, as a row has, there is one of each.
    Where windows lie on what is made, it has (n - 1) s + k - 2p entries.
    """
    alone: tuple[Formula, ...] = (num(1),) * (indices - len(sliding.along))
    if sliding.back:
        return alone + tuple(
            Add((Mul((Add((num(n), Neg(num(1)))), num(s))), _wide(k, d), Neg(Mul((num(2), num(p))))))
            for n, p, _, k, s, d in sliding.along
        )
    return alone + tuple(
        Add((Call("floor", (Div(Add((num(n), *_padding(p, q), Neg(_wide(k, d)))), num(s)),)), num(1)))
        for n, p, q, k, s, d in sliding.along
    )


def _padding(before: int, behind: int) -> tuple[Formula, ...]:
    """What is put before and behind, as it is added: twice the same, or two numbers."""
    return (Mul((num(2), num(before))),) if before == behind else (num(before), num(behind))


def _wide(size: int, apart: int) -> Formula:
    if apart == 1:
        return num(size)
    return Add((Mul((num(apart), Add((num(size), Neg(num(1)))))), num(1)))


def _shape(factor: Formula) -> Formula:
    return Call(SHAPE, (factor,))


def _sizes(dims: Dims) -> Formula:
    return Call(SIZES, tuple(map(num, dims)))


def _line(target: str, left: Formula, *parts: tuple[str, Formula]) -> Equation:
    return Equation(target, left, tuple(Part(sign, formula, "formula") for sign, formula in parts), short=True)


# --- what windows made ---


def _windows(graph: Graph, made: Mapping[str, tuple[str, Dims]], back: bool = False) -> Iterator[Equation]:
    """The number of windows in each layer of them (or what is made of them `back`); of several channels, the first.

    `made` has, for each name that a label can have, the first that has it and its dimensions.
    """
    for sliding in graph.slidings:
        if sliding.made in made and sliding.back == back:
            name, dims = made[sliding.made]
            sizes = Call(SIZES, window_sizes(sliding, len(dims)))
            yield _line(name, _shape(Ref(name)), ("=", sizes), ("=", _sizes(dims)))


def _whole_dims(found: Sequence[Whole]) -> dict[str, tuple[str, Dims]]:
    return {whole.label.name: (whole.name, whole.dims) for whole in reversed(found)}


def _tensor_dims(graph: Graph) -> dict[str, tuple[str, Dims]]:
    dims = dims_of(graph, in_matrices=True)
    return {made.label.name: (made.name, dims[made.name]) for made in reversed(graph.tensors) if not made.round}


# --- products ---


def _products(graph: Graph, found: Sequence[Whole], detail: str) -> Iterator[Equation]:
    seen: dict[str, str] = {}  # by rule: what was made by it first
    for made in products(graph, found):
        whole = made.made.whole
        if detail == "all" or seen.setdefault(graph[whole.entries[0]].rule, whole.name) == whole.name:
            yield _product_line(made)


def _product_line(made: Product) -> Equation:
    factors, name = (made.left, made.right), made.made.whole.name
    sizes = MatMul(tuple(map(_turned_sizes, factors)))
    same = [_shape(_turned(each)) for each in (made.added, made.made) if each is not None]
    line = [("=", sizes), ("→", _turned_sizes(made.made)), *(("=", each) for each in same)]
    return _line(name, _shape(Mul(tuple(map(_turned, factors)))), *line)


def _turned(each: Turned) -> Formula:
    return Transpose(Ref(each.whole.name)) if each.transposed else Ref(each.whole.name)


def _turned_sizes(each: Turned) -> Formula:
    rows = each.rows()
    return _sizes((len(rows), len(rows[0])))


def _tensor_products(graph: Graph, formulas: Mapping[str, Formula | None]) -> Iterator[Equation]:
    """The products among the formulas in matrices, on the way forward."""
    dims = dims_of(graph, in_matrices=True)
    for tensor in graph.tensors:
        formula = formulas.get(tensor.name)
        for part in walk(formula) if tensor.role is Role.FORWARD and formula is not None else ():
            match part:
                case MatMul((one, other)) if all(map(_is_named, (one, other))):
                    before, after = _factor_dims(one, dims), _factor_dims(other, dims)
                    made = (before[0], after[1])  # inside a longer formula it need not be the shape of the whole
                    same = [("=", _shape(Ref(tensor.name)))] if made == dims[tensor.name] else []
                    sizes = MatMul((_sizes(before), _sizes(after)))
                    yield _line(tensor.name, _shape(part), ("=", sizes), ("→", _sizes(made)), *same)


def _is_named(factor: Formula) -> bool:
    return isinstance(factor.body if isinstance(factor, Transpose) else factor, Ref)


def _factor_dims(factor: Formula, dims: Mapping[str, Dims]) -> Dims:
    (name,) = references(factor)
    return dims[name][::-1] if isinstance(factor, Transpose) else dims[name]


# --- gradients ---


def _gradients(graph: Graph, found: tuple[Whole, ...], detail: str) -> Iterator[Equation]:
    seen: set[str] = set()
    for whole, gradient in gradients_of(graph, found):
        if detail == "all" or whole.label.kind not in seen:
            seen.add(whole.label.kind)
            yield _gradient_line(gradient.name, whole.name, whole.dims if graph.slidings else _two(whole.dims))


def _tensor_gradients(graph: Graph, detail: str) -> Iterator[Equation]:
    dims, seen = dims_of(graph, in_matrices=True), set[str]()
    for tensor in graph.tensors:
        name = derivative_name(graph.loss, tensor.name)
        if tensor.role is Role.GIVEN and name in dims and (detail == "all" or tensor.label.kind not in seen):
            seen.add(tensor.label.kind)
            yield _gradient_line(name, tensor.name, dims[tensor.name])


def _gradient_line(gradient: str, name: str, dims: Dims) -> Equation:
    return _line(gradient, _shape(Ref(gradient)), ("=", _shape(Ref(name))), ("=", _sizes(dims)))
