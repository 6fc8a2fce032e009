"""The slice over a simulated chain, on SQLite and PostgreSQL: record, anchor, prove, index, audit, erase."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import update

from api.anchoring.model import ContractQuery
from api.anchoring.repository.index_store import SqlIndexStore, content_digest
from api.anchoring.tables import SecretRow
from api.infra.auth import Principal
from api.infra.db import Database
from api.kernel.errors import DomainError
from api.kernel.events import EventDraft
from chain import calls
from chain.checkpoint import open_checkpoint, token_imprint
from chain.gateway_memory import MemoryGateway
from chain.indexer import Indexer
from chain.memory_contracts import installation
from chain.merkle import leaf_hash, verify_consistency, verify_inclusion
from chain.transactions import Sender
from signing.events import ZERO_PREV, Event, payload_digest
from tests.support.anchoring_store import KEY, Slice, hex32
from tests.support.relay_world import AGENT, CHAIN_ID, CONTRACTS, WALLET

ORG = hex32("organisation")
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004") + bytes(64)
OPERATOR = Principal(kind="staff", account_id="operator-1", roles=frozenset({"operator"}))


@pytest.fixture
def slice_(database: Database) -> Slice:
    gateway = MemoryGateway(lambda: installation(CONTRACTS), chain_id=CHAIN_ID)
    return Slice(database, gateway)


def draft(stream: str, number: int = 0) -> EventDraft:
    return EventDraft(
        stream, "econtract.E04/1", "actor-1", "worker", {"notice": f"v{number}", "seconds": number}
    )


def record(slice_: Slice, stream: str, count: int = 1) -> list[Any]:
    with slice_.service.uow() as session:
        return [slice_.service.recorder.record(session, draft(stream, i)) for i in range(count)]


def settle(slice_: Slice, rounds: int = 6) -> None:
    worker = slice_.service.worker()
    for _ in range(rounds):
        worker.tick()
        slice_.gateway.mine()  # type: ignore[attr-defined]
        slice_.monotonic += 6.0  # type: ignore[operator]
    worker.tick()


def register(slice_: Slice, org: str = ORG, nonce: int = 1, region: int = 500101001) -> str:
    with slice_.service.uow() as session:
        return slice_.service.registry.register_organisation(
            session, org_id=org, region_code=region, representative=WALLET, seal_key_hash=None, nonce=nonce,
            registrar=WALLET, signature=b"r" * 65,
        )  # fmt: skip


def grant(slice_: Slice, nonce: int = 2, org: str = ORG) -> str:
    with slice_.service.uow() as session:
        return slice_.service.registry.grant_agent(
            session, org_id=org, agent=AGENT, scope=4, valid_until=2**33, nonce=nonce, signature=b"g" * 65
        )


def revoke(slice_: Slice, nonce: int = 3) -> str:
    with slice_.service.uow() as session:
        return slice_.service.registry.revoke_agent(
            session, org_id=ORG, agent=AGENT, nonce=nonce, signature=b"v" * 65
        )


def conclude(
    slice_: Slice,
    contract: str = "contract",
    version: int = 1,
    prev: str = "0" * 64,
    hold: bool = True,
    org: str = ORG,
    at: int = 1_795_000_000,
) -> str:
    with slice_.service.uow() as session:
        return slice_.service.registry.conclude(
            session, commitment=hex32(f"{contract}/{version}"), contract_id=hex32(contract), version=version, prev=prev,
            expiry=2**33, org_id=org, wallet=AGENT, wallet_signature=b"w" * 65, worker_spki=SPKI, worker_signature=bytes(64),
            subject=hex32("subject"), level=2, check_digest=hex32("check"), attested_at=at,
            attestation_signature=b"a" * 65, hold=hold,
        )  # fmt: skip


def state(slice_: Slice, call_id: str) -> str:
    with slice_.service.uow.read() as session:
        return slice_.service.registry.state(session, call_id).state


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


# -- registry calls


def test_calls_take_effect_in_the_order_in_which_they_were_true(slice_: Slice) -> None:
    register(slice_)
    grant(slice_)
    held = conclude(slice_)
    revoked = revoke(slice_)
    later = conclude(slice_, "later", hold=False)
    settle(slice_)
    assert state(slice_, held) == "held"
    assert (
        state(slice_, revoked) == "pending"
    )  # the conclusion was signed while the agent still had his grant
    with slice_.service.uow() as session:
        slice_.service.registry.release(session, held)
        slice_.service.registry.release(session, held)
    settle(slice_, 10)
    assert state(slice_, held) == "anchored"
    assert state(slice_, revoked) == "anchored"
    assert state(slice_, later) == "parked"  # signed after the revocation: the chain refuses it
    with slice_.service.uow.read() as session:
        status = slice_.service.operator.status(session)
        assert [a.code for a in status.alarms] == ["relay.call_parked"]
        assert "WalletNotAuthorised" in str(status.alarms[0].facts)
        assert status.calls == {"anchored": 4, "parked": 1}
        row = slice_.service.index.contract(session, hex32("contract"))
        assert row is not None
        assert (row.org_id, row.region_code, row.level, row.month) == (ORG, "500101001", 2, "2026-11")
        assert row.employer_wallet == AGENT
        assert [a.wallet for a in slice_.service.index.actors(session, ORG) if a.until_block is None] == [
            WALLET
        ]
        found = slice_.service.proofs.conclusion(session, hex32("contract"))
        assert found is not None
        assert found.call.state == "anchored"


def test_void_and_retry(slice_: Slice) -> None:
    register(slice_)
    held = conclude(slice_)
    blocked = grant(slice_)
    settle(slice_)
    assert state(slice_, blocked) == "pending"
    with slice_.service.uow() as session:
        slice_.service.registry.void(session, held, "no timestamp arrived in time")
        slice_.service.registry.void(session, held, "again")
    settle(slice_)
    assert state(slice_, blocked) == "anchored"
    with slice_.service.uow() as session:
        with pytest.raises(DomainError, match="call_void"):
            slice_.service.registry.release(session, held)
        with pytest.raises(DomainError, match="call_in_flight"):
            slice_.service.registry.void(session, blocked, "too late")
        with pytest.raises(DomainError, match="call_unknown"):
            slice_.service.registry.state(session, "x" * 26)
    refused = revoke(slice_, nonce=2)  # a stale nonce
    settle(slice_)
    assert state(slice_, refused) == "parked"
    with slice_.service.uow() as session:
        slice_.service.operator.retry(session, OPERATOR, refused)
        with pytest.raises(DomainError, match="not_parked"):
            slice_.service.operator.retry(session, OPERATOR, refused)
    settle(slice_)
    assert state(slice_, refused) == "parked"
    with slice_.service.uow() as session:
        slice_.service.operator.void(session, OPERATOR, refused, "a new statement follows")
    assert state(slice_, refused) == "void"


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("contract_id", {"contract_id": "zz"}),
        ("wallet", {"wallet": "0x12"}),
        ("worker_spki", {"worker_spki": bytes(91)}),
        ("worker_signature", {"worker_signature": b"short"}),
    ],
)
def test_malformed_calls_are_refused(slice_: Slice, field: str, change: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "commitment": hex32("c"), "contract_id": hex32("x"), "version": 1, "prev": "0" * 64, "expiry": 1, "org_id": ORG,
        "wallet": AGENT, "wallet_signature": b"w", "worker_spki": SPKI, "worker_signature": bytes(64), "subject": hex32("s"),
        "level": 2, "check_digest": hex32("d"), "attested_at": 1, "attestation_signature": b"a",
    }  # fmt: skip
    with pytest.raises(DomainError) as caught, slice_.service.uow() as session:
        slice_.service.registry.conclude(session, **{**good, **change})
    assert caught.value.facts["field"] == field


# -- index


def test_index_answers_and_is_rebuilt_to_the_same_content(slice_: Slice) -> None:
    other = hex32("other")
    register(slice_)
    register(slice_, other, region=500102)
    grant(slice_)
    grant(slice_, org=other)
    settle(slice_)
    for i in range(6):
        conclude(slice_, f"c{i}", hold=False, org=ORG if i % 2 else other, at=1_790_000_000 + i * 2_000_000)
    record(slice_, "econtract/a", 10)
    settle(slice_)
    conclude(slice_, "c1", 2, prev=hex32("c1/1"), hold=False)
    settle(slice_)
    index = slice_.service.index
    with slice_.service.uow.read() as session:
        assert index.total(session) == 7
        assert {c.key: c.contracts for c in index.counts(session, "state")} == {
            "concluded": 6,
            "superseded": 1,
        }
        assert {c.key: c.contracts for c in index.counts(session, "region")} == {"500101001": 4, "500102": 3}
        assert sum(c.contracts for c in index.counts(session, "month")) == 7
        assert index.total(session, ContractQuery(region_prefix="500101")) == 4
        assert index.total(session, ContractQuery(region_prefix="500102")) == 3
        assert index.total(session, ContractQuery(region_prefix="50010")) == 7
        assert index.total(session, ContractQuery(region_prefix="5001010012")) == 0
        assert index.total(session, ContractQuery(region_prefix="9")) == 0
        assert index.total(session, ContractQuery(region_prefix="4")) == 0
        assert index.total(session, ContractQuery(org_id=other)) == 3
        assert [r.version for r in index.history(session, hex32("c1"))] == [1, 2]
        assert [r.state for r in index.history(session, hex32("c1"))] == ["superseded", "concluded"]
        seen: list[str] = []
        after = None
        while True:
            page = index.contracts(session, ContractQuery(limit=3, after=after))
            seen += [f"{r.contract_id}/{r.version}" for r in page.rows]
            after = page.next
            if after is None:
                break
        assert len(seen) == len(set(seen)) == 7
        assert {o.org_id: o.contracts for o in index.organisations(session).rows} == {ORG: 3, other: 3}
        before, content = index.position(session), content_digest(session)
        for bad in (
            lambda: index.counts(session, "name"),
            lambda: index.total(session, ContractQuery(state="x")),
            lambda: index.total(session, ContractQuery(region_prefix="5%")),
            lambda: index.contracts(session, ContractQuery(after="x")),
        ):
            with pytest.raises(DomainError):
                bad()
    store = SqlIndexStore(slice_.db)
    store.drop()
    Indexer(slice_.gateway, store, CONTRACTS, blocks=3).catch_up()
    with slice_.service.uow.read() as session:
        assert content_digest(session) == content
        assert index.position(session) == before


def test_index_follows_a_reorganisation(slice_: Slice) -> None:
    register(slice_)
    grant(slice_)
    settle(slice_)
    conclude(slice_, "c", hold=False)
    settle(slice_, 2)
    conclude(slice_, "c", 2, prev=hex32("c/1"), hold=False)
    worker = slice_.service.worker()
    worker.tick()
    slice_.gateway.mine()  # type: ignore[attr-defined]
    store = SqlIndexStore(slice_.db)
    indexer = Indexer(slice_.gateway, store, CONTRACTS)
    indexer.catch_up()
    with slice_.service.uow.read() as session:
        assert [r.state for r in slice_.service.index.history(session, hex32("c"))] == [
            "superseded",
            "concluded",
        ]
    slice_.gateway.reorganise(1, drop=True)  # type: ignore[attr-defined]
    indexer.catch_up()
    with slice_.service.uow.read() as session:
        assert [r.state for r in slice_.service.index.history(session, hex32("c"))] == ["concluded"]
        content = content_digest(session)
    store.drop()
    indexer.catch_up()
    with slice_.service.uow.read() as session:
        assert content_digest(session) == content


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
