"""Problems and hand-written pages -> the website, through MkDocs: built, served, or written as plain Markdown."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from generator import resources
from generator.errors import LonghandError, PublishError
from generator.publish.files import Artifact, write
from generator.publish.gallery import overviews
from generator.publish.pages import generate
from generator.publish.progress import progress
from generator.publish.set_pages import generate_sets

# mkdocs-material announces its end of life at every start; which MkDocs is used is decided in pyproject.toml.
os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
# MkDocs would put the day of the build into the compressed site map.
os.environ.setdefault("SOURCE_DATE_EPOCH", "0")

CONFIG = Path("mkdocs.yml")
PROBLEMS = Path("problems")


def build_site(problems: Path, output: Path, strict: bool = False) -> None:
    """Build the site into `output`, which is replaced when the new one is whole.

    Uses the `mkdocs.yml` of the folder, or the shipped one where there is none. Raises the `LonghandError` that stopped
    the build: of a definition, of a line that is not true, or a `PublishError`.
    """
    from mkdocs.commands.build import build

    output = output.resolve()
    _replaceable(output)
    with _configuration() as path, _explained(), _beside(output) as fresh:
        config = _load(path, problems, site_dir=str(fresh), strict=strict or None)
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
        config.plugins.on_shutdown()
        _swap(fresh, output)


def _replaceable(output: Path) -> None:
    """Raise `PublishError` where `output` holds something that is not a site, and would be lost."""
    empty = not output.exists() or (output.is_dir() and not any(output.iterdir()))
    if not empty and not (output / "search" / "search_index.json").is_file():
        raise PublishError(f"{output}: there is something else than a site; expected a new or empty folder (-o)")


@contextmanager
def _beside(output: Path) -> Iterator[Path]:
    """A new folder beside `output`, gone at the end if it was not moved."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}."))
    except OSError as error:
        raise PublishError(f"cannot write {output}: {error.strerror}") from None
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, output: Path) -> None:
    """Put the new site where the old one was."""
    fresh.chmod(0o755)
    old = output.with_name(f".{output.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    try:
        if output.exists():
            output.rename(old)
        fresh.rename(output)
    except OSError as error:
        raise PublishError(f"cannot write {output}: {error.strerror}") from None
    shutil.rmtree(old, ignore_errors=True)


def write_pages(problems: Path, folder: Path) -> int:
    """Write every generated page and download as plain files, for other site builders; how many there are."""
    with progress() as report:
        made = generate(problems, report)
        sets = generate_sets(problems, report)
    pages = [*overviews(problems, made, sets), *(page for one in (*made, *sets) for page in one.pages)]
    files = [Artifact(page.path, page.whole.encode()) for page in pages]
    files += [
        Artifact(f"problems/{one.id}/files/{file.path}", file.content)
        for one in (*made, *sets)
        for file in one.downloads
    ]
    return len(write(folder, files))


def serve_site(problems: Path, address: str) -> None:
    """Serve the site and reload it on every change, until interrupted."""
    from mkdocs.commands.serve import serve

    with _configuration() as path, _explained(logging.INFO):
        serve(str(path), dev_addr=address, strict=False, **_settings(path, problems))


def _load(path: Path, problems: Path, **settings: Any) -> Any:
    from mkdocs.config import load_config

    return load_config(str(path), **settings, **_settings(path, problems))


def _settings(path: Path, problems: Path) -> dict[str, Any]:
    """What MkDocs is told besides its configuration: where the problems are, unless they are where that says."""
    from mkdocs.utils.yaml import yaml_load

    if path == CONFIG and problems == PROBLEMS:
        return {}
    with path.open("rb") as file:
        named = yaml_load(file).get("plugins", [])
    plugins: dict[str, Any] = {}  # MkDocs empties the items of a list, and needs them again when it reloads
    for item in [named] if isinstance(named, dict) else named:
        plugins |= {item: {}} if isinstance(item, str) else item
    return {"plugins": {**plugins, "longhand": {"problems": str(problems.resolve())}}}


class _Messages(logging.Handler):
    """Prints messages; a build keeps its errors instead, because what they say is said by the error that follows."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self.serving = level < logging.WARNING
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Print or keep a message."""
        if self.serving or record.levelno < logging.ERROR:
            print(f"{record.levelname}: {record.getMessage()}", file=sys.stderr)
        else:
            self.errors.append(record.getMessage())


@contextmanager
def _explained(level: int = logging.WARNING) -> Iterator[None]:
    """Print MkDocs' messages from `level` on; what stops it becomes one `LonghandError` instead of several messages."""
    from mkdocs.exceptions import MkDocsException

    messages = _Messages(level)
    logger = logging.getLogger("mkdocs")
    before = logger.level
    logger.addHandler(messages)
    logger.setLevel(level)
    try:
        yield
    except MkDocsException as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, LonghandError):
            cause = cause.__cause__ or cause.__context__
        raise cause or PublishError(f"the site could not be built: {' '.join(messages.errors) or error}") from None
    except OSError as error:
        raise PublishError(f"the site could not be served or written: {error.strerror or error}") from None
    finally:
        logger.setLevel(before)
        logger.removeHandler(messages)


@contextmanager
def _configuration() -> Iterator[Path]:
    """The folder's own `mkdocs.yml`, or the shipped one with nothing but the gallery in it."""
    if CONFIG.is_file():
        yield CONFIG
        return
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        shutil.copytree(resources.shipped("site") / "assets", base / "site" / "assets")
        (base / "site" / "index.md").write_text(_INDEX, encoding="utf-8")
        settings = (resources.shipped("site").parent / "mkdocs.yml").read_text(encoding="utf-8")
        before, _, rest = settings.partition("\nnav:\n")
        after = rest[rest.index("\n\n") :]
        own = f"{before}\nnav: [{{Home: index.md}}, {{Problems: problems/index.md}}]{after}"
        (base / "mkdocs.yml").write_text(own, encoding="utf-8")
        yield base / "mkdocs.yml"


_INDEX = """\
# Worked problems

Every problem with its solution, worksheet, answer key and programs: [all problems](problems/index.md).
"""
