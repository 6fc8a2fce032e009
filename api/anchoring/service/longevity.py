"""Keeps evidence alive beyond the certificates it was stamped under (idea of RFC 4998; evidence-spec, step 24).

A contract's tokens are named in its events, so whatever checkpoint covers these proves that they existed. Once a month one
checkpoint is therefore kept for long: before the certificate behind its last token ends, a newer token is asked for
over that token's bytes. A few renewals a year carry every contract, however many there are.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from api.anchoring.ports import Timestamps
from api.anchoring.repository import alarms, renewals
from api.anchoring.rules import SEVERITY_WARNING
from api.anchoring.tables import RenewalRow
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from signing.timestamps import token_until

log = structlog.get_logger(__name__)
LOOK_EVERY = timedelta(hours=1)
KEEP_EVERY = timedelta(days=30)
RENEW_BEFORE = timedelta(days=365)
"""A token is renewed so long before its certificate ends: a year for somebody to notice when it fails."""
WARN_BEFORE = timedelta(days=180)


class Longevity:
    """The renewal job of one installation."""

    def __init__(self, uow: UnitOfWork, clock: Clock, timestamps: Timestamps) -> None:
        self._uow = uow
        self._clock = clock
        self._timestamps = timestamps
        self._next: datetime | None = None

    def run_due(self) -> int:
        """Keep this month's checkpoint, renew what ends within a year; how many links were added."""
        now = self._clock.now()
        if self._next is not None and now < self._next:
            return 0
        self._next = now + LOOK_EVERY
        added = self._keep(now)
        with self._uow.read() as session:
            ending = renewals.last_links(session, now + RENEW_BEFORE)
        for link in ending:
            added += self._renew(link, now)
        return added

    def _keep(self, now: datetime) -> int:
        with self._uow() as session:
            last = renewals.newest_kept(session)
            newest = renewals.newest_stamped(session)
            if newest is None or newest.token is None or newest.token_time is None:
                return 0
            if last is not None and (
                last.checkpoint_size == newest.size or newest.token_time < last.time + KEEP_EVERY
            ):
                return 0
            self._add(session, newest.size, 0, newest.token, newest.token_tsa or "", newest.token_time)
        return 1

    def _renew(self, link: RenewalRow, now: datetime) -> int:
        try:
            stamp = self._timestamps.stamp(hashlib.sha256(link.token).digest())
        except Exception as error:  # whatever the authorities do, the next look tries again
            log.warning("anchoring.renewal.failed", size=link.checkpoint_size, error=type(error).__name__)
            self._warn(link, now, "no authority answered")
            return 0
        if token_until(stamp.der) <= link.until:
            self._warn(link, now, "no authority's certificate ends later")
            return 0
        with self._uow() as session:
            self._add(session, link.checkpoint_size, link.number + 1, stamp.der, stamp.tsa, stamp.time)
        return 1

    def _warn(self, link: RenewalRow, now: datetime, reason: str) -> None:
        if link.until - now > WARN_BEFORE:
            return
        facts = {"size": link.checkpoint_size, "until": link.until.isoformat(), "reason": reason}
        with self._uow() as session:
            alarms.raise_alarm(session, "longevity.not_renewed", SEVERITY_WARNING, facts, now)

    @staticmethod
    def _add(session: Session, size: int, number: int, token: bytes, tsa: str, time: datetime) -> None:
        session.add(
            RenewalRow(
                checkpoint_size=size, number=number, token=token, tsa=tsa, time=time, until=token_until(token)
            )
        )
