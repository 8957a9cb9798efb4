"""README, CONTRIBUTING and the guides say what is so: results, commands, options, links and examples."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import typer
import yaml
from conftest import ROOT, repository_files

from generator.cli import app
from generator.definitions.problem import find_definitions, kind_names
from generator.formula.infix import parse
from generator.notation.files import notation_names
from generator.pipeline import load_worked
from generator.render.document import render
from generator.render.formats import FORMATS
from generator.sets.model import find_sets
from generator.verify.document import verify
from generator.verify.truth import Truth
from generator.views.audit import Verdict, audit

README = ROOT / "README.md"
ONE = ROOT / "problems" / "first" / "one_unit.yml"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "site").rglob("*.md"))]
NAMES = [str(path.relative_to(ROOT)) for path in PAGES]


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, its text, and whether it says that it can be run."""

    page: Path
    line: int
    language: str
    text: str
    runs: bool


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in re.finditer(r"(?ms)^(<!-- run -->\n+)?```(\w*)[^\n]*\n(.*?)^```$", text):
        yield Block(page, text[: match.start()].count("\n") + 1, match[2], match[3], bool(match[1]))


# --- the first screen ---


def test_the_definition_in_the_readme_is_the_file() -> None:
    first = next(block for block in blocks(README) if block.language == "yaml")
    assert first.text == ONE.read_text(encoding="utf-8")
    assert len(first.text.splitlines()) <= 10, "ten lines are promised"


def test_the_result_in_the_readme_is_rendered_from_that_definition() -> None:
    shown = README.read_text(encoding="utf-8").partition("<!-- result -->")[2].partition("<!-- /result -->")[0].strip()
    solution = render(load_worked(ONE), "solution", "markdown")
    start, end = "## Backward pass: output layer", "## After the update"
    assert solution.count(start) == solution.count(end) == 1
    assert shown == solution[solution.index(start) : solution.index(end)].strip()


def test_one_sentence_a_definition_and_its_result_come_first() -> None:
    head, sentence, *_ = README.read_text(encoding="utf-8").split("\n\n")
    assert head == "# Longhand"
    assert re.fullmatch(r"[^.]+\.", sentence.replace("\n", " "))
    text = README.read_text(encoding="utf-8")
    assert text.index("```yaml") < text.index("<!-- result -->") < text.index("make site")


def test_what_the_readme_says_of_the_published_examples_is_so() -> None:
    text = " ".join(README.read_text(encoding="utf-8").split())
    words = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    wrong = []
    for path in find_definitions(ROOT / "problems" / "networks"):
        found = audit(load_worked(path))
        if found:
            wrong.append(words[len(found.of(Verdict.WRONG))])
    said = re.search(r"finds (\w+) wrong figures in one of them, (\w+) in another, and (\w+) in the third", text)
    assert said is not None
    assert sorted(said.groups()) == sorted(wrong)


# --- commands ---


def targets() -> set[str]:
    return set(re.findall(r"(?m)^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8")))


def test_the_two_commands_are_named_and_there() -> None:
    text = README.read_text(encoding="utf-8")
    assert re.search(r"(?m)^make site\b", text)
    assert re.search(r"(?m)^make test\b", text)
    assert {"site", "test", "lint", "bench", "serve", "clean"} <= targets()


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_make_command_is_in_the_makefile(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"(?m)`make (\w+)`|^\$? ?make (\w+)", text)
    assert {first or second for first, second in named} <= targets()


COMMAND = re.compile(r"(?m)`(longhand(?: [^`\n]*)?)`|^(?:\$ )?(longhand [^\n#]*)")


