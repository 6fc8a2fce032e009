"""The slice over a simulated chain, on SQLite and PostgreSQL: record, anchor, prove, index, audit, erase."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import update

from api.anchoring.repository import index_queries
from api.anchoring.tables import SecretRow
from api.kernel.errors import DomainError
from api.kernel.events import EventDraft
from chain import calls
from chain.checkpoint import open_checkpoint, token_imprint
from chain.merkle import leaf_hash, verify_consistency, verify_inclusion
from chain.transactions import Sender
from signing.events import ZERO_PREV, Event, payload_digest
from tests.support.anchoring_scenes import (
    OPERATOR,
    draft,
    record,
    settle,
)
from tests.support.anchoring_store import KEY, Slice, hex32
from tests.support.relay_world import CHAIN_ID, CONTRACTS

# -- recording


def test_events_are_numbered_linked_and_canonical(slice_: Slice) -> None:
    refs = (
        record(slice_, "econtract/a", 3) + record(slice_, "econtract/b", 1) + record(slice_, "econtract/a", 1)
    )
    assert [(r.stream, r.seq) for r in refs] == [
        ("econtract/a", 1), ("econtract/a", 2), ("econtract/a", 3), ("econtract/b", 1), ("econtract/a", 4),
    ]  # fmt: skip
    with slice_.service.uow.read() as session:
        stored = slice_.service.proofs.events(session, "econtract/a")
    prev = ZERO_PREV
    for event, seconds in zip(stored, (0, 1, 2, 0), strict=True):
        parsed = Event.parse(event.body or b"")
        assert parsed.prev == prev
        assert parsed.entry().hex() == event.entry
        assert parsed.payload_digest == payload_digest(event.payload or {})
        assert (event.payload or {})["seconds"] == seconds
        assert len((event.payload or {})["blind"]) == 64
        assert event.anchor.state == "pending"
        prev = event.entry
    assert [r.digest for r in refs if r.stream == "econtract/a"] == [e.entry for e in stored]


def test_an_event_is_part_of_its_transaction(slice_: Slice) -> None:
    def fail() -> None:
        with slice_.service.uow() as session:
            slice_.service.recorder.record(session, draft("econtract/a"))
            raise RuntimeError("the slice failed")

    with pytest.raises(RuntimeError):
        fail()
    assert record(slice_, "econtract/a")[0].seq == 1


def test_recording_costs_four_statements(slice_: Slice) -> None:
    record(slice_, "econtract/a")
    statements: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    with slice_.service.uow() as session:
        session.connection()
        sql_event.listen(slice_.db.engine, "before_cursor_execute", count)
        slice_.service.recorder.record(session, draft("econtract/a"))
        sql_event.remove(slice_.db.engine, "before_cursor_execute", count)
    assert len(statements) == 4, statements


def test_two_writers_of_one_stream_never_share_a_number(slice_: Slice) -> None:
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(10):
                record(slice_, "econtract/busy")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with slice_.service.uow.read() as session:
        stored = slice_.service.proofs.events(session, "econtract/busy")
    assert [e.seq for e in stored] == list(range(1, 41))
    assert [e.prev for e in stored[1:]] == [e.entry for e in stored[:-1]]


@pytest.mark.parametrize(
    "bad",
    [
        EventDraft("econtract/a", "no type", "actor", "worker", {}),
        EventDraft("econtract/a", "econtract.E04/1", "a name", "worker", {}),
        EventDraft("econtract/a", "econtract.E04/1", "actor", "stranger", {}),
        EventDraft("econtract/a", "econtract.E04/1", "actor", "worker", {"x": 1.5}),  # type: ignore[dict-item]
        EventDraft("econtract/a", "econtract.E04/1", "actor", "worker", {"名": 1}),
    ],
)
def test_malformed_drafts_are_refused_and_leave_nothing(slice_: Slice, bad: EventDraft) -> None:
    with pytest.raises(DomainError) as caught, slice_.service.uow() as session:
        slice_.service.recorder.record(session, bad)
    assert caught.value.code == "anchoring.event_malformed"
    assert record(slice_, "econtract/a")[0].seq == 1


# -- anchoring, proofs, checkpoints


def test_entries_are_anchored_and_proven_against_a_stamped_checkpoint(slice_: Slice) -> None:
    record(slice_, "econtract/a", 5)
    record(slice_, "econtract/b", 300)
    settle(slice_)
    record(slice_, "econtract/a", 2)
    settle(slice_)
    proofs = slice_.service.proofs
    with slice_.service.uow.read() as session:
        stored = proofs.events(session, "econtract/a")
        assert [e.anchor.state for e in stored] == ["anchored"] * 7
        indexes = [e.anchor.log_index for e in stored]
        assert indexes == sorted(indexes)  # type: ignore[type-var]
        for event in stored:
            assert event.anchor.log_index is not None
            found = proofs.checkpoint(session, covering=event.anchor.log_index)
            assert found is not None
            checkpoint = open_checkpoint(found.note, KEY.verifier)
            assert checkpoint.size == found.size > event.anchor.log_index
            path = proofs.inclusion(session, event.anchor.log_index, found.size)
            leaf = leaf_hash(bytes.fromhex(event.entry))
            verify_inclusion(leaf, event.anchor.log_index, found.size, path, checkpoint.root)
            assert found.token == b"token" + token_imprint(found.note, KEY.verifier)
            assert event.anchor.transaction is not None
        newest = proofs.checkpoint(session)
        assert newest is not None
        assert newest.size == 307
        first = proofs.checkpoint(session, covering=0)
        assert first is not None
        path = proofs.consistency(session, first.size, newest.size)
        verify_consistency(
            first.size, bytes.fromhex(first.root), newest.size, bytes.fromhex(newest.root), path
        )
        with pytest.raises(DomainError):
            proofs.inclusion(session, 400, 307)
        assert len(proofs.tile(session, 0, 0, 256)) == 8192
        assert len(proofs.tile(session, 0, 1, 51)) == 51 * 32
        assert len(proofs.tile(session, 1, 0, 1)) == 32
        with pytest.raises(DomainError):
            proofs.tile(session, 0, 1, 52)
        assert proofs.entries(session, 300, 100) == [
            bytes.fromhex(e) for e in _entries(session, slice_)[300:]
        ]


def _entries(session: Any, slice_: Slice) -> list[str]:
    found = [e for s in ("econtract/a", "econtract/b") for e in slice_.service.proofs.events(session, s)]
    return [e.entry for e in sorted(found, key=lambda e: e.anchor.log_index or 0)]


def test_a_silent_authority_delays_tokens_and_nothing_else(slice_: Slice) -> None:
    slice_.timestamps.down = True
    record(slice_, "econtract/a", 2)
    settle(slice_)
    with slice_.service.uow.read() as session:
        found = slice_.service.proofs.checkpoint(session, covering=0)
        assert found is not None
        assert found.token is None
        assert slice_.service.operator.status(session).checkpoints_without_token == 1
    slice_.timestamps.down = False
    settle(slice_, 8)
    with slice_.service.uow.read() as session:
        found = slice_.service.proofs.checkpoint(session, covering=0)
        assert found is not None
        assert found.token is not None


def test_a_chain_that_is_away_leaves_everything_pending(slice_: Slice) -> None:
    slice_.gateway.down = True  # type: ignore[attr-defined]
    record(slice_, "econtract/a", 3)
    for _ in range(3):
        assert slice_.service.worker().tick() is False
    with slice_.service.uow.read() as session:
        anchors = slice_.service.proofs.anchors(session, "econtract/a")
        assert {a.state for _, _, _, a in anchors} == {"pending"}
        assert slice_.service.operator.status(session).events == {"pending": 3}
    slice_.gateway.down = False  # type: ignore[attr-defined]
    settle(slice_)
    with slice_.service.uow.read() as session:
        assert slice_.service.operator.status(session).events == {"anchored": 3}


# -- integrity


def test_an_orphan_in_the_log_stops_the_worker_until_a_person_has_looked(slice_: Slice) -> None:
    record(slice_, "econtract/a", 2)
    settle(slice_)
    stranger = Sender(bytes([6] * 32), CHAIN_ID)
    made = calls.append(CONTRACTS, 2, [bytes([255] * 32)])
    slice_.gateway.send([stranger.sign(made.to, made.data, 0, made.gas).raw])
    slice_.gateway.mine()  # type: ignore[attr-defined]
    slice_.monotonic += 6  # type: ignore[operator]
    with pytest.raises(DomainError) as caught:
        slice_.service.worker().tick()
    assert caught.value.code == "anchoring.integrity"
    record(slice_, "econtract/a", 1)
    with pytest.raises(DomainError, match=r"anchoring\.stopped"):
        slice_.make_worker("two").tick()
    with slice_.service.uow.read() as session:
        status = slice_.service.operator.status(session)
        assert status.stopped
        assert status.events == {"anchored": 2, "pending": 1}
        alarm = status.alarms[0]
        assert (alarm.code, alarm.severity) == ("log.integrity", "integrity")
    with slice_.service.uow() as session:
        slice_.service.operator.clear_alarm(session, OPERATOR, alarm.id, "looked at it")
        with pytest.raises(DomainError):
            slice_.service.operator.clear_alarm(session, OPERATOR, alarm.id, "again")
    with pytest.raises(DomainError, match=r"anchoring\.integrity"):
        slice_.service.worker().tick()  # the orphan is still there


def test_an_append_that_is_not_found_by_its_hash_yet_is_no_orphan(slice_: Slice) -> None:
    """A validator shows a block's events some moments before it finds their transaction by its hash."""
    transactions = slice_.gateway.transactions
    slice_.gateway.transactions = lambda hashes: [None for _ in hashes]  # type: ignore[method-assign]
    record(slice_, "econtract/a", 2)
    for _ in range(4):
        slice_.service.worker().tick()
        slice_.gateway.mine()  # type: ignore[attr-defined]
        slice_.monotonic += 6  # type: ignore[operator]
    with slice_.service.uow.read() as session:
        status = slice_.service.operator.status(session)
        assert (status.events, status.stopped, status.alarms) == ({"anchored": 2}, False, [])
        assert len(index_queries.unaudited(session, 5)) == 1
    slice_.gateway.transactions = transactions  # type: ignore[method-assign]
    settle(slice_)
    slice_.service.worker().tick()
    with slice_.service.uow.read() as session:
        assert index_queries.unaudited(session, 5) == []


