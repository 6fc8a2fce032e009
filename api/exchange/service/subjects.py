"""Enterprises of the register: made and changed by accepted rows of `market_registry`, found again by their code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from api.exchange.tables import ExchangeSubjectHistoryRow, ExchangeSubjectRow
from api.infra.db import UnitOfWork

REGISTER = "market_registry"
FIELDS = (
    "name",
    "legal_form",
    "address",
    "operating_address",
    "town",
    "industry",
    "status",
    "established_on",
)
_TYPES: dict[str, Any] = {
    "enterprise": pl.Int64,
    "uscc": pl.String,
    "name": pl.String,
    "town": pl.String,
    "industry": pl.String,
    "status": pl.String,
    "established_on": pl.Date,
}
_ADDRESSES = {"enterprise": pl.Int64, "uscc": pl.String, "name": pl.String, "address": pl.String}
CHUNK = 5_000


class Subjects:
    """`SubjectDirectory` of the risk engine, and the master that rows are matched against."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def subjects(self) -> pl.DataFrame:
        """All enterprises: `enterprise, uscc, name, town, industry, status, established_on`."""
        row = ExchangeSubjectRow
        query = select(row.id, row.uscc, row.name, row.town, row.industry, row.status, row.established_on)
        with self._uow.read() as session:
            found = session.execute(query.order_by(row.id)).all()
        return pl.DataFrame([tuple(item) for item in found], schema=_TYPES, orient="row")

    def versions(self) -> pl.DataFrame:
        """What the register said of every enterprise and when it was believed: `subjects` with `known_from` and `known_to`
        (null: still), by enterprise. As of a moment: known_from ≤ moment < known_to."""
        row, past = ExchangeSubjectRow, ExchangeSubjectHistoryRow
        columns = [getattr(row, name) for name in ("id", *(name for name in _TYPES if name != "enterprise"))]
        with self._uow.read() as session:
            now = [(*tuple(item), None) for item in session.execute(select(*columns, row.known_at))]
            codes = {item[0]: item[1] for item in now}
            before = [
                (
                    item.subject_id, codes[item.subject_id],
                    *(_stored(item.fields, name) for name in list(_TYPES)[2:]), item.known_from, item.known_to,
                )
                for item in session.scalars(select(past))
                if item.subject_id in codes
            ]  # fmt: skip
        moments = {"known_from": pl.Datetime("us", "UTC"), "known_to": pl.Datetime("us", "UTC")}
        frame = pl.DataFrame([*now, *before], schema={**_TYPES, **moments}, orient="row")
        return frame.sort("enterprise", "known_from")

    def addresses(self) -> pl.DataFrame:
        """What rows are matched against: `enterprise, uscc, name, address` of all."""
        row = ExchangeSubjectRow
        with self._uow.read() as session:
            found = session.execute(select(row.id, row.uscc, row.name, row.address).order_by(row.id)).all()
        return pl.DataFrame([tuple(item) for item in found], schema=_ADDRESSES, orient="row")

    def details(self, enterprises: Sequence[int]) -> list[dict[str, Any]]:
        """Register facts of these enterprises: `enterprise, uscc` and the register's fields; unknown numbers are left out."""
        row, found = ExchangeSubjectRow, []
        with self._uow.read() as session:
            for start in range(0, len(enterprises), CHUNK):
                part = list(enterprises[start : start + CHUNK])
                found += list(session.scalars(select(row).where(row.id.in_(part)).order_by(row.id)))
        return [
            {"enterprise": item.id, "uscc": item.uscc, **{name: getattr(item, name) for name in FIELDS}}
            for item in found
        ]

    def by_code(self, uscc: str) -> int | None:
        """The enterprise of a code; None when the register does not have it."""
        with self._uow.read() as session:
            found: int | None = session.scalar(
                select(ExchangeSubjectRow.id).where(ExchangeSubjectRow.uscc == uscc.strip().upper())
            )
        return found

    def codes(self) -> pl.DataFrame:
        """`uscc`, `enterprise` of all of them."""
        row = ExchangeSubjectRow
        with self._uow.read() as session:
            found = session.execute(select(row.uscc, row.id)).all()
        return pl.DataFrame(
            [tuple(item) for item in found], schema={"uscc": pl.String, "enterprise": pl.Int64}, orient="row"
        )


