"""Landed files, batches and the order of commits in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.exchange.model import (
    AT_WORK,
    Batch,
    BatchState,
    Channel,
    Landed,
    Mode,
    Progress,
    Request,
    Segment,
    Stage,
)
from api.exchange.tables import (
    ExchangeBatchRow,
    ExchangeDatasetRow,
    ExchangeLandingRow,
    ExchangeOfficerRow,
)
from api.kernel.errors import conflict, not_found

ALL_OWNERS = "*"
TICK = timedelta(microseconds=1)


def landed(row: ExchangeLandingRow) -> Landed:
    """The row as the slice speaks of it."""
    return Landed(
        row.id,
        row.dataset,
        row.sha256,
        row.size,
        row.name,
        Channel(row.channel),
        row.received_at,
        row.received_by,
    )


def batch(row: ExchangeBatchRow, landing: ExchangeLandingRow) -> Batch:
    """The row as the slice speaks of it."""
    return Batch(
        id=row.id,
        dataset=row.dataset,
        schema_version=row.schema_version,
        landing=landed(landing),
        mode=Mode(row.mode),
        state=BatchState(row.state),
        period_from=row.period_from,
        period_to=row.period_to,
        rows=row.rows,
        new=row.new,
        same=row.same,
        changed=row.changed,
        ended=row.ended,
        quarantined=row.quarantined,
        warned=row.warned,
        unmatched=row.unmatched,
        summary=row.summary or [],
        problem=row.problem,
        created_at=row.created_at,
        known_at=row.known_at,
        withdrawn_at=row.withdrawn_at,
        reason=row.reason,
        progress=_progress(row),
    )


def _progress(row: ExchangeBatchRow) -> Progress | None:
    if row.state != BatchState.CHECKING.value or row.stage is None:
        return None
    at = row.worked_at or row.created_at
    return Progress(Stage(row.stage), row.stage_done, row.stage_of, max(1, row.attempts), at)


def add(
    session: Session,
    request: Request,
    ids: tuple[str, str],
    schema_version: int,
    file: tuple[str, str, int],
    at: datetime,
    who: str,
    process: str | None,
) -> None:
    """A landed file and its batch. `ids`: of landing and batch; `file`: path, SHA-256, size; `process`: who is at work on it,
    None for the worker's queue."""
    path, sha256, size = file
    session.add(
        ExchangeLandingRow(
            id=ids[0],
            dataset=request.dataset,
            sha256=sha256,
            size=size,
            name=request.name[:200],
            path=path,
            channel=request.channel.value,
            received_at=at,
            received_by=who,
        )
    )
    session.flush()
    session.add(
        ExchangeBatchRow(
            id=ids[1],
            dataset=request.dataset,
            schema_version=schema_version,
            landing_id=ids[0],
            mode=request.mode.value,
            trial=request.trial,
            state=(BatchState.LANDED if process else BatchState.CHECKING).value,
            stage=None if process else Stage.QUEUED.value,
            owner=process,
            expected_rows=request.expected_rows,
            stated_from=request.period_from,
            stated_to=request.period_to,
            created_at=at,
        )
    )


def find(
    session: Session, batch_id: str, *, lock: bool = False
) -> tuple[ExchangeBatchRow, ExchangeLandingRow]:
    """Batch and landing rows. Raises not_found `exchange.batch_unknown`."""
    query = (
        select(ExchangeBatchRow, ExchangeLandingRow)
        .join(ExchangeLandingRow, ExchangeLandingRow.id == ExchangeBatchRow.landing_id)
        .where(ExchangeBatchRow.id == batch_id)
    )
    found = session.execute(query.with_for_update(of=ExchangeBatchRow) if lock else query).first()
    if found is None:
        raise not_found("exchange.batch_unknown")
    return found[0], found[1]


def page(
    session: Session,
    datasets: Sequence[str] | None,
    state: str,
    before: int | None,
    limit: int,
) -> list[tuple[int, Batch]]:
    """Batches of these datasets (None: all), newest first, each with its number for the next page's cursor."""
    query = (
        select(ExchangeBatchRow, ExchangeLandingRow)
        .join(ExchangeLandingRow, ExchangeLandingRow.id == ExchangeBatchRow.landing_id)
        .order_by(ExchangeBatchRow.no.desc())
        .limit(limit)
    )
    if datasets is not None:
        query = query.where(ExchangeBatchRow.dataset.in_(datasets))
    if state:
        query = query.where(ExchangeBatchRow.state == state)
    if before is not None:
        query = query.where(ExchangeBatchRow.no < before)
    return [(row.no, batch(row, landing)) for row, landing in session.execute(query)]


def unfinished(session: Session) -> list[tuple[str, str | None, datetime]]:
    """Batches that are neither tried nor settled, oldest first, each with the process at work on it and its last word."""
    row = ExchangeBatchRow
    query = select(row.id, row.owner, row.worked_at, row.created_at).where(row.state.in_(AT_WORK))
    return [
        (found, owner, at or since) for found, owner, at, since in session.execute(query.order_by(row.no))
    ]


