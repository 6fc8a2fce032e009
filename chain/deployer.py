"""Deployment of an installation's contracts: once, resumable, and with nobody left in power but the k-of-n account.

All transactions of a deployment are planned and signed first and the plan is persisted before anything is sent, so that a
run that was killed at any point continues with the same transactions (same nonces, hence the same addresses), and a run
after a finished one only reads its record. The deployer's key is of no further use afterwards: its last transaction
renounces the only role it had.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chain.abi import CONTRACTS, keccak, load
from chain.deployment_steps import (
    CREATION_GAS,
    DeploymentError,
    Step,
    chain_facts,
    creation_address,
    execute,
    plan_steps,
    require_code,
    write_record,
)
from chain.gateway import ChainGateway, Receipt
from chain.transactions import Sender, address_bytes

__all__ = [
    "DeployedContract",
    "Deployment",
    "DeploymentConfig",
    "DeploymentError",
    "deploy",
    "load_deployment",
]

RECORD = "deployment.json"
PLAN = "deployment-plan.json"

ADMIN_ROLE = 0
_CALL_GAS = 300_000


@dataclass(frozen=True)
class DeploymentConfig:
    """What an installation is to be: addresses in EIP-55, the delay of administrative acts in seconds.

    Raises:
        ValueError: no signers, a threshold that they cannot reach, or a single key that could act alone.
    """

    log_origin: str
    test: bool
    registrars: tuple[str, ...]
    issuers: tuple[str, ...]
    governance_signers: tuple[str, ...]
    governance_threshold: int
    admin_delay: int

    def __post_init__(self) -> None:
        signers = {address_bytes(signer) for signer in self.governance_signers}
        if len(signers) != len(self.governance_signers):
            raise ValueError("a governance signer is named twice")
        if not 2 <= self.governance_threshold <= len(signers):
            raise ValueError("the governance threshold must be at least 2 and at most the number of signers")
        if self.admin_delay <= 0:
            raise ValueError("administrative acts must wait for a delay of at least one second")

    @property
    def domain_name(self) -> str:
        """EIP-712 domain name: a TEST installation's signatures are void elsewhere."""
        return "Concord TEST" if self.test else "Concord"

    @property
    def domain_salt(self) -> bytes:
        """EIP-712 domain salt: SHA-256 of the log origin."""
        return hashlib.sha256(self.log_origin.encode("utf-8")).digest()


@dataclass(frozen=True)
class DeployedContract:
    """Where a contract stands. `code_hash` is keccak-256 of its code on chain, `transaction` the hash that made it."""

    address: str
    code_hash: str
    transaction: str
    block: int


