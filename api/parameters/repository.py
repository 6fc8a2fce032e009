"""Rows that the operator entered:

figures (append only; one is withdrawn, never changed) and calendar days.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Index, String, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from api.infra.db import Base, JsonText, UtcDateTime
from api.parameters.model import CalendarDay, Certainty, Figure


class FigureRow(Base):
    """One dated figure."""

    __tablename__ = "parameters_figure"
    __table_args__ = (Index("ix_parameters_figure_key_place", "key", "place"),)

    row_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    key: Mapped[str] = mapped_column(String(60))
    place: Mapped[str] = mapped_column(String(9))
    value: Mapped[Any] = mapped_column(JsonText, nullable=True)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    known_from: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    source: Mapped[str] = mapped_column(String(300))
    certainty: Mapped[str] = mapped_column(String(10))
    entered_by: Mapped[str] = mapped_column(String(64))


class CalendarRow(Base):
    """One day of the operator's calendar."""

    __tablename__ = "parameters_calendar"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(60))
    source: Mapped[str] = mapped_column(String(300))
    entered_by: Mapped[str] = mapped_column(String(64))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)


def figure_of(row: FigureRow) -> Figure:
    """The row as model object."""
    return Figure(
        row.row_id,
        row.key,
        row.place,
        row.value,
        row.valid_from,
        row.valid_to,
        row.known_from,
        row.source,
        Certainty(row.certainty),
        row.withdrawn_at,
    )


# Built once: every check of a draft asks, and building a statement costs more than running it.
_OF_KEYS = (
    select(FigureRow)
    .where(FigureRow.key.in_(bindparam("b_keys", expanding=True)))
    .order_by(FigureRow.known_from, FigureRow.row_id)
)


def figures(session: Session, keys: Sequence[str] = (), place: str | None = None) -> list[Figure]:
    """Entered figures of the given keys (all keys when none is named)."""
    if keys and place is None:
        return [figure_of(row) for row in session.scalars(_OF_KEYS, {"b_keys": list(keys)})]
    query = select(FigureRow)
    if keys:
        query = query.where(FigureRow.key.in_(keys))
    if place is not None:
        query = query.where(FigureRow.place == place)
    return [figure_of(row) for row in session.scalars(query.order_by(FigureRow.known_from, FigureRow.row_id))]


def add_figure(session: Session, figure: Figure, entered_by: str) -> None:
    """Enter a figure."""
    session.add(
        FigureRow(
            row_id=figure.row_id,
            key=figure.key,
            place=figure.place,
            value=figure.value,
            valid_from=figure.valid_from,
            valid_to=figure.valid_to,
            known_from=figure.known_from,
            withdrawn_at=None,
            source=figure.source,
            certainty=figure.certainty.value,
            entered_by=entered_by,
        )
    )


def get_row(session: Session, row_id: str) -> FigureRow | None:
    """The entered row with this id, locked for a change."""
    return session.get(FigureRow, row_id, with_for_update=True)


def calendar_days(session: Session, first: date, last: date) -> list[CalendarDay]:
    """The operator's days from `first` to `last`, both included."""
    query = (
        select(CalendarRow).where(CalendarRow.day >= first, CalendarRow.day <= last).order_by(CalendarRow.day)
    )
    return [CalendarDay(row.day, row.kind, row.name, row.source) for row in session.scalars(query)]


def put_calendar_day(session: Session, day: CalendarDay, entered_by: str, at: datetime) -> None:
    """Enter or replace one day."""
    row = session.get(CalendarRow, day.day)
    if row is None:
        row = CalendarRow(day=day.day)
        session.add(row)
    row.kind, row.name, row.source = day.kind, day.name, day.source
    row.entered_by, row.entered_at = entered_by, at


def remove_calendar_day(session: Session, day: date) -> bool:
    """Take one day out of the table; False when it was not in it."""
    row = session.get(CalendarRow, day)
    if row is None:
        return False
    session.delete(row)
    return True
