"""The rule run's key: signs red warnings that the rules issued by themselves, in the worker process alone.

The key can do nothing else: the registry on chain takes from it a red issue and no other step, and a person must confirm or
lift what it issued.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from api.anchoring.service.warnings import WarningDecisions
from api.infra.db import UnitOfWork

log = structlog.get_logger(__name__)

BATCH = 100


class RuleRunSigner:
    """Signs what waits, one transaction each: a killed run leaves signed steps signed and the others waiting."""

    def __init__(self, uow: UnitOfWork, decisions: WarningDecisions, key: Callable[[], bytes | None]) -> None:
        self._uow = uow
        self._decisions = decisions
        self._key = key
        self._told = False

    def run_due(self) -> int:
        """How many steps were signed. Without a key they wait, which their state shows and the log says once."""
        with self._uow.read() as session:
            waiting = self._decisions.awaiting_rule_key(session, BATCH)
        if not waiting:
            return 0
        key = self._key()
        if key is None:
            if not self._told:
                log.warning("anchoring.rule_key.missing", waiting=len(waiting))
            self._told = True
            return 0
        done = 0
        for warning, sequence in waiting:
            with self._uow() as session:
                done += self._decisions.sign_automatic(session, warning, sequence, key)
        return done
