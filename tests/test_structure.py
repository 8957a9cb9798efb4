"""The house keeps its shape: what imports what, how long a module is, what is public, and what no file may hold."""

from __future__ import annotations

import ast
import doctest
import inspect
import json
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
import pytest
from conftest import repository_files

import generator
from generator.definitions.problem import find_definitions
from generator.render.formats import FORMATS, environment
from generator.render.language import language_names, load_words

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "generator"

# The way through, from errors to the command line: the rooms of the house, and the modules of each, in an order in
# which a module imports only what stands before it. So no two rooms import each other.
ROOMS = {
    "": "errors resources once kinds",  # `kinds` is only looked through for the files in it
    "formula": "tree sums extremes greek infix functions conditions indicators identity grids whole inlining entrywise "
    "matrices elimination unfinished indices ordering made places vectors recurrences laying turns named "
    "multiplied naming",
    "definitions": "keys source mentions problem schema course nested rows own tables",
    "graph": "quantities wholes windows products families declared layers",
    "learning": "clipping optimizers chosen training trainable batches normalization biases losses targets passes "
    "dropout penalties",
    "kinds.network": "shorthand model units checks kind",
    "kinds.convolution": "shorthand model images laying saying comparing norming pipelines kind",
    "kinds.recurrent": "cells letters steps model totals placed unfolding unrolled checks kind",
    "kinds.attention": "model placed mixtures attending checks kind",
    "kinds.formulas": "deciding model entries checks circuit kind",
    "solve": "elementary exact rounding compiled traces histories",
    "typeset": "boxes numerals text latex mathml typst wrapping python squares",
    "lifting": "masked windowed tensors gradients factors sparse lift sides sliding",
    "notation": "writer called titles files columns breaking arrange",
    "backward": "plainly symbolic derivative slopes gradients passes",
    "checks": "claims invariants closing",
    "drawings": "drawing placing lattice layers operations circuit diagram plot svg tikz typst",
    "derive": "steps equations pairs rounds firsts shapes runs sections matrix_formulas matrix_equations "
    "matrix_sections",
    "work": "pipeline",
    "views": "alike effort posed gathered worksheet audit export",
    "render": "language formats guards program layout rows cells grids blocks figures texts conventions paper contents "
    "document",
    "variants": "approx digits shown probe breaks filling slots",
    "reading": "normal names rows find tables chains conditions shape formula latex mathml typst",
    "verify": "samples truth examined matrix_statement shape_statement statement tables document",
    "sets": "ranges model draw roster require task batch difficulty checks judge seats certificate report "
    "codes papers pictures records",
    "publish": "files progress pdf artifacts commands shards printable books homework issued certify cards elements "
    "pages gallery parts set_pages site plugin",
    "command line": "terminal cli __main__",
}
ALONE = ("", "work", "command line")  # what stands in no room


def members(room: str, names: str) -> list[str]:
    """The modules of a room, and the room itself: before them where they import it, else behind them."""
    if room in ALONE:
        return names.split()
    inside = [f"{room}.{name}" for name in names.split()]
    if room == "kinds":  # it stands at the beginning already
        return inside
    return [room, *inside] if room == "reading" else [*inside, room]


ORDER = [name for room, names in ROOMS.items() for name in members(room, names)]

# Imports inside functions hide a dependency, so each place says why it has them.
LAZY = {
    "": "the public surface imports a name when it is first used, so that the command line starts quickly",
    "cli": "a command imports what it needs when it runs, so that `--help` comes at once",
    "backward.derivative": "SymPy takes longer to load than most problems take to work, and few have a use for it",
}


@dataclass(frozen=True)
class Import:
    """An import of one of our own modules: `kind` is `module`, `function`, or `typing` (under TYPE_CHECKING)."""

    module: str
    line: int
    kind: str


def short(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {short(path): path for path in sorted(PACKAGE.rglob("*.py")) if "data" not in path.parts}


@cache
def parsed(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


def imports(name: str) -> Iterator[Import]:
    """Every import of our own modules, wherever it stands."""

    def walk(node: ast.AST, kind: str) -> Iterator[Import]:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for module in imported(node):
                yield Import(module, node.lineno, kind)
        inside = kind
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inside = "function"
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            inside = "typing"
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inside)

    def imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            assert node.level == 0, f"{name}:{node.lineno}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for full in names:
            if full.split(".")[0] == "generator":
                own = full.removeprefix("generator").lstrip(".")
                yield own if own in MODULES else own.rpartition(".")[0]

    yield from walk(parsed(name), "module")


def strings(name: str) -> Iterator[ast.Constant]:
    """The texts in a module's code that are neither docstrings nor part of an error that is raised."""
    tree = parsed(name)
    passed: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            passed |= set(ast.walk(node))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(node.value)
    yield from (
        n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str) and n not in passed
    )