@dataclass(frozen=True)
class Deployment:
    """The record of a finished deployment, as stored in `deployment.json`. Hashes are 64 hex digits without 0x.

    `rule_keys`: keys of the rule run that `WarningDecisionRegistry` knew from its birth; empty before the extension.
    """

    v: int
    chain_id: int
    genesis_hash: str
    log_origin: str
    test: bool
    domain_name: str
    domain_salt: str
    deployer: str
    contracts: Mapping[str, DeployedContract]
    registrars: tuple[str, ...]
    issuers: tuple[str, ...]
    governance_signers: tuple[str, ...]
    governance_threshold: int
    admin_delay: int
    rule_keys: tuple[str, ...] = ()

    def address(self, contract: str) -> str:
        """EIP-55 address of a contract by name; KeyError for an unknown one."""
        return self.contracts[contract].address

    def to_json(self) -> dict[str, Any]:
        """The record as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Deployment:
        """Reads a record; raises KeyError or TypeError when it is malformed."""
        fields = dict(stored)
        fields["contracts"] = {name: DeployedContract(**item) for name, item in stored["contracts"].items()}
        for name in ("registrars", "issuers", "governance_signers", "rule_keys"):
            fields[name] = tuple(stored.get(name, ()) if name == "rule_keys" else stored[name])
        return cls(**fields)


def load_deployment(folder: Path) -> Deployment | None:
    """The record in `folder`, or None when nothing was deployed (or not completely)."""
    path = folder / RECORD
    if not path.exists():
        return None
    return Deployment.from_json(json.loads(path.read_bytes()))


def deploy(
    gateway: ChainGateway,
    deployer_key: bytes,
    config: DeploymentConfig,
    folder: Path,
    *,
    timeout: float = 120.0,
    progress: Callable[[str, int, int], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Deployment:
    """Deploy the contracts of `config` through `gateway`, or read the record of a deployment that was done before.

    Args:
        deployer_key: 32 bytes of a one-time key whose address may send transactions until the deployment is done.
        folder: Where plan and record are kept.
        timeout: Seconds to wait for a transaction to be final.
        progress: Called with a step's label, its number (from 1) and the number of steps.

    Raises:
        DeploymentError: the record or plan belongs to other settings or another chain, a transaction failed, or what
            stands on chain is not what was planned. Running again is always safe.
        GatewayUnavailable: the chain does not answer.
    """
    chain_id, genesis = chain_facts(gateway)
    done = load_deployment(folder)
    if done is not None:
        _require_same(done, config, chain_id, genesis)
        _require_code(gateway, done)
        return done

    folder.mkdir(parents=True, exist_ok=True)
    sender = Sender(deployer_key, chain_id)
    settings = _settings(config, chain_id, genesis)
    steps = plan_steps(
        gateway, sender, settings, folder / PLAN, lambda nonce: _sign_steps(sender, config, nonce)
    )
    receipts = execute(gateway, steps, timeout, progress, sleep)
    deployment = _record(gateway, sender.address, config, chain_id, genesis, steps, receipts)
    _require_code(gateway, deployment)
    _require_authority(gateway, deployment)
    write_record(folder / RECORD, deployment.to_json())
    return deployment


def _settings(config: DeploymentConfig, chain_id: int, genesis: bytes) -> dict[str, Any]:
    return {"chain_id": chain_id, "genesis_hash": genesis.hex(), **asdict(config)}


def _require_same(done: Deployment, config: DeploymentConfig, chain_id: int, genesis: bytes) -> None:
    recorded = done.to_json()
    for field, wanted in _settings(config, chain_id, genesis).items():
        if recorded[field] != wanted:
            raise DeploymentError("deployment.conflict", field=field)


def _sign_steps(sender: Sender, config: DeploymentConfig, nonce: int) -> tuple[Step, ...]:
    """Every transaction in order. Addresses are known beforehand: they follow from sender and nonce."""
    address = {name: creation_address(sender.address, nonce + place) for place, name in enumerate(CONTRACTS)}
    signers = [address_bytes(signer) for signer in config.governance_signers]
    manager = address["AccessManager"]
    domain = (config.domain_name, config.domain_salt)
    arguments: dict[str, tuple[Any, ...]] = {
        "AccessManager": (sender.address,),
        "ParticipantRegistry": (manager, *domain),
        "LaborContractRegistry": (address["ParticipantRegistry"], *domain),
        "GovernanceAccount": (manager, *domain, signers, config.governance_threshold),
    }
    calls: list[tuple[str, str | None, bytes, str | None]] = [
        (f"create {name}", None, load(name).creation_code(*arguments.get(name, ())), name)
        for name in CONTRACTS
    ]
    participants = load("ParticipantRegistry")
    calls += [
        (f"appoint registrar {key}", address["ParticipantRegistry"], data, None)
        for key in config.registrars
        for data in [participants.function("appointRegistrar").encode(key)]
    ]
    calls += [
        (f"authorise issuer {key}", address["ParticipantRegistry"], data, None)
        for key in config.issuers
        for data in [participants.function("authoriseIssuer").encode(key)]
    ]
    rights = load("AccessManager")
    account = address["GovernanceAccount"]
    grant = rights.function("grantRole").encode(ADMIN_ROLE, account, config.admin_delay)
    renounce = rights.function("renounceRole").encode(ADMIN_ROLE, sender.address)
    calls += [
        ("hand administration to the k-of-n account", manager, grant, None),
        ("renounce administration", manager, renounce, None),
    ]
    steps = []
    for place, (label, to, data, contract) in enumerate(calls):
        signed = sender.sign(to, data, nonce + place, _CALL_GAS if contract is None else CREATION_GAS)
        steps.append(Step(label, signed.raw, signed.hash, contract))
    return tuple(steps)


def _record(
    gateway: ChainGateway,
    deployer: str,
    config: DeploymentConfig,
    chain_id: int,
    genesis: bytes,
    steps: tuple[Step, ...],
    receipts: Mapping[bytes, Receipt],
) -> Deployment:
    contracts = {}
    for step in steps:
        if step.contract is None:
            continue
        receipt = receipts[step.hash]
        if receipt.contract is None:
            raise DeploymentError(step=step.label, reason="no contract was created")
        contracts[step.contract] = DeployedContract(
            address=receipt.contract,
            code_hash=keccak(gateway.code(receipt.contract)).hex(),
            transaction=step.hash.hex(),
            block=receipt.block_number,
        )
    return Deployment(
        v=1,
        chain_id=chain_id,
        genesis_hash=genesis.hex(),
        domain_name=config.domain_name,
        domain_salt=config.domain_salt.hex(),
        deployer=deployer,
        contracts=contracts,
        **asdict(config),
    )


def _require_code(gateway: ChainGateway, deployment: Deployment) -> None:
    for name, contract in deployment.contracts.items():
        require_code(gateway, name, contract.address, contract.code_hash)


def _require_authority(gateway: ChainGateway, deployment: Deployment) -> None:
    """Nobody but the k-of-n account administers, and it waits for its delay."""
    manager = deployment.address("AccessManager")
    has_role = load("AccessManager").function("hasRole")

    def role_of(account: str) -> tuple[bool, int]:
        member, delay = has_role.decode(gateway.call(manager, has_role.encode(ADMIN_ROLE, account)))
        return bool(member), int(delay)

    if role_of(deployment.deployer)[0]:
        raise DeploymentError(step="renounce administration", reason="the deployer still administers")
    if role_of(deployment.address("GovernanceAccount")) != (True, deployment.admin_delay):
        raise DeploymentError(
            step="hand administration over", reason="the k-of-n account does not administer"
        )
