"""Sessions and machine credentials: opaque random tokens, stored only as digests; the platform's `Authenticator`.

A CSRF token is derived from the session token, so that nothing has to be stored for it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import Response
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from api.identity import repository as repo
from api.identity.rules import SEEN_STEP
from api.identity.tables import AccountRow, MachineRow, PersonRow, SessionRow
from api.infra.auth import SESSION_COOKIE, Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.ids import new_id

MACHINE_PREFIX = "cmk_"
TIDY_STEP = timedelta(hours=1)
TIDY_AFTER = timedelta(days=30)


def token_hash(token: str) -> str:
    """Digest under which a token is stored; the token has 256 random bits, so no key is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def csrf_of(token: str) -> str:
    """The CSRF token that belongs to a session token."""
    return hashlib.sha256(b"concord csrf\0" + token.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True)
class Issued:
    """A new session and its token."""

    token: str
    row: SessionRow

    @property
    def csrf_token(self) -> str:
        """The session's CSRF token."""
        return csrf_of(self.token)


class Sessions:
    """Issues, resolves and ends sessions."""

    def __init__(self, uow: UnitOfWork, clock: Clock, *, secure: bool) -> None:
        self._uow = uow
        self._clock = clock
        self.secure = secure
        self._tidied = datetime.min.replace(tzinfo=UTC)

    def issue(
        self,
        session: Session,
        *,
        kind: str,
        state: str,
        life: timedelta,
        idle: timedelta,
        account_id: str | None = None,
        person_id: str | None = None,
        invitation_id: str | None = None,
        check_id: str | None = None,
    ) -> Issued:
        """A fresh session in the caller's transaction; its token leaves only in the answer."""
        now, token = self._clock.now(), secrets.token_urlsafe(32)
        row = SessionRow(
            id=new_id(),
            token_hash=token_hash(token),
            kind=kind,
            state=state,
            account_id=account_id,
            person_id=person_id,
            invitation_id=invitation_id,
            check_id=check_id,
            created_at=now,
            seen_at=now,
            expires_at=now + life,
            idle_seconds=int(idle.total_seconds()),
        )
        session.add(row)
        return Issued(token, row)

    def find(self, session: Session, token: str, *states: str) -> tuple[SessionRow, AccountRow | None] | None:
        """The session of a token if it is in one of `states` and neither idle nor over."""
        found = repo.session_by_token(session, token_hash(token))
        if found is None or found[0].state not in states or self._over(found[0]):
            return None
        return found

    def _over(self, row: SessionRow) -> bool:
        now = self._clock.now()
        return now >= row.expires_at or now >= row.seen_at + timedelta(seconds=row.idle_seconds)

    def end(self, token: str) -> None:
        """Log out. An unknown token is no error."""
        with self._uow() as session:
            found = repo.session_by_token(session, token_hash(token))
            if found is not None and found[0].state != "superseded":
                found[0].state = "ended"

    def tidy(self) -> int:
        """Drop sessions that ended a month ago; their acts stand in the audit and in events. At most once an hour."""
        now = self._clock.now()
        if now < self._tidied + TIDY_STEP:
            return 0
        self._tidied = now
        with self._uow() as session:
            return repo.drop_sessions(session, now - TIDY_AFTER)

    # -------------------------------------------------------------- Authenticator

    def by_session(self, token: str) -> Principal | None:
        """Principal of a cookie session.

        A session that a newer one has taken over, or that has ended, gives an anonymous principal that says so in
        ``attributes["session"]`` (superseded, expired): pages can tell the person why.
        """
        with self._uow.read() as session:
            found = repo.holder_by_token(session, token_hash(token))
            if found is None:
                return None
            row, account, person = found
            if row.state == "superseded":
                return Principal(attributes={"session": "superseded"})
            if row.state != "live":
                return None
            if self._over(row):
                return Principal(attributes={"session": "expired"})
            if account is not None:
                if account.state != "active":
                    return None
                who = self._of_account(row, account, csrf_of(token))
            elif person is None:
                return None
            else:
                who = self._of_worker(row, person, csrf_of(token))
            key, seen_at = row.id, row.seen_at
        now = self._clock.now()
        if now - seen_at >= SEEN_STEP:
            self._touch(SessionRow, key, now)
        return who

    def by_bearer(self, token: str) -> Principal | None:
        """Principal of a machine credential: the account it acts for, within its scopes."""
        if not token.startswith(MACHINE_PREFIX):
            return None
        now = self._clock.now()
        with self._uow.read() as session:
            found = repo.machine_by_token(session, token_hash(token))
            if found is None:
                return None
            row, account = found
            if row.revoked_at is not None or now >= row.expires_at:
                return None
            if account.state != "active" or account.org_id != row.org_id:
                return None
            used = row.last_used_at
            who = Principal(
                kind="machine",
                account_id=account.id,
                roles=frozenset(account.roles),
                org_id=account.org_id,
                scopes=frozenset(row.scopes),
                display_name=row.label,
                attributes={"credential_id": row.id},
            )
            key = row.id
        if used is None or now - used >= SEEN_STEP:
            self._touch(MachineRow, key, now)
        return who

    @staticmethod
    def _of_account(row: SessionRow, account: AccountRow, csrf: str) -> Principal:
        return Principal(
            kind=account.kind,
            account_id=account.id,
            roles=frozenset(account.roles),
            org_id=account.org_id,
            session_id=row.id,
            csrf_token=csrf,
            display_name=account.display_name,
            attributes={"session": "live"},
        )

    @staticmethod
    def _of_worker(row: SessionRow, person: PersonRow, csrf: str) -> Principal:
        attributes = {"session": "live"}
        for name in ("invitation_id", "check_id"):
            value = getattr(row, name)
            if value:
                attributes[name] = value
        return Principal(
            kind="worker",
            person_id=person.id,
            roles=frozenset({"worker"}),
            session_id=row.id,
            csrf_token=csrf,
            display_name=person.name,
            attributes=attributes,
        )

    def _touch(self, table: type[SessionRow] | type[MachineRow], key: str, now: datetime) -> None:
        try:
            with self._uow() as session:
                kept = session.get(table, key)
                if isinstance(kept, SessionRow):
                    kept.seen_at = now
                elif isinstance(kept, MachineRow):
                    kept.last_used_at = now
        except OperationalError:
            return  # a full or busy disk must not log people out: reading goes on

    # -------------------------------------------------------------------- cookies

    def set_cookie(self, response: Response, token: str, expires_at: datetime) -> None:
        """Put the session token into the answer's cookie: HttpOnly, SameSite=Lax, Secure behind https."""
        seconds = max(0, int((expires_at - self._clock.now()).total_seconds()))
        response.set_cookie(
            SESSION_COOKIE,
            token,
            max_age=seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def clear_cookie(self, response: Response) -> None:
        """Take the cookie back."""
        response.delete_cookie(SESSION_COOKIE, path="/", secure=self.secure, httponly=True, samesite="lax")