# -- erasure


def test_erasure_destroys_what_is_readable_and_leaves_the_proofs(slice_: Slice) -> None:
    record(slice_, "person/p", 3)
    with slice_.service.uow() as session, pytest.raises(DomainError, match="not_anchored_yet"):
        slice_.service.erasure.destroy(session, "person/p")
    settle(slice_)
    with slice_.service.uow.read() as session:
        before = slice_.service.proofs.events(session, "person/p")
    with slice_.service.uow() as session:
        assert slice_.service.erasure.destroy(session, "person/p") == 3
        assert slice_.service.erasure.destroy(session, "person/p") == 0
    with slice_.service.uow.read() as session:
        after = slice_.service.proofs.events(session, "person/p")
        assert [e.entry for e in after] == [e.entry for e in before]
        assert all(e.body is None and e.payload is None for e in after)
        found = slice_.service.proofs.checkpoint(session, covering=1)
        assert found is not None
        path = slice_.service.proofs.inclusion(session, 1, found.size)
        verify_inclusion(
            leaf_hash(bytes.fromhex(after[1].entry)), 1, found.size, path, bytes.fromhex(found.root)
        )
    assert record(slice_, "person/p")[0].seq == 4


def test_payloads_are_sealed_at_rest(slice_: Slice) -> None:
    record(slice_, "econtract/a")
    with slice_.db.read() as session:
        column = SecretRow.__table__.c.payload
        raw = (
            session.connection()
            .exec_driver_sql(f"SELECT {column.name} FROM {SecretRow.__tablename__}")
            .scalar()
        )
    assert b"notice" not in bytes(raw)
    with slice_.service.uow() as session:
        session.execute(update(SecretRow).values(payload=json.dumps({"changed": True}).encode()))
    with slice_.service.uow.read() as session:
        event = slice_.service.proofs.events(session, "econtract/a")[0]
    assert event.payload == {"changed": True}
    assert Event.parse(event.body or b"").payload_digest != hex32("anything")


def test_a_second_worker_takes_over_when_the_first_is_gone(slice_: Slice) -> None:
    record(slice_, "econtract/a", 1)
    settle(slice_)
    waiting = slice_.make_worker("two")
    assert waiting.tick() is False
    with slice_.service.uow.read() as session:
        status = slice_.service.operator.status(session)
        assert (status.worker, status.worker_alive) == ("one", True)
