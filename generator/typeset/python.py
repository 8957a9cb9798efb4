"""Formula -> Python source, plain or NumPy, with only the parentheses that are needed; names -> identifiers."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from generator.errors import FormulaError
from generator.formula.extremes import PLACES, place_of
from generator.formula.functions import ACTIVATIONS, LOSSES
from generator.formula.tree import ELEMENTARY, Add, Call, Cases, Div, Formula, Mul, Neg, Num, Pow, Ref, shortest
from generator.typeset.wrapping import broken

WIDTH = 70  # how wide a line may be, before it is indented

# Written out, because `dir(builtins)` differs between versions and start-up options of Python.
_BUILTINS = (
    "abs all any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright credits "
    "delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash help "
    "hex id input int isinstance issubclass iter len license list locals map max memoryview min next object oct open "
    "ord pow print property quit range repr reversed round set setattr slice sorted staticmethod str sum super tuple "
    "type vars zip"
)
_OWN = "math np exp show solve iteration title name value values found givens error GIVENS ITERATIONS SHOWN"
_RESERVED = frozenset((*keyword.kwlist, *_BUILTINS.split(), *_OWN.split(), *ELEMENTARY, *ACTIVATIONS, *LOSSES))


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between plain Python and NumPy: the elementary functions' names, and how a choice is written.

    `borrowed` are functions that a program has to make from another module's, and how it makes them.
    """

    functions: Mapping[str, str]
    arrays: bool = False
    borrowed: Mapping[str, str] = field(default_factory=dict)


_BUILT_IN = ("abs", "max", "min")
_OTHER_IN_MATH = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}
_OTHER_IN_NUMPY = {"max": "np.maximum", "min": "np.minimum", "erf": "erf"}

DIALECTS: Mapping[str, Dialect] = {
    "python": Dialect(
        {name: name if name in _BUILT_IN else f"math.{_OTHER_IN_MATH.get(name, name)}" for name in ELEMENTARY}
    ),
    "numpy": Dialect(
        {name: _OTHER_IN_NUMPY.get(name, f"np.{name}") for name in ELEMENTARY},
        arrays=True,
        borrowed={"erf": "erf = np.vectorize(math.erf, otypes=[float])"},  # for one number at a time
    ),
}


