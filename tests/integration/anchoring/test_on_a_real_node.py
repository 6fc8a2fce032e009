"""The slice over a real node through its RPC gateway: real signatures, real proofs, real time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.anchoring.model import ContractQuery
from api.anchoring.repository.index_store import SqlIndexStore, content_digest
from api.infra.db import Database
from api.infra.sealing import FieldKey
from api.kernel.events import EventDraft
from chain.abi import load
from chain.calls import decode_log
from chain.gateway import Log
from chain.indexer import Indexer
from chain.state_proofs import (
    build_storage_proof,
    mapping_slot,
    verify_receipt_proof,
    verify_storage_proof,
)
from signing import eip712, wallets
from tests.support.anchoring_store import Slice, hex32
from tests.support.real_chain import (
    AGENT,
    ISSUER,
    REGISTRAR,
    REPRESENTATIVE,
    RealChain,
    Ticking,
    WorkerKey,
    address,
    real_chain,
    wait_for,
)

ORG = bytes.fromhex(hex32("organisation"))


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealChain]:
    with real_chain(tmp_path_factory.mktemp("chain")) as made:
        yield made


@pytest.fixture
def slice_(chain: RealChain, tmp_path: Path) -> Iterator[Slice]:
    db = Database(f"sqlite:///{tmp_path}/concord.db", FieldKey(bytes(32)))
    made = Slice(db, chain.gateway, contracts=chain.contracts, sender=chain.sender, proofs=True)
    made.monotonic = None
    yield made
    db.close()


def conclude(slice_: Slice, chain: RealChain, name: str, worker: WorkerKey, key: bytes = AGENT) -> str:
    """Queue a conclusion with everybody's real signature."""
    commitment, contract_id = bytes.fromhex(hex32(f"{name}/1")), bytes.fromhex(hex32(name))
    expiry, subject, check = 2**33, bytes.fromhex(hex32("subject")), bytes.fromhex(hex32("check"))
    labour = "LaborContractRegistry"
    domain = chain.domain(labour)

    def consent(role: int, key_hash: bytes) -> eip712.Consent:
        return eip712.Consent(commitment, contract_id, 1, bytes(32), role, key_hash, expiry)

    attestation = eip712.Attestation(commitment, contract_id, worker.hash, subject, 2, check, 1_795_000_000)
    with slice_.service.uow() as session:
        return slice_.service.registry.conclude(
            session,
            commitment=commitment.hex(),
            contract_id=contract_id.hex(),
            version=1,
            prev="0" * 64,
            expiry=expiry,
            org_id=ORG.hex(),
            wallet=address(key),
            wallet_signature=chain.sign(key, consent(1, wallets.key_hash(address(key))), labour),
            worker_spki=worker.spki,
            worker_signature=worker.sign(eip712.preimage(domain, consent(2, worker.hash))),
            subject=subject.hex(),
            level=2,
            check_digest=check.hex(),
            attested_at=1_795_000_000,
            attestation_signature=chain.sign(ISSUER, attestation, labour),
            hold=False,
        )


def register_and_grant(slice_: Slice, chain: RealChain) -> list[str]:
    registration = eip712.RegisterOrganisation(ORG, 500101001, address(REPRESENTATIVE), bytes(32), 1)
    granted = eip712.GrantAgent(ORG, address(AGENT), 4, 2**33, 2)
    with slice_.service.uow() as session:
        first = slice_.service.registry.register_organisation(
            session,
            org_id=ORG.hex(),
            region_code=500101001,
            representative=address(REPRESENTATIVE),
            seal_key_hash=None,
            nonce=1,
            registrar=address(REGISTRAR),
            signature=chain.sign(REGISTRAR, registration),
        )
        second = slice_.service.registry.grant_agent(
            session,
            org_id=ORG.hex(),
            agent=address(AGENT),
            scope=4,
            valid_until=2**33,
            nonce=2,
            signature=chain.sign(REPRESENTATIVE, granted),
        )
    return [first, second]


def states(slice_: Slice, calls: list[str]) -> list[str]:
    with slice_.service.uow.read() as session:
        return [slice_.service.registry.state(session, c).state for c in calls]


def test_a_contract_is_concluded_indexed_and_proven(chain: RealChain, slice_: Slice) -> None:
    calls = register_and_grant(slice_, chain)
    worker = WorkerKey()
    calls.append(conclude(slice_, chain, "real", worker))
    forged = conclude(slice_, chain, "forged", WorkerKey(), key=REGISTRAR)
    with slice_.service.uow() as session:
        for _ in range(20):
            slice_.service.recorder.record(
                session, EventDraft("econtract/" + hex32("real"), "econtract.E11/1", "a", "platform", {})
            )
    with Ticking(slice_.service.worker()) as ticking:
        wait_for(lambda: states(slice_, [*calls, forged]) == ["anchored"] * 3 + ["parked"] or ticking.errors)
        wait_for(lambda: _proof(slice_) is not None or ticking.errors)
    assert ticking.errors == []
    with slice_.service.uow.read() as session:
        service = slice_.service
        reason = service.registry.state(session, forged).reason
        assert reason is not None
        assert "WalletNotAuthorised" in reason
        row = service.index.contract(session, hex32("real"))
        assert row is not None
        assert (row.worker_key_hash, row.issuer, row.employer_wallet) == (
            worker.hash.hex(), address(ISSUER), address(AGENT),
        )  # fmt: skip
        found = service.proofs.conclusion(session, hex32("real"), 1)
        assert found is not None
        facts = verify_receipt_proof(found.receipt_proof)
        assert facts.block_number == found.call.block_number
        log = facts.logs[0]
        event = decode_log(chain.contracts, Log(log.address, log.topics, log.data, 1, b"", b"", 0))
        assert event is not None
        assert event.name == "Concluded"
        assert event.fields["commitment"].hex() == row.commitment
        stored = service.proofs.events(session, "econtract/" + hex32("real"))
        receipt = service.proofs.append_receipt(session, stored[3].anchor.log_index or 0)
        assert verify_receipt_proof(receipt).logs[0].address == chain.contracts.evidence_log
        content, position = content_digest(session), service.index.position(session)
    layout = load("LaborContractRegistry").storage_layout
    base = next(slot for label, slot in layout.items() if "latest" in label.lower())
    slot = mapping_slot(base, bytes.fromhex(hex32("real")))
    proof = build_storage_proof(chain.gateway, chain.contracts.labour, [slot], chain.gateway.head().number)
    assert verify_storage_proof(proof).values[slot] == 1
    store = SqlIndexStore(slice_.db)
    store.drop()
    Indexer(chain.gateway, store, chain.contracts).catch_up()
    with slice_.service.uow.read() as session:
        assert content_digest(session) == content
        assert service.index.position(session).digest == position.digest
        assert service.index.total(session, ContractQuery(region_prefix="5001")) == 1


def _proof(slice_: Slice) -> object:
    with slice_.service.uow.read() as session:
        found = slice_.service.proofs.conclusion(session, hex32("real"), 1)
        events = slice_.service.proofs.events(session, "econtract/" + hex32("real"))
        index = events[3].anchor.log_index
        receipt = None if index is None else slice_.service.proofs.append_receipt(session, index)
    return found.receipt_proof if found is not None and receipt is not None else None
