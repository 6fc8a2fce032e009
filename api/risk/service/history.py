"""What runs did, for people who answer for it: the list, one run with its files and replays, the log of changed grades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.errors import not_found
from api.risk import repository
from api.risk.model import Page, Run
from api.risk.rules import may_look
from api.risk.tables import ChangeRow, FactsRow, ReplayRow


@dataclass(frozen=True)
class RunFile:
    """A run with the rule set that it used, the files of facts that it left, and who had it replayed."""

    run: Run
    started_by: str
    name: str
    version: str
    facts: Sequence[FactsRow]
    replays: Sequence[ReplayRow]
    changes: Page


class RunHistory:
    """Reads only."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def runs(self, who: Principal, kind: str, before: str, limit: int) -> Page:
        """Runs of a kind (empty: all but shadow runs), newest first, after the run named `before`."""
        may_look(who.roles)
        with self._uow.read() as session:
            found = repository.runs_of_kind(session, kind, before, limit + 1)
        rows = [repository.run_of(row) for row in found[:limit]]
        return Page(rows, rows[-1].id if len(found) > limit else "")

    def waiting(self, who: Principal) -> Sequence[tuple[int, int]]:
        """Months that wait for a correction and of how many enterprises, the oldest first."""
        may_look(who.roles)
        with self._uow.read() as session:
            return repository.waiting(session)

    def run(self, who: Principal, run_id: str, before: int, limit: int) -> RunFile:
        """One run, its changes from number `before` downwards (0: the newest). Raises not_found."""
        may_look(who.roles)
        with self._uow.read() as session:
            row = repository.run(session, run_id)
            if row is None:
                raise not_found()
            names = repository.names_of_rulesets(session, {row.ruleset_hash})
            facts = repository.facts_of_run(session, run_id)
            replays = repository.replays(session, run_id)
            changes = repository.changes(session, run_id, "", before, limit + 1)
        return RunFile(
            repository.run_of(row), row.started_by, *names.get(row.ruleset_hash, ("", "")), facts, replays,
            _changes(changes, limit),
        )  # fmt: skip

    def corrections(self, who: Principal, before: int, limit: int) -> Page:
        """Grades that a correction changed, newest first, from number `before` downwards."""
        may_look(who.roles)
        with self._uow.read() as session:
            found = repository.changes(session, "", "correction", before, limit + 1)
        return _changes(found, limit)


def _changes(found: Sequence[ChangeRow], limit: int) -> Page:
    return Page(found[:limit], str(found[limit - 1].no) if len(found) > limit else "")
