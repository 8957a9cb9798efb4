"""Graph -> checks of what always holds: the outputs of a softmax sum to one, an entropy lies between 0 and log k.

Of what is worked alike (in every row, head, observation or time step) the first is checked, or the longest one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from generator.errors import SolveError
from generator.formula.tree import Add, Call, Div, Formula, Mul, Neg, Ref, num
from generator.graph.quantities import Check, Graph, Label, Quantity, Role
from generator.solve.traces import solve

_LOGARITHMS = ("log", "log2", "log10")
_CLOSE = 1e-12  # how near to one the shares of a distribution add up, in double precision


def invariants(graph: Graph) -> Iterator[Check]:
    """What holds of the softmaxes and entropies on the way forward, whatever their inputs are."""
    for shares in _softmaxes(graph):
        yield Check("softmax", Add(tuple(map(Ref, shares))), "=", num(1))
    for name, limit in _entropies(graph):
        yield Check("entropy", num(0), "≤", Ref(name))
        yield Check("entropy", Ref(name), "≤", limit)


def _forward(graph: Graph) -> Iterable[Quantity]:
    return (q for q in graph.of_role(Role.FORWARD, Role.LOSS) if not q.round)


def _family(quantity: Quantity) -> tuple[str, str, str]:
    """What is worked alike: the kind of a quantity, what it is an entry of, its layer (any head, step or row)."""
    stem = re.sub(r"(_?\d+)+$", "", quantity.label.of or quantity.label.name)
    return quantity.label.kind, stem, quantity.group.partition(":")[0]


# --- softmax ---


def _softmaxes(graph: Graph) -> Iterator[tuple[str, ...]]:
    """The outputs of the softmaxes, those of each family once."""
    found: dict[tuple[tuple[str, str, str], tuple[Formula, ...]], list[Quantity]] = {}
    for quantity in _forward(graph):
        components = _components(graph, quantity.formula)
        if components is not None:
            found.setdefault((_family(quantity), components), []).append(quantity)
    whole: dict[tuple[str, str, str], list[str]] = {}
    for (family, components), outputs in found.items():
        tops = {_top(output.formula) for output in outputs}
        if len(outputs) == len(components) > 1 and tops == set(components):
            names = [output.name for output in outputs]
            if len(names) > len(whole.get(family, ())):
                whole[family] = names
    yield from map(tuple, whole.values())


def _components(graph: Graph, formula: Formula | None) -> tuple[Formula, ...] | None:
    """What a softmax is over: its inputs, or, where it is written as a share, the exponentials that are added up."""
    match formula:
        case Call("softmax", (_, *inputs)):
            return tuple(inputs)
        case Div(top, bottom):
            total = graph[bottom.name].formula if isinstance(bottom, Ref) else bottom
            if isinstance(total, Add) and top in total.terms and all(_is_exponential(graph, t) for t in total.terms):
                return total.terms
    return None


def _top(formula: Formula | None) -> Formula | None:
    match formula:
        case Call(_, (own, *_)):
            return own
        case Div(top):
            return top
    return None


def _is_exponential(graph: Graph, term: Formula) -> bool:
    made = graph[term.name].formula if isinstance(term, Ref) else term
    return isinstance(made, Call) and made.name == "exp"


# --- entropy ---


def _entropies(graph: Graph) -> Iterator[tuple[str, Formula]]:
    """Each entropy, those of each family once, and the largest that it can be: the logarithm of the classes' number."""
    seen: set[tuple[str, str, str]] = set()
    for quantity in _forward(graph):
        made = _shares(quantity.formula) if quantity.formula is not None else None
        if made is None or _family(quantity) in seen:
            continue
        logarithm, shares = made
        if len(shares) > 1 and _is_distribution(graph, shares):
            seen.add(_family(quantity))
            yield quantity.name, Call(logarithm, (num(len(shares)),))


def _shares(formula: Formula) -> tuple[str, tuple[Formula, ...]] | None:
    """The logarithm of an entropy and the shares that it is of: of every term -p log p the p."""
    shares: list[Formula] = []
    logarithms: set[str] = set()
    for sign, term in _terms(formula, 1):
        match term:
            case Mul((share, Call(name, (of,)))) | Mul((Call(name, (of,)), share)) if name in _LOGARITHMS:
                if share != of or sign > 0:
                    return None
                shares.append(share)
                logarithms.add(name)
            case _:
                return None
    return (logarithms.pop(), tuple(shares)) if len(logarithms) == 1 else None


def _terms(formula: Formula, sign: int) -> Iterator[tuple[int, Formula]]:
    """The terms of a sum with their signs, of sums inside it too."""
    match formula:
        case Add(terms):
            for term in terms:
                yield from _terms(term, sign)
        case Neg(body):
            yield from _terms(body, -sign)
        case Mul((Neg(first), *rest)):
            yield -sign, Mul((first, *rest))
        case _:
            yield sign, formula


def _is_distribution(graph: Graph, shares: tuple[Formula, ...]) -> bool:
    """Whether the shares are not negative and add up to one."""
    made = [Quantity(f"share{number}", Role.CHECK, Label("check"), share) for number, share in enumerate(shares)]
    try:
        values = solve(graph.extended(*made))
    except SolveError:
        return False
    found = [float(values[quantity.name][0]) for quantity in made]
    return min(found) >= 0 and abs(sum(found) - 1) < _CLOSE
