"""Shares: asked for, decided by a second person, read through masks with an audit line each time, exported, revoked, expired."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy.orm import Session

from api.exchange.sharing import files, repository, rules
from api.exchange.sharing.masking import shown, treatment
from api.exchange.sharing.model import (
    Asked,
    Export,
    Page,
    Rows,
    Share,
    SharedColumn,
    SharedDataset,
    State,
    Treatment,
)
from api.exchange.sharing.ports import ShareSource
from api.exchange.sharing.tables import ShareRow
from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import invalid, not_found
from api.kernel.ids import new_id

OVERSEERS = ("operator", "regulator", "auditor")
"""Roles that see everybody's requests; rows are read only by the one who asked."""
_PART = 5_000


class Sharing:
    """One installation's sharing out."""

    def __init__(self, uow: UnitOfWork, clock: Clock, source: ShareSource) -> None:
        self._uow, self._clock, self._source = uow, clock, source

    def now(self) -> datetime:
        """The moment by which shares expire."""
        return self._clock.now()

    # -- asking and deciding

    def datasets(self) -> list[SharedDataset]:
        """What can be asked for."""
        return list(self._source.datasets().values())

    def request(self, who: Principal, asked: Asked) -> Share:
        """Ask for fields of a dataset for a purpose; audited. Raises invalid."""
        dataset = self._source.datasets().get(asked.dataset)
        if dataset is None:
            raise invalid("exchange.share_dataset_unknown", pointer="/dataset")
        share = Share(
            share_id=new_id(), asked=rules.checked(asked, dataset), state=State.REQUESTED, version=1,
            requested_by=who.actor, requested_at=self._clock.now(), decided_by=None, decided_at=None,
            decision_reason=None, expires_at=None, revoked_by=None, revoked_at=None, revocation_reason=None,
        )  # fmt: skip
        with self._uow() as session:
            repository.add(session, share)
            self._audit(session, who, "requested", share, clearance=asked.clearance)
        return share

    def decide(self, who: Principal, share_id: str, version: int, approve: bool, reason: str) -> Share:
        """Approve or refuse, by another person than asked; the time runs from now. Audited.

        Raises not_found, forbidden (the same person), conflict (decided or changed), invalid (reason).
        """
        reason, now = rules.reason(reason), self._clock.now()
        with self._uow() as session:
            row = self._row(session, share_id, lock=True)
            rules.check_decision(repository.to_share(row), version, who.actor)
            row.state = (State.APPROVED if approve else State.REFUSED).value
            row.decided_by, row.decided_at, row.decision_reason = who.actor, now, reason
            row.expires_at = now + timedelta(days=row.days) if approve else None
            row.version += 1
            share = repository.to_share(row)
            self._audit(session, who, share.state.value, share)
        return share

    def revoke(self, who: Principal, share_id: str, version: int, reason: str) -> Share:
        """End an approved share at once: by who asked, or who oversees. Audited. Raises not_found, conflict, invalid."""
        reason = rules.reason(reason)
        with self._uow() as session:
            row = self._row(session, share_id, lock=True)
            self._check_visible(who, row)
            rules.check_revocation(repository.to_share(row), version)
            row.state, row.version = State.REVOKED.value, row.version + 1
            row.revoked_by, row.revoked_at, row.revocation_reason = who.actor, self._clock.now(), reason
            share = repository.to_share(row)
            self._audit(session, who, "revoked", share)
        return share

    # -- seeing requests

    def share(self, who: Principal, share_id: str) -> Share:
        """One's own request, or anybody's for those who oversee. Raises not_found."""
        with self._uow.read() as session:
            row = self._row(session, share_id)
            self._check_visible(who, row)
            return repository.to_share(row)

    def listing(
        self, who: Principal, state: State | None = None, before: int | None = None, limit: int = 50
    ) -> Page:
        """Requests, newest first: one's own, or all for those who oversee."""
        own = None if who.has(*OVERSEERS) else who.actor
        with self._uow.read() as session:
            found = repository.listing(session, own, state, before, limit + 1)
        shown_rows = [repository.to_share(row) for row in found[:limit]]
        return Page(shown_rows, str(found[limit - 1].no) if len(found) > limit else "")

    def trail(self, who: Principal, share_id: str, after: int = 0, limit: int = 50) -> list[audit.AuditRow]:
        """The audit lines of a share, oldest first. Raises not_found."""
        self.share(who, share_id)
        with self._uow.read() as session:
            return audit.of_object(session, "share", share_id, after, limit)

    def preview(self, share: Share) -> dict[str, Treatment]:
        """What each asked field will look like, for the one who decides."""
        dataset = self._source.datasets().get(share.asked.dataset)
        if dataset is None:
            return {}
        return self._treatments(share, dataset, rules.columns_of(share, dataset))

    # -- reading through

    def read(self, who: Principal, share_id: str, after: str = "", limit: int = 50) -> Rows:
        """A page of masked rows; one audit line, written before anything is handed out, refused reads too.

        Raises not_found (nobody's but the one's who asked), forbidden (not approved, expired, revoked).
        """
        share, dataset, columns = self._open(who, share_id)
        frame, following = self._source.rows(dataset.code, [c.name for c in columns], after, limit)
        how = self._treatments(share, dataset, columns)
        rows = _masked(frame, columns, how)
        self._account(who, share_id, "read", rows=len(rows), after=after)
        return Rows(share, columns, how, rows, following)

    def export(self, who: Principal, share_id: str, kind: str) -> Export:
        """All rows as `csv` or `xlsx` with the visible line; the export's number stands in its audit line. As `read`.

        Raises invalid `exchange.share_export_too_large` above 50,000 rows.
        """
        share, dataset, columns = self._open(who, share_id)
        how = self._treatments(share, dataset, columns)
        rows: list[Mapping[str, Any]] = []
        after, names = "", [c.name for c in columns]
        while True:
            frame, after = self._source.rows(dataset.code, names, after, _PART)
            rows += _masked(frame, columns, how)
            if len(rows) > rules.EXPORT_LIMIT:
                raise invalid("exchange.share_export_too_large", most=rules.EXPORT_LIMIT)
            if not after:
                break
        export_id = new_id()
        mark = rules.watermark(share, export_id, self._clock.now())
        if kind == "csv":
            content, media = files.as_csv(mark, columns, rows), files.CSV_TYPE
        else:
            content, media = files.as_xlsx(mark, export_id, columns, rows), files.XLSX_TYPE
        self._account(who, share_id, "exported", rows=len(rows), export=export_id, kind=kind)
        return Export(export_id, content, len(rows), media, f"{dataset.code}-{export_id}.{kind}")

    def _open(self, who: Principal, share_id: str) -> tuple[Share, SharedDataset, list[SharedColumn]]:
        with self._uow.read() as session:
            row = self._row(session, share_id)
            if row.requested_by != who.actor:
                raise not_found()
            share = repository.to_share(row)
        self._refuse(who, share)
        dataset = self._source.datasets().get(share.asked.dataset)
        if dataset is None:
            raise not_found()
        return share, dataset, rules.columns_of(share, dataset)

    def _account(self, who: Principal, share_id: str, action: str, **facts: Any) -> None:
        """Write the line of a read, if the share is still open; a revocation that was faster wins."""
        with self._uow() as session:
            share = repository.to_share(self._row(session, share_id, lock=True))
            if rules.closed(share, self._clock.now()) is None:
                self._audit(session, who, action, share, **facts)
        self._refuse(who, share)

    def _refuse(self, who: Principal, share: Share) -> None:
        closed = rules.closed(share, self._clock.now())
        if closed is not None:
            with self._uow() as session:
                self._audit(session, who, "read_refused", share, code=closed.code)
            raise closed

    # -- inside

    def _treatments(
        self, share: Share, dataset: SharedDataset, columns: list[SharedColumn]
    ) -> dict[str, Treatment]:
        return {c.name: treatment(c, dataset.sensitivity, share.asked.clearance) for c in columns}

    def _row(self, session: Session, share_id: str, *, lock: bool = False) -> ShareRow:
        row = repository.get(session, share_id, lock=lock)
        if row is None:
            raise not_found()
        return row

    def _check_visible(self, who: Principal, row: ShareRow) -> None:
        if row.requested_by != who.actor and not who.has(*OVERSEERS):
            raise not_found()

    def _audit(self, session: Session, who: Principal, action: str, share: Share, **facts: Any) -> None:
        audit.record(
            session, who, f"exchange.share_{action}", "share", share.share_id, share.asked.purpose,
            dataset=share.asked.dataset, fields=list(share.asked.fields), **facts,
        )  # fmt: skip


def _masked(
    frame: pl.DataFrame, columns: list[SharedColumn], how: Mapping[str, Treatment]
) -> list[dict[str, Any]]:
    masked = frame.with_columns(shown(column, how[column.name]) for column in columns)
    return masked.select(column.name for column in columns).to_dicts()
