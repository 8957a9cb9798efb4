"""Formulas of a program -> where double precision needs care to arrive at what exact arithmetic finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from generator.errors import LonghandError
from generator.formula.tree import Add, Call, Cases, Div, Formula, Mul, Neg, Num, num, rebuild, walk
from generator.solve.exact import Exact, evaluate, is_logarithm


def shifted(tree: Formula) -> Formula:
    """`tree` with each e^a / (e^a + e^b + …) as 1 / (e^(a − a) + e^(b − a) + …): infinity over infinity is none."""
    made = rebuild(tree, shifted)
    match made:
        case Div(Call("exp", (own,)), Add(terms)) if all(isinstance(t, Call) and t.name == "exp" for t in terms):
            less = (Call("exp", (Add((term.args[0], Neg(own))),)) for term in terms if isinstance(term, Call))
            return Div(num(1), Add(tuple(less)))
    return made


def logarithms_of_zero(formulas: Iterable[Formula], value_of: Callable[[str], Exact]) -> frozenset[str]:
    """The logarithms that are taken of zero, as factors of products that are zero: 0 ln 0 counts as 0."""
    found = set()
    for tree in formulas:
        for part in walk(tree):
            for factor in part.factors if isinstance(part, Mul) else ():
                if isinstance(factor, Call) and is_logarithm(factor) and _is_zero(factor.args[0], value_of):
                    found.add(factor.name)
    return frozenset(found)


def _is_zero(tree: Formula, value_of: Callable[[str], Exact]) -> bool:
    try:
        return evaluate(tree, value_of) == 0
    except LonghandError:  # inside a case that does not hold
        return False


def divides_in_a_case(formulas: Iterable[Formula]) -> bool:
    """Whether a case has a quotient or a logarithm in it: NumPy works all cases, also the one that does not hold."""
    cases = (part for tree in formulas for part in walk(tree) if isinstance(part, Cases))
    inside = (part for case in cases for branch in (case.then, case.otherwise) for part in walk(branch))
    return any(_can_fail(part) for part in inside)


def _can_fail(part: Formula) -> bool:
    if isinstance(part, Div):
        return not isinstance(part.bottom, Num)
    return is_logarithm(part) or (isinstance(part, Call) and part.name == "sqrt")
