"""Credentials of departments' own systems: for one department and named datasets, shown once, kept as digests, expiring.

A credential sends files and rows and reads what became of them; what takes a person's judgement (withdrawing, letting a
rejected row rest, issuing credentials) it cannot do, and outside of the exchange's API it is nobody.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.exchange.repository import ALL_OWNERS
from api.exchange.rules.catalogue import delivered
from api.exchange.tables import ExchangeCredentialRow
from api.infra import audit, limits
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import forbidden, invalid, not_found
from api.kernel.ids import new_id

PREFIX = "cxk_"
OWNER, DATASETS = "exchange_owner", "exchange_datasets"
"""Attributes of such a principal: the department's code, and its datasets separated by spaces."""
MOST = 20
LONGEST_DAYS = 365
WINDOW = timedelta(minutes=1)
SENDS, READS = 60, 600
"""Requests a credential may make within the window."""
SEEN_STEP = timedelta(minutes=5)


@dataclass(frozen=True)
class Credential:
    """A credential without its secret."""

    id: str
    owner: str
    datasets: Sequence[str]
    label: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def is_credential(who: Principal) -> bool:
    """Whether a department's system is asking, not a person."""
    return OWNER in who.attributes


def person_only(who: Principal) -> None:
    """Raise forbidden `exchange.person_needed` for a department's system."""
    if is_credential(who):
        raise forbidden("exchange.person_needed")


def _hash(token: str) -> str:
    """Digest under which a token is stored; it has 256 random bits, so no key is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _view(row: ExchangeCredentialRow) -> Credential:
    return Credential(
        row.id, row.owner, tuple(row.datasets), row.label, row.created_at, row.expires_at, row.last_used_at, row.revoked_at
    )  # fmt: skip


class Credentials:
    """Issue, list, revoke; from a presented token to who is asking."""

    def __init__(self, uow: UnitOfWork, clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    def issue(
        self,
        who: Principal,
        owners: Collection[str],
        owner: str,
        datasets: Collection[str],
        label: str,
        days: int,
    ) -> tuple[Credential, str]:
        """A credential and its secret, which nobody can read again. `owners`: departments for which `who` sends.

        Raises forbidden for a machine, not_found for another department, invalid `exchange.credential_datasets|_days|_many`.
        """
        person_only(who)
        if owner == ALL_OWNERS or not ({owner, ALL_OWNERS} & set(owners)):
            raise not_found("exchange.owner_unknown")
        own = {what.code for what in delivered().values() if what.owner.code == owner}
        if not datasets or not set(datasets) <= own:
            raise invalid("exchange.credential_datasets", pointer="/datasets")
        if not 1 <= days <= LONGEST_DAYS:
            raise invalid("exchange.credential_days", pointer="/days", longest=LONGEST_DAYS)
        now, token = self._clock.now(), PREFIX + secrets.token_urlsafe(32)
        row = ExchangeCredentialRow(
            id=new_id(),
            owner=owner,
            datasets=sorted(set(datasets)),
            label=label.strip()[:80] or "system",
            token_hash=_hash(token),
            created_at=now,
            created_by=who.actor,
            expires_at=now + timedelta(days=days),
        )
        with self._uow() as session:
            if self._living(session, owner, now) >= MOST:
                raise invalid("exchange.credential_many", most=MOST)
            session.add(row)
            session.flush()
            audit.record(
                session, who, "exchange.credential_issued", "exchange_credential", row.id,
                owner=owner, datasets=row.datasets, days=days,
            )  # fmt: skip
        return _view(row), token

    @staticmethod
    def _living(session: Session, owner: str, now: datetime) -> int:
        row = ExchangeCredentialRow
        query = select(func.count()).where(row.owner == owner, row.revoked_at.is_(None), row.expires_at > now)
        return int(session.scalar(query) or 0)

    def listed(self, owners: Collection[str]) -> list[Credential]:
        """Credentials of these departments, newest first."""
        row = ExchangeCredentialRow
        query = select(row).order_by(row.created_at.desc(), row.id)
        if ALL_OWNERS not in owners:
            query = query.where(row.owner.in_(sorted(owners)))
        with self._uow.read() as session:
            return [_view(found) for found in session.scalars(query)]

    def revoke(self, who: Principal, owners: Collection[str], number: str) -> None:
        """End a credential at once; twice is the same as once. Raises forbidden for a machine, not_found."""
        person_only(who)
        with self._uow() as session:
            row = session.get(ExchangeCredentialRow, number, with_for_update=True)
            if row is None or not ({row.owner, ALL_OWNERS} & set(owners)):
                raise not_found()
            if row.revoked_at is None:
                row.revoked_at, row.revoked_by = self._clock.now(), who.actor
                audit.record(
                    session,
                    who,
                    "exchange.credential_revoked",
                    "exchange_credential",
                    row.id,
                    owner=row.owner,
                )

    def principal(self, token: str, *, sends: bool) -> Principal | None:
        """Who presents this token; None when it is unknown, expired or revoked. Counts the request.

        Raises forbidden `too_many_requests`.
        """
        if not token.startswith(PREFIX):
            return None
        now = self._clock.now()
        with self._uow() as session:
            row = session.scalars(
                select(ExchangeCredentialRow).where(ExchangeCredentialRow.token_hash == _hash(token))
            ).one_or_none()
            if row is None or row.revoked_at is not None or now >= row.expires_at:
                return None
            subject = f"exchange-credential/{row.id}/{'send' if sends else 'read'}"
            limits.hit(session, self._clock, subject, SENDS if sends else READS, WINDOW)
            if row.last_used_at is None or now - row.last_used_at >= SEEN_STEP:
                row.last_used_at = now
            return Principal(
                kind="machine",
                account_id=f"exchange-{row.id}",
                scopes=frozenset({"send"}),
                display_name=row.label,
                attributes={OWNER: row.owner, DATASETS: " ".join(row.datasets), "credential_id": row.id},
            )
