"""Drafts: start, autosave, live check, preview. Nothing leaves the house here; only authorised agents get in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from api.econtract import composition, fields, figures, repository, template_library
from api.econtract.composition import Identity
from api.econtract.fields import FieldError
from api.econtract.lifecycle import EDITABLE, REOPENABLE
from api.econtract.model import Case, Figures, Finding, Form, History, Severity, State, Terms
from api.econtract.ports import SCOPE_DRAFT, Organisation
from api.econtract.repository import ContractFilter
from api.econtract.rules import check as run_rules
from api.econtract.rules.r10_written_in_time import is_late_signing
from api.econtract.service.context import Context, must
from api.econtract.tables import ContractRow
from api.econtract.template_library import TextTemplate
from api.infra.auth import Principal
from api.kernel.errors import conflict, forbidden, invalid
from api.kernel.events import Json
from api.kernel.ids import new_id, random32

MAX_DRAFT = 200_000


@dataclass(frozen=True)
class CheckResult:
    """What the legality check found: field errors first, then findings, gravest first."""

    findings: Sequence[Finding]
    errors: Sequence[FieldError]

    @property
    def sendable(self) -> bool:
        """Nothing blocks sending."""
        return not self.errors and not any(item.severity is Severity.BLOCK for item in self.findings)


@dataclass(frozen=True)
class Draft:
    """A draft as its editor sees it."""

    id: str
    contract_id: str
    org_id: str
    state: str
    revision: int
    version: int
    template: TextTemplate
    values: Mapping[str, Any]
    custom: Sequence[Mapping[str, str]]
    updated_at: datetime


class Drafts:
    """Everything before sending."""

    def __init__(self, context: Context) -> None:
        self._c = context

    def create(self, who: Principal, template_id: str, copy_of: str | None = None) -> Draft:
        """Starts a draft from the newest version of a template, perhaps with another contract's values."""
        org_id = self._authorised(who)
        template = template_library.offered(template_id)
        values: dict[str, Any] = dict(fields.defaults())
        custom: list[dict[str, str]] = []
        now = self._c.now()
        with self._c.uow() as session:
            if copy_of is not None:
                source = must(repository.contract(session, copy_of))
                if source.org_id != org_id:
                    must(None)
                stored = json.loads(source.draft)
                values, custom = stored["values"], stored["custom"]
            row = ContractRow(
                id=new_id(),
                contract_id=random32().hex(),
                org_id=org_id,
                created_by=who.actor,
                created_at=now,
                updated_at=now,
                revision=1,
                state=State.DRAFT.value,
                form=template.form.value,
                template_id=template.id,
                template_version=template.version,
                draft="",
                post="",
                has_probation=False,
                late_signing=False,
                version=0,
            )
            self._store(row, values, custom)
            session.add(row)
            session.flush()
            repository.add_history(session, row, now, "created", "employer")
            return self._draft(row)

    def save(
        self,
        who: Principal,
        pk: str,
        values: Mapping[str, Any],
        custom: Sequence[Mapping[str, str]],
        revision: int | None = None,
        window: str = "",
    ) -> tuple[Draft, CheckResult]:
        """Keeps a draft's values as they are typed, readable or not, and checks them.

        A draft that nothing blocks is CHECKED. Raises conflict `econtract.draft_changed` when `revision` is not the
        stored one and another `window` saved last: a window that types quickly never stands in its own way.
        """
        org = self._c.employers.organisation(self._authorised(who))
        unknown = sorted(set(values) - {field.name for field in fields.schema()})
        if unknown:
            raise invalid("econtract.field_unknown", field=unknown[0][:80])
        with self._c.uow() as session:
            row = self._own(session, who, pk, lock=True)
            if State(row.state) in REOPENABLE:
                self._c.move(session, row, State.DRAFT, what="reopened", role="employer")
            if State(row.state) not in EDITABLE:
                raise conflict("econtract.not_editable", state=row.state)
            same_window = window != "" and json.loads(row.draft).get("window") == window
            if revision is not None and row.revision != revision and not same_window:
                raise conflict("econtract.draft_changed", revision=row.revision)
            self._store(row, values, custom, window)
            terms, errors = self.terms(Form(row.form), values, custom, org)
            result = CheckResult(run_rules(self.case(session, row, terms, org)), errors)
            row.state = (State.CHECKED if result.sendable else State.DRAFT).value
            row.revision += 1
            row.updated_at = self._c.now()
            return self._draft(row), result

    def discard(self, who: Principal, pk: str) -> None:
        """Deletes a draft that was never sent."""
        self._authorised(who)
        with self._c.uow() as session:
            row = self._own(session, who, pk, lock=True)
            if State(row.state) not in EDITABLE or row.version > 0:
                raise conflict("econtract.not_editable", state=row.state)
            for line in repository.history(session, pk):
                session.delete(line)
            session.flush()
            session.delete(row)

    def reopen(self, who: Principal, pk: str) -> Draft:
        """Takes up a refused, recalled or expired contract again as a draft."""
        self._authorised(who)
        with self._c.uow() as session:
            row = self._own(session, who, pk, lock=True)
            self._c.move(session, row, State.DRAFT, what="reopened", role="employer")
            return self._draft(row)

    def get(self, who: Principal, pk: str) -> Draft:
        """A draft of one's own organisation; not_found for all others."""
        with self._c.uow.read() as session:
            return self._draft(self._own(session, who, pk))

    def contracts(self, who: Principal, wanted: ContractFilter) -> tuple[Sequence[ContractRow], bool]:
        """A page of the organisation's contracts and whether another follows."""
        org_id = self._organisation_of(who)
        with self._c.uow.read() as session:
            rows = list(repository.of_employer(session, org_id, wanted))
        return rows[: wanted.limit], len(rows) > wanted.limit

    def counts(self, who: Principal) -> dict[str, int]:
        """Contracts of the organisation by state."""
        with self._c.uow.read() as session:
            return repository.counts(session, self._organisation_of(who))

    def check(self, who: Principal, pk: str) -> CheckResult:
        """The legality check of a stored draft."""
        with self._c.uow.read() as session:
            row = self._own(session, who, pk)
            stored = json.loads(row.draft)
            org = self._c.employers.organisation(row.org_id)
            terms, errors = self.terms(Form(row.form), stored["values"], stored["custom"], org)
            case = self.case(session, row, terms, org)
        return CheckResult(run_rules(case), errors)

    def check_values(
        self, who: Principal, form: Form, values: Mapping[str, Any], custom: Sequence[Mapping[str, str]]
    ) -> CheckResult:
        """The legality check of values that are not stored (an employer's own system asks before it drafts)."""
        org = self._c.employers.organisation(self._organisation_of(who))
        terms, errors = self.terms(form, values, custom, org)
        found = History()
        if terms.worker_id_number:
            key = self._c.worker_key(terms.worker_id_kind, terms.worker_id_number)
            with self._c.uow.read() as session:
                found = repository.history_of_pair(session, org.org_id, key, "", terms.start_date)
        return CheckResult(run_rules(self._case(terms, found, org)), errors)

    def preview(self, who: Principal, pk: str) -> bytes:
        """The draft as a PDF, with a look-up code of zeros: it is not the text that would be signed."""
        draft = self.get(who, pk)
        org = self._c.employers.organisation(draft.org_id)
        terms, errors = self.terms(draft.template.form, draft.values, draft.custom, org)
        if errors:
            raise invalid("econtract.fields_unreadable", pointer=errors[0].pointer, count=len(errors))
        code = "2" * 26
        data = composition.document(
            draft.template,
            terms,
            Identity(
                draft.contract_id[:16],
                draft.version + 1,
                self._c.today(),
                code,
                f"{self._c.public_origin}/d/{code}",
                self._c.test,
            ),
        )
        data["subtitle"] = f"{data['subtitle']} · 预览"
        return self._c.preview.render(draft.template.layout, data)

    def terms(
        self, form: Form, values: Mapping[str, Any], custom: Sequence[Mapping[str, str]], org: Organisation
    ) -> tuple[Terms, list[FieldError]]:
        """Reads values and adds what the register says of the employer."""
        terms, errors = fields.parse(form, values, custom)
        return (
            replace(
                terms,
                employer_name=org.name,
                employer_uscc=org.uscc,
                employer_address=org.address,
                employer_representative=org.representative,
            ),
            errors,
        )

    def case(self, session: Session, row: ContractRow, terms: Terms, org: Organisation) -> Case:
        """Everything that the rules look at for one contract."""
        found = History()
        if row.worker_key is not None:
            found = repository.history_of_pair(session, row.org_id, row.worker_key, row.id, terms.start_date)
        return self._case(terms, found, org)

    def _case(self, terms: Terms, found: History, org: Organisation) -> Case:
        today = self._c.today()
        day = max(today, terms.start_date) if terms.start_date else today
        local = self._c.parameters.figures(terms.place_region, org.region, today)
        return Case(terms, figures.resolve(local, day), found, today)

    def _store(
        self,
        row: ContractRow,
        values: Mapping[str, Any],
        custom: Sequence[Mapping[str, str]],
        window: str = "",
    ) -> None:
        kept = [{"title": str(item.get("title", "")), "text": str(item.get("text", ""))} for item in custom]
        stored = {"values": dict(values), "custom": kept, "window": window[:64]}
        text = json.dumps(stored, ensure_ascii=False, sort_keys=True)
        if len(text) > MAX_DRAFT:
            raise invalid("econtract.draft_too_large", limit=MAX_DRAFT)
        row.draft = text
        terms, _ = fields.parse(Form(row.form), values, kept)
        row.worker_name = terms.worker_name or None
        row.worker_key = (
            self._c.worker_key(terms.worker_id_kind, terms.worker_id_number)
            if terms.worker_id_number
            else None
        )
        row.post = terms.post
        row.start_date, row.end_date = terms.start_date, terms.end_date
        row.has_probation = terms.probation_end is not None
        row.late_signing = is_late_signing(Case(terms, Figures(), History(), self._c.today()))

    def _draft(self, row: ContractRow) -> Draft:
        stored = json.loads(row.draft)
        template = must(template_library.find(row.template_id, row.template_version))
        return Draft(
            row.id,
            row.contract_id,
            row.org_id,
            row.state,
            row.revision,
            row.version,
            template,
            stored["values"],
            stored["custom"],
            row.updated_at,
        )

    def _own(self, session: Session, who: Principal, pk: str, *, lock: bool = False) -> ContractRow:
        row = (repository.lock_contract if lock else repository.contract)(session, pk)
        if row is None or row.org_id != self._organisation_of(who):
            must(None)
        found: ContractRow = row  # type: ignore[assignment]
        return found

    def _organisation_of(self, who: Principal) -> str:
        if who.org_id is None:
            raise forbidden("econtract.no_organisation")
        return who.org_id

    def _authorised(self, who: Principal) -> str:
        org_id = self._organisation_of(who)
        self._c.employers.require(org_id, who.actor, SCOPE_DRAFT)
        return org_id

    def document_data(self, template: TextTemplate, terms: Terms, identity: Identity) -> dict[str, Json]:
        """The data of the text that will be signed."""
        return composition.document(template, terms, identity)
