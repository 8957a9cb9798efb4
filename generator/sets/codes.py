"""A paper's code -> squares to scan, and what somebody typed -> the code that was meant."""

from __future__ import annotations

import re
from functools import lru_cache

import segno

from generator.errors import SetError

_MASK = 3  # any of the eight can be read; trying them all takes longer than setting the paper
_MEANT = str.maketrans({"O": "0", "I": "1", "L": "1"})
_CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{5}-?[0-9A-HJKMNP-TV-Z]{5}")


@lru_cache(maxsize=8)  # one paper asks for it several times
def squares(code: str) -> tuple[tuple[bool, ...], ...]:
    """The QR code of a text as rows of dark (true) and light squares, without a margin."""
    made = segno.make(code, micro=False, error="m", boost_error=True, mask=_MASK)
    return tuple(tuple(bool(square) for square in row) for row in made.matrix)


def meant(typed: str) -> str:
    """The code that was meant: capitals or not, with or without the hyphen, O for 0, I or L for 1.

    Raises `SetError` where it cannot be a code.
    """
    code = "".join(typed.upper().split()).translate(_MEANT)
    if not _CODE.fullmatch(code):
        raise SetError(f"found the code `{typed}`; expected ten letters and digits such as 7K3QM-9M2XA")
    bare = code.replace("-", "")
    return f"{bare[:5]}-{bare[5:]}"
