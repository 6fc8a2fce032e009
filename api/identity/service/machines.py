"""Credentials for an employer's own system: made by one of its people, acting for that person within scopes."""

from __future__ import annotations

import secrets

from api.identity import repository as repo
from api.identity import rules
from api.identity.model import EMPLOYER_ROLES, MACHINE_SCOPES, MachineView
from api.identity.service.sessions import MACHINE_PREFIX, token_hash
from api.identity.tables import MachineRow
from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import forbidden, invalid, not_found
from api.kernel.ids import new_id

MOST = 20


def require_scope(who: Principal, scope: str) -> None:
    """A machine credential needs the scope; a person at a browser has all of his own rights."""
    if who.kind == "machine" and scope not in who.scopes:
        raise forbidden("identity.scope_missing", scope=scope)


class MachineService:
    """Create, list, revoke."""

    def __init__(self, uow: UnitOfWork, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    def create(self, who: Principal, label: str, scopes: frozenset[str]) -> tuple[str, str]:
        """(credential id, secret). The secret is shown once; only its digest is kept."""
        if (
            who.kind != "employer"
            or not who.has(*EMPLOYER_ROLES)
            or who.org_id is None
            or who.account_id is None
        ):
            raise forbidden("role_required")
        if not scopes or not scopes <= MACHINE_SCOPES:
            raise invalid("identity.scopes_unknown", pointer="/scopes")
        now, token = self._clock.now(), MACHINE_PREFIX + secrets.token_urlsafe(32)
        with self._uow() as session:
            living = [row for row in repo.machines(session, who.org_id) if row.revoked_at is None]
            if len(living) >= MOST:
                raise invalid("identity.too_many_credentials", most=MOST)
            row = MachineRow(
                id=new_id(),
                account_id=who.account_id,
                org_id=who.org_id,
                label=label.strip()[:80] or "system",
                token_hash=token_hash(token),
                scopes=sorted(scopes),
                created_at=now,
                expires_at=now + rules.MACHINE_LIFE,
            )
            session.add(row)
            audit.record(
                session, who, "identity.credential_created", "machine", row.id, scopes=sorted(scopes)
            )
            return row.id, token

    def listed(self, who: Principal) -> list[MachineView]:
        """Credentials of one's organisation."""
        if who.org_id is None:
            return []
        with self._uow.read() as session:
            return [
                MachineView(
                    row.id,
                    row.label,
                    frozenset(row.scopes),
                    row.created_at,
                    row.expires_at,
                    row.last_used_at,
                    row.revoked_at,
                )
                for row in repo.machines(session, who.org_id)
            ]

    def revoke(self, who: Principal, credential_id: str) -> None:
        """End a credential of one's organisation: one's own, or any as its representative."""
        with self._uow() as session:
            row = session.get(MachineRow, credential_id)
            if row is None or row.org_id != who.org_id:
                raise not_found()
            if row.account_id != who.account_id and not who.has("representative"):
                raise forbidden("role_required")
            if row.revoked_at is None:
                row.revoked_at = self._clock.now()
                audit.record(session, who, "identity.credential_revoked", "machine", row.id)
