"""Queries over the index: everything that the regulator's pages and figures are made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.anchoring.model import AppendRow, ContractQuery, ContractRow, Count, OrganisationRow, Page
from api.anchoring.tables import (
    IndexAppendRow,
    IndexContractRow,
    IndexOrganisationRow,
    IndexWarningStepRow,
)
from api.kernel.errors import invalid

MAX_PAGE = 500

_COLUMNS = (
    IndexContractRow.contract_id,
    IndexContractRow.version,
    IndexContractRow.commitment,
    IndexContractRow.prev,
    IndexContractRow.org_id,
    IndexContractRow.region_code,
    IndexContractRow.current,
    IndexContractRow.level,
    IndexContractRow.attested_at,
    IndexContractRow.month,
    IndexContractRow.employer_wallet,
    IndexContractRow.worker_key_hash,
    IndexContractRow.subject,
    IndexContractRow.check_digest,
    IndexContractRow.issuer,
    IndexContractRow.block_number,
    IndexContractRow.log_index,
    IndexContractRow.transaction,
)

_GROUPS: dict[str, Any] = {
    "month": IndexContractRow.month,
    "region": IndexContractRow.region_code,
    "organisation": IndexContractRow.org_id,
    "state": IndexContractRow.current,
    "level": IndexContractRow.level,
}


def _row(row: Any) -> ContractRow:
    values = list(row)
    values[6] = "concluded" if row.current else "superseded"
    return ContractRow(*values)


def within(column: InstrumentedAttribute[str], prefix: str) -> list[ColumnElement[bool]]:
    """Codes that begin with `prefix`, as a range that an index can serve on every database."""
    if not (prefix.isascii() and prefix.isdigit() and len(prefix) <= 12):
        raise invalid("anchoring.region_malformed")
    above = str(int(prefix) + 1).zfill(len(prefix))
    lower = column >= prefix
    # After a prefix of nines there is no next one of its length, and every greater code begins with it.
    return [lower] if len(above) > len(prefix) else [lower, column < above]


def _filters(query: ContractQuery) -> list[ColumnElement[bool]]:
    row = IndexContractRow
    found: list[ColumnElement[bool]] = []
    exact = (
        (row.contract_id, query.contract_id),
        (row.org_id, query.org_id),
        (row.month, query.month),
        (row.employer_wallet, query.wallet),
        (row.level, query.level),
    )
    found += [column == value for column, value in exact if value is not None]
    if query.region_prefix:
        found += within(row.region_code, query.region_prefix)
    if query.state is not None:
        if query.state not in {"concluded", "superseded"}:
            raise invalid("anchoring.state_unknown", state=query.state[:20])
        found.append(row.current.is_(query.state == "concluded"))
    return found


def _place(after: str) -> tuple[int, int]:
    block, _, index = after.partition("-")
    if not (block.isdigit() and index.isdigit() and len(after) < 40):
        raise invalid("anchoring.cursor_malformed")
    return int(block), int(index)


def contracts(session: Session, query: ContractQuery) -> Page[ContractRow]:
    """Contract versions, newest first; `after` is the `next` of the page before."""
    row = IndexContractRow
    limit = max(1, min(query.limit, MAX_PAGE))
    statement = select(*_COLUMNS).where(*_filters(query))
    if query.after:
        block, index = _place(query.after)
        statement = statement.where(
            (row.block_number < block) | ((row.block_number == block) & (row.log_index < index))
        )
    statement = statement.order_by(row.block_number.desc(), row.log_index.desc()).limit(limit + 1)
    found = [_row(r) for r in session.execute(statement)]
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], f"{last.block_number}-{last.log_index}" if last else None)


def counts(session: Session, by: str, query: ContractQuery) -> list[Count]:
    """Number of contract versions by month, region, organisation, state or level, under the query's filters."""
    if by not in _GROUPS:
        raise invalid("anchoring.group_unknown", by=by[:20])
    column = _GROUPS[by]
    rows = session.execute(
        select(column, func.count()).where(*_filters(query)).group_by(column).order_by(column)
    )
    if by == "state":
        return [Count("concluded" if key else "superseded", number) for key, number in rows]
    return [Count(str(key), number) for key, number in rows]


