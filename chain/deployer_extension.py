"""Contracts that came after an installation's first release: added to it once, by the same step whether it is new or old.

`deploy` makes what every installation has had from the beginning and ends with nobody in power but the k-of-n account. This
step creates `WarningDecisionRegistry` beside it. It needs no administrative act: the contract is given the installation's own
access manager, and the keys that the rules may issue with, at its birth. Planned, signed and persisted before anything is
sent, as the deployment is, so that a killed run continues with the same transaction; a run after a finished one reads the record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import sleep as pause
from typing import Any

from chain.abi import EXTENSIONS, keccak, load
from chain.deployer import RECORD, DeployedContract, Deployment, load_deployment
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
from chain.transactions import Sender, address_bytes, checksum_address
from chain.warning_rules import KeyStatus

PLAN = "extension-plan.json"
(WARNINGS,) = EXTENSIONS


def is_extended(deployment: Deployment) -> bool:
    """Whether the installation has every contract of this release."""
    return WARNINGS in deployment.contracts


def extend(
    gateway: ChainGateway,
    deployer_key: bytes,
    folder: Path,
    rule_keys: Sequence[str],
    *,
    timeout: float = 120.0,
    progress: Callable[[str, int, int], None] | None = None,
    sleep: Callable[[float], None] = pause,
) -> Deployment:
    """Add `WarningDecisionRegistry` to the deployment recorded in `folder`, or read the record of an earlier run.

    Args:
        deployer_key: 32 bytes of a key whose address may create contracts now; it keeps no power. It need not be the
            key that made the deployment.
        rule_keys: Addresses that may issue red warnings by themselves; later ones are the k-of-n account's business.
            What an earlier run recorded stays, whatever is given now.

    Raises:
        DeploymentError: nothing is deployed, the record belongs to another chain, a plan was made for other settings, the
            transaction failed, or what stands on chain is not what was planned. Running again is always safe.
        GatewayUnavailable: the chain does not answer.
    """
    base = load_deployment(folder)
    if base is None:
        raise DeploymentError(step=WARNINGS, reason="the installation is not deployed")
    chain_id, genesis = chain_facts(gateway)
    for field, found in (("chain_id", chain_id), ("genesis_hash", genesis.hex())):
        if getattr(base, field) != found:
            raise DeploymentError("deployment.conflict", field=field)
    if is_extended(base):
        added = base.contracts[WARNINGS]
        require_code(gateway, WARNINGS, added.address, added.code_hash)
        return base

    keys = tuple(checksum_address(address_bytes(key)) for key in rule_keys)
    sender = Sender(deployer_key, chain_id)
    settings: dict[str, Any] = {
        "chain_id": chain_id,
        "genesis_hash": base.genesis_hash,
        "log_origin": base.log_origin,
        "participants": base.address("ParticipantRegistry"),
        "authority": base.address("AccessManager"),
        "rule_keys": keys,
    }
    steps = plan_steps(
        gateway, sender, settings, folder / PLAN, lambda nonce: (_creation(sender, base, keys, nonce),)
    )
    (receipt,) = execute(gateway, steps, timeout, progress, sleep).values()
    if receipt.contract is None:
        raise DeploymentError(step=steps[0].label, reason="no contract was created")
    added = DeployedContract(
        address=receipt.contract,
        code_hash=keccak(gateway.code(receipt.contract)).hex(),
        transaction=steps[0].hash.hex(),
        block=receipt.block_number,
    )
    done = replace(base, contracts={**base.contracts, WARNINGS: added}, rule_keys=keys)
    require_code(gateway, WARNINGS, added.address, added.code_hash)
    _require_wiring(gateway, done)
    write_record(folder / RECORD, done.to_json())
    return done


def _creation(sender: Sender, base: Deployment, rule_keys: tuple[str, ...], nonce: int) -> Step:
    code = load(WARNINGS).creation_code(
        base.address("ParticipantRegistry"),
        base.address("AccessManager"),
        base.domain_name,
        bytes.fromhex(base.domain_salt),
        list(rule_keys),
    )
    signed = sender.sign(None, code, nonce, CREATION_GAS)
    return Step(f"create {WARNINGS}", signed.raw, signed.hash, WARNINGS)


def _require_wiring(gateway: ChainGateway, done: Deployment) -> None:
    """The contract asks our registrars, obeys our k-of-n account, and knows the keys of the rule run."""
    address, contract = done.address(WARNINGS), load(WARNINGS)

    def ask(name: str, *arguments: Any) -> Any:
        function = contract.function(name)
        return function.decode(gateway.call(address, function.encode(*arguments)))[0]

    for name, wanted in (("participants", "ParticipantRegistry"), ("authority", "AccessManager")):
        if address_bytes(ask(name)) != address_bytes(done.address(wanted)):
            raise DeploymentError(step=WARNINGS, reason=f"it asks another {wanted}")
    if any(ask("ruleKeyStatus", key) != KeyStatus.ACTIVE for key in done.rule_keys):
        raise DeploymentError(step=WARNINGS, reason="a key of the rule run is not authorised")
