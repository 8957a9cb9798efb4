"""Built sets: who gets what, no answer where students look, every answer recomputed, stopped runs gone on with."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pypdf import PdfReader
from pypdf.generic import StreamObject, TextStringObject
from sets import ROOT, ROSTER, SECRET, SMALL, files, made, roster_file, set_file
from test_set_roster import LITERAL

from generator.definitions.problem import load
from generator.drawings.diagram import draw_diagram, numbered
from generator.errors import DefinitionError, SetError, UntrueLineError
from generator.pipeline import Worked, work
from generator.publish import shards
from generator.publish.files import write_file
from generator.publish.homework import SECRET as VARIABLE
from generator.publish.printable import without_font, without_latex
from generator.publish.shards import Workshop
from generator.render.figures import image
from generator.render.paper import Paper
from generator.sets.papers import Press
from generator.sets.pictures import Pictures
from generator.sets.roster import csv_line
from generator.solve.rounding import Mode, Rounding
from generator.variants.shown import Shown

LONG = re.compile(r"-?\d\.\d{4,}")  # an answer with as many digits stands nowhere by chance: givens have fewer


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small set in all formats, for three students."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, SECRET)
        made(folder, formats="pdf,latex,markdown")
    return folder / "out"


def answers(folder: Path) -> list[dict[str, str]]:
    with (folder / "instructor" / "answers.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# --- who gets what ---


def test_audiences_are_apart(built: Path) -> None:
    pictures = {"code.svg", "one_unit-network.svg"}
    names = {"worksheet.pdf", "worksheet.tex", "worksheet.md"}
    for student in ("ada", "grace", "emmy"):
        assert {path.name for path in (built / "students" / student).iterdir()} == names | pictures
        assert {path.name for path in (built / "solutions" / student).iterdir()} == {
            "solution.pdf", "solution.tex", "solution.md", *pictures,
        }  # fmt: skip
        assert (built / "instructor" / "keys" / student / "key.pdf").is_file()
    assert {path.name for path in (built / "instructor").iterdir()} == {
        "answers.csv", "gradebook.csv", "issued.json", "keys", "keys.pdf", "cover.pdf", "cover.md", "cover.tex",
        "records",
    }  # fmt: skip
    assert not list(built.rglob(".*")), "nothing half-written is left"


def test_the_gradebook_has_the_rosters_columns(built: Path) -> None:
    text = (built / "instructor" / "gradebook.csv").read_text(encoding="utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text))
    assert head == ["id", "name", "group", "paper", "one_unit (7)", "total (7)"]
    assert [row[:3] for row in rows] == [line.split(",") for line in ROSTER.splitlines()[1:]]


def test_the_answers_add_up_to_the_points(built: Path) -> None:
    for student in ("ada", "grace", "emmy"):
        rows = [row for row in answers(built) if row["student"] == student]
        assert sum(Fraction(row["points"]) for row in rows) == 7
        assert [row["blank"] for row in rows] == [str(n) for n in range(1, len(rows) + 1)]
        assert {row["tolerance"] for row in rows} == {"0.0005"}


def test_the_key_book_has_bookmarks_and_an_index_with_pages(built: Path) -> None:
    book = PdfReader(built / "instructor" / "keys.pdf")
    entries = {row["student"]: row["code"] for row in answers(built)}
    outline = [
        (item.title, book.get_destination_page_number(item)) for item in book.outline if not isinstance(item, list)
    ]
    assert [title for title, _ in outline] == [
        f"{name}, {student}, {entries[student]}"
        for student, name, _ in (line.split(",") for line in ROSTER.splitlines()[1:])
    ]
    index = book.pages[0].extract_text()
    for (title, page), (student, code) in zip(outline, entries.items(), strict=True):
        assert re.search(rf"{student}.*{code}\s*{page + 1}\b", index, re.DOTALL), title
        text = book.pages[page].extract_text().replace("−", "-")
        for row in answers(built):
            if row["student"] == student:
                assert row["value"] in text


def test_every_paper_has_its_code_to_read_and_to_scan(built: Path) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    for student in ("ada", "grace", "emmy"):
        (code,) = {row["code"] for row in answers(built) if row["student"] == student}
        folder = built / "students" / student
        for name in ("worksheet.tex", "worksheet.md"):
            assert code.replace("-", "\\-") in (text := (folder / name).read_text()) or code in text
        for page in PdfReader(folder / "worksheet.pdf").pages:
            assert code in page.extract_text(), "a loose page can be told"
        svg = (folder / "code.svg").read_text()
        quoted = svg.replace('"', '\\"')
        page = f'#set page(width: 80mm, height: 80mm)\n#image(bytes("{quoted}"), width: 40mm)'
        picture = typst.compile(page.encode(), format="png", ppi=150.0)
        assert isinstance(picture, bytes)
        from PIL import Image

        (found,) = zxingcpp.read_barcodes(np.asarray(Image.open(io.BytesIO(picture)).convert("L")))
        assert found.text == code


def test_the_cover_sheet_tells_the_statistics(built: Path) -> None:
    text = (built / "instructor" / "cover.md").read_text()
    assert "| Papers | 3 |" in text
    assert "guided" in text


# --- no answer where students look ---


def everything_in(path: Path) -> Iterator[str]:
    """All text in a file: of a PDF its text layer, hidden text too, metadata, strings and attachments."""
    content = path.read_bytes()
    if path.suffix != ".pdf":
        yield content.decode()
        return
    reader = PdfReader(io.BytesIO(content))
    yield from (page.extract_text() for page in reader.pages)
    yield repr(reader.metadata)
    numbers = {number for found in reader.xref.values() for number in found} | set(reader.xref_objStm)
    assert len(numbers) > 50
    for number in sorted(numbers - {0}):
        found = reader.get_object(number)
        yield " ".join(strings_in(found))
        if isinstance(found, StreamObject) and found.get("/Type") in ("/Metadata", "/EmbeddedFile"):
            yield found.get_data().decode("latin-1")


def strings_in(found: object) -> Iterator[str]:
    """The strings in a PDF object: alternative texts, titles, names."""
    if isinstance(found, TextStringObject):
        yield str(found)
    elif isinstance(found, dict):
        for value in found.values():
            yield from strings_in(value)
    elif isinstance(found, list):
        for value in found:
            yield from strings_in(value)


def test_no_answer_reaches_a_student(built: Path) -> None:
    for student in ("ada", "grace", "emmy"):
        values = {row["value"].lstrip("-") for row in answers(built) if row["student"] == student}
        told = {value for value in values if LONG.fullmatch(value)}
        assert len(told) >= 8
        for path in sorted((built / "students" / student).iterdir()):
            for text in everything_in(path):
                leaked = {value for value in told if value in text or value.replace("0.", ".", 1) in text}
                assert not leaked, f"{path}: {leaked}"


def test_the_search_for_answers_would_find_them(built: Path) -> None:
    values = {row["value"].lstrip("-") for row in answers(built) if row["student"] == "ada"}
    for name in ("solution.pdf", "solution.tex", "solution.md"):
        texts = list(everything_in(built / "solutions" / "ada" / name))
        assert sum(any(value in text for text in texts) for value in values) > 8, name


def test_the_secret_is_nowhere(built: Path) -> None:
    from hashlib import sha256

    hidden = {SECRET.encode(), sha256(SECRET.encode()).digest(), sha256(SECRET.encode()).hexdigest().encode()}
    for name, content in files(built).items():
        assert not any(secret in content for secret in hidden), name


# --- every answer recomputed in plain Python from what the worksheet says ---


def printed_givens(text: str) -> dict[str, float]:
    """The givens of each problem as a student reads them: from the table of the Markdown worksheet."""
    table = text[text.index("## What is given") :].split("\n\n")[1]
    return {
        re.sub(r"\\math\w+|\\text|[\\{}]", "", symbol): float(value)
        for symbol, value in re.findall(r"\$([^$=]+?) = (-?[\d.]+)\$", table)
    }


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def one_unit(g: Mapping[str, float]) -> dict[str, float]:
    """The problem `one_unit`, by hand."""
    w1, w2, b1, eta, t = g["w_1"], g["w_2"], g["b_1"], g["eta"], g["t_1"]

    def forward(w1: float, w2: float, b1: float) -> tuple[float, float, float]:
        net = w1 * g["x_1"] + w2 * g["x_2"] + b1
        return net, logistic(net), (t - logistic(net)) ** 2 / 2

    net, out, error = forward(w1, w2, b1)
    slope = out * (1 - out)
    d = {"w1": (out - t) * slope * g["x_1"], "w2": (out - t) * slope * g["x_2"], "b1": (out - t) * slope}
    new = {"w1": w1 - eta * d["w1"], "w2": w2 - eta * d["w2"], "b1": b1 - eta * d["b1"]}
    after = dict(
        zip(("net_o1_new", "out_o1_new", "E_total_new"), forward(new["w1"], new["w2"], new["b1"]), strict=True)
    )
    return {
        "net_o1": net, "out_o1": out, "E_total": error, "dE_total/dout_o1": out - t, "dout_o1/dnet_o1": slope,
        **{f"dE_total/d{name}": value for name, value in d.items()},
        **{f"{name}_new": value for name, value in new.items()}, **after,
    }  # fmt: skip


def test_every_answer_follows_from_the_numbers_on_the_worksheet(built: Path) -> None:
    for student in ("ada", "grace", "emmy"):
        given = printed_givens((built / "students" / student / "worksheet.md").read_text())
        worked = one_unit(given)
        rows = [row for row in answers(built) if row["student"] == student]
        assert len(rows) == 14
        for row in rows:
            assert abs(float(row["value"]) - worked[row["quantity"]]) <= 0.5e-4 + 1e-12, (student, row)


def three_two_two(g: Mapping[str, float]) -> dict[str, float]:
    """The problem `example_322`, by hand: gradients of the output layer."""
    x = [g[f"x_{n}"] for n in (1, 2, 3)]
    w = {n: g[f"w_{n}"] for n in range(1, 11)}
    h1 = logistic(w[1] * x[0] + w[3] * x[1] + w[5] * x[2] + g["b_1"])
    h2 = logistic(w[2] * x[0] + w[4] * x[1] + w[6] * x[2] + g["b_1"])
    o1, o2 = logistic(w[7] * h1 + w[9] * h2 + g["b_2"]), logistic(w[8] * h1 + w[10] * h2 + g["b_2"])
    d1, d2 = o1 - g["t_1"], o2 - g["t_2"]
    s1, s2 = o1 * (1 - o1), o2 * (1 - o2)
    return {
        "E": d1**2 / 2 + d2**2 / 2, "dE/do1": d1, "dE/do2": d2, "do1/dz_o1": s1, "do2/dz_o2": s2,
        "dE/dw7": d1 * s1 * h1, "dE/dw8": d2 * s2 * h1, "dE/dw9": d1 * s1 * h2, "dE/dw10": d2 * s2 * h2,
        "dE/db2": d1 * s1 + d2 * s2,
    }  # fmt: skip


def sums(g: Mapping[str, float]) -> dict[str, float]:
    """The problem `example_222_sum_output`, by hand: forward pass, errors, and gradients one error at a time."""
    i1, i2 = g["i_1"], g["i_2"]
    w = {n: g[f"w_{n}"] for n in range(1, 9)}
    s1, s2 = w[1] * i1 + w[3] * i2 + g["b_1"], w[2] * i1 + w[4] * i2 + g["b_1"]
    h1, h2 = logistic(s1), logistic(s2)
    s3, s4 = w[5] * h1 + w[6] * h2 + g["b_2"], w[7] * h1 + w[8] * h2 + g["b_2"]
    o1, o2 = logistic(s3), logistic(s4)
    d1, d2 = o1 - g["target_1"], o2 - g["target_2"]
    k1, k2 = d1 * o1 * (1 - o1), d2 * o2 * (1 - o2)
    found = {
        "sum_h1": s1, "sum_h2": s2, "sum_o1": s3, "sum_o2": s4, "output_h1": h1, "output_h2": h2, "output_o1": o1,
        "output_o2": o2, "E_1": d1**2 / 2, "E_2": d2**2 / 2, "E_total": d1**2 / 2 + d2**2 / 2,
        "dE_total/doutput_o1": d1, "dE_total/doutput_o2": d2,
        "dE_total/dw5": k1 * h1, "dE_total/dw6": k1 * h2, "dE_total/dw7": k2 * h1, "dE_total/dw8": k2 * h2,
    }  # fmt: skip
    for number, first, second, hidden, fed in (
        (1, w[5], w[7], h1, i1), (2, w[6], w[8], h2, i1), (3, w[5], w[7], h1, i2), (4, w[6], w[8], h2, i2),
    ):  # fmt: skip
        one, other = (k * weight * hidden * (1 - hidden) * fed for k, weight in ((k1, first), (k2, second)))
        found |= {f"dE_1/dw{number}": one, f"dE_2/dw{number}": other, f"dE_total/dw{number}": one + other}
    return found


def test_every_answer_of_the_shipped_set_follows_too(tmp_path: Path) -> None:
    """Three problems on one sheet, one of them rounded toward zero; the hand-worked parts of each."""
    source = ROOT / "problems" / "sets" / "backpropagation.yml"
    names = ("one_unit", "example_222_sum_output", "example_322")
    folder = tmp_path
    set_file(folder, source.read_text(encoding="utf-8"), *names)
    made(folder, None, "markdown", text="", solutions=False)
    text = {path.parent.name: path.read_text() for path in (folder / "out" / "students").glob("*/worksheet.md")}
    assert len(text) == 30
    checked = 0
    for row in answers(folder / "out"):
        first, second, third = re.split(r"(?m)^# Problem \d", text[row["student"]])[1:]
        by_hand = {"one_unit": (one_unit, first), "example_222_sum_output": (sums, second)}
        work, sheet = by_hand.get(row["problem"], (three_two_two, third))
        value = work(printed_givens(sheet)).get(row["quantity"])
        assert value is not None, row
        checked += 1
        if work is sums:  # cut off after five decimals
            exact = Fraction(value).limit_denominator(10**9)
            assert Rounding(5, mode=Mode.TOWARD_ZERO).number(exact) == Fraction(row["value"]), row
        else:
            assert abs(float(row["value"]) - value) <= 0.5e-4 + 1e-12, row
    assert checked > 30 * 45


# --- read back before it is handed out ---


def spoilt(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    """A wrong result on the paper of the student at `place` of each shard."""
    bodies = Press.bodies

    def wrong(self: Press, document: str, number: int, found: Shown) -> list[str]:
        made = bodies(self, document, number, found)
        if document == "solution":
            made[place] = re.sub(r"(= -?\d\.\d{3})(\d)", lambda m: m[1] + str(9 - int(m[2])), made[place])
        return made

    monkeypatch.setattr(Press, "bodies", wrong)


@pytest.mark.parametrize(
    ("place", "formats", "thorough"), [(0, "markdown", False), (2, "markdown", True), (2, "pdf", None)]
)
def test_a_wrong_line_stops_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int, formats: str, thorough: bool | None
) -> None:
    """The first paper of a shard is always read; with PDFs, or when asked for, all of them are."""
    spoilt(monkeypatch, place)
    with pytest.raises(UntrueLineError):
        made(tmp_path, formats=formats, thorough=thorough)
    student = ("ada", "grace", "emmy")[place]
    assert not list((tmp_path / "out").rglob(f"{student}/*"))


def test_every_look_of_a_document_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that no other check meets: whatever a template is learned from has been read before it is used."""
    read: list[tuple[str, str]] = []
    real = shards.checked

    def noted(worked: Worked, text: str, format_name: str, name: str) -> str:
        read.append((name, text))
        return real(worked, text, format_name, name)

    monkeypatch.setattr(shards, "checked", noted)
    head, *rows = ("id,name", *(f"s{n},Student {n}" for n in range(60)))
    shelf = made(tmp_path, "\n".join([head, *rows]) + "\n", "markdown", thorough=False)
    for document in ("worksheet", "solution"):
        (slots,) = [slots for (name, _), slots in shelf.shop.presses["markdown"]._slots.items() if name == document]
        looks = [text for name, text in read if name == document]
        assert len(slots.templates) > 1 or document == "worksheet"
        assert len(slots.templates) <= len(set(looks)) < 60


