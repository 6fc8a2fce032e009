"""Registration of an organisation: facts, code check, uploads. Nothing is believed before the desk has reviewed it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from api.employers import repository as rows
from api.employers import rules
from api.employers.model import MaterialKind, NewAccount, OrgState
from api.employers.service.wiring import Wiring, own_as_representative
from api.employers.tables import MaterialRow, MemberRow, OrganisationRow
from api.infra import audit, limits
from api.infra.auth import ANONYMOUS, Principal
from api.kernel.errors import conflict, invalid, not_found

REGISTRATIONS_PER_DAY = 5


@dataclass(frozen=True)
class Application:
    """What an applicant states."""

    name: str
    uscc: str
    region_code: int
    domicile: str
    legal_representative: str
    id_number: str
    phone: str
    login: str
    id_kind: str = "resident_id"
    demo: bool = False


@dataclass(frozen=True)
class Registered:
    """Outcome of a registration. `account` holds credentials that are shown once."""

    org_id: str
    state: str
    uscc_passed: bool
    account: NewAccount


class Registration:
    """Applications and their materials."""

    def __init__(self, wiring: Wiring) -> None:
        self._w = wiring

    def register(self, application: Application) -> Registered:
        """Take an application and create the representative's account.

        A code whose check characters fail goes to the desk with a mark; a code that another organisation holds or claims
        makes this claim a dispute for the desk.
        """
        code, stated = self._checked(application)
        org_id = secrets.token_hex(32)
        with self._w.uow() as session:
            subject = "registration:" + self._w.lookup("phone", stated.phone)
            limits.hit(session, self._w.clock, subject, REGISTRATIONS_PER_DAY, timedelta(days=1))
        # The account lives in another slice with a transaction of its own: it comes first, and goes if ours fails.
        account = self._w.accounts.create(
            login=stated.login,
            display_name=stated.legal_representative,
            phone=stated.phone,
            id_number=stated.id_number,
            org_id=org_id,
            role="representative",
        )
        try:
            with self._w.uow() as session:
                state = self._insert(session, org_id, account, code, stated)
        except Exception:
            self._w.accounts.disable(account.account_id)
            raise
        return Registered(org_id, state, code.passed, account)

    def amend(self, principal: Principal, application: Application) -> OrganisationRow:
        """Correct an application that is not decided yet, or resubmit one that was rejected."""
        code, stated = self._checked(application)
        with self._w.uow() as session:
            org = own_as_representative(session, principal, lock=True)
            if org.state not in (OrgState.PENDING, OrgState.REJECTED, OrgState.DISPUTED):
                raise conflict("employers.already_decided", state=org.state)
            self._fill(session, org, code, stated)
            org.uscc_confirmed_by = None
            org.reason = None
            audit.record(session, principal, "employers.application.amended", "organisation", org.org_id)
            return org

    def upload(self, principal: Principal, kind: str, data: bytes) -> MaterialRow:
        """Store one document of the application, in place of an earlier one of its kind."""
        material_kind = _material_kind(kind)
        checked = rules.check_upload(data)
        with self._w.uow() as session:
            org = own_as_representative(session, principal, lock=True)
            if org.state in (OrgState.VERIFIED, OrgState.MERGED):
                raise conflict("employers.already_decided", state=org.state)
            row = rows.material(session, org.org_id, material_kind)
            if row is None:
                row = MaterialRow(org_id=org.org_id, kind=material_kind)
                session.add(row)
            row.media_type, row.data, row.size = checked.media_type, checked.data, len(checked.data)
            row.sha256 = hashlib.sha256(checked.data).hexdigest()
            row.uploaded_at = self._w.clock.now()
            audit.record(
                session,
                principal,
                "employers.material.uploaded",
                "organisation",
                org.org_id,
                kind=material_kind,
            )
            return row

    def own_materials(self, principal: Principal) -> list[MaterialRow]:
        """The documents that the representative handed in."""
        with self._w.uow.read() as session:
            return rows.materials(session, own_as_representative(session, principal).org_id)

    def material(self, principal: Principal, org_id: str | None, kind: str) -> MaterialRow:
        """Read a document: the representative his own, the desk any; every reading is audited."""
        material_kind = _material_kind(kind)
        with self._w.uow() as session:
            if org_id is None or not principal.has("review_officer"):
                org_id = own_as_representative(session, principal).org_id
            row = rows.material(session, org_id, material_kind)
            if row is None:
                raise not_found()
            audit.record(
                session,
                principal,
                "employers.material.read",
                "organisation",
                org_id,
                purpose="review" if principal.has("review_officer") else "own",
                kind=material_kind,
            )
            return row

    def _checked(self, stated: Application) -> tuple[rules.CodeCheck, Application]:
        if stated.demo and not self._w.test:
            raise invalid("employers.demo_refused", pointer="/demo")
        code = rules.check_uscc(stated.uscc)
        number = stated.id_number.strip()
        if stated.id_kind == "resident_id":
            number = rules.check_resident_id(number)
        return code, Application(
            name=rules.check_text(stated.name, "name", 120),
            uscc=code.uscc,
            region_code=rules.check_region(stated.region_code, code.kind),
            domicile=rules.check_text(stated.domicile, "domicile", 200),
            legal_representative=rules.check_text(stated.legal_representative, "legal_representative", 60),
            id_number=rules.check_text(number, "id_number", 40),
            phone=rules.check_phone(stated.phone),
            login=rules.check_text(stated.login, "login", 60),
            id_kind=rules.check_text(stated.id_kind, "id_kind", 30),
            demo=stated.demo,
        )

    def _insert(
        self, session: Session, org_id: str, account: NewAccount, code: rules.CodeCheck, stated: Application
    ) -> str:
        now = self._w.clock.now()
        org = OrganisationRow(
            org_id=org_id,
            representative_account=account.account_id,
            created_at=now,
            last_nonce=0,
            demo=stated.demo,
        )
        self._fill(session, org, code, stated)
        session.add(org)
        session.flush()
        session.add(
            MemberRow(
                account_id=account.account_id,
                org_id=org_id,
                kind="representative",
                display_name=stated.legal_representative,
                login=stated.login,
                active=True,
                created_at=now,
            )
        )
        audit.record(
            session,
            ANONYMOUS,
            "employers.organisation.registered",
            "organisation",
            org_id,
            state=org.state,
            uscc_passed=code.passed,
        )
        return org.state

    def _fill(
        self, session: Session, org: OrganisationRow, code: rules.CodeCheck, stated: Application
    ) -> None:
        others = [row for row in rows.claims_of(session, code.uscc) if row.org_id != org.org_id]
        org.uscc, org.uscc_passed, org.kind = code.uscc, code.passed, code.kind
        org.name, org.region_code, org.domicile = stated.name, stated.region_code, stated.domicile
        org.legal_representative, org.id_kind = stated.legal_representative, stated.id_kind
        org.id_number, org.contact_phone = stated.id_number, stated.phone
        org.state = OrgState.DISPUTED if others else OrgState.PENDING
        org.disputes = others[0].org_id if others else None


def _material_kind(kind: str) -> MaterialKind:
    try:
        return MaterialKind(kind)
    except ValueError:
        raise not_found() from None
