"""Persons: workers' names, documents and numbers, sealed at rest, found by keyed hash, opened only with a purpose."""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.identity import repository as repo
from api.identity import rules
from api.identity.model import CONSENT_PURPOSES as PURPOSES
from api.identity.model import AccessView, ClearPerson, ConsentView, Person
from api.identity.tables import AccessRow, ConsentRow, PersonRow
from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.infra.sealing import FieldKey
from api.kernel.clock import Clock
from api.kernel.errors import invalid, not_found
from api.kernel.ids import new_id
from signing.identity_service.errors import IdentityRefused
from signing.identity_service.persons import Claim, normal_id_number, normal_name, normal_phone


def _field(exc: IdentityRefused) -> str:
    return "/" + str(exc.facts.get("field", ""))


class Lookup:
    """Normal forms and keyed hashes of personal fields; the formats are the identity service's own."""

    def __init__(self, key: FieldKey) -> None:
        self._key = key

    def name(self, name: str) -> str:
        """Normal form; raises invalid `identity.input_invalid`."""
        try:
            return normal_name(name)
        except IdentityRefused as exc:
            raise invalid("identity.input_invalid", pointer=_field(exc)) from None

    def id_number(self, kind: str, number: str) -> str:
        """Normal form; a wrong check character is invalid `identity.id_number_invalid`."""
        try:
            return normal_id_number(kind, number)
        except IdentityRefused as exc:
            raise invalid("identity.id_number_invalid", pointer=_field(exc)) from None

    def phone(self, phone: str) -> str:
        """Normal form; raises invalid `identity.phone_invalid`."""
        try:
            return normal_phone(phone)
        except IdentityRefused as exc:
            raise invalid("identity.phone_invalid", pointer=_field(exc)) from None

    def claim(self, name: str, kind: str, number: str, phone: str) -> Claim:
        """All elements in normal form."""
        return Claim(self.name(name), kind, self.id_number(kind, number), self.phone(phone))

    def id_hash(self, kind: str, number: str) -> str:
        """Keyed hash of a document number."""
        return self._key.lookup("id", f"{kind}:{self.id_number(kind, number)}")

    def phone_hash(self, phone: str) -> str:
        """Keyed hash of a phone number in normal form."""
        return self._key.lookup("phone", phone)

    def visitor_hash(self, visitor: str) -> str:
        """Keyed hash of what tells visitors apart (address, device)."""
        return self._key.lookup("visitor", visitor)


def view(row: PersonRow) -> Person:
    """A person with masks."""
    return Person(
        row.id,
        row.name,
        rules.masked_id_number(row.id_number),
        rules.masked_phone(row.phone),
        row.demo,
    )


