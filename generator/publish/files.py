"""Artifacts -> files, each written under a temporary name and moved into place when it is whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from generator.errors import PublishError


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file to be: its path (relative to wherever it is written) and its content."""

    path: str
    content: bytes


def write(folder: Path, artifacts: Iterable[Artifact]) -> list[Path]:
    """Write artifacts below `folder`, the first when the last is made; the paths written.

    Raises `PublishError` where a place cannot be written to.
    """
    return [write_file(folder / artifact.path, artifact.content) for artifact in list(artifacts)]


def write_file(path: Path, content: bytes) -> Path:
    """Write one file as `write_pieces` does."""
    return write_pieces(path, (content,))


def write_pieces(path: Path, pieces: Iterable[bytes]) -> Path:
    """Write one file, piece by piece, so that it is never there half: under a temporary name, then moved into place.

    What a link leads to is replaced, not the link; a device or a pipe, such as /dev/stdout, is written to.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(b"".join(pieces))
            return path
        place = path.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.writelines(pieces)
            os.chmod(name, 0o644)
            os.replace(name, place)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise PublishError(f"cannot write {path}: {error.strerror}") from None
    return path