class _NoDoubts:
    """What a matcher by code has to keep or forget: nothing."""

    def keep(self, _session: Any, _dataset: str, _batch_id: str, _doubts: pl.DataFrame) -> None:
        """Nothing to put before people."""

    def forget(self, _session: Any, _batch_id: str) -> None:
        """Nothing to take back."""


class CodeMatcher(_NoDoubts):
    """`Matcher` by the code alone: what stands in for entity matching where none is bound."""

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects

    def match(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """A row's enterprise is the one whose code it names."""
        found = frame.select("uscc").join(
            self._subjects.codes(), on="uscc", how="left", maintain_order="left"
        )
        known = pl.col("enterprise").is_not_null()
        linked = found.select(
            "enterprise",
            pl.when(known).then(pl.lit("uscc")).otherwise(pl.lit("none")).alias("method"),
            pl.lit(False).alias("probable"),
        )
        return linked, pl.DataFrame()


class RegisterMatcher(_NoDoubts):
    """`Matcher` for the register itself: a code that is not there yet gets the next number when its file is committed."""

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects

    def match(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Known codes have their number, the others the numbers that follow, in the order of the file."""
        codes = self._subjects.codes()
        last = codes["enterprise"].max()
        start = (last if isinstance(last, int) else 0) + 1
        fresh = frame.select("uscc").unique(maintain_order=True)
        fresh = fresh.join(codes, on="uscc", how="anti", maintain_order="left")
        numbered = fresh.with_row_index("enterprise", offset=start).select(
            "uscc", pl.col("enterprise").cast(pl.Int64)
        )
        both = pl.concat([codes, numbered])
        found = frame.select("uscc").join(both, on="uscc", how="left", maintain_order="left")
        linked = found.select("enterprise", pl.lit("uscc").alias("method"), pl.lit(False).alias("probable"))
        return linked, pl.DataFrame()


def _stored(fields: dict[str, Any], name: str) -> Any:
    value = fields.get(name)
    return date.fromisoformat(value) if name == "established_on" and value else value


def apply(session: Session, rows: pl.DataFrame, batch_id: str, known_at: datetime) -> None:
    """Make or change subjects by accepted register rows; what a changed one said before goes to its history."""
    columns = ["enterprise", "uscc", *FIELDS]
    for start in range(0, rows.height, CHUNK):
        part = {
            row["enterprise"]: row
            for row in rows[start : start + CHUNK].select(columns).iter_rows(named=True)
        }
        there = {
            row.id: row
            for row in session.scalars(
                select(ExchangeSubjectRow).where(ExchangeSubjectRow.id.in_(list(part)))
            )
        }
        made = [
            {
                "id": number,
                **{name: row[name] for name in ("uscc", *FIELDS)},
                "batch_id": batch_id,
                "known_at": known_at,
            }
            for number, row in part.items()
            if number not in there
        ]
        if made:
            session.execute(insert(ExchangeSubjectRow), made)
        for number, row in there.items():
            _change(session, row, {name: part[number][name] for name in FIELDS}, batch_id, known_at)
    session.flush()


def _change(
    session: Session, row: ExchangeSubjectRow, fields: dict[str, Any], batch_id: str, known_at: datetime
) -> None:
    before = {name: getattr(row, name) for name in FIELDS}
    if before == fields:
        return
    before["established_on"] = row.established_on.isoformat() if row.established_on else None
    session.add(
        ExchangeSubjectHistoryRow(
            subject_id=row.id,
            fields=before,
            batch_id=row.batch_id,
            known_from=row.known_at,
            known_to=known_at,
        )
    )
    for name, value in fields.items():
        setattr(row, name, value)
    row.batch_id, row.known_at = batch_id, known_at


def lapse(session: Session, numbers: list[int], batch_id: str, known_at: datetime) -> None:
    """Subjects for which no register row counts any more keep number and name, but have no known state."""
    for start in range(0, len(numbers), CHUNK):
        query = select(ExchangeSubjectRow).where(ExchangeSubjectRow.id.in_(numbers[start : start + CHUNK]))
        for row in session.scalars(query):
            fields = {name: getattr(row, name) for name in FIELDS} | {"status": None}
            _change(session, row, fields, batch_id, known_at)
    session.flush()


def count(session: Session) -> int:
    """How many enterprises there are."""
    return int(session.scalar(select(func.count()).select_from(ExchangeSubjectRow)) or 0)
