"""Logging in of staff and employers' people: password, then TOTP, then perhaps a new password; lock-out; time-outs."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from api.identity import repository as repo
from api.identity import rules
from api.identity.model import LoginOutcome
from api.identity.service.accounts import Passwords, totp_step
from api.identity.service.people import Lookup
from api.identity.service.sessions import Issued, Sessions
from api.identity.tables import AccountRow, SessionRow
from api.infra import audit, limits
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import DomainError, forbidden

SOURCE_LIMIT = 300
SOURCE_WINDOW = timedelta(minutes=10)
STEPS = {"password": "second_factor", "renewal": "password_change", "live": "done"}


class LoginService:
    """The three steps, for pages one after another and for the API in one call."""

    def __init__(
        self, uow: UnitOfWork, clock: Clock, passwords: Passwords, sessions: Sessions, lookup: Lookup
    ) -> None:
        self._uow = uow
        self._clock = clock
        self._passwords = passwords
        self._sessions = sessions
        self._lookup = lookup

    def password(self, login: str, password: str, source: str) -> LoginOutcome:
        """Step one. Every failure is `identity.login_failed`; the fifth locks the account for 15 minutes."""
        with self._uow() as session:
            subject = "login:" + self._lookup.visitor_hash(source)
            limits.hit(session, self._clock, subject, SOURCE_LIMIT, SOURCE_WINDOW)
        key = login.strip().lower()[:60]
        with self._uow.read() as session:
            row = repo.account_by_login(session, key)
            stored = row.password_hash if row is not None else None
        # Outside any transaction: the hash takes a tenth of a second and must not hold the database meanwhile.
        right = self._passwords.matches(stored, password[:200])
        renewed = (
            self._passwords.hash(password) if right and stored and self._passwords.outdated(stored) else None
        )
        refusal: DomainError | None = None
        outcome: LoginOutcome | None = None
        with self._uow() as session:
            row = repo.account_by_login(session, key)
            if row is None:
                raise forbidden("identity.login_failed")
            refusal = self._barrier(row)
            if refusal is None and (not right or row.password_hash != stored):
                refusal = self._count(row)
                audit.record(
                    session, _of(row), "identity.login_refused", "account", row.id, factor="password"
                )
            if refusal is None:
                if renewed:
                    row.password_hash = renewed
                outcome = self._outcome(
                    self._issue(session_row=None, account=row, state="password", uow=session), row
                )
        if refusal is not None or outcome is None:
            raise refusal or forbidden("identity.login_failed")
        return outcome

    def second_factor(self, token: str, code: str) -> LoginOutcome:
        """Step two: a TOTP code, each usable once. The token changes with every step."""
        refusal: DomainError | None = None
        outcome: LoginOutcome | None = None
        with self._uow() as session:
            pending, row = self._pending(session, token, "password")
            refusal = self._barrier(row)
            if refusal is None:
                step = totp_step(row.totp_secret, code, self._clock.now(), row.totp_last_step)
                if step is None:
                    refusal = self._count(row)
                    audit.record(
                        session, _of(row), "identity.login_refused", "account", row.id, factor="totp"
                    )
                else:
                    row.totp_last_step = step
                    state = "renewal" if row.must_change_password else "live"
                    outcome = self._advance(session, pending, row, state)
        if refusal is not None or outcome is None:
            raise refusal or forbidden("identity.login_failed")
        return outcome

    def new_password(self, token: str, new_password: str) -> LoginOutcome:
        """Step three after a one-time password: choose one's own."""
        with self._uow.read() as session:
            _, row = self._pending(session, token, "renewal")
            login, stored = row.login, row.password_hash
        rules.check_password(new_password, login)
        if self._passwords.matches(stored, new_password):
            raise forbidden("identity.password_same")
        hashed = self._passwords.hash(new_password)
        with self._uow() as session:
            pending, row = self._pending(session, token, "renewal")
            row.password_hash, row.password_set_at = hashed, self._clock.now()
            row.must_change_password = False
            audit.record(session, _of(row), "identity.password_changed", "account", row.id)
            return self._advance(session, pending, row, "live")

    def at_once(
        self, login: str, password: str, totp: str, source: str, new_password: str | None = None
    ) -> LoginOutcome:
        """All steps in one call (JSON API). `identity.password_change_needed` when a new password must be chosen."""
        outcome = self.second_factor(self.password(login, password, source).token, totp)
        if outcome.step == "password_change":
            if new_password is None:
                self._sessions.end(outcome.token)
                raise forbidden("identity.password_change_needed")
            outcome = self.new_password(outcome.token, new_password)
        return outcome

    def change_password(self, who: Principal, old: str, new_password: str) -> None:
        """A logged-in person changes his password; his other sessions end."""
        with self._uow.read() as session:
            row = session.get(AccountRow, who.account_id)
            if row is None:
                raise forbidden("role_required")
            login, stored = row.login, row.password_hash
        if not self._passwords.matches(stored, old):
            raise forbidden("identity.login_failed")
        rules.check_password(new_password, login)
        hashed = self._passwords.hash(new_password)
        with self._uow() as session:
            row = session.get(AccountRow, who.account_id)
            if row is None:
                raise forbidden("role_required")
            row.password_hash, row.password_set_at = hashed, self._clock.now()
            row.must_change_password = False
            repo.end_sessions(session, account_id=row.id, keep=who.session_id)
            audit.record(session, who, "identity.password_changed", "account", row.id)

    # ------------------------------------------------------------------- details

    def _barrier(self, row: AccountRow) -> DomainError | None:
        now = self._clock.now()
        if row.state != "active":
            return forbidden("identity.login_failed")
        if row.locked_until is not None and now < row.locked_until:
            minutes = int((row.locked_until - now).total_seconds() // 60) + 1
            return forbidden("identity.account_locked", minutes=minutes)
        expired = now > row.password_set_at + rules.ONE_TIME_PASSWORD_LIFE
        if row.must_change_password and expired:
            return forbidden("identity.one_time_password_expired")
        return None

    def _count(self, row: AccountRow) -> DomainError:
        row.failed_count += 1
        if row.failed_count >= rules.FAILURES_TO_LOCK:
            row.failed_count = 0
            row.locked_until = self._clock.now() + rules.LOCK
            return forbidden("identity.account_locked", minutes=int(rules.LOCK.total_seconds() // 60))
        return forbidden("identity.login_failed")

    def _pending(self, session: Session, token: str, state: str) -> tuple[SessionRow, AccountRow]:
        found = self._sessions.find(session, token, state)
        if found is None or found[1] is None:
            raise forbidden("identity.login_step_expired")
        return found[0], found[1]

    def _issue(
        self, *, session_row: SessionRow | None, account: AccountRow, state: str, uow: Session
    ) -> Issued:
        if session_row is not None:
            session_row.state = "ended"
        live = state == "live"
        return self._sessions.issue(
            uow,
            kind=account.kind,
            state=state,
            life=rules.STAFF_LIFE if live else rules.PENDING_LIFE,
            idle=rules.STAFF_IDLE if live else rules.PENDING_LIFE,
            account_id=account.id,
        )

    def _advance(self, session: Session, pending: SessionRow, row: AccountRow, state: str) -> LoginOutcome:
        issued = self._issue(session_row=pending, account=row, state=state, uow=session)
        row.failed_count, row.locked_until = 0, None
        if state == "live":
            row.last_login_at = self._clock.now()
            audit.record(session, _of(row), "identity.logged_in", "account", row.id)
        return self._outcome(issued, row)

    @staticmethod
    def _outcome(issued: Issued, row: AccountRow) -> LoginOutcome:
        return LoginOutcome(
            step=STEPS[issued.row.state],
            token=issued.token,
            csrf_token=issued.csrf_token,
            roles=frozenset(row.roles),
            expires_at=issued.row.expires_at,
        )


def _of(row: AccountRow) -> Principal:
    return Principal(kind=row.kind, account_id=row.id, roles=frozenset(row.roles), org_id=row.org_id)
