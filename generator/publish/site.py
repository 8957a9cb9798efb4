"""Problems and hand-written pages -> the website, through MkDocs: built, served, or written as plain Markdown."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from generator import resources
from generator.errors import PublishError
from generator.publish.files import Artifact, write
from generator.publish.pages import gallery, generate
from generator.publish.progress import progress

# mkdocs-material announces its end of life at every start; which MkDocs is used is decided in pyproject.toml.
os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")

CONFIG = Path("mkdocs.yml")


def build_site(problems: Path, output: Path, strict: bool = False) -> None:
    """Build the site into `output`, which is replaced when the new one is whole.

    Uses the `mkdocs.yml` of the folder, or the shipped one where there is none. Raises `PublishError` where it fails.
    """
    from mkdocs.commands.build import build
    from mkdocs.exceptions import Abort, MkDocsException

    _require(problems)
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    with _configuration() as path:
        parent = output.resolve().parent
        parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=parent, prefix=f".{output.name}."))
        try:
            config = _load(path, problems, site_dir=str(fresh), strict=strict or None)
            config.plugins.on_startup(command="build", dirty=False)
            build(config)
            config.plugins.on_shutdown()
            _swap(fresh, output)
        except (MkDocsException, Abort) as error:
            raise PublishError(f"the site could not be built: {error}") from None
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, output: Path) -> None:
    """Put the new site where the old one was."""
    fresh.chmod(0o755)
    old = output.with_name(f".{output.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if output.exists():
        output.rename(old)
    fresh.rename(output)
    shutil.rmtree(old, ignore_errors=True)


def write_pages(problems: Path, folder: Path) -> int:
    """Write every generated page and download as plain files, for other site builders; how many there are."""
    _require(problems)
    with progress() as report:
        made = generate(problems, report)
    pages = [gallery(made), *(page for one in made for page in one.pages)]
    files = [Artifact(page.path, page.whole.encode()) for page in pages]
    files += [Artifact(f"problems/{one.id}/files/{file.path}", file.content) for one in made for file in one.downloads]
    return len(write(folder, files))


def serve_site(problems: Path, address: str) -> None:
    """Serve the site and reload it on every change, until interrupted."""
    from mkdocs.commands.serve import serve

    _require(problems)
    with _configuration() as path:
        serve(str(path), dev_addr=address, strict=False)


def _require(problems: Path) -> None:
    if not problems.is_dir():
        raise PublishError(f"{problems}: there is no such folder; expected one with problem definitions")


def _load(path: Path, problems: Path, **settings: Any) -> Any:
    from mkdocs.config import load_config

    config = load_config(str(path), **{key: value for key, value in settings.items() if value is not None})
    plugin = config.plugins.get("longhand")
    if plugin is not None and problems != Path("problems"):
        plugin.config.problems = str(problems.resolve())
    return config


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
        own = own.replace("  - longhand\n", f"  - longhand:\n      problems: {Path('problems').resolve()}\n")
        (base / "mkdocs.yml").write_text(own, encoding="utf-8")
        yield base / "mkdocs.yml"


_INDEX = """\
# Worked problems

Every problem with its solution, worksheet, answer key and programs: [all problems](problems/index.md).
"""
