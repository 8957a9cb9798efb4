"""Formulas over matrices found in the formulas of their entries: what was meant comes back, and nothing untrue."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from generator.formula.identity import same
from generator.formula.infix import infix, parse
from generator.formula.tree import Add, Call, Div, Formula, Hadamard, MatMul, Matrix, Mul, Neg, Ref, Transpose, num
from generator.graph.quantities import Label, Tensor
from generator.lifting.lift import Lifter
from generator.lifting.tensors import Rows, entrywise, ones


def made(name: str, high: int, wide: int) -> Tensor:
    entries = tuple(tuple(f"{name}{row}{column}" for column in range(wide)) for row in range(high))
    return Tensor(name, Label("tensor", name), entries)


SIZES = (1, 2, 3)
ALL = tuple(made(f"{letter}{high}{wide}", high, wide) for letter in "AB" for high in SIZES for wide in SIZES)
ALL += tuple(Tensor(ones(size), Label("ones"), (("1",),) * size) for size in SIZES[1:])
LIFTER = Lifter(ALL, down=True)
A, B, v, w = (Ref(name) for name in ("A23", "B23", "A31", "B31"))


@st.composite
def formulas(draw: st.DrawFn, high: int, wide: int, depth: int = 2) -> Formula:
    """A formula with so many rows and columns, of the sorts that computations have."""
    kinds = ["name", "turned", "add", "less", "hadamard", "product", "scaled", "over", "call", "shifted"]
    kind = draw(st.sampled_from(kinds[: 2 if not depth else None]))

    def inner(rows: int = high, columns: int = wide) -> Formula:
        return draw(formulas(rows, columns, depth - 1))

    match kind:
        case "name":
            return Ref(f"{draw(st.sampled_from('AB'))}{high}{wide}")
        case "turned":
            return Transpose(Ref(f"{draw(st.sampled_from('AB'))}{wide}{high}"))
        case "add":
            return Add((inner(), inner()))
        case "less":
            return Add((inner(), Neg(inner())))
        case "hadamard":
            return Hadamard((inner(), inner()))
        case "product":
            between = draw(st.sampled_from(SIZES))
            return MatMul((inner(high, between), inner(between, wide)))
        case "scaled":
            return Mul((Ref("s"), inner()))
        case "over":
            return Div(inner(), Ref("s"))
        case "call":
            return Call("tanh", (inner(),))
    return Add((num(1), Neg(inner())))


def rows_of(tree: Formula) -> Rows:
    found = entrywise(tree, LIFTER.tensors)
    assert isinstance(found, Matrix)
    return found.rows


@given(data=st.data(), high=st.sampled_from(SIZES), wide=st.sampled_from(SIZES))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_what_is_found_has_the_entries_it_was_found_in(data: st.DataObject, high: int, wide: int) -> None:
    rows = rows_of(data.draw(formulas(high, wide)))
    found = LIFTER.formula(rows)
    if found is not None:
        again = entrywise(found, LIFTER.tensors)
        grid = again.rows if isinstance(again, Matrix) else ((again,),)
        assert len(grid) == high
        for row, others in zip(grid, rows, strict=True):
            assert all(same(one, other) for one, other in zip(row, others, strict=True))


@given(data=st.data(), high=st.sampled_from(SIZES[1:]), wide=st.sampled_from(SIZES[1:]))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_one_step_of_a_computation_is_found(data: st.DataObject, high: int, wide: int) -> None:
    """Everything that one operation makes of matrices with names; deeper ones have names in between."""
    tree = data.draw(formulas(high, wide, depth=1))
    assert LIFTER.formula(rows_of(tree)) is not None, infix(tree)


@given(data=st.data(), place=st.integers(0, 99), other=st.sampled_from(["B2300", "A2311", "s", "A3321"]))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_formula_with_one_entry_changed_is_not_proven(data: st.DataObject, place: int, other: str) -> None:
    """A planted error: one entry with something else in it is not what the matrices say."""
    tree = data.draw(formulas(2, 3, depth=1))
    rows = [list(row) for row in rows_of(tree)]
    row, column = divmod(place % 6, 3)
    changed = Add((rows[row][column], Ref(other)))
    assume(not same(rows[row][column], changed))
    rows[row][column] = changed
    assert not LIFTER.proves(tree, tuple(map(tuple, rows)))


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([["A2300 * A3100 + A2301 * A3110 + A2302 * A3120"], ["A2310 * A3100 + A2311 * A3110 + A2312 * A3120"]],
         MatMul((A, v))),
        ([["A3100 * A2300 + A3110 * A2301 + A3120 * A2302", "A3100 * A2310 + A3110 * A2311 + A3120 * A2312"]],
         MatMul((Transpose(v), Transpose(A)))),
        ([["A3100 * A3100 + A3110 * A3110 + A3120 * A3120"]], MatMul((Transpose(v), v))),
        ([["A3100 * B3100"], ["A3110 * B3110"], ["A3120 * B3120"]], Hadamard((v, w))),
        ([[f"A31{i}0 * B31{j}0" for j in range(3)] for i in range(3)], MatMul((v, Transpose(w)))),
        ([["A3100", "A3100"], ["A3110", "A3110"], ["A3120", "A3120"]], MatMul((v, Transpose(Ref("1:2"))))),
        ([["s * A3100 - s"], ["s * A3110 - s"], ["s * A3120 - s"]], Add((Mul((Ref("s"), v)), Neg(Ref("s"))))),
        ([["A2300 + A2301 + A2302"], ["A2310 + A2311 + A2312"]], MatMul((A, Ref("1:3")))),
        ([["A2300 * (1 - A2300)", "A2301 * (1 - A2301)", "A2302 * (1 - A2302)"],
          ["A2310 * (1 - A2310)", "A2311 * (1 - A2311)", "A2312 * (1 - A2312)"]],
         Hadamard((A, Add((num(1), Neg(A)))))),
        ([["1 - A3100**2"], ["1 - A3110**2"], ["1 - A3120**2"]], Add((num(1), Neg(Hadamard((v, v)))))),
        ([["A3100 - B3100"], ["A3110 - B3120"], ["A3120 - B3110"]], None),  # not the same at every entry
        ([["1 if A3100 > 0 else 0"], ["1 if A3110 > 0 else 0"], ["1 if A3120 > 0 else 0"]], None),
        ([["A3100**3"], ["A3110**3"], ["A3120**3"]], None),
        ([["A3100 * s"], ["A3110 * s"], ["A3100 * s"]], None),
        ([["s * r + 1"]], None),  # nothing in it is of a matrix
    ],
    ids=str,
)  # fmt: skip
def test_what_entries_say_is_said_of_matrices(rows: list[list[str]], wanted: Formula | None) -> None:
    assert LIFTER.formula(tuple(tuple(map(parse, row)) for row in rows)) == wanted


def test_one_number_of_whole_matrices() -> None:
    terms = " + ".join(f"(A23{i}{j} - B23{i}{j})**2" for i in range(2) for j in range(3))
    apart = Add((A, Neg(B)))
    found = LIFTER.formula(((parse(f"1/2 * ({terms})"),),))
    assert found == Mul((Div(num(1), num(2)), MatMul((Transpose(Ref("1:2")), Hadamard((apart, apart)), Ref("1:3")))))
    found = LIFTER.formula(((parse("-(A3100 * log(B3100) + A3110 * log(B3110) + A3120 * log(B3120))"),),))
    assert found == Neg(MatMul((Transpose(v), Call("log", (w,)))))


def test_places_that_are_always_zero() -> None:
    masked = Tensor("M", Label("tensor", "M"), (("m0", "0", "0"), ("m1", "m2", "0"), ("m3", "m4", "m5")))
    lifter = Lifter((masked, *ALL), down=False)
    rows = entrywise(MatMul((Ref("M"), v)), lifter.tensors)
    assert isinstance(rows, Matrix)
    left_out = ["m0 * A3100", "m1 * A3100 + m2 * A3110", "m3 * A3100 + m4 * A3110 + m5 * A3120"]
    assert lifter.formula(tuple((parse(text),) for text in left_out)) == MatMul((Ref("M"), v))
    back = ["m0 * A3100 + m1 * A3110 + m3 * A3120", "m2 * A3110 + m4 * A3120", "m5 * A3120"]
    assert lifter.formula(tuple((parse(text),) for text in back)) == MatMul((Transpose(Ref("M")), v))
    wrong = [*back[:2], "m5 * A3110"]
    assert lifter.formula(tuple((parse(text),) for text in wrong)) is None


@pytest.mark.parametrize("down", [True, False])
def test_shares_of_columns_or_rows(down: bool) -> None:
    lifter = Lifter(ALL, down)
    call = Call("softmax", (A,))
    grid = entrywise(call, lifter.tensors, down)
    assert isinstance(grid, Matrix)
    assert lifter.formula(grid.rows) == call
    turned = Transpose(Call("softmax", (Transpose(A),)))  # of the columns of what is turned: of its rows
    assert Lifter(ALL, not down).formula(grid.rows) == turned
