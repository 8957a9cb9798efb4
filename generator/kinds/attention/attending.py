"""A definition of attention -> the quantities of its forward pass and error, stage by stage."""

from __future__ import annotations

from generator.definitions.rows import Chosen, arguments, row_name
from generator.formula.functions import ACTIVATIONS, VECTORS
from generator.formula.sums import sum_of
from generator.formula.tree import Add, Call, Div, Formula, Mul, Ref, num
from generator.graph.quantities import Label, Quantity, Role
from generator.kinds.attention.mixtures import mixed
from generator.kinds.attention.model import PROJECTIONS, Attention
from generator.kinds.attention.placed import Cells, Placed
from generator.learning.losses import averages, error_of
from generator.learning.normalization import Part, scaled, standardized

LOSS = "E_total"
SUM = "L"  # of all outputs, each times what is given for it: no error
_NORM = {  # what each part of a layer norm is called, and its rule
    Part.MEAN: ("m", "mean"),
    Part.DEVIATION: ("D", "deviation"),
    Part.VARIANCE: ("v", "variance"),
    Part.SPREAD: ("s", "spread"),
    Part.STANDARD: ("N", "normalized"),
}


class Attending(Placed):
    """The quantities in the order of computing. `loss` is what is differentiated (empty: nothing is)."""

    def __init__(self, problem: Attention) -> None:
        shared = {f"{sign}{own}": _heads_of(problem, own) for sign in ("", "W_", "b_") for own in PROJECTIONS}
        super().__init__(problem.columns, {**shared, "C": problem.heads, "W_O": problem.heads})
        self.problem = problem
        self.loss = LOSS if problem.held else SUM if problem.upstream else ""
        self._givens()
        made = self._attended()
        if problem.feed_forward is not None:
            made = self._fed_forward(made, problem.feed_forward)
        self._error(self._head(made) if problem.has_head else made)

    def _attended(self) -> Cells:
        """What attention makes, with the inputs added to it and normalized as the definition has it."""
        problem, inputs = self.problem, self.rows.get("X", ())
        if problem.normalization == "before":
            inputs = self._normalized(inputs)
        others = self.rows.get("U", inputs)
        queries, keys, values = (self._projected(letter, inputs if letter == "Q" else others) for letter in PROJECTIONS)
        made = mixed(problem, self, queries, keys, values)
        if "W_O" in problem.weights:
            made = self._product("O", "projection", made)
        if problem.residual:
            made = self._plus(self.rows["X"], made)
        return self._normalized(made) if problem.normalization == "after" else made

    def _fed_forward(self, rows: Cells, activation: Chosen) -> Cells:
        """Two layers of every token by itself, with what they are made of added, and normalized as before."""
        inside = self._normalized(rows, "_f") if self.problem.normalization == "before" else rows
        sums = self.product("F", "feed_forward", inside, self.rows["W_1"], self.rows.get("b_1"))
        made = self._applied("J", "feed_forward", "token_activation", activation, sums)
        made = self.product("O_f", "feed_forward", made, self.rows["W_2"], self.rows.get("b_2"))
        if self.problem.residual:
            made = self._plus(rows, made, "_f")
        return self._normalized(made, "_f") if self.problem.normalization == "after" else made

    def _head(self, rows: Cells) -> Cells:
        """The outputs of every token: weighted sums, and their function where there is one."""
        if "W_P" in self.problem.weights:
            rows = self._product("P", "head", rows)
        chosen = self.problem.output_activation
        if row_name(chosen) == "identity":
            return rows
        return self._applied("p", "head", "token_output", chosen, rows)

    def _applied(self, name: str, group: str, rule: str, chosen: Chosen, rows: Cells) -> Cells:
        """A function of every entry, or of every token."""
        function = row_name(chosen)
        formulas: dict[tuple[int, int], Formula] = {}
        for i, row in enumerate(rows):
            others = tuple(map(Ref, row)) if function in VECTORS else arguments(chosen, ACTIVATIONS)
            formulas |= {(i, j): Call(function, (Ref(own), *others)) for j, own in enumerate(row)}
        return self.made(name, group, rule, formulas)

    def _givens(self) -> None:
        problem = self.problem
        given = {letter: problem.given(letter) for letter in PROJECTIONS}
        for name, rows in {"X": problem.inputs, "U": problem.memory, **given}.items():
            if rows is not None:
                self.rows[name] = self.given(name, rows, "input")
        if problem.scores_bias is not None:
            self.rows["b_S"] = self.given("b_S", problem.scores_bias, "given")
        for name, rows in problem.weights.items():
            kind = "bias" if name.startswith("b") else "weight"
            is_matrix = name.startswith("W")
            self.rows[name] = self.weight(name, rows, name == "W_O") if is_matrix else self.given(name, rows, kind)
        if problem.normalization != "none" and problem.epsilon:
            self.given("epsilon", ((problem.epsilon,),), "setting")
        if problem.held:
            self.rows["T"] = self.given("T", problem.held, "target")
        if problem.upstream:
            self.rows["G"] = self.given("G", problem.upstream, "given")

    # --- stages ---

    def _projected(self, letter: str, inputs: Cells) -> Cells:
        if self.problem.given(letter) is not None:
            return self.rows[letter]
        if f"W_{letter}" not in self.problem.weights:
            self.parts_of_heads(inputs, _heads_of(self.problem, letter))
            return inputs
        return self._product(letter, PROJECTIONS[letter], inputs)

    def _product(self, letter: str, group: str, rows: Cells) -> Cells:
        return self.product(letter, group, rows, self.rows[f"W_{letter}"], self.rows.get(f"b_{letter}"))

    def _plus(self, inputs: Cells, made: Cells, end: str = "") -> Cells:
        formulas: dict[tuple[int, int], Formula] = {
            (i, j): Add((Ref(x), Ref(o)))
            for i, (left, right) in enumerate(zip(inputs, made, strict=True))
            for j, (x, o) in enumerate(zip(left, right, strict=True))
        }
        rule = "residual_of_layer" if end else "residual"
        return self.made(f"H{end}", f"residual{end}", rule, formulas)

    def _normalized(self, rows: Cells, end: str = "") -> Cells:
        """Layer norm: the numbers of a token less their mean, over their standard deviation (that of a population).

        `end`: what the names of the second one end with.
        """
        epsilon = Ref("epsilon") if self.problem.epsilon else None
        made: dict[Part, Cells] = {}
        for part, (name, rule) in _NORM.items():
            formulas: dict[tuple[int, int], Formula] = {}
            for i, row in enumerate(rows):
                before = {known: cells[i] for known, cells in made.items()}
                for j, tree in enumerate(standardized(part, row, before, len(row), epsilon)):
                    formulas[i, j] = tree
            made[part] = self.made(f"{name}{end}", f"norm{end}", rule, formulas)
        gains, shifts = (self.rows[name][0] if name in self.rows else None for name in (f"gamma{end}", f"beta{end}"))
        standard = made[Part.STANDARD]
        if gains is None and shifts is None:
            return standard
        last = {
            (i, j): scaled(own, gains[j] if gains else "", shifts[j] if shifts else "")
            for i, row in enumerate(standard)
            for j, own in enumerate(row)
        }
        return self.made(f"Y{end}", f"norm{end}", "scaled", last)

    # --- the error ---

    def _error(self, made: Cells) -> None:
        label = Label("loss", LOSS)
        pairs = [(i, j, own) for i, row in enumerate(made) for j, own in enumerate(row)]
        if self.problem.upstream:
            weighted = sum_of([Mul((Ref(self.rows["G"][i][j]), Ref(own))) for i, j, own in pairs])
            self.quantities.append(Quantity(SUM, Role.LOSS, Label("value", SUM), weighted, "weighted_total", "loss"))
        if not self.problem.held:
            return
        terms = []
        for i, j, own in pairs:
            target = self.rows["T"][i][j]
            symbol = f"E{target.removeprefix('T')}"
            formula = error_of(self.problem.loss, target, own)
            place = symbol.removeprefix("E_")
            terms.append(Quantity(symbol, Role.LOSS, Label("value", symbol, place, of="E"), formula, "error", "loss"))
        if len(terms) == 1:
            self.quantities.append(Quantity(LOSS, Role.LOSS, label, terms[0].formula, "error", "loss"))
            return
        whole: Formula = Add(tuple(Ref(term.name) for term in terms))
        if averages(self.problem.loss):
            whole = Div(whole, num(len(terms)))
        rule = "total_entries_mean" if averages(self.problem.loss) else "total"
        self.quantities += [*terms, Quantity(LOSS, Role.LOSS, label, whole, rule, "loss")]


def _heads_of(problem: Attention, letter: str) -> int:
    """How many heads share the queries, or the keys or values."""
    return problem.heads if letter == "Q" else problem.shared_heads
