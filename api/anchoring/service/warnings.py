"""Decisions about risk warnings on their way to `WarningDecisionRegistry`.

A slice that decided hands a step over in the transaction that makes it true for the platform; the step's evidence event goes
into the stream `warning/<id>` as any other. The registry call follows the statement: a step waits for the signatures of those
who decide it (one officer's; two different ones' to close; the rule run's key for what the rules issue by themselves), and
for the earlier steps of its warning. The chain therefore sees decisions in the order in which they were made, and nothing
that nobody signed. What the contract would refuse is refused here first, by the same rules (`chain.warning_rules`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from api.anchoring.model import WarningState, WarningStepState
from api.anchoring.ports import WarningStep
from api.anchoring.repository import calls as call_rows
from api.anchoring.repository import warnings as repository
from api.anchoring.service.warning_officers import WarningOfficers, queue
from api.anchoring.tables import WarningRow, WarningStepRow
from api.infra import audit
from api.infra.auth import Principal
from api.kernel.clock import Clock
from api.kernel.errors import conflict, invalid, not_found
from api.kernel.ids import is_hex32, random32
from chain import warning_calls
from chain.calls import Call, Contracts
from chain.warning_calls import Signed
from chain.warning_rules import (
    GRADES,
    RED,
    StepKind,
    WarningStatus,
    grades_after,
    is_town_code,
    status_after,
)
from signing import eip712, wallets, warning_statements

ZERO = "0" * 64
SALTED = b"concord warning v1\0"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_KINDS = {kind.name.lower(): kind for kind in StepKind}


def salted_id(warning: str, salt: bytes) -> str:
    """A warning's id on chain: SHA-256("concord warning v1" ‖ 0x00 ‖ 32-byte salt ‖ id), 64 hex characters."""
    return hashlib.sha256(SALTED + salt + warning.encode("ascii")).hexdigest()


