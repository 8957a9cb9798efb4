"""Definition by formulas -> what is wrong with it beyond its types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.definitions.problem import Finding
from generator.definitions.rows import PRINTED
from generator.definitions.source import Location
from generator.errors import FormulaError, nearest
from generator.formula.grids import Grid, Value, named, names_of, referring
from generator.formula.infix import parse
from generator.formula.made import Made
from generator.formula.naming import lines
from generator.formula.recurrences import batches
from generator.formula.tree import Formula, references
from generator.formula.vectors import expand, function_names
from generator.kinds.formulas.entries import entry_names, for_updates, known_givens, moved, numbers_of, sizes_of
from generator.kinds.formulas.model import Definition
from generator.learning.training import check_brought, check_learning, check_training


def check(problem: Definition) -> Iterator[Finding]:
    """What is wrong with a definition beyond its types, in the order of the file."""
    try:
        names = problem.own
    except FormulaError as error:
        yield ("functions",), f"{len(problem.functions)} functions", f"functions that can be worked: {error}"
        return
    known = known_givens(problem)
    taken = {entry for name, value in known.items() for entry, _ in names_of(name, value)}
    for name in names:
        if name in function_names():
            yield ("functions",), f"`{name}`", "a name that no function has yet"
    for place, name in _named(problem):
        if name in PRINTED:
            yield place, f"`{name}`", f"a name that is not printed as the function is, such as `{name}_1`"
            return
    if not (problem.formulas or problem.parts or problem.update):
        yield (), "no formula", "`formulas`, or `parts` with formulas, or `update`"
    if problem.formulas and problem.parts:
        yield ("parts",), "parts beside `formulas`", "one of the two"
    made = Made(numbers_of(problem))
    for _, place, formulas in problem.grouped():
        trees: dict[str, Formula] = {}
        for name, text in formulas.items():
            try:
                trees[name] = problem.parsed(text)
            except FormulaError as error:
                yield (*place, name), f"`{text}`", f"a formula that can be worked: {error}"
                return
        for batch in batches(trees, known):
            name = next(iter(batch))
            try:
                worked = lines(batch, known, made)
            except FormulaError as error:
                yield (*place, name), f"`{formulas[name]}`", f"a formula that can be worked: {error}"
                return
            for line in worked:
                entries = {entry for entry, _, _ in line.entries()}
                if line.name in known or taken & entries:
                    yield (*place, name), f"`{line.name}`, which is taken", "a name of its own"
                    return
                known[line.name] = referring(line.name, line.value)
                taken |= entries
                made.remember(line)
    for name in problem.say:
        if name not in known or name in problem.givens:
            yield ("say", name), f"`{name}`", "the name of a formula"
    changing = _changing(problem)
    for number, name in enumerate(problem.table):
        if name not in changing:
            near = nearest(name, changing)
            yield ("table", number), f"`{name}`", f"what is updated, or a formula that changes with it{near}"
    yield from _check_derivatives(problem, known)
    asked = [of for _, of, _ in problem.derivatives()]
    if problem.drawing == "circuit" and (len(asked) != 1 or isinstance(known.get(asked[0]), Grid)):
        found = f"a circuit of {', '.join(asked) or 'nothing that is differentiated'}"
        yield ("drawing",), found, "`differentiate` beside it, of one formula that is one number"
    yield from _check_updates(problem, known, taken)


def _named(problem: Definition) -> Iterator[tuple[Location, str]]:
    """What has a name in a definition, and where it stands."""
    yield from ((("givens", name), name) for name in problem.givens)
    yield from (((*place, name), name) for _, place, formulas in problem.grouped() for name in formulas)


def _changing(problem: Definition) -> list[str]:
    """What has other values after an update: what is updated, and the formulas with that in them."""
    found = [name for key in problem.update for name in references(parse(key))]
    for _, _, formulas in problem.grouped():
        found += (name for name, text in formulas.items() if set(references(problem.parsed(text))) & set(found))
    return found


def _check_derivatives(problem: Definition, known: Mapping[str, Value]) -> Iterator[Finding]:
    seen: set[str] = set()
    by_gradients = isinstance(problem.update, tuple) and bool(problem.update)
    for place, of, wrt in problem.derivatives():
        if of not in known or of in problem.givens:
            near = nearest(of, (name for name in known if name not in problem.givens))
            yield place, f"`{of}`", f"the name of a formula{near}"
        elif by_gradients and isinstance(known[of], Grid):
            found, expected = f"`{of}`, which is {known[of]}", "a formula that is one number"
            yield place, found, f"{expected}, where givens take gradient steps"
        elif of in seen or (seen and by_gradients):
            found = f"`{of}` a second time" if of in seen else f"`{of}` beside `{min(seen)}`"
            yield place, found, "one formula, where givens take gradient steps" if by_gradients else "each formula once"
        seen.add(of)
        start = place[: place.index("of")]
        for number, name in enumerate(wrt):
            before = list(known)[: list(known).index(of)] if of in known else list(known)
            if name not in before:
                found, near = f"`{name}`", nearest(name, before)
                yield (*start, "wrt", number), found, f"the name of a given or of a formula before `{of}`{near}"


def _check_updates(problem: Definition, known: Mapping[str, Value], taken: set[str]) -> Iterator[Finding]:
    trained: list[str] = []
    for number, name in enumerate(problem.update):
        place = number if isinstance(problem.update, tuple) else name
        value = moved(problem, name)
        if value is None:
            yield ("update", place), f"`{name}`", f"one of the givens, or an entry of one: {', '.join(problem.givens)}"
            return
        twice = [entry for entry in entry_names(value) if entry in trained]
        if twice:
            yield ("update", place), f"`{name}`", f"what no other line updates (`{twice[0]}` has a new value already)"
            return
        trained += entry_names(value)
    moves = bool(problem.update) and problem.differentiate is not None
    yield from check_training(problem, moves, "`update`, and `differentiate` for what is to become small")
    if isinstance(problem.update, dict):
        yield from check_brought(problem, taken, ())
        for name, text in problem.update.items():
            try:
                value = expand(problem.parsed(text), for_updates(problem, known, name))
            except FormulaError as error:
                yield ("update", name), f"`{text}`", f"a formula that can be worked: {error}"
                return
            old = moved(problem, name)
            if old is not None and sizes_of(value) != sizes_of(old):
                yield ("update", name), f"`{text}`, which is {named(value)}", named(old)
        return
    if problem.update and (problem.learning_rate is None or problem.differentiate is None):
        yield ("update",), "an update by gradients", "`differentiate` and `learning_rate` beside it"
    found = [*check_learning(problem)]
    yield from found or check_brought(problem, taken, trained)
