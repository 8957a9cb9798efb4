"""Issued papers made again from their codes, and what a change of definition, words or numbers would change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sets import ROSTER, SECRET, SMALL, files, made

from generator.errors import SetError
from generator.publish.homework import SECRET as VARIABLE
from generator.publish.homework import read_manifest
from generator.publish.issued import Change, differences, find_issued, reissue


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set that was issued, which no test changes."""
    folder = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, SECRET)
        made(folder, formats="markdown,pdf")
    return folder


@pytest.fixture
def issued(first: Path, tmp_path: Path) -> Path:
    """The issued set in a folder of the test's own."""
    return shutil.copytree(first, tmp_path / "issued")


def code_of(folder: Path, student: str) -> str:
    manifest = read_manifest(folder / "out")
    assert manifest is not None
    (code,) = [entry["code"] for entry in manifest["students"] if entry["id"] == student]
    assert isinstance(code, str)
    return code


def rewrite(folder: Path, old: str, new: str, name: str = "small.yml") -> None:
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def changes(folder: Path) -> list[Change]:
    return list(differences(folder / "out"))


# --- reissue ---


@pytest.mark.parametrize("where", ["out", "."])
def test_a_code_brings_back_the_same_bytes(issued: Path, where: str) -> None:
    reissue(code_of(issued, "grace").lower().replace("-", ""), issued / where, issued / "again")
    again, first = files(issued / "again"), files(issued / "out")
    assert set(again) == {name for name in first if "/grace/" in name}
    assert {name: first[name] for name in again} == again
    kinds = {Path(name).name for name in again}
    assert {"worksheet.pdf", "worksheet.md", "solution.pdf", "key.pdf"} <= kinds


def test_a_code_that_nobody_has_is_refused_with_the_nearest(issued: Path) -> None:
    code = code_of(issued, "grace")
    other = code[:-1] + ("0" if code[-1] != "0" else "1")
    with pytest.raises(SetError, match=f"did you mean .*{code}"):
        reissue(other, issued / "out", issued / "again")
    assert not (issued / "again").exists()


def test_another_secret_makes_no_paper(issued: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "quite another secret")
    with pytest.raises(SetError, match="not what was issued"):
        reissue(code_of(issued, "ada"), issued / "out", issued / "again")
    assert not (issued / "again").exists()


def test_what_has_changed_is_not_passed_off_as_issued(issued: Path) -> None:
    rewrite(issued, "Work *carefully*.", "Work quickly.")
    with pytest.raises(SetError, match=r"students/ada/worksheet.*`longhand diff` says how"):
        reissue(code_of(issued, "ada"), issued / "out", issued / "again")


def test_where_nothing_was_issued_there_is_nothing_to_reissue(tmp_path: Path) -> None:
    with pytest.raises(SetError, match="found none"):
        find_issued(tmp_path)


# --- diff ---


def test_nothing_has_changed_after_issuing(issued: Path) -> None:
    assert changes(issued) == []


def test_a_comment_changes_the_file_but_no_paper(issued: Path) -> None:
    rewrite(issued, "title: A small set", "title: A small set # as always")
    assert changes(issued) == []


def test_wider_points_change_every_blank(issued: Path) -> None:
    rewrite(issued, "points: 7", "points: 14")
    found = changes(issued)
    assert {change.student for change in found} == {"ada", "grace", "emmy"}
    assert {change.what for change in found} == {"points"}
    assert len(found) == 3 * 14
    assert (found[0].about, found[0].before, found[0].after) == ("1 net_o1", "0.5", "1")


def test_one_given_changes_only_what_follows_from_it(issued: Path) -> None:
    rewrite(issued, "learning_rate: {eta: 0.5}", "learning_rate: {eta: 0.25}", "one_unit.yml")
    found = changes(issued)
    assert {change.what for change in found} == {"answer"}
    assert {change.about.split()[1] for change in found if change.student == "ada"} == {
        "w1_new", "w2_new", "b1_new", "net_o1_new", "out_o1_new", "E_total_new",
    }  # fmt: skip
    assert all(change.before != change.after for change in found)


def test_another_range_changes_givens(issued: Path) -> None:
    rewrite(issued, "t1: [0.1, 0.9]", "t1: [0.2, 0.9]")
    found = changes(issued)
    given = [change for change in found if change.what == "given"]
    assert {(change.about, change.before, change.after) for change in given} == {("t1", "0.1", "0.2")}
    hit = {change.student for change in given}
    assert hit
    assert {change.student for change in found} == hit, "who drew the other target keeps the paper"


def test_other_words_change_the_text_alone(issued: Path) -> None:
    rewrite(issued, "A single logistic unit and one update.", "One unit, one update.", "one_unit.yml")
    found = changes(issued)
    assert {(change.what, change.about) for change in found} == {("text", "worksheet"), ("text", "solution")}
    assert {change.student for change in found} == {"ada", "grace", "emmy"}


def test_other_instructions_change_the_sheet_around_the_problems(issued: Path) -> None:
    rewrite(issued, "Work *carefully*.", "Work quickly.")
    assert {(c.problem, c.what, c.about) for c in changes(issued)} == {("the sheet", "text", "worksheet")}


def test_another_level_changes_the_blanks(issued: Path) -> None:
    rewrite(issued, "level: guided", "level: faded")
    found = changes(issued)
    assert "blank" in {change.what for change in found}
    assert str(found[0]).startswith(f"ada ({code_of(issued, 'ada')}), one_unit: ")


def test_a_problem_that_comes_and_one_that_goes(issued: Path) -> None:
    text = SMALL.replace("copies: 5\n", "") + SMALL.split("problems:\n")[1].replace("one_unit", "two").replace(
        "copies: 5\n", ""
    )
    (issued / "two.yml").write_text((issued / "one_unit.yml").read_text())
    (issued / "small.yml").write_text(text)
    assert {(c.problem, c.what, c.before, c.after) for c in changes(issued)} == {("two", "problem", "", "on the paper")}
    made(issued, ROSTER, "markdown", reissue=True)
    (issued / "small.yml").write_text(SMALL)
    assert {(c.problem, c.what, c.before, c.after) for c in changes(issued)} == {("two", "problem", "on the paper", "")}
