"""EIP-712 statements about risk warnings (`WarningDecisionRegistry`): a step of a warning, and who may decide one."""

from __future__ import annotations

from dataclasses import dataclass

from signing.eip712 import Statement


@dataclass(frozen=True)
class WarningStep(Statement):
    """One decision about a warning; grade 1 blue to 4 red, `time` in unix seconds, `prev` the digest of the step before.

    kind: 1 issue, 2 raise, 3 confirm, 4 lift, 5 close, 6 reopen.
    """

    LAYOUT = (
        ("warningId", "bytes32"),
        ("sequence", "uint32"),
        ("kind", "uint8"),
        ("grade", "uint8"),
        ("townCode", "uint64"),
        ("inputHash", "bytes32"),
        ("ruleSetHash", "bytes32"),
        ("prev", "bytes32"),
        ("time", "uint64"),
    )
    warning_id: bytes
    sequence: int
    kind: int
    grade: int
    town_code: int
    input_hash: bytes
    rule_set_hash: bytes
    prev: bytes
    time: int


@dataclass(frozen=True)
class AppointOfficer(Statement):
    """A registrar says that a wallet belongs to an officer who decides about warnings."""

    LAYOUT = (("officer", "address"),)
    officer: str


@dataclass(frozen=True)
class DismissOfficer(Statement):
    """A registrar says that an officer decides nothing any more."""

    LAYOUT = (("officer", "address"),)
    officer: str


__all__ = ["AppointOfficer", "DismissOfficer", "WarningStep"]
