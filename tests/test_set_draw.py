"""Draws: test vectors that never change, independence of everything else, and no value likelier than another."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sets import SMALL, set_file

from generator.errors import SetError
from generator.sets import draw
from generator.sets.codes import meant, squares
from generator.sets.draw import fields, many, uniform, words
from generator.sets.judge import Judge
from generator.sets.model import load_set
from generator.sets.roster import Student, copies
from generator.sets.seats import seats, variant_code
from generator.sets.task import tasks

SECRET = b"0123456789abcdef"
MESSAGE = fields("set", "problem", "student", "w1")


# --- fixed for ever ---


def test_the_message_is_the_fields_with_their_lengths() -> None:
    assert MESSAGE == b"\0\0\0\x03set\0\0\0\x07problem\0\0\0\x07student\0\0\0\x02w1"
    assert fields("e\u0301") == fields("\u00e9"), "one letter, however it is encoded"


def test_a_block_is_what_the_standard_says() -> None:
    expected = hmac.new(SECRET, MESSAGE + (7).to_bytes(8, "big"), hashlib.sha256).digest()
    assert draw.block(SECRET, MESSAGE, 7) == expected
    assert b"".join(word.to_bytes(8, "big") for word in words(SECRET, MESSAGE, 7)) == expected


def test_vectors_that_never_change() -> None:
    """Papers of past years depend on these."""
    assert words(SECRET, MESSAGE, 0) == (
        2129488456135879891,
        12596311335113931717,
        5328765629591369403,
        13514075048358534999,
    )
    assert [uniform(SECRET, MESSAGE, attempt, 100) for attempt in range(8)] == [91, 62, 29, 88, 75, 4, 44, 1]
    assert [int(number) for number in many(SECRET, MESSAGE, 8, 100)] == [91, 17, 3, 99, 62, 70, 66, 48]
    assert variant_code(SECRET, "set", "ada") == "4F4K4-AZK0Z"


# --- nothing else matters ---


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    (task,) = tasks(load_set(set_file(tmp_path_factory.mktemp("draw"))))
    return Judge(task)


def attempts(judge: Judge, students: list[Student]) -> dict[str, tuple[int, ...]]:
    return {seat.student.id: seat.attempts for seat in seats(SECRET, "small", [judge], students)}


def test_the_order_of_the_roster_does_not_matter(judge: Judge) -> None:
    students = list(copies(60).students)
    assert attempts(judge, students) == attempts(judge, students[::-1])


def test_other_students_do_not_matter(judge: Judge) -> None:
    students = list(copies(60).students)
    some = attempts(judge, students[10:30])
    everybody = attempts(judge, students)
    assert some == {name: everybody[name] for name in some}


def test_other_givens_do_not_matter(judge: Judge, tmp_path: Path) -> None:
    fewer = SMALL.replace("      b1: {from: -0.5, to: 0.5, step: 0.1, without: [0]}\n", "")
    (other,) = tasks(load_set(set_file(tmp_path, fewer)))
    one = judge.task.drawn(SECRET, "small", "ada", 3)
    assert other.drawn(SECRET, "small", "ada", 3) == {given: place for given, place in one.items() if given != "b1"}


def test_everything_that_is_named_matters(judge: Judge) -> None:
    task = judge.task
    drawn = [
        task.drawn(SECRET, "small", "ada", 0),
        task.drawn(SECRET, "small", "ada", 1),
        task.drawn(SECRET, "small", "bea", 0),
        task.drawn(SECRET, "other", "ada", 0),
        task.drawn(b"another secret", "small", "ada", 0),
    ]
    assert len({tuple(places.items()) for places in drawn}) == len(drawn)


def test_no_two_students_have_the_same_numbers(tmp_path: Path) -> None:
    """Where there are hardly more papers than students, some have to draw again."""
    few = SMALL.replace("{from: -0.9, to: 0.9, step: 0.05, without: [0]}", "[0.25, 0.45]")
    (task,) = tasks(load_set(set_file(tmp_path, few)))
    judge = Judge(task)
    students = copies(200).students
    found = seats(SECRET, "small", [judge], students)
    papers = Counter(tuple(task.drawn(SECRET, "small", s.student.id, s.attempts[0]).items()) for s in found)
    assert max(papers.values()) == 1
    alone = seats(SECRET, "small", [judge], students[:1])
    assert task.space < 800
    assert any(s.attempts != seats(SECRET, "small", [judge], [s.student])[0].attempts for s in found), "some drew again"
    assert alone[0].attempts == found[0].attempts


def test_more_students_than_papers_is_an_error(tmp_path: Path) -> None:
    few = SMALL.replace("{from: -0.9, to: 0.9, step: 0.05, without: [0]}", "[0.25, 0.45]").replace(
        "{from: -0.5, to: 0.5, step: 0.1, without: [0]}", "[0.1, 0.2]"
    )
    (task,) = tasks(load_set(set_file(tmp_path, few)))
    with pytest.raises(SetError, match="no acceptable numbers"):
        seats(SECRET, "small", [Judge(task)], copies(task.space + 1).students)


def test_issued_draws_are_kept(judge: Judge) -> None:
    students = list(copies(20).students)
    (kept,) = seats(SECRET, "small", [judge], students[:1], {students[0].id: [7]})
    assert kept.attempts == (7,)


# --- every value is equally likely ---


@given(st.integers(1, 2**64), st.integers(0, 50))
def test_a_draw_lies_below_what_is_drawn_from(total: int, attempt: int) -> None:
    assert 0 <= uniform(SECRET, MESSAGE, attempt, total) < total


def test_words_that_would_make_some_values_likelier_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = {0: b"\xff" * 32, draw._TURN: b"\xff" * 8 + (41).to_bytes(8, "big") + b"\xff" * 16}
    monkeypatch.setattr(draw, "block", lambda secret, message, counter: blocks[counter])
    assert uniform(SECRET, MESSAGE, 0, 3 * 2**62) == 41
    assert uniform(SECRET, MESSAGE, 0, 2**64) == 2**64 - 1, "all words are used where they divide evenly"


def test_many_draws_are_uniform_and_leave_large_words_out(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = np.bincount(many(SECRET, MESSAGE, 60_000, 6).astype(int), minlength=6)
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 20.5, "chi-squared with 5 degrees, 1 in 1000"
    pieces = iter([b"\xff" * 24 + (5).to_bytes(8, "big"), *[(9).to_bytes(8, "big") * 4] * 9])
    monkeypatch.setattr(draw, "block", lambda secret, message, counter: next(pieces))
    assert [int(n) for n in many(SECRET, MESSAGE, 3, 3 * 2**62)] == [5, 9, 9]


# --- codes ---


def test_codes_are_read_as_they_are_meant() -> None:
    assert meant("7k3qm-9m2xa") == meant(" 7K3QM 9M2XA ") == "7K3QM-9M2XA"
    assert meant("oil00-00000") == "01100-00000"
    for wrong in ("", "7K3QM", "7K3QM-9M2XU", "../../../etc", "7K3QM-9M2XAA"):
        with pytest.raises(SetError, match="ten letters and digits"):
            meant(wrong)


def test_codes_differ_between_students_and_secrets() -> None:
    codes = {variant_code(SECRET, "set", f"s{n}") for n in range(2000)}
    assert len(codes) == 2000
    assert variant_code(b"other", "set", "s1") not in codes


def test_the_squares_are_a_code_that_a_reader_reads() -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    rows = squares("7K3QM-9M2XA")
    assert len(rows) == 21
    picture = np.full((29, 29), 255, dtype=np.uint8)
    picture[4:25, 4:25] = np.where(np.array(rows), 0, 255)
    (found,) = zxingcpp.read_barcodes(np.kron(picture, np.ones((8, 8), dtype=np.uint8)))
    assert found.text == "7K3QM-9M2XA"
