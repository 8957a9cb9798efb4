"""Rosters: what is read, and that hostile ones print literally or are refused with their line."""

from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import DefinitionError
from generator.sets.roster import Roster, cell, copies, csv_line, read_roster


def read(tmp_path: Path, text: str | bytes) -> Roster:
    path = tmp_path / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_roster(path)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("sign", [",", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_both_separators_with_and_without_a_mark(tmp_path: Path, mark: bytes, sign: str, end: str) -> None:
    rows = ["Id,Group,Name", "u1,A,Ada Lovelace", "", "u2,B,王小明"]
    found = read(tmp_path, mark + end.join(row.replace(",", sign) for row in rows).encode())
    assert found.columns == ("Id", "Group", "Name")
    assert [(s.id, s.name, s.cells, s.line) for s in found.students] == [
        ("u1", "Ada Lovelace", ("u1", "A", "Ada Lovelace"), 2),
        ("u2", "王小明", ("u2", "B", "王小明"), 4),
    ]


def test_a_quoted_name_may_hold_separators_and_quotes(tmp_path: Path) -> None:
    found = read(tmp_path, 'id,name\nu1,"Lovelace, ""Ada"""\nu2,plain\n')
    assert [s.name for s in found.students] == ['Lovelace, "Ada"', "plain"]


LITERAL = [
    "../../etc/passwd", "=cmd()|' /C calc'!A0", "+1", "-2+3", "@SUM(A1)", r"\input{/etc/passwd}", r"\write18{rm -rf}",
    '#read("/etc/passwd")', "<script>alert(1)</script>", "{{ 7*7 }}", "<% include 'x' %>", "<< title >>", "$x^2$",
    "`code`", "*star* _under_", "# heading", "a | b", "http://a.b",
    "O'Neill-\"Smith\" & Sons, 100 %", "דוד בן-גוריון", "محمد علي", "王小明",
    "Łukasz Żółć", "x" * 300, "~tilde~ ^hat^", "//comment", "/* c */", "https://example.org", "1. first",
    "- item", "---",
]  # fmt: skip


@pytest.mark.parametrize("name", LITERAL)
def test_names_are_read_as_they_are(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, csv_line(["id", "name"]) + csv_line(["u1", name]))
    assert found.students[0].name == name


REFUSED = {
    "id,name\nu1,Ada\nu2,Bea\nu1,Cid\n": (4, "a second time (first on line 2)"),
    "id,name\nu1,Ada\nU1,Bea\n": (3, "without regard to capitals"),
    "id,name\nu1,\n": (2, "no name"),
    "id,name\nu1,   \n": (2, "no name"),
    "id,name\n,Ada\n": (2, "no id"),
    "id,name\n../x,Ada\n": (2, "it names a folder"),
    "id,name\n..,Ada\n": (2, "it names a folder"),
    "id,name\na/b,Ada\n": (2, "it names a folder"),
    "id,name\na b,Ada\n": (2, "it names a folder"),
    "id,name\n=cmd(),Ada\n": (2, "it names a folder"),
    "id,name\nnul,Ada\n": (2, "it names a folder"),
    "id,name\ncon.txt,Ada\n": (2, "it names a folder"),
    "id,name\nu1.,Ada\n": (2, "it names a folder"),
    f"id,name\n{'u' * 65},Ada\n": (2, "up to 64"),
    f"id,name\nu1,{'x' * 401}\n": (2, "at most 400"),
    "id,name\nu1,A\x00da\n": (2, "U+0000"),
    "id,name\nu1,A\u202eda\n": (2, "U+202E"),
    "id,name\nu1,A\x1b[31mda\n": (2, "U+001B"),
    'id,name\nu1,"A\nda"\n': (2, "U+000A"),
    "id,name\nu1,A\ue000\n": (2, "U+E000"),
    "id,name\nu1,Ada,x\n": (2, "3 cells"),
    "id,name\nu1\n": (2, "1 cells"),
    'id,name\nu1,"Ada\nu2,Bea\n': (2, "quotes that are closed"),
    "id,title\nu1,Ada\n": (1, "`id` and `name`"),
    "id,name,ID\nu1,Ada,x\n": (1, "the column a second time"),
    "id,name\n": (None, "no students"),
    "": (1, "`id` and `name`"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_used_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    line, told = REFUSED[text]
    with pytest.raises(DefinitionError) as error:
        read(tmp_path, text)
    assert error.value.line == line
    assert told in str(error.value)


def test_bytes_that_are_no_utf8_are_refused_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="UTF-8") as error:
        read(tmp_path, b"id,name\nu1,Ada\nu2,Zo\xeb\n")
    assert error.value.line == 3


def test_a_roster_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="No such file"):
        read_roster(tmp_path / "none.csv")


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp")), min_size=1, max_size=40))
def test_no_text_crashes_the_reader(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp("roster")
    if name.strip() and not set(name) & set("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"):
        found = read(folder, csv_line(["id", "name"]) + csv_line(["u1", name]))
        assert [(student.id, student.name) for student in found.students] == [("u1", normalize("NFC", name.strip()))]
    else:
        with pytest.raises(DefinitionError) as error:
            read(folder, csv_line(["id", "name"]) + csv_line(["u1", name]))
        assert error.value.line == 2


def test_copies_are_numbered_with_as_many_digits_as_the_last() -> None:
    assert [student.id for student in copies(12).students] == [f"{n:02}" for n in range(1, 13)]


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-2", "@x", "|x", "%x"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell("Ada=") == "Ada="
