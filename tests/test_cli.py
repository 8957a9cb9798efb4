"""The command line: what each command prints, writes and leaves alone, and how it says that something is wrong."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import json
import math
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest
import typer
from pypdf import PdfReader

from generator import cli, terminal
from generator.definitions.problem import find_definitions
from generator.pipeline import load_worked
from generator.publish import files
from generator.render.formats import forget_templates
from generator.views.export import records

ROOT = Path(__file__).resolve().parents[1]
ONE = ROOT / "problems" / "first" / "one_unit.yml"
SUMS = ROOT / "problems" / "networks" / "example_222_sum_output.yml"
THREE = ROOT / "problems" / "networks" / "example_322.yml"
COMMANDS = sorted(typer.main.get_command(cli.app).commands)


@dataclass(frozen=True)
class Run:
    """What a command printed, and how it ended."""

    status: int
    out: str
    err: str


def longhand(*arguments: str | Path) -> Run:
    """Run the command line as the installed script does, in this process."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["longhand", *map(str, arguments)]
    status = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(bool(end.code))
    finally:
        sys.argv = before
    return Run(status, out.getvalue(), err.getvalue())


def script(*arguments: str | Path, **environ: str) -> Run:
    """Run the installed script in a process of its own."""
    command = [Path(sys.executable).with_name("longhand"), *arguments]
    run = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, check=False)
    return Run(run.returncode, run.stdout, run.stderr)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test works in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def own_templates(folder: Path) -> Path:
    """A `templates` folder of one's own, whose effect ends with the test."""
    (folder / "templates" / "formats").mkdir(parents=True)
    forget_templates()
    return folder / "templates"


@pytest.fixture(autouse=True)
def fresh_templates() -> object:
    yield
    forget_templates()


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# --- help ---


@pytest.mark.parametrize("command", COMMANDS)
def test_every_commands_help_has_an_example_that_names_it(command: str) -> None:
    run = longhand(command, "--help")
    assert run.status == 0
    assert re.search(rf"Examples?:\s.*longhand {command}\b", run.out, re.DOTALL)


def test_no_command_prints_the_help(folder: Path) -> None:
    assert "Usage: longhand" in longhand("--help").out
    assert {"build", "serve", "solve", "audit", "render", "new", "schema", "list"} <= set(COMMANDS)
    assert tree(folder) == {}


# --- solve ---


def test_solve_prints_a_solution_that_reads_well() -> None:
    run = longhand("solve", ONE)
    assert run.status == 0
    assert run.err == ""
    assert run.out.startswith("# One unit learns\n\nWorked solution\n")
    assert "    z_o₁ = w₁x₁ + w₂x₂ + b₁\n         = 0.4(0.5) + 0.3(−1) + 0.2\n         = 0.1\n" in run.out
    assert "dE/dw₁ = dE/do₁ · do₁/dz_o₁ · dz_o₁/dw₁" in run.out, "fractions side by side need a sign on one line"
    assert not re.search(r"[\\{}$]|<\w", run.out), "no markup"
    assert re.search(r"(?m)[ \t]$", run.out) is None


def test_solve_takes_notation_detail_and_language() -> None:
    plain = longhand("solve", THREE).out
    other = longhand("solve", THREE, "--notation", "net_out").out
    assert "net_h1" in other
    assert "net_h1" not in plain
    assert "∂E" in other
    assert "∂" not in plain
    everything = longhand("solve", THREE, "--detail", "all").out
    assert len(everything.splitlines()) > len(plain.splitlines())
    assert longhand("solve", THREE, "--detail", "first").out == plain
    chinese = longhand("solve", THREE, "--language", "zh").out
    assert "已知" in chinese
    assert "What is given" not in chinese


def test_solve_takes_a_notation_from_a_file(folder: Path) -> None:
    (folder / "mine.yml").write_text("extends: z_h\nrounding: {decimals: 2}\n")
    assert "= 0.52\n" in longhand("solve", ONE, "--notation", "mine.yml").out


def test_solve_writes_to_a_file(folder: Path) -> None:
    run = longhand("solve", ONE, "-o", "deep/er/solution.txt")
    assert (run.status, run.out, run.err) == (0, "", "")
    assert tree(folder) == {"deep/er/solution.txt": longhand("solve", ONE).out.encode()}