class WarningDecisions:
    """Steps of warnings and the statements over them; `officers` says who may make one."""

    def __init__(
        self,
        contracts: Callable[[], Contracts],
        domain: Callable[[], eip712.Domain],
        officers: WarningOfficers,
        clock: Clock,
    ) -> None:
        self._contracts = contracts
        self._domain = domain
        self.officers = officers
        self._clock = clock

    # -- steps

    def take(self, session: Session, step: WarningStep) -> WarningStepState:
        """Add the next step of a warning; its call is held until the statement over it is there.

        Raises DomainError: `anchoring.warning_malformed` (invalid), `anchoring.warning_step_refused` (conflict: the warning
        cannot take this step), `anchoring.not_deployed` or `anchoring.warnings_not_deployed` (unavailable).
        """
        kind = _checked(step)
        now = self._clock.now().astimezone(UTC).replace(microsecond=0)
        found = repository.locked(session, step.warning)
        if found is None:
            salt = random32()
            chain_id = salted_id(step.warning, salt)
            found = repository.add(session, step.warning, chain_id, salt, step.town_code, now)
        if found.erased_at is not None:
            raise conflict("anchoring.warning_erased")
        steps = repository.steps_of(session, step.warning)
        _require_lawful(step, kind, found, steps)
        row = WarningStepRow(
            warning=step.warning,
            sequence=len(steps) + 1,
            kind=int(kind),
            grade=step.grade,
            automatic=step.automatic,
            input_hash=step.input_hash,
            rule_set_hash=step.rule_set_hash,
            prev=steps[-1].digest if steps else ZERO,
            stated_at=now,
        )
        row.digest = eip712.digest(self._domain(), _statement(found, row)).hex()
        session.add(row)
        session.flush()
        return self._state(session, row)

    def issue_automatically(self, session: Session, warning: str) -> WarningStepState:
        """A red issue that nobody signed in time becomes the rules' own; the key of the rule run signs it next.

        Idempotent. Conflict `anchoring.warning_signed` when an officer was quicker, `anchoring.warning_step_refused` unless
        the warning's only step is a red issue.
        """
        _, steps = self._known(session, warning)
        first = steps[0]
        if not first.automatic:
            if first.officer is not None:
                raise conflict("anchoring.warning_signed", warning=warning, sequence=1)
            if len(steps) > 1 or first.grade != RED:
                raise conflict("anchoring.warning_step_refused", status="open", step="issue")
            first.automatic = True
            session.flush()
        return self._state(session, first)

    def withdraw(self, session: Session, warning: str, sequence: int) -> None:
        """Take the warning's last step back, which nobody has signed. Conflict `anchoring.warning_signed` otherwise."""
        _, steps = self._known(session, warning)
        last = steps[-1]
        if last.sequence != sequence or last.officer is not None:
            raise conflict("anchoring.warning_signed", warning=warning, sequence=sequence)
        session.delete(last)
        session.flush()

    def state(self, session: Session, warning: str) -> WarningState:
        """Every step of a warning and where it stands; not_found `anchoring.warning_unknown`."""
        found = repository.find(session, warning)
        if found is None:
            raise not_found("anchoring.warning_unknown")
        if found.chain_id is None:
            raise not_found("anchoring.warning_erased")
        steps = repository.steps_of(session, warning)
        status, grade = _standing(steps)
        shown = [self._state(session, row) for row in steps]
        return WarningState(warning, found.chain_id, found.town_code, status.name.lower(), grade, shown)

    # -- statements

    def typed_data(self, session: Session, warning: str, sequence: int) -> dict[str, Any]:
        """The step as a wallet shows it (eth_signTypedData_v4); not_found `anchoring.warning_unknown`."""
        found = repository.find(session, warning)
        if found is not None:
            on_chain(found)
        steps = repository.steps_of(session, warning)
        if found is None or not 1 <= sequence <= len(steps):
            raise not_found("anchoring.warning_unknown")
        return eip712.typed_data(self._domain(), _statement(found, steps[sequence - 1]))

    def sign(
        self, session: Session, who: Principal, warning: str, sequence: int, signature: bytes
    ) -> WarningStepState:
        """An officer's statement over a step: his wallet is recovered from the signature, and `who` is its holder; audited.

        Signing again changes nothing. Raises DomainError: what `WarningOfficers.decides` raises,
        `anchoring.warning_signed` (conflict: the step has its statements, or the rules made it),
        `anchoring.second_person` (conflict: a close needs another person).
        """
        _, steps = self._known(session, warning)
        row = _at(steps, sequence)
        wallet = self.officers.decides(session, who, bytes.fromhex(row.digest), signature)
        if row.automatic:
            raise conflict("anchoring.warning_signed", warning=warning, sequence=sequence)
        if wallet in (row.officer, row.reviewer):
            if missing_signatures(row):
                raise conflict("anchoring.second_person")
            return self._state(session, row)
        if not missing_signatures(row):
            raise conflict("anchoring.warning_signed", warning=warning, sequence=sequence)
        if row.officer is None:
            row.officer, row.officer_signature = wallet, signature
        else:
            row.reviewer, row.reviewer_signature = wallet, signature
        audit.record(
            session, who, "anchoring.warning_step_signed", "warning", warning, sequence=sequence,
            step=StepKind(row.kind).name.lower(), grade=row.grade, wallet=wallet,
        )  # fmt: skip
        self._release(session, steps)
        return self._state(session, row)

    def sign_automatic(self, session: Session, warning: str, sequence: int, key: bytes) -> bool:
        """Sign what the rules issued with the key of the rule run; whether there was anything to sign."""
        _, steps = self._known(session, warning)
        row = _at(steps, sequence)
        if not row.automatic or row.officer is not None:
            return False
        row.officer = wallets.address_of(key)
        row.officer_signature = wallets.sign_digest(key, bytes.fromhex(row.digest))
        self._release(session, steps)
        return True

    def awaiting_rule_key(self, session: Session, limit: int = 200) -> list[tuple[str, int]]:
        """(warning, sequence) of what the rules issued and nobody has signed yet."""
        return repository.awaiting_rule_key(session, limit)

    # -- inside

    def _known(self, session: Session, warning: str) -> tuple[WarningRow, list[WarningStepRow]]:
        found = repository.locked(session, warning)
        steps = repository.steps_of(session, warning)
        if found is not None and found.erased_at is not None:
            raise not_found("anchoring.warning_erased")
        if found is None or not steps:
            raise not_found("anchoring.warning_unknown")
        return found, steps

    def _release(self, session: Session, steps: list[WarningStepRow]) -> None:
        """Queue the calls of every step whose statements, and those of all steps before it, are there."""
        warning = repository.find(session, steps[0].warning)
        for row in steps:
            if row.call is not None:
                continue
            if warning is None or missing_signatures(row):
                break
            signers = [wallet for wallet in (row.officer, row.reviewer) if wallet is not None]
            method, made = self._step_call(warning, row)
            row.call = queue(
                session,
                self._clock,
                method,
                made,
                org=on_chain(warning),
                step=(on_chain(warning), row.sequence),
                after=repository.appointments(session, signers),
            )
        session.flush()

    def _step_call(self, warning: WarningRow, row: WarningStepRow) -> tuple[str, Call]:
        statement = _statement(warning, row)
        first = Signed(row.officer or "", row.officer_signature or b"")
        second = Signed(row.reviewer or "", row.reviewer_signature or b"")
        contracts = self._contracts()
        if row.automatic:
            return "issueByRule", warning_calls.issue_by_rule(contracts, statement, first)
        if row.kind == StepKind.CLOSE:
            return "close", warning_calls.close(contracts, statement, first, second)
        return "decide", warning_calls.decide(contracts, statement, first)

    def _state(self, session: Session, row: WarningStepRow) -> WarningStepState:
        call = None if row.call is None else call_rows.find(session, row.call)
        missing = missing_signatures(row)
        state = call.state if call is not None else ("awaiting_statement" if missing else "held")
        return WarningStepState(
            sequence=row.sequence,
            kind=StepKind(row.kind).name.lower(),
            grade=row.grade,
            automatic=row.automatic,
            input_hash=row.input_hash,
            rule_set_hash=row.rule_set_hash,
            prev=row.prev,
            digest=row.digest,
            stated_at=row.stated_at,
            officer=row.officer,
            reviewer=row.reviewer,
            missing=missing,
            state=state,
            call_id=row.call,
            transaction=None if call is None else call.transaction,
            block_number=None if call is None else call.block_number,
            reason=None if call is None else call.reason,
        )