# --- modules ---


def test_the_order_names_every_module_once() -> None:
    assert sorted(ORDER) == sorted(name for name in MODULES if name)


@pytest.mark.parametrize("name", ORDER)
def test_a_module_imports_only_what_stands_before_it(name: str) -> None:
    before = set(ORDER[: ORDER.index(name)])
    wrong = [
        f"line {found.line}: {found.module} ({found.kind})" for found in imports(name) if found.module not in before
    ]
    assert not wrong


def test_imports_inside_functions_have_a_reason() -> None:
    hidden = {name for name in MODULES for found in imports(name) if found.kind == "function"}
    assert hidden <= set(LAZY), "importing inside a function hides a dependency"


def test_only_the_command_line_and_the_surface_import_for_types_alone() -> None:
    """A type that only a checker may import is a sign of a circle."""
    assert {name for name in MODULES for found in imports(name) if found.kind == "typing"} <= {"", "cli"}


def test_the_import_checker_sees_imports_wherever_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        "from typing import TYPE_CHECKING\nimport generator.cli\nfrom generator import errors\n"
        "if TYPE_CHECKING:\n    from generator.graph.quantities import Graph\n"
        "def f():\n    from generator.publish.files import write\n"
    )
    monkeypatch.setattr(sys.modules[__name__], "parsed", lambda name: ast.parse(source))
    assert list(imports("errors")) == [
        Import("cli", 2, "module"),
        Import("errors", 3, "module"),
        Import("graph.quantities", 5, "typing"),
        Import("publish.files", 7, "function"),
    ]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_short_or_says_why_not(name: str) -> None:
    text = MODULES[name].read_text(encoding="utf-8")
    if len(text.splitlines()) > 250:
        said = (ast.get_docstring(parsed(name)) or "") + "".join(re.findall(r"(?m)^#.*$", text))
        assert "onger than 250 lines because" in said


@pytest.mark.parametrize("name", MODULES)
def test_a_modules_first_line_says_what_it_turns_into_what(name: str) -> None:
    first, *rest = (ast.get_docstring(parsed(name)) or "").split("\n")
    assert first
    assert first.endswith((".", ".)")), "the first line is a sentence, or `from -> to`, on one line"
    assert not rest or rest[0] == ""


# --- the public surface ---


def test_the_public_surface_is_what_it_says() -> None:
    assert generator.__all__ == sorted(generator.__all__)
    typed = next(node for node in parsed("").body if isinstance(node, ast.If))
    names = [
        alias.asname or alias.name for node in typed.body if isinstance(node, ast.ImportFrom) for alias in node.names
    ]
    assert sorted(names) == generator.__all__, "what type checkers see"
    for name in generator.__all__:
        value = getattr(generator, name)
        assert inspect.getdoc(value), f"{name} has no docstring"
        assert value.__module__.startswith("generator."), name
    with pytest.raises(AttributeError, match="no attribute `nothing`"):
        _ = generator.nothing


