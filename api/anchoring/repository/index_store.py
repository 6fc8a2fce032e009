"""The index's store in SQL: projects chain events, rolls back, and can be dropped and rebuilt to the same content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from api.anchoring.model import RoleEvent
from api.anchoring.rules import LATEST, month_of, organisation_after
from api.anchoring.tables import (
    IndexAppendRow,
    IndexContractRow,
    IndexMarkRow,
    IndexOrganisationRow,
    IndexRoleEventRow,
    IndexWarningStepRow,
)
from api.infra.db import Base, Database
from chain.calls import ChainEvent
from chain.indexer import IndexMark

KEEP_MARKS = 4_096
"""Marks kept for finding the common ancestor after a reorganisation; finality makes deeper ones impossible."""

_EVENTS = (IndexContractRow, IndexRoleEventRow, IndexAppendRow, IndexWarningStepRow)
_CONTENT = (*_EVENTS, IndexOrganisationRow)
_TABLES = (*_CONTENT, IndexMarkRow)
_WITHOUT_ROLES = frozenset({"EvidenceLog", "LaborContractRegistry"})


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


class SqlIndexStore:
    """Projection of the chain's events into tables."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def mark(self) -> IndexMark | None:
        with self._db.read() as session:
            return newest_mark(session)

    def marks_below(self, number: int, limit: int) -> list[IndexMark]:
        with self._db.read() as session:
            rows = session.execute(
                select(IndexMarkRow.number, IndexMarkRow.hash, IndexMarkRow.digest)
                .where(IndexMarkRow.number < number)
                .order_by(IndexMarkRow.number.desc())
                .limit(limit)
            )
            return [IndexMark(*row) for row in rows]

    def apply(self, events: Sequence[ChainEvent], marks: Sequence[IndexMark]) -> None:
        with self._db.transaction() as session:
            previous = session.execute(select(func.max(IndexMarkRow.number))).scalar()
            if previous is not None and previous >= marks[0].number:
                return  # another pass has been here: its result is the same
            self._project(session, events)
            session.execute(
                insert(IndexMarkRow),
                [{"number": m.number, "hash": m.hash, "digest": m.digest} for m in marks],
            )
            session.execute(delete(IndexMarkRow).where(IndexMarkRow.number < marks[-1].number - KEEP_MARKS))

    def _project(self, session: Session, events: Sequence[ChainEvent]) -> None:
        roles = [
            _role_event(e) for e in events if e.contract not in _WITHOUT_ROLES and e.name != "WarningDecided"
        ]
        if roles:
            _insert(session, IndexRoleEventRow, roles)
            _refold(session, {r["org_id"] for r in roles if r["org_id"] is not None})
        appends = [_append(e) for e in events if e.name == "Appended"]
        if appends:
            _insert(session, IndexAppendRow, appends)
        decided = [_warning_step(e) for e in events if e.name == "WarningDecided"]
        if decided:
            _insert(session, IndexWarningStepRow, decided)
        concluded = [e for e in events if e.name == "Concluded"]
        if concluded:
            self._contracts(session, concluded)

    @staticmethod
    def _contracts(session: Session, events: Sequence[ChainEvent]) -> None:
        orgs = sorted({e.fields["orgId"].hex() for e in events})
        regions: dict[str, str] = {}
        for start in range(0, len(orgs), 500):
            part = orgs[start : start + 500]
            found = session.execute(
                select(IndexOrganisationRow.org_id, IndexOrganisationRow.region_code).where(
                    IndexOrganisationRow.org_id.in_(part)
                )
            )
            regions.update({row.org_id: row.region_code for row in found})
        rows: dict[tuple[str, int], dict[str, Any]] = {}
        newest: dict[str, int] = {}
        for event in events:
            row = _contract(event, regions)
            earlier = newest.get(row["contract_id"])
            if earlier is not None:
                rows[row["contract_id"], earlier]["current"] = False
            newest[row["contract_id"]] = row["version"]
            rows[row["contract_id"], row["version"]] = row
        later = [{"b_id": contract} for contract, version in rows if version > 1]
        if later:
            table = IndexContractRow.__table__
            session.connection().execute(
                update(table).where(table.c.contract_id == bindparam("b_id")).values(current=False),  # type: ignore[arg-type]
                later,
            )
        _insert(session, IndexContractRow, list(rows.values()))

    def rollback(self, number: int) -> None:
        with self._db.transaction() as session:
            orgs = set(
                session.execute(
                    select(IndexRoleEventRow.org_id)
                    .where(IndexRoleEventRow.block_number > number, IndexRoleEventRow.org_id.is_not(None))
                    .distinct()
                ).scalars()
            )
            contracts = set(
                session.execute(
                    select(IndexContractRow.contract_id).where(IndexContractRow.block_number > number)
                ).scalars()
            )
            for table in _EVENTS:
                session.execute(delete(table).where(table.block_number > number))
            session.execute(delete(IndexMarkRow).where(IndexMarkRow.number > number))
            _refold(session, {org for org in orgs if org is not None})
            for contract in contracts:
                last = session.execute(
                    select(func.max(IndexContractRow.version)).where(IndexContractRow.contract_id == contract)
                ).scalar()
                session.execute(
                    update(IndexContractRow)
                    .where(IndexContractRow.contract_id == contract, IndexContractRow.version == last)
                    .values(current=True)
                )

    def drop(self) -> None:
        """Forget the whole index; the next passes rebuild it from the chain alone."""
        with self._db.transaction() as session:
            for table in _TABLES:
                session.execute(delete(table))