def sent_since(session: Session, datasets: Sequence[str], since: datetime) -> int:
    """Bytes of the files that were received for these datasets since then, whatever became of them."""
    row = ExchangeLandingRow
    query = select(func.coalesce(func.sum(row.size), 0)).where(
        row.dataset.in_(datasets), row.received_at >= since
    )
    return int(session.scalar(query) or 0)


def seen_file(session: Session, dataset: str, sha256: str) -> bool:
    """Whether a file of these bytes was received for the dataset, whatever became of it.

    What was refused would be refused again, and what a person has withdrawn must not come back by itself.
    """
    query = (
        select(ExchangeBatchRow.id)
        .join(ExchangeLandingRow, ExchangeLandingRow.id == ExchangeBatchRow.landing_id)
        .where(
            ExchangeBatchRow.dataset == dataset,
            ExchangeBatchRow.trial.is_(False),
            ExchangeLandingRow.sha256 == sha256,
        )
        .limit(1)
    )
    return session.execute(query).first() is not None


def sequence(session: Session, dataset: str) -> int:
    """How many commits and withdrawals the dataset has seen."""
    row = session.get(ExchangeDatasetRow, dataset)
    return 0 if row is None else row.seq


def next_known(session: Session, dataset: str, now: datetime) -> datetime:
    """The known time of what happens next in the dataset: later than all before it, whatever the clock says."""
    row = session.get(ExchangeDatasetRow, dataset)
    return now if row is None else max(now, row.known_at + TICK)


def register_seen(session: Session, dataset: str, register_seq: int, *, whole: bool = False) -> None:
    """Note, where `advance` was called, that rows came in which were matched against this state of the register.

    whole: all rows that are unmatched were looked at again, so that nothing older is left.
    """
    row = session.get(ExchangeDatasetRow, dataset, with_for_update=True)
    if row is not None:
        fresh = whole or row.seq == 1
        row.register_seq = register_seq if fresh else min(row.register_seq, register_seq)


def behind_register(session: Session, register: str) -> list[tuple[str, int]]:
    """Datasets with rows that were matched against an older register, by code, each with its place in its own order."""
    row = ExchangeDatasetRow
    query = select(row.code, row.seq).where(
        row.code != register, row.register_seq < sequence(session, register)
    )
    return [(code, seq) for code, seq in session.execute(query.order_by(row.code))]


def advance(session: Session, dataset: str, seen: int, known_at: datetime) -> None:
    """Take the next place in the dataset's order at `known_at`.

    Raises conflict `exchange.changed_meanwhile` when somebody else has taken it since `seen` was read.
    """
    row = session.get(ExchangeDatasetRow, dataset, with_for_update=True)
    if row is None and not seen:
        try:
            with session.begin_nested():
                session.execute(
                    insert(ExchangeDatasetRow), [{"code": dataset, "seq": 1, "known_at": known_at}]
                )
        except IntegrityError as error:
            raise conflict("exchange.changed_meanwhile") from error
        return
    if row is None or row.seq != seen or row.known_at >= known_at:
        raise conflict("exchange.changed_meanwhile")
    row.seq, row.known_at = seen + 1, known_at


def _visible(known_at: datetime | None) -> list[ColumnElement[bool]]:
    row = ExchangeBatchRow
    if known_at is None:
        return [row.state == BatchState.COMMITTED.value]
    return [row.known_at <= known_at, or_(row.withdrawn_at.is_(None), row.withdrawn_at > known_at)]


def segments(
    session: Session,
    dataset: str,
    known_at: datetime | None = None,
    first_month: int | None = None,
    last_month: int | None = None,
) -> list[Segment]:
    """Segments that count at that time, in the order of their commits; those without a month in the range are left out."""
    row = ExchangeBatchRow
    query = (
        select(row).where(row.dataset == dataset, row.seq.is_not(None), *_visible(known_at)).order_by(row.seq)
    )
    if first_month is not None:
        query = query.where(or_(row.last_month.is_(None), row.last_month >= first_month))
    if last_month is not None:
        query = query.where(or_(row.first_month.is_(None), row.first_month <= last_month))
    return [
        Segment(
            found.id,
            found.seq or 0,
            found.segment or "",
            found.segment_sha256 or "",
            found.first_month,
            found.last_month,
            found.changed + found.ended,
            found.known_at or found.created_at,
        )
        for found in session.scalars(query)
    ]


def covered(session: Session, dataset: str, known_at: datetime | None = None) -> Any:
    """The last day of the newest period that a committed batch covers; None when there is none."""
    row = ExchangeBatchRow
    query = (
        select(row.period_to)
        .where(row.dataset == dataset, row.seq.is_not(None), row.period_to.is_not(None), *_visible(known_at))
        .order_by(row.period_to.desc())
        .limit(1)
    )
    return session.scalar(query)


