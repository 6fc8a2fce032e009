"""What an evidence package needs of the log: events, anchors, inclusion and consistency proofs, checkpoints, receipts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.anchoring.model import Anchor, Conclusion, StoredCheckpoint, StoredEvent
from api.anchoring.repository import calls, cosignatures, judicial, renewals, streams, tree
from api.anchoring.tables import EventRow, FlightRow
from api.kernel.clock import Clock
from api.kernel.errors import not_found
from chain.checkpoint import LogKey
from chain.errors import ProofInvalid
from chain.merkle import TILE_WIDTH, TileId, Tree
from chain.merkle.hashing import HASH_SIZE
from signing.timestamps import token_until

NO_SHORTER_LIFE = timedelta(days=365)
"""No time-stamping certificate ends earlier after a token than that: a younger token isn't looked at."""


class Proofs:
    """Read side of the log. Every proof names the tree size it is for."""

    def __init__(
        self,
        log_origin: str,
        log_key: Callable[[], LogKey],
        clock: Clock,
        patience: timedelta = timedelta(0),
    ) -> None:
        self._log_origin = log_origin
        self._log_key = log_key
        self._clock = clock
        self._patience = patience

    @property
    def log_key(self) -> LogKey:
        """The log's key: signs checkpoints and manifests. Raises FileNotFoundError where none is configured."""
        return self._log_key()

    def events(self, session: Session, stream: str) -> list[StoredEvent]:
        """All events of a stream in order; empty for an unknown one."""
        return streams.events_of(session, stream, self._log_origin)

    def event(self, session: Session, stream: str, seq: int) -> StoredEvent:
        """One event of a stream; not_found `anchoring.event_unknown`."""
        found = streams.event_at(session, stream, seq, self._log_origin)
        if found is None:
            raise not_found("anchoring.event_unknown")
        return found

    def anchors(self, session: Session, stream: str) -> list[tuple[int, str, str, Anchor]]:
        """(seq, type, entry, anchor) of a stream's events, without reading payloads."""
        return streams.anchors_of(session, stream)

    def inclusion(self, session: Session, log_index: int, size: int) -> tuple[bytes, ...]:
        """Path from the entry at `log_index` to the root of the first `size` entries; O(log n) reads."""
        try:
            return tuple(self._tree(session).prove_inclusion(log_index, size))
        except ProofInvalid as exc:
            raise not_found("anchoring.index_unknown") from exc

    def consistency(self, session: Session, size1: int, size2: int) -> tuple[bytes, ...]:
        """Path that shows the log of `size2` to extend the one of `size1`."""
        try:
            return tuple(self._tree(session).prove_consistency(size1, size2))
        except ProofInvalid as exc:
            raise not_found("anchoring.index_unknown") from exc

    @staticmethod
    def _tree(session: Session) -> Tree:
        size, _ = tree.log_state(session)
        return Tree(tree.SessionTiles(session), size)

    def checkpoint(self, session: Session, covering: int | None = None) -> StoredCheckpoint | None:
        """The newest checkpoint, or the oldest one that holds the entry `covering` and went furthest.

        Furthest: accepted by the judicial chain, else witnessed, else signed and stamped. Its note bears the
        cosignatures that have come. Where witnesses are set up, a young checkpoint that lacks their quorum is waited
        for (None): after `patience` the signed one is handed out as it is, and says so itself. Once the certificate
        behind its token has ended, a checkpoint that was kept for long takes its place, with its renewals.
        """
        if covering is None:
            found = tree.newest_checkpoint(session)
        else:
            found = tree.covering_checkpoint(session, covering)
            if found is not None and self._is_young(found):
                return None
        if found is None:
            return None
        if covering is not None and self._has_ended(found):
            kept = renewals.living_chain(session, covering, self._clock.now())
            if kept is not None:
                found = replace(kept[0], renewals=kept[1])
        receipt = judicial.receipt_of(session, found.size)
        return replace(found.with_cosignatures(cosignatures.pairs(session, found.size)), judicial=receipt)

    def _is_young(self, found: StoredCheckpoint) -> bool:
        if not self._patience or found.witnessed_at is not None:
            return False
        return abs(self._clock.now() - found.created_at) < self._patience

    def _has_ended(self, found: StoredCheckpoint) -> bool:
        now = self._clock.now()
        if found.token is None or found.token_time is None or now - found.token_time < NO_SHORTER_LIFE:
            return False
        return token_until(found.token) < now

    def tile(self, session: Session, level: int, number: int, width: int) -> bytes:
        """A tile of the anchored tree cut to `width` hashes; not_found unless the tree fills it that far."""
        size, _ = tree.log_state(session)
        there = min(TILE_WIDTH, (size >> 8 * level) - number * TILE_WIDTH)
        if not 1 <= width <= there:
            raise not_found()
        tile = TileId(level, number)
        found = tree.SessionTiles(session).read([tile]).get(tile, b"")
        return found[: width * HASH_SIZE]

    def entries(self, session: Session, first: int, count: int) -> list[bytes]:
        """Anchored entries [first, first + count), as far as they exist."""
        # The state is looked at here: in the query it would lead SQLite to read every anchored row of the log.
        rows = session.execute(
            select(EventRow.entry, EventRow.state)
            .where(EventRow.log_index >= first, EventRow.log_index < first + count)
            .order_by(EventRow.log_index)
        )
        return [row.entry for row in rows if row.state == "anchored"]

    def conclusion(self, session: Session, contract_id: str, version: int | None = None) -> Conclusion | None:
        """The registry call that concludes a contract (its newest version unless one is named), and its receipt proof."""
        found = calls.of_contract(session, contract_id, version)
        return None if found is None else Conclusion(*found)

    def append_receipt(self, session: Session, log_index: int) -> Mapping[str, Any] | None:
        """Receipt proof of the append that brought the entry at `log_index` into the log, once it was made."""
        proof: Mapping[str, Any] | None = session.execute(
            select(FlightRow.proof)
            .join(EventRow, EventRow.flight == FlightRow.nonce)
            .where(EventRow.log_index == log_index)
        ).scalar_one_or_none()
        return proof
