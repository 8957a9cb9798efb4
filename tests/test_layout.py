"""Rows that are set together: in groups of about the same length, and what belongs together in one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.render.layout import Block, Line, merged

MOST = 6  # rows that are aligned with one another


def listed(alike: str, rows: int = 1, **more: Any) -> Block:
    return Block("listed", "", (Line(alike, "=", ""),) * rows, alike=alike, **more)


def groups(blocks: list[Block]) -> list[str]:
    return ["".join(row.left for row in block.rows) for block in merged(blocks)]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ("aaaaa", ["aaaaa"]),
        ("bcaaaaa", ["bc", "aaaaa"]),  # not bcaaaa and one by itself
        ("aaaaaaa", ["aaaa", "aaa"]),  # not six and one
        ("aaaaaaaaaaaaa", ["aaaaa", "aaaa", "aaaa"]),
        ("bbbbaaaaaaa", ["bbbb", "aaaa", "aaa"]),
        ("abcdefg", ["abcd", "efg"]),
        ("nonononono", ["nonono", "nono"]),  # five pairs: none of them is torn
        ("nononononot", ["nonono", "nonot"]),
        ("aaabbbcc", ["aaa", "bbbcc"]),
    ],
)
def test_rows_are_shared_out(kinds: str, expected: list[str]) -> None:
    assert sorted(map(len, groups(list(map(listed, kinds))))) == sorted(map(len, expected))
    assert "".join(groups(list(map(listed, kinds)))) == kinds
    assert {len(group) for group in groups(list(map(listed, kinds)))} == {len(group) for group in expected}
    made = groups(list(map(listed, kinds)))
    assert not any("n" in group and group.count("n") != group.count("o") for group in made)


def test_what_is_worked_for_the_sake_of_something_stands_with_it() -> None:
    blocks = [listed("f"), listed("G", 2, uses=1), listed("f"), listed("f"), listed("G", 3, uses=2), listed("f")]
    assert groups([*blocks, listed("G", uses=1)]) == ["fGG", "ffGGG", "fG"]
    nested = [listed("f"), listed("f"), listed("E", 1, uses=2), listed("f"), listed("E", 1, uses=1)]
    assert groups([listed("x"), listed("x"), *nested, listed("T", uses=5)]) == ["xxffE", "fET"]


def test_a_turn_is_not_torn() -> None:
    turns = [listed(name, turns=name == "w") for name in "apmwapmwapmwapmwa"]
    assert groups(turns) == ["apm", "wapm", "wapm", "wapmwa"]


def test_what_goes_on_with_a_step_stands_with_the_step_or_by_itself() -> None:
    step = Block("step", "We work out m:", (Line("m", "=", ""),))
    joined = [listed("m", joins=True), listed("m")]
    assert groups([step, *joined, listed("n")]) == ["mmm", "n"]
    long = [Block("step", "We work out S:", (Line("S", "=", ""),) * 3), *[listed("S", joins=True)] * 8]
    made = merged(long)
    assert [len(block.rows) for block in made] == [3, 4, 4]
    assert [block.sentence for block in made] == ["We work out S:", "", ""]
    assert groups([step, listed("m")]) == ["m", "m"]  # one that is listed stands below what is worked in full


def test_nothing_is_set_with_what_has_a_sentence_or_room_or_another_depth() -> None:
    own = Block("listed", "A kernel:", (Line("K", "=", ""),), alike="K")
    assert groups([listed("a"), own, listed("K")]) == ["a", "KK"]
    assert groups([listed("a", room=2), listed("a", room=2)]) == ["a", "a"]
    assert groups([listed("a", depth=1), listed("a")]) == ["a", "a"]
    assert groups([listed("a"), Block("table", "a table", ()), listed("a")]) == ["a", "", "a"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 8), st.integers(0, 3), st.booleans())))
def test_no_row_is_lost_or_moved_and_no_group_is_too_long(drawn: list[tuple[str, int, int, bool]]) -> None:
    blocks = [listed(f"{kind}{n} ", rows, uses=uses, turns=turns) for n, (kind, rows, uses, turns) in enumerate(drawn)]
    made = merged(blocks)
    assert [row for block in made for row in block.rows] == [row for block in blocks for row in block.rows]
    lengths = {len(block.rows) for block in blocks}
    assert all(len(block.rows) <= MOST or len(block.rows) in lengths for block in made)
