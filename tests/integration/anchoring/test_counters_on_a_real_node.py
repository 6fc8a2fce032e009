"""Counters on a real node: what the contract counted is what a figure proves, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.bootstrap.figures import RegistryCounters
from api.infra.db import Database
from api.infra.sealing import FieldKey
from api.kernel.clock import SystemClock
from api.kernel.errors import DomainError
from chain.abi import load
from chain.figures import counter_slot
from chain.state_proofs import build_storage_proof, verify_storage_proof
from tests.integration.anchoring.test_on_a_real_node import conclude, register_and_grant, states
from tests.support.anchoring_store import Slice
from tests.support.real_chain import RealChain, Ticking, WorkerKey, real_chain, wait_for

REGION = 500101001


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealChain]:
    with real_chain(tmp_path_factory.mktemp("counted")) as made:
        yield made


def test_counters_count_what_was_concluded_and_prove_it(
    chain: RealChain, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    db = Database(f"sqlite:///{tmp_path}/concord.db", FieldKey(bytes(32)))
    slice_ = Slice(db, chain.gateway, contracts=chain.contracts, sender=chain.sender, proofs=True)
    slice_.monotonic = None
    calls = register_and_grant(slice_, chain)
    calls += [conclude(slice_, chain, name, WorkerKey()) for name in ("one", "two", "three")]
    with Ticking(slice_.service.worker()) as ticking:
        wait_for(lambda: states(slice_, calls) == ["anchored"] * 5 or ticking.errors)
    assert ticking.errors == []
    head = chain.gateway.final_head()
    month = (datetime.fromtimestamp(head.timestamp, UTC) + timedelta(hours=8)).strftime("%Y-%m")
    pairs = [
        (None, None),
        (None, month),
        (REGION, None),
        (REGION, month),
        (REGION + 1, None),
        (None, "2020-01"),
    ]
    slots = [counter_slot(*pair) for pair in pairs]
    assert chain.gateway.storage(chain.contracts.labour, slots, head.number) == [3, 3, 3, 3, 0, 0]
    record = next((tmp_path_factory.getbasetemp()).glob("counted*/chain/deployment.json"))
    settings = SimpleNamespace(
        chain_rpc_url=chain.node.rpc_url,
        chain_rpc_token_file=None,
        chain_validators=(),
        effective_deployment_file=record,
    )
    counters = RegistryCounters(SimpleNamespace(settings=settings, clock=SystemClock()))  # type: ignore[arg-type]
    block, values = counters.read(slots)
    assert (block >= head.number, list(values)) == (True, [3, 3, 3, 3, 0, 0])
    proven, proof, value = counters.prove(slots[3])
    assert (proven >= head.number, value, verify_storage_proof(proof).values[slots[3]]) == (True, 3, 3)
    older = RegistryCounters(SimpleNamespace(settings=settings, clock=SystemClock()))  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.bootstrap.figures.REGISTRY", "EvidenceLog")
        patch.setattr("api.bootstrap.figures.load", lambda name: load("LaborContractRegistry"))
        with pytest.raises(DomainError) as caught:
            older.read(slots)
    assert caught.value.facts["reason"] == "registry without counters"
    for slot, expected in zip(slots, [3, 3, 3, 3, 0, 0], strict=True):
        proof = build_storage_proof(chain.gateway, chain.contracts.labour, [slot], head.number)
        facts = verify_storage_proof(proof)
        assert facts.values == {slot: expected}
        assert facts.code_hash.hex() == chain.deployment.contracts["LaborContractRegistry"].code_hash
        assert (facts.address, facts.block_number) == (chain.contracts.labour, head.number)
    db.close()
