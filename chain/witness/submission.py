"""The body of add-checkpoint (C2SP tlog-witness): old size line, proof lines, empty line, checkpoint. Strict both ways."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from chain.checkpoint import MAX_NOTE, MAX_SIZE, Checkpoint, SignedNote
from chain.errors import NoteInvalid
from chain.merkle.hashing import HASH_SIZE

MAX_PROOF_LINES = 63
MAX_BODY = MAX_NOTE + 46 * MAX_PROOF_LINES + 64

_OLD = re.compile(rb"old (0|[1-9][0-9]{0,18})")
_HASH = re.compile(rb"[A-Za-z0-9+/]{43}=")


@dataclass(frozen=True)
class Submission:
    """A checkpoint that a log wants cosigned, with the path from the size that it believes to be the last."""

    old_size: int
    proof: tuple[bytes, ...]
    note: SignedNote
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, body: bytes) -> Submission:
        """Read a request's body; raises NoteInvalid for anything that is not exactly of the form."""
        if len(body) > MAX_BODY:
            raise NoteInvalid("the request is too large")
        head, separator, rest = body.partition(b"\n\n")
        lines = head.split(b"\n")
        old = _OLD.fullmatch(lines[0])
        if not separator or old is None or int(old[1]) > MAX_SIZE:
            raise NoteInvalid(
                "the request does not begin with an old size and end its proof with an empty line"
            )
        if len(lines) - 1 > MAX_PROOF_LINES:
            raise NoteInvalid("the proof has more than 63 lines")
        note = SignedNote.parse(rest)
        return cls(int(old[1]), tuple(_hash(line) for line in lines[1:]), note, Checkpoint.parse(note.text))


def encode(old_size: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """The request's body for a checkpoint's signed note."""
    lines = [b"old %d\n" % old_size, *(base64.b64encode(item) + b"\n" for item in proof)]
    return b"".join(lines) + b"\n" + note


def _hash(line: bytes) -> bytes:
    if not _HASH.fullmatch(line):
        raise NoteInvalid("a proof line is not the base64 of a hash")
    try:
        value = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise NoteInvalid("a proof line is not base64") from exc
    if len(value) != HASH_SIZE or base64.b64encode(value) != line:
        raise NoteInvalid("a proof line is not the canonical base64 of a hash")
    return value
