"""A quantity's formula in its notation -> what stands in its node of a circuit: a sign, or a short formula."""

from __future__ import annotations

from generator.drawings.drawing import SMALL, Content, width_of
from generator.formula.functions import ACTIVATIONS
from generator.formula.tree import ELEMENTARY, Add, Call, Div, Formula, Mul, Neg, Num, Pow, Ref, children
from generator.notation.arrange import Arranger
from generator.notation.writer import Writer
from generator.typeset.boxes import Box, Frac, Op, Row, Word

_LONGEST = 48.0  # how wide a formula in a node may be


def operation(writer: Writer, name: str) -> Content | None:
    """What a node shows of the one operation that makes a quantity (none: it is given, or takes more than one).

    Of operations whose operands may change places, and of functions, it is the sign; of others the formula.
    """
    if writer.graph[name].formula is None:
        return None
    formula = writer.formula(name)
    parts = children(formula)
    if all(isinstance(part, Ref) for part in parts) and (sign := _sign(writer, formula)):
        return sign
    if not parts or not all(isinstance(_positive(formula, part), Ref | Num) for part in parts):
        return None
    if not isinstance(formula, Add | Mul | Neg | Div | Pow | Call):
        return None
    if isinstance(formula, Call) and formula.name not in (*ELEMENTARY, *ACTIVATIONS):
        return None
    made: Content = _arranger(writer).box(formula)
    if isinstance(made, Frac):
        made = (made.top, "/", made.bottom)  # on one line, for it stands in a circle
    return made if width_of(made, SMALL) <= _LONGEST else None


def _positive(formula: Formula, part: Formula) -> Formula:
    """A term of a sum without its sign; anything else as it is."""
    return part.body if isinstance(formula, Add) and isinstance(part, Neg) else part


def _sign(writer: Writer, formula: Formula) -> Box | None:
    match formula:
        case Add():
            return Op("+", prefix=True)  # alone, without room on its sides
        case Mul():
            return Op("×", prefix=True)
        case Call("exp"):
            return Word("exp", function=True)  # as a power it would have its operand in it
        case Call("sqrt" | "abs" | "floor"):
            return None  # these are written around what they are of
        case Call(name) if name in (*ELEMENTARY, *ACTIVATIONS):
            called = _arranger(writer).box(formula)
            return called.items[0] if isinstance(called, Row) else None
    return None


def _arranger(writer: Writer) -> Arranger:
    return Arranger(writer.notation.product, writer.box)
