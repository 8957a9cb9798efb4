"""A definition of attention -> the quantities of its forward pass and error, stage by stage."""

from __future__ import annotations

from generator.formula.tree import Add, Call, Formula, Mul, Ref
from generator.graph.quantities import Label, Quantity, Role
from generator.kinds.attention.mixtures import mixed
from generator.kinds.attention.model import PROJECTIONS, Attention
from generator.kinds.attention.placed import Cells, Placed, total
from generator.learning.normalization import Part, scaled, standardized

LOSS = "E_total"
_NORM = {  # what each part of a layer norm is called, and its rule
    Part.MEAN: ("m", "mean"),
    Part.DEVIATION: ("D", "deviation"),
    Part.VARIANCE: ("v", "variance"),
    Part.SPREAD: ("s", "spread"),
    Part.STANDARD: ("N", "normalized"),
}


class Attending(Placed):
    """The quantities in the order of computing; `rows` has the entries' names of what is given, by its letter."""

    def __init__(self, problem: Attention) -> None:
        shared = (f"{sign}{own}" for sign in ("", "W_", "b_") for own in PROJECTIONS)
        super().__init__(problem.columns, problem.heads, (*shared, "C", "W_O"))
        self.problem = problem
        self.rows: dict[str, Cells] = {}
        self._givens()
        inputs = self.rows.get("X", ())
        if problem.normalization == "before":
            inputs = self._normalized(inputs)
        others = self.rows.get("U", inputs)
        queries, keys, values = (self._projected(letter, inputs if letter == "Q" else others) for letter in PROJECTIONS)
        made = mixed(problem, self, queries, keys, values)
        if "W_O" in problem.weights:
            made = self._product("O", "projection", made)
        if problem.residual:
            made = self._plus(self.rows["X"], made)
        if problem.normalization == "after":
            made = self._normalized(made)
        self._error(made)

    def _givens(self) -> None:
        problem = self.problem
        given = {letter: problem.given(letter) for letter in PROJECTIONS}
        for name, rows in {"X": problem.inputs, "U": problem.memory, **given}.items():
            if rows is not None:
                self.rows[name] = self.given(name, rows, "input")
        for name, rows in problem.weights.items():
            kind = "bias" if name.startswith("b") else "weight"
            is_matrix = name.startswith("W")
            self.rows[name] = self.weight(name, rows, name == "W_O") if is_matrix else self.given(name, rows, kind)
        if problem.normalization != "none" and problem.epsilon:
            self.given("epsilon", ((problem.epsilon,),), "setting")
        if problem.targets:
            self.rows["T"] = self.given("T", problem.targets, "target")
        if problem.upstream:
            self.rows["G"] = self.given("G", problem.upstream, "given")

    # --- stages ---

    def _projected(self, letter: str, inputs: Cells) -> Cells:
        if self.problem.given(letter) is not None:
            return self.rows[letter]
        if f"W_{letter}" not in self.problem.weights:
            self.parts_of_heads(inputs)
            return inputs
        return self._product(letter, PROJECTIONS[letter], inputs)

    def _product(self, letter: str, group: str, rows: Cells) -> Cells:
        return self.product(letter, group, rows, self.rows[f"W_{letter}"], self.rows.get(f"b_{letter}"))

    def _plus(self, inputs: Cells, made: Cells) -> Cells:
        formulas: dict[tuple[int, int], Formula] = {
            (i, j): Add((Ref(x), Ref(o)))
            for i, (left, right) in enumerate(zip(inputs, made, strict=True))
            for j, (x, o) in enumerate(zip(left, right, strict=True))
        }
        return self.made("H", "residual", "residual", formulas)

    def _normalized(self, rows: Cells) -> Cells:
        """Layer norm: the numbers of a token less their mean, over their standard deviation (that of a population)."""
        epsilon = Ref("epsilon") if self.problem.epsilon else None
        made: dict[Part, Cells] = {}
        for part, (name, rule) in _NORM.items():
            formulas: dict[tuple[int, int], Formula] = {}
            for i, row in enumerate(rows):
                before = {known: cells[i] for known, cells in made.items()}
                for j, tree in enumerate(standardized(part, row, before, len(row), epsilon)):
                    formulas[i, j] = tree
            made[part] = self.made(name, "norm", rule, formulas)
        gains, shifts = (self.rows[name][0] if name in self.rows else None for name in ("gamma", "beta"))
        standard = made[Part.STANDARD]
        if gains is None and shifts is None:
            return standard
        last = {
            (i, j): scaled(own, gains[j] if gains else "", shifts[j] if shifts else "")
            for i, row in enumerate(standard)
            for j, own in enumerate(row)
        }
        return self.made("Y", "norm", "scaled", last)

    # --- the error ---

    def _error(self, made: Cells) -> None:
        label = Label("loss", LOSS)
        pairs = [(i, j, own) for i, row in enumerate(made) for j, own in enumerate(row)]
        if self.problem.upstream:
            whole = total([Mul((Ref(self.rows["G"][i][j]), Ref(own))) for i, j, own in pairs])
            self.quantities.append(Quantity(LOSS, Role.LOSS, label, whole, "weighted_total", "loss"))
        if not self.problem.targets:
            return
        terms = []
        for i, j, own in pairs:
            target = self.rows["T"][i][j]
            symbol = f"E{target.removeprefix('T')}"
            formula = Call(self.problem.loss, (Ref(target), Ref(own)))
            place = symbol.removeprefix("E_")
            terms.append(Quantity(symbol, Role.LOSS, Label("value", symbol, place, of="E"), formula, "error", "loss"))
        if len(terms) == 1:
            self.quantities.append(Quantity(LOSS, Role.LOSS, label, terms[0].formula, "error", "loss"))
            return
        whole = Add(tuple(Ref(term.name) for term in terms))
        self.quantities += [*terms, Quantity(LOSS, Role.LOSS, label, whole, "total", "loss")]
