"""Formula -> boxes: operators, parentheses, fractions and line breaks, decided once for every format.

Longer than 250 lines because what stands around one kind of formula depends on every other kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from generator.formula.conditions import Comparison, Joint, Test, at, indicated, rows_of
from generator.formula.functions import ACTIVATIONS, VECTORS
from generator.formula.tree import (
    Add,
    Blank,
    Call,
    Cases,
    Div,
    Dots,
    Formula,
    Hadamard,
    MatMul,
    Matrix,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    Transpose,
    shortest,
    walk,
)
from generator.lifting import windowed
from generator.notation.breaking import broken
from generator.notation.columns import aligned
from generator.notation.writer import Product
from generator.solve.rounding import scientific
from generator.typeset.boxes import (
    Box,
    Choice,
    Digits,
    Fence,
    Frac,
    Gap,
    Grid,
    Op,
    Phrase,
    Root,
    Row,
    Script,
    Word,
    symbol,
    transposed,
)
from generator.typeset.numerals import numeral

SIGNS = {Product.DOT: "·", Product.ASTERISK: "∗", Product.TIMES: "×"}
_SIGN_OF = {"<": "<", "<=": "≤", ">": ">", "=>": "≥", "=": "=", "<>": "≠"}
_FUNCTIONS = {"log": "ln"}
_CALLED = frozenset("dfghpquvDEFGHJLNPQUVφψσπΦΨΓ")  # letters of functions: f(y − 1) reads as a value of f
_BASES = {"log2": "2", "log10": "10"}


@dataclass(frozen=True)
class Arranger:
    """How one notation sets formulas: its product sign, and what stands for a quantity's name."""

    product: Product
    symbol_of: Callable[[str], Box]
    taken: frozenset[Box] = frozenset()  # letters of quantities: e is not Euler's number then, σ no function's sign
    powers: bool = True  # whether a constant with many zeros is written with a power of ten
    otherwise: str = ""  # the word for the case of all that is left (empty: its condition is written out)

    def box(self, tree: Formula, lead: bool = True) -> Box:
        """`tree` as boxes. `lead`: it begins a formula or a bracket, so that a minus sign needs no parentheses."""
        match tree:
            case Num():
                return self._number(tree, lead)
            case Ref(name):
                return self.symbol_of(name)
            case Blank(number, width, reference):
                return Gap(number, width, reference)
            case Neg(body):
                inside = Row((Op("−", prefix=True), self._factor(body)))
                return inside if lead else Fence(inside)
            case Add():
                return row(self.terms(tree, lead))
            case Mul(factors):
                return self._product(factors, lead)
            case Div(top, bottom):
                return Frac(self._part(top, lead=True), self._part(bottom, lead=True))
            case Pow(base, exponent):
                return self._power(base, exponent)
            case Cases():
                return self._cases(tree)
            case Call(name, args):
                return self._windowed(tree) if name in windowed.CALLS else self._call(name, args)
            case Matrix(rows):
                return Grid(aligned(tuple(tuple(map(self.box, entries)) for entries in rows)))
            case Dots(sign):
                return Op(sign)
            case MatMul(factors):
                return row([self._matrix_factor(factor) for factor in factors])
            case Hadamard(factors):
                signed = (part for factor in factors for part in (Op("⊙"), self._matrix_factor(factor)))
                return row(list(signed)[1:])
            case Transpose(body):
                if isinstance(body, Call) and body.name in (*windowed.SIZED, *windowed.UNSIZED, *VECTORS):
                    called = self.box(body)
                    assert isinstance(called, Row)
                    return Row((*called.items[:-1], transposed(called.items[-1])))
                factor = self._matrix_factor(body)
                plain = isinstance(factor, Fence | Grid) or (isinstance(body, Ref) and not isinstance(factor, Frac))
                return transposed(factor if plain else Fence(factor))

    def terms(self, tree: Add, lead: bool = True) -> list[Box]:
        """The terms of a sum, each but the first with its sign in front; cases have brackets of their own."""
        first = self._part(tree.terms[0], lead)
        found: list[Box] = [Fence(first) if isinstance(first, Choice) else first]
        for term in tree.terms[1:]:
            sign, body = ("−", term.body) if isinstance(term, Neg) else ("+", term)
            inside = self._factor(body) if isinstance(body, Add | Neg | Cases) else self._part(body, lead=False)
            found.append(Row((Op(sign), inside)))
        return found

    def rows(self, tree: Formula, limit: int, width: Callable[[Box], int], stacks: bool = True) -> list[Box]:
        """`tree` as one row, or a long one as several, each at most about `limit` wide as `width` measures.

        `stacks`: the format can set rows inside a formula.
        """
        return broken(self.box(tree), limit, width, stacks)

    def _number(self, tree: Num, lead: bool) -> Box:
        text = tree.text or (scientific(shortest(tree.value)) if self.powers else shortest(tree.value))
        inside = numeral(text)
        return Fence(inside) if text.startswith("-") and not lead else inside

    def _factor(self, tree: Formula) -> Box:
        """`tree` as something that a sign or a product sign can stand before."""
        inside = self._part(tree, lead=isinstance(tree, Add))  # it begins the bracket around a sum
        return Fence(inside) if isinstance(tree, Add) or isinstance(inside, Choice) else inside

    def _part(self, tree: Formula, lead: bool) -> Box:
        """`tree` inside a sum or a product, where a condition that counts as 1 or 0 is short: [a > b]."""
        test = indicated(tree)
        return self.box(tree, lead) if test is None else Fence(self._condition(tree, test), "[", "]")

    def _product(self, factors: tuple[Formula, ...], lead: bool) -> Box:
        juxtaposed = self.product is Product.JUXTAPOSED
        items: list[Box] = []
        for place, factor in enumerate(factors):
            before = factors[place - 1] if place else None
            inside = self._part(factor, (lead and not place) or isinstance(factor, Add))
            adjoins = before is not None and (juxtaposed or self._adjoins(before, factor))
            grouped = isinstance(factor, Mul) and (juxtaposed or not self._is_tight(factor))
            number = _has_power(factor, inside) or (adjoins and _reads_on(items[-1], inside))
            number = number or (self.product is Product.TIMES and isinstance(before, Num) and _is_of_ten(factor))
            if isinstance(factor, Add | Hadamard) or isinstance(inside, Choice) or grouped or number:
                inside = Fence(inside)
            if before is not None and not adjoins:
                items.append(Op(SIGNS[self.product]))
            items.append(inside)
        return row(items)

    def _is_tight(self, tree: Mul) -> bool:
        """Whether a product shows no sign between its factors."""
        return all(self._adjoins(a, b) for a, b in zip(tree.factors, tree.factors[1:], strict=False))

    def _adjoins(self, before: Formula, factor: Formula) -> bool:
        """Whether a factor in parentheses follows directly, as in y(1 − y) and ½(t − y)²; d · (1 − y) has its sign."""
        if isinstance(before, Ref):
            named = self.symbol_of(before.name)
            letter = named.base if isinstance(named, Script) else named
            if isinstance(letter, Word) and letter.text in _CALLED:
                return False
        return _adjoins(before, factor)

    def _matrix_factor(self, tree: Formula) -> Box:
        """`tree` as a factor of a product of matrices or of entries."""
        inside = self.box(tree, lead=False)
        name = getattr(tree, "name", "")
        alone = not isinstance(tree, Add | Mul | MatMul | Hadamard | Cases) and name not in ("sizes", *windowed.SLIDES)
        return inside if alone and not _has_power(tree, inside) else Fence(inside)

    def _power(self, base: Formula, exponent: Formula) -> Box:
        inside = self.box(base, lead=isinstance(base, Add))
        if isinstance(inside, Script) and inside.sup is None and isinstance(base, Ref):
            return Script(inside.base, inside.sub, self.box(exponent))
        if not isinstance(inside, Fence | Word | Digits) or isinstance(base, Call):
            inside = Fence(inside)
        return Script(inside, sup=self.box(exponent))

    def _cases(self, tree: Cases) -> Box:
        """Cases as rows. A condition says when its row holds by itself, so that their order does not matter.

        The last, where it is more than a comparison, has the word for all that is left, if there is one.
        """
        *others, (place, last) = rows_of(tree)
        rows = [(self.box(at(tree, value)), self._condition(tree, test)) for value, test in others]
        told = isinstance(last, Comparison) or not self.otherwise
        condition = self._condition(tree, last) if told else Phrase(self.otherwise)
        return Choice((*rows, (self.box(at(tree, place)), condition)))

    def _condition(self, tree: Formula, test: Test) -> Box:
        """A condition in the cases of `tree`; one that is joined inside another stands in parentheses."""
        if isinstance(test, Comparison):
            part = at(tree, test.place)
            assert isinstance(part, Cases)
            return Row((self.box(part.left), Op(_SIGN_OF[test.orders]), self.box(part.right)))
        inside = [self._condition(tree, part) for part in test.parts]
        fenced = (Fence(box) if isinstance(part, Joint) else box for part, box in zip(test.parts, inside, strict=True))
        return row([piece for box in fenced for piece in (Op(test.sign), box)][1:])

    def _windowed(self, call: Call) -> Row:
        """Windows over a matrix: one laid over another with the stride below the sign, or a function with its sizes."""
        sizes, matrices = windowed.sizes_of(call), windowed.matrices_of(call)
        if call.name in windowed.SLIDES:
            sign = sign_of(call.name, self.product)
            signed: Box = sign if sizes == ((1, 1),) else Script(sign, sub=_size(sizes[0], short=True))
            sides = [self._matrix_factor(matrix) for matrix in matrices]
            return Row(tuple(_opened([sides[0], signed, sides[1]])))
        head = sign_of(call.name, self.product)
        first = call.name in ("pad", "dil")
        listed = [_size(sizes[0], short=first)] if sizes else []
        if len(sizes) > 1 and sizes[1] != windowed.second(call.name, sizes[0]):
            listed += [Op(","), _size(sizes[1], short=True)]
        head = Script(head, sub=row(listed)) if listed else head
        inside = [part for matrix in matrices for part in (Op(","), self.box(matrix))]
        return Row((head, Fence(row(inside[1:]))))

    def _call(self, name: str, args: tuple[Formula, ...]) -> Box:
        match name:
            case "exp":
                if Word("e") not in self.taken and not any(map(_is_tall, walk(args[0]))):
                    return Script(Word("e"), sup=self.box(args[0]))
            case "sqrt":
                return Root(self.box(args[0]))
            case "abs":
                return Fence(self.box(args[0]), "|", "|")
            case "floor":
                return Fence(self.box(args[0]), "⌊", "⌋")
            case "pi" | "infinity":
                return Word("π" if name == "pi" else "∞")
            case "sizes":
                signed = (part for arg in args for part in (Op("×"), self._factor(arg)))
                return row(list(signed)[1:]) if args[1:] else self.box(args[0])
        sign = ACTIVATIONS[name].symbol if name in ACTIVATIONS else ""
        is_free = sign and symbol(sign) not in self.taken
        head = symbol(sign) if is_free else Word(_FUNCTIONS.get(name, name), function=True)
        if isinstance(head, Word) and len(head.text) > 1:
            head = Word(head.text, function=True)
        if name in _BASES:
            head = Script(Word("log", function=True), Digits(_BASES[name]))
        inside: list[Box] = [self.box(args[0])]
        for arg in args[1:]:
            inside += [Op(","), self.box(arg)]
        return Row((head, Fence(row(inside))))


