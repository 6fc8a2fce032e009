"""Questions of the board to the database: each is one statement, whatever the number of enterprises and warnings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, func, literal_column, or_, select, tuple_
from sqlalchemy.orm import Session

from api.kernel.errors import not_found
from api.risk import tables as t
from api.risk.board.model import Edition, Town
from api.risk.board.tables import TownEditionRow, TownRow
from api.risk.model import WarningState

Towns = Collection[str] | None
"""Codes of the towns that somebody sees; None: all."""

HIGHER = case((t.WarningRow.pending > t.WarningRow.grade, t.WarningRow.pending), else_=t.WarningRow.grade)
"""Grade of an open warning: what was issued, or what waits above it."""


# -- towns


NO_EDITION = Edition(0, date(2000, 1, 1), datetime(2000, 1, 1, tzinfo=UTC), "", "", ())
"""Before anybody entered a town: everything lies elsewhere."""


def edition_on(session: Session, day: date) -> Edition:
    """The table of towns of a day; without towns before the first edition."""
    number = (
        select(TownEditionRow.no)
        .where(TownEditionRow.valid_from <= day)
        .order_by(TownEditionRow.valid_from.desc(), TownEditionRow.no.desc())
        .limit(1)
        .scalar_subquery()
    )
    return _edition(session, TownEditionRow.no == number) or NO_EDITION


def edition(session: Session, no: int) -> Edition:
    """One edition. Raises not_found."""
    found = _edition(session, TownEditionRow.no == no)
    if found is None:
        raise not_found()
    return found


def _edition(session: Session, which: ColumnElement[bool]) -> Edition | None:
    query = (
        select(TownEditionRow, TownRow)
        .join(TownRow, TownRow.edition == TownEditionRow.no)
        .where(which)
        .order_by(TownRow.code)
    )
    found = session.execute(query).all()
    if not found:
        return None
    head = found[0][0]
    towns = [
        Town(row.code, row.name_zh, row.name_en, row.tile_column, row.tile_row, row.administered_by)
        for _head, row in found
    ]
    return Edition(head.no, head.valid_from, head.known_from, head.changed_by, head.reason, towns)


def editions(session: Session, limit: int) -> list[TownEditionRow]:
    """The newest editions, newest first."""
    return list(session.scalars(select(TownEditionRow).order_by(TownEditionRow.no.desc()).limit(limit)))


def last_edition(session: Session) -> int:
    """Number of the newest edition, 0 where there is none."""
    return session.scalar(select(func.max(TownEditionRow.no))) or 0


def add_edition(session: Session, made: Edition) -> None:
    """Add an edition. Raises IntegrityError when another one took its number."""
    session.add(
        TownEditionRow(
            no=made.no, valid_from=made.valid_from, known_from=made.known_from, changed_by=made.changed_by,
            reason=made.reason,
        )
    )  # fmt: skip
    session.flush()
    session.add_all(
        TownRow(
            edition=made.no, code=town.code, name_zh=town.name_zh, name_en=town.name_en,
            tile_column=town.column, tile_row=town.row, administered_by=town.administered_by,
        )
        for town in made.towns
    )  # fmt: skip
    session.flush()


# -- warnings


def _seen(towns: Towns, column: Any) -> list[ColumnElement[bool]]:
    return [] if towns is None else [column.in_(sorted(towns))]


def _open(at: datetime | None) -> ColumnElement[bool]:
    if at is None:
        return t.WarningRow.state != WarningState.CLOSED.value
    return and_(
        t.WarningRow.issued_at < at, or_(t.WarningRow.closed_at.is_(None), t.WarningRow.closed_at >= at)
    )


def _grade(at: datetime | None) -> ColumnElement[int]:
    """Of now; of a past moment: as issued, or the grade shown then where the warning was raised later."""
    if at is None:
        return HIGHER
    then = (
        select(t.ChangeRow.shown_after)
        .where(
            t.ChangeRow.enterprise == t.WarningRow.enterprise,
            t.ChangeRow.at < at,
            t.ChangeRow.shown_after.between(1, 4),
        )
        .order_by(t.ChangeRow.no.desc())
        .limit(1)
        .scalar_subquery()
    )
    return case(
        (t.WarningRow.raised_at >= at, func.coalesce(then, t.WarningRow.grade)), else_=t.WarningRow.grade
    )


def open_by_town(session: Session, towns: Towns, at: datetime | None) -> Sequence[tuple[str, int, int, int]]:
    """(town, grade, warnings, of these waiting for a signature) of now, or of a past moment (where nothing waits)."""
    each = select(t.WarningRow.town, _grade(at).label("grade"), t.WarningRow.pending).where(
        _open(at), *_seen(towns, t.WarningRow.town)
    )
    inner = each.subquery()
    waiting = func.sum(case((inner.c.pending > 0, 1), else_=0)) if at is None else func.sum(0)
    query = select(inner.c.town, inner.c.grade, func.count(), waiting).group_by(inner.c.town, inner.c.grade)
    return [(town, grade, count, late or 0) for town, grade, count, late in session.execute(query)]


def open_in_town(
    session: Session,
    where: ColumnElement[bool],
    at: datetime | None,
    after: tuple[int, str] | None,
    limit: int,
) -> Sequence[Any]:
    """(warning, grade, score) of open warnings, worst and newest first."""
    grade = _grade(at)
    place = (grade, t.WarningRow.id)
    query = (
        select(t.WarningRow, grade, func.coalesce(t.StandingRow.score, 0))
        .join(t.StandingRow, t.StandingRow.enterprise == t.WarningRow.enterprise, isouter=True)
        .where(_open(at), where)
        .order_by(*(column.desc() for column in place))
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(*place) < after)
    return session.execute(query).all()


def in_town(code: str) -> ColumnElement[bool]:
    """Warnings of a town."""
    return t.WarningRow.town == code


def outside(codes: Collection[str]) -> ColumnElement[bool]:
    """Warnings of places that are in no row of the table."""
    return t.WarningRow.town.not_in(sorted(codes))


def warnings_by_month(
    session: Session, which: str, ends: Sequence[tuple[int, datetime]], begin: datetime, towns: Towns
) -> Sequence[tuple[int, int, int]]:
    """(month, grade, warnings) that were issued or closed (`which`: a column's name) in months given with their ends."""
    column = t.WarningRow.issued_at if which == "issued" else t.WarningRow.closed_at
    each = select(
        case(*((column < end, month) for month, end in ends)).label("month"), t.WarningRow.grade
    ).where(column >= begin, column < ends[-1][1], t.WarningRow.grade > 0, *_seen(towns, t.WarningRow.town))
    inner = each.subquery()
    query = select(inner.c.month, inner.c.grade, func.count()).group_by(inner.c.month, inner.c.grade)
    return [(month, grade, count) for month, grade, count in session.execute(query)]


# -- the log of shown grades


def shown_changes(
    session: Session, ends: Sequence[datetime], towns: Towns
) -> Sequence[tuple[int, int, int, int]]:
    """(end, grade before, grade after, lines) of the log of shown grades, by the first of the ascending `ends` that follows.

    Later lines are left out. Towns are those of today.
    """

    def place(first: int, last: int) -> ColumnElement[int]:
        if first == last:
            return literal_column(str(first), Integer)
        middle = (first + last) // 2  # halving: a log has many lines, and a span up to 36 ends
        return case((t.ChangeRow.at < ends[middle], place(first, middle)), else_=place(middle + 1, last))

    before, after = t.ChangeRow.shown_before, t.ChangeRow.shown_after
    each = select(place(0, len(ends) - 1).label("end"), before.label("before"), after.label("after")).where(
        t.ChangeRow.at < ends[-1], before != after
    )
    if towns is not None:
        mine = select(t.StandingRow.enterprise).where(t.StandingRow.town.in_(sorted(towns)))
        each = each.where(t.ChangeRow.enterprise.in_(mine))
    line = each.subquery().c
    query = select(line.end, line.before, line.after, func.count()).group_by(
        line.end, line.before, line.after
    )
    return session.execute(query).tuples().all()


# -- index and standing


def indexed_months(session: Session, limit: int) -> list[int]:
    """Months that have an index, newest first."""
    query = select(t.IndexRow.month).where(t.IndexRow.by == "all").order_by(t.IndexRow.month.desc())
    return list(session.scalars(query.limit(limit)))


def index_rows(session: Session, months: Collection[int], by: str, groups: Towns = None) -> list[t.IndexRow]:
    """Rows of the regional index, by month and group."""
    query = select(t.IndexRow).where(
        t.IndexRow.month.in_(sorted(months)), t.IndexRow.by == by, *_seen(groups, t.IndexRow.group)
    )
    return list(session.scalars(query.order_by(t.IndexRow.month, t.IndexRow.group)))


def firms_by_town(session: Session, month: int | None) -> dict[str, int]:
    """Enterprises of each town by the index of a month (None: the newest)."""
    newest = select(func.max(t.IndexRow.month)).scalar_subquery()
    query = select(t.IndexRow.group, t.IndexRow.firms).where(
        t.IndexRow.by == "town", t.IndexRow.month == (newest if month is None else month)
    )
    return dict(session.execute(query).tuples().all())


def standing_counts(session: Session, towns: Towns) -> dict[int, int]:
    """Enterprises by shown grade."""
    query = select(t.StandingRow.shown, func.count()).where(*_seen(towns, t.StandingRow.town))
    return dict(session.execute(query.group_by(t.StandingRow.shown)).tuples().all())


def last_run(session: Session) -> t.RunRow | None:
    """The newest monthly or daily run."""
    query = select(t.RunRow).where(t.RunRow.kind.in_(("monthly", "daily")))
    return session.scalars(query.order_by(t.RunRow.started_at.desc(), t.RunRow.id.desc()).limit(1)).first()
