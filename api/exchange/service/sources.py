"""Folders and databases that the worker fetches by itself: kept sealed, fetched when due, one at a time, with growing pauses.

Only the operator enters them: a source reads this machine's disk or asks a database in the platform's name. Of a folder,
files that still grow are left for the next time. A source whose process died is taken up by the next round.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from api.exchange.model import BatchState, Mode
from api.exchange.rules.catalogue import dataset_of
from api.exchange.service.pull import Puller, Source
from api.exchange.tables import ExchangeSourceRow
from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.infra.process import is_gone, this_process
from api.kernel.clock import Clock
from api.kernel.errors import DomainError, ErrorKind, conflict, invalid, not_found
from api.kernel.ids import new_id

log = structlog.get_logger(__name__)
FOLDER, DATABASE = "folder", "database"
_READS = re.compile(r"(select|with)\b", re.IGNORECASE)
SHORTEST, LONGEST = 5, 44_640
"""Minutes between two times: five minutes to a month."""
SETTLE_SECONDS = 60.0
LONGEST_PAUSE = timedelta(hours=6)


@dataclass(frozen=True)
class NewSource:
    """What the operator enters. `place`: an absolute folder, or an SQLAlchemy URL."""

    dataset: str
    mode: Mode
    label: str
    kind: str
    place: str
    pattern: str
    query: str
    every_minutes: int


@dataclass(frozen=True)
class SourceView:
    """A source without its place: a URL holds a password. `where`: the folder, or the database's host and name."""

    id: str
    dataset: str
    mode: Mode
    label: str
    kind: str
    where: str
    pattern: str
    query: str
    every_minutes: int
    next_at: datetime | None
    running: bool
    last_at: datetime | None
    last_batches: int
    last_refused: int
    problem: Any
    failures: int


def _view(row: ExchangeSourceRow) -> SourceView:
    return SourceView(
        row.id, row.dataset, Mode(row.mode), row.label, row.kind, _where(row), row.pattern, row.query, row.every_minutes,
        row.next_at, row.process is not None and not is_gone(row.process), row.last_at, row.last_batches, row.last_refused,
        row.problem, row.failures,
    )  # fmt: skip


def _where(row: ExchangeSourceRow) -> str:
    if row.kind == FOLDER:
        return row.place
    url = make_url(row.place)
    return f"{url.get_backend_name()} {url.host or ''} {url.database or ''}".strip()


