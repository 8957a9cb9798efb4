"""Secret, set, problem, student, given and a counter -> numbers: the same on every machine, in every year.

HMAC-SHA-256 with the secret as its key, over the fields, each preceded by its length, and a counter of eight bytes.
One block gives four words of 64 bits. A word is used where it lies below the largest multiple of what is drawn from, so
that every value is equally likely. What is drawn for one student, problem or given depends on no other.
"""

from __future__ import annotations

import hmac
import struct
import unicodedata
from collections.abc import Iterator
from itertools import count as counting

import numpy as np

Words = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]
_ALL = 2**64
_TURN = 2**32  # a draw whose four words are all too large goes on this many blocks later


def fields(*names: str) -> bytes:
    """Names as bytes of which no two lists have the same."""
    parts = [unicodedata.normalize("NFC", name).encode() for name in names]
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def block(secret: bytes, message: bytes, counter: int) -> bytes:
    """The 32 bytes of a message at a counter."""
    return hmac.digest(secret, message + struct.pack(">Q", counter), "sha256")


def words(secret: bytes, message: bytes, counter: int) -> tuple[int, ...]:
    """A block as four numbers below 2**64."""
    return struct.unpack(">4Q", block(secret, message, counter))


def uniform(secret: bytes, message: bytes, attempt: int, total: int) -> int:
    """A number from 0 to `total` - 1, every one equally likely: the draw number `attempt` of this message."""
    limit = _ALL - _ALL % total
    for turn in counting():
        for word in words(secret, message, attempt + turn * _TURN):
            if word < limit:
                return word % total
    raise AssertionError("counting does not end")


def many(secret: bytes, message: bytes, count: int, total: int) -> Words:
    """`count` numbers from 0 to `total` - 1 from one stream of blocks, four words from each."""
    limit = _ALL - _ALL % total
    kept: list[Words] = []
    found, counter = 0, 0
    while found < count:
        needed = -(-(count - found) // 4)
        raw = b"".join(block(secret, message, counter + number) for number in range(needed))
        counter += needed
        drawn = np.frombuffer(raw, dtype=">u8").astype(np.uint64)
        if limit < _ALL:
            drawn = drawn[drawn < np.uint64(limit)]
        kept.append(drawn[: count - found] % np.uint64(total))
        found += len(kept[-1])
    return np.concatenate(kept)


def code_letters(secret: bytes, message: bytes, length: int) -> str:
    """`length` letters and digits that nobody without the secret can tell (Crockford's alphabet: no I, L, O, U)."""
    return "".join(_letters(block(secret, message, 0), length))


ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _letters(made: bytes, length: int) -> Iterator[str]:
    number = int.from_bytes(made, "big")
    for _ in range(length):
        number, letter = divmod(number, len(ALPHABET))
        yield ALPHABET[letter]
