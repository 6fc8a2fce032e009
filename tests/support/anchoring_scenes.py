"""Short words for what tests do with an anchoring slice on the simulated chain."""

from __future__ import annotations

from typing import Any

from api.infra.auth import Principal
from api.kernel.events import EventDraft
from tests.support.anchoring_store import Slice, hex32
from tests.support.relay_world import AGENT, WALLET

ORG = hex32("organisation")
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004") + bytes(64)
OPERATOR = Principal(kind="staff", account_id="operator-1", roles=frozenset({"operator"}))


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