class Sources:
    """Entered, listed, paused, removed by the operator; fetched by the worker."""

    def __init__(self, uow: UnitOfWork, clock: Clock, puller: Puller) -> None:
        self._uow, self._clock, self._puller = uow, clock, puller

    def add(self, who: Principal, new: NewSource) -> SourceView:
        """Enter a source; it is due at once. Raises invalid `exchange.source_*`, not_found for a dataset."""
        _check(new)
        row = ExchangeSourceRow(
            id=new_id(),
            dataset=dataset_of(new.dataset).code,
            mode=new.mode.value,
            label=new.label.strip()[:80] or new.dataset,
            kind=new.kind,
            place=new.place.strip(),
            pattern=new.pattern.strip() or "*",
            query=new.query.strip(),
            every_minutes=new.every_minutes,
            next_at=self._clock.now(),
            created_at=self._clock.now(),
            created_by=who.actor,
            last_batches=0,
            last_refused=0,
            failures=0,
        )
        with self._uow() as session:
            session.add(row)
            session.flush()
            audit.record(
                session,
                who,
                "exchange.source_entered",
                "exchange_source",
                row.id,
                dataset=row.dataset,
                kind=row.kind,
            )
            return _view(row)

    def listed(self) -> list[SourceView]:
        """All of them, by dataset."""
        row = ExchangeSourceRow
        with self._uow.read() as session:
            return [_view(found) for found in session.scalars(select(row).order_by(row.dataset, row.id))]

    def pause(self, who: Principal, number: str) -> None:
        """Fetch it no more until `due`. Raises not_found."""
        self._change(who, number, None, "exchange.source_paused")

    def due(self, who: Principal, number: str) -> None:
        """Fetch it in the worker's next round, and by its rhythm from then on. Raises not_found."""
        self._change(who, number, self._clock.now(), "exchange.source_due")

    def _change(self, who: Principal, number: str, at: datetime | None, action: str) -> None:
        with self._uow() as session:
            row = self._row(session, number)
            row.next_at = at
            audit.record(session, who, action, "exchange_source", number, dataset=row.dataset)

    def remove(self, who: Principal, number: str) -> None:
        """Forget a source; what came from it stays. Raises not_found, conflict `exchange.source_running`."""
        with self._uow() as session:
            row = self._row(session, number)
            if row.process is not None and not is_gone(row.process):
                raise conflict("exchange.source_running")
            session.delete(row)
            audit.record(
                session, who, "exchange.source_removed", "exchange_source", number, dataset=row.dataset
            )

    @staticmethod
    def _row(session: Session, number: str) -> ExchangeSourceRow:
        row = session.get(ExchangeSourceRow, number, with_for_update=True)
        if row is None:
            raise not_found()
        return row

    # -- the worker

    def run_due(self) -> int:
        """Fetch the source that has been due longest; 1 or 0. What a source does wrong is noted and tried again later."""
        taken = self._take()
        if taken is None:
            return 0
        number, source = taken
        batches, refused = 0, 0
        problem: dict[str, Any] | None = None
        try:
            for batch in self._puller.pull(source):
                batches += 1
                refused += batch.state is BatchState.REFUSED
        except DomainError as error:
            problem = {"code": error.code, "facts": {name: str(fact) for name, fact in error.facts.items()}}
            log.warning("exchange.source.failed", source=number, code=error.code)
            if error.kind is ErrorKind.INTEGRITY:
                raise
        except Exception as error:
            problem = {
                "code": "exchange.source_failed",
                "facts": {"source": source.dataset, "problem": type(error).__name__},
            }
            raise
        finally:
            self._settle(number, batches, refused, problem)
        return 1

    def _take(self) -> tuple[str, Source] | None:
        row, now = ExchangeSourceRow, self._clock.now()
        query = select(row).where(row.next_at <= now).order_by(row.next_at).with_for_update(skip_locked=True)
        with self._uow() as session:
            for found in session.scalars(query):
                if found.process is None or is_gone(found.process):
                    found.process = this_process()
                    return found.id, _source(found)
        return None

    def _settle(self, number: str, batches: int, refused: int, problem: Any) -> None:
        now = self._clock.now()
        with self._uow() as session:
            row = session.get(ExchangeSourceRow, number, with_for_update=True)
            if row is None:
                return
            row.process, row.last_at, row.last_batches, row.last_refused = None, now, batches, refused
            row.problem = problem
            row.failures = row.failures + 1 if problem else 0
            pause = timedelta(minutes=row.every_minutes)
            if problem:
                pause = min(pause * 2 ** min(row.failures - 1, 10), max(pause, LONGEST_PAUSE))
            if row.next_at is not None:  # paused meanwhile
                row.next_at = now + pause


def _source(row: ExchangeSourceRow) -> Source:
    by_folder = row.kind == FOLDER
    return Source(
        dataset=row.dataset,
        mode=Mode(row.mode),
        folder=Path(row.place) if by_folder else None,
        pattern=row.pattern,
        url=None if by_folder else row.place,
        query=row.query,
        settle_seconds=SETTLE_SECONDS,
    )


def _check(new: NewSource) -> None:
    dataset_of(new.dataset)
    if not SHORTEST <= new.every_minutes <= LONGEST:
        raise invalid("exchange.source_rhythm", pointer="/every_minutes", shortest=SHORTEST, longest=LONGEST)
    if new.kind == FOLDER:
        if not new.place.strip().startswith("/") or _climbs(new.pattern) or new.query.strip():
            raise invalid("exchange.source_folder", pointer="/place")
        return
    if new.kind != DATABASE:
        raise invalid("malformed", pointer="/kind")
    try:
        url = make_url(new.place.strip())
        url.get_dialect()
    except (ArgumentError, ImportError, ValueError, TypeError) as error:
        raise invalid("exchange.source_url", pointer="/place") from error
    if not _selects(new.query):
        raise invalid("exchange.source_query", pointer="/query")


def _climbs(pattern: str) -> bool:
    parts: Sequence[str] = Path(pattern).parts
    return ".." in parts or pattern.strip().startswith("/")


def _selects(query: str) -> bool:
    """One statement that reads; the database's own right to write nothing is asked for, too."""
    bare = query.strip().rstrip(";").strip()
    return bool(_READS.match(bare)) and ";" not in bare
