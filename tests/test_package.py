"""What users install: a wheel with everything in it, which works in a fresh environment and an empty folder."""

from __future__ import annotations

import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import ROOT, repository_files


def clean(**more: str) -> dict[str, str]:
    """An environment in which nothing of this one is found."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "LONGHAND", "VIRTUAL_ENV"))
    }
    return {**kept, **more}


def run(*command: str | Path, folder: Path, environ: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=folder, env=environ or clean(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def copied(folder: Path) -> Path:
    """The repository as it is checked out, in another place."""
    for path in repository_files():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return folder


def built(folder: Path, *what: str, epoch: str = "0") -> Path:
    run(sys.executable, "-m", "build", *what, folder=folder, environ=clean(SOURCE_DATE_EPOCH=epoch))
    return folder / "dist"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, and the wheel made from it."""
    return built(copied(tmp_path_factory.mktemp("source")))


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment with nothing but the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("fresh")
    run(sys.executable, "-m", "venv", "--without-pip", "env", folder=folder)
    python = folder / "env" / "bin" / "python"
    # What is not imported need not be compiled: that would take most of the time.
    quiet = ("--quiet", "--disable-pip-version-check", "--no-compile")
    run(sys.executable, "-m", "pip", "--python", python, "install", *quiet, wheel, folder=folder)
    return python.parent


def names(folder: str) -> set[str]:
    return {str(path.relative_to(ROOT / folder)) for path in repository_files() if (ROOT / folder) in path.parents}


def test_the_wheel_holds_the_package_and_its_data_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        package = {f"generator/{name}" for name in names("generator")}
        data = {f"generator/data/{folder}/{name}" for folder in ("templates", "problems") for name in names(folder)}
        data |= {f"generator/data/site/assets/{name}" for name in names("site/assets")} | {"generator/data/mkdocs.yml"}
        assert {name for name in held if ".dist-info/" not in name} == package | data
        assert "generator/py.typed" in held
        assert "generator/data/site/assets/fonts/OFL.txt" in held
        (entries,) = (archive.read(name).decode() for name in held if name.endswith("entry_points.txt"))
        assert re.search(r"\[console_scripts\]\nlonghand = generator\.cli:main", entries)
        assert re.search(r"\[mkdocs\.plugins\]\nlonghand = generator\.publish\.plugin:LonghandPlugin", entries)
        (text,) = (archive.read(name).decode() for name in held if name.endswith("/METADATA"))
        assert any(name.endswith("licenses/LICENSE") for name in held)
    metadata = email.message_from_string(text)
    assert metadata["Name"] == "longhand"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    needs = {re.split(r"[<>=!;\[ ]", need)[0] for need in metadata.get_all("Requires-Dist") if "extra ==" not in need}
    assert needs == imported(), "what the package imports is what it asks for"
    assert metadata.get_payload().startswith("# Longhand")


def imported() -> set[str]:
    """The distributions that the package's own modules import (and the theme that its `mkdocs.yml` names)."""
    called = {"flint": "python-flint", "yaml": "pyyaml"}
    found = set()
    for name in names("generator"):
        if name.endswith(".py"):
            text = (ROOT / "generator" / name).read_text(encoding="utf-8")
            found |= set(re.findall(r"(?m)^\s*(?:import|from) (\w+)", text))
    return {called.get(name, name) for name in found - set(sys.stdlib_module_names) - {"generator"}} | {
        "mkdocs-material"
    }


def test_the_source_distribution_holds_what_is_needed_to_test_and_build(dist: Path) -> None:
    (found,) = dist.glob("*.tar.gz")
    with tarfile.open(found) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    kept = {str(path.relative_to(ROOT)) for path in repository_files()}
    missing = {name for name in kept - held if not name.startswith((".", "shared/"))}
    assert missing == set()
    assert {"README.md", "LICENSE", "Makefile", "mkdocs.yml", "pyproject.toml"} <= held
    assert not [name for name in held if name.startswith(("build/", "dist/", ".venv/"))]


def test_the_same_wheel_every_time(wheel: Path, tmp_path: Path) -> None:
    """From another copy, straight from the sources, at another time."""
    (again,) = built(copied(tmp_path / "again"), "--wheel").glob("*.whl")
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def test_the_installed_package_is_the_wheels(installed: Path, tmp_path: Path) -> None:
    script = (
        "import generator, pathlib\nfrom generator import resources\n"
        "home = pathlib.Path(generator.__file__).parent\n"
        "assert 'site-packages' in home.parts, home\n"
        "for name in ('templates', 'problems', 'site'):\n"
        "    assert resources.shipped(name) == home / 'data' / name, name\n"
        "    assert any(resources.shipped(name).rglob('*.*')), name\n"
        "print(generator.__version__)"
    )
    assert (
        f'version = "{run(installed / "python", "-c", script, folder=tmp_path).strip()}"'
        in (ROOT / "pyproject.toml").read_text()
    )


def test_an_empty_folder_becomes_a_site(installed: Path, tmp_path: Path) -> None:
    """What the README promises for any folder, with nothing of the repository in reach."""
    longhand = installed / "longhand"
    assert run(longhand, "new", "network", "problems", folder=tmp_path).strip() == "problems/my_problem.yml"
    assert "≈" in run(longhand, "solve", "problems/my_problem.yml", folder=tmp_path)
    listed = run(longhand, "list", "--json", folder=tmp_path)
    assert '"id": "my_problem"' in listed
    assert run(longhand, "build", "--strict", folder=tmp_path).strip() == "build/site/index.html"
    site = tmp_path / "build" / "site"
    own = site / "problems" / "my_problem"
    for page in ("index.html", "problems/index.html", "assets/longhand.css", "assets/fonts/STIXTwoMath-Regular.woff2"):
        assert (site / page).stat().st_size > 500, page
    for page in ("", "solution", "worksheet", "key", "program"):
        assert "longhand.css" in (own / page / "index.html").read_text(encoding="utf-8")
    assert "<math" in (own / "solution" / "index.html").read_text(encoding="utf-8")
    kinds = {path.suffix for path in (own / "files").iterdir()}
    assert kinds == {".md", ".tex", ".pdf", ".py", ".svg"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["build", "problems"]


def test_the_shipped_problems_can_be_worked_where_they_are_installed(installed: Path, tmp_path: Path) -> None:
    script = "from generator import resources; print(resources.shipped('problems'))"
    problems = Path(run(installed / "python", "-c", script, folder=tmp_path).strip())
    assert "right, 0 wrong" in run(
        installed / "longhand", "audit", problems / "networks" / "example_222_sum_output.yml", folder=tmp_path
    )
