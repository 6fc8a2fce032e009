"""The court's contract on a real EVM: deployed once, resumable, and it refuses a rewritten history even with all keys."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from pathlib import Path

import pytest

from chain.abi import JUDICIAL_ANCHOR, load
from chain.deployment_steps import DeploymentError
from chain.errors import GatewayUnavailable
from chain.judicial_deployer import (
    JudicialConfig,
    deploy_judicial_anchor,
    load_judicial_deployment,
)
from chain.merkle import MemoryTiles, Tree, leaf_hash
from chain.transactions import Sender
from signing import eip712
from signing.wallets import address_of, sign_digest
from tests.integration.contracts.conftest import CHAIN_ID, Evm, key
from tests.integration.contracts.test_deployer import Dying

COURT = key(0xC0)
WITNESSES = (0xC1, 0xC2, 0xC3)
ORIGIN = "log.concord.example/test"


@pytest.fixture
def config() -> JudicialConfig:
    return JudicialConfig(ORIGIN, True, tuple(address_of(key(number)) for number in WITNESSES), 2)


def test_deploys_once_and_reads_its_record_afterwards(
    evm: Evm, config: JudicialConfig, tmp_path: Path
) -> None:
    record = tmp_path / "judicial" / "judicial-deployment.json"
    assert load_judicial_deployment(record) is None
    assert load_judicial_deployment(None) is None
    first = deploy_judicial_anchor(evm.gateway, COURT, config, record)
    sent = evm.gateway.transaction_count(address_of(COURT))
    assert deploy_judicial_anchor(evm.gateway, COURT, config, record) == first
    assert load_judicial_deployment(record) == first
    assert evm.gateway.transaction_count(address_of(COURT)) == sent > 0
    facts = first.trust_facts(None)
    assert facts == {
        "chain_id": CHAIN_ID,
        "genesis_hash": first.genesis_hash,
        "address": first.address,
        "code_hash": first.code_hash,
        "seal_vkey": None,
    }
    other = dataclasses.replace(config, threshold=3)
    with pytest.raises(DeploymentError) as conflict:
        deploy_judicial_anchor(evm.gateway, COURT, other, record)
    assert conflict.value.facts == {"field": "threshold"}
    evm.gateway.request("anvil_setCode", first.address, "0x6001")
    with pytest.raises(DeploymentError, match="JudicialAnchor"):
        deploy_judicial_anchor(evm.gateway, COURT, config, record)


@pytest.mark.parametrize(
    ("dies_at", "after"), [(at, after) for at in range(1, 10) for after in (False, True)]
)
def test_a_killed_run_is_continued_at_the_same_address(
    evm: Evm, config: JudicialConfig, tmp_path: Path, dies_at: int, after: bool
) -> None:
    record = tmp_path / "judicial-deployment.json"
    with contextlib.suppress(GatewayUnavailable):
        deploy_judicial_anchor(Dying(evm.gateway, dies_at, after), COURT, config, record)  # type: ignore[arg-type]
    done = deploy_judicial_anchor(evm.gateway, COURT, config, record)
    assert evm.gateway.transaction_count(done.deployer) == 1
    plan = json.loads((tmp_path / "judicial-deployment.plan.json").read_bytes())
    assert plan["steps"][0]["hash"] == done.transaction


def test_a_rewritten_history_is_refused_even_with_all_keys(
    evm: Evm, config: JudicialConfig, tmp_path: Path
) -> None:
    """All witnesses, the log's operator and the relay together: the court's contract keeps what it accepted."""
    done = deploy_judicial_anchor(evm.gateway, COURT, config, tmp_path / "record.json")
    domain = eip712.Domain(done.domain_name, CHAIN_ID, done.address, ORIGIN)
    anchor = load(JUDICIAL_ANCHOR)
    sender = Sender(key(0x51), CHAIN_ID)

    def grown(entries: list[bytes]) -> Tree:
        tiles = MemoryTiles()
        growth = Tree(tiles, 0).append([leaf_hash(entry) for entry in entries])
        tiles.write(growth.tiles)
        return Tree(tiles, growth.size)

    def offer(tree: Tree, size: int, previous: int) -> bool:
        root = tree.root(size)
        keys = sorted(WITNESSES, key=lambda number: bytes.fromhex(address_of(key(number))[2:]))
        times = [1_790_000_000 + place for place in range(3)]
        signatures = [
            sign_digest(
                key(number), eip712.digest(domain, eip712.WitnessedCheckpoint(ORIGIN, size, root, time))
            )
            for number, time in zip(keys, times, strict=True)
        ]
        proof = list(tree.prove_consistency(previous, size)) if previous else []
        data = anchor.function("accept").encode(size, root, times, signatures, proof)
        signed = sender.sign(done.address, data, evm.gateway.transaction_count(sender.address), 1_000_000)
        evm.gateway.send([signed.raw])
        while (receipt := evm.gateway.receipts([signed.hash])[0]) is None:
            pass
        return receipt.ok

    honest = [bytes([number]) * 32 for number in range(40)]
    rewritten = [*honest[:3], bytes(32), *honest[4:]]
    assert offer(grown(honest), 21, 0)
    assert not offer(grown(rewritten), 40, 21)
    assert not offer(grown(rewritten), 21, 0)
    assert not offer(grown(honest[:20] + [bytes(32)]), 21, 0)
    assert offer(grown(honest), 40, 21)
    latest = anchor.function("latest")
    assert latest.decode(evm.gateway.call(done.address, latest.encode())) == (40, grown(honest).root(40))
    proof = grown(honest).prove_inclusion(3, 40)
    asked = anchor.function("verifyInclusion")

    def included(entry: bytes) -> bool:
        return bool(asked.decode(evm.gateway.call(done.address, asked.encode(entry, 3, 40, list(proof))))[0])

    assert included(honest[3])
    assert not included(rewritten[3])
