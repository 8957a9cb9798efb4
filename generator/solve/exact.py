"""Formula and exact numbers -> an exact number: a fraction where the value is rational, else a ball that encloses it.

Balls are Arb's (python-flint): a midpoint with a rigorous error bound, at the current working precision.

Longer than 250 lines because every node of a formula is worked here, as a fraction and as a ball.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial, reduce
from typing import Any

import flint

from generator.errors import LonghandError
from generator.formula.functions import formula_of
from generator.formula.tree import Add, Call, Cases, Div, Formula, Mul, Neg, Num, Pow, Ref, children
from generator.solve.elementary import AT_ZERO, BALLS, DOMAINS, LOGARITHMS, circular, half_turns, rational

Exact = Fraction | flint.arb

_GROWING = ("exp", "sinh", "cosh")
_LONGEST = 4096  # bits; a longer fraction goes on as a ball, so that products of products stay cheap
_NOTHING = Fraction(1, 2**3000)  # only the last precisions tell a difference as small as this
_FARTHEST = 10_000  # bits; a ball beyond 2**±10000 (3,000 digits) is not written out


class Undecided(LonghandError):  # noqa: N818 - it is a state of knowledge, retried with more precision
    """The working precision does not decide a comparison or a digit; a higher one may."""


class Undefined(LonghandError):  # noqa: N818 - as above: callers turn it into an error with a name
    """The formula has no finite value at these numbers (division by zero, logarithm of zero)."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Compute balls with `bits` of working precision inside the block."""
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def ball(value: Exact) -> flint.arb:
    """`value` as a ball at the working precision."""
    return value if isinstance(value, flint.arb) else flint.arb(flint.fmpq(value.numerator, value.denominator))


def bounds(value: Exact) -> tuple[Fraction, Fraction]:
    """The exact lower and upper bound of `value` (equal where it is a fraction)."""
    if isinstance(value, Fraction):
        return value, value
    if not value.is_finite():
        raise Undefined("the value is not finite")
    mantissa, power_of_two = (int(part) for part in value.rad().man_exp())
    if power_of_two > _FARTHEST and value.rel_accuracy_bits() <= 0:
        raise Undecided("the error bound has grown larger than the value")
    # A radius below all that is written out still counts: it is rounded up to what is.
    is_tiny = mantissa and power_of_two < -_FARTHEST
    radius, last = (1, -_FARTHEST) if is_tiny else _written_out(value.rad())
    if value.contains(0) and int(value.mid().man_exp()[1]) < -_FARTHEST:
        return _fraction(-2 * radius, last), _fraction(2 * radius, last)  # whatever its middle, it reaches no farther
    middle, exponent = _written_out(value.mid())
    smallest = min(last, exponent)  # whole numbers of this power of two are subtracted faster than fractions
    middle, radius = middle << (exponent - smallest), radius << (last - smallest)
    return _fraction(middle - radius, smallest), _fraction(middle + radius, smallest)


def settled(value: Exact) -> Exact:
    """A ball with no radius as the number that it is, such as a count; everything else as it is."""
    if isinstance(value, Fraction) or not value.is_exact() or abs(int(value.man_exp()[1])) > _FARTHEST:
        return value
    return _fraction(*_written_out(value))


def _written_out(point: flint.arb) -> tuple[int, int]:
    """An exact ball as a whole number and the power of two that it is multiplied by."""
    mantissa, exponent = (int(part) for part in point.man_exp())
    if mantissa and abs(exponent) > _FARTHEST:
        raise Undefined(f"the value is too {'large' if exponent > 0 else 'small'} to be written out")
    return mantissa, exponent


def _fraction(mantissa: int, exponent: int) -> Fraction:
    return Fraction(mantissa << exponent) if exponent >= 0 else Fraction(mantissa, 1 << -exponent)


