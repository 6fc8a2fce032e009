"""What the court's own chain says about an evidence number or a package (docs/evidence-spec.md, section 8).

Asks nobody but the court's contract: no database, no trust root, no platform. Content and signatures of a package are the
verifier's business; here only: does the history that the court has fixed hold these records?
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from chain.checkpoint import Checkpoint, SignedNote
from chain.errors import TEXTS, ChainError, NoteInvalid
from chain.package import PackageError, contents, read_package
from chain.package.contents import ShapeError
from chain.package.proofs import LogProof, read_heads
from signing import jcs

MAX_EVENTS = 500
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,15})@([1-9][0-9]{0,15})-([0-9a-f]{16}|[0-9a-f]{64})")

TEXTS["judicial.number_malformed"] = (
    "这不是存证编号。存证编号形如 12@34-0123456789abcdef：日志第 12 条，在 34 条的检查点之内，其后为检查点根的前 16 位。",
    "This is no evidence number. One looks like 12@34-0123456789abcdef: entry 12 of the log, inside the checkpoint of 34 "
    "entries, then the first 16 digits of that checkpoint's root.",
)
TEXTS["judicial.package_unreadable"] = (
    "文件不是可查询的证据包（{reason}）。",
    "The file is no evidence package that can be looked up ({reason}).",
)


class Answer(StrEnum):
    """What the court's chain answers."""

    CONFIRMED = "confirmed"
    NOT_ACCEPTED = "not_accepted"
    DIFFERS = "differs"
    NOT_INCLUDED = "not_included"
    OTHER_LOG = "other_log"


class QueryRefused(ChainError):
    """The question is none: a malformed number, or a file that holds no log records."""

    default_code = "judicial.number_malformed"


class CourtReader(Protocol):
    """The court's contract, as anybody may ask it. Every method raises GatewayUnavailable when no answer came."""

    def chain_id(self) -> int:
        """Chain id of the court's chain."""
        ...

    def origin(self) -> str:
        """Name of the log whose checkpoints are accepted."""
        ...

    def latest_size(self) -> int:
        """Size of the last accepted checkpoint, 0 before the first."""
        ...

    def root_at(self, size: int) -> bytes | None:
        """Root accepted at `size`, None where none was."""
        ...

    def includes(self, entry: bytes, index: int, size: int, path: Sequence[bytes]) -> bool:
        """The contract's answer to verifyInclusion."""
        ...


@dataclass(frozen=True)
class EventAnswer:
    """One event of a package: where it says to stand, and whether the court's contract agrees."""

    type: str
    seq: int
    stream: str
    entry: str
    index: int
    included: bool


@dataclass(frozen=True)
class CourtAnswer:
    """The answer, and what it rests on. Hashes are 64 hex digits; `accepted_root` is what the court has at `size`."""

    answer: Answer
    chain_id: int
    address: str
    origin: str
    latest_size: int
    size: int
    root: str
    accepted_root: str | None
    index: int | None = None
    events: tuple[EventAnswer, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """The answer as JSON types."""
        return asdict(self) | {"events": [asdict(event) for event in self.events]}


def check_number(reader: CourtReader, address: str, number: str) -> CourtAnswer:
    """Whether the court has accepted the checkpoint that the number names. Raises QueryRefused, GatewayUnavailable."""
    match = _NUMBER.fullmatch(number.strip().lower())
    if match is None or int(match[1]) >= int(match[2]):
        raise QueryRefused()
    index, size, root = int(match[1]), int(match[2]), match[3]
    accepted = reader.root_at(size)
    answer = Answer.NOT_ACCEPTED
    if accepted is not None:
        answer = Answer.CONFIRMED if accepted.hex().startswith(root) else Answer.DIFFERS
    return _answer(reader, address, answer, size, root, accepted, index=index)


def check_package(reader: CourtReader, address: str, data: bytes) -> CourtAnswer:
    """Whether the court's chain holds the package's checkpoint, and each of its events inside it.

    Raises QueryRefused for a file without log records, GatewayUnavailable when the court's chain does not answer.
    """
    checkpoint, records = _read(data)
    accepted = reader.root_at(checkpoint.size)
    root = checkpoint.root.hex()
    if reader.origin() != checkpoint.origin:
        return _answer(reader, address, Answer.OTHER_LOG, checkpoint.size, root, accepted)
    if accepted != checkpoint.root:
        answer = Answer.NOT_ACCEPTED if accepted is None else Answer.DIFFERS
        return _answer(reader, address, answer, checkpoint.size, root, accepted)
    events = tuple(
        EventAnswer(
            str(event["type"]),
            int(event["seq"]),
            str(event["stream"]),
            jcs.digest(event).hex(),
            proof.index,
            reader.includes(jcs.digest(event), proof.index, checkpoint.size, proof.path),
        )
        for event, proof in records
    )
    good = bool(events) and all(event.included for event in events)
    answer = Answer.CONFIRMED if good else Answer.NOT_INCLUDED
    return _answer(reader, address, answer, checkpoint.size, root, accepted, events=events)


def _answer(
    reader: CourtReader,
    address: str,
    answer: Answer,
    size: int,
    root: str,
    accepted: bytes | None,
    *,
    index: int | None = None,
    events: tuple[EventAnswer, ...] = (),
) -> CourtAnswer:
    return CourtAnswer(
        answer,
        reader.chain_id(),
        address,
        reader.origin(),
        reader.latest_size(),
        size,
        root,
        None if accepted is None else accepted.hex(),
        index,
        events,
    )


def _read(data: bytes) -> tuple[Checkpoint, list[tuple[dict[str, Any], LogProof]]]:
    """Checkpoint, and each event with its proof, in the package's own order."""
    try:
        entries = read_package(data)
        checkpoint = Checkpoint.parse(SignedNote.parse(entries[contents.CHECKPOINT]).text)
        events = [
            item["event"]
            for name in (contents.STREAM, contents.CITED)
            for item in contents.read_json(name, entries[name])["events"]
        ]
        if len(events) > MAX_EVENTS or not events:
            raise QueryRefused("judicial.package_unreadable", reason=f"{len(events)} events")
        proofs = read_heads(entries[contents.PROOFS], entries[contents.CHECKPOINT]).all()
        if len(proofs) != len(events):
            raise QueryRefused("judicial.package_unreadable", reason=f"{len(proofs)} proofs")
    except (PackageError, NoteInvalid, ShapeError, KeyError, ValueError) as error:
        raise QueryRefused("judicial.package_unreadable", reason=str(error)[:120]) from error
    return checkpoint, list(zip(events, proofs, strict=True))
