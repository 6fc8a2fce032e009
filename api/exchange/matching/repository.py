"""The review queue in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.exchange.matching import rules
from api.exchange.matching.cascade import DECISIONS
from api.exchange.matching.model import (
    Batch,
    Candidate,
    Found,
    Identity,
    Kind,
    Method,
    Outcome,
    Review,
    State,
    Step,
)
from api.exchange.matching.tables import ReviewBatchRow, ReviewRow, ReviewStepRow
from api.kernel.ids import new_id

_CHUNK = 500


def _candidates(listed: Any) -> list[Candidate]:
    return [Candidate(int(number), Method(method), int(score)) for number, method, score in listed]


def to_review(row: ReviewRow) -> Review:
    """The row as the model has it."""
    candidates = [c for c in _candidates(row.candidates) if c.enterprise not in row.refused]
    return Review(
        review_id=row.review_id,
        identity=Identity(row.uscc, row.name, row.address),
        kind=Kind(row.kind),
        state=State(row.state),
        rows=row.rows,
        candidates=candidates,
        proposed=rules.proposed(Kind(row.kind), candidates),
        outcome=Outcome(row.outcome) if row.outcome else None,
        enterprise=row.enterprise,
        version=row.version,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
    )


def _chunks(found: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(found), _CHUNK):
        yield found[start : start + _CHUNK]


def keep(session: Session, found: Sequence[Found], batch: Batch, now: datetime) -> None:
    """Add identities of a batch to the queue, or count them again where they stand; the same batch twice is once.

    A decided identity that is offered a candidate nobody refused yet is open again.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    held = set(session.scalars(select(ReviewBatchRow.review_no).where(ReviewBatchRow.batch == batch.batch)))
    session.execute(delete(ReviewBatchRow).where(ReviewBatchRow.batch == batch.batch))
    ordered = sorted(found, key=lambda f: f.fingerprint)  # one order of locks for everybody
    for part in _chunks(ordered):
        asked = [_new(item, item.kind, now) for item in part if item.kind is not None]
        if asked:
            session.execute(insert(ReviewRow).on_conflict_do_nothing(index_elements=["fingerprint"]), asked)
        prints = [item.fingerprint for item in part]
        wanted = select(ReviewRow).where(ReviewRow.fingerprint.in_(prints)).order_by(ReviewRow.fingerprint)
        rows = {row.fingerprint: row for row in session.scalars(wanted.with_for_update())}
        for item in part:
            row = rows.get(item.fingerprint)
            if row is None:
                continue  # decided under other keys: the normalisation has changed since
            held.add(row.no)
            session.add(
                ReviewBatchRow(review_no=row.no, dataset=batch.dataset, batch=batch.batch, rows=item.rows)
            )
            row.last_seen = now
            if item.kind is not None:
                _seen(session, row, item, item.kind, now)
        session.flush()
    _recount(session, sorted(held))


def _new(item: Found, kind: Kind, now: datetime) -> dict[str, Any]:
    return {
        "review_id": new_id(),
        "fingerprint": item.fingerprint,
        "uscc": item.identity.uscc,
        "name": item.identity.name,
        "address": item.identity.address,
        "kind": kind.value,
        "state": State.OPEN.value,
        "rows": item.rows,
        "candidates": _listed(item.candidates),
        "refused": [],
        "version": 1,
        "first_seen": now,
        "last_seen": now,
    }


def _listed(candidates: Sequence[Candidate]) -> list[list[Any]]:
    return [[c.enterprise, c.method.value, c.score_bp] for c in rules.best(candidates)]


def _seen(session: Session, row: ReviewRow, item: Found, kind: Kind, now: datetime) -> None:
    listed = _listed(item.candidates)
    fresh = [number for number, _, _ in listed if number not in row.refused]
    if row.state == State.DECIDED.value:
        if row.outcome == Outcome.LINK.value or not fresh:
            return
        add_step(session, row, "reopened", None, "", now, "")
        row.state, row.outcome, row.version = State.OPEN.value, None, row.version + 1
    if row.candidates != listed or row.kind != kind.value:
        row.candidates, row.kind = listed, kind.value


