"""Reads governance from the chain's present state and from its kept events. Nothing here votes: members do, with own keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from api.governance import repository, rules
from api.governance.model import Decision, Kind, OpenProposal, Overview, Page
from api.governance.ports import Chain
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import DomainError, ErrorKind

DECISION_HEAD = (
    "id", "action", "account", "name", "key", "value", "label", "proposed_by", "proposed_at",
    "approved_by", "outcome", "at", "block", "transaction",
)  # fmt: skip
EVENT_HEAD = ("block", "index", "at", "name", "proposal", "fields", "transaction")


class Governance:
    """The chain's governance for people and programs."""

    def __init__(self, uow: UnitOfWork, clock: Clock, chain: Chain) -> None:
        self._uow, self._clock, self._chain = uow, clock, chain

    def overview(self) -> Overview:
        """Present state; the chain is asked first, with no transaction open. A chain that is away is a state, too."""
        try:
            state, account = self._chain.state(), self._chain.account()
        except DomainError as error:
            if error.kind is not ErrorKind.UNAVAILABLE:
                raise
            with self._uow.read() as session:
                return Overview(Kind.UNREACHABLE, history=repository.history(session).block)
        if state is None:
            return Overview(Kind.SINGLE, account=account)
        with self._uow.read() as session:
            history = repository.history(session)
            numbers = [ballot.id for ballot in state.ballots]
            events = rules.by_proposal(repository.of_proposals(session, numbers))
        members = {seat.operator: seat.name for seat in state.seats}
        proposals: list[OpenProposal] = [
            rules.open_proposal(ballot, state.quorum, members, events.get(ballot.id, ()), history.names)
            for ballot in state.ballots
        ]
        behind = max(0, state.block.number - history.block)
        at = datetime.fromtimestamp(state.block.timestamp, UTC)
        return Overview(Kind.NETWORK, at, state, account, proposals, history.block, behind)

    def decisions(self, before: int | None = None, limit: int = 10) -> Page:
        """Proposals that are over, newest first; `before` is the number of the last one seen."""
        with self._uow.read() as session:
            history = repository.history(session)
            proposed = repository.finished(session, self._clock.now(), before, limit + 1)
            shown = proposed[:limit]
            events = rules.by_proposal(repository.of_proposals(session, [int(p.fields["id"]) for p in shown]))
        rows = [rules.decision(p, events[int(p.fields["id"])], history.names) for p in shown]
        return Page(rows, str(rows[-1].id) if len(proposed) > limit else "", history.block)

    def events(self, before: str = "", limit: int = 50) -> Page:
        """Every event of the contract, newest first; `before` is the cursor of the last one seen. Raises invalid."""
        place = rules.read_cursor(before)
        with self._uow.read() as session:
            history = repository.history(session)
            found = repository.events(session, place, limit + 1)
        shown = found[:limit]
        return Page(shown, rules.cursor_of(shown[-1]) if len(found) > limit else "", history.block)

    def decisions_csv(self) -> str:
        """All decisions as CSV, the newest 50,000 at most."""
        page = self.decisions(limit=rules.EXPORT_LIMIT)
        return rules.csv_text(DECISION_HEAD, (_decision_cells(row) for row in page.rows), page.history)

    def events_csv(self) -> str:
        """All events as CSV, the newest 50,000 at most."""
        page = self.events(limit=rules.EXPORT_LIMIT)
        rows = (
            (
                e.block_number,
                e.log_index,
                e.at.isoformat(),
                e.name,
                e.proposal,
                _pairs(e.fields),
                e.transaction,
            )
            for e in page.rows
        )
        return rules.csv_text(EVENT_HEAD, rows, page.history)

    def names(self) -> Mapping[str, str]:
        """Names of present and former members by operator."""
        with self._uow.read() as session:
            return repository.history(session).names

    def follow(self) -> bool:
        """One step of reading events (the worker); whether more is to come. Raises unavailable."""
        return self._chain.follow()


def _pairs(fields: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}={value}" for name, value in fields.items())


def _decision_cells(row: Decision) -> list[Any]:
    subject = row.subject
    return [
        row.id, subject.action, subject.account, subject.name, subject.key, subject.value, subject.label,
        row.proposed_by, row.proposed_at.isoformat(), " ".join(v.name or v.operator for v in row.voters),
        "executed" if row.executed else "expired", row.at.isoformat(), row.block, row.transaction,
    ]  # fmt: skip
