"""Questions for lists and pages: each is one statement, whatever the number of enterprises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, select, tuple_
from sqlalchemy.orm import Session

from api.kernel.clock import shanghai_day
from api.risk import tables as t
from api.risk.model import RunKind, RunState, WarningState
from api.risk.rules import Sight
from api.risk.views import Wanted

NEED = case(
    (t.WarningRow.pending > 0, 100 + 10 * t.WarningRow.pending),
    (t.WarningRow.unconfirmed, 50 + 10 * t.WarningRow.grade),
    else_=10 * t.WarningRow.grade,
)
"""What needs a person first: a signature that is missing, what the rules issued and nobody has confirmed, then the other
open warnings; red before blue."""


def _seen(sight: Sight, town: Any) -> list[ColumnElement[bool]]:
    return [] if sight.towns is None else [town.in_(sorted(sight.towns))]


HIGHER: Any = case(
    (t.WarningRow.pending > t.WarningRow.grade, t.WarningRow.pending), else_=t.WarningRow.grade
)
"""The colour of a warning: what waits for a signature, where that is higher than what was issued."""
WAITS = (t.WarningRow.pending > 0) | t.WarningRow.unconfirmed
"""A person must sign or confirm: no snooze hides it."""
OPEN = (WarningState.PROPOSED.value, WarningState.ISSUED.value)


def _lines(
    sight: Sight, wanted: Wanted, today: date, among: Sequence[int] | None
) -> list[ColumnElement[bool]]:
    """Conditions of the morning list but for the colour; warnings are joined with standings."""
    snoozed = exists().where(
        t.JudgementRow.enterprise == t.WarningRow.enterprise,
        t.JudgementRow.kind == "snooze",
        t.JudgementRow.withdrawn_at.is_(None),
        t.JudgementRow.expires_on >= today,
    )
    states: dict[str, ColumnElement[bool]] = {
        "": WAITS | ~snoozed,
        "waiting": WAITS,
        "issued": ~WAITS & ~snoozed,
        "snoozed": ~WAITS & snoozed,
    }
    found = [
        t.WarningRow.state.in_(OPEN),
        states[wanted.state],
        *_seen(sight, t.StandingRow.town),
    ]
    if wanted.town:
        found.append(t.StandingRow.town == wanted.town)
    if among is not None:
        found.append(t.WarningRow.enterprise.in_(list(among)))
    return found


def morning(
    session: Session, sight: Sight, wanted: Wanted, today: date, after: tuple[int, int, str] | None, limit: int,
    among: Sequence[int] | None = None,
) -> Sequence[Any]:  # fmt: skip
    """(warning, standing, need) of open warnings, by need, score and id. among: only these enterprises."""
    place = (NEED, t.StandingRow.score, t.WarningRow.id)
    query = (
        select(t.WarningRow, t.StandingRow, NEED)
        .join(t.StandingRow, t.StandingRow.enterprise == t.WarningRow.enterprise)
        .where(*_lines(sight, wanted, today, among))
        .order_by(*(column.desc() for column in place))
        .limit(limit)
    )
    if wanted.grade is not None:
        query = query.where(wanted.grade == HIGHER)
    if after is not None:
        query = query.where(tuple_(*place) < after)
    return session.execute(query).all()


def morning_counts(
    session: Session, sight: Sight, wanted: Wanted, today: date, among: Sequence[int] | None = None
) -> tuple[dict[int, int], int]:
    """Lines by colour under every condition but the colour's, and how many of them wait for a signature or a confirmation."""
    colour = HIGHER.label("colour")
    query = (
        select(colour, func.count(), func.sum(case((WAITS, 1), else_=0)))
        .join(t.StandingRow, t.StandingRow.enterprise == t.WarningRow.enterprise)
        .where(*_lines(sight, wanted, today, among))
        .group_by(colour)
    )
    found = session.execute(query).all()
    return {grade: lines for grade, lines, _waiting in found}, sum(waiting for _g, _l, waiting in found)


def standings_of(
    session: Session, sight: Sight, enterprises: Sequence[int], limit: int
) -> list[t.StandingRow]:
    """Standings among these enterprises, the gravest first."""
    query = select(t.StandingRow).where(
        t.StandingRow.enterprise.in_(list(enterprises)), *_seen(sight, t.StandingRow.town)
    )
    order = (t.StandingRow.shown.desc(), t.StandingRow.score.desc(), t.StandingRow.enterprise)
    return list(session.scalars(query.order_by(*order).limit(limit)))


def run_behind(session: Session, standing: t.StandingRow) -> t.RunRow | None:
    """The run whose facts explain a standing: the newest finished monthly or daily one, or the one that wrote the standing
    if that is newer still.

    A standing that did not change keeps the run that wrote it, perhaps from months ago.
    """
    row = t.RunRow
    live = row.kind.in_((RunKind.MONTHLY.value, RunKind.DAILY.value))
    query = select(row).where((live & (row.state == RunState.FINISHED.value)) | (row.id == standing.run_id))
    return session.scalars(query.order_by(row.as_of.desc(), row.started_at.desc()).limit(1)).first()