def _recount(session: Session, numbers: Sequence[int]) -> None:
    """Count rows anew; what nobody decided and no batch holds any more leaves the queue."""
    for part in _chunks(numbers):
        total = select(func.coalesce(func.sum(ReviewBatchRow.rows), 0)).where(
            ReviewBatchRow.review_no == ReviewRow.no
        )
        session.execute(
            update(ReviewRow)
            .where(ReviewRow.no.in_(part))
            .values(rows=total.scalar_subquery())
            .execution_options(synchronize_session=False)
        )
        session.execute(
            delete(ReviewRow)
            .where(
                ReviewRow.no.in_(part),
                ReviewRow.state == State.OPEN.value,
                ReviewRow.rows == 0,
                ~exists().where(ReviewStepRow.review_no == ReviewRow.no),
            )
            .execution_options(synchronize_session=False)
        )
    session.expire_all()


def forget_batch(session: Session, batch: str) -> None:
    """Take a withdrawn batch out of the queue."""
    held = list(session.scalars(select(ReviewBatchRow.review_no).where(ReviewBatchRow.batch == batch)))
    session.execute(delete(ReviewBatchRow).where(ReviewBatchRow.batch == batch))
    _recount(session, sorted(held))


def get(session: Session, review_id: str, *, lock: bool = False) -> ReviewRow | None:
    """One row, locked for a decision."""
    wanted = select(ReviewRow).where(ReviewRow.review_id == review_id)
    return session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()


def listing(
    session: Session, state: State | None, kind: Kind | None, after: int, limit: int
) -> list[ReviewRow]:
    """Rows in the order in which they came, behind number `after`."""
    wanted = select(ReviewRow).where(ReviewRow.no > after).order_by(ReviewRow.no).limit(limit)
    if state is not None:
        wanted = wanted.where(ReviewRow.state == state.value)
    if kind is not None:
        wanted = wanted.where(ReviewRow.kind == kind.value)
    return list(session.scalars(wanted))


def counts(session: Session) -> dict[str, int]:
    """Open reviews by kind."""
    wanted = select(ReviewRow.kind, func.count()).where(ReviewRow.state == State.OPEN.value)
    return {kind: int(number) for kind, number in session.execute(wanted.group_by(ReviewRow.kind))}


def batches(session: Session, row: ReviewRow) -> list[Batch]:
    """Batches that hold rows of the identity."""
    wanted = select(ReviewBatchRow).where(ReviewBatchRow.review_no == row.no)
    wanted = wanted.order_by(ReviewBatchRow.dataset, ReviewBatchRow.batch)
    return [Batch(found.dataset, found.batch) for found in session.scalars(wanted)]


def add_step(
    session: Session, row: ReviewRow, action: str, enterprise: int | None, by: str, at: datetime, reason: str
) -> None:
    """Write a step with the state that it changes."""
    before = {
        "state": row.state,
        "outcome": row.outcome,
        "enterprise": row.enterprise,
        "refused": row.refused,
    }
    session.add(
        ReviewStepRow(
            review_no=row.no, action=action, enterprise=enterprise, before=before, by=by, at=at, reason=reason
        )
    )


def last_decision(session: Session, row: ReviewRow) -> ReviewStepRow | None:
    """The step that decided what is in force."""
    wanted = select(ReviewStepRow).where(
        ReviewStepRow.review_no == row.no, ReviewStepRow.action.in_([o.value for o in Outcome])
    )
    return session.scalars(wanted.order_by(ReviewStepRow.no.desc()).limit(1)).one_or_none()


def steps(session: Session, row: ReviewRow) -> list[Step]:
    """The history, oldest first."""
    wanted = select(ReviewStepRow).where(ReviewStepRow.review_no == row.no).order_by(ReviewStepRow.no)
    return [Step(s.action, s.enterprise, s.by, s.at, s.reason) for s in session.scalars(wanted)]


def decisions(session: Session) -> pl.DataFrame:
    """All decisions in force, as the cascade takes them (`cascade.DECISIONS`)."""
    wanted = select(
        ReviewRow.uscc, ReviewRow.name, ReviewRow.address, ReviewRow.outcome, ReviewRow.enterprise, ReviewRow.refused
    ).where((ReviewRow.outcome.is_not(None)) | (ReviewRow.refused != []))  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for uscc, name, address, outcome, enterprise, refused in session.execute(wanted):
        if outcome == Outcome.LINK.value:
            rows.append((uscc, name, address, enterprise, outcome))
            continue
        said = outcome or Outcome.NO.value
        rows.extend((uscc, name, address, number, said) for number in refused or [None])
    return pl.DataFrame(rows, schema=DECISIONS, orient="row")