def sign_of(name: str, product: Product) -> Box:
    """What stands for a call of windows: a sign (for a convolution, not that of a product), or its name."""
    if name not in windowed.SLIDES:
        return Word(name, function=True)
    return Op("⊛" if name == "convolve" and product is Product.ASTERISK else windowed.SLIDES[name])


def _size(size: tuple[int, int], short: bool) -> Box:
    """What is down and across; `short`: as one number where that is the same."""
    down, across = (Digits(str(number)) for number in size)
    return down if short and down == across else Row((down, Op("×"), across))


def _has_power(tree: Formula, inside: Box) -> bool:
    """Whether `tree` is a number that is set with a power of ten, so that it wants parentheses as a factor."""
    return isinstance(tree, Num) and isinstance(inside, Row)


def _is_of_ten(tree: Formula) -> bool:
    """Whether `tree` is a power of 10, which behind a number and its sign would read as a part of that number."""
    return isinstance(tree, Pow) and isinstance(tree.base, Num) and tree.base.value == 10


def _adjoins(before: Formula, factor: Formula) -> bool:
    """Whether a factor in parentheses may follow directly: behind a name, a number or a fraction of numbers."""
    group = factor.base if isinstance(factor, Pow) else factor
    if isinstance(factor, MatMul):
        return isinstance(before, Div)
    coefficient = isinstance(before, Div) and isinstance(before.top, Num) and isinstance(before.bottom, Num)
    return isinstance(group, Add) and (coefficient or isinstance(before, Ref | Num | Blank))


