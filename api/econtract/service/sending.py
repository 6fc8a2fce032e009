"""Sending a contract to the worker, and taking it back before he signs.

指引 art. 6 (tell the worker before signing), art. 16; 劳动合同法 art. 10. The link goes to the worker's phone only: the
sender never sees it, and only keyed hashes of link token and short code are stored.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta

from sqlalchemy.orm import Session

from api.econtract import repository, rules
from api.econtract.composition import Identity
from api.econtract.lifecycle import CLOSE_EVENTS, EDITABLE
from api.econtract.model import Finding, Form, Severity, State, Terms
from api.econtract.ports import SCOPE_SEND, SCOPE_SIGN, Message, RoundRequest
from api.econtract.rules import RULE_SET
from api.econtract.service.context import Context, current_version, must, worker_phone
from api.econtract.service.drafts import Draft, Drafts
from api.econtract.tables import ContractRow, InvitationRow, TemplateEventRow, VersionRow
from api.econtract.template_library import TextTemplate
from api.infra.auth import Principal
from api.kernel.clock import SHANGHAI, shanghai_day, utc_text
from api.kernel.errors import conflict, forbidden, invalid
from api.kernel.events import EventDraft, EventRef, Json
from api.kernel.ids import new_id, short_code

ZERO = "0" * 64
PURPOSE = "签订劳动合同"
EXPIRY_MARGIN = timedelta(days=2)


@dataclass(frozen=True)
class Sent:
    """Where a contract stands after sending."""

    id: str
    contract_id: str
    version: int
    state: str
    commitment: str
    base_pdf_sha256: str
    worker_deadline: datetime
    late_signing: bool


class Sending:
    """Send, recall, decline: the employer's steps."""

    def __init__(self, context: Context, drafts: Drafts) -> None:
        self._c = context
        self._drafts = drafts

    def send(self, who: Principal, pk: str, revision: int | None = None) -> Sent:
        """Checks, renders, commits and sends one text; the worker gets an SMS with a link that only he sees.

        Raises invalid `econtract.check_blocked` (with the findings), conflict `econtract.overlap` (pointing to the
        other contract), conflict `econtract.state` when it was sent already, forbidden without authority.
        """
        with (
            self._c.uow.read() as session
        ):  # everything that is asked before the text is drawn: one view of the data
            request, draft, terms, findings = self._checked(session, who, pk, revision)
        prepared = self._c.rounds.prepare(request)
        return self._commit(who, pk, draft.revision, draft.template, terms, findings, request, prepared)

    def _checked(
        self, session: Session, who: Principal, pk: str, revision: int | None
    ) -> tuple[RoundRequest, Draft, Terms, list[Finding]]:
        """A draft that may be sent, as the round that it asks for; raises as `send` does."""
        draft = self._drafts.get(who, pk)
        self._c.employers.require(draft.org_id, who.actor, SCOPE_SEND)
        if State(draft.state) not in EDITABLE:
            raise conflict("econtract.state", state=draft.state, wanted=State.SENT.value)
        if revision is not None and draft.revision != revision:
            raise conflict("econtract.draft_changed", revision=draft.revision)
        org = self._c.employers.organisation(draft.org_id)
        terms, errors = self._drafts.terms(draft.template.form, draft.values, draft.custom, org)
        if errors:
            raise invalid("econtract.fields_unreadable", pointer=errors[0].pointer, count=len(errors))
        if not terms.worker_phone:
            raise invalid("econtract.fields_unreadable", pointer="/fields/worker_phone", count=1)
        row = must(repository.contract(session, pk))
        findings = rules.check(self._drafts.case(session, row, terms, org))
        prev = repository.last_concluded(session, pk) or ZERO
        self._refuse_overlap(session, row, terms)
        if rules.blocks(findings):
            raise invalid("econtract.check_blocked", findings=[_brief(item) for item in findings])

        now = self._c.now()
        worker_deadline = self._worker_deadline(now)
        employer_limit = self._workday_end("employer_deadline_workdays", worker_deadline)
        code = new_id()
        identity = Identity(
            draft.contract_id[:16],
            draft.version + 1,
            shanghai_day(now),
            code,
            f"{self._c.public_origin}/d/{code}",
            self._c.test,
        )
        data = self._drafts.document_data(draft.template, terms, identity)
        request = RoundRequest(
            kind="labour_contract",
            stream=f"econtract/{draft.contract_id}",
            event_prefix="econtract",
            contract_id=draft.contract_id,
            version=draft.version + 1,
            prev=prev,
            template_id=draft.template.layout,
            data=data,
            clauses=[(c["id"], c["title"], c["text"]) for c in data["clauses"]],  # type: ignore[union-attr,index,call-overload,misc]
            org_id=draft.org_id,
            org_name=org.name,
            worker_name=terms.worker_name,
            agent_account_id=who.actor,
            deadline_worker=worker_deadline,
            deadline_employer=employer_limit,
            expiry=employer_limit + EXPIRY_MARGIN,
        )
        return request, draft, terms, findings

    def _commit(
        self,
        who: Principal,
        pk: str,
        revision: int,
        template: TextTemplate,
        terms: Terms,
        findings: list[Finding],
        request: RoundRequest,
        prepared: object,
    ) -> Sent:
        now = self._c.now()
        with self._c.uow() as session:
            row = must(repository.contract(session, pk))
            # Both locks before the second look: of two sends for one pair, the later one sees the earlier one.
            repository.lock_pair(session, row.org_id, str(row.worker_key))
            row = must(repository.lock_contract(session, pk))
            session.refresh(row)
            if row.revision != revision or State(row.state) not in EDITABLE:
                raise conflict("econtract.state", state=row.state, wanted=State.SENT.value)
            self._refuse_overlap(session, row, terms)
            registration = self._c.employers.registration_event(session, row.org_id)
            opened = self._c.rounds.open_round(session, prepared)
            row.version = request.version
            row.worker_person_id = None
            self._c.move(session, row, State.SENT, what="sent", role="employer")
            self._record_sent(session, who, row, template, findings, registration, opened)
            version = VersionRow(
                id=new_id(),
                contract_pk=row.id,
                version=request.version,
                round_id=opened.round_id,
                commitment=opened.commitment,
                prev=request.prev,
                base_pdf_sha256=opened.base_pdf_sha256,
                lookup_code=request.data["lookup"]["code"],  # type: ignore[index,call-overload]
                data=json.dumps(request.data, ensure_ascii=False, sort_keys=True),
                findings=[_brief(item) for item in findings],
                sent_by=who.actor,
                sent_at=now,
                worker_deadline=request.deadline_worker,
                employer_limit=request.deadline_employer,
                employer_alarmed=False,
            )
            session.add(version)
            self._invite(session, row, terms, request)
            return Sent(
                row.id,
                row.contract_id,
                row.version,
                row.state,
                opened.commitment,
                opened.base_pdf_sha256,
                request.deadline_worker,
                row.late_signing,
            )

    def _record_sent(
        self,
        session: Session,
        who: Principal,
        row: ContractRow,
        template: TextTemplate,
        findings: list[Finding],
        registration: EventRef,
        opened: object,
    ) -> None:
        digests: dict[str, Json] = dict(asdict(opened))  # type: ignore[call-overload]
        digests.pop("round_id", None)
        cites: list[Json] = [registration.cite(), self._template_event(session, template)]
        released = self._c.template_release(str(digests["template_sha256"]))
        if released is not None:
            cites.append(released.cite())
        severities: dict[str, Json] = {
            severity.value: sum(item.severity is severity for item in findings) for severity in Severity
        }
        self._c.record(
            session,
            row,
            "econtract.E06/1",
            who.actor,
            "employer",
            {
                **digests,
                "text_template": {"id": template.id, "version": template.version, "sha256": template.sha256},
                "check": {
                    "rule_set": RULE_SET,
                    "counts": severities,
                    "findings": [f"{item.rule}:{item.severity.value}:{item.clause}" for item in findings],
                },
                "cites": cites,
            },
        )
        self._c.record(
            session,
            row,
            "econtract.sent/1",
            who.actor,
            "employer",
            {"commitment": digests["commitment"], "electronic_form": True, "late_signing": row.late_signing},
        )

    def _template_event(self, session: Session, template: TextTemplate) -> Json:
        known = repository.template_event(session, template.id, template.version)
        if known is not None:
            cited: Json = known.event
            return cited
        reference = self._c.recorder.record(
            session,
            EventDraft(
                f"template/{template.id}",
                "econtract.E05/1",
                "platform",
                "platform",
                {"template_id": template.id, "version": template.version, "sha256": template.sha256},
            ),
        )
        session.add(
            TemplateEventRow(
                template_id=template.id,
                version=template.version,
                sha256=template.sha256,
                event=reference.cite(),
            )
        )
        session.flush()
        return reference.cite()

    def _invite(self, session: Session, row: ContractRow, terms: Terms, request: RoundRequest) -> None:
        token, short = secrets.token_urlsafe(24), short_code()
        session.add(
            InvitationRow(
                id=new_id(),
                contract_pk=row.id,
                version=row.version,
                token_hash=token_hash(token),
                short_hash=self._c.lookup_hash("econtract.short", short),
                phone=terms.worker_phone,
                created_at=self._c.now(),
                dead=False,
                read_seconds=0,
                read_pages=[],
                read_to_end=False,
            )
        )
        session.flush()
        self._c.notifications.queue(
            session,
            Message(
                template="econtract.invitation",
                about=row.contract_id,
                phone=terms.worker_phone,
                values={"employer": request.org_name, "purpose": PURPOSE},
                secrets={"link": f"{self._c.public_origin}/s/{token}", "code": short},
            ),
        )

    def recall(self, who: Principal, pk: str, reason: str = "") -> None:
        """Takes a sent text back before the worker signs: the old link dies and the worker is told."""
        self._close(who, pk, State.RECALLED, SCOPE_SEND, reason, "econtract.recalled")

    def decline(self, who: Principal, pk: str, reason: str) -> None:
        """The employer refuses to sign what the worker has signed."""
        if not reason.strip():
            raise invalid("econtract.reason_needed")
        self._close(who, pk, State.EMPLOYER_DECLINED, SCOPE_SIGN, reason, "econtract.declined")

    def _close(self, who: Principal, pk: str, wanted: State, scope: int, reason: str, message: str) -> None:
        if who.org_id is None:
            raise forbidden("econtract.no_organisation")
        with self._c.uow.read() as session:
            found = repository.contract(session, pk)
            if found is None or found.org_id != who.org_id:
                must(None)
        self._c.employers.require(who.org_id, who.actor, scope)
        org = self._c.employers.organisation(who.org_id)
        with self._c.uow() as session:
            row = must(repository.lock_contract(session, pk))
            version = end_round(self._c, session, row, wanted, who.actor, "employer", reason)
            self._c.notifications.queue(
                session,
                Message(
                    template=message,
                    about=row.contract_id,
                    phone=worker_phone(self._c, session, row),
                    person_id=row.worker_person_id,
                    values={"employer": org.name, "title": title_of(version)},
                ),
            )

    def _refuse_overlap(self, session: Session, row: ContractRow, terms: Terms) -> None:
        if row.worker_key is None or terms.start_date is None:
            return
        end = terms.end_date if terms.form is Form.FIXED else None
        other = repository.overlapping(session, row.org_id, row.worker_key, terms.start_date, end, row.id)
        if other is not None:
            raise conflict(
                "econtract.overlap",
                contract=other.id,
                state=other.state,
                location=f"/agent/contracts/{other.id}",
            )

    def _worker_deadline(self, now: datetime) -> datetime:
        days = self._c.parameters.days("worker_deadline_days", shanghai_day(now))
        return end_of_day(shanghai_day(now) + timedelta(days=days))

    def _workday_end(self, name: str, after: datetime) -> datetime:
        return workday_end(self._c, name, after)


