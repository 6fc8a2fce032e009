"""A court's chain in memory as anybody may ask it, and a desk over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from api.evidence.service.court import CourtAddress, CourtDesk
from chain.errors import GatewayUnavailable
from chain.judicial_check import CourtReader
from chain.merkle import leaf_hash, root_from_inclusion

ADDRESS = "0x" + "77" * 20
CHAIN = 424_242


class Court:
    """A court's chain that has accepted the checkpoints it is given."""

    def __init__(self, origin: str, roots: dict[int, bytes]) -> None:
        self.roots, self._origin = roots, origin
        self.chain, self.down = CHAIN, False

    def chain_id(self) -> int:
        return self.chain

    def origin(self) -> str:
        return self._origin

    def latest_size(self) -> int:
        return max(self.roots, default=0)

    def root_at(self, size: int) -> bytes | None:
        if self.down:
            raise GatewayUnavailable("down")
        return self.roots.get(size)

    def includes(self, entry: bytes, index: int, size: int, path: Sequence[bytes]) -> bool:
        return root_from_inclusion(leaf_hash(entry), index, size, path) == self.roots[size]


def desk(court: Court, at: CourtAddress | None = CourtAddress(CHAIN, ADDRESS)) -> CourtDesk:
    @contextmanager
    def connect() -> Iterator[CourtReader]:
        yield court

    return CourtDesk(lambda: at, connect)