def _checked(step: WarningStep) -> StepKind:
    if not _ID.match(step.warning):
        raise invalid("anchoring.warning_malformed", field="warning")
    if step.kind not in _KINDS:
        raise invalid("anchoring.warning_malformed", field="kind")
    if step.grade not in GRADES:
        raise invalid("anchoring.warning_malformed", field="grade")
    if not is_town_code(step.town_code):
        raise invalid("anchoring.warning_malformed", field="town_code")
    for field in ("input_hash", "rule_set_hash"):
        value = getattr(step, field)
        if not is_hex32(value) or value == ZERO:
            raise invalid("anchoring.warning_malformed", field=field)
    return _KINDS[step.kind]


def _require_lawful(
    step: WarningStep, kind: StepKind, warning: WarningRow, steps: list[WarningStepRow]
) -> None:
    status, grade = _standing(steps)
    least, most = grades_after(grade, kind)
    if status_after(status, kind, step.automatic) is None or not least <= step.grade <= most:
        raise conflict("anchoring.warning_step_refused", status=status.name.lower(), step=step.kind)
    if step.automatic and step.grade != RED:
        raise conflict("anchoring.warning_step_refused", status=status.name.lower(), step=step.kind)
    if step.town_code != warning.town_code:
        raise conflict("anchoring.warning_town_differs", town_code=warning.town_code)


def _standing(steps: list[WarningStepRow]) -> tuple[WarningStatus, int]:
    """Status and grade as these steps leave the warning; each was lawful when it was taken."""
    status, grade = WarningStatus.NONE, 0
    for row in steps:
        status = status_after(status, StepKind(row.kind), row.automatic) or status
        grade = row.grade
    return status, grade


def missing_signatures(row: WarningStepRow) -> int:
    """How many statements a step still waits for."""
    if row.kind == StepKind.CLOSE:
        return (row.officer is None) + (row.reviewer is None)
    return int(row.officer is None)


def _at(steps: list[WarningStepRow], sequence: int) -> WarningStepRow:
    if not 1 <= sequence <= len(steps):
        raise not_found("anchoring.warning_unknown")
    return steps[sequence - 1]


def _unix(at: datetime) -> int:
    return int(at.timestamp())


def on_chain(warning: WarningRow) -> str:
    """The warning's id on chain (64 hex); not_found `anchoring.warning_erased` once nothing leads there any more."""
    if warning.chain_id is None:
        raise not_found("anchoring.warning_erased")
    return warning.chain_id


def _statement(warning: WarningRow, row: WarningStepRow) -> warning_statements.WarningStep:
    return warning_statements.WarningStep(
        bytes.fromhex(on_chain(warning)),
        row.sequence,
        row.kind,
        row.grade,
        warning.town_code,
        bytes.fromhex(row.input_hash),
        bytes.fromhex(row.rule_set_hash),
        bytes.fromhex(row.prev),
        _unix(row.stated_at),
    )