def title_of(version: VersionRow) -> str:
    """A contract's title as messages name it."""
    data = json.loads(version.data)
    return f"{data['title']}（{data['subtitle']}）"


def token_hash(token: str) -> str:
    """Digest of a link token: 192 random bits need no key."""
    return hashlib.sha256(b"concord-invitation\0" + token.encode()).hexdigest()


def end_of_day(day: object) -> datetime:
    """The last second of a day in China."""
    return datetime.combine(day, time(23, 59, 59), SHANGHAI)  # type: ignore[arg-type]


def workday_end(context: Context, name: str, after: datetime) -> datetime:
    """The end of the n-th working day after a moment; n is the parameter `name`."""
    day = shanghai_day(after)
    count = context.parameters.days(name, day)
    return end_of_day(context.parameters.workdays().add(day, count))


def end_round(
    context: Context,
    session: Session,
    row: ContractRow,
    wanted: State,
    actor: str,
    role: str,
    reason: str = "",
) -> VersionRow:
    """Ends the current text in one of the closing states: round closed, event recorded, link dead."""
    event, closing = CLOSE_EVENTS[wanted]
    version: VersionRow = current_version(session, row)
    context.move(session, row, wanted, what=wanted.value.lower(), role=role, note=reason or None)
    context.rounds.close_round(session, version.round_id, closing)
    version.closed_at, version.closed_as = context.now(), wanted.value
    invitation = repository.live_invitation(session, row.id, row.version)
    if invitation is not None:
        invitation.dead = True
    payload: dict[str, Json] = {"commitment": version.commitment, "at": utc_text(context.now())}
    if reason:
        payload["reason"] = reason
    context.record(session, row, event, actor, role, payload)
    return version


def _brief(finding: Finding) -> Mapping[str, Json]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "law": finding.law,
        "clause": finding.clause,
        "zh": finding.zh,
        "en": finding.en,
    }
