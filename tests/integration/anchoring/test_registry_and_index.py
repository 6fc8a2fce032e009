"""Registry calls in their order and the index of the chain, on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from api.anchoring.model import ContractQuery
from api.anchoring.repository.index_store import SqlIndexStore, content_digest
from api.kernel.errors import DomainError
from chain.indexer import Indexer
from tests.support.anchoring_scenes import (
    OPERATOR,
    ORG,
    SPKI,
    conclude,
    grant,
    record,
    register,
    revoke,
    settle,
    state,
)
from tests.support.anchoring_store import Slice, hex32
from tests.support.relay_world import AGENT, CONTRACTS, WALLET

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
