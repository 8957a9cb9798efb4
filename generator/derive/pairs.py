"""Graph and a gradient before a softmax, or behind a logistic output -> its short form where cross-entropy follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generator.derive.steps import Equation
from generator.formula.functions import VECTORS, bound
from generator.formula.infix import parse
from generator.formula.sums import sum_of
from generator.formula.tree import Add, Call, Formula, Mul, Neg, Ref, num
from generator.graph.quantities import Graph, Quantity, Role, derivative_name


@dataclass(frozen=True, slots=True)
class Softmax:
    """The gradient of a loss with respect to one argument of a softmax whose components are errors' outputs.

    With p the components, t their targets and E the sum of the cross-entropies -t ln p, the way through the Jacobian
    comes down to dE/dz_j = p_j (t_1 + ... + t_n) - t_j, whatever the targets are; where they add up to one, p_j - t_j,
    which is `short`. Where the error is -ln p of one component, its target is 1 and those of the others are 0: then
    `targets` have no names.
    """

    post: str
    target: str
    targets: tuple[str, ...]
    formula: Formula
    short: Formula
    factor: str = ""  # the derivative of the loss with respect to that sum, where the loss is another

    def adds_up(self, graph: Graph) -> bool:
        """Whether the given targets add up to one."""
        return not self.targets or sum(graph.givens[name] for name in self.targets) == 1

    @classmethod
    def of(cls, graph: Graph, gradient: Quantity) -> Softmax | None:
        """The short form of a gradient (`None`: it has none, for something else stands on the way)."""
        loss, name = gradient.label.of, gradient.label.wrt
        targets: dict[str, Formula] = {}
        ends: set[str] = set()
        own = next((user for user in _users(graph, name) if _is_of(graph, user, name)), "")
        if not own:
            return None
        leading = graph.computing(loss)
        for post in (user for user in _users(graph, name) if user in leading):
            call, users = graph[post].formula, [user for user in _users(graph, post) if user in leading]
            if not isinstance(call, Call) or call.name not in VECTORS or len(users) != 1:
                return None
            target = _target(graph, users[0], post)
            if target is None:
                return None
            targets[post] = target
            ends.add(_summed(graph, users[0]))
        (end, *others) = ends or ("",)
        if not targets or others:
            return None
        factor = derivative_name(loss, end) if end != loss else ""
        named = [target.name for target in targets.values() if isinstance(target, Ref)]
        if len(named) == len(targets) and own in targets:
            forms = _forms(Ref(own), sum_of(tuple(map(Ref, named))), targets[own])
            wanted = named[[*targets].index(own)]
        elif [*targets.values()] == [num(1)]:
            short: Formula = Add((Ref(own), Neg(num(1)))) if own in targets else Ref(own)
            forms, named, wanted = [short, short], [], ""
        else:
            return None
        formula, short = [Mul((Ref(factor), form)) for form in forms] if factor else forms
        return cls(own, wanted, tuple(named), formula, short, factor)


@dataclass(frozen=True, slots=True)
class ShortWay:
    """A gradient before softmax and cross-entropy: how it is shown first, and later; whether its targets `add_up` to
    one; the tensors of the softmax and of the targets, and the form of the first entry.
    """

    first: Equation
    later: Equation
    adds_up: bool
    post: str
    target: str
    pair: Softmax


def adding_up(graph: Graph) -> Iterator[tuple[str, ...]]:
    """The targets of each softmax before cross-entropies that add up to one as they are given."""
    losses = dict.fromkeys(done.loss for done in graph.differentiated if done.loss)  # each turn has its own
    named = (derivative_name(loss, quantity.name) for loss in losses for quantity in graph)
    found = (Softmax.of(graph, graph[name]) for name in named if name in graph)
    yield from dict.fromkeys(
        pair.targets for pair in found if pair is not None and pair.targets and pair.adds_up(graph)
    )


@dataclass(frozen=True, slots=True)
class Logistic:
    """The gradient of a loss with respect to a weight of logistic outputs whose errors are binary cross-entropies.

    With y an output, t its target and x what the weight is multiplied by, the derivatives of the error and of the
    logistic function multiply to y - t, so that an output has the share (y - t) x in the gradient.
    """

    post: str
    target: str
    formula: Formula
    factor: str = ""  # as in `Softmax`

    @classmethod
    def of(cls, graph: Graph, gradient: Quantity) -> Logistic | None:
        """The short form of a gradient (`None`: it has none)."""
        loss, weight = gradient.label.of, gradient.label.wrt
        pres = [name for name in _users(graph, weight) if name in graph.computing(loss)]
        found = [_logistic(graph, pre) for pre in pres]
        terms: list[Formula] = []
        factor = ""
        for pre, pair in zip(pres, found, strict=True):
            if pair is None or derivative_name(pre, weight) not in graph:
                return None
            end = _summed(graph, pair[2])
            factor = derivative_name(loss, end) if end != loss else ""
            if factor and factor not in graph:
                return None
            difference = Add((Ref(pair[0]), Neg(Ref(pair[1]))))
            own = graph[derivative_name(pre, weight)].formula
            shares = (*((Ref(factor),) if factor else ()), difference, *((own,) if own is not None else ()))
            terms.append(Mul(shares))
        if not terms or found[0] is None:
            return None
        return cls(found[0][0], found[0][1], sum_of(terms), factor)


def _logistic(graph: Graph, pre: str) -> tuple[str, str, str] | None:
    """The output, the target and the error of a weighted sum that a logistic function turns into an output."""
    (post, *others) = [*_users(graph, pre), ""]
    call = graph[post].formula if post and others == [""] else None
    errors = _users(graph, post) if isinstance(call, Call) and call.name == "logistic" else []
    target = _target(graph, errors[0], post, "binary_cross_entropy") if len(errors) == 1 else None
    return (post, target.name, errors[0]) if isinstance(target, Ref) else None


def _users(graph: Graph, name: str) -> list[str]:
    return [user for user in graph.consumers[name] if graph[user].role in (Role.FORWARD, Role.LOSS)]


def _forms(own: Ref, whole: Formula, target: Formula) -> list[Formula]:
    """p (t_1 + … + t_n) - t, and p - t."""
    return [Add((Mul((own, whole)), Neg(target))), Add((own, Neg(target)))]


def _is_of(graph: Graph, post: str, name: str) -> bool:
    """Whether a quantity is the component of a softmax that belongs to an argument."""
    call = graph[post].formula
    return isinstance(call, Call) and call.name in VECTORS and call.args[0] == Ref(name)


def _target(graph: Graph, error: str, output: str, row: str = "cross_entropy") -> Formula | None:
    """The target of a cross-entropy with the natural logarithm, of this output, or of a sum -(t ln p + …)."""
    tree = graph[error].formula
    if row == "cross_entropy" and isinstance(tree, Neg):
        terms = tree.body.terms if isinstance(tree.body, Add) else (tree.body,)
        found = [target for target, of in map(_logarithm, terms) if of == Ref(output)]
        return found[0] if len(found) == 1 and all(of is not None for _, of in map(_logarithm, terms)) else None
    if not isinstance(tree, Call) or tree.name != row or bound(tree)["base"] != parse("exp(1)"):
        return None
    target, of, *_ = tree.args
    return target if isinstance(target, Ref) and of == Ref(output) else None


def _logarithm(term: Formula) -> tuple[Formula, Formula | None]:
    """t and p of a term t ln p (`None`: it is none)."""
    match term:
        case Call("log", (of,)):
            return num(1), of
        case Mul((Ref() as target, Call("log", (of,)))):
            return target, of
    return num(0), None


def _summed(graph: Graph, name: str) -> str:
    """The last of the plain sums that a loss goes into, one after the other (itself where there is none)."""
    while True:
        users = _users(graph, name)
        formula = graph[users[0]].formula if len(users) == 1 else None
        if not isinstance(formula, Add) or not all(isinstance(term, Ref) for term in formula.terms):
            return name
        (name,) = users