class PersonService:
    """Keep, find and open persons; their consents; who read their data."""

    def __init__(self, uow: UnitOfWork, clock: Clock, lookup: Lookup) -> None:
        self._uow = uow
        self._clock = clock
        self._lookup = lookup

    def ensure(self, name: str, id_number: str, phone: str, id_kind: str = "resident_id") -> str:
        """The person with this document, made if unknown; returns the person id. Never overwrites a confirmed one."""
        claim = self._lookup.claim(name, id_kind, id_number, phone)
        with self._uow() as session:
            return self.keep(session, claim).id

    def keep(self, session: Session, claim: Claim) -> PersonRow:
        """As `ensure`, inside the caller's transaction and with normal forms."""
        id_hash = self._lookup.id_hash(claim.id_kind, claim.id_number)
        row = repo.person_by_id_hash(session, id_hash)
        if row is None:
            row = PersonRow(
                id=new_id(),
                name=claim.name,
                id_kind=claim.id_kind,
                id_number=claim.id_number,
                id_hash=id_hash,
                phone=claim.phone,
                phone_hash=self._lookup.phone_hash(claim.phone),
                demo=claim.demo,
                level=0,
                created_at=self._clock.now(),
            )
            session.add(row)
            session.flush()
        return row

    def confirmed(self, session: Session, claim: Claim, ref: str, level: int) -> PersonRow:
        """Bind what the identity service has confirmed: its reference, name and number as of now."""
        row = self.keep(session, claim)
        row.ref, row.name, row.level = ref, claim.name, level
        row.phone, row.phone_hash = claim.phone, self._lookup.phone_hash(claim.phone)
        row.confirmed_at = self._clock.now()
        return row

    def get(self, person_id: str) -> Person:
        """A person with masks; not_found else."""
        with self._uow.read() as session:
            return view(self._row(session, person_id))

    def names(self, person_ids: list[str]) -> dict[str, str]:
        """Names by id, for whoever is entitled to see them (the caller's duty)."""
        with self._uow.read() as session:
            return {row.id: row.name for row in repo.persons(session, person_ids)}

    def find_by_id_number(self, id_number: str, id_kind: str = "resident_id") -> str | None:
        """Person id by document number."""
        with self._uow.read() as session:
            row = repo.person_by_id_hash(session, self._lookup.id_hash(id_kind, id_number))
            return None if row is None else row.id

    def open(
        self, person_id: str, purpose: str, principal: Principal, case_no: str | None = None
    ) -> ClearPerson:
        """A person's data in clear. Needs a purpose, is audited; a reading by an authority is shown to the person."""
        if not purpose.strip():
            raise invalid("identity.purpose_needed", pointer="/purpose")
        with self._uow() as session:
            row = self._row(session, person_id)
            audit.record(
                session,
                principal,
                "identity.person_opened",
                "person",
                person_id,
                purpose=purpose,
                case_no=case_no,
            )
            if principal.has("regulator", "court", "review_officer", "auditor"):
                self.record_access(session, person_id, principal.display_name, "person", None)
            return ClearPerson(row.id, row.name, row.id_kind, row.id_number, row.phone)

    # ------------------------------------------------------------- reading by others

    def record_access(
        self, session: Session, person_id: str, authority: str, action: str, contract_id: str | None
    ) -> None:
        """Note in the caller's transaction that an authority read a person's data; the person sees it."""
        session.add(
            AccessRow(
                id=new_id(),
                person_id=person_id,
                authority=authority[:120],
                action=action[:80],
                contract_id=contract_id,
                at=self._clock.now(),
            )
        )

    def accesses(self, person_id: str) -> list[AccessView]:
        """Who opened this person's data: authority and date, never the case number (complainants are protected)."""
        with self._uow.read() as session:
            rows = repo.accesses(session, person_id)
            return [AccessView(row.at, row.authority, row.action, row.contract_id) for row in rows]

    # -------------------------------------------------------------------- consents

    def consents(self, person_id: str) -> list[ConsentView]:
        """Consents given and withdrawn."""
        with self._uow.read() as session:
            rows = repo.consents(session, person_id)
            return [ConsentView(r.purpose, r.version, r.given_at, r.withdrawn_at) for r in rows]

    def give_consent(self, person_id: str, purpose: str, version: str) -> None:
        """Record a separate consent (PIPL art. 29). Given twice is one consent."""
        if purpose not in PURPOSES:
            raise invalid("identity.consent_unknown", pointer="/purpose")
        with self._uow() as session:
            self._row(session, person_id)
            for row in repo.consents(session, person_id):
                if (row.purpose, row.version, row.withdrawn_at) == (purpose, version, None):
                    return
            session.add(
                ConsentRow(
                    id=new_id(),
                    person_id=person_id,
                    purpose=purpose,
                    version=version,
                    given_at=self._clock.now(),
                )
            )

    def withdraw_consent(self, person_id: str, purpose: str) -> None:
        """Withdraw every living consent of a purpose (PIPL art. 15); what was done before stays lawful."""
        with self._uow() as session:
            for row in repo.consents(session, person_id):
                if row.purpose == purpose and row.withdrawn_at is None:
                    row.withdrawn_at = self._clock.now()

    def has_consent(self, person_id: str, purpose: str) -> bool:
        """Whether a living consent stands."""
        return any(c.purpose == purpose and c.withdrawn_at is None for c in self.consents(person_id))

    @staticmethod
    def _row(session: Session, person_id: str) -> PersonRow:
        row = session.get(PersonRow, person_id)
        if row is None:
            raise not_found()
        return row