def every_judgement(session: Session, enterprise: int, limit: int) -> list[t.JudgementRow]:
    """Overrides and snoozes of an enterprise, expired and withdrawn ones too, newest first."""
    query = select(t.JudgementRow).where(t.JudgementRow.enterprise == enterprise)
    return list(session.scalars(query.order_by(t.JudgementRow.made_at.desc()).limit(limit)))


def enterprises_of(session: Session, sight: Sight, warnings: Sequence[str]) -> dict[str, int]:
    """The enterprise of each warning that is visible."""
    query = select(t.WarningRow.id, t.WarningRow.enterprise).where(
        t.WarningRow.id.in_(list(warnings)), *_seen(sight, t.WarningRow.town)
    )
    return {row.id: row.enterprise for row in session.execute(query)}


def judgements(session: Session, enterprises: Sequence[int], today: date) -> dict[int, list[t.JudgementRow]]:
    """Overrides and snoozes that hold today, by enterprise, newest first."""
    query = select(t.JudgementRow).where(
        t.JudgementRow.enterprise.in_(list(enterprises)),
        t.JudgementRow.withdrawn_at.is_(None),
        t.JudgementRow.expires_on >= today,
    )
    found: dict[int, list[t.JudgementRow]] = {}
    for row in session.scalars(query.order_by(t.JudgementRow.made_at.desc())):
        found.setdefault(row.enterprise, []).append(row)
    return found


def warnings(
    session: Session, sight: Sight, state: str, grade: int | None, town: str, before: tuple[datetime, str] | None,
    limit: int,
) -> list[t.WarningRow]:  # fmt: skip
    """Warnings, newest first."""
    place = (t.WarningRow.created_at, t.WarningRow.id)
    query = select(t.WarningRow).where(*_seen(sight, t.WarningRow.town))
    if state:
        query = query.where(t.WarningRow.state == state)
    if grade is not None:
        query = query.where(grade == HIGHER)
    if town:
        query = query.where(t.WarningRow.town == town)
    if before is not None:
        query = query.where(tuple_(*place) < before)
    return list(session.scalars(query.order_by(*(column.desc() for column in place)).limit(limit)))


def warning(session: Session, warning_id: str) -> t.WarningRow | None:
    """One warning."""
    return session.get(t.WarningRow, warning_id)


def town_of_episode(session: Session, episode_id: str) -> str | None:
    """Where the enterprise of an episode stands; None for an unknown one."""
    query = select(t.StandingRow.town).join(t.EpisodeRow, t.EpisodeRow.enterprise == t.StandingRow.enterprise)
    return session.scalar(query.where(t.EpisodeRow.id == episode_id))


def standing(session: Session, enterprise: int) -> t.StandingRow | None:
    """Where an enterprise stands."""
    return session.get(t.StandingRow, enterprise)


def episodes(session: Session, enterprise: int) -> Sequence[Any]:
    """(episode, warning) of an enterprise, newest first."""
    query = (
        select(t.EpisodeRow, t.WarningRow)
        .join(t.WarningRow, t.WarningRow.episode_id == t.EpisodeRow.id)
        .where(t.EpisodeRow.enterprise == enterprise)
        .order_by(t.EpisodeRow.number.desc())
    )
    return session.execute(query).all()


def changes(session: Session, enterprise: int, limit: int) -> list[t.ChangeRow]:
    """The log of an enterprise, newest first."""
    query = select(t.ChangeRow).where(t.ChangeRow.enterprise == enterprise)
    return list(session.scalars(query.order_by(t.ChangeRow.no.desc()).limit(limit)))


def settlements(session: Session, enterprise: int) -> list[t.SettledRow]:
    """Settled rows of an enterprise, newest first."""
    query = select(t.SettledRow).where(t.SettledRow.enterprise == enterprise)
    return list(session.scalars(query.order_by(t.SettledRow.no.desc())))


def index(session: Session, months: Sequence[int], by: str) -> list[t.IndexRow]:
    """Regional index of months."""
    query = select(t.IndexRow).where(t.IndexRow.month.in_(list(months)), t.IndexRow.by == by)
    return list(session.scalars(query.order_by(t.IndexRow.month, t.IndexRow.group)))


def last_indexed(session: Session) -> int | None:
    """The newest month that has an index."""
    return session.scalar(select(func.max(t.IndexRow.month)))


def highest_shown(session: Session, enterprise: int, first: date, last: date) -> int:
    """The highest shown grade (0–4) between two days, both included, from the log.

    A grade counts from the day of its run; one that a correction said, from the day on which people could see it.
    """
    row = t.ChangeRow
    query = select(row.reason, row.at, row.as_of, row.shown_after).where(row.enterprise == enterprise)
    said = [
        (shanghai_day(at) if reason == "correction" else as_of, shown)
        for reason, at, as_of, shown in session.execute(query.order_by(row.no))
    ]
    before = [shown for day, shown in said if day < first][-1:]
    within = [shown for day, shown in said if first <= day <= last]
    return max((shown for shown in (*before, *within) if shown is not None and shown <= 4), default=0)


def without_episode(session: Session) -> dict[int, str]:
    """Enterprises without an open episode, with their towns."""
    opened = exists().where(
        t.EpisodeRow.enterprise == t.StandingRow.enterprise, t.EpisodeRow.closed_at.is_(None)
    )
    found = session.execute(select(t.StandingRow.enterprise, t.StandingRow.town).where(~opened))
    return dict(found.tuples().all())
