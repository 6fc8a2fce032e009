"""The relay's store in SQL: the same duties as in memory (`chain.relay_port.RelayStore`), on SQLite and PostgreSQL.

Every writing method locks the lease row first and checks the fence inside the same transaction, so a writer that lost its
lease cannot get anything through, however long it slept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, exists, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from api.anchoring.model import SETTLED
from api.anchoring.ports import Now
from api.anchoring.repository import tree
from api.anchoring.repository.lease import SqlLease
from api.anchoring.tables import CallDependencyRow, CallRow, EventRow, FlightRow
from api.infra.db import Database
from chain.errors import ChainError, LogIntegrityError
from chain.merkle import TileStore
from chain.relay_port import (
    Anchored,
    Flight,
    FlightKind,
    FlightState,
    NewFlight,
    Position,
    ReadyCall,
)

LEASE = "relay"
UNDER_WAY = (FlightState.STAGED.value, FlightState.BROADCAST.value)
DROPPED = "dropped"
"""State of a failed transaction whose entries or call went back to pending."""

_FLIGHT = (
    FlightRow.hash,
    FlightRow.nonce,
    FlightRow.kind,
    FlightRow.state,
    FlightRow.first_index,
    FlightRow.count,
    FlightRow.call,
    FlightRow.target,
)


def _flight(row: Any) -> Flight:
    return Flight(
        row.hash,
        row.nonce,
        FlightKind(row.kind),
        FlightState(row.state),
        row.first_index,
        row.count,
        row.call,
        row.target,
    )


class SqlRelayStore:
    """Outbox, lease and tree in the platform's database."""

    def __init__(self, db: Database, now: Now) -> None:
        self._db = db
        self._now = now
        self._lease = SqlLease(db, LEASE, now)

    # -- lease

    def acquire(self, owner: str, seconds: float) -> int | None:
        return self._lease.acquire(owner, seconds)

    def _check(self, session: Session, fence: int) -> None:
        self._lease.check(session, fence)

    # -- reading

    def position(self) -> Position:
        with self._db.read() as session:
            nonce = session.execute(select(func.max(FlightRow.nonce))).scalar()
            end = session.execute(
                select(func.max(FlightRow.first_index + FlightRow.count)).where(
                    FlightRow.state.in_(UNDER_WAY)
                )
            ).scalar()
            size, _ = tree.log_state(session)
        return Position(None if nonce is None else nonce + 1, size if end is None else end, size)

    def flights(self) -> list[Flight]:
        with self._db.read() as session:
            query = select(*_FLIGHT).where(FlightRow.state.in_(UNDER_WAY)).order_by(FlightRow.nonce)
            return [_flight(row) for row in session.execute(query)]

    def failed_appends(self) -> list[Flight]:
        with self._db.read() as session:
            query = (
                select(*_FLIGHT)
                .where(FlightRow.state == FlightState.FAILED.value, FlightRow.kind == FlightKind.APPEND.value)
                .order_by(FlightRow.nonce)
            )
            return [_flight(row) for row in session.execute(query)]

    def last_anchored(self) -> Anchored | None:
        with self._db.read() as session:
            row = session.execute(
                select(*_FLIGHT, FlightRow.block_number, FlightRow.block_hash, FlightRow.block_index)
                .where(FlightRow.state == FlightState.ANCHORED.value)
                .order_by(FlightRow.nonce.desc())
                .limit(1)
            ).one_or_none()
        return (
            None if row is None else Anchored(_flight(row), row.block_number, row.block_hash, row.block_index)
        )

    def pending_entries(self, limit: int) -> list[bytes]:
        # A stream's events get their ids while its head row is locked, so id order is stream order, and an earlier
        # event is visible whenever a later one is. Ids of different streams may become visible in any order.
        with self._db.read() as session:
            query = (
                select(EventRow.entry).where(EventRow.state == "pending").order_by(EventRow.id).limit(limit)
            )
            return list(session.execute(query).scalars())

    def ready_calls(self, limit: int) -> list[ReadyCall]:
        if limit <= 0:
            return []
        earlier = aliased(CallRow)
        waits = (
            exists()
            .where(CallDependencyRow.call == CallRow.no)
            .where(earlier.no == CallDependencyRow.earlier)
            .where(earlier.state.not_in(SETTLED))
        )
        with self._db.read() as session:
            query = (
                select(CallRow.id, CallRow.target, CallRow.data, CallRow.gas)
                .where(CallRow.state == "pending", ~waits)
                .order_by(CallRow.no)
                .limit(limit)
            )
            return [ReadyCall(row.id, row.target, row.data, row.gas) for row in session.execute(query)]

    def raws(self, hashes: Sequence[bytes]) -> list[bytes]:
        with self._db.read() as session:
            rows = session.execute(select(FlightRow.hash, FlightRow.raw).where(FlightRow.hash.in_(hashes)))
            found = {row.hash: row.raw for row in rows}
        return [found[h] for h in hashes]

    def entries(self, flight: Flight) -> list[bytes]:
        with self._db.read() as session:
            query = select(EventRow.entry).where(EventRow.flight == flight.nonce).order_by(EventRow.log_index)
            found = list(session.execute(query).scalars())
        if len(found) != flight.count:
            raise LogIntegrityError(f"batch at index {flight.first_index} has lost entries")
        return found

    def tiles(self) -> TileStore:
        return tree.DatabaseTiles(self._db)

    # -- writing

    def stage(self, fence: int, flights: Sequence[NewFlight]) -> None:
        now = self._now()
        rows = [
            {
                "nonce": new.flight.nonce,
                "hash": new.flight.hash,
                "kind": new.flight.kind.value,
                "state": FlightState.STAGED.value,
                "target": new.flight.target,
                "raw": new.raw,
                "first_index": new.flight.first_index,
                "count": new.flight.count,
                "call": new.flight.call_id,
                "staged_at": now,
            }
            for new in flights
        ]
        placed = [
            {
                "b_entry": entry,
                "b_index": (new.flight.first_index or 0) + offset,
                "b_flight": new.flight.nonce,
            }
            for new in flights
            for offset, entry in enumerate(new.entries)
        ]
        calls = [{"b_id": new.flight.call_id} for new in flights if new.flight.call_id is not None]
        with self._db.transaction() as session:
            self._check(session, fence)
            session.execute(insert(FlightRow), rows)
            connection = session.connection()
            events, called = EventRow.__table__, CallRow.__table__
            if placed:
                result = connection.execute(
                    update(events)  # type: ignore[arg-type]
                    .where(events.c.entry == bindparam("b_entry"), events.c.state == "pending")
                    .values(state="staged", log_index=bindparam("b_index"), flight=bindparam("b_flight")),
                    placed,
                )
                _expect(result.rowcount, len(placed), "an entry was staged twice")
            if calls:
                result = connection.execute(
                    update(called)  # type: ignore[arg-type]
                    .where(called.c.id == bindparam("b_id"), called.c.state == "pending")
                    .values(state="staged"),
                    calls,
                )
                # A call that was voided at this very moment: nothing is staged, the next pass sees it.
                _expect(result.rowcount, len(calls), "a call is no longer pending")

    def _move(self, session: Session, flights: Sequence[Flight], flight_state: str, state: str) -> None:
        nonces = [f.nonce for f in flights]
        calls = [f.call_id for f in flights if f.call_id is not None]
        appends = [f.nonce for f in flights if f.kind is FlightKind.APPEND]
        session.execute(update(FlightRow).where(FlightRow.nonce.in_(nonces)).values(state=flight_state))
        if appends:
            values: dict[str, Any] = {"state": state}
            if state == "pending":
                values |= {"log_index": None, "flight": None}
            session.execute(
                update(EventRow)
                .where(EventRow.flight.in_(appends))
                .values(**values)
                .execution_options(synchronize_session=False)
            )
        if calls:
            session.execute(update(CallRow).where(CallRow.id.in_(calls)).values(state=state))

    def mark_broadcast(self, fence: int, flights: Sequence[Flight]) -> None:
        with self._db.transaction() as session:
            self._check(session, fence)
            self._move(session, flights, FlightState.BROADCAST.value, "broadcast")

    def anchor(self, fence: int, anchored: Sequence[Anchored]) -> None:
        now = self._now()
        places = [
            {
                "b_nonce": item.flight.nonce,
                "b_number": item.block_number,
                "b_hash": item.block_hash,
                "b_index": item.index,
            }
            for item in anchored
        ]
        flights = FlightRow.__table__
        with self._db.transaction() as session:
            self._check(session, fence)
            self._move(session, [item.flight for item in anchored], FlightState.ANCHORED.value, "anchored")
            session.connection().execute(
                update(flights)  # type: ignore[arg-type]
                .where(flights.c.nonce == bindparam("b_nonce"))
                .values(
                    block_number=bindparam("b_number"),
                    block_hash=bindparam("b_hash"),
                    block_index=bindparam("b_index"),
                    final_at=now,
                ),
                places,
            )
            for item in anchored:
                if item.growth is not None:
                    tree.grow(session, item.flight.first_index or 0, item.growth)

    def park(self, fence: int, flight: Flight, reason: str) -> None:
        with self._db.transaction() as session:
            self._check(session, fence)
            self._move(session, [flight], FlightState.FAILED.value, "parked")
            self._reason(session, flight, reason)
            session.execute(update(CallRow).where(CallRow.id == flight.call_id).values(reason=reason))

    def fail_append(self, fence: int, flight: Flight, reason: str) -> None:
        with self._db.transaction() as session:
            self._check(session, fence)
            session.execute(
                update(FlightRow)
                .where(FlightRow.nonce == flight.nonce)
                .values(state=FlightState.FAILED.value)
            )
            self._reason(session, flight, reason)

    def requeue(self, fence: int, flights: Sequence[Flight]) -> None:
        with self._db.transaction() as session:
            self._check(session, fence)
            self._move(session, flights, DROPPED, "pending")

    @staticmethod
    def _reason(session: Session, flight: Flight, reason: str) -> None:
        session.execute(update(FlightRow).where(FlightRow.nonce == flight.nonce).values(reason=reason[:500]))


def _expect(found: int, wanted: int, what: str) -> None:
    if found != wanted:
        raise ChainError("stage.stale", what=what)
