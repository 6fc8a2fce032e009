"""C2SP tlog-proof: an inclusion proof with its checkpoint as a text file (c2sp.org/tlog-proof).

A package has one checkpoint for all of its proofs: they share it, and each stands there without its own copy.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

HEADER: Final = b"c2sp.org/tlog-proof@v1\n"
_INDEX = re.compile(rb"index (0|[1-9][0-9]{0,15})")
_MAX_HASHES: Final = 64
_MAX_PROOFS: Final = 1000


@dataclass(frozen=True)
class LogProof:
    """Where an entry stands, and the RFC 9162 path to the root of `checkpoint` (a signed note, unchecked)."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes

    @property
    def head(self) -> bytes:
        """The text form as far as the checkpoint: up to and with the empty line."""
        lines = [HEADER, b"index %d\n" % self.index]
        lines += [base64.b64encode(item) + b"\n" for item in self.path]
        return b"".join(lines) + b"\n"

    def encode(self) -> bytes:
        """Return the text form."""
        return self.head + self.checkpoint

    @classmethod
    def of(cls, index: int, path: Sequence[bytes], checkpoint: bytes) -> LogProof:
        """Make a proof from its parts."""
        return cls(index, tuple(path), checkpoint)

    @classmethod
    def parse(cls, data: bytes) -> LogProof:
        """Read the text form; raises ValueError for any other bytes."""
        head, separator, checkpoint = data.partition(b"\n\n")
        if not separator:
            raise ValueError("not a tlog-proof")
        return cls._read(head, checkpoint)

    @classmethod
    def _read(cls, head: bytes, checkpoint: bytes) -> LogProof:
        """Proof of a head without its empty line."""
        if not head.startswith(HEADER):
            raise ValueError("not a tlog-proof")
        # Split only as far as a proof may reach: megabytes of short lines would cost many times their size.
        lines = head[len(HEADER) :].split(b"\n", _MAX_HASHES + 3)
        if lines and lines[0].startswith(b"extra "):
            lines = lines[1:]
        match = _INDEX.fullmatch(lines[0]) if lines else None
        if match is None or len(lines) - 1 > _MAX_HASHES:
            raise ValueError("no index line, or too many hashes")
        path = tuple(_hash(line) for line in lines[1:])
        return cls(int(match[1]), path, checkpoint)


def write_heads(proofs: Sequence[LogProof]) -> bytes:
    """Heads of proofs that share a checkpoint, one after the other."""
    return b"".join(proof.head for proof in proofs)


def read_heads(data: bytes, checkpoint: bytes) -> Heads:
    """Find the heads in `data`; each followed by `checkpoint` is a tlog-proof.

    Raises ValueError when the text does not end with an empty line.
    """
    if data and not data.endswith(b"\n\n"):
        raise ValueError("the last proof has no end")
    # Split only as far as packages may reach, so that empty lines by the million cost nothing.
    return Heads(tuple(data[:-2].split(b"\n\n", _MAX_PROOFS)) if data else (), checkpoint)


@dataclass(frozen=True)
class Heads:
    """Proofs that share a checkpoint, found and not read yet."""

    texts: tuple[bytes, ...]
    checkpoint: bytes

    def __len__(self) -> int:
        return len(self.texts)

    def proof(self, place: int) -> LogProof:
        """Read the proof at `place` (from 0); raises ValueError when it is malformed."""
        return LogProof._read(self.texts[place], self.checkpoint)

    def all(self) -> tuple[LogProof, ...]:
        """Read every proof; raises ValueError when one is malformed."""
        return tuple(self.proof(place) for place in range(len(self)))


def _hash(line: bytes) -> bytes:
    try:
        value = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("a hash is not base64") from error
    if len(value) != 32 or base64.b64encode(value) != line:
        raise ValueError("a hash is not 32 bytes of canonical base64")
    return value
