"""The block journal: what each block is made of (written before it is mined) and which hash came out (written
after).

Records: ``{"k":"block","n":number,"t":unix seconds,"one":bool,"txs":["0x…"]}`` then
``{"k":"mined","n":number,"h":"0x…"}``. Block n+1 is never written before block n's hash, so at most the last
block lacks its hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from node.errors import JournalCorrupt
from node.journal import Journal, Line, read_lines

NAME = "blocks"


@dataclass(slots=True)
class Block:
    """One journalled block:

    its number, time, how many transactions (all of one sender?), where its record stands, and its hash once mined.
    """

    number: int
    time: int
    transactions: int
    one_sender: bool
    offset: int
    hash: str | None = None


@dataclass(slots=True)
class BlockIndex:
    """The blocks of a journal, checked for order; transactions stay in the file."""

    blocks: list[Block] = field(default_factory=list)

    def add(self, line: Line, path: Path) -> list[str]:
        """Take one line; returns the raw transactions when it is a block.

        Raises ``JournalCorrupt`` on a wrong order.
        """
        record = line.record
        number = record.get("n")
        if record.get("k") == "block" and number == len(self.blocks) + 1 and self._is_complete():
            transactions = list(record["txs"])
            self.blocks.append(
                Block(number, int(record["t"]), len(transactions), bool(record["one"]), line.offset)
            )
            return transactions
        if (
            record.get("k") == "mined"
            and number == len(self.blocks)
            and self.blocks
            and self.blocks[-1].hash is None
        ):
            self.blocks[-1].hash = str(record["h"])
            return []
        raise JournalCorrupt(
            path, 2 * len(self.blocks), line.offset, f"record {record.get('k')} {number} is out of order"
        )

    def _is_complete(self) -> bool:
        return not self.blocks or self.blocks[-1].hash is not None


class BlockJournal:
    """The open block journal and its index (a few dozen bytes a block)."""

    def __init__(self, path: Path, on_block: Callable[[list[str]], None] | None = None) -> None:
        self._journal, lines = Journal.open(path, NAME)
        self._index = BlockIndex()
        for line in lines:
            transactions = self._index.add(line, path)
            if on_block is not None and transactions:
                on_block(transactions)

    @property
    def blocks(self) -> list[Block]:
        """All journalled blocks, block 1 first."""
        return self._index.blocks

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self._journal.size

    @property
    def torn_bytes(self) -> int:
        """Bytes of a torn last line that were cut off on opening."""
        return self._journal.torn_bytes

    def intend(self, time: int, transactions: list[str], one_sender: bool) -> Block:
        """Persist what the next block is made of. Raises ``JournalUnavailable`` when the disk refuses."""
        number = len(self.blocks) + 1
        (offset,) = self._journal.append(
            [{"k": "block", "n": number, "t": time, "one": one_sender, "txs": transactions}]
        )
        block = Block(number, time, len(transactions), one_sender, offset)
        self.blocks.append(block)
        return block

    def confirm(self, block: Block, block_hash: str) -> None:
        """Persist the hash that came out."""
        self._journal.append([{"k": "mined", "n": block.number, "h": block_hash}])
        block.hash = block_hash

    def transactions(self, block: Block) -> list[str]:
        """The raw transactions of a block, from the file."""
        return list(self._journal.read_at(block.offset)["txs"])

    def close(self) -> None:
        """Give the file back."""
        self._journal.close()


def read_blocks(path: Path) -> Iterator[tuple[Block, list[str]]]:
    """Blocks with their transactions, read-only, for the replay check; the hash stands in the block once it
    is known.
    """
    index = BlockIndex()
    waiting: tuple[Block, list[str]] | None = None
    for line in read_lines(path, NAME):
        transactions = index.add(line, path)
        if line.record["k"] == "block":
            waiting = (index.blocks[-1], transactions)
        elif waiting is not None:
            yield waiting
            waiting = None
    if waiting is not None:
        yield waiting
