"""Normal boxes -> formula, as a reader reads them: things side by side are multiplied, names are looked up.

Longer than 250 lines because a grammar is one thing, and its rules call one another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from generator.formula.extremes import EXTREMES, PLACES
from generator.formula.functions import ACTIVATIONS, VECTORS
from generator.formula.sums import product_of, sum_of
from generator.formula.tree import (
    CIRCULAR,
    MINUS_INFINITY,
    Blank,
    Call,
    Div,
    Dots,
    Formula,
    Hadamard,
    Matrix,
    Neg,
    Num,
    Pow,
    Ref,
    Transpose,
)
from generator.lifting import windowed
from generator.reading import Unreadable
from generator.reading.conditions import cases, read_test, split
from generator.reading.normal import items, normal
from generator.typeset.boxes import Box, Choice, Digits, Fence, Frac, Gap, Grid, Op, Root, Row, Script, Word, symbol
from generator.typeset.text import text

PRODUCTS = ("·", "∗", "×")
_SLIDES = {**{sign: name for name, sign in windowed.SLIDES.items()}, "⊛": "convolve"}
TRANSPOSED = Op("⊤")
_COMPARISONS = {"<": "<", "≤": "<=", ">": ">", "≥": ">=", "=": "==", "≠": "!="}
_ELEMENTARY = {"ln": "log"} | {name: name for name in ("exp", *EXTREMES, *PLACES, "erf", "sinh", "cosh", *CIRCULAR)}
_LOGARITHMS = {Script(Word("log"), Digits(base)): f"log{base}" for base in ("2", "10")}
_MINUS_INFINITY = (Op("−"), Word("∞"))
_DIFFERENTIALS = (Word("d"), Word("∂"))


@lru_cache(maxsize=1)
def functions() -> Mapping[str, str]:
    """The names that call a function, and the function each one calls."""
    signs = {row.name: normal(symbol(row.symbol)) for row in ACTIVATIONS.values() if row.symbol}
    shared = {name: name for name in VECTORS}  # of a whole vector, or of the rows or columns of a matrix
    shared |= {name: name for name in windowed.UNSIZED}
    called = {name: name for name in signs}  # where a quantity is written with the function's sign
    return {
        **_ELEMENTARY,
        **shared,
        **called,
        **{sign.text: name for name, sign in signs.items() if isinstance(sign, Word)},
    }


@dataclass(frozen=True)
class Symbols:
    """What stands for which quantity: the things side by side that a symbol consists of, and the quantity's name."""

    names: Mapping[tuple[Box, ...], str]
    longest: int
    slides: bool = False  # whether `∗` lays one matrix over another, and is no sign of a product

    @classmethod
    def of(cls, pairs: Iterable[tuple[Box, str]], slides: bool = False) -> Symbols:
        """The table of `pairs`; where two symbols look alike the first one counts."""
        names: dict[tuple[Box, ...], str] = {}
        for box, name in pairs:
            names.setdefault(items(normal(box)), name)
        return cls(names, max(map(len, names), default=0), slides)

    def match(self, row: tuple[Box, ...], at: int) -> tuple[str, int, Box | None] | None:
        """The longest symbol that begins at `at`: its quantity, its length, and what its last item is raised to."""
        for length in range(min(self.longest, len(row) - at), 0, -1):
            part = row[at : at + length]
            if part in self.names:
                return self.names[part], length, None
            last = part[-1]
            if isinstance(last, Script) and last.sup is not None:
                (*sup, sign) = items(last.sup)
                if sign == TRANSPOSED and sup:  # it stands after what is part of the name
                    named = Script(last.base, last.sub, sup[0] if len(sup) == 1 else Row(tuple(sup)))
                    if (*part[:-1], named) in self.names:
                        return self.names[(*part[:-1], named)], length, sign
                bare = Script(last.base, last.sub) if last.sub is not None else last.base
                if (*part[:-1], bare) in self.names:
                    return self.names[(*part[:-1], bare)], length, last.sup
        return None


def read_formula(box: Box, symbols: Symbols) -> Formula:
    """The formula that a normal box shows. Raises `Unreadable` where it shows none, or two."""
    return _Reader(items(box), symbols).whole()


