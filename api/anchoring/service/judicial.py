"""The judicial loop of the worker process: its own thread, lease and gateway, so that a dead court chain delays nothing else.

Witnessed checkpoints go to the court's chain; receipts come back and wait for evidence packages.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from api.anchoring.repository import alarms
from api.anchoring.rules import SEVERITY_INTEGRITY, SEVERITY_WARNING
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from chain.errors import ChainError, GatewayUnavailable, LogIntegrityError
from chain.judicial import JudicialRelay

log = structlog.get_logger(__name__)

UNREACHABLE_PAUSE = 2.0
"""Seconds between two attempts while the court's chain does not answer."""


class JudicialWorker:
    """Runs in one process; a second one waits for the lease and then takes over."""

    def __init__(
        self, uow: UnitOfWork, clock: Clock, relay: JudicialRelay, monotonic: Callable[[], float]
    ) -> None:
        self._uow = uow
        self._clock = clock
        self._relay = relay
        self._monotonic = monotonic
        self._next = float("-inf")
        self._down = False

    def tick(self) -> bool:
        """One pass; whether anything was done. Never raises for what the court's chain does or says.

        An open integrity alarm stops it: the court's history and ours contradict each other, and a person must look.
        """
        if self._monotonic() < self._next or self._stopped():
            return False
        try:
            done = self._relay.tick()
        except GatewayUnavailable as exc:
            if not self._down:
                log.warning("anchoring.court.unavailable", reason=str(exc.facts.get("reason", "")))
            self._down = True
            self._next = self._monotonic() + UNREACHABLE_PAUSE
            return False
        except LogIntegrityError as exc:
            self._alarm("judicial.history_differs", SEVERITY_INTEGRITY, exc.facts)
            return False
        except ChainError as exc:
            self._alarm(exc.code, SEVERITY_WARNING, exc.facts)
            self._next = self._monotonic() + UNREACHABLE_PAUSE
            return False
        for alarm in done.alarms:
            self._alarm(alarm.code, SEVERITY_WARNING, alarm.facts)
        if self._down:
            log.info("anchoring.court.came_back")
            self._down = False
        return done.busy

    def _stopped(self) -> bool:
        with self._uow.read() as session:
            return alarms.stopped(session) is not None

    def _alarm(self, code: str, severity: str, facts: dict[str, object]) -> None:
        log.error("anchoring.alarm.raised", code=code, severity=severity, facts=facts)
        with self._uow() as session:
            alarms.raise_alarm(session, code, severity, facts, self._clock.now())
