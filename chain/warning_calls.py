"""Calls of `WarningDecisionRegistry`: what the relay sends for decisions about risk warnings.

Statements decide, not senders: each call carries the signatures of those who decided.
"""

from __future__ import annotations

from dataclasses import dataclass

from chain.abi import load
from chain.calls import Call, Contracts
from chain.errors import TEXTS, ChainError
from signing.warning_statements import WarningStep

CONTRACT = "WarningDecisionRegistry"
STEP_GAS = 1_200_000
OFFICER_GAS = 300_000
"""Limits, not use: enough for two ERC-1271 wallets and four new counters."""

TEXTS["warnings.not_deployed"] = (
    "本安装的链上还没有预警决定登记合约。",
    "This installation's chain has no registry of warning decisions yet.",
)


class WarningsNotDeployed(ChainError):
    """The installation is older than the registry, and was not extended."""

    default_code = "warnings.not_deployed"


@dataclass(frozen=True)
class Signed:
    """Who signed a statement, and the signature (65 bytes, or what an ERC-1271 wallet takes)."""

    signer: str
    signature: bytes


def registry(contracts: Contracts) -> str:
    """Address of the registry; raises WarningsNotDeployed."""
    if contracts.warnings is None:
        raise WarningsNotDeployed()
    return contracts.warnings


def decide(contracts: Contracts, step: WarningStep, officer: Signed) -> Call:
    """A step that one officer decides: issue, raise, confirm, lift or reopen."""
    return _call(contracts, "decide", STEP_GAS, step.values(), _pair(officer))


def issue_by_rule(contracts: Contracts, step: WarningStep, rule_key: Signed) -> Call:
    """A red warning that the rules issue by themselves."""
    return _call(contracts, "issueByRule", STEP_GAS, step.values(), _pair(rule_key))


def close(contracts: Contracts, step: WarningStep, officer: Signed, reviewer: Signed) -> Call:
    """Two officers close a warning."""
    return _call(contracts, "close", STEP_GAS, step.values(), _pair(officer), _pair(reviewer))


def appoint_officer(contracts: Contracts, officer: str, registrar: Signed) -> Call:
    """A wallet becomes an officer's, on a registrar's statement."""
    return _call(contracts, "appointOfficer", OFFICER_GAS, (officer,), _pair(registrar))


def dismiss_officer(contracts: Contracts, officer: str, registrar: Signed) -> Call:
    """An officer decides nothing any more, on a registrar's statement."""
    return _call(contracts, "dismissOfficer", OFFICER_GAS, (officer,), _pair(registrar))


def _pair(signed: Signed) -> tuple[str, bytes]:
    return signed.signer, signed.signature


def _call(contracts: Contracts, method: str, gas: int, *values: object) -> Call:
    return Call(registry(contracts), load(CONTRACT).function(method).encode(*values), gas)
