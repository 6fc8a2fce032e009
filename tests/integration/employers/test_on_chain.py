"""What the slice queues is what the contracts accept: every statement of an organisation's life, executed on a real node."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from api.infra.db import Database
from api.infra.sealing import FieldKey
from chain.abi import load
from chain.deployer import Deployment, DeploymentConfig, deploy
from chain.gateway_rpc import RpcGateway
from chain.transactions import Sender
from node.launch import start_node
from node.settings import NodeSettings
from signing.wallets import address_of
from tests.support.employers_world import OFFICER, REGISTRAR, World, build_world

DEPLOYER, RELAY = b"\x51" * 32, b"\x52" * 32
NEW = Account.from_key(b"\x0e" * 32)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[tuple[RpcGateway, Deployment]]:
    """A node with the contracts; the review officer's wallet is its registrar."""
    senders = (address_of(DEPLOYER), address_of(RELAY))
    with start_node(NodeSettings(data_dir=tmp_path / "node", senders=senders, block_interval=0.1)) as node:
        signers = tuple(address_of(bytes([n]) * 32) for n in (21, 22, 23))
        config = DeploymentConfig("concord.test/employers", True, (REGISTRAR.address,), (), signers, 2, 3600)
        with RpcGateway(node.rpc_url, token=node.token) as gateway:
            yield gateway, deploy(gateway, DEPLOYER, config, tmp_path / "chain")


class Executor:
    """Sends the recorded registry calls, as the relay does, from an account without any authority."""

    def __init__(self, gateway: RpcGateway, made: Deployment) -> None:
        self._gateway, self._target = gateway, made.address("ParticipantRegistry")
        self._sender = Sender(RELAY, made.chain_id)
        self._registry = load("ParticipantRegistry")

    def run(self, name: str, facts: dict[str, Any]) -> bool:
        org = bytes.fromhex(facts["org_id"])
        seal = bytes.fromhex(facts.get("seal_key_hash") or "00" * 32)
        signature, nonce = facts["signature"], facts["nonce"]
        shapes: dict[str, tuple[str, tuple[Any, ...]]] = {
            "register_organisation": (
                "registerOrganisation",
                (
                    (org, facts.get("region_code"), facts.get("representative"), seal, nonce),
                    facts.get("registrar"),
                    signature,
                ),
            ),
            "replace_representative": (
                "replaceRepresentative",
                ((org, facts.get("representative"), nonce), facts.get("registrar"), signature),
            ),
            "set_seal_key": ("setSealKey", ((org, seal, nonce), signature)),
            "grant_agent": (
                "grantAgent",
                ((org, facts.get("agent"), facts.get("scope"), facts.get("valid_until"), nonce), signature),
            ),
            "revoke_agent": ("revokeAgent", ((org, facts.get("agent"), nonce), signature)),
        }
        function, arguments = shapes[name]
        data = self._registry.function(function).encode(*arguments)
        count = self._gateway.transaction_count(self._sender.address)
        signed = self._sender.sign(self._target, data, count, 500_000)
        self._gateway.send([signed.raw])
        while (receipt := self._gateway.receipts([signed.hash])[0]) is None:
            time.sleep(0.02)
        return receipt.ok

    def ask(self, function: str, *arguments: Any) -> tuple[Any, ...]:
        asked = self._registry.function(function)
        return asked.decode(self._gateway.call(self._target, asked.encode(*arguments)))


def test_an_organisations_life_on_chain(
    chain: tuple[RpcGateway, Deployment], tmp_path: Path, wallet: LocalAccount, agent_wallet: LocalAccount
) -> None:
    gateway, made = chain
    database = Database(f"sqlite:///{tmp_path / 'employers.db'}", FieldKey(hashlib.sha256(b"key").digest()))
    world: World = build_world(database, made=made)
    boss = world.apply()
    org_id = world.verify(boss, wallet)
    agent = world.agent(boss)
    world.prove(agent, agent_wallet)
    world.grant(boss, wallet, agent, agent_wallet, scope=6)
    seal = world.service.seals.create(boss, passphrase="correct horse battery")
    world.sign(boss, world.service.statements.prepare_seal_key(boss), wallet)
    world.service.wallets.report_lost(boss, wallet.address)
    world.prove(boss, NEW)
    world.sign(OFFICER, world.service.review.prepare_replacement(OFFICER, org_id, "当面核验"), REGISTRAR)
    world.sign(boss, world.service.statements.prepare_revocation(boss, agent.account_id or "", "离职"), NEW)

    executor = Executor(gateway, made)
    names = [name for name, _ in world.registry.calls]
    assert names == [
        "register_organisation",
        "grant_agent",
        "set_seal_key",
        "replace_representative",
        "revoke_agent",
    ]
    for number, (name, facts) in enumerate(world.registry.calls):
        assert executor.run(name, facts), name
        assert not executor.run(name, facts), f"{name} twice"
        if number == 1:
            assert executor.ask("authorityOf", bytes.fromhex(org_id), agent_wallet.address) == (6,)
    region, representative, seal_key, nonce = executor.ask("organisation", bytes.fromhex(org_id))
    assert (region, representative.lower(), nonce) == (500107001, NEW.address.lower(), 5)
    assert seal_key.hex() == seal.spki_sha256
    assert executor.ask("authorityOf", bytes.fromhex(org_id), agent_wallet.address) == (0,)
    assert executor.ask("authorityOf", bytes.fromhex(org_id), wallet.address) == (0,)
    database.close()