@pytest.mark.parametrize("path", find_definitions(ROOT / "problems"), ids=lambda path: path.stem)
def test_solves_json_holds_every_quantity(path: Path) -> None:
    run = longhand("solve", path, "--json")
    found = json.loads(run.out)
    worked = load_worked(path)
    assert found == records(worked)
    assert [record["name"] for record in found] == [quantity.name for quantity in worked.graph]
    for record in found:
        assert list(record) == ["name", "role", "formula", "substituted", "value", "shown", "relation"]
        assert (record["formula"] is None) == (record["substituted"] is None) == (record["role"] == "given")
        assert record["relation"] in ("=", "≈")
        digits = record["value"].lstrip("-0.").replace(".", "")
        exact = worked.trace.values[record["name"]]
        given = Fraction(record["value"])  # what is exact is given exactly
        assert given in (0, exact) or len(digits.partition("e")[0]) >= 17
        if isinstance(exact, Fraction):
            assert math.isclose(Fraction(record["value"]), exact, rel_tol=1e-17)
        if "/" in record["shown"]:  # a fraction whose decimals do not end
            assert math.isclose(Fraction(record["value"]), Fraction(record["shown"]), rel_tol=1e-17)
        else:
            assert worked.trace.rounding.number(Fraction(record["value"])) == Fraction(record["shown"])


def test_json_names_gradients_and_updates_by_the_rule() -> None:
    """`dE_total/dw5` and `w5_new`, whatever the notation calls them."""
    for notation in ("net_out", "z_h"):
        found = {
            record["name"]: record
            for record in json.loads(longhand("solve", SUMS, "--json", "--notation", notation).out)
        }
        assert found["dE_total/dw5"]["role"] == "gradient"
        assert found["w5_new"]["role"] == "update"
        assert found["w5"]["role"] == "given"
        assert found["w5"]["formula"] is None


def test_json_goes_to_a_file(folder: Path) -> None:
    assert longhand("solve", ONE, "--json", "-o", "all.json").out == ""
    assert json.loads((folder / "all.json").read_text())[0]["name"] == "x1"


# --- on a terminal ---


