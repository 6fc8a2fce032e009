"""Deployment as planned transactions: signed and persisted before anything is sent, so that a killed run continues.

Shared by the installation's deployer and the judicial chain's: the same nonces give the same addresses, and a run after
a finished one only reads the record.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rlp

from chain.abi import keccak, load
from chain.durable_file import replace_file
from chain.errors import TEXTS, ChainError
from chain.gateway import ChainGateway, Receipt, SendOutcome
from chain.transactions import Sender, address_bytes, checksum_address

CREATION_GAS = 6_000_000
RESEND = 5.0
"""Seconds after which transactions that the chain does not show any more are sent again: a network may drop one silently."""

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
class Step:
    """One planned transaction. `contract` names what it creates."""

    label: str
    raw: bytes
    hash: bytes
    contract: str | None


def plan_steps(
    gateway: ChainGateway,
    sender: Sender,
    settings: Mapping[str, Any],
    path: Path,
    sign: Callable[[int], tuple[Step, ...]],
) -> tuple[Step, ...]:
    """The plan in the file `path`, or a new one that `sign` makes from the sender's next nonce, persisted on return.

    Raises DeploymentError when the stored plan was made for other settings or by another deployer.
    """
    wanted_settings = {
        **{key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()},
        "deployer": sender.address,
    }
    if path.exists():
        stored = json.loads(path.read_bytes())
        for field, wanted in wanted_settings.items():
            if stored["settings"].get(field) != wanted:
                raise DeploymentError("deployment.conflict", field=field)
        return tuple(
            Step(step["label"], bytes.fromhex(step["raw"]), bytes.fromhex(step["hash"]), step["contract"])
            for step in stored["steps"]
        )
    steps = sign(gateway.transaction_count(sender.address))
    listed = [
        {"label": step.label, "raw": step.raw.hex(), "hash": step.hash.hex(), "contract": step.contract}
        for step in steps
    ]
    write_record(path, {"v": 1, "settings": wanted_settings, "steps": listed})
    return steps


def creation_address(sender: str, nonce: int) -> str:
    """EIP-55 address of the contract that this transaction of `sender` creates."""
    encoded: bytes = rlp.encode([address_bytes(sender), nonce])  # type: ignore[attr-defined,no-untyped-call]
    return checksum_address(keccak(encoded)[12:])


def execute(
    gateway: ChainGateway,
    steps: tuple[Step, ...],
    timeout: float,
    progress: Callable[[str, int, int], None] | None,
    sleep: Callable[[float], None],
) -> dict[bytes, Receipt]:
    """Send what the chain does not have and wait until all is final.

    The first transaction goes alone: some chains take a new account's second one only after its first was mined. What was
    dropped since is sent again.
    """
    receipts: dict[bytes, Receipt] = {}
    for group in (steps[:1], steps[1:]):
        waiting = [step for step in group if step.hash not in receipts]
        _send_missing(gateway, waiting)
        sent = time.monotonic()
        deadline = sent + timeout
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
            if waiting and time.monotonic() - sent > RESEND:
                _send_missing(gateway, waiting)
                sent = time.monotonic()
            if waiting:
                sleep(0.1)
    return receipts


def _send_missing(gateway: ChainGateway, steps: list[Step]) -> None:
    known = gateway.transactions([step.hash for step in steps]) if steps else []
    missing = [step for step, found in zip(steps, known, strict=True) if found is None]
    if not missing:
        return
    for step, result in zip(missing, gateway.send([step.raw for step in missing]), strict=True):
        if result.outcome is SendOutcome.REFUSED:
            raise DeploymentError(step=step.label, reason=result.reason)


def chain_facts(gateway: ChainGateway) -> tuple[int, bytes]:
    """Chain id and hash of the first block; raises DeploymentError while there is none."""
    chain_id = gateway.chain_id()
    genesis = gateway.block(0)
    if genesis is None:
        raise DeploymentError(step="genesis", reason="the chain has no first block")
    return chain_id, genesis.hash


def require_code(gateway: ChainGateway, name: str, address: str, code_hash: str) -> None:
    """Raise DeploymentError unless `address` has the recorded code and that is this release's contract `name`."""
    code = gateway.code(address)
    if keccak(code).hex() != code_hash:
        raise DeploymentError(step=name, reason="the code on chain is not what was recorded")
    if not load(name).matches(code):
        raise DeploymentError(step=name, reason="the code on chain is not this release's")


def write_record(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file so that a reader finds the old one or the whole new one, whenever the machine stops."""
    data = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=True).encode("ascii") + b"\n"
    replace_file(path, data)
