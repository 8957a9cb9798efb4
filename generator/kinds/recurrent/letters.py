"""The name that an author gives a matrix or a bias of a cell -> what it is for, as cells call it."""

from __future__ import annotations

import re

# What other texts call matrices and biases: the letters of what a matrix takes and of what it makes. In cells with
# gates the second letter is the gate's, and the candidate has one of its own.
_PLAIN = {
    **dict.fromkeys(("W_xh", "W_hx", "W_ih"), "W"), "W_hh": "U", **dict.fromkeys(("W_hy", "W_yh", "W_ho", "W_oh"), "V"),
    **dict.fromkeys(("b_h", "b_ih"), "b"), "b_o": "b_y",
}  # fmt: skip
_GATES = {
    "lstm": {"i": "i", "f": "f", "o": "o", "g": "g", "c": "g"},
    "gru": {"r": "r", "z": "z", "n": "n", "h": "n"},
}
_GATED = {
    cell: {
        **{f"W_{taken}{letter}": f"W_{own}" for letter, own in gates.items() for taken in "xi"},
        **{f"W_h{letter}": f"U_{own}" for letter, own in gates.items()},
        **{f"b_{letter}": f"b_{own}" for letter, own in gates.items()},
        "W_hy": "V", "W_yh": "V",
    }
    for cell, gates in _GATES.items()
}  # fmt: skip


def role_of(name: str, cell: str) -> str:
    """What a matrix of a cell is for: `w`, `u` and `v` are `W`, `U` and `V` in small letters, as single numbers are
    written, and `W_xh` and `W_hh` what other texts call `W` and `U`.

    `b_ih` is `b` where another bias, `b_hh`, stands beside it.
    """
    name = name[0].upper() + name[1:] if name[0] in "wuv" else name
    end = next(iter(re.findall(r"(?:_\d+)?(?:_fwd|_bwd)?$", name)), "")
    stem = name.removesuffix(end)
    return _GATED.get(cell, _PLAIN).get(stem, stem) + end