# --- pictures ---


@given(
    numbers=st.lists(
        st.decimals(min_value=-99, max_value=99, places=3, allow_nan=False).map(str), min_size=8, max_size=8
    )
)
@settings(max_examples=40)
def test_a_filled_picture_is_the_drawn_one(numbers: list[str]) -> None:
    worked = work(load(ROOT / "problems" / "first" / "one_unit.yml"))
    diagram = worked.graph.diagram
    assert diagram is not None
    values = dict(zip(numbered(diagram, worked.graph), numbers, strict=False))
    pictures = Pictures(worked, "en")
    paper = Paper(worked, "markdown", "en")
    (description,) = [words for kind, _, words in paper.pictures() if kind == "network"]
    wanted = image(draw_diagram(diagram, worked.writer, values.__getitem__), paper.alt("network"), description)
    assert pictures.svg(values.__getitem__) == wanted
    assert pictures.svg(values.__getitem__) == wanted, "the second time, from what is remembered"


# --- the same bytes, whatever happened ---


def test_a_second_run_does_nothing_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, solutions=False)
    before = files(tmp_path / "out")
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "students").rglob("*.pdf")}

    def fail(self: Workshop, seats: object) -> Iterator[None]:
        raise AssertionError("a paper that is whole is made again")

    monkeypatch.setattr(Workshop, "papers", fail)
    made(tmp_path, solutions=False)
    assert files(tmp_path / "out") == before
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps


def test_a_spoilt_file_is_made_again(tmp_path: Path) -> None:
    made(tmp_path, formats="markdown")
    before = files(tmp_path / "out")
    (tmp_path / "out" / "students" / "ada" / "worksheet.md").write_text("spoilt")
    (tmp_path / "out" / "instructor" / "records" / "emmy.json").write_text("{")
    (tmp_path / "out" / "solutions" / "grace" / "solution.md").unlink()
    made(tmp_path, formats="markdown")
    assert files(tmp_path / "out") == before


def test_the_number_of_processes_and_the_order_of_the_roster_do_not_matter(tmp_path: Path) -> None:
    head, *rows = ("id,name", *(f"s{n},Student {n}" for n in range(40)))
    made(tmp_path / "a", "\n".join([head, *rows]) + "\n", "markdown", solutions=False, processes=2)
    made(tmp_path / "b", "\n".join([head, *rows[::-1]]) + "\n", "markdown", solutions=False, processes=1)
    one, other = (files(tmp_path / name / "out" / "students") for name in ("a", "b"))
    assert one == other
    assert len(one) == 40 * 3


def run(folder: Path, *more: str, **environ: str) -> subprocess.Popen[str]:
    code = "from generator.cli import main; main()"
    command = [sys.executable, "-c", code, "set", "small.yml", "-o", "out", "--format", "pdf,markdown", *more]
    env = {**os.environ, "PYTHONPATH": str(ROOT), VARIABLE: SECRET, **environ}
    return subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty papers, made without being stopped."""
    folder = tmp_path_factory.mktemp("forty")
    set_file(folder, SMALL.replace("copies: 5", "copies: 40"))
    process = run(folder, "--no-solutions")
    _, said = process.communicate(timeout=600)
    assert process.returncode == 0, said
    return folder / "out"


def test_a_run_that_is_killed_is_gone_on_with(forty: Path, tmp_path: Path) -> None:
    """Killed at random points; what has its final name is whole, is not made again, and all ends the same."""
    wanted = files(forty)
    set_file(tmp_path, SMALL.replace("copies: 5", "copies: 40"))
    out, chance, killed = tmp_path / "out", random.Random(7), 0
    seen: dict[str, int] = {}
    for _ in range(12):
        process = run(tmp_path, "--no-solutions")
        already = len(list(out.rglob("*.json")))
        deadline = time.monotonic() + 120
        more = chance.randint(1, 12)  # papers until it is killed
        while (
            process.poll() is None and len(list(out.rglob("*.json"))) < already + more and time.monotonic() < deadline
        ):
            time.sleep(0.01)
        time.sleep(chance.random() / 10)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed += 1
        time.sleep(0.5)  # its processes end when they see that it has
        now = {name: content for name, content in files(out).items() if not Path(name).name.startswith(".")}
        assert {name: wanted[name] for name in now} == now, "a file with its final name is whole"
        for name, stamp in seen.items():
            assert (out / name).stat().st_mtime_ns == stamp, "what was whole was made again"
        whole = [path.stem for path in (out / "instructor" / "records").glob("[!.]*.json")]
        seen = {
            f"students/{name}/worksheet.pdf": (out / f"students/{name}/worksheet.pdf").stat().st_mtime_ns
            for name in whole
        }
    assert killed >= 3
    process = run(tmp_path, "--no-solutions")
    _, said = process.communicate(timeout=600)
    assert process.returncode == 0, said
    assert files(out) == wanted


def test_an_interrupted_run_ends_at_once_and_is_gone_on_with(forty: Path, tmp_path: Path) -> None:
    set_file(tmp_path, SMALL.replace("copies: 5", "copies: 40"))
    process = run(tmp_path, "--no-solutions", "--processes", "2")
    while process.poll() is None and not list((tmp_path / "out").rglob("[!.]*.json")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Traceback" not in said + out
    process = run(tmp_path, "--no-solutions")
    process.communicate(timeout=600)
    assert files(tmp_path / "out") == files(forty)


def test_a_full_disk_is_a_clear_error(tmp_path: Path) -> None:
    """A limit on the size of files stands for it: the write fails in the middle."""
    set_file(tmp_path)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000)); import signal; "
    limit += "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); from generator.cli import main; main()"
    command = [sys.executable, "-c", limit, "set", "small.yml", "-o", "out", "--processes", "1"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), VARIABLE: SECRET}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("longhand: cannot write ")
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "out").rglob("*.pdf"))
    assert not list((tmp_path / "out").rglob(".*")), "no half-written file is left"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 30_000


# --- issued papers are not changed ---


def test_papers_that_were_issued_are_not_changed_unasked(tmp_path: Path) -> None:
    made(tmp_path, formats="markdown")
    before = files(tmp_path / "out")
    path = tmp_path / "small.yml"
    path.write_text(SMALL.replace("points: 7", "points: 8"))
    with pytest.raises(SetError, match="3 papers were issued"):
        made(tmp_path, formats="markdown")
    assert files(tmp_path / "out") == before
    made(tmp_path, formats="markdown", reissue=True)
    assert files(tmp_path / "out") != before
    path.write_text(SMALL)
    made(tmp_path, formats="markdown", reissue=True)
    assert files(tmp_path / "out") == before


def test_a_late_student_changes_nobodys_paper(tmp_path: Path) -> None:
    made(tmp_path, formats="markdown")
    before = files(tmp_path / "out" / "students")
    made(tmp_path, ROSTER + "zoe,Zoë Late,C\naaron,Aaron Early,C\n", "markdown")
    after = files(tmp_path / "out" / "students")
    assert {name: after[name] for name in before} == before
    assert {name.split("/")[0] for name in after} - {name.split("/")[0] for name in before} == {"zoe", "aaron"}


def test_a_student_who_left_is_not_forgotten_silently(tmp_path: Path) -> None:
    made(tmp_path, formats="markdown")
    fewer = "".join(line + "\n" for line in ROSTER.splitlines() if not line.startswith("emmy"))
    with pytest.raises(SetError, match=r"1 papers were issued .*emmy"):
        made(tmp_path, fewer, "markdown")
    made(tmp_path, fewer, "markdown", reissue=True)
    assert not [name for name in files(tmp_path / "out") if "emmy" in name]


# --- hostile rosters, all the way ---


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("hostile")
    names = [name for name in LITERAL if without_latex([name], "en") is None]
    rows = "".join(csv_line([f"s{number}", name, f"={name}"]) for number, name in enumerate(names))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, SECRET)
        made(folder, csv_line(["id", "name", "=note"]) + rows, "pdf,latex,markdown", solutions=False)
    return folder / "out", names


def squeezed(text: str) -> str:
    """Text without what setting it may change: spaces, line breaks, and the signs that a font joins."""
    return re.sub(r"\s", "", text).replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"')


def test_hostile_names_print_literally(hostile: tuple[Path, list[str]]) -> None:
    out, names = hostile
    assert len(names) > 20
    for number, name in enumerate(names):
        folder = out / "students" / f"s{number}"
        text = PdfReader(folder / "worksheet.pdf").pages[0].extract_text()
        assert squeezed(name) in squeezed(text), name
        html = MarkdownIt("commonmark").enable("table").render((folder / "worksheet.md").read_text())
        assert "<script" not in html
        cells = re.findall(r"<td>(.*?)</td>", html, re.DOTALL)
        assert any(squeezed(name) == squeezed(_plain(cell)) for cell in cells), name
        source = (folder / "worksheet.tex").read_text()
        assert r"\input{/etc" not in source
        assert r"\write18{" not in source


def _plain(html: str) -> str:
    from html import unescape

    return unescape(re.sub(r"<[^>]*>", "", html))


def test_hostile_names_stay_where_they_belong(hostile: tuple[Path, list[str]]) -> None:
    out, names = hostile
    assert sorted(path.name for path in (out / "students").iterdir()) == sorted(f"s{n}" for n in range(len(names)))
    assert {path.name for path in out.parent.iterdir()} == {"out", "small.yml", "roster.csv", "one_unit.yml"}
    rows = list(csv.reader(io.StringIO((out / "instructor" / "gradebook.csv").read_text(encoding="utf-8-sig"))))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    listed = json.loads((out / "instructor" / "issued.json").read_text())["students"]
    assert [entry["name"] for entry in listed] == names


@pytest.mark.tex
def test_hostile_names_compile_in_latex(hostile: tuple[Path, list[str]], tex: None) -> None:
    from generator.publish.pdf import latex_pdf

    out, names = hostile
    for number in [n for n, name in enumerate(names) if name.startswith(("\\", "#", "a |", "--"))]:
        text = (out / "students" / f"s{number}" / "worksheet.tex").read_text()
        page = PdfReader(io.BytesIO(latex_pdf(text))).pages[0].extract_text()
        assert squeezed(names[number]) in squeezed(page).replace("\ufb01", "fi"), names[number]
        assert "root:" not in page


def test_names_in_other_scripts_are_set_or_refused_with_their_line(tmp_path: Path) -> None:
    lines = "id,name\nu1,Ada\nu2,王小明\n"
    with pytest.raises(DefinitionError, match="LaTeX") as error:
        made(tmp_path, lines, "latex")
    assert error.value.line == 3
    lines = "id,name\nu1,Ada\nu2,\u0ffe\u0fff x\n"
    with pytest.raises(DefinitionError) as error:
        made(tmp_path, lines)
    assert error.value.line == 3
    assert not (tmp_path / "out").exists()
    assert without_font(["Ada", "Łukasz", "a\U0001fa00\U0003fffd"]) == "a\U0001fa00\U0003fffd"


# --- before anything is written ---


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("abs(net_o1) < 2", "net_o1 > 90"), "acceptable"),
        (("abs(net_o1) < 2", "abs(net_o9) < 2"), "net_o9"),
        (("copies: 5", "acceptance: 0.99"), "acceptable"),
        (("step: 0.1}\n      weight", "}\n      weight"), "step"),
    ],
)
def test_what_cannot_be_built_is_told_before_anything_is_written(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    set_file(tmp_path, SMALL.replace(*change))
    with pytest.raises((SetError, DefinitionError), match=told):
        made(tmp_path)
    assert not (tmp_path / "out").exists()


def test_a_secret_is_needed_and_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path / "a", formats="markdown", solutions=False)
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(SetError, match="LONGHAND_SECRET"):
        made(tmp_path / "b", formats="markdown", solutions=False)
    set_file(tmp_path / "c", SMALL + "secret: secret.txt\n")
    with pytest.raises(DefinitionError, match=r"secret\.txt"):
        made(tmp_path / "c", formats="markdown", solutions=False)
    write_file(tmp_path / "c" / "secret.txt", b"short\n")
    with pytest.raises(SetError, match="at least 8"):
        made(tmp_path / "c", formats="markdown", solutions=False)
    write_file(tmp_path / "c" / "secret.txt", SECRET.encode() + b"\n")
    made(tmp_path / "c", formats="markdown", solutions=False)
    one, other = (files(tmp_path / name / "out" / "students") for name in ("a", "c"))
    assert one == other


def test_a_set_without_students_says_what_is_missing(tmp_path: Path) -> None:
    set_file(tmp_path, SMALL.replace("copies: 5\n", ""))
    with pytest.raises(DefinitionError, match="--roster"):
        made(tmp_path, None)


def test_the_roster_may_be_read_from_anywhere(tmp_path: Path) -> None:
    path = roster_file(tmp_path, "\ufeffid;name\nu1;Ada\n")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    shelf = made(tmp_path, "\ufeffid;name\nu1;Ada\n", "markdown", solutions=False)
    assert [seat.student.name for seat in shelf.seats] == ["Ada"]