def total(session: Session, query: ContractQuery) -> int:
    """Number of contract versions under the query's filters."""
    return int(
        session.execute(
            select(func.count()).select_from(IndexContractRow).where(*_filters(query))
        ).scalar_one()
    )


def history(session: Session, contract_id: str) -> list[ContractRow]:
    """All versions of a contract, oldest first."""
    statement = (
        select(*_COLUMNS)
        .where(IndexContractRow.contract_id == contract_id)
        .order_by(IndexContractRow.version)
    )
    return [_row(r) for r in session.execute(statement)]


def warning_digests(session: Session, chain_id: str) -> dict[int, str]:
    """Digest of each step of a warning by sequence."""
    row = IndexWarningStepRow
    found = session.execute(select(row.sequence, row.digest).where(row.warning_id == chain_id))
    return {found_row.sequence: found_row.digest for found_row in found}


def organisations(
    session: Session, region_prefix: str | None, org_id: str | None, after: str | None, limit: int
) -> Page[OrganisationRow]:
    """Organisations by id, with the number of their contracts in force."""
    row = IndexOrganisationRow
    limit = max(1, min(limit, MAX_PAGE))
    number = (
        select(func.count())
        .where(IndexContractRow.org_id == row.org_id, IndexContractRow.current.is_(True))
        .scalar_subquery()
    )
    statement: Select[Any, Any, Any, Any, Any, Any, Any, Any] = select(
        row.org_id,
        row.region_code,
        row.representative,
        row.seal_key_hash,
        row.registrar,
        row.nonce,
        row.registered_block,
        number,
    )
    if region_prefix:
        statement = statement.where(*within(row.region_code, region_prefix))
    if org_id:
        statement = statement.where(row.org_id == org_id)
    if after:
        statement = statement.where(row.org_id > after)
    found = [OrganisationRow(*r) for r in session.execute(statement.order_by(row.org_id).limit(limit + 1))]
    return Page(found[:limit], found[limit - 1].org_id if len(found) > limit else None)


_APPEND = (
    IndexAppendRow.first_index,
    IndexAppendRow.count,
    IndexAppendRow.size,
    IndexAppendRow.root,
    IndexAppendRow.transaction,
    IndexAppendRow.block_number,
    IndexAppendRow.audited,
)


def appends(session: Session, after_index: int | None, limit: int) -> list[AppendRow]:
    """Batches of the log in order, after the one that begins at `after_index`."""
    statement = select(*_APPEND).order_by(IndexAppendRow.first_index).limit(max(1, min(limit, MAX_PAGE)))
    if after_index is not None:
        statement = statement.where(IndexAppendRow.first_index > after_index)
    return [AppendRow(*row) for row in session.execute(statement)]


def unaudited(session: Session, limit: int) -> list[AppendRow]:
    """Batches whose entries have not been compared with our events."""
    statement = (
        select(*_APPEND)
        .where(IndexAppendRow.audited.is_(False))
        .order_by(IndexAppendRow.first_index)
        .limit(limit)
    )
    return [AppendRow(*row) for row in session.execute(statement)]


def mark_audited(session: Session, first_indexes: list[int]) -> None:
    """Note that the entries of these batches are ours."""
    session.execute(
        update(IndexAppendRow).where(IndexAppendRow.first_index.in_(first_indexes)).values(audited=True)
    )


def log_size(session: Session) -> int:
    """Size of the log as its newest indexed batch states it."""
    newest = select(IndexAppendRow.size).order_by(IndexAppendRow.first_index.desc()).limit(1)
    return int(session.execute(newest).scalar() or 0)
