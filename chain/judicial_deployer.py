"""Deployment of `JudicialAnchor` on the court's own chain: once, resumable, by the court's own key.

The contract has no owner: the deployer holds no power afterwards. What the record says goes into the trust root.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chain.abi import JUDICIAL_ANCHOR, keccak, load
from chain.deployment_steps import (
    CREATION_GAS,
    DeploymentError,
    Step,
    chain_facts,
    execute,
    plan_steps,
    require_code,
    write_record,
)
from chain.gateway import ChainGateway
from chain.transactions import Sender, address_bytes

PLAN_SUFFIX = ".plan"


@dataclass(frozen=True)
class JudicialConfig:
    """What the court's contract is to accept: checkpoints of `log_origin` that `threshold` of `witnesses` cosigned.

    Raises:
        ValueError: a witness named twice, or a threshold that they cannot reach.
    """

    log_origin: str
    test: bool
    witnesses: tuple[str, ...]
    threshold: int

    def __post_init__(self) -> None:
        if len({address_bytes(witness) for witness in self.witnesses}) != len(self.witnesses):
            raise ValueError("a witness is named twice")
        if not 1 <= self.threshold <= len(self.witnesses):
            raise ValueError("the threshold must be at least 1 and at most the number of witnesses")

    @property
    def domain_name(self) -> str:
        """EIP-712 domain name: a TEST installation's signatures are void elsewhere."""
        return "Concord TEST" if self.test else "Concord"

    def sorted_witnesses(self) -> tuple[str, ...]:
        """The witnesses in the order that the contract demands."""
        return tuple(sorted(self.witnesses, key=address_bytes))


@dataclass(frozen=True)
class JudicialDeployment:
    """The record of a finished deployment. Hashes are 64 hex digits without 0x, addresses EIP-55."""

    v: int
    chain_id: int
    genesis_hash: str
    log_origin: str
    test: bool
    domain_name: str
    witnesses: tuple[str, ...]
    threshold: int
    deployer: str
    address: str
    code_hash: str
    transaction: str
    block: int

    def to_json(self) -> dict[str, Any]:
        """The record as JSON types."""
        return asdict(self)

    def trust_facts(self, seal_vkey: str | None) -> dict[str, Any]:
        """This court's entry in the trust root's `judicial`."""
        return {
            "chain_id": self.chain_id,
            "genesis_hash": self.genesis_hash,
            "address": self.address,
            "code_hash": self.code_hash,
            "seal_vkey": seal_vkey,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> JudicialDeployment:
        """Reads a record; raises KeyError or TypeError when it is malformed."""
        return cls(**{**stored, "witnesses": tuple(stored["witnesses"])})


def load_judicial_deployment(record: Path | None) -> JudicialDeployment | None:
    """The record, or None where no judicial chain is set up (or its contract is not deployed yet)."""
    if record is None or not record.exists():
        return None
    return JudicialDeployment.from_json(json.loads(record.read_bytes()))


def deploy_judicial_anchor(
    gateway: ChainGateway,
    deployer_key: bytes,
    config: JudicialConfig,
    record: Path,
    *,
    timeout: float = 120.0,
    sleep: Callable[[float], None] = time.sleep,
) -> JudicialDeployment:
    """Deploy the contract through the court's `gateway`, or read the record of a deployment that was done before.

    Raises:
        DeploymentError: record or plan belong to other settings or another chain, the transaction failed, or what
            stands on chain is not what was planned. Running again is always safe.
        GatewayUnavailable: the court's chain does not answer.
    """
    chain_id, genesis = chain_facts(gateway)
    settings = {"chain_id": chain_id, "genesis_hash": genesis.hex(), **asdict(config)}
    settings["witnesses"] = config.sorted_witnesses()
    done = load_judicial_deployment(record)
    if done is not None:
        for field, wanted in settings.items():
            if getattr(done, field) != wanted:
                raise DeploymentError("deployment.conflict", field=field)
        require_code(gateway, JUDICIAL_ANCHOR, done.address, done.code_hash)
        return done
    record.parent.mkdir(parents=True, exist_ok=True)
    sender = Sender(deployer_key, chain_id)
    plan = record.with_name(record.stem + PLAN_SUFFIX + record.suffix)
    (step,) = plan_steps(gateway, sender, settings, plan, lambda nonce: (_creation(sender, config, nonce),))
    receipt = execute(gateway, (step,), timeout, None, sleep)[step.hash]
    if receipt.contract is None:
        raise DeploymentError(step=step.label, reason="no contract was created")
    made = JudicialDeployment(
        v=1,
        deployer=sender.address,
        domain_name=config.domain_name,
        address=receipt.contract,
        code_hash=keccak(gateway.code(receipt.contract)).hex(),
        transaction=step.hash.hex(),
        block=receipt.block_number,
        **settings,
    )
    require_code(gateway, JUDICIAL_ANCHOR, made.address, made.code_hash)
    write_record(record, made.to_json())
    return made


def _creation(sender: Sender, config: JudicialConfig, nonce: int) -> Step:
    code = load(JUDICIAL_ANCHOR).creation_code(
        config.log_origin, list(config.sorted_witnesses()), config.threshold, config.domain_name
    )
    signed = sender.sign(None, code, nonce, CREATION_GAS)
    return Step(f"create {JUDICIAL_ANCHOR}", signed.raw, signed.hash, JUDICIAL_ANCHOR)