def test_the_public_names_are_those_of_their_homes() -> None:
    """`_HOMES`, which imports a name when it is used, and the imports that type checkers see agree."""
    typed = next(node for node in parsed("").body if isinstance(node, ast.If))
    homes = {
        alias.asname or alias.name: ((node.module or "").removeprefix("generator."), alias.name)
        for node in typed.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert homes == generator._HOMES
    assert sorted(homes) == generator.__all__


def test_the_surfaces_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    example = doctest.DocTestParser().get_doctest(generator.__doc__ or "", {}, "generator", None, None)
    assert len(example.examples) > 3
    assert doctest.DocTestRunner().run(example).failed == 0


def test_every_public_function_and_type_is_documented() -> None:
    bare = [
        f"{name}.{node.name}"
        for name in MODULES
        for node in parsed(name).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        if not ast.get_docstring(node)
    ]
    assert not bare


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_the_version_is_stated_once_in_effect() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{generator.__version__}"' in pyproject


# --- words and markup stay where they belong ---


def test_core_code_holds_no_latex() -> None:
    """Only what prints or reads a format knows its commands. (The notations' language has `\\sigma` and `\\hat`.)"""
    homes = re.compile(r"typeset\.|drawings\.(svg|tikz|typst)$|reading\.|render\.formats$|publish\.pdf$")
    command = re.compile(r"\\(?!sigma$|hat\{)[A-Za-z]{2,}")
    found = [
        f"{name}:{text.lineno}"
        for name in ORDER
        if not homes.match(name)
        for text in strings(name)
        if command.search(text.value)
    ]
    assert not found


def test_core_code_holds_no_prose() -> None:
    """What a reader of a document sees in words stands in the language files: code holds no sentences."""
    stages = ORDER[: ORDER.index("verify")]
    # What these say is said in errors and schemas, and in reports.
    speaks = re.compile(
        r"errors$|definitions\.(source|problem|rows|own)|learning\.|kinds\.|notation\.writer|reading|verify\."
    )
    prose = re.compile(r"(?=.*\b(the|a|of|is|are|to|in|and|with|for)\b)[A-Za-z]{2,} [a-z]+ [a-z]+ [a-z]{2,}")
    found = [
        f"{name}:{text.lineno}: {text.value!r}"
        for name in stages
        if not speaks.match(name)
        for text in strings(name)
        if prose.search(text.value) and not said_in_an_error(name, text)
    ]
    assert not found


def said_in_an_error(name: str, text: ast.Constant) -> bool:
    """Whether a text is prepared for an error that is raised right after it."""
    lines = MODULES[name].read_text(encoding="utf-8").splitlines()
    return any("raise" in line or "rror(" in line for line in lines[text.lineno - 1 : text.lineno + 2])


# --- templates ---


def macros(name: str) -> dict[str, int]:
    """The macros of a format's file, with the number of their arguments."""
    tree = template(f"formats/{name}.j2")
    return {macro.name: len(macro.args) for macro in tree.find_all(jinja2.nodes.Macro)}


def template(path: str) -> jinja2.nodes.Template:
    return environment().parse((ROOT / "templates" / path).read_text(encoding="utf-8"))


def called(tree: jinja2.nodes.Template) -> Iterator[tuple[str, int]]:
    """Calls of `f.macro(...)`, with the number of their arguments."""
    for call in tree.find_all(jinja2.nodes.Call):
        node = call.node
        if (
            isinstance(node, jinja2.nodes.Getattr)
            and isinstance(node.node, jinja2.nodes.Name)
            and node.node.name == "f"
        ):
            yield node.attr, len(call.args)


def calls_from_templates() -> set[tuple[str, int]]:
    folder = ROOT / "templates"
    paths = [
        path.relative_to(folder) for kind in ("documents", "pages", "sets") for path in (folder / kind).glob("*.j2")
    ]
    return {call for path in sorted(paths) for call in called(template(path.as_posix()))}


def calls_from_code() -> set[tuple[str, int]]:
    return {
        (call.args[0].value, len(call.args) - 1)
        for name in MODULES
        for call in ast.walk(parsed(name))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "macro"
        if call.args and isinstance(call.args[0], ast.Constant)
    }


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_every_macro_that_is_used(name: str) -> None:
    own = macros(name)
    wanted = calls_from_templates() | calls_from_code()
    assert len(wanted) > 15
    assert [call for call in sorted(wanted) if own.get(call[0]) != call[1]] == []


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_no_macro_that_nobody_uses(name: str) -> None:
    used = {macro for macro, _ in calls_from_templates() | calls_from_code()}
    tree = template(f"formats/{name}.j2")
    helpers = {call.node.name for call in tree.find_all(jinja2.nodes.Call) if isinstance(call.node, jinja2.nodes.Name)}
    assert set(macros(name)) - used - helpers == set()


def test_the_macros_of_all_formats_are_the_same() -> None:
    """But for helpers that a format calls only itself."""
    wanted = {macro for macro, _ in calls_from_templates() | calls_from_code()} | {"rows"}
    shared = {name: {macro: count for macro, count in macros(name).items() if macro in wanted} for name in FORMATS}
    first = next(iter(shared.values()))
    assert {name: made for name, made in shared.items() if made != first} == {}


def test_templates_do_no_arithmetic() -> None:
    """Python computes, templates arrange: they may count columns and scale a length to their format's unit."""
    nodes = (jinja2.nodes.Div, jinja2.nodes.FloorDiv, jinja2.nodes.Mod, jinja2.nodes.Pow)
    for path in sorted((ROOT / "templates").rglob("*.j2")):
        tree = environment().parse(path.read_text(encoding="utf-8"))
        assert not [found for node in nodes for found in tree.find_all(node)], path.name
        filters = {found.name for found in tree.find_all(jinja2.nodes.Filter)}
        assert not filters & {"round", "float", "int", "abs", "sum", "format", "safe"}, path.name


def test_all_languages_have_the_same_words() -> None:
    english = set(load_words("en").texts)
    for language in language_names():
        assert set(load_words(language).texts) == english, language


# --- what is in the repository ---


# Brackets keep these patterns from finding themselves.
FOREIGN = {
    "a path of one machine": r"/[h]ome/\w|/[w]ork/\w|/[r]oot/|/[U]sers/\w|[C]:\\\\?Users|/[t]mp/\w",
    "an issue's number": r"(?i)\b[i]ssue #?\d+|[i]ssues show",
    "a package registry": r"[p]ypi\.org|files\.[p]ythonhosted|[n]pmjs\.|--[i]ndex-url|[e]xtra-index-url",
}


@pytest.mark.parametrize("what", FOREIGN)
def test_no_file_holds(what: str) -> None:
    pattern = re.compile(FOREIGN[what])
    found = []
    for path in repository_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{number}: {line[:100]}"
            for number, line in enumerate(text.splitlines(), 1)
            if pattern.search(line)
        ]
    assert not found