class _Reader:
    """Boxes side by side, and the place that reading has come to."""

    def __init__(self, row: tuple[Box, ...], symbols: Symbols) -> None:
        self.row, self.symbols, self.at = row, symbols, 0

    def whole(self) -> Formula:
        tree = self._sum()
        if self.at < len(self.row):
            raise self._error("does not belong here")
        return tree

    def _read(self, box: Box) -> Formula:
        return read_formula(box, self.symbols)

    def _error(self, why: str) -> Unreadable:
        what = text(self.row[self.at]) if self.at < len(self.row) else "the end"
        return Unreadable(f"`{what.strip()}` {why} in `{text(Row(self.row)).strip()}`")

    def _sign(self) -> str:
        item = self.row[self.at] if self.at < len(self.row) else None
        return item.text if isinstance(item, Op) else ""

    def _sum(self) -> Formula:
        terms: list[Formula] = []
        while not terms or self._sign() in ("+", "−"):
            sign = self._sign()
            if sign == "+" and not terms:
                raise self._error("stands before nothing")
            self.at += sign in ("+", "−")
            term = self._product()
            terms.append(Neg(term) if sign == "−" else term)
        return sum_of(terms)

    def _product(self) -> Formula:
        """Factors with or without a sign between them; without one, nothing may be read as one name or number.

        Side by side stands a product of matrices too; entry by entry (⊙) they are multiplied only among themselves.
        """
        factors = [self._factor()]
        if self._sign() == "⊙":
            return self._entrywise(factors)
        if self._sign() == "/" and isinstance(self.row[self.at - 1], Fence):
            return self._slashed(factors[0])
        if (slid := self._slid_sign()) is not None:
            return self._slid(factors[0], *slid)
        while self.at < len(self.row):
            if self._sign() in PRODUCTS:
                self.at += 1
            elif isinstance(self.row[self.at], Op):
                break
            else:
                self._check_adjoining()
            factors.append(self._factor())
        return product_of(factors)

    def _slashed(self, top: Formula) -> Formula:
        """What stands in parentheses over one factor; neither may have another factor beside it."""
        self.at += 1
        made = Div(top, self._factor())
        if self.at < len(self.row) and self._sign() not in ("+", "−"):
            raise self._error("stands beside a slash without parentheses")
        return made

    def _entrywise(self, factors: list[Formula]) -> Formula:
        while self._sign() == "⊙":
            self.at += 1
            factors.append(self._factor())
        if self.at < len(self.row) and self._sign() not in ("+", "−"):
            raise self._error("stands beside a product entry by entry without parentheses")
        return Hadamard(tuple(factors))

    def _slid_sign(self) -> tuple[str, tuple[int, int]] | None:
        """The operation and the stride of a sign that lays one matrix over another."""
        item = self.row[self.at] if self.at < len(self.row) else None
        sign, below = (item.base, item.sub) if isinstance(item, Script) and item.sup is None else (item, None)
        if not isinstance(sign, Op) or sign.text not in _SLIDES or (sign.text == "∗" and not self.symbols.slides):
            return None
        return _SLIDES[sign.text], (1, 1) if below is None else self._sizes(below)[0]

    def _slid(self, image: Formula, name: str, stride: tuple[int, int]) -> Formula:
        self.at += 1
        made = windowed.slide(name, image, self._factor(), stride)
        if self.at < len(self.row) and self._sign() not in ("+", "−"):
            raise self._error("stands beside windows over a matrix without parentheses")
        return made

    def _sizes(self, box: Box) -> list[tuple[int, int]]:
        """Whole numbers for what is down and across, one where they are the same; a second pair behind a comma."""
        found: list[tuple[int, int]] = []
        for part in split(box, ","):
            numbers = [items(number) for number in split(part, "×")]
            if len(numbers) > 2 or not all(len(n) == 1 and isinstance(n[0], Digits) for n in numbers):
                raise self._error("has no sizes below it")
            down, *across = (int(n[0].text) for n in numbers if isinstance(n[0], Digits))
            found.append((down, across[0] if across else down))
        return found

    def _sized(self, name: str, below: Box) -> Formula:
        """A function with its sizes below it: where a second pair is left out, it is the first."""
        sizes = self._sizes(below)
        if len(sizes) > windowed.SIZED[name]:
            raise self._error(f"are not the sizes of `{name}`")
        sizes += [windowed.second(name, sizes[0])] * (windowed.SIZED[name] - len(sizes))
        called = self._call(name)
        call = called.body if isinstance(called, Transpose) else called
        if not isinstance(call, Call):
            raise self._error("is not understood")
        made = windowed.sized(name, call.args[0], *(number for size in sizes for number in size))
        return Transpose(made) if isinstance(called, Transpose) else made

    def _check_adjoining(self) -> None:
        before, item = self.row[self.at - 1], self.row[self.at]
        base = item.base if isinstance(item, Script) else item
        if isinstance(base, Digits | Gap | Choice):
            raise self._error("follows a factor without a sign between them")
        parts = (before, base.top, base.bottom) if isinstance(base, Frac) else ()
        if parts and all(isinstance(part, Digits) for part in parts):
            raise self._error("follows a number and reads as a mixed number")

    def _factor(self) -> Formula:
        found = self.symbols.match(self.row, self.at)
        if found is not None:
            name, length, power = found  # where a quantity is called e, its powers: Euler's number is written exp then
            self.at += length
            return Ref(name) if power is None else self._raised(Ref(name), power)
        if self.at >= len(self.row):
            raise self._error("stands where a factor should")
        item = self.row[self.at]
        if isinstance(item, Word) and item.text in functions():
            return self._call(functions()[item.text])
        if isinstance(item, Script) and isinstance(item.base, Word) and item.base.text in windowed.SIZED and item.sub:
            return self._sized(item.base.text, item.sub)
        if isinstance(item, Script) and item in _LOGARITHMS:
            return self._call(_LOGARITHMS[item])
        if item == Word("π"):
            self.at += 1
            return Call("pi", ())
        tree = self._atom(item)
        self.at += 1
        return tree

    def _call(self, name: str) -> Formula:
        self.at += 1
        item = self.row[self.at] if self.at < len(self.row) else None
        fence, power = (item.base, item.sup) if isinstance(item, Script) and item.sub is None else (item, None)
        if not isinstance(fence, Fence) or fence.left != "(":
            raise self._error("stands where a function wants its parentheses")
        arguments = split(fence.body, ",")
        if (len(arguments) > 1) != (name in (*EXTREMES, *PLACES)) and name != "vec":
            raise self._error(f"are not the arguments of `{name}`")
        call = Call(name, tuple(map(self._read, arguments)))
        self.at += 1
        return call if power is None else self._raised(call, power)

    def _raised(self, base: Formula, power: Box) -> Formula:
        return Transpose(base) if power == TRANSPOSED else Pow(base, self._read(power))

    def _atom(self, item: Box) -> Formula:
        match item:
            case Digits(digits):
                return Num(Fraction(digits), digits)
            case Fence(body, "["):
                return self._indicator(body)
            case Fence(body, left):
                name = {"|": "abs", "⌊": "floor"}.get(left)
                return Call(name, (self._read(body),)) if name else self._read(body)
            case Frac(top, bottom):
                if items(top)[:1] and items(top)[0] in _DIFFERENTIALS and self.symbols.match(items(top), 0) is None:
                    raise self._error("is not the derivative of a known quantity")
                return Div(self._read(top), self._read(bottom))
            case Root(body):
                return Call("sqrt", (self._read(body),))
            case Script(Word("e"), None, power) if power is not None:
                return Call("exp", (self._read(power),))
            case Script(Word("π"), None, power) if power is not None:
                return Pow(Call("pi", ()), self._read(power))
            case Script(Digits() | Fence() | Grid() as base, None, power) if power is not None:
                return self._raised(self._atom(base), power)
            case Grid(rows):
                return Matrix(tuple(tuple(map(self._entry, entries)) for entries in rows))
            case Choice(rows):
                return self._cases(rows)
            case Gap(number, width, reference):
                return Blank(number, width, reference)
        raise self._error("is not understood")

    def _entry(self, box: Box) -> Formula:
        """What stands at a place of a matrix, the only one where there can be −∞."""
        if items(box) == _MINUS_INFINITY:
            return MINUS_INFINITY
        return Dots(box.text) if isinstance(box, Op) and box.text in ("⋯", "⋮", "⋱") else self._read(box)

    def _cases(self, rows: tuple[tuple[Box, Box], ...]) -> Formula:
        """Values with their conditions, of which always one holds."""
        read = [
            (self._read(value), read_test(condition, self._comparison) if items(condition) else None)
            for value, condition in rows
        ]
        tree = cases(read) if read[1:] else None
        if tree is None:
            raise self._error("has conditions of which not always one holds")
        return tree

    def _indicator(self, body: Box) -> Formula:
        """1 where the condition in brackets holds, else 0."""
        tree = cases([(Num(Fraction(1)), read_test(body, self._comparison)), (Num(Fraction(0)), None)])
        assert tree is not None  # the second holds exactly where the first does not
        return tree

    def _comparison(self, condition: Box) -> tuple[Formula, str, Formula]:
        row = items(condition)
        places = [place for place, item in enumerate(row) if isinstance(item, Op) and item.text in _COMPARISONS]
        if len(places) != 1:
            raise self._error("has a condition that is not one comparison")
        left, sign, right = row[: places[0]], row[places[0]], row[places[0] + 1 :]
        assert isinstance(sign, Op)
        return self._read(Row(left)), _COMPARISONS[sign.text], self._read(Row(right))
