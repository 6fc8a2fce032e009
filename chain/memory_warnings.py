"""`WarningDecisionRegistry` without an EVM: the same steps, events and refusals, signatures and registrars not checked.

Authority is: an officer must be appointed, a rule run's key authorised, and a close needs two of them. Digests are those of
EIP-712 in the installation's domain, so that each step can name the one before as on a real chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode

from chain.memory_answers import ZERO32, ZERO_ADDRESS, Emitted, MemoryRevert, dispatch, emit
from chain.warning_rules import (
    GRADES,
    RED,
    KeyStatus,
    StepKind,
    WarningStatus,
    grades_after,
    is_town_code,
    status_after,
)
from signing import eip712
from signing.warning_statements import WarningStep

NAME = "WarningDecisionRegistry"
MAX_KIND = max(StepKind)
_RECORD = ("bytes32", "bytes32", "bytes32", "address", "uint64", "uint8", "uint8", "bool", "address")


class _NoSuchKind(MemoryRevert):
    """The call data name a kind that the enum has not: refused while they are read, without a word."""

    def __init__(self) -> None:
        super().__init__("Error(string)", "no such kind")
        self.data = b""


@dataclass
class _Warning:
    status: WarningStatus = WarningStatus.NONE
    grade: int = 0
    sequence: int = 0
    town_code: int = 0
    digest: bytes = ZERO32


class MemoryWarnings:
    """Warnings by id; write-once as the real ones: a step is taken once or refused."""

    def __init__(self, domain: eip712.Domain, rule_keys: Sequence[str] = ()) -> None:
        self._domain = domain
        self._warnings: dict[bytes, _Warning] = {}
        self._records: dict[tuple[bytes, int], list[Any]] = {}
        self._officers: dict[str, KeyStatus] = {}
        self._rule_keys = {key.lower(): KeyStatus.ACTIVE for key in rule_keys}

    def execute(self, data: bytes) -> list[Emitted]:
        emitted: list[Emitted] = dispatch(
            NAME,
            data,
            {
                "decide": self._decide,
                "issueByRule": self._issue_by_rule,
                "close": self._close,
                "appointOfficer": self._appoint,
                "dismissOfficer": self._dismiss,
            },
        )
        return emitted

    def view(self, data: bytes) -> bytes:
        answer: bytes = dispatch(
            NAME,
            data,
            {
                "warning": self._read,
                "record": self._record,
                "officerStatus": lambda key: encode(["uint8"], [self._officer(key)]),
                "ruleKeyStatus": lambda key: encode(["uint8"], [self._rule_key(key)]),
            },
        )
        return answer

    def _officer(self, key: str) -> KeyStatus:
        return self._officers.get(key.lower(), KeyStatus.NONE)

    def _rule_key(self, key: str) -> KeyStatus:
        return self._rule_keys.get(key.lower(), KeyStatus.NONE)

    def _read(self, warning_id: bytes) -> bytes:
        found = self._warnings.get(warning_id) or _Warning()
        values = [found.status, found.grade, found.sequence, found.town_code, found.digest]
        return encode(["uint8", "uint8", "uint32", "uint64", "bytes32"], values)

    def _record(self, warning_id: bytes, sequence: int) -> bytes:
        unwritten = [ZERO32, ZERO32, ZERO32, ZERO_ADDRESS, 0, 0, 0, False, ZERO_ADDRESS]
        return encode([f"({','.join(_RECORD)})"], [self._records.get((warning_id, sequence), unwritten)])

    # -- steps

    def _decide(self, fields: Sequence[Any], officer: Sequence[Any]) -> list[Emitted]:
        step = _step(fields)
        if step.kind == StepKind.CLOSE:
            raise MemoryRevert("WrongKind(uint8)", step.kind)
        self._require_officer(officer[0])
        return self._take(step, officer[0], ZERO_ADDRESS, automatic=False)

    def _issue_by_rule(self, fields: Sequence[Any], rule_key: Sequence[Any]) -> list[Emitted]:
        step = _step(fields)
        if step.kind != StepKind.ISSUE:
            raise MemoryRevert("WrongKind(uint8)", step.kind)
        if step.grade != RED:
            raise MemoryRevert("OnlyRed(uint8)", step.grade)
        if self._rule_key(rule_key[0]) is not KeyStatus.ACTIVE:
            raise MemoryRevert("UnknownRuleKey(address)", rule_key[0])
        return self._take(step, rule_key[0], ZERO_ADDRESS, automatic=True)

    def _close(self, fields: Sequence[Any], officer: Sequence[Any], reviewer: Sequence[Any]) -> list[Emitted]:
        step = _step(fields)
        if step.kind != StepKind.CLOSE:
            raise MemoryRevert("WrongKind(uint8)", step.kind)
        if officer[0] == reviewer[0]:
            raise MemoryRevert("SecondPersonNeeded(address)", officer[0])
        self._require_officer(officer[0])
        self._require_officer(reviewer[0])
        return self._take(step, officer[0], reviewer[0], automatic=False)

    def _take(
        self, step: WarningStep, decided_by: str, reviewed_by: str, *, automatic: bool
    ) -> list[Emitted]:
        last = self._warnings.get(step.warning_id) or _Warning()
        _require_next(step, last)
        status = status_after(last.status, StepKind(step.kind), automatic) if step.kind else None
        if status is None:
            raise MemoryRevert("StepNotAllowed(bytes32,uint8,uint8)", step.warning_id, last.status, step.kind)
        _require_grade(step, last.grade)
        digest = eip712.digest(self._domain, step)
        self._warnings[step.warning_id] = _Warning(status, step.grade, step.sequence, step.town_code, digest)
        self._records[step.warning_id, step.sequence] = [
            digest, step.input_hash, step.rule_set_hash, decided_by, step.time, step.kind, step.grade, automatic,
            reviewed_by,
        ]  # fmt: skip
        return [
            emit(
                NAME,
                "WarningDecided",
                warningId=step.warning_id,
                townCode=step.town_code,
                kind=step.kind,
                sequence=step.sequence,
                grade=step.grade,
                inputHash=step.input_hash,
                ruleSetHash=step.rule_set_hash,
                prev=step.prev,
                digest=digest,
                time=step.time,
                decidedBy=decided_by,
                reviewedBy=reviewed_by,
                automatic=automatic,
            )
        ]

    # -- keys

    def _appoint(self, statement: Sequence[Any], registrar: Sequence[Any]) -> list[Emitted]:
        (officer,) = statement
        if officer == ZERO_ADDRESS:
            raise MemoryRevert("ZeroIdentifier()")
        if self._officer(officer) is not KeyStatus.NONE or self._rule_key(officer) is not KeyStatus.NONE:
            raise self._conflict(officer)
        self._officers[officer.lower()] = KeyStatus.ACTIVE
        return [emit(NAME, "OfficerAppointed", officer=officer, registrar=registrar[0])]

    def _dismiss(self, statement: Sequence[Any], registrar: Sequence[Any]) -> list[Emitted]:
        (officer,) = statement
        if self._officer(officer) is not KeyStatus.ACTIVE:
            raise self._conflict(officer)
        self._officers[officer.lower()] = KeyStatus.REVOKED
        return [emit(NAME, "OfficerDismissed", officer=officer, registrar=registrar[0])]

    def _conflict(self, key: str) -> MemoryRevert:
        return MemoryRevert(
            "KeyStatusConflict(address,uint8,uint8)", key, self._officer(key), self._rule_key(key)
        )

    def _require_officer(self, signer: str) -> None:
        if self._officer(signer) is not KeyStatus.ACTIVE:
            raise MemoryRevert("UnknownOfficer(address)", signer)


def _step(fields: Sequence[Any]) -> WarningStep:
    step = WarningStep(*fields)
    if step.kind > MAX_KIND:
        raise _NoSuchKind
    return step


def _require_next(step: WarningStep, last: _Warning) -> None:
    if ZERO32 in (step.warning_id, step.input_hash, step.rule_set_hash):
        raise MemoryRevert("ZeroIdentifier()")
    expected = last.sequence + 1
    if step.sequence != expected:
        raise MemoryRevert(
            "SequenceMismatch(bytes32,uint32,uint32)", step.warning_id, step.sequence, expected
        )
    if step.prev != last.digest:
        raise MemoryRevert(
            "PreviousMismatch(bytes32,bytes32,bytes32)", step.warning_id, step.prev, last.digest
        )
    if last.sequence == 0:
        if not is_town_code(step.town_code):
            raise MemoryRevert("InvalidTownCode(uint64)", step.town_code)
    elif step.town_code != last.town_code:
        raise MemoryRevert(
            "TownMismatch(bytes32,uint64,uint64)", step.warning_id, step.town_code, last.town_code
        )


def _require_grade(step: WarningStep, grade: int) -> None:
    if step.grade not in GRADES:
        raise MemoryRevert("InvalidGrade(uint8)", step.grade)
    least, most = grades_after(grade, StepKind(step.kind))
    if not least <= step.grade <= most:
        raise MemoryRevert(
            "GradeNotAllowed(bytes32,uint8,uint8,uint8)", step.warning_id, step.grade, least, most
        )
