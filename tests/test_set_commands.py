"""The commands for homework sets: what they print, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sets import ROSTER, SECRET, SMALL, roster_file, set_file
from test_cli import longhand

from generator.publish.homework import SECRET as VARIABLE


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    monkeypatch.chdir(tmp_path)
    set_file(tmp_path)
    roster_file(tmp_path)


def test_a_set_is_built_compared_and_made_again(tmp_path: Path) -> None:
    run = longhand("set", "small.yml", "--roster", "roster.csv", "-o", "out", "--format", "markdown")
    assert (run.status, run.err) == (0, "")
    assert "3 papers in out/students" in run.out
    run = longhand("diff", "out")
    assert (run.status, run.out) == (0, "No paper and no key would be different.\n")
    run = longhand("diff", "out", "--json")
    assert (run.status, run.out) == (0, "")
    code = json.loads((tmp_path / "out" / "instructor" / "issued.json").read_text())["students"][0]["code"]
    run = longhand("reissue", code, "out", "-o", "again")
    assert run.status == 0
    assert (tmp_path / "again" / "students" / "ada" / "worksheet.md").is_file()
    (tmp_path / "small.yml").write_text(SMALL.replace("points: 7", "points: 14"))
    run = longhand("diff", "out", "--json")
    assert run.status == 1
    assert {json.loads(line)["what"] for line in run.out.splitlines()} == {"points"}
    run = longhand("set", "small.yml", "--roster", "roster.csv", "-o", "out", "--format", "markdown")
    assert run.status == 2
    assert "--reissue" in run.err


def test_a_certificate_ends_with_the_status_that_it_deserves(tmp_path: Path) -> None:
    run = longhand("certify", "small.yml", "--draws", "500", "-o", "cert")
    assert run.status == 0
    data = json.loads((tmp_path / "cert" / "certificate.json").read_text())
    assert data["passed"] is True
    assert (tmp_path / "cert" / "certificate.pdf").read_bytes().startswith(b"%PDF")
    (tmp_path / "small.yml").write_text(SMALL.replace("abs(net_o1) < 2", "net_o1 > 1.4"))
    run = longhand("certify", "small.yml", "--draws", "500")
    assert run.status == 1
    assert "weaken them" in run.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "none.yml", "-o", "out"),
        ("set", "small.yml", "-o", "out", "--roster", "none.csv"),
        ("set", "small.yml", "-o", "out", "--format", "docx"),
        ("certify", "one_unit.yml"),
        ("reissue", "7K3QM-9M2XA"),
        ("diff", "."),
    ],
)
def test_bad_input_is_one_line_and_status_two(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    run = longhand(*arguments)
    assert run.status == 2
    assert run.err.startswith("longhand: ")
    assert run.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_without_a_secret_nothing_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    run = longhand("set", "small.yml", "--roster", "roster.csv", "-o", "out")
    assert run.status == 2
    assert "LONGHAND_SECRET" in run.err
    assert not (tmp_path / "out").exists()
    assert ROSTER.count("\n") == 4
