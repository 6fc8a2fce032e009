"""The court's seal under each block of its chain (docs/evidence-spec.md, section 8), kept durably beside the block journal.

A header that nobody signed proves nothing to a stranger. A node with a sealing key signs every block it has mined: a
C2SP signed note over chain id, number and hash. Ed25519 is deterministic and a block is sealed only after its hash is
journalled, so there is at most one seal for each number, and after a crash the same bytes come out again.

Records of ``seals.journal``: ``{"k":"key","vkey":"…"}``, then ``{"k":"seal","n":number,"h":"0x…","s":"note"}`` from
block 1 on without a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chain.checkpoint import LogKey
from chain.judicial_receipt import seal_text
from node.errors import InstallationMismatch, JournalCorrupt, ReplayMismatch
from node.history import Block
from node.journal import Journal, Line

NAME = "seals"


def read_seal_key(name: str, path: Path) -> LogKey:
    """The key of ``name`` from a file with its 32-byte seed in hexadecimal. Raises ``InstallationMismatch``."""
    try:
        seed = bytes.fromhex(path.read_text("ascii").strip())
        return LogKey.from_seed(name, seed)
    except (OSError, ValueError) as error:
        raise InstallationMismatch(f"the sealing key {path} cannot be read: {error}") from error


class Seals:
    """The open seal journal of one chain. Raises ``InstallationMismatch`` for a journal of another key."""

    def __init__(self, path: Path, key: LogKey, chain_id: int) -> None:
        self._key = key
        self._chain_id = chain_id
        self._path = path
        self._offsets: list[int] = []
        self._hashes: list[str] = []
        self._journal, lines = Journal.open(path, NAME)
        named = False
        for line in lines:
            if not named:
                self._check_key(line)
                named = True
            else:
                self._take(line)
        if not named:
            self._journal.append([{"k": "key", "vkey": key.vkey}])

    def _check_key(self, line: Line) -> None:
        found = line.record.get("vkey")
        if line.record.get("k") != "key" or found != self._key.vkey:
            raise InstallationMismatch(
                f"{self._path} was sealed by {found}, the key given is {self._key.vkey}: "
                "a chain is sealed by one key from its first block on"
            )

    def _take(self, line: Line) -> None:
        record = line.record
        if record.get("k") != "seal" or record.get("n") != len(self._offsets) + 1:
            raise JournalCorrupt(
                self._path, len(self._offsets) + 2, line.offset, f"seal {record.get('n')} is out of order"
            )
        self._offsets.append(line.offset)
        self._hashes.append(str(record["h"]))

    @property
    def height(self) -> int:
        """Number of the last sealed block."""
        return len(self._offsets)

    def catch_up(self, blocks: Sequence[Block]) -> None:
        """Seal every block whose hash is journalled and that has no seal yet; fully persisted on return.

        Raises ``ReplayMismatch`` when a sealed block is gone or has another hash (a second seal for one number is the
        one thing that must not be), and ``JournalUnavailable`` when the disk refuses.
        """
        mined = [block for block in blocks if block.hash is not None]
        if self.height > len(mined):
            raise ReplayMismatch(
                f"{self.height} blocks are sealed, the block journal has {len(mined)}: restore both from one backup"
            )
        for number, (block, sealed) in enumerate(zip(mined, self._hashes, strict=False), start=1):
            if block.hash != sealed:
                raise ReplayMismatch(
                    f"block {number} was sealed as {sealed}, the block journal says {block.hash}"
                )
        records = [self._record(block) for block in mined[self.height :]]
        if records:
            self._offsets += self._journal.append(records)
            self._hashes += [str(record["h"]) for record in records]

    def seal(self, block: Block) -> None:
        """Seal the block that has just been journalled with its hash; the next one in order."""
        if block.number != self.height + 1 or block.hash is None:
            raise ReplayMismatch(f"block {block.number} cannot be sealed after block {self.height}")
        record = self._record(block)
        (offset,) = self._journal.append([record])
        self._hashes.append(str(record["h"]))
        self._offsets.append(offset)

    def _record(self, block: Block) -> dict[str, object]:
        text = seal_text(self._chain_id, block.number, bytes.fromhex(str(block.hash)[2:]))
        return {
            "k": "seal",
            "n": block.number,
            "h": block.hash,
            "s": self._key.sign_note(text).decode("utf-8"),
        }

    def read(self, number: int) -> str | None:
        """The note under block ``number``; None where there is no such sealed block."""
        if not 1 <= number <= len(self._offsets):
            return None
        return str(self._journal.read_at(self._offsets[number - 1])["s"])

    def close(self) -> None:
        """Give the file back."""
        self._journal.close()
