"""Formula that calls the author's own functions -> the same with what each of them stands for in its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from generator.errors import FormulaError
from generator.formula.infix import parse
from generator.formula.tree import Call, Div, Formula, Num, Ref, rebuild, references, substitute, walk

NAMED = "named:"  # a call of this and a parameter's name: an argument that is worked by itself, once
LOOPS = ("each", "rows")  # what a loop is called: its numbers as one vector, or vectors as the rows of a matrix
UNROLLED = "unrolled:"  # before that, of a loop that has the formulas of all its turns


@dataclass(frozen=True, slots=True)
class OwnFunction:
    """What `f(x, y)` stands for: a formula over its parameters and over what has a name where it is called."""

    parameters: tuple[str, ...]
    body: Formula

    @property
    def indices(self) -> frozenset[str]:
        """The indices of the loops in it."""
        return indices_of(self.body)


def indices_of(tree: Formula) -> frozenset[str]:
    """The indices of the loops in a formula."""
    loops = (part for part in walk(tree) if isinstance(part, Call) and part.name in LOOPS)
    return frozenset(index.name for loop in loops if isinstance(index := loop.args[1], Ref))


def own_functions(texts: Mapping[str, str]) -> Mapping[str, OwnFunction]:
    """`f(x, y): x**2 - y` by name; a function may call those before it. Raises `FormulaError` for anything else."""
    known: dict[str, OwnFunction] = {}
    for head, body in texts.items():
        match parse(head):
            case Call(name, args) if args and all(isinstance(arg, Ref) for arg in args):
                parameters = references(Call(name, args))
            case _:
                raise FormulaError(f"`{head}` is not a function and its parameters, as in `f(x, y)`")
        if len(parameters) < len(args) or name in known:
            raise FormulaError(f"`{head}` has a name twice")
        known[name] = OwnFunction(parameters, inlined(parse(body), known))
    return known


def inlined(tree: Formula, known: Mapping[str, OwnFunction]) -> Formula:
    """`tree` without calls of own functions. Raises `FormulaError` where the arguments of one do not fit."""
    tree = rebuild(tree, lambda part: inlined(part, known))
    if not (isinstance(tree, Call) and tree.name in known):
        return tree
    function = known[tree.name]
    if len(tree.args) != len(function.parameters):
        raise FormulaError(f"`{tree.name}` is of {', '.join(function.parameters)}, not of {len(tree.args)} arguments")
    for name in references(tree):
        if name in function.indices:
            raise FormulaError(f"`{tree.name}` has the index `{name}` in it: call the one outside it differently")
    used = Counter(part.name for part in walk(function.body) if isinstance(part, Ref))
    places = zip(function.parameters, tree.args, strict=True)
    return substitute(function.body, {name: _argument(name, own, used[name]) for name, own in places})


def _argument(name: str, argument: Formula, times: int) -> Formula:
    """What stands in a parameter's places: where these are several, something to be worked once, called like it."""
    is_short = (
        isinstance(argument, Ref | Num)
        or (isinstance(argument, Call) and argument.name == "entry")
        or role_of(argument)
    )
    return argument if times < 2 or is_short else Call(f"{NAMED}{name}", (argument,))


def role_of(tree: Formula) -> str:
    """What the argument of an own function is called that is worked once (empty: it is none)."""
    return tree.name.removeprefix(NAMED) if isinstance(tree, Call) and tree.name.startswith(NAMED) else ""


def is_loop(tree: Formula) -> TypeGuard[Call]:
    """Whether `tree` is a loop, with a formula over its index or with those of all its turns."""
    return isinstance(tree, Call) and tree.name.removeprefix(UNROLLED) in LOOPS


def with_named_logarithms(tree: Formula) -> Formula:
    """`tree` with each `log(x, b)` as log2 or log10, or as ln x / ln b."""
    tree = rebuild(tree, with_named_logarithms)
    match tree:
        case Call("log", (of, Num(base))) if base in (2, 10):
            return Call(f"log{base}", (of,))
        case Call("log", (of, base)):
            return Div(Call("log", (of,)), Call("log", (base,)))
    return tree
