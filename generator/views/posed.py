"""`Worked` -> the steps that say what is computed, in symbols: a worksheet that shows no working has to state it.

Of what is worked alike one is stated. An author's own formulas are alike where one becomes the other by going on along
the index. What a rule makes (the weighted sums of units, the windows of an image) is alike whatever it is of, and the
one is stated whose formula says the most: in a masked row or at an edge, some have fewer terms than others.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace

from generator.derive.firsts import Firsts
from generator.derive.steps import Step
from generator.formula.tree import Add, Call, Formula, Mul, Ref, rebuild, references, walk
from generator.formula.tree import replace as replaced
from generator.graph.quantities import Quantity, Role
from generator.once import once
from generator.pipeline import Worked
from generator.views.alike import sort_of

_ROLES = (Role.FORWARD, Role.LOSS, Role.UPDATE)
_OWN = ("formula", "update_own")  # rules of which no sentence says what they do: the formula is all there is
_INDEX = re.compile(r"(.*?)((?:_\d+)*)")


@dataclass(frozen=True)
class Posed:
    """Steps whose equations are symbols only; `others`: some quantities are made like one that is stated.

    `own` are all that authors' formulas make, each stated itself or by another entry.
    """

    steps: tuple[Step, ...]
    others: bool
    own: frozenset[str]

    def says(self, step: Step) -> bool:
        """Whether the sentence of `step` stands with what is stated."""
        rules = {stated.rule for stated in self.steps} - set(_OWN)
        return step.rule in rules or step.target in self.own or step.target in {stated.target for stated in self.steps}


@once
def posed(worked: Worked) -> Posed:
    """What is computed before the first update, and how what is updated changes."""
    firsts = Firsts(worked.graph, "first", lambda name: False)
    kinds: dict[Hashable, list[Step]] = {}
    first = list(_first_round(worked))
    for step in first:
        tensor = worked.graph.tensor.get(step.target)
        if tensor is not None:  # in every time step, head or observation the same
            kind: Hashable = (tensor.rule, replace(tensor.label, case=""), tensor.group.partition(":")[0])
        else:
            quantity = worked.graph[step.target]
            is_step = quantity.role is Role.UPDATE and quantity.rule not in _OWN
            kind = _line(worked, firsts, quantity) if is_step else firsts.kind(quantity)
        kinds.setdefault(kind, []).append(step)
    stated = [list(_told_apart(worked, alike)) for alike in kinds.values()]
    others = any(len(one) < len(alike) for one, alike in zip(stated, kinds.values(), strict=True))
    own = frozenset(step.target for step in first if step.rule in _OWN)
    return Posed(tuple(step for one in stated for step in one), others, own)


def _first_round(worked: Worked) -> Iterator[Step]:
    """The steps that compute or update something, each with its symbols only."""
    graph = worked.graph
    for section in worked.sections("asked"):
        if section.round or section.code == "matrices":  # which says what stands where
            continue
        for step in section.walk():
            made = graph.tensor.get(step.target)
            role = made.role if made else graph[step.target].role if step.target in graph else None
            equations = tuple(
                replace(each, parts=tuple(part for part in each.parts if part.kind == "formula"))
                for each in step.equations
            )
            if role in _ROLES and (step.cell or all(each.parts for each in equations)):
                yield replace(step, equations=equations, before=(), after=(), number=0)


def _line(worked: Worked, firsts: Firsts, quantity: Quantity) -> Hashable:
    """Which line of an update a quantity is; every parameter takes its step alike."""
    label = firsts.base(quantity.label)
    is_own = label.kind in ("state", "value") and label.of in worked.graph  # m_w1, for the parameter w1
    return quantity.rule, label.name.removesuffix(f"_{label.of}") if is_own else ""


def _told_apart(worked: Worked, alike: list[Step]) -> Iterator[Step]:
    """Of steps of one kind, those that have to be stated; what stands in a cell of a table is like another case."""
    first = alike[0]
    if first.target in worked.graph.tensor:
        yield first
    elif worked.graph[first.target].rule in _OWN:
        families: list[list[Step]] = []
        for step in alike:
            own = (family for family in families if _goes_on(worked, family[0].target, step.target))
            family = next(own, None)
            if family is None:
                families.append(family := [])
            family.append(step)
        for family in families:  # S₁₂ says more than S₁₁ does; the author's sentence is that of the first
            yield replace(max(family, key=lambda step: _length(worked, step.target)), target=family[0].target)
    else:
        forms: dict[frozenset[Formula], Step] = {}
        for step in (step for step in alike if not step.cell):
            form = _form(worked, step.target)
            best = forms.get(form)
            if best is None or _length(worked, step.target) > _length(worked, best.target):
                forms[form] = step
        yield from (step for form, step in forms.items() if not any(form < other for other in forms))


# --- an author's own formulas ---


def _goes_on(worked: Worked, name: str, other: str) -> bool:
    """Whether a formula becomes the other where each index stays or goes on as that of the name does."""
    steps = {there - here for here, there in zip(_index(name), _index(other), strict=False)} | {0}
    one, two = worked.graph[name].formula, worked.graph[other].formula
    assert one is not None
    assert two is not None
    if replaced(one, _bare) != replaced(two, _bare):
        return False
    pairs = zip(_names(one), _names(two), strict=True)
    return all(
        there - here in steps
        for before, after in pairs
        for here, there in zip(_index(before), _index(after), strict=True)
    )


def _names(formula: Formula) -> list[str]:
    return [part.name for part in walk(formula) if isinstance(part, Ref)]


def _split(name: str) -> tuple[str, str]:
    match = _INDEX.fullmatch(name)
    assert match is not None
    return match[1], match[2]


def _bare(ref: Ref) -> Ref:
    stem, index = _split(ref.name)
    return Ref(f"{stem}{'_' * index.count('_')}")


def _index(name: str) -> list[int]:
    name = re.sub(r"_new\d*$", "", name)
    return [int(number) for number in _split(name)[1].split("_")[1:]]


# --- what rules make ---


def _form(worked: Worked, name: str) -> frozenset[Formula]:
    """The sorts of terms in a formula, whatever quantities they are of and however many there are."""
    formula = worked.graph[name].formula
    assert formula is not None, name
    made = _without_repeats(sort_of(formula))
    return frozenset(made.terms if isinstance(made, Add) else (made,))


def _length(worked: Worked, name: str) -> int:
    formula = worked.graph[name].formula
    return len(references(formula)) if formula is not None else 0


def _without_repeats(formula: Formula) -> Formula:
    """A sort of formula with each argument of a function and each factor of a product once."""
    made = rebuild(formula, _without_repeats)
    match made:
        case Call(name, args):
            return Call(name, tuple(dict.fromkeys(args)))
        case Mul(factors):
            return Mul(tuple(dict.fromkeys(factors)))
    return made
