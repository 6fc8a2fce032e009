"""Facts as runs computed them, kept by month: one file of the district per monthly or daily run, one small file per correction.

A correction computes only the enterprises that its rows reach; the month as it stands now is the district's file with the
corrections laid over it. A file counts only if a row names it with its digest, and is read only if the digest is right. All
facts can be computed again from accepted rows as they were known, so those of daily runs are kept for `KEPT_DAYS` only;
decisions, and facts of monthly runs and corrections, stay.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl
from sqlalchemy import ColumnElement, case, delete, null, select
from sqlalchemy.orm import Session

from api.infra.db import UnitOfWork
from api.kernel.errors import integrity
from api.kernel.ids import new_id
from api.risk.facts.store import FactFile, merge_month, write_month
from api.risk.model import RunKind
from api.risk.tables import FactsRow, RunRow

KEPT_DAYS = 35
"""Facts of daily runs stay for so many days."""
ORPHAN_SECONDS = 3600.0
"""A file that no row names is swept after an hour: another process may be about to name it."""
NAMED_MAX = 1_000
"""A correction's file of more enterprises is opened without asking first whether it has the one that is looked for."""
COMPUTED = "computed"
"""Kind of a past month that no run scored."""
_OURS = re.compile(r"(\d{6}-[0-9a-f]{16}\.parquet|\.[0-9a-f]{32}\.part)")


@dataclass(frozen=True)
class FactsOf:
    """An enterprise's facts, the run that computed them, its day, and up to when it knew rows."""

    run_id: str
    as_of: date
    known_at: datetime
    facts: Mapping[str, int | None]


