"""One digest, three computations: Solidity on a node, eth-account's typed data, and our own `signing.eip712`."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from chain.abi import load
from chain.deployer import DeploymentConfig, deploy
from chain.deployer_extension import extend
from chain.governance import schedule
from chain.transactions import Sender
from signing import eip712
from signing.warning_statements import WarningStep

from .conftest import CHAIN_ID, Evm, key

STATEMENTS = {
    "Consent": ("consentDigest", ["bytes32", "bytes32", "uint32", "bytes32", "uint8", "bytes32", "uint64"]),
    "Attestation": (
        "attestationDigest",
        ["bytes32", "bytes32", "bytes32", "bytes32", "uint8", "bytes32", "uint64"],
    ),
    "IdentityCheck": ("identityCheckDigest", ["bytes32", "bytes32", "uint16", "uint8", "uint64"]),
}


def _value(kind: str) -> bytes | int:
    return secrets.token_bytes(32) if kind == "bytes32" else secrets.randbits(int(kind.removeprefix("uint")))


def _account_digest(typed: dict[str, object]) -> bytes:
    message = encode_typed_data(full_message=typed)
    return keccak(b"\x19" + message.version + message.header + message.body)


def test_contract_statements_agree(evm: Evm, config: DeploymentConfig, tmp_path: Path) -> None:
    done = deploy(evm.gateway, key(0xD0), config, tmp_path)
    target = done.address("LaborContractRegistry")
    domain = eip712.Domain(done.domain_name, done.chain_id, target, done.log_origin)
    separator = load("LaborContractRegistry").function("domainSeparator")
    assert separator.decode(evm.gateway.call(target, separator.encode())) == (domain.separator(),)
    for name, (function, kinds) in STATEMENTS.items():
        values = [_value(kind) for kind in kinds]
        statement = getattr(eip712, name)(*values)
        asked = load("LaborContractRegistry").function(function)
        (on_chain,) = asked.decode(evm.gateway.call(target, asked.encode(tuple(values))))
        typed = eip712.typed_data(domain, statement)
        assert on_chain == _account_digest(typed) == eip712.digest(domain, statement)


def test_participant_statements_are_accepted_on_chain(
    evm: Evm, config: DeploymentConfig, tmp_path: Path
) -> None:
    """eth-account signs the typed data as a wallet would; the contract recovers the signer from its own digest."""
    done = deploy(evm.gateway, key(0xD0), config, tmp_path)
    target = done.address("ParticipantRegistry")
    domain = eip712.Domain(done.domain_name, done.chain_id, target, done.log_origin)
    registry = load("ParticipantRegistry")
    sender = Sender(key(0x51), CHAIN_ID)
    org = secrets.token_bytes(32)
    representative, successor, agent = (Account.create() for _ in range(3))
    registrar = Account.from_key(key(0xA1))
    by_registrar = [registrar.address]
    steps = [
        (
            "registerOrganisation",
            eip712.RegisterOrganisation(org, 500107001, representative.address, bytes(32), 1),
        ),
        ("grantAgent", eip712.GrantAgent(org, agent.address, 7, 1_900_000_000, 2)),
        ("setSealKey", eip712.SetSealKey(org, secrets.token_bytes(32), 3)),
        ("revokeAgent", eip712.RevokeAgent(org, agent.address, 4)),
        ("replaceRepresentative", eip712.ReplaceRepresentative(org, successor.address, 5)),
    ]
    for nonce, (function, statement) in enumerate(steps):
        named = function in ("registerOrganisation", "replaceRepresentative")
        signer = registrar if named else representative
        typed = eip712.typed_data(domain, statement)
        assert _account_digest(typed) == eip712.digest(domain, statement)
        signature = signer.sign_typed_data(full_message=typed).signature
        call = registry.function(function).encode(
            statement.values(), *(by_registrar if named else []), bytes(signature)
        )
        signed = sender.sign(target, call, nonce, 500_000)
        evm.gateway.send([signed.raw])
        while (receipt := evm.gateway.receipts([signed.hash])[0]) is None:
            pass
        assert receipt.ok, function
    asked = registry.function("organisation")
    region, wallet, _, last = asked.decode(evm.gateway.call(target, asked.encode(org)))
    assert (region, wallet.lower(), last) == (500107001, successor.address.lower(), 5)


def test_warning_steps_agree(evm: Evm, config: DeploymentConfig, tmp_path: Path) -> None:
    deploy(evm.gateway, key(0xD0), config, tmp_path)
    done = extend(evm.gateway, key(0xD0), tmp_path, [])
    target = done.address("WarningDecisionRegistry")
    domain = eip712.Domain(done.domain_name, done.chain_id, target, done.log_origin)
    kinds = ["bytes32", "uint32", None, "uint8", "uint64", "bytes32", "bytes32", "bytes32", "uint64"]
    asked = load("WarningDecisionRegistry").function("stepDigest")
    for number in range(1, 7):
        step = WarningStep(*(number if kind is None else _value(kind) for kind in kinds))  # type: ignore[arg-type]
        (on_chain,) = asked.decode(evm.gateway.call(target, asked.encode(step.values())))
        assert on_chain == _account_digest(eip712.typed_data(domain, step)) == eip712.digest(domain, step)


def test_governance_acts_agree(evm: Evm, config: DeploymentConfig, tmp_path: Path) -> None:
    done = deploy(evm.gateway, key(0xD0), config, tmp_path)
    act = schedule(done, done.address("ParticipantRegistry"), secrets.token_bytes(68), 3)
    assert act.digest() == _account_digest(act.typed_data())


@pytest.mark.parametrize("count", [1000])
def test_an_append_costs_at_most_2700_gas_an_entry(
    evm: Evm, config: DeploymentConfig, tmp_path: Path, count: int
) -> None:
    """Whole transactions: base fee of the transaction, call data and execution together."""
    done = deploy(evm.gateway, key(0xD0), config, tmp_path)
    sender = Sender(key(0x51), CHAIN_ID)
    append = load("EvidenceLog").function("append")
    for batch in range(3):
        entries = [hashlib.sha256(b"%d %d" % (batch, index)).digest() for index in range(count)]
        signed = sender.sign(
            done.address("EvidenceLog"), append.encode(batch * count, entries), batch, 4_000_000
        )
        evm.gateway.send([signed.raw])
        while (receipt := evm.gateway.receipts([signed.hash])[0]) is None:
            pass
        assert receipt.ok
        assert receipt.gas_used <= 2_700 * count
