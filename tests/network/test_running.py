"""Four validators do what one anvil does, and what it cannot."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from chain import calls
from chain.abi import ACCOUNT_GATE, load
from chain.calls import Contracts
from chain.transactions import Sender, checksum_address
from node.network import configuration
from node.network.configuration import Ports
from node.network.gate import ADDRESS, ActRefused, Proposal
from node.network.local import LocalNode, free_block
from node.network.member import make
from tests.network.conftest import NAMES, PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
NOBODY = bytes([9] * 32)
SINK = checksum_address(bytes([11] * 20))
ENTRIES = [bytes([i] * 32) for i in range(1, 6)]


def test_all_agree(network: Any) -> None:
    network.whole()
    facts = [network.local.status(node) for node in network.nodes]
    assert all(fact["peers"] == 3 for fact in facts)
    assert all(fact["memory_mb"] < 400 for fact in facts)
    assert [m["name"] for m in network.gate.members()] == list(NAMES)
    assert network.gate.quorum() == 3
    assert load(ACCOUNT_GATE).matches(network.gateway.code(ADDRESS))


def test_the_platforms_contracts_run_unchanged(network: Any) -> None:
    created = network.send(None, load("EvidenceLog").creation_code())
    log = network.gateway.receipts([created])[0]
    assert log is not None
    assert log.ok
    assert log.contract
    contracts = Contracts(log.contract, "0x" + "02" * 20, "0x" + "03" * 20)
    call = calls.append(contracts, 0, ENTRIES)
    done = network.gateway.receipts([network.send(call.to, call.data, call.gas)])[0]
    assert done is not None
    assert done.ok
    assert done.logs[0].topics[0] == load("EvidenceLog").events()[0].topic0
    assert done.gas_used < call.gas


def test_the_precompile_checks_p256_signatures(network: Any) -> None:
    key = ec.derive_private_key(77, ec.SECP256R1())
    r, s = decode_dss_signature(key.sign(b"contract", ec.ECDSA(hashes.SHA256())))
    point = key.public_key().public_numbers()
    digest = hashes.Hash(hashes.SHA256())
    digest.update(b"contract")
    call = digest.finalize() + b"".join(n.to_bytes(32, "big") for n in (r, s, point.x, point.y))
    precompile = "0x" + "00" * 18 + "0100"
    assert int.from_bytes(network.gateway.call(precompile, call), "big") == 1
    assert network.gateway.call(precompile, call[:-1] + bytes([call[-1] ^ 1])) == b""


def test_blockhash_is_served(network: Any) -> None:
    """NUMBER - 1, BLOCKHASH, return: what an installation's contracts may ask."""
    network.grows()
    code = "0x4360019003405f5260205ff3"
    answer = network.gateway.request("eth_call", {"data": code, "gas": hex(200_000)}, "latest")
    assert int(answer, 16) != 0


def test_an_unlisted_sender_gets_nothing_mined(network: Any) -> None:
    nobody = Sender(NOBODY, network.gateway.chain_id())
    signed = nobody.sign(ADDRESS, load(ACCOUNT_GATE).function("quorum").encode(), 0, 100_000)
    network.gateway.send([signed.raw])
    network.grows(blocks=4)
    assert not network.mined(signed.hash)
    assert network.gateway.transaction_count(nobody.address) == 0
    with pytest.raises(ActRefused, match="may not send"):
        network.gate.approve(NOBODY, 1)


def test_permissions_change_while_the_network_runs(network: Any) -> None:
    nobody = Sender(NOBODY, network.gateway.chain_id())
    key, other = network.keys[0], network.keys[1]
    network.gate.grant(key, [nobody.address], 1)
    signed = nobody.sign(ADDRESS, load(ACCOUNT_GATE).function("quorum").encode(), 0, 100_000)
    network.send_raw(signed.raw, signed.hash)
    creation = nobody.sign(None, load("EvidenceLog").creation_code(), 1, 5_000_000)
    network.gateway.send([creation.raw])
    network.grows(blocks=4)
    assert not network.mined(creation.hash), "creating contracts is another permission"
    with pytest.raises(ActRefused, match="NotTheGrantor"):
        network.gate.grant(other, [nobody.address], 0)
    network.gate.grant(key, [nobody.address], 0)
    assert network.gate.permissions(nobody.address) == 0