class KeptFacts:
    """The folder `<data>/risk/facts` and the rows that name its files."""

    def __init__(self, uow: UnitOfWork, folder: Path) -> None:
        self._uow, self._folder = uow, folder
        self._checked: dict[str, tuple[str, int, int]] = {}

    # -- writing

    def write(self, frame: pl.DataFrame) -> FactFile:
        """Write one month's facts; they are on the disk when this returns and count when `name` is committed."""
        return write_month(frame, self._folder)

    @staticmethod
    def name(
        session: Session, file: FactFile, *, run_id: str | None, kind: str, month: int, as_of: date,
        known_at: datetime, now: datetime,
    ) -> None:  # fmt: skip
        """Name a written file in the caller's transaction."""
        session.add(
            FactsRow(
                id=new_id(), run_id=run_id, kind=kind, month=month, as_of=as_of, known_at=known_at,
                firms=file.enterprises, file=file.path.name, sha256=file.sha256, made_at=now,
            )
        )  # fmt: skip

    @staticmethod
    def retire(session: Session, before: date) -> None:
        """Forget the facts of daily runs of earlier days; their files go with the next sweep."""
        session.execute(delete(FactsRow).where(FactsRow.kind == RunKind.DAILY.value, FactsRow.as_of < before))

    @staticmethod
    def without_run(session: Session) -> list[int]:
        """Months that were computed for backtests only."""
        query = select(FactsRow.month).where(FactsRow.run_id.is_(None)).distinct()
        return list(session.scalars(query.order_by(FactsRow.month)))

    @staticmethod
    def outdated(session: Session, months: Collection[int]) -> None:
        """Forget what was computed for backtests of these months: rows behind it changed."""
        session.execute(delete(FactsRow).where(FactsRow.run_id.is_(None), FactsRow.month.in_(list(months))))

    def sweep(self, *, older_than: float = ORPHAN_SECONDS) -> int:
        """Remove files that no row names and that are older than so many seconds; how many."""
        if not self._folder.is_dir():
            return 0
        limit, removed = time.time() - older_than, 0
        old = []
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):
                if _OURS.fullmatch(path.name) and path.stat().st_mtime <= limit:
                    old.append(path)
        # Asked after looking: a file that was named meanwhile is named by now.
        with self._uow.read() as session:
            named = set(session.scalars(select(FactsRow.file).distinct()))
        for path in old:
            if path.name not in named:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    # -- reading

    def of_run(self, run_id: str, month: int, enterprise: int) -> dict[str, int | None] | None:
        """An enterprise's facts exactly as a run computed them; None when the run has none (any more)."""
        with self._uow.read() as session:
            row = session.scalars(
                select(FactsRow).where(FactsRow.run_id == run_id, FactsRow.month == month)
            ).first()
        return None if row is None else self._one(row, enterprise)

    def frame_of_run(self, run_id: str, month: int) -> pl.DataFrame | None:
        """The whole frame that a run computed of a month; None when it is not kept."""
        with self._uow.read() as session:
            row = session.scalars(
                select(FactsRow).where(FactsRow.run_id == run_id, FactsRow.month == month)
            ).first()
        return None if row is None else self._read(row)

    def newest(self, month: int, enterprise: int) -> FactsOf | None:
        """What was computed last of an enterprise's month, by any run; None when nothing is kept.

        Files of corrections that did not compute the enterprise are not opened.
        """
        for row in self._naming(enterprise, FactsRow.month == month, FactsRow.run_id.is_not(None)):
            facts = self._one(row, enterprise)
            if facts is not None:
                return FactsOf(row.run_id or "", row.as_of, row.known_at, facts)
        return None

    def history(self, enterprise: int, months: Sequence[int]) -> dict[int, dict[str, int | None]]:
        """By month, what its monthly run, or a correction after it, computed; months without facts are left out.

        One question to the database; at most two files are opened a month.
        """
        found: dict[int, dict[str, int | None]] = {}
        kinds = (RunKind.MONTHLY.value, RunKind.CORRECTION.value)
        wanted = (FactsRow.month.in_(list(months)), FactsRow.kind.in_(kinds))
        for row in self._naming(enterprise, *wanted):
            if row.month not in found:
                facts = self._one(row, enterprise)
                if facts is not None:
                    found[row.month] = facts
        return {month: found[month] for month in sorted(found)}

    def _naming(self, enterprise: int, *where: ColumnElement[bool]) -> list[FactsRow]:
        """Rows whose files may have the enterprise, newest first.

        Who is in a small file, its run's scope says; a large file is sooner looked into than its scope is read.
        """
        scope = case((FactsRow.firms <= NAMED_MAX, RunRow.scope), else_=null())
        query = select(FactsRow, scope).join(RunRow, RunRow.id == FactsRow.run_id).where(*where)
        with self._uow.read() as session:
            found = session.execute(query.order_by(FactsRow.made_at.desc(), FactsRow.id.desc())).all()
        return [
            row
            for row, scope in found
            if "months" not in (scope or ()) or enterprise in scope["months"][str(row.month)]["enterprises"]
        ]

    def whole(self, month: int) -> pl.DataFrame | None:
        """The district's facts of a month as they stand: the monthly run's, corrections laid over; None without a run."""
        rows = self._current([month]).get(month)
        if not rows:
            return None
        frame = self._read(rows[0])
        for row in rows[1:]:
            frame = merge_month(frame, self._read(row).select(frame.columns))
        return frame

    def digest(self, month: int) -> str | None:
        """SHA-256 (hex) over the digests of the files behind `whole`; None where there are none."""
        rows = self._current([month]).get(month)
        if not rows:
            return None
        return hashlib.sha256("".join(row.sha256 for row in rows).encode("ascii")).hexdigest()

    def _current(self, months: Sequence[int]) -> dict[int, list[FactsRow]]:
        """By month: the district's newest whole file and the corrections after it, oldest first.

        A monthly run goes before what was computed without one.
        """
        query = select(FactsRow).where(FactsRow.month.in_(list(months)), FactsRow.kind != RunKind.DAILY.value)
        with self._uow.read() as session:
            rows = list(session.scalars(query.order_by(FactsRow.made_at, FactsRow.id)))
        found: dict[int, list[FactsRow]] = {}
        for month in months:
            own = [row for row in rows if row.month == month]
            wholes = [row for row in own if row.kind == RunKind.MONTHLY.value] or [
                row for row in own if row.kind == COMPUTED
            ]
            if wholes:
                later = [row for row in own if row.kind == RunKind.CORRECTION.value]
                found[month] = [wholes[-1], *(row for row in later if row.made_at >= wholes[-1].made_at)]
        return found

    def _one(self, row: FactsRow, enterprise: int) -> dict[str, int | None] | None:
        path = self._path(row)
        frame = pl.scan_parquet(path).filter(pl.col("enterprise") == enterprise).collect()
        return frame.drop("enterprise", "month").row(0, named=True) if frame.height else None

    def _read(self, row: FactsRow) -> pl.DataFrame:
        return pl.read_parquet(self._path(row))

    def _path(self, row: FactsRow) -> Path:
        """The file, its digest checked when it was not yet, or changed since. Raises integrity `risk.facts_damaged`."""
        path = self._folder / row.file
        try:
            seen = path.stat()
            mark = (row.sha256, seen.st_mtime_ns, seen.st_size)
            if self._checked.get(row.file) != mark:
                with path.open("rb") as handle:
                    if hashlib.file_digest(handle, "sha256").hexdigest() != row.sha256:
                        raise integrity("risk.facts_damaged", file=row.file)
                self._checked[row.file] = mark
        except FileNotFoundError:
            raise integrity("risk.facts_damaged", file=row.file) from None
        return path
