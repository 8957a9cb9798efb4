"""A formula with `max` or `min` in it, and a name -> its derivative by cases: the slope of what is largest, else none.

Where several arguments are equal the first one counts, and a number before all that varies. So `max(x, 0)` has the
slope 0 at its kink, as the rectifier has, and the first of the equal entries of a pooling window takes the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from generator.formula import Add, Call, Cases, Formula, Mul, Neg, Num, Ref, children, num, rebuild, substitute, walk

EXTREMES = {"max": (">", ">="), "min": ("<", "<=")}  # how an argument wins against earlier and against later ones
_ZERO, _ONE = num(0), num(1)

Slope = Callable[[Formula, str], Formula]  # of a formula with neither function in it


def is_extreme(tree: Formula) -> bool:
    """Whether `tree` is the largest or the smallest of several formulas."""
    return isinstance(tree, Call) and tree.name in EXTREMES


def through_extremes(tree: Formula, wrt: str, slope: Slope) -> Formula:
    """The derivative of `tree` with respect to `wrt`, where `slope` differentiates what has no `max` or `min` in it."""
    found = tuple(dict.fromkeys(_outermost(tree, wrt)))
    if found == (tree,):
        (call,) = found
        return _of_call(call, wrt, slope)
    names = {call: f"m{number}" for number, call in enumerate(found)}  # not the names of a shape, which are v0, v1, ...
    outer = _put(tree, names)
    back: dict[str, Formula] = {name: call for call, name in names.items()}
    total = substitute(slope(outer, wrt), back)
    for call, name in names.items():
        factor = substitute(slope(outer, name), back)
        total = _added(total, factor, _of_call(call, wrt, slope))
    return total


def _outermost(tree: Formula, wrt: str) -> Iterator[Call]:
    if isinstance(tree, Call) and tree.name in EXTREMES:
        if _uses(tree, wrt):
            yield tree
        return
    for part in children(tree):
        yield from _outermost(part, wrt)


def _put(tree: Formula, names: dict[Call, str]) -> Formula:
    if isinstance(tree, Call) and tree in names:
        return Ref(names[tree])
    return rebuild(tree, lambda part: _put(part, names))


def _uses(tree: Formula, name: str) -> bool:
    return any(part == Ref(name) for part in walk(tree))


def _of_call(call: Call, wrt: str, slope: Slope) -> Formula:
    """The slope of the first argument that is largest (or smallest); numbers count as the first ones."""
    args = sorted(dict.fromkeys(call.args), key=lambda arg: not isinstance(arg, Num))
    varying = [arg for arg in args if _uses(arg, wrt)]
    strictly, at_least = EXTREMES[call.name]
    made = through_extremes(varying[-1], wrt, slope)
    if len(varying) == 1:
        place = args.index(varying[0])
        made = _case(call.name, varying[0], at_least, args[place + 1 :], made, _ZERO)
        return _case(call.name, varying[0], strictly, args[:place], made, _ZERO)
    made = through_extremes(args[-1], wrt, slope) if _uses(args[-1], wrt) else _ZERO
    for place in range(len(args) - 2, -1, -1):
        own = through_extremes(args[place], wrt, slope) if _uses(args[place], wrt) else _ZERO
        made = _case(call.name, args[place], at_least, args[place + 1 :], own, made)
    return made


def _case(name: str, arg: Formula, op: str, others: list[Formula], then: Formula, otherwise: Formula) -> Formula:
    """`then` where `arg` stands in the relation `op` to all `others`, else `otherwise`."""
    if not others or then == otherwise:
        return then
    best = others[0] if len(others) == 1 else Call(name, tuple(others))
    return Cases(arg, op, best, then, otherwise)


def _added(total: Formula, factor: Formula, slope: Formula) -> Formula:
    """`total + factor * slope`, worked out in each case of the slope."""
    if isinstance(slope, Cases):
        then, otherwise = (_added(total, factor, part) for part in (slope.then, slope.otherwise))
        return Cases(slope.left, slope.op, slope.right, then, otherwise)
    if _ZERO in (factor, slope):
        return total
    product = factor if slope == _ONE else slope if factor == _ONE else _product(factor, slope)
    return product if total == _ZERO else Add((total, product))


def _product(a: Formula, b: Formula) -> Formula:
    signs = isinstance(a, Neg) + isinstance(b, Neg)
    one, other = (part.body if isinstance(part, Neg) else part for part in (a, b))
    parts = [one, other] if _ONE not in (one, other) else [other if one == _ONE else one]
    made = Mul(tuple(parts)) if len(parts) > 1 else parts[0]
    return Neg(made) if signs == 1 else made