def on_terminal(*arguments: str | Path) -> str:
    """What the installed script writes to a terminal, which is 100 characters wide."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    command = [Path(sys.executable).with_name("longhand"), *arguments]
    environ = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(command, stdout=slave, stderr=slave, stdin=slave, env=environ) as process:
        os.close(slave)
        written = b""
        with contextlib.suppress(OSError):  # the terminal is closed at the end
            while part := os.read(master, 65536):
                written += part
        process.wait()
    os.close(master)
    assert process.returncode == 0, written.decode()
    return written.decode().replace("\r\n", "\n")


def test_on_a_terminal_headings_stand_out_and_lines_fit() -> None:
    written = on_terminal("solve", ONE)
    assert "\x1b[" in written
    plain = re.sub(r"\x1b\[[\d;]*m", "", written)
    assert "One unit learns\n" in plain
    assert "# " not in plain
    assert all(len(line) <= 100 for line in plain.splitlines())
    told = [line for line in longhand("solve", ONE).out.splitlines() if line.startswith("    ")]
    bullets = "\n".join(re.findall(r"(?m)^  - .*(?:\n    .*)*", plain)).splitlines()
    indented = [line for line in plain.splitlines() if line.startswith("    ") and line not in bullets]
    assert indented == told, "formulas are not wrapped"


def test_on_a_terminal_long_work_shows_how_far_it_is(folder: Path) -> None:
    written = on_terminal("build", "--problems", ONE.parent, "-o", "site")
    assert "1/1" in written
    assert "one_unit" in written
    assert "1/1" not in script("build", "--problems", ONE.parent, "-o", "site").err, "but only on a terminal"
    assert [path.name for path in folder.iterdir()] == ["site"]


# --- errors: status 2, one line that says what and where, nothing written ---

BROKEN: Mapping[str, tuple[str, str, str]] = {  # a change to the definition, and what the error says about its line
    "unknown key": ("weights:", "wheat: 1\nweights:", "LINE: `wheat`: found an unknown key"),
    "no number": ("w1: 0.4", "w1: much", r"LINE: `weights\.w1`: found `much`; expected a number"),
    "undefined name": ("x1: w1,", "x1: w9,", "LINE: .*`w9`, which has no value"),
    "key twice": ("w1: 0.4,", "w1: 0.4, w1: 0.5,", r"LINE: `weights\.w1`: found the key a second time"),
    "no YAML": (
        "title: One",
        "title: [One",
        r"broken\.yml:\d+: found a text that YAML cannot read; expected .*in quotes",
    ),
    "unknown notation": ("notation: z_h", "notation: q_r", "LINE: `notation`: found `q_r`; expected"),
    "unknown kind": ("kind: network", "kind: poem", "LINE: `kind`: found `poem`; expected one of .*network"),
    "unknown mark": (
        "logistic unit",
        "[[w77=]] unit",
        r":\d+: `introduction\S*`: found `\[\[w77\]\]`; expected the name of",
    ),
    "open mark": ("logistic unit", "[[w1 unit", r":\d+: `introduction\S*`: found `\[\[w1`; expected a name between"),
    "half a letter": ("title: One", 'title: "\\ud800"\nremarks: One', "LINE: found half of a letter"),
}


def is_one_line(run: Run, pattern: str) -> None:
    assert run.status == 2
    assert run.out == ""
    assert re.fullmatch(rf"longhand: .*{pattern}.*\n", run.err), run.err


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("command", ["solve", "render"])
def test_a_broken_definition_is_an_error_with_its_place(what: str, command: str, folder: Path) -> None:
    old, new, pattern = BROKEN[what]
    text = ONE.read_text()
    assert text.count(old) == 1
    (folder / "broken.yml").write_text(text.replace(old, new))
    line = text[: text.index(old)].count("\n") + 1
    run = longhand(command, "broken.yml", "-o", "made.d")
    is_one_line(run, pattern.replace("LINE", rf"broken\.yml:{line}"))
    assert list(tree(folder)) == ["broken.yml"]


ERRORS: Mapping[str, tuple[list[str | Path], str]] = {
    "missing file": (["solve", "nothing.yml"], r"nothing\.yml: there is no such file; expected a definition file"),
    "folder as file": (["solve", "."], "found Is a directory"),
    "claims as definition": (["solve", THREE.with_suffix(".claims.yml")], r"claims\.yml:\d+: found no key `kind`"),
    "no text": (["solve", "bytes.yml"], r"bytes\.yml: found bytes that are not UTF-8"),
    "notation": (["solve", ONE, "--notation", "fancy"], "no notation `fancy`: expected one of default"),
    "notation file": (["solve", ONE, "--notation", "./fancy.yml"], r"no notation `\./fancy\.yml`"),
    "detail": (["solve", ONE, "--detail", "some"], "--detail: found `some`; expected one of all, first"),
    "language": (["solve", ONE, "--language", "xx"], "no language `xx`: expected one of en, zh"),
    "output below a file": (["solve", ONE, "-o", "plain/x.txt"], r"cannot write plain/x\.txt: (File exists|Not a dir)"),
    "output is a folder": (["solve", ONE, "-o", "full"], "cannot write full: Is a directory"),
    "document": (
        ["render", ONE, "--document", "essay"],
        "--document: found `essay`; expected one of solution, .*, all",
    ),
    "format": (["render", ONE, "--format", "word"], "--format: found `word`; expected one of markdown, .*, all"),
    "level": (["render", ONE, "--level", "hard"], "--level: found `hard`; expected one of guided, faded, open"),
    "engine": (["render", ONE, "--engine", "word"], "--engine: found `word`; expected one of typst, latex"),
    "flavour": (["render", ONE, "--flavour", "cobol"], "--flavour: found `cobol`; expected one of python, numpy"),
    "PDF to the terminal": (["render", ONE, "--document", "key", "--format", "pdf"], "a PDF goes to a file"),
    "render below a file": (["render", ONE, "--document", "key", "-o", "plain/x"], "cannot write plain/x"),
    "no claims": (["audit", ONE], r"one_unit\.claims\.yml: there is no such file"),
    "audit of nothing": (
        ["audit", THREE, "nothing.yml"],
        r"nothing\.yml: there is no such file; expected a definition file",
    ),
    "kind": (["new", "poem", "."], "kind: found `poem`; expected one of .*network"),
    "name": (["new", "network", ".", "--name", "../escape"], r"--name: found `\.\./escape`; expected letters"),
    "new in a file": (["new", "network", "plain"], r"cannot write plain/my_problem\.yml"),
    "no problems": (["list", "--problems", "nowhere"], "nowhere: there is no such folder"),
    "site of nothing": (["build", "--problems", "nowhere", "-o", "s"], "nowhere: there is no such folder"),
    "pages of nothing": (["build", "--problems", "nowhere", "--pages", "s"], "nowhere: there is no such folder"),
    "site below a file": (["build", "--problems", ONE.parent, "-o", "plain/s"], "cannot write .*plain/s"),
    "site over a file": (["build", "--problems", ONE.parent, "-o", "plain"], "something else than a site"),
    "site over other things": (["build", "--problems", ONE.parent, "-o", "full"], "something else than a site"),
    "schema to a folder": (["schema", "-o", "full"], "cannot write full"),
}


@pytest.mark.parametrize("what", ERRORS)
def test_an_error_is_one_line_and_nothing_is_written(what: str, folder: Path) -> None:
    arguments, pattern = ERRORS[what]
    (folder / "plain").write_text("a plain file\n")
    (folder / "full").mkdir()
    (folder / "full" / "dear.txt").write_text("dear\n")
    (folder / "bytes.yml").write_bytes(b"title: \xff\xfe")
    before = tree(folder)
    is_one_line(longhand(*arguments), pattern)
    assert tree(folder) == before
    assert {path.name for path in folder.iterdir()} == {"plain", "full", "bytes.yml"}


def test_an_error_reaches_the_shell(folder: Path) -> None:
    run = script("solve", "nothing.yml", "--json", "-o", "x.json")
    is_one_line(run, r"nothing\.yml: there is no such file; expected a definition file")
    assert tree(folder) == {}


@pytest.mark.parametrize("arguments", [["bogus"], ["solve"], ["solve", str(ONE), "--bogus"], ["new", "network"]])
def test_wrong_usage_is_status_2_and_no_traceback(arguments: list[str]) -> None:
    run = longhand(*arguments)
    assert run.status == 2
    assert run.out == ""
    assert "Usage: longhand" in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize(
    ("template", "text", "pattern"),
    [
        ("formats/markdown.j2", "<% macro begin( %>", r"templates/formats/markdown\.j2:1: expected token"),
        ("documents/solution.j2", "\n\n<< nobody >>", r"templates/documents/solution\.j2:3: 'nobody' is undefined"),
        ("documents/solution.j2", "\n<% include 'gone.j2' %>", r"templates/documents/solution\.j2:2: 'gone\.j2'"),
        ("formats/markdown.j2", "<% macro end() %><% endmacro %>", r"formats/markdown\.j2 has no macro `\w+`"),
    ],
)
def test_a_mistake_in_ones_own_template_is_an_error_with_its_place(
    template: str, text: str, pattern: str, own_templates: Path
) -> None:
    (own_templates / "documents").mkdir()
    (own_templates / template).write_text(text)
    is_one_line(longhand("render", ONE, "--document", "solution", "--format", "markdown", "-o", "x.md"), pattern)
    assert not Path("x.md").exists()


def test_an_untrue_line_stops_everything(own_templates: Path) -> None:
    """One format prints a digit too many: nothing of any format is written."""
    shipped = (ROOT / "templates" / "formats" / "latex.j2").read_text()
    assert shipped.count("<< line.right >>") == 1
    (own_templates / "formats" / "latex.j2").write_text(shipped.replace("<< line.right >>", "<< line.right >>7"))
    for arguments in ([], ["--document", "solution"], ["--document", "solution", "--format", "latex"]):
        run = longhand("render", ONE, "-o", "made", *arguments)
        is_one_line(run, r"one_unit, .*solution: line \d+")
    assert not Path("made").exists()


# --- audit ---


def test_audit_ends_with_1_where_a_number_is_wrong() -> None:
    run = longhand("audit", THREE)
    assert run.status == 1
    assert run.err == ""
    assert re.search(r"^example_322: \d+ right, 2 wrong, \d+ not comparable$", run.out, re.MULTILINE)
    assert re.search(r"dE/db1 +0\.0008 +0\.0024 +gradient for b1, result", run.out)


def test_audit_ends_with_0_where_all_is_right() -> None:
    run = longhand("audit", SUMS)
    assert run.status == 0
    assert ", 0 wrong, " in run.out


def test_audit_takes_several_and_one_wrong_number_is_enough() -> None:
    run = longhand("audit", SUMS, THREE)
    assert run.status == 1
    assert run.out.index("example_222_sum_output") < run.out.index("example_322")


def test_audit_prints_json() -> None:
    run = longhand("audit", SUMS, THREE, "--json")
    assert run.status == 1
    found = json.loads(run.out)
    assert list(found) == ["example_222_sum_output", "example_322"]
    wrong = [record for record in found["example_322"] if record["verdict"] == "wrong"]
    assert [(record["quantity"], record["printed"], record["right"]) for record in wrong] == [
        ("dE/db1", "0.0008", "0.0024")
    ] * 2
    assert {record["verdict"] for record in found["example_222_sum_output"]} == {"right", "not comparable"}


# --- list, new, schema ---


def test_list_names_every_problem() -> None:
    found = json.loads(longhand("list", "--problems", ROOT / "problems", "--json").out)
    names = [record["id"] for record in found]
    assert sorted(names) == sorted(path.stem for path in find_definitions(ROOT / "problems"))
    assert names[0] == "one_unit"
    assert names.index("xor_relu") < names.index("dropout_mask") < names.index("momentum_three_steps"), "as taught"
    assert all(list(record) == ["id", "kind", "title", "level", "minutes", "file"] for record in found)
    assert all(Path(record["file"]).is_file() for record in found)
    text = longhand("list", "--problems", ROOT / "problems").out
    for record in found:
        before = rf"{record['id']} +{record['kind']} +{re.escape(record['title'])} +"
        assert re.search(rf"{before}{record['level']} +{record['minutes'] or ''} *{record['file']}", text)


def test_new_writes_a_file_that_solves_and_is_not_overwritten(folder: Path) -> None:
    run = longhand("new", "network", "problems", "--name", "mine")
    assert (run.status, run.out.strip()) == (0, "problems/mine.yml")
    text = (folder / "problems" / "mine.yml").read_text()
    assert text.count("#") > 5, "a starter is commented"
    assert longhand("solve", "problems/mine.yml").status == 0
    (folder / "problems" / "mine.yml").write_text("mine\n")
    is_one_line(
        longhand("new", "network", "problems", "--name", "mine"), "there is such a file already; expected a new name"
    )
    assert tree(folder) == {"problems/mine.yml": b"mine\n"}
    assert longhand("new", "network", "problems").out.strip() == "problems/my_problem.yml"


def test_schema_is_a_json_schema_that_tells_definitions_apart(folder: Path) -> None:
    import yaml

    schema = json.loads(longhand("schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in find_definitions(ROOT / "problems"):
        data = json.loads(json.dumps(yaml.safe_load(path.read_text())))  # keys are texts
        assert list(validator.iter_errors(data)) == [], path.name
    good = yaml.safe_load(ONE.read_text())
    for bad in (
        {**good, "wieghts": {}},
        {**good, "kind": "poem"},
        {**good, "inputs": {"x1": "much"}},
        {"kind": "network"},
    ):
        assert list(validator.iter_errors(bad))
    longhand("schema", "-o", "longhand.schema.json")
    assert json.loads((folder / "longhand.schema.json").read_text()) == schema


# --- render ---


def test_render_writes_everything_into_a_folder_and_the_same_again(folder: Path) -> None:
    run = longhand("render", ONE, "-o", "first")
    made = tree(folder / "first")
    assert run.status == 0
    assert run.out.splitlines() == [f"first/{Path(line).name}" for line in run.out.splitlines()]
    assert sorted(Path(line).name for line in run.out.splitlines()) == sorted(made)
    assert {Path(name).suffix for name in made} == {".md", ".tex", ".pdf", ".py", ".svg"}
    documents = [
        "solution",
        *(f"{name}-{level}" for name in ("worksheet", "key") for level in ("guided", "faded", "open")),
    ]
    wanted = {f"one_unit-{document}{end}" for document in documents for end in (".md", ".tex", ".pdf")}
    assert set(made) == wanted | {"one_unit-python.py", "one_unit-numpy.py", "one_unit-network.svg"}
    assert all(content.startswith(b"%PDF-") for name, content in made.items() if name.endswith(".pdf"))
    # Again, in another process with other hashes, in another place and at another time.
    assert script("render", ONE, "-o", "again", PYTHONHASHSEED="7", TZ="Asia/Tokyo", SOURCE_DATE_EPOCH="9").status == 0
    assert tree(folder / "again") == made


def test_pictures_that_a_document_refers_to_are_beside_it(folder: Path) -> None:
    run = longhand("render", ONE, "--document", "solution", "--format", "markdown", "-o", "out")
    assert run.out == "out/one_unit-solution.md\nout/one_unit-network.svg\n"
    assert "](one_unit-network.svg)" in (folder / "out" / "one_unit-solution.md").read_text()


@pytest.mark.parametrize("name", ["markdown", "latex", "typst", "web", "terminal"])
def test_render_prints_one_document_or_writes_it(name: str, folder: Path) -> None:
    printed = longhand("render", ONE, "--document", "solution", "--format", name)
    assert printed.status == 0
    assert "One unit learns" in printed.out
    written = longhand("render", ONE, "--document", "solution", "--format", name, "-o", "any.name")
    assert written.out == "any.name\n"
    assert (folder / "any.name").read_text() == printed.out


def test_render_writes_one_document_in_the_usual_formats(folder: Path) -> None:
    assert longhand("render", ONE, "--document", "worksheet", "--level", "open", "-o", "out").status == 0
    documents = [f"out/one_unit-worksheet-open.{end}" for end in ("md", "pdf", "tex")]
    assert sorted(tree(folder)) == ["out/one_unit-network.svg", *documents]
    assert longhand("render", ONE, "--document", "key", "--format", "markdown", "-o", "out").status == 0
    assert "out/one_unit-key.md" in tree(folder)


@pytest.mark.parametrize("flavour", ["python", "numpy"])
def test_render_prints_a_program_that_runs(flavour: str, folder: Path) -> None:
    longhand("render", ONE, "--document", "program", "--flavour", flavour, "-o", "p.py")
    run = subprocess.run([sys.executable, "p.py"], capture_output=True, text=True, check=True)
    assert "0.1128" in run.stdout


def test_render_takes_a_document_of_ones_own(own_templates: Path) -> None:
    (own_templates / "documents").mkdir()
    (own_templates / "documents" / "handout.j2").write_text("<< f.heading(1, title) >>\n")
    run = longhand("render", ONE, "--document", "handout", "--format", "markdown")
    assert (run.out, run.status) == ("# One unit learns\n", 0)


def test_a_pdf_has_the_documents_text(folder: Path) -> None:
    longhand("render", ONE, "--document", "solution", "--format", "pdf", "-o", "s.pdf")
    reader = PdfReader(folder / "s.pdf")
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert "One unit learns" in text
    assert "0.5250" in text
    assert (reader.metadata or {}).get("/Title") == "One unit learns"


@pytest.mark.tex
@pytest.mark.usefixtures("tex")
def test_a_pdf_through_latex_is_the_same_every_time(folder: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        run = longhand("render", ONE, "--document", "key", "--format", "pdf", "--engine", "latex", "-o", name)
        assert run.status == 0
    assert (folder / "a.pdf").read_bytes() == (folder / "b.pdf").read_bytes()
    reader = PdfReader(folder / "a.pdf")
    assert "0.5250" in "".join(page.extract_text() for page in reader.pages)
    assert not {"/CreationDate", "/ModDate"} & set(reader.metadata or {})


@pytest.mark.tex
def test_a_missing_latex_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    run = longhand("render", ONE, "--document", "key", "--format", "pdf", "--engine", "latex", "-o", "a.pdf")
    is_one_line(run, "a PDF through LaTeX needs latexmk and pdflatex")
    assert not Path("a.pdf").exists()


def test_a_missing_font_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from generator.publish import pdf

    monkeypatch.setattr(pdf, "has_font", lambda family: False)
    run = longhand("render", SUMS, "--document", "key", "--format", "pdf", "--language", "zh", "-o", "a.pdf")
    is_one_line(run, r"needs the font Noto Serif CJK SC: install the package fonts-noto-cjk \(Debian")
    assert not Path("a.pdf").exists()


@pytest.mark.usefixtures("cjk_font")
def test_a_pdf_in_chinese_is_in_chinese(folder: Path) -> None:
    longhand("render", SUMS, "--document", "key", "--format", "pdf", "--language", "zh", "-o", "a.pdf")
    text = "".join(page.extract_text() for page in PdfReader(folder / "a.pdf").pages)
    assert "一个完整循环" in text


# --- files are whole or not there ---


def test_a_file_that_cannot_be_moved_into_place_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "old.txt").write_text("old\n")

    def fail(source: str, target: object) -> None:
        assert Path(source).parent == folder
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", fail)
    for name in ("new.txt", "old.txt"):
        is_one_line(longhand("solve", ONE, "-o", name), f"cannot write {name}: No space left on device")
    assert tree(folder) == {"old.txt": b"old\n"}


def test_an_interrupted_write_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(source: str, target: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write_file(folder / "x", b"half")
    assert tree(folder) == {}


def test_files_are_made_before_the_first_is_written(folder: Path) -> None:
    def artifacts() -> object:
        yield files.Artifact("a", b"1")
        assert tree(folder) == {}
        yield files.Artifact("sub/b", b"2")

    files.write(folder, artifacts())
    assert tree(folder) == {"a": b"1", "sub/b": b"2"}
    assert (folder / "a").stat().st_mode & 0o777 == 0o644


def test_links_devices_and_pipes_stay_what_they_are(folder: Path) -> None:
    (folder / "real.txt").write_text("old\n")
    (folder / "link.txt").symlink_to("real.txt")
    files.write_file(folder / "link.txt", b"new\n")
    assert (folder / "link.txt").is_symlink()
    assert (folder / "real.txt").read_text() == "new\n"
    reader, writer = os.pipe()
    files.write_file(Path(f"/dev/fd/{writer}"), b"through\n")
    os.close(writer)
    with open(reader, "rb") as pipe:
        assert pipe.read() == b"through\n"


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{shutil.which('longhand', path=str(Path(sys.executable).parent))} solve {ONE} | head -n 1"
    run = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False)
    assert run.stdout == "# One unit learns\n"
    assert run.stderr == ""


def test_the_terminal_has_everything_four_letters_in_and_bullets_hang() -> None:
    text = longhand("solve", ROOT / "problems" / "attention" / "attention_by_hand.yml").out
    lines = text.split("\n")
    assert "    Q   1   2" in lines
    assert "    2   0   1" in lines
    assert any(line.startswith("  - A sign = before a result") for line in lines)
    bullet = next(line for line in lines if line.startswith("  - Numbers are shown"))
    first, *others = terminal._hanging(bullet, 60).plain.split("\n")
    assert len(others) > 1
    assert max(map(len, (first, *others))) <= 60
    assert all(line.startswith("    ") and line[4] != " " for line in others)
    assert " ".join([first, *(line.strip() for line in others)]) == bullet
    assert terminal._hanging("    " + "x " * 60, 60).plain == "    " + "x " * 60


class Full(io.StringIO):
    """An output with no room."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_output_that_cannot_be_written_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    err = io.StringIO()
    monkeypatch.setattr(sys, "argv", ["longhand", "solve", str(ONE)])
    with contextlib.redirect_stdout(Full()), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert err.getvalue() == f"longhand: cannot write the output: {os.strerror(errno.ENOSPC)}\n"


def test_a_letter_that_a_terminal_lacks_is_spelled_out() -> None:
    run = script("solve", ONE, PYTHONIOENCODING="ascii")
    assert run.status == 0
    assert r"\u2248" in run.out
