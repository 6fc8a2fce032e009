"""Counters on a real node: what the contract counted is what a figure proves, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.infra.db import Database
from api.infra.sealing import FieldKey
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


def test_counters_count_what_was_concluded_and_prove_it(chain: RealChain, tmp_path: Path) -> None:
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
    for slot, expected in zip(slots, [3, 3, 3, 3, 0, 0], strict=True):
        proof = build_storage_proof(chain.gateway, chain.contracts.labour, [slot], head.number)
        facts = verify_storage_proof(proof)
        assert facts.values == {slot: expected}
        assert facts.code_hash.hex() == chain.deployment.contracts["LaborContractRegistry"].code_hash
        assert (facts.address, facts.block_number) == (chain.contracts.labour, head.number)
    db.close()
