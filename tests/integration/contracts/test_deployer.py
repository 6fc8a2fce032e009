"""Deployment on a real EVM: once, resumable after a kill at every step, and nobody but k of n in power afterwards."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from eth_hash.auto import keccak

from chain.abi import CONTRACTS, load
from chain.deployer import PLAN, RECORD, DeploymentConfig, DeploymentError, deploy, load_deployment
from chain.errors import CallReverted, GatewayUnavailable
from chain.gateway import SendOutcome, SendResult
from chain.gateway_rpc import RpcGateway
from chain.governance import Act, execute, schedule
from chain.transactions import Sender
from signing.wallets import address_of, sign_digest

from .conftest import CHAIN_ID, Evm, key

DEPLOYER = key(0xD0)


class Dying:
    """The real gateway of a process that is killed: at its n-th call, before or after the call took effect."""

    def __init__(self, inner: RpcGateway, dies_at: int, after: bool) -> None:
        self._inner, self._left, self._after = inner, dies_at, after

    def __getattr__(self, name: str) -> object:
        method = getattr(self._inner, name)

        def call(*arguments: object) -> object:
            self._left -= 1
            if self._left == 0 and not self._after:
                raise GatewayUnavailable("killed")
            result = method(*arguments)
            if self._left == 0:
                raise GatewayUnavailable("killed")
            return result

        return call


class HalfSending:
    """Only the first transactions of a group arrive before the process is killed."""

    def __init__(self, inner: RpcGateway, arrive: int) -> None:
        self._inner, self._arrive = inner, arrive

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def send(self, raws: Sequence[bytes]) -> list[SendResult]:
        if len(raws) > 1:
            self._inner.send(raws[: self._arrive])
            raise GatewayUnavailable("killed")
        return self._inner.send(raws)


class Dropping:
    """Says that it took a group of transactions, and drops all but the first, once."""

    def __init__(self, inner: RpcGateway) -> None:
        self._inner, self.dropped = inner, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def send(self, raws: Sequence[bytes]) -> list[SendResult]:
        if len(raws) > 1 and not self.dropped:
            self.dropped = len(raws) - 1
            kept = self._inner.send(raws[:1])
            return kept + [SendResult(keccak(raw), SendOutcome.ACCEPTED) for raw in raws[1:]]
        return self._inner.send(raws)


def test_what_was_dropped_without_a_word_is_sent_again(
    evm: Evm, config: DeploymentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chain.deployment_steps.RESEND", 0.3)
    gateway = Dropping(evm.gateway)
    done = deploy(gateway, DEPLOYER, config, tmp_path, timeout=20)  # type: ignore[arg-type]
    assert gateway.dropped > 1
    assert set(done.contracts) == set(CONTRACTS)


def test_deploys_once_and_reads_its_record_afterwards(
    evm: Evm, config: DeploymentConfig, tmp_path: Path
) -> None:
    steps: list[tuple[str, int, int]] = []
    first = deploy(evm.gateway, DEPLOYER, config, tmp_path, progress=lambda *step: steps.append(step))
    assert set(first.contracts) == set(CONTRACTS)
    assert [step[1] for step in steps] == list(range(1, 11))
    assert deploy(evm.gateway, DEPLOYER, config, tmp_path) == first
    assert load_deployment(tmp_path) == first
    assert evm.gateway.transaction_count(first.deployer) == 10
    assert first.domain_name == "Concord TEST"
    domain = load("LaborContractRegistry").function("eip712Domain")
    answer = domain.decode(evm.gateway.call(first.address("LaborContractRegistry"), domain.encode()))
    assert answer[1:4] == ("Concord TEST", "1", CHAIN_ID)
    assert answer[5].hex() == first.domain_salt


def test_wires_registrars_and_issuers(evm: Evm, config: DeploymentConfig, tmp_path: Path) -> None:
    done = deploy(evm.gateway, DEPLOYER, config, tmp_path)
    registry = load("ParticipantRegistry")
    target = done.address("ParticipantRegistry")
    for function, account, expected in (
        ("isRegistrar", config.registrars[0], True),
        ("isIssuer", config.issuers[0], True),
        ("isRegistrar", config.issuers[0], False),
        ("isIssuer", address_of(DEPLOYER), False),
    ):
        asked = registry.function(function)
        assert asked.decode(evm.gateway.call(target, asked.encode(account))) == (expected,)


@pytest.mark.parametrize(
    ("dies_at", "after"), [(at, False) for at in range(1, 16)] + [(at, True) for at in range(3, 16, 3)]
)
def test_a_killed_run_is_continued_with_the_same_addresses(
    evm: Evm, config: DeploymentConfig, tmp_path: Path, dies_at: int, after: bool
) -> None:
    with pytest.raises(GatewayUnavailable):
        deploy(Dying(evm.gateway, dies_at, after), DEPLOYER, config, tmp_path)  # type: ignore[arg-type]
    done = deploy(evm.gateway, DEPLOYER, config, tmp_path)
    assert evm.gateway.transaction_count(done.deployer) == 10
    plan = json.loads((tmp_path / PLAN).read_bytes())
    made = {step["contract"]: step["hash"] for step in plan["steps"] if step["contract"]}
    assert made == {name: contract.transaction for name, contract in done.contracts.items()}


@pytest.mark.parametrize("arrive", [0, 1, 5, 8])
def test_a_half_sent_group_is_completed(
    evm: Evm, config: DeploymentConfig, tmp_path: Path, arrive: int
) -> None:
    with pytest.raises(GatewayUnavailable):
        deploy(HalfSending(evm.gateway, arrive), DEPLOYER, config, tmp_path)  # type: ignore[arg-type]
    assert not (tmp_path / RECORD).exists()
    done = deploy(evm.gateway, DEPLOYER, config, tmp_path)
    assert evm.gateway.transaction_count(done.deployer) == 10


def test_other_settings_and_another_chain_are_refused(
    evm: Evm, config: DeploymentConfig, tmp_path: Path
) -> None:
    with pytest.raises(GatewayUnavailable):
        deploy(HalfSending(evm.gateway, 2), DEPLOYER, config, tmp_path)  # type: ignore[arg-type]
    other = dataclasses.replace(config, log_origin="log.concord.example/another")
    with pytest.raises(DeploymentError) as planned:
        deploy(evm.gateway, DEPLOYER, other, tmp_path)
    assert planned.value.facts == {"field": "log_origin"}
    with pytest.raises(DeploymentError) as stranger:
        deploy(evm.gateway, key(0xD9), config, tmp_path)
    assert stranger.value.facts == {"field": "deployer"}
    deploy(evm.gateway, DEPLOYER, config, tmp_path)
    with pytest.raises(DeploymentError) as recorded:
        deploy(evm.gateway, DEPLOYER, dataclasses.replace(config, test=False), tmp_path)
    assert recorded.value.code == "deployment.conflict"
    record = json.loads((tmp_path / RECORD).read_bytes())
    record["genesis_hash"] = "0" * 64
    (tmp_path / RECORD).write_text(json.dumps(record))
    with pytest.raises(DeploymentError) as elsewhere:
        deploy(evm.gateway, DEPLOYER, config, tmp_path)
    assert elsewhere.value.facts == {"field": "genesis_hash"}


def test_replaced_code_is_noticed(evm: Evm, config: DeploymentConfig, tmp_path: Path) -> None:
    done = deploy(evm.gateway, DEPLOYER, config, tmp_path)
    evm.gateway.request("anvil_setCode", done.address("EvidenceLog"), "0x6001")
    with pytest.raises(DeploymentError, match="EvidenceLog"):
        deploy(evm.gateway, DEPLOYER, config, tmp_path)


def test_two_of_three_change_an_issuer_after_the_delay(
    evm: Evm, config: DeploymentConfig, tmp_path: Path
) -> None:
    done = deploy(evm.gateway, DEPLOYER, config, tmp_path)
    sender = Sender(key(0x51), CHAIN_ID)
    account = done.address("GovernanceAccount")
    registry = load("ParticipantRegistry")
    target = done.address("ParticipantRegistry")
    change = registry.function("authoriseIssuer").encode(address_of(key(0xB2)))

    def carry(act: Act, *signers: int) -> bool:
        data = act.call(
            {address_of(key(number)): sign_digest(key(number), act.digest()) for number in signers}
        )
        signed = sender.sign(account, data, evm.gateway.transaction_count(sender.address), 1_000_000)
        evm.gateway.send([signed.raw])
        while (receipt := evm.gateway.receipts([signed.hash])[0]) is None:
            pass
        return receipt.ok

    assert not carry(schedule(done, target, change, 0), 0xE1)
    assert not carry(schedule(done, target, change, 0), 0xE1, 0xBAD)
    assert carry(schedule(done, target, change, 0), 0xE3, 0xE1)
    assert not carry(execute(done, target, change, 1), 0xE1, 0xE2)
    evm.gateway.request("evm_increaseTime", 3601)
    assert carry(execute(done, target, change, 1), 0xE1, 0xE2)
    asked = registry.function("isIssuer")
    assert asked.decode(evm.gateway.call(target, asked.encode(address_of(key(0xB2))))) == (True,)


def test_a_single_key_is_told_why(evm: Evm, config: DeploymentConfig, tmp_path: Path) -> None:
    done = deploy(evm.gateway, DEPLOYER, config, tmp_path)
    registry = load("ParticipantRegistry")
    with pytest.raises(CallReverted) as refusal:
        evm.gateway.call(
            done.address("ParticipantRegistry"),
            registry.function("appointRegistrar").encode(address_of(DEPLOYER)),
        )
    reason = registry.decode_error(refusal.value.data)
    assert reason is not None
    assert reason.name == "AccessManagedUnauthorized"
