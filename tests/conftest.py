"""What all tests share: which tools a test needs, how properties are tried, and the site, built once.

`LONGHAND_REQUIRE_ALL=1` turns every skipped test into a failed one, so that nothing is proved by its absence.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import os
import subprocess
import time
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from tools import need

ROOT = Path(__file__).resolve().parents[1]
REQUIRE_ALL = os.environ.get("LONGHAND_REQUIRE_ALL") == "1"

# Tests that may be skipped even where everything is required, each with its reason. There is none.
MAY_BE_SKIPPED: Mapping[str, str] = {}

settings.register_profile(
    "longhand",
    deadline=None,  # a loaded machine is no failure
    derandomize=True,  # the same examples in every run
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("longhand")


# --- what a test needs beyond Python packages that are always installed ---


@pytest.fixture
def chromium() -> None:
    need("chromium")


@pytest.fixture
def tex() -> None:
    need("tex")


@pytest.fixture
def torch() -> Any:
    need("torch")
    return importlib.import_module("torch")


@pytest.fixture
def cjk_font() -> None:
    need("cjk font")


# --- what stays until the end is not looked through again and again ---


def pytest_collection_finish() -> None:
    """Modules, tests and what they keep are no garbage: each full collection would walk all of them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


# --- nothing is skipped where everything is required ---


def demanded(report: Any) -> Any:
    """A test's (or module's) report, in which being skipped is a failure where everything is required."""
    expected = hasattr(report, "wasxfail")
    if REQUIRE_ALL and report.skipped and not expected and report.nodeid not in MAY_BE_SKIPPED:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"LONGHAND_REQUIRE_ALL=1 and the test was skipped: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    return demanded((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    return demanded((yield))


# --- the repository ---


def repository_files() -> list[Path]:
    """The repository's files: those in git, and new ones that are not ignored."""
    if not (ROOT / ".git").exists():
        names = ("generator", "templates", "problems", "site", "tests", "benchmarks")
        found = [path for name in names for path in (ROOT / name).rglob("*")]
        found += [path for path in ROOT.iterdir() if path.suffix in (".md", ".toml", ".yml") or path.name == "Makefile"]
        return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return sorted(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


# --- what is made once for all workers ---

# Modules, and tests by how their names begin, that stay on one worker, because what they share takes long to make.
# (`xdist_group` would say the same in each module, but pytest-xdist 3.8 does not see it under pytest 9.2.)
TOGETHER = {
    "test_site.py": "site",
    "test_browser.py": "site",
    "test_package.py": "package",
    "test_set_issued.py": "issued",
    "test_set_papers.py::test_hostile": "hostile",
    "test_set_papers.py::test_a_run_that_is_killed": "stopped",
    "test_set_papers.py::test_an_interrupted_run": "stopped",
    "test_documents.py::test_every_word": "words",
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Every test goes to the next free worker, but for those that stay together; the largest of these begin first."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            name = nodeid.removeprefix("tests/")
            return next((group for start, group in TOGETHER.items() if name.startswith(start)), nodeid)

    return Scheduling(config, log)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that other processes see: whoever makes the file has it."""
    while True:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            time.sleep(0.1)
    try:
        yield
    finally:
        path.unlink()


def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The temporary folder of this run, the same one for all its workers."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site of the repository, built strictly. Modules that use it are together in `TOGETHER`.

    `LONGHAND_SITE` names the folder where it is to be; one that is there already has just been built in this way.
    """
    from generator.publish.site import build_site

    folder = run_folder(tmp_path_factory)
    site = ROOT / os.environ.get("LONGHAND_SITE", folder / "site")
    with locked(folder / "site.lock"), contextlib.chdir(ROOT):
        if not site.is_dir():
            build_site(Path("problems"), site, strict=True)
    return site.resolve(strict=True)