def test_a_strangers_node_gets_no_peers(network: Any) -> None:
    """It has the genesis and everybody's addresses, and keys that nobody voted for."""
    local = network.local
    home = local.data / "stranger"
    ports = Ports.block(free_block(10))
    stranger = LocalNode(make(home, "stranger", f"127.0.0.1:{ports.p2p}", local.program), home, ports)
    record = local.record()
    others = [node.member for node in network.nodes]
    genesis = (local.data / "genesis.json").read_bytes()
    configuration.write(home, stranger.member, others, ports, record["evm_chain_id"], genesis)
    try:
        local.start(stranger)
        network.until(lambda: local.status(stranger)["height"] is not None)
        time.sleep(8)  # it dials every three seconds
        assert local.status(stranger)["peers"] == 0
        assert local.status(stranger)["height"] == 0
        assert all(local.status(node)["peers"] == 3 for node in network.nodes)
    finally:
        network.kill(stranger)


def test_three_of_four_go_on_and_the_fourth_catches_up(network: Any) -> None:
    network.whole()
    dead = network.nodes[3]
    network.kill(dead)
    before = network.height()
    network.send(SINK, b"while one is dead", 100_000)
    assert network.height() > before
    network.whole()


def test_two_of_four_halt_and_resume(network: Any) -> None:
    network.whole()
    network.kill(*network.nodes[2:])
    time.sleep(3)
    stands = network.height()
    signed = network.relay.sign(SINK, b"", network.gateway.transaction_count(network.relay.address), 100_000)
    network.gateway.send([signed.raw])
    time.sleep(8)
    assert network.height() <= stands + 1
    assert not network.mined(signed.hash)
    assert network.local.status(network.nodes[0])["head_age"] > 5, "seen by the age of the head"
    network.local.start(network.nodes[2])
    network.send_raw(signed.raw, signed.hash)
    network.whole()


def test_all_killed_at_once_lose_nothing(network: Any) -> None:
    sent = network.send(SINK, b"before the power cut", 100_000)
    network.kill(*network.nodes)
    for node in network.nodes:
        network.local.start(node)
    network.until(lambda: network.local.status(network.nodes[0])["height"] is not None)
    network.whole()
    assert network.mined(sent)


def test_a_member_joins_by_vote_and_leaves_by_vote(network: Any) -> None:
    network.whole()
    founders = network.keys
    fifth = network.local.join("mediation")
    try:
        network.local.start(fifth)
        with pytest.raises(ActRefused, match="may not send"):
            network.gate.propose(network.keys[-1], Proposal.add(fifth.member))
        decision = network.gate.decide(founders, Proposal.add(fifth.member))
        assert (decision["executed"], decision["approvals"]) == (True, 3)
        network.local.wait(fifth, network.height(), PATIENCE)
        assert network.gate.quorum() == 4
        network.until(lambda: _validators(network) == 5)
        decision = network.gate.decide(founders, Proposal.remove(fifth.member.operator))
        assert decision["executed"]
        network.until(lambda: _validators(network) == 4)
    finally:
        network.local.leave("mediation")
    network.whole()


def _validators(network: Any) -> int:
    url = f"http://127.0.0.1:{network.nodes[0].ports.rpc}/validators"
    return int(httpx.get(url, trust_env=False, timeout=10).json()["result"]["total"])


def test_two_members_are_not_enough(network: Any) -> None:
    number = network.gate.propose(network.keys[0], Proposal.remove(network.nodes[3].member.operator))
    network.gate.approve(network.keys[1], number)
    with pytest.raises(ActRefused, match="ApprovedBefore"):
        network.gate.approve(network.keys[1], number)
    assert not network.gate.proposal(number)["executed"]
    assert len(network.gate.members()) == 4
