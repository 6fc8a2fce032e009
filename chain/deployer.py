"""Deployment of an installation's contracts: once, resumable, and with nobody left in power but the k-of-n account.

All transactions of a deployment are planned and signed first and the plan is persisted before anything is sent, so that a
run that was killed at any point continues with the same transactions (same nonces, hence the same addresses), and a run
after a finished one only reads its record. The deployer's key is of no further use afterwards: its last transaction
renounces the only role it had.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import rlp

from chain.abi import CONTRACTS, keccak, load
from chain.errors import TEXTS, ChainError
from chain.gateway import ChainGateway, Receipt, SendOutcome
from chain.transactions import Sender, address_bytes, checksum_address

RECORD = "deployment.json"
PLAN = "deployment-plan.json"

ADMIN_ROLE = 0
_CREATION_GAS = 6_000_000
_CALL_GAS = 300_000

TEXTS["deployment.conflict"] = (
    "已有的部署记录与当前设置不符：{field}。",
    "The existing deployment does not fit the present settings: {field}.",
)
TEXTS["deployment.failed"] = (
    "合约部署失败：{step}（{reason}）。",
    "The deployment failed at {step} ({reason}).",
)
TEXTS["deployment.timeout"] = (
    "等待部署交易出块超时：{step}；再次运行将从此处继续。",
    "The deployment's transaction {step} was not mined in time; run again to continue from here.",
)


class DeploymentError(ChainError):
    """The deployment cannot be made, or what was deployed is not what the record says."""

    default_code = "deployment.failed"


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
    """The record of a finished deployment, as stored in `deployment.json`. Hashes are 64 hex digits without 0x."""

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
        for name in ("registrars", "issuers", "governance_signers"):
            fields[name] = tuple(stored[name])
        return cls(**fields)


@dataclass(frozen=True)
class _Step:
    """One planned transaction. `contract` names what it creates."""

    label: str
    raw: bytes
    hash: bytes
    contract: str | None


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
    chain_id = gateway.chain_id()
    genesis = gateway.block(0)
    if genesis is None:
        raise DeploymentError(step="genesis", reason="the chain has no first block")
    done = load_deployment(folder)
    if done is not None:
        _require_same(done, config, chain_id, genesis.hash)
        _require_code(gateway, done)
        return done

    folder.mkdir(parents=True, exist_ok=True)
    sender = Sender(deployer_key, chain_id)
    steps = _plan(gateway, sender, config, folder, genesis.hash)
    receipts = _execute(gateway, steps, timeout, progress, sleep)
    deployment = _record(gateway, sender.address, config, chain_id, genesis.hash, steps, receipts)
    _require_code(gateway, deployment)
    _require_authority(gateway, deployment)
    _write(folder / RECORD, deployment.to_json())
    return deployment


def _settings(config: DeploymentConfig, chain_id: int, genesis: bytes) -> dict[str, Any]:
    return {"chain_id": chain_id, "genesis_hash": genesis.hex(), **asdict(config)}


def _require_same(done: Deployment, config: DeploymentConfig, chain_id: int, genesis: bytes) -> None:
    recorded = done.to_json()
    for field, wanted in _settings(config, chain_id, genesis).items():
        if recorded[field] != wanted:
            raise DeploymentError("deployment.conflict", field=field)


def _plan(
    gateway: ChainGateway, sender: Sender, config: DeploymentConfig, folder: Path, genesis: bytes
) -> tuple[_Step, ...]:
    path = folder / PLAN
    settings = _settings(config, sender.chain_id, genesis)
    settings = {key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()}
    if path.exists():
        stored = json.loads(path.read_bytes())
        for field, wanted in {**settings, "deployer": sender.address}.items():
            if stored["settings"].get(field) != wanted:
                raise DeploymentError("deployment.conflict", field=field)
        return tuple(
            _Step(step["label"], bytes.fromhex(step["raw"]), bytes.fromhex(step["hash"]), step["contract"])
            for step in stored["steps"]
        )
    steps = _sign_steps(sender, config, gateway.transaction_count(sender.address))
    listed = [
        {"label": step.label, "raw": step.raw.hex(), "hash": step.hash.hex(), "contract": step.contract}
        for step in steps
    ]
    _write(path, {"v": 1, "settings": {**settings, "deployer": sender.address}, "steps": listed})
    return steps


def _sign_steps(sender: Sender, config: DeploymentConfig, nonce: int) -> tuple[_Step, ...]:
    """Every transaction in order. Addresses are known beforehand: they follow from sender and nonce."""
    address = {name: _creation_address(sender.address, nonce + place) for place, name in enumerate(CONTRACTS)}
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
        signed = sender.sign(to, data, nonce + place, _CALL_GAS if contract is None else _CREATION_GAS)
        steps.append(_Step(label, signed.raw, signed.hash, contract))
    return tuple(steps)


def _creation_address(sender: str, nonce: int) -> str:
    encoded: bytes = rlp.encode([address_bytes(sender), nonce])  # type: ignore[attr-defined,no-untyped-call]
    return checksum_address(keccak(encoded)[12:])


def _execute(
    gateway: ChainGateway,
    steps: tuple[_Step, ...],
    timeout: float,
    progress: Callable[[str, int, int], None] | None,
    sleep: Callable[[float], None],
) -> dict[bytes, Receipt]:
    """Send what the chain does not have and wait until all is final.

    The first transaction goes alone: some chains take a new account's second one only after its first was mined.
    """
    receipts: dict[bytes, Receipt] = {}
    for group in (steps[:1], steps[1:]):
        waiting = [step for step in group if step.hash not in receipts]
        _send_missing(gateway, waiting)
        deadline = time.monotonic() + timeout
        while waiting:
            final = gateway.final_head().number
            for step, receipt in zip(waiting, gateway.receipts([step.hash for step in waiting]), strict=True):
                if receipt is None or receipt.block_number > final:
                    continue
                if not receipt.ok:
                    raise DeploymentError(step=step.label, reason="the transaction reverted")
                receipts[step.hash] = receipt
                if progress is not None:
                    progress(step.label, len(receipts), len(steps))
            waiting = [step for step in waiting if step.hash not in receipts]
            if waiting and time.monotonic() > deadline:
                raise DeploymentError("deployment.timeout", step=waiting[0].label)
            if waiting:
                sleep(0.1)
    return receipts


def _send_missing(gateway: ChainGateway, steps: list[_Step]) -> None:
    known = gateway.transactions([step.hash for step in steps]) if steps else []
    missing = [step for step, found in zip(steps, known, strict=True) if found is None]
    if not missing:
        return
    for step, result in zip(missing, gateway.send([step.raw for step in missing]), strict=True):
        if result.outcome is SendOutcome.REFUSED:
            raise DeploymentError(step=step.label, reason=result.reason)


def _record(
    gateway: ChainGateway,
    deployer: str,
    config: DeploymentConfig,
    chain_id: int,
    genesis: bytes,
    steps: tuple[_Step, ...],
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
        code = gateway.code(contract.address)
        if keccak(code).hex() != contract.code_hash:
            raise DeploymentError(step=name, reason="the code on chain is not what was recorded")
        if not load(name).matches(code):
            raise DeploymentError(step=name, reason="the code on chain is not this release's")


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


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file so that a reader finds the old one or the whole new one, whenever the machine stops."""
    temporary = path.with_suffix(".new")
    data = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=True).encode("ascii") + b"\n"
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
