"""Accounts of staff and of employers' people: created by somebody entitled, never by default.

Password (Argon2id) and a second factor (TOTP, RFC 6238) for everybody who is not a worker (GB/T 22239-2019, level 3).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select

from api.identity import repository as repo
from api.identity import rules
from api.identity.model import Account, NewAccount
from api.identity.service.people import Lookup
from api.identity.tables import AccountRow
from api.infra import audit
from api.infra.auth import ANONYMOUS, Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import conflict, forbidden, not_found
from api.kernel.ids import new_id

ISSUER = "Concord"
STEP_SECONDS = 30


class Passwords:
    """Argon2id with the library's present parameters; old hashes are renewed at login."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def hash(self, password: str) -> str:
        """A fresh hash."""
        return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password fits; an unknown login costs the same time as a known one."""
        try:
            self._hasher.verify(stored or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made with weaker parameters."""
        return self._hasher.check_needs_rehash(stored)


def totp_step(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """The time step that `code` belongs to (this one or a neighbour), None if wrong or already used."""
    present = int(now.timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in (present, present - 1, present + 1):
        if step > last_step and secrets.compare_digest(totp.at(step * STEP_SECONDS), code.strip()[:12]):
            return step
    return None


def view(row: AccountRow) -> Account:
    """An account without its secrets."""
    return Account(
        account_id=row.id,
        login=row.login,
        display_name=row.display_name,
        kind=row.kind,
        roles=frozenset(row.roles),
        org_id=row.org_id,
        state=row.state,
        must_change_password=row.must_change_password,
        last_login_at=row.last_login_at,
    )


class AccountService:
    """Create, change, disable accounts."""

    def __init__(
        self, uow: UnitOfWork, clock: Clock, passwords: Passwords, lookup: Lookup, *, test_installation: bool
    ) -> None:
        self._uow = uow
        self._clock = clock
        self._passwords = passwords
        self._lookup = lookup
        self._test = test_installation

    # --------------------------------------------------------------------- create

    def bootstrap_operator(self, login: str, display_name: str = "operator") -> NewAccount:
        """The very first account, made at the console; conflict once an operator exists."""
        return self._create(login, display_name, "staff", frozenset({"operator"}), first=True)

    def create_staff(
        self,
        login: str,
        display_name: str,
        roles: frozenset[str],
        *,
        by: Principal,
        phone: str | None = None,
        password: str | None = None,
    ) -> NewAccount:
        """An account of staff, by an operator. `password` sets a known one: only in TEST installations."""
        if not by.has("operator"):
            raise forbidden("role_required")
        return self._create(login, display_name, "staff", roles, by=by, phone=phone, password=password)

    def create_employer_account(
        self,
        login: str,
        display_name: str,
        *,
        phone: str | None,
        id_number: str | None,
        org_id: str | None,
        roles: frozenset[str],
        by: Principal = ANONYMOUS,
        password: str | None = None,
    ) -> NewAccount:
        """An account of a representative or an agent; conflict when the login is taken."""
        return self._create(
            login,
            display_name,
            "employer",
            roles,
            by=by,
            phone=phone,
            id_number=id_number,
            org_id=org_id,
            password=password,
        )

    def _create(
        self,
        login: str,
        display_name: str,
        kind: str,
        roles: frozenset[str],
        *,
        by: Principal = ANONYMOUS,
        phone: str | None = None,
        id_number: str | None = None,
        org_id: str | None = None,
        password: str | None = None,
        first: bool = False,
    ) -> NewAccount:
        login = rules.normal_login(login)
        rules.check_roles(roles, kind)
        if password is not None:
            if not self._test:
                raise forbidden("identity.test_only")
            rules.check_password(password, login)
        known = password or _one_time_password()
        hashed, secret, now = self._passwords.hash(known), pyotp.random_base32(), self._clock.now()
        phone_text = self._lookup.phone(phone) if phone else None
        with self._uow() as session:
            if first and repo.any_operator(session):
                raise conflict("identity.operator_exists")
            if repo.account_by_login(session, login) is not None:
                raise conflict("identity.login_taken", pointer="/login")
            row = AccountRow(
                id=new_id(),
                login=login,
                display_name=display_name.strip()[:60] or login,
                kind=kind,
                roles=sorted(roles),
                org_id=org_id,
                phone=phone_text,
                phone_hash=self._lookup.phone_hash(phone_text) if phone_text else None,
                id_hash=self._lookup.id_hash("resident_id", id_number) if id_number else None,
                password_hash=hashed,
                password_set_at=now,
                must_change_password=password is None,
                totp_secret=secret,
                totp_last_step=0,
                failed_count=0,
                state="active",
                created_at=now,
                created_by=by.actor,
            )
            session.add(row)
            audit.record(session, by, "identity.account_created", "account", row.id, roles=sorted(roles))
        uri = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)
        return NewAccount(row.id, login, known, uri)

    # --------------------------------------------------------------------- change

    def get(self, account_id: str) -> Account:
        """One account; not_found else."""
        with self._uow.read() as session:
            return view(self._row(session.get(AccountRow, account_id)))

    def display_name(self, account_id: str) -> str:
        """The name under which an account is shown; empty for an unknown one."""
        with self._uow.read() as session:
            row = session.get(AccountRow, account_id)
            return "" if row is None else row.display_name

    def display_names(self, account_ids: Collection[str]) -> dict[str, str]:
        """The same for several accounts, one question; unknown ones are left out."""
        query = select(AccountRow).where(AccountRow.id.in_(sorted(account_ids)))
        with self._uow.read() as session:
            return {row.id: row.display_name for row in session.scalars(query)}

    def by_org(self, org_id: str) -> list[Account]:
        """Accounts of an organisation."""
        with self._uow.read() as session:
            return [view(row) for row in repo.accounts(session, org_id=org_id)]

    def staff(self) -> list[Account]:
        """Accounts of staff."""
        with self._uow.read() as session:
            return [view(row) for row in repo.accounts(session, kind="staff")]

    def attach_organisation(
        self, account_id: str, org_id: str, role: str, by: Principal = ANONYMOUS, *, move: bool = False
    ) -> None:
        """Give an employer's account its organisation and one role there; re-enables a disabled account.

        `move` takes it out of another organisation (a claim that was decided): it keeps no role from there, and its
        sessions end.
        """
        with self._uow() as session:
            row = self._row(session.get(AccountRow, account_id))
            elsewhere = row.org_id not in (None, org_id)
            if row.kind != "employer" or (elsewhere and not move):
                raise conflict("identity.account_elsewhere")
            roles = frozenset({role}) if elsewhere else frozenset(row.roles) | {role}
            rules.check_roles(roles, "employer")
            if elsewhere:
                repo.end_sessions(session, account_id=account_id)
            row.org_id, row.roles, row.state = org_id, sorted(roles), "active"
            audit.record(session, by, "identity.account_attached", "account", account_id, role=role)

    def set_roles(self, account_id: str, roles: frozenset[str], by: Principal) -> None:
        """Replace an account's roles; its sessions end."""
        with self._uow() as session:
            row = self._row(session.get(AccountRow, account_id))
            rules.check_roles(roles, row.kind)
            row.roles = sorted(roles)
            repo.end_sessions(session, account_id=account_id)
            audit.record(session, by, "identity.roles_changed", "account", account_id, roles=sorted(roles))

    def disable(self, account_id: str, by: Principal = ANONYMOUS) -> None:
        """The account can no longer log in and its sessions end; unknown accounts are ignored."""
        with self._uow() as session:
            row = session.get(AccountRow, account_id)
            if row is not None and row.state != "disabled":
                row.state = "disabled"
                repo.end_sessions(session, account_id=account_id)
                audit.record(session, by, "identity.account_disabled", "account", account_id)

    def enable(self, account_id: str, by: Principal) -> None:
        """The account may log in again; its lock is lifted."""
        with self._uow() as session:
            row = self._row(session.get(AccountRow, account_id))
            row.state, row.failed_count, row.locked_until = "active", 0, None
            audit.record(session, by, "identity.account_enabled", "account", account_id)

    def reset(self, account_id: str, by: Principal) -> NewAccount:
        """A fresh one-time password and second factor for somebody who lost his; his sessions end."""
        known, secret, now = _one_time_password(), pyotp.random_base32(), self._clock.now()
        hashed = self._passwords.hash(known)
        with self._uow() as session:
            row = self._row(session.get(AccountRow, account_id))
            row.password_hash, row.password_set_at, row.must_change_password = hashed, now, True
            row.totp_secret, row.totp_last_step = secret, 0
            row.failed_count, row.locked_until = 0, None
            repo.end_sessions(session, account_id=account_id)
            audit.record(session, by, "identity.account_reset", "account", account_id)
            login = row.login
        return NewAccount(
            account_id, login, known, pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)
        )

    @staticmethod
    def _row(row: AccountRow | None) -> AccountRow:
        if row is None:
            raise not_found()
        return row


def _one_time_password() -> str:
    """Four groups that a person can type, about 80 bits, of three kinds of characters."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    groups = ["".join(secrets.choice(letters) for _ in range(4)) for _ in range(4)]
    return "-".join([groups[0].upper(), *groups[1:]]) + f"{secrets.randbelow(10)}"
