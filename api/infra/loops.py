"""Due work: rounds over the stored state, each loop in a thread of its own, and what people are told when one keeps failing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import ColumnElement, String, delete, select, true
from sqlalchemy.orm import Mapped, Session, mapped_column

from api.infra.db import Base, UnitOfWork, UtcDateTime
from api.kernel.clock import Clock
from api.kernel.errors import DomainError, ErrorKind

log = structlog.get_logger(__name__)

PAUSE = 1.0
"""Seconds between two rounds of which the first found nothing to do."""
TOLD_AFTER = 3
"""Failures in a row before it is kept for the operator: an outage of a moment is none of his business."""


@dataclass(frozen=True)
class Loop:
    """One round over the container, answering how much was done (0 or False: rest for `pause` seconds)."""

    run: Callable[[Any], int]
    pause: float = PAUSE


@dataclass(frozen=True)
class Failing:
    """A loop that does not get on. error: a code, or the exception's type; stopped: it is not tried again by itself."""

    name: str
    since: datetime
    failures: int
    error: str
    stopped: bool


class FailingLoopRow(Base):
    """A loop of the worker that failed again and again, until its next good round."""

    __tablename__ = "infra_failing_loop"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    failures: Mapped[int]
    error: Mapped[str] = mapped_column(String(120))
    stopped: Mapped[bool]


def failing(session: Session) -> list[Failing]:
    """Loops that do not get on, by name."""
    rows = session.scalars(select(FailingLoopRow).order_by(FailingLoopRow.name))
    return [Failing(row.name, row.since, row.failures, row.error, row.stopped) for row in rows]


class Rounds:
    """Goes round a container's loops until `stop` is set.

    A failed round is logged and tried again with growing pauses; an `integrity` error stops that loop until a person looks.
    """

    def __init__(self, uow: UnitOfWork, clock: Clock, stop: threading.Event) -> None:
        self._uow, self._clock, self._stop = uow, clock, stop

    def begin(self) -> None:
        """What an earlier process kept says nothing about this one; where the database is away, each loop's first good round."""
        self._forget(true())

    def go(self, name: str, loop: Loop, container: Any) -> None:
        """Round after round."""
        failures, since, well = 0, self._clock.now(), False
        while not self._stop.is_set():
            stopped, error, done = False, "", 0
            try:
                done = loop.run(container)
            except DomainError as exc:
                stopped, error = exc.kind is ErrorKind.INTEGRITY, exc.code
                if stopped:
                    log.error("worker.slice.stopped", slice=name, code=exc.code, facts=exc.facts)
                else:
                    log.warning("worker.round.failed", slice=name, code=exc.code)
            except Exception as exc:  # a round may fail in any way; the next one starts from stored state
                error = type(exc).__name__
                log.warning("worker.round.failed", slice=name, error=f"{error}: {exc}")
            if error:
                failures += 1
                since = since if failures > 1 else self._clock.now()
                if stopped or failures >= TOLD_AFTER:
                    self._keep(Failing(name, since, failures, error[:120], stopped))
                if stopped:
                    return
                self._stop.wait(min(30.0, 0.5 * 2 ** min(failures, 6)))
                continue
            if failures >= TOLD_AFTER or not well:
                self._forget(FailingLoopRow.name == name)
            failures, well = 0, True
            if not done:
                self._stop.wait(loop.pause)

    def _keep(self, found: Failing) -> None:
        try:
            with self._uow() as session:
                session.merge(FailingLoopRow(**asdict(found)))
        except Exception as exc:  # often the database itself is what fails
            log.warning("worker.failure.not_kept", slice=found.name, error=type(exc).__name__)

    def _forget(self, which: ColumnElement[bool]) -> None:
        try:
            with self._uow() as session:
                session.execute(delete(FailingLoopRow).where(which))
        except Exception as exc:
            log.warning("worker.failure.not_forgotten", error=type(exc).__name__)
