"""The command line. Every command imports what it needs when it runs, so that `--help` comes at once.

Longer than 250 lines because the options and the help of every command stand here, and nothing else.
"""

from __future__ import annotations

import errno
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from generator.pipeline import Worked

app = typer.Typer(
    name="longhand",
    help="Worked solutions, blank worksheets, answer keys and a website for computations worked by hand. "
    "No number is typed: every number is computed, and every printed line is true.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

File = Annotated[Path, typer.Argument(help="A problem definition (.yml).", show_default=False)]
NotationOption = Annotated[str | None, typer.Option("--notation", help="A notation's name, or a .yml file.")]
DetailOption = Annotated[str | None, typer.Option("--detail", help="`all` works every quantity in full, or `first`.")]
LanguageOption = Annotated[str, typer.Option("--language", help="The language of the documents (`en`, `zh`).")]
LevelOption = Annotated[str | None, typer.Option("--level", help="The worksheet's level: `guided`, `faded`, `open`.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
ProblemsOption = Annotated[Path, typer.Option("--problems", help="The folder of problem definitions.")]


def main() -> None:
    """Run the command line; a known error is printed in one line, with exit status 2."""
    from generator.errors import LonghandError

    if isinstance(sys.stdout, io.TextIOWrapper):  # a letter that a terminal lacks is spelled out, and nothing is lost
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="longhand")
    except LonghandError as error:
        print(f"longhand: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO):  # no room behind the output; a file has an error of its own
            raise
        sys.stdout = io.StringIO()  # what is left cannot be written either
        print(f"longhand: cannot write the output: {error.strerror}", file=sys.stderr)
        sys.exit(2)


def _choice(value: str | None, known: tuple[str, ...], option: str) -> None:
    from generator.errors import RenderError

    if value is not None and value not in known:
        raise RenderError(f"{option}: found `{value}`; expected one of {', '.join(known)}")


def _worked(file: Path, notation: str | None) -> Worked:
    from generator.pipeline import load_worked

    return load_worked(file, notation)


def _emit(text: str, output: Path | None) -> None:
    from generator.publish.files import write_file

    if output is None:
        sys.stdout.write(text)
    else:
        write_file(output, text.encode())


@app.command(
    epilog="Examples:\n\n`longhand solve problems/networks/example_322.yml`\n\n"
    "`longhand solve FILE --json | jq '.[] | select(.role == \"gradient\")'`"
)
def solve(
    file: File,
    notation: NotationOption = None,
    detail: DetailOption = None,
    language: LanguageOption = "en",
    as_json: JsonOption = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write to a file instead.")] = None,
) -> None:
    """Work a problem: print its solution, or every quantity as JSON."""
    _choice(detail, ("all", "first"), "--detail")
    worked = _worked(file, notation)
    if as_json:
        from generator.views.export import as_json as exported

        _emit(exported(worked), output)
        return
    from generator.render.document import render

    text = render(worked, "solution", "terminal", language, detail=detail)
    if output is None and sys.stdout.isatty():
        from generator.terminal import show

        show(text)
    else:
        _emit(text, output)


@app.command(
    epilog="Examples:\n\n`longhand render FILE -o out` writes everything\n\n"
    "`longhand render FILE --document worksheet --format pdf --level faded -o sheet.pdf`\n\n"
    "`longhand render FILE --document solution --format latex` prints the source"
)
def render(
    file: File,
    document: Annotated[
        str, typer.Option("--document", help="`solution`, `worksheet`, `key`, `audit`, `program`, or `all`.")
    ] = "all",
    text_format: Annotated[
        str, typer.Option("--format", help="`markdown`, `latex`, `typst`, `web`, `terminal`, `pdf`, or `all`.")
    ] = "all",
    notation: NotationOption = None,
    detail: DetailOption = None,
    level: LevelOption = None,
    language: LanguageOption = "en",
    engine: Annotated[str, typer.Option("--engine", help="What makes a PDF: `typst` or `latex`.")] = "typst",
    flavour: Annotated[str, typer.Option("--flavour", help="The program's flavour: `python` or `numpy`.")] = "python",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file, or a folder for several.")] = None,
) -> None:
    """Write a problem's documents; every line is verified before anything is written."""
    from generator.publish.commands import render_files

    _choice(detail, ("all", "first"), "--detail")
    _choice(level, ("guided", "faded", "open"), "--level")
    _choice(engine, ("typst", "latex"), "--engine")
    _choice(flavour, ("python", "numpy"), "--flavour")
    worked = _worked(file, notation)
    render_files(worked, document, text_format, language, detail, level, engine, flavour, output)


@app.command(epilog="Example:\n\n`longhand audit problems/networks/*.yml`")
def audit(
    files: Annotated[list[Path], typer.Argument(help="Problem definitions with a claims file beside them.")],
    as_json: JsonOption = False,
) -> None:
    """Hold a published example's numbers against the computed ones; exit status 1 if any is wrong."""
    from generator.terminal import report_audits

    wrong = report_audits([_worked(file, None) for file in files], as_json)
    raise typer.Exit(1 if wrong else 0)


@app.command("list", epilog="Example:\n\n`longhand list --json`")
def list_problems(problems: ProblemsOption = Path("problems"), as_json: JsonOption = False) -> None:
    """List the problems in a folder."""
    from generator.terminal import list_definitions

    list_definitions(problems, as_json)


@app.command(epilog="Example:\n\n`longhand new network problems`")
def new(
    kind: Annotated[str, typer.Argument(help="The kind of problem (`network`).")],
    folder: Annotated[Path, typer.Argument(help="Where to write it.")],
    name: Annotated[str, typer.Option("--name", help="The problem's id: the file's name.")] = "my_problem",
) -> None:
    """Write a commented starter definition."""
    from generator.publish.commands import new_definition

    typer.echo(new_definition(kind, folder, name))


@app.command(epilog="Example:\n\n`longhand schema -o longhand.schema.json`")
def schema(output: Annotated[Path | None, typer.Option("-o", "--output")] = None) -> None:
    """Print the JSON Schema of definitions, so that editors complete and check them."""
    import json

    from generator.definitions.schema import schema as made

    _emit(json.dumps(made(), indent=2, ensure_ascii=False) + "\n", output)


@app.command(
    epilog="Examples:\n\n`longhand build` makes the site in build/site\n\n"
    "`longhand build --pages pages` writes the pages as plain Markdown files"
)
def build(
    problems: ProblemsOption = Path("problems"),
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the site goes.")] = Path("build/site"),
    pages: Annotated[Path | None, typer.Option("--pages", help="Write plain Markdown pages here instead.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on any warning.")] = False,
) -> None:
    """Solve every problem, render and verify every document, and build the website."""
    from generator.publish.site import build_site, write_pages

    if pages is not None:
        typer.echo(f"{write_pages(problems, pages)} files in {pages}")
    else:
        build_site(problems, output, strict)
        typer.echo(f"{output}/index.html")


@app.command(epilog="Example:\n\n`longhand serve --address 127.0.0.1:8000`")
def serve(
    problems: ProblemsOption = Path("problems"),
    address: Annotated[str, typer.Option("--address", help="Where to listen.")] = "127.0.0.1:8000",
) -> None:
    """Serve the site while you write: it reloads when a definition, a page or a template changes."""
    from generator.publish.site import serve_site

    serve_site(problems, address)


SetFileArgument = Annotated[Path, typer.Argument(help="A set of problems (.yml).", show_default=False)]
SetOption = Annotated[Path | None, typer.Option("--set", help="The set file, if it is not where it was.")]
IssuedArgument = Annotated[Path, typer.Argument(help="The folder that `longhand set` made.")]


@app.command(
    "set",
    epilog="Examples:\n\n`longhand set homework.yml --roster class.csv -o out` makes a paper for every student\n\n"
    "`longhand set homework.yml --roster class.csv -o out --format pdf,latex,markdown --no-solutions`",
)
def homework_set(
    file: SetFileArgument,
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder for papers, solutions and keys.")],
    roster: Annotated[
        Path | None, typer.Option("--roster", help="The students: a CSV file with `id` and `name`.")
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", help="What each paper is written as: `pdf`, `latex`, `markdown`, with commas.")
    ] = "pdf",
    solutions: Annotated[bool, typer.Option(help="Also a worked solution and a key for each student.")] = True,
    again: Annotated[bool, typer.Option("--reissue", help="Build over issued papers although they change.")] = False,
    processes: Annotated[
        int | None, typer.Option("--processes", min=1, help="How many; all processors if left out.")
    ] = None,
    thorough: Annotated[
        bool | None,
        typer.Option(
            "--check-all/--check-looks",
            help="Read back every line of every paper, or of each look that papers have (default: all with PDFs).",
        ),
    ] = None,
) -> None:
    """Make a homework set: for every student a paper of their own, with solution and key, and books for you.

    The secret that the numbers depend on is in LONGHAND_SECRET, or in a file that the set names. A run that was stopped
    is gone on with; papers that were issued are never changed unless you say `--reissue`.
    """
    from generator.publish.homework import Order, build
    from generator.publish.progress import progress
    from generator.sets.records import Options

    kinds = tuple(dict.fromkeys(part.strip() for part in formats.split(",")))
    for kind in kinds:
        _choice(kind, ("pdf", "latex", "markdown"), "--format")
    order = Order(file, roster, output, Options(kinds, solutions), again, processes, thorough)
    with progress() as report:
        shelf = build(order, report)
    typer.echo(f"{len(shelf.seats)} papers in {output}/students, keys and answers in {output}/instructor")


@app.command(
    epilog="Examples:\n\n`longhand certify homework.yml`\n\n"
    "`longhand certify homework.yml -o out` also writes certificate.json and certificate.pdf"
)
def certify(
    file: SetFileArgument,
    draws: Annotated[
        int, typer.Option("--draws", min=100, max=10_000_000, help="How many variants to draw.")
    ] = 100_000,
    students: Annotated[int | None, typer.Option("--students", min=1, help="For how many (default: `copies`).")] = None,
    as_json: JsonOption = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A folder for JSON and PDF.")] = None,
) -> None:
    """Draw 100,000 variants of every problem of a set: how many are refused, and why; exit status 1 if too many."""
    from generator.publish import certify as certificates
    from generator.publish.progress import progress

    with progress() as report:
        homework, found = certificates.certified(file, draws, students or 0, report)
    if output is not None:
        for path in certificates.write_certificate(output, homework, found):
            typer.echo(path)
    elif as_json:
        sys.stdout.write(certificates.as_json(homework, found))
    else:
        certificates.show_certificates(found)
    raise typer.Exit(0 if all(one.passed for one in found) else 1)


@app.command(epilog="Example:\n\n`longhand reissue 7K3QM-9M2XA out -o again`")
def reissue(
    code: Annotated[str, typer.Argument(help="The code on the paper.", show_default=False)],
    folder: IssuedArgument = Path(),
    output: Annotated[Path, typer.Option("-o", "--output", help="Where to write them.")] = Path("reissued"),
    file: SetOption = None,
) -> None:
    """Make one student's paper, solution and key again, byte for byte, from the code on it."""
    from generator.publish.issued import reissue as made_again

    for path in made_again(code, folder, output, file):
        typer.echo(path)


@app.command(epilog="Example:\n\n`longhand diff out`")
def diff(folder: IssuedArgument = Path(), file: SetOption = None, as_json: JsonOption = False) -> None:
    """Say which issued papers and keys would be different if they were made now, and how; exit status 1 if any."""
    import json

    from generator.publish.issued import differences

    found = 0
    for change in differences(folder, file):
        typer.echo(json.dumps(change.data(), ensure_ascii=False) if as_json else str(change))
        found += 1
    if not found and not as_json:
        typer.echo("No paper and no key would be different.")
    raise typer.Exit(1 if found else 0)