def commands(page: Path) -> list[str]:
    """Every command line of `longhand` that a page shows, in a listing or in a sentence."""
    text = re.sub(r"<!--.*?-->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = [(first or second).strip() for first, second in COMMAND.findall(text)]
    return [line for line in found if not line.startswith("longhand: ")]


def parsed(line: str) -> tuple[str, dict[str, object]]:
    """The command of a line and its arguments, as the command line itself reads them. Raises where it would refuse.

    In a sentence an option may stand without its value, at the end.
    """
    words = shlex.split(re.split(r" [|>]", line)[0])[1:]
    group = typer.main.get_command(app)
    if not words:
        return "", {}
    command = group.commands[words[0]]
    if words[1:] == ["--help"] or len(words) == 1:
        return words[0], {}
    own = next((param for param in command.params if words[-1] in param.opts), None)
    valued = own is not None and not getattr(own, "is_flag", False)
    return words[0], command.make_context(words[0], [*words[1:], *(["x"] if valued else [])]).params


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_that_is_shown_exists_with_its_options(page: Path) -> None:
    for line in commands(page):
        if re.fullmatch(r"longhand \w+( [A-Z]+)*( -o [A-Z]+)?", line) or "`" in line:
            assert line.split()[1] in typer.main.get_command(app).commands, line
            continue
        name, found = parsed(line)
        if name == "new":
            assert found["kind"] in kind_names(), line
        if name in ("solve", "render"):
            assert found.get("notation") in (None, "classroom", *notation_names()), line
            assert found.get("text_format") in (None, "all", "pdf", *FORMATS), line


def test_the_pages_show_commands_at_all() -> None:
    shown = {line.split()[1] for page in PAGES for line in commands(page) if len(line.split()) > 1}
    assert shown == set(typer.main.get_command(app).commands), "every command is told of somewhere"


def test_a_wrong_command_would_be_found() -> None:
    for line in ("longhand sove FILE", "longhand solve FILE --notations x", "longhand build --page x"):
        with pytest.raises(Exception, match=r"sove|--notations|--page"):
            parsed(line)


def test_every_option_that_is_named_in_a_sentence_exists() -> None:
    known = {
        option
        for command in typer.main.get_command(app).commands.values()
        for p in command.params
        for option in (*p.opts, *p.secondary_opts)
    }
    for page in PAGES:
        for option in re.findall(r"`(--[a-z]+(?:-[a-z]+)*)", page.read_text(encoding="utf-8")):
            assert option in known, f"{page.name}: {option}"


# --- links ---


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"(?m)^#+ (.*)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    """On GitHub; that of the site's generated pages is tested on the site."""
    generated = {path.stem for path in find_definitions(ROOT / "problems")}
    text = re.sub(r"(?ms)^```.*?^```$", "", page.read_text(encoding="utf-8"))
    for target in re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", text):
        url = urlsplit(target)
        if url.scheme:
            continue
        path = (page.parent / unquote(url.path)).resolve() if url.path else page
        parts = path.relative_to(ROOT).parts
        if parts[:2] == ("site", "problems"):
            in_set = parts[2] == "sets" and parts[3] in {path.stem for path in find_sets(ROOT / "problems")}
            assert parts[2] == "index.md" or parts[2] in generated or in_set, target
            continue
        assert path.exists(), f"{page.name}: {target}"
        if url.fragment:
            assert url.fragment in anchors(path), f"{page.name}: {target}"


def test_files_that_are_named_in_sentences_are_there() -> None:
    """Every path in backquotes that begins with one of our folders."""
    rooms = sorted(path.name for path in (ROOT / "generator").iterdir() if path.is_dir() and path.name != "data")
    folders = "generator|templates|problems|site|tests|benchmarks|" + "|".join(rooms)
    tracked = [str(path.relative_to(ROOT)) for path in repository_files()]
    for page in PAGES:
        for name in re.findall(rf"`((?:{folders})/[\w./-]*)`", page.read_text(encoding="utf-8")):
            wanted = name.rstrip("/")
            near = (wanted, f"generator/{wanted}", f"{page.parent.relative_to(ROOT)}/{wanted}")
            made = wanted.startswith("problems/") and "my_problem" in wanted
            assert made or any(path.startswith(near) for path in tracked), f"{page.name}: {name}"


# --- examples that run ---

RUNNABLE = [block for page in PAGES for block in blocks(page) if block.runs]


def test_the_guide_for_contributors_has_examples_that_run() -> None:
    assert sum(block.page.name == "CONTRIBUTING.md" for block in RUNNABLE) >= 3


@pytest.mark.parametrize("block", RUNNABLE, ids=[f"{block.page.name}:{block.line}" for block in RUNNABLE])
def test_an_example_runs(block: Block, tmp_path: Path) -> None:
    """In an empty folder, as it stands. In a console listing, what follows a prompt is run, and its output compared."""
    bin_folder = Path(sys.executable).parent
    environ = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    if block.language == "python":
        command = [sys.executable, "-c", block.text]
    elif block.language == "console":
        lines = [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ")]
        command = ["bash", "-euc", "\n".join(lines)]
    else:
        assert block.language == "bash"
        command = ["bash", "-euc", block.text]
    run = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    if block.language == "console":
        for line in block.text.splitlines():
            assert line.startswith("$ ") or line in run.stdout, line


# --- definitions that are shown ---


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_yaml_that_is_shown_is_yaml(page: Path) -> None:
    for block in blocks(page):
        if block.language == "yaml":
            assert isinstance(yaml.safe_load(block.text), dict), f"{page.name}:{block.line}"


NETWORK_KEYS = ("activation", "loss", "optimizer", "differentiate", "update", "state")  # what is no formula
EXERCISES = ROOT / "site" / "guide" / "exercises.md"
STARTS = [block for block in blocks(EXERCISES) if block.language == "yaml"]


@pytest.mark.parametrize("block", STARTS, ids=[str(yaml.safe_load(block.text)["title"]) for block in STARTS])
def test_an_exercise_that_the_guide_shows_is_worked_and_every_line_is_true(block: Block, tmp_path: Path) -> None:
    (tmp_path / "exercise.yml").write_text(block.text, encoding="utf-8")
    worked = load_worked(tmp_path / "exercise.yml")
    truth = Truth.of(worked.graph, worked.writer, worked.notation.rounding)
    assert len(block.text.splitlines()) < 40
    for document in ("solution", "worksheet"):
        found = verify(render(worked, document, "markdown"), "markdown", truth, worked.history)
        assert not found.untrue
        assert found.checked > 5


def test_the_forms_in_the_table_of_exercises_can_be_read() -> None:
    """Every `name: formula` there, and enough of them."""
    rows = re.findall(r"(?m)^\| [^|]+ \| `.*$", EXERCISES.read_text(encoding="utf-8"))
    forms = [form for row in rows for form in re.findall(r"`([A-Za-z]\w*): ([^`]+)`", row)]
    read = [parse(formula) for name, formula in forms if name not in NETWORK_KEYS]
    assert len(rows) > 60
    assert len(read) > 50


def test_the_notation_that_the_guide_shows_can_be_used(tmp_path: Path) -> None:
    (shown,) = (b for b in blocks(ROOT / "site" / "guide" / "notation.md") if b.text.startswith("notation:"))
    definition = re.sub(r"(?m)^notation:.*\n", "", ONE.read_text(encoding="utf-8")) + shown.text
    (tmp_path / "one.yml").write_text(definition, encoding="utf-8")
    assert "×" in render(load_worked(tmp_path / "one.yml"), "solution", "terminal")


def test_the_claims_that_the_guide_shows_can_be_audited(tmp_path: Path) -> None:
    (shown,) = (b for b in blocks(ROOT / "site" / "guide" / "problems.md") if b.text.startswith("source:"))
    example = ROOT / "problems" / "networks" / "example_222_net_out.yml"
    (tmp_path / "my.yml").write_text(example.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "my.claims.yml").write_text(shown.text, encoding="utf-8")
    found = audit(load_worked(tmp_path / "my.yml"))
    assert found is not None
    assert found.findings[0].verdict is Verdict.RIGHT


def test_the_error_that_the_guide_shows_is_the_error(tmp_path: Path) -> None:
    """The starter file with one weight's name changed says exactly what the guide says that it says."""
    text = (ROOT / "site" / "guide" / "problems.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"(?m)^(longhand: .*)$", text)
    longhand = Path(sys.executable).with_name("longhand")
    subprocess.run([longhand, "new", "network", "problems"], cwd=tmp_path, check=True, capture_output=True)
    path = tmp_path / "problems" / "my_problem.yml"
    before = path.read_text(encoding="utf-8")
    changed = re.sub(r"(?m)^( *h1: .*x2: )\w+", r"\1w9", before, count=1)
    assert changed != before
    path.write_text(changed, encoding="utf-8")
    run = subprocess.run(
        [longhand, "solve", "problems/my_problem.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.stderr.strip() == shown