def test_nothing_generated_is_repository_files() -> None:
    assert not [
        path
        for path in repository_files()
        if path.suffix in (".pdf", ".pyc", ".whl") or "build" in path.relative_to(ROOT).parts
    ]


def test_every_definition_has_a_name_of_its_own() -> None:
    names = [path.stem for path in find_definitions(ROOT / "problems")]
    assert names
    assert len(names) == len(set(names))


# --- the command line starts at once ---

HEAVY = (
    "sympy",
    "numpy",
    "mkdocs",
    "typst",
    "yaml",
    "flint",
    "jinja2",
    "mpmath",
    "generator.definitions.problem",
    "pydantic",
)


@pytest.mark.parametrize("command", [["--help"], ["solve", "--help"], ["build", "--help"]])
def test_help_imports_nothing_heavy(command: list[str]) -> None:
    code = (
        "import json, sys\nsys.argv = ['longhand', *sys.argv[1:]]\nfrom generator.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"json.dump([name for name in {HEAVY!r} if name in sys.modules], sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    assert "Usage" in run.stdout
    theirs = [] if command == ["--help"] else ["pydantic"]  # newer versions of Typer import it for any command
    assert [name for name in json.loads(run.stderr) if name not in theirs] == []


def seconds(command: list[str]) -> float:
    """The processor time that a command takes: the least of some runs, because the machine does other things too."""
    taken = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def test_help_comes_within_a_quarter_of_a_second() -> None:
    """Or within five times what Typer alone needs to be imported, on a machine that is slow or busy."""
    command = shutil.which("longhand", path=os.fspath(Path(sys.executable).parent))
    assert command
    taken = seconds([command, "--help"])
    assert taken < 0.25 or taken < 5 * seconds([sys.executable, "-c", "import typer"])


# --- the tests themselves ---


def test_a_skipped_test_fails_where_everything_is_required(tmp_path: Path) -> None:
    for name in ("conftest.py", "tools.py"):
        shutil.copy(ROOT / "tests" / name, tmp_path)
    (tmp_path / "test_module.py").write_text("import pytest\npytest.importorskip('there_is_no_such_module')\n")
    (tmp_path / "test_tests.py").write_text(
        "import pytest\nfrom tools import TOOLS, need\n"
        "def test_body():\n    pytest.skip('not here')\n"
        "@pytest.mark.skipif(True, reason='never')\ndef test_mark():\n    pass\n"
        "@pytest.mark.xfail\ndef test_known():\n    assert False\n"
        "def test_tool(monkeypatch):\n    monkeypatch.setitem(TOOLS, 'pen', lambda: False)\n    need('pen')\n"
        "def test_good():\n    pass\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--continue-on-collection-errors",
        str(tmp_path),
    ]

    def outcome(required: str) -> str:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
        environ = {**clean, "LONGHAND_REQUIRE_ALL": required}
        return subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False).stdout

    assert re.search(r"\b1 passed, 4 skipped, 1 xfailed", outcome("0"))
    assert re.search(r"\b2 failed, 1 passed, 1 xfailed, 2 errors", outcome("1"))
