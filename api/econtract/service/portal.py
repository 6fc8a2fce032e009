"""Contracts as their readers see them: the worker for ever and free, the employer its own, an authority by case.

指引 arts. 12, 17, 19: the worker views, downloads and prints at any time; an authority's reading needs a case number and
a purpose, is logged, and is shown to the worker with authority and date, never to the employer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy.orm import Session

from api.econtract import repository
from api.econtract.model import State
from api.econtract.ports import AnchorState, Message, Opener
from api.econtract.service.context import Context, must
from api.econtract.service.worker import MAX_NOTE, leave, reading
from api.econtract.tables import AccessRow, ContractRow, VersionRow
from api.econtract.views import (
    Access,
    ContractFacts,
    ContractText,
    HistoryLine,
    StepTaken,
    WorkerContract,
    WorkerContractDetail,
)
from api.infra import audit
from api.infra.auth import Principal
from api.kernel.errors import conflict, forbidden, invalid
from api.kernel.events import Json

HOW = frozenset({"view", "download", "print", "paper"})


class Portal:
    """Reading access, and the facts that other slices ask for."""

    def __init__(self, context: Context) -> None:
        self._c = context

    # The worker -------------------------------------------------------------------------------------------------

    def my_contracts(self, who: Principal) -> Sequence[WorkerContract]:
        """Every contract that was sent to this person, newest first, whoever employs him now."""
        person = self._person(who)
        with self._c.uow.read() as session:
            pairs = [
                (row, must(repository.version(session, row.id, row.version)))
                for row in repository.of_worker(session, person)
            ]
        return [self._line(row, version) for row, version in pairs]

    def my_contract(self, who: Principal, pk: str) -> WorkerContractDetail:
        """One of the worker's contracts with text, course and authorities' readings."""
        with self._c.uow.read() as session:
            row, version = self._mine(session, who, pk)
            lines = self._history(session, row)
            accesses = [Access(item.at, item.authority) for item in repository.accesses(session, pk)]
            invitation = repository.live_invitation(session, row.id, row.version)
        return WorkerContractDetail(
            contract=self._line(row, version),
            reading=reading(self._c, row, version, invitation, "read"),
            history=lines,
            accesses=accesses,
            final=version.completed_at is not None,
        )

    def my_pdf(self, who: Principal, pk: str, how: str = "view") -> bytes:
        """The newest revision of the worker's contract; each opening is event E15."""
        with self._c.uow() as session:
            row, version = self._mine(session, who, pk)
            self._opened(session, row, version, str(who.person_id), "worker", how)
        opener = Opener(str(who.person_id), "worker", how)
        return self._c.rounds.current_pdf(version.round_id, opener)

    def my_page(self, who: Principal, pk: str, number: int) -> bytes:
        """One page of it as a picture."""
        with self._c.uow.read() as session:
            _, version = self._mine(session, who, pk)
        opener = Opener(str(who.person_id), "worker", "view")
        return self._c.rounds.page_image(
            version.round_id, number, opener, final=version.worker_signed_at is not None
        )

    def my_withdrawal(self, who: Principal, pk: str, reason: str = "") -> StepTaken:
        """The worker takes his signature back while the employer has not signed."""
        if len(reason) > MAX_NOTE:
            raise invalid("econtract.field_too_long", limit=MAX_NOTE, length=len(reason))
        with self._c.uow() as session:
            row, _ = self._mine(session, who, pk, lock=True)
            leave(self._c, session, row, State.WITHDRAWN, str(who.person_id), reason.strip())
        return StepTaken(State.WITHDRAWN.value, "closed")

    def my_dispute(self, who: Principal, pk: str, note: str = "") -> StepTaken:
        """“This was not me”, from the portal."""
        if len(note) > MAX_NOTE:
            raise invalid("econtract.field_too_long", limit=MAX_NOTE, length=len(note))
        with self._c.uow() as session:
            row, _ = self._mine(session, who, pk, lock=True)
            self._c.identities.report_not_me(
                session, contract_id=row.contract_id, person_id=who.person_id, note=note, via="portal"
            )
        return StepTaken(State.DISPUTED.value, "closed")

    # The employer -----------------------------------------------------------------------------------------------

    def employer_detail(
        self, who: Principal, pk: str
    ) -> tuple[ContractRow, VersionRow | None, Sequence[HistoryLine], AnchorState]:
        """A contract of one's own organisation with its course and anchoring."""
        with self._c.uow.read() as session:
            row = repository.contract(session, pk)
            if row is None or who.org_id is None or row.org_id != who.org_id:
                must(None)
            found: ContractRow = must(row)
            version = repository.version(session, pk, found.version) if found.version else None
            lines = self._history(session, found)
        anchor = (
            self._c.anchors.stream(f"econtract/{found.contract_id}") if found.version else AnchorState("none")
        )
        return found, version, lines, anchor

    def employer_pdf(self, who: Principal, pk: str, how: str = "view") -> bytes:
        """The newest revision for the employer; each opening is event E15."""
        row, version, _, _ = self.employer_detail(who, pk)
        if version is None:
            raise conflict("econtract.not_sent")
        with self._c.uow() as session:
            self._opened(session, row, version, who.actor, "employer", how)
        return self._c.rounds.current_pdf(version.round_id, Opener(who.actor, "employer", how))

    def export(self, who: Principal, pk: str) -> dict[str, Json]:
        """The contract as JSON: the signed data, digests, state and course."""
        row, version, lines, anchor = self.employer_detail(who, pk)
        if version is None:
            raise conflict("econtract.not_sent")
        return {
            "v": 1,
            "schema": "concord:econtract.export/1",
            "contract_id": row.contract_id,
            "version": version.version,
            "state": row.state,
            "commitment": version.commitment,
            "prev": version.prev,
            "base_pdf_sha256": version.base_pdf_sha256,
            "final_pdf_sha256": version.final_sha256,
            "document": json.loads(version.data),
            "history": [{"what": line.what, "role": line.role, "version": line.version} for line in lines],
            "anchor": {"state": anchor.state, "anchored": anchor.anchored, "total": anchor.total},
        }

    # Authorities and other slices -------------------------------------------------------------------------------

    def regulator_text(self, who: Principal, contract_id: str, case_no: str, purpose: str) -> ContractText:
        """A contract's text for an authority: audited; the worker sees authority and date, the employer nothing."""
        if not who.has("regulator", "court"):
            raise forbidden("role_required")
        case_no, purpose = case_no.strip(), purpose.strip()
        if not case_no or not purpose or len(case_no) > 80 or len(purpose) > MAX_NOTE:
            raise invalid("econtract.case_needed")
        with self._c.uow() as session:
            row = must(repository.by_contract_id(session, contract_id))
            version = must(repository.version(session, row.id, row.version)) if row.version else must(None)
            self.note_authority_reading(session, who, contract_id, case_no, purpose)
            audit.record(
                session, who, "econtract.text.read", "contract", contract_id, purpose=purpose, case_no=case_no
            )
            return ContractText(
                contract_id, version.version, row.state, json.loads(version.data), self._history(session, row)
            )

    def note_authority_reading(
        self, session: Session, who: Principal, contract_id: str, case_no: str, purpose: str
    ) -> None:
        """Shows an authority's reading to the worker and tells him; audit is the caller's.

        Raises not_found for a contract that was never sent.
        """
        row = must(repository.by_contract_id(session, contract_id))
        if row.version == 0:
            must(None)
        authority = (who.attributes.get("authority") or who.display_name or "主管机关")[:120]
        session.add(
            AccessRow(
                contract_pk=row.id,
                at=self._c.now(),
                authority=authority,
                account_id=str(who.account_id),
                case_no=case_no,
                purpose=purpose,
            )
        )
        if row.worker_person_id is None:
            return
        self._c.identities.record_access(session, row.worker_person_id, authority, contract_id)
        self._c.notifications.queue(
            session,
            Message(
                template="econtract.text_read",
                about=contract_id,
                person_id=row.worker_person_id,
                values={"authority": authority, "date": self._c.today().isoformat()},
            ),
        )

    def note_clause_shown(self, session: Session, contract_id: str, number: int) -> None:
        """Puts into the contract's course that the employer made a file that shows one clause; the worker reads it there."""
        row = must(repository.by_contract_id(session, contract_id))
        repository.add_history(session, row, self._c.now(), "clause_shown", "employer", f"§ {number}")

    def facts(self, contract_id: str) -> ContractFacts:
        """A contract by its stream and chain id; not_found when nothing was ever sent."""
        with self._c.uow.read() as session:
            row = must(repository.by_contract_id(session, contract_id))
            return self._facts(row, must(repository.version(session, row.id, row.version)))

    def facts_of_round(self, round_id: str) -> ContractFacts:
        """The contract that a signing round belongs to."""
        with self._c.uow.read() as session:
            return self._facts(*must(repository.by_round(session, round_id)))

    def facts_of_lookup(self, code: str) -> ContractFacts:
        """The contract of a printed look-up code."""
        with self._c.uow.read() as session:
            return self._facts(*must(repository.by_lookup(session, code)))

    def facts_of(self, pk: str) -> ContractFacts:
        """A contract by its URL id."""
        with self._c.uow.read() as session:
            row = must(repository.contract(session, pk))
            return self._facts(row, must(repository.version(session, row.id, row.version)))

    def may_read(self, who: Principal, contract_id: str) -> bool:
        """Whether the principal is this contract's worker or belongs to its employer."""
        with self._c.uow.read() as session:
            row = repository.by_contract_id(session, contract_id)
        if row is None:
            return False
        if who.person_id is not None and row.worker_person_id == who.person_id:
            return True
        return who.org_id is not None and who.org_id == row.org_id and who.has("agent", "representative")

    # ------------------------------------------------------------------------------------------------------------

    def _opened(
        self, session: Session, row: ContractRow, version: VersionRow, actor: str, role: str, how: str
    ) -> None:
        if how not in HOW:
            raise invalid("econtract.how_unknown")
        if version.completed_at is not None:
            self._c.record(session, row, "econtract.E15/1", actor, role, {"how": how})

    def _mine(
        self, session: Session, who: Principal, pk: str, *, lock: bool = False
    ) -> tuple[ContractRow, VersionRow]:
        person = self._person(who)
        row = (repository.lock_contract if lock else repository.contract)(session, pk)
        if row is None or row.worker_person_id != person or row.version == 0:
            must(None)
        found: ContractRow = must(row)
        return found, must(repository.version(session, found.id, found.version))

    def _person(self, who: Principal) -> str:
        if who.kind != "worker" or who.person_id is None:
            raise forbidden("econtract.identify_first")
        return who.person_id

    def _line(self, row: ContractRow, version: VersionRow) -> WorkerContract:
        return WorkerContract(
            id=row.id,
            contract_id=row.contract_id,
            employer=self._c.employers.organisation(row.org_id).name,
            post=row.post,
            state=row.state,
            version=version.version,
            sent_at=version.sent_at,
            worker_signed_at=version.worker_signed_at,
            effective_at=row.effective_at,
            employer_overdue=version.employer_alarmed and row.state == State.WORKER_SIGNED.value,
            may_withdraw=row.state == State.WORKER_SIGNED.value,
            round_id=version.round_id,
        )

    def _history(self, session: Session, row: ContractRow) -> Sequence[HistoryLine]:
        return [
            HistoryLine(line.at, line.what, line.role, line.version, line.note)
            for line in repository.history(session, row.id)
        ]

    def _facts(self, row: ContractRow, version: VersionRow) -> ContractFacts:
        return ContractFacts(
            contract_id=row.contract_id,
            id=row.id,
            version=version.version,
            state=row.state,
            org_id=row.org_id,
            worker_person_id=row.worker_person_id,
            title=json.loads(version.data)["title"],
            base_pdf_sha256=version.base_pdf_sha256,
            round_id=version.round_id,
            commitment=version.commitment,
            lookup_code=version.lookup_code,
            late_signing=row.late_signing,
            effective_at=row.effective_at,
            sent_at=version.sent_at,
            final_sha256=version.final_sha256,
        )