def power(base: flint.arb, exponent: int) -> flint.arb:
    """A whole power of a ball by repeated squaring (Arb's own power of a ball around zero is not a number)."""
    result, square, left = flint.arb(1), base, abs(exponent)
    while left:
        if left & 1:
            result *= square
        left >>= 1
        if left:
            square *= square
    return 1 / result if exponent < 0 else result


def evaluate(tree: Formula, value_of: Callable[[str], Exact]) -> Exact:
    """The value of `tree`, where `value_of` gives the value of each name.

    Raises `Undefined` where there is none, `Undecided` where the working precision does not tell which case holds.
    """
    match tree:
        case Num(value):
            return value
        case Ref(name):
            return value_of(name)
        case Add(terms):
            total = evaluate(terms[0], value_of)
            for term in terms[1:]:
                total = _both(total, evaluate(term, value_of), lambda a, b: a + b)
            return total
        case Mul(factors):
            return reduce(_times, _factors(factors, value_of))
        case Neg(body):
            return -evaluate(body, value_of)
        case Div(top, bottom):
            return _divide(evaluate(top, value_of), evaluate(bottom, value_of))
        case Pow(base, exponent):
            return _power(evaluate(base, value_of), evaluate(exponent, value_of))
        case Cases(left, op, right, then, otherwise):
            holds = _compare(op, evaluate(left, value_of), evaluate(right, value_of))
            return evaluate(then if holds else otherwise, value_of)
        case Call(name, args):
            written_out = formula_of(tree, stable=True)
            if written_out is not None:
                return evaluate(written_out, value_of)
            if name in ("sin", "cos", "tan") and len(args) == 1:
                turns = half_turns(args[0], lambda part: evaluate(part, value_of))
                known = None if turns is None else circular(name, turns)
                if known is not None:
                    return known
            return _call(name, [evaluate(arg, value_of) for arg in args])
    raise Undefined("a blank has no value")


def _times(a: Exact, b: Exact) -> Exact:
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Fraction) and not one and (isinstance(other, Fraction) or other.is_finite()):
            return Fraction(0)  # exactly, however little is known of the other factor
    return _both(a, b, lambda x, y: x * y)


def _factors(factors: tuple[Formula, ...], value_of: Callable[[str], Exact]) -> list[Exact]:
    """The values of the factors of a product; 0 ln 0 is 0, because x ln x goes to 0 with x."""
    if not any(is_logarithm(factor) for factor in factors):
        return [evaluate(factor, value_of) for factor in factors]
    others = [evaluate(factor, value_of) for factor in factors if not is_logarithm(factor)]
    vanishes = any(isinstance(other, Fraction) and other == 0 for other in others)
    for factor in filter(is_logarithm, factors):
        (argument,) = (evaluate(part, value_of) for part in children(factor))
        if not (vanishes and argument == 0):
            others.append(evaluate(factor, value_of))
    return others


def is_logarithm(tree: Formula) -> bool:
    """Whether a formula is a logarithm, to whatever base."""
    return isinstance(tree, Call) and tree.name in LOGARITHMS and len(tree.args) == 1


def _both(a: Exact, b: Exact, operate: Callable[[Any, Any], Any]) -> Exact:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        result = operate(a, b)
        assert isinstance(result, Fraction)
        return _short(result)
    made: flint.arb = operate(ball(a), ball(b))
    return made


def _short(value: Fraction) -> Exact:
    """`value` itself, or its ball where it has become long."""
    longest = max(value.numerator.bit_length(), value.denominator.bit_length())
    return ball(value) if longest > _LONGEST else value


def _divide(a: Exact, b: Exact) -> Exact:
    if b == 0:
        raise Undefined("division by zero")
    if not isinstance(b, Fraction) and b.contains(0):
        raise Undecided("the divisor may be zero")
    if isinstance(a, Fraction) and not a:
        return a
    if a is b:  # the same value, however wide its ball
        return Fraction(1)
    return _both(a, b, lambda x, y: x / y)