def covered_by_dataset(session: Session, known_at: datetime | None = None) -> dict[str, date]:
    """The last day of the newest period that a committed batch covers, for every dataset that has one."""
    row = ExchangeBatchRow
    query = (
        select(row.dataset, func.max(row.period_to))
        .where(row.seq.is_not(None), row.period_to.is_not(None), *_visible(known_at))
        .group_by(row.dataset)
    )
    return {code: end for code, end in session.execute(query) if end is not None}


def named_files(session: Session) -> set[str]:
    """Paths that rows name."""
    row = ExchangeBatchRow
    paths = set(session.scalars(select(ExchangeLandingRow.path)))
    for segment, findings in session.execute(select(row.segment, row.findings).where(row.seq.is_not(None))):
        paths |= {path for path in (segment, findings) if path is not None}
    return paths


def of_landing(session: Session, landing_id: str) -> list[ExchangeBatchRow]:
    """Committed batches of one landed file, in the order of their commits: the file's own and those matched again."""
    row = ExchangeBatchRow
    query = (
        select(row)
        .where(row.landing_id == landing_id, row.state == BatchState.COMMITTED.value)
        .order_by(row.seq)
    )
    return list(session.scalars(query))


def with_unmatched(session: Session, dataset: str) -> list[str]:
    """Committed batches of senders with accepted rows whose enterprise was not found."""
    row = ExchangeBatchRow
    query = select(row.id).where(
        row.dataset == dataset,
        row.state == BatchState.COMMITTED.value,
        row.mode != Mode.REMATCH.value,
        row.unmatched > 0,
    )
    return list(session.scalars(query.order_by(row.no)))


def add_rematch(session: Session, batch_id: str, new_id: str, at: datetime) -> None:
    """A batch that will match the rows of a committed one again; nothing when one waits already."""
    origin, landing = find(session, batch_id)
    row = ExchangeBatchRow
    waiting = select(row.id).where(row.landing_id == landing.id, row.state.in_(AT_WORK))
    if origin.state != BatchState.COMMITTED.value or session.execute(waiting).first() is not None:
        return
    session.add(
        ExchangeBatchRow(
            id=new_id,
            dataset=origin.dataset,
            schema_version=origin.schema_version,
            landing_id=landing.id,
            mode=Mode.REMATCH.value,
            trial=False,
            state=BatchState.LANDED.value,
            created_at=at,
        )
    )


def take(session: Session, batch_id: str, seen: str | None, process: str, at: datetime) -> int:
    """The worker's process takes an unfinished batch from `seen` (None: nobody); which attempt this is, 0 when somebody
    else was faster."""
    row = ExchangeBatchRow
    query = (
        update(row)
        .where(row.id == batch_id, row.owner == seen, row.state.in_(AT_WORK))
        .values(
            owner=process,
            state=BatchState.CHECKING.value,
            attempts=row.attempts + 1,
            stage=Stage.QUEUED.value,
            stage_done=0,
            stage_of=0,
            worked_at=at,
        )
        .returning(row.attempts)
    )
    return session.scalar(query) or 0


def release(session: Session, batch_id: str, *, counted: bool) -> None:
    """Nobody is at work on the batch any more. counted: the attempt was the file's fault, perhaps; else it never was one."""
    row = ExchangeBatchRow
    left = row.attempts if counted else case((row.attempts > 0, row.attempts - 1), else_=0)
    session.execute(update(row).where(row.id == batch_id).values(owner=None, attempts=left))


def note(session: Session, batch_id: str, progress: tuple[Stage, int, int], at: datetime) -> None:
    """Say how far the worker is: stage, rows done, rows in all."""
    stage, done, of = progress
    row = ExchangeBatchRow
    session.execute(
        update(row)
        .where(row.id == batch_id, row.state == BatchState.CHECKING.value)
        .values(stage=stage.value, stage_done=done, stage_of=of, worked_at=at)
    )


def owners_of(session: Session, account_id: str) -> set[str]:
    """Departments for which an account sends."""
    query = select(ExchangeOfficerRow.owner).where(ExchangeOfficerRow.account_id == account_id)
    return set(session.scalars(query))


def officers(session: Session) -> list[ExchangeOfficerRow]:
    """Everybody who sends for a department."""
    query = select(ExchangeOfficerRow).order_by(ExchangeOfficerRow.owner, ExchangeOfficerRow.account_id)
    return list(session.scalars(query))


def grant(session: Session, account_id: str, owner: str, at: datetime, by: str) -> None:
    """Let an account send for a department; nothing when it may already."""
    if session.get(ExchangeOfficerRow, (account_id, owner)) is None:
        session.add(ExchangeOfficerRow(account_id=account_id, owner=owner, granted_at=at, granted_by=by))


def revoke(session: Session, account_id: str, owner: str) -> None:
    """Take the right back. Raises not_found."""
    row = session.get(ExchangeOfficerRow, (account_id, owner))
    if row is None:
        raise not_found()
    session.delete(row)