@dataclass(frozen=True, slots=True)
class Printer:
    """Prints formulas in a dialect; `names` gives each quantity its identifier. `floats`: no number as an integer."""

    names: Mapping[str, str]
    dialect: Dialect
    floats: bool = False

    def source(self, tree: Formula) -> str:
        """The source of `tree`: the same operations in the same order, so that every bit of the result is the same."""
        match tree:
            case Num(value):
                return real(value) if self.floats else number(value)
            case Ref(name):
                return self.names[name]
            case Add() | Mul():
                return " ".join(self._pieces(tree))
            case Neg(body):
                return f"-{self._operand(body, 2)}"
            case Div(top, bottom):
                return f"{self._inside(top, 2)} / {self._operand(bottom, 3)}"
            case Pow(base, exponent):
                simple = isinstance(base, Num | Ref) and isinstance(exponent, Num | Ref)
                return f"{self._base(base)}{'**' if simple else ' ** '}{self._inside(exponent, 3)}"
            case Call(name) if name in PLACES:
                return self.source(place_of(tree))
            case Call(name, args):
                return self._call(name, [self.source(arg) for arg in args])
            case Cases(left, op, right, then, otherwise):
                condition = f"{self._inside(left, 1)} {op} {self._inside(right, 1)}"
                if self.dialect.arrays:
                    return f"np.where({condition}, {self.source(then)}, {self.source(otherwise)})"
                return f"{self._inside(then, 1)} if {condition} else {self.source(otherwise)}"
        raise FormulaError(f"`{tree}` has no value, so that no program can compute it")

    def assignment(self, name: str, tree: Formula) -> str:
        """The statement that computes the quantity `name`; a long sum or product has one term to a line."""
        return broken(self.names[name], self.source(tree), WIDTH)

    def _pieces(self, tree: Formula) -> list[str]:
        """The terms of a sum or the factors of a product, each after its sign; anything else is one piece."""
        match tree:
            case Add(terms):
                return [self._inside(terms[0], 1), *map(self._term, terms[1:])]
            case Mul(factors):
                return [self._inside(factors[0], 2), *(f"* {self._operand(factor, 3)}" for factor in factors[1:])]
            case _:
                return [self.source(tree)]

    def _term(self, term: Formula) -> str:
        return f"- {self._operand(term.body, 2)}" if isinstance(term, Neg) else f"+ {self._operand(term, 2)}"

    def _call(self, name: str, args: list[str]) -> str:
        if name not in self.dialect.functions:
            return f"{name}({', '.join(args)})"  # a row of `functions.py`, defined at the top of the program
        function = self.dialect.functions[name]
        if not args:
            return function  # a constant
        if self.dialect.arrays and name in ("max", "min"):
            while len(args) > 2:  # np.maximum takes two
                args = [f"{function}({args[0]}, {args[1]})", *args[2:]]
        return f"{function}({', '.join(args)})"

    def _base(self, tree: Formula) -> str:
        """The base of a power. NumPy refuses negative powers of integers, so there it computes with floats."""
        return replace(self, floats=self.dialect.arrays)._inside(tree, 5)

    def _inside(self, tree: Formula, level: int) -> str:
        text = self.source(tree)
        return f"({text})" if self._level(tree) < level else text

    def _operand(self, tree: Formula, level: int) -> str:
        """As `_inside`, for what follows an operator: no sign stands beside another."""
        text = self._inside(tree, level)
        return f"({text})" if text.startswith("-") else text

    def _level(self, tree: Formula) -> int:
        """How tightly Python binds what `source` writes for `tree`."""
        match tree:
            case Cases() if not self.dialect.arrays:
                return 0
            case Add():
                return 1
            case Mul() | Div():
                return 2
            case Neg(body):
                return 2 if self._level(body) == 2 else 3  # `-a * b` is a product
            case Num(value):
                return 2 if "/" in number(value) else 3 if value < 0 else 5
            case Pow():
                return 4
            case _:
                return 5


def number(value: Fraction) -> str:
    """An exact number as Python writes it: a decimal where it ends, else the quotient of two whole numbers.

    Raises `FormulaError` where double precision has no number so large.
    """
    try:
        float(value)
    except OverflowError:
        raise FormulaError("a number is too large for a program in double precision") from None
    text = shortest(value)
    if "/" in text:
        return text.replace("/", " / ")
    mantissa, _, exponent = f"{Decimal(text):e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    scientific = f"{mantissa}e{int(exponent)}"
    return scientific if len(text) > 20 and len(scientific) < len(text) else text


def real(value: Fraction) -> str:
    """As `number`, and certainly a float: `1.0`, so that a program never works in whole numbers."""
    text = number(value)
    return text if set(text) & set("./e") else f"{text}.0"


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """A variable's name for each quantity: `dE_total/dw5` is `dE_total_dw5`. No two are alike.

    What Python or the program needs for itself (`lambda`, `sum`, `np`) gets an underscore at its end.
    """
    made: dict[str, str] = {}
    taken = set(_RESERVED)
    for name in names:
        # Python folds letters such as `ſ` into others: folded here first, so that no two names become one.
        folded = unicodedata.normalize("NFKC", name)
        word = "".join(letter if f"a{letter}".isidentifier() else "_" for letter in folded)
        word = word if word.isidentifier() else f"q_{word}"
        while word in taken:
            word += "_"
        taken.add(word)
        made[name] = word
    return made


def quoted(text: str) -> str:
    """A string literal with `text` in it, whatever `text` holds."""
    literal = repr(text)
    return f'"{literal[1:-1]}"' if literal[0] == "'" and '"' not in text else literal


def comment(text: str) -> str:
    """`text` as it may stand in a comment: on one line, and no declaration of the file's encoding (PEP 263)."""
    letters = (" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in _BIDI else c for c in text)
    return re.sub(r"coding(?=[:=])", "coding ", " ".join("".join(letters).split()))


# They would show a reader other code than the one that runs.
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