def _power(base: Exact, exponent: Exact) -> Exact:
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        if exponent < 0:
            return _divide(Fraction(1), _power(base, -exponent))
        if isinstance(base, Fraction) and max(map(int.bit_length, base.as_integer_ratio())) * exponent < 2 * _LONGEST:
            return _short(base ** int(exponent))
        return power(ball(base), int(exponent))
    result = ball(base) ** ball(exponent)
    if not result.is_finite():
        raise Undefined("a power with no real value")
    return result


def _compare(op: str, a: Exact, b: Exact) -> bool:
    d = _both(a, b, lambda x, y: x - y)
    if isinstance(d, flint.arb) and not d.is_finite():
        raise Undefined("a number that is compared is not finite")
    apart = d > 0 or d < 0
    decided = {
        ">": (d > 0, d <= 0),
        "<": (d < 0, d >= 0),
        ">=": (d >= 0, d < 0),
        "<=": (d <= 0, d > 0),
        "==": (d == 0, apart),
        "!=": (apart, d == 0),
    }
    true, false = decided[op]
    if true != false:
        return true
    low, high = bounds(d)
    if high - low > _NOTHING:
        raise Undecided("a comparison is too close to decide")
    return op in (">=", "<=", "==")  # nothing is left but that they are equal: two entries tanh(1/2), say


def _call(name: str, args: list[Exact]) -> Exact:
    """An elementary function: a fraction where its value is known to be one, else a ball."""
    if name in ("max", "min") and args:
        return reduce(partial(_extreme, name), args)
    if name == "pi" and not args:
        return flint.arb.pi()
    if len(args) != 1 or name not in ("abs", "floor", "sqrt", "arccos", *LOGARITHMS, *AT_ZERO):
        raise Undefined(f"unknown function `{name}` of {len(args)} arguments")
    first = args[0]
    known = rational(name, first) if isinstance(first, Fraction) else None
    return _ball_call(name, ball(first)) if known is None else known


def _extreme(name: str, a: Exact, b: Exact) -> Exact:
    """The larger or the smaller of two numbers; two that nothing tells apart are in one ball."""
    try:
        return b if _compare(">" if name == "max" else "<", b, a) else a
    except Undecided:
        one, other = ball(a), ball(b)
        return one.max(other) if name == "max" else one.min(other)


def of_domain(name: str, x: flint.arb) -> flint.arb:
    """An elementary function of a ball, or of the part of it for which it has values: not finite where there is none.

    So the root of what is 0 but for rounding is a ball from 0 up, and the arc cosine of what is 1 likewise. Functions
    that have values somewhere only are monotone.
    """
    function: Callable[[flint.arb], flint.arb] = operator.methodcaller(BALLS.get(name, name))
    if name not in DOMAINS or not x.is_finite():
        return function(x)
    low, high = DOMAINS[name]
    is_out = (low is not None and x < low) or (high is not None and x > high)
    if is_out or ((low is None or x >= low) and (high is None or x <= high)):
        return function(x)
    lower, upper = x.lower(), x.upper()
    made: flint.arb = function(lower if low is None else lower.max(flint.arb(low))).union(
        function(upper if high is None else upper.min(flint.arb(high)))
    )
    return made


def _ball_call(name: str, x: flint.arb) -> Exact:
    if name == "floor":
        low, high = (point.__floor__() for point in bounds(x))
        if low != high:
            raise Undecided("a number is too close to a whole one to tell which lies below it")
        return Fraction(low)
    if name in LOGARITHMS and x == 0:
        raise Undefined("the logarithm of zero is not finite")
    base = LOGARITHMS.get(name)
    if name in LOGARITHMS and x.contains(0) and x.upper() > 0:
        raise Undecided("a number whose logarithm is taken may be zero")
    made = abs(x) if name == "abs" else x.log() if base is not None else of_domain(name, x)
    result = made / flint.arb(base).log() if base else made
    if not result.is_finite():
        why = ": it overflows" if name in _GROWING and x.is_finite() else ""
        raise Undefined(f"{name} has no finite value there{why}")
    return result