def _is_tall(tree: Formula) -> bool:
    """Whether a part of an exponent is a fraction that would be too small to read, or to write in."""
    if not isinstance(tree, Div):
        return False
    top = tree.top.base if isinstance(tree.top, Pow) and isinstance(tree.top.exponent, Num) else tree.top
    return not (isinstance(top, Num | Ref) and isinstance(tree.bottom, Num | Ref))


def _reads_on(before: Box, inside: Box) -> bool:
    """Whether a number in `inside` would run into what stands directly before it: w 3², or 2 ½ as a mixed number."""
    first = inside.items[0] if isinstance(inside, Row) else inside
    first = first.base if isinstance(first, Script) else first
    if isinstance(first, Frac):
        last = before.items[-1] if isinstance(before, Row) else before
        is_number = isinstance(last, Digits) or (isinstance(last, Word) and last.text[-1:].isdigit())  # as in h1
        return is_number and all(isinstance(part, Digits) for part in (first.top, first.bottom))
    return isinstance(first, Digits | Gap)


def row(items: list[Box]) -> Box:
    """Boxes side by side; one box stays itself, and rows inside are opened."""
    flat = _opened(items)
    return flat[0] if len(flat) == 1 else Row(tuple(flat))


def _opened(items: list[Box]) -> list[Box]:
    return [part for item in items for part in (item.items if isinstance(item, Row) else (item,))]