def newest_mark(session: Session) -> IndexMark | None:
    """The newest mark as a session sees it."""
    row = session.execute(
        select(IndexMarkRow.number, IndexMarkRow.hash, IndexMarkRow.digest)
        .order_by(IndexMarkRow.number.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else IndexMark(*row)


def content_digest(session: Session) -> str:
    """SHA-256 over every projected row, in the order of the primary keys: equal content, equal digest.

    `audited` is left out: it is our own note, not the chain's.
    """
    digest = hashlib.sha256()
    for table in _CONTENT:
        columns = [c for c in table.__table__.columns if c.name != "audited"]
        keys = [c for c in columns if c.primary_key]
        for row in session.execute(select(*columns).order_by(*keys)):
            digest.update(repr(tuple(row)).encode("utf-8"))
    return digest.hexdigest()


def role_events(session: Session, org: str) -> list[RoleEvent]:
    """An organisation's role events in chain order."""
    rows = session.execute(
        select(
            IndexRoleEventRow.block_number,
            IndexRoleEventRow.log_index,
            IndexRoleEventRow.transaction,
            IndexRoleEventRow.name,
            IndexRoleEventRow.fields,
        )
        .where(IndexRoleEventRow.org_id == org)
        .order_by(IndexRoleEventRow.block_number, IndexRoleEventRow.log_index)
    )
    return [RoleEvent(*row) for row in rows]


def _insert(session: Session, row: type[Base], rows: list[dict[str, Any]]) -> None:
    """Insert many rows at once, past the unit of work: a rebuild writes thousands a second."""
    session.connection().execute(insert(row.__table__), rows)  # type: ignore[arg-type]


def _refold(session: Session, orgs: set[str]) -> None:
    """Write organisations anew from their events."""
    if not orgs:
        return
    session.execute(delete(IndexOrganisationRow).where(IndexOrganisationRow.org_id.in_(orgs)))
    rows = []
    for org in sorted(orgs):
        state = organisation_after(role_events(session, org))
        if state is not None:
            rows.append({"org_id": org, **state})
    if rows:
        session.execute(insert(IndexOrganisationRow), rows)


def _role_event(event: ChainEvent) -> dict[str, Any]:
    org = event.fields.get("orgId")
    return {
        "block_number": event.log.block_number,
        "log_index": event.log.index,
        "org_id": org.hex() if org is not None else None,
        "name": event.name,
        "fields": {name: _plain(value) for name, value in event.fields.items()},
        "transaction": event.log.transaction.hex(),
    }


def _append(event: ChainEvent) -> dict[str, Any]:
    fields = event.fields
    return {
        "first_index": fields["firstIndex"],
        "count": fields["count"],
        "size": fields["size"],
        "root": fields["root"].hex(),
        "transaction": event.log.transaction.hex(),
        "block_number": event.log.block_number,
        "log_index": event.log.index,
        "audited": False,
    }


def _warning_step(event: ChainEvent) -> dict[str, Any]:
    fields = event.fields
    return {
        "warning_id": fields["warningId"].hex(),
        "sequence": fields["sequence"],
        "kind": fields["kind"],
        "grade": fields["grade"],
        "automatic": fields["automatic"],
        "town_code": str(fields["townCode"]),
        "input_hash": fields["inputHash"].hex(),
        "rule_set_hash": fields["ruleSetHash"].hex(),
        "prev": fields["prev"].hex(),
        "digest": fields["digest"].hex(),
        "stated_at": datetime.fromtimestamp(min(fields["time"], LATEST), UTC),
        "decided_by": fields["decidedBy"],
        "reviewed_by": None if int(fields["reviewedBy"], 16) == 0 else fields["reviewedBy"],
        "block_number": event.log.block_number,
        "log_index": event.log.index,
        "transaction": event.log.transaction.hex(),
    }


def _contract(event: ChainEvent, regions: dict[str, str]) -> dict[str, Any]:
    fields = event.fields
    org = fields["orgId"].hex()
    attested = min(fields["attestationTime"], LATEST)
    return {
        "contract_id": fields["contractId"].hex(),
        "version": fields["version"],
        "commitment": fields["commitment"].hex(),
        "prev": fields["prev"].hex(),
        "org_id": org,
        "region_code": regions.get(org, ""),
        "current": True,
        "level": fields["level"],
        "attested_at": datetime.fromtimestamp(attested, UTC),
        "month": month_of(attested),
        "employer_wallet": fields["employerWallet"],
        "worker_key_hash": fields["workerKeyHash"].hex(),
        "subject": fields["subject"].hex(),
        "check_digest": fields["checkDigest"].hex(),
        "issuer": fields["issuer"],
        "block_number": event.log.block_number,
        "log_index": event.log.index,
        "transaction": event.log.transaction.hex(),
    }
