"""Matches batches and keeps the review queue: decisions are remembered, applied to later batches, and can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
from sqlalchemy.orm import Session

from api.exchange.matching import repository, rules
from api.exchange.matching.cascade import SETTLED, Cascade
from api.exchange.matching.explain import explain
from api.exchange.matching.model import (
    Batch,
    Candidate,
    Explained,
    Found,
    Identity,
    Kind,
    Method,
    Outcome,
    Page,
    Review,
    State,
    Step,
)
from api.exchange.matching.names import NameRules
from api.exchange.matching.ports import LinkListener, SubjectSource
from api.exchange.matching.tables import ReviewRow
from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import conflict, not_found


class Matching:
    """One installation's matching; the exchange's intake takes it as its matcher.

    `listener` is told of every changed link in the transaction that changes it; `name_rules` says the rules of today.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        subjects: SubjectSource,
        listener: LinkListener,
        name_rules: Callable[[], NameRules] = NameRules,
    ) -> None:
        self._uow, self._clock = uow, clock
        self._subjects, self._listener = subjects, listener
        self._name_rules = name_rules

    # -- batches

    def cascade(self) -> Cascade:
        """A matcher over the register and the decisions as they stand now."""
        with self._uow.read() as session:
            decided = repository.decisions(session)
        return Cascade(self._subjects.subjects(), decided, self._name_rules())

    def match(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Link a file's rows (`uscc`, `name`, `address`) and say what a person should see: as `Cascade.review`. Writes nothing.

        The register and the decisions are read once a call: give it the whole file.
        """
        return self.cascade().review(frame)

    def keep(self, session: Session, dataset: str, batch_id: str, doubts: pl.DataFrame) -> None:
        """Put the second frame of `match` into the queue, in the caller's transaction. The same batch again counts once."""
        repository.keep(session, _found(doubts), Batch(dataset, batch_id), self._clock.now())

    def forget(self, session: Session, batch_id: str) -> None:
        """Take a withdrawn batch out of the queue, in the caller's transaction. Decisions stay."""
        repository.forget_batch(session, batch_id)

    # -- queue

    def listing(
        self, state: State | None = State.OPEN, kind: Kind | None = None, after: int = 0, limit: int = 50
    ) -> Page:
        """Reviews in the order in which they came; `after` is the cursor of the page before."""
        with self._uow.read() as session:
            found = repository.listing(session, state, kind, after, limit + 1)
        shown = [repository.to_review(row) for row in found[:limit]]
        return Page(shown, str(found[limit - 1].no) if len(found) > limit else "")

    def counts(self) -> dict[str, int]:
        """Open reviews by kind."""
        with self._uow.read() as session:
            return repository.counts(session)

    def review(self, review_id: str) -> tuple[Review, list[Step], dict[int, tuple[str, str, str]]]:
        """A review, its history, and code, name and address of the enterprises it names. Raises not_found."""
        with self._uow.read() as session:
            row = self._row(session, review_id)
            found, history = repository.to_review(row), repository.steps(session, row)
        numbers = (
            {c.enterprise for c in found.candidates} | {s.enterprise for s in history} | {found.enterprise}
        )
        return found, history, self._subjects.names(sorted(n for n in numbers if n is not None))

    def explanation(self, review_id: str) -> list[Explained]:
        """What Splink says of each candidate, best first. It explains to a person and decides nothing."""
        found, _, named = self.review(review_id)
        offered = {c.enterprise: named[c.enterprise] for c in found.candidates if c.enterprise in named}
        return explain(found.identity, offered, self._name_rules())

    def decide(
        self,
        who: Principal,
        review_id: str,
        version: int,
        outcome: Outcome,
        enterprise: int | None,
        reason: str,
    ) -> Review:
        """Decide a review for good: this batch's rows and all later ones of the identity. Audited; tells the listener.

        Raises not_found, conflict (decided or changed meanwhile), invalid (reason, enterprise).
        """
        reason = rules.check_reason(reason)
        known = enterprise is not None and bool(self._subjects.names([enterprise]))
        with self._uow() as session:
            row = self._row(session, review_id, lock=True)
            before = repository.to_review(row)
            rules.check_version(before, version)
            rules.check_decision(before, outcome, enterprise, known)
            repository.add_step(session, row, outcome.value, enterprise, who.actor, self._clock.now(), reason)
            row.state, row.outcome, row.enterprise = State.DECIDED.value, outcome.value, enterprise
            if outcome is not Outcome.LINK:
                row.refused = sorted({*row.refused, *(c.enterprise for c in before.candidates)})
            row.version += 1
            audit.record(
                session, who, "exchange.review_decided", "review", review_id,
                outcome=outcome.value, enterprise=enterprise, version=row.version,
            )  # fmt: skip
            after = repository.to_review(row)
            self._listener(session, rules.change(before, after, repository.batches(session, row)))
        return after

    def undo(self, who: Principal, review_id: str, version: int, reason: str) -> Review:
        """Take the decision in force back: the review is as it was before it. Audited; tells the listener.

        Raises not_found, conflict (nothing decided, or changed meanwhile), invalid (reason).
        """
        reason = rules.check_reason(reason)
        with self._uow() as session:
            row = self._row(session, review_id, lock=True)
            before = repository.to_review(row)
            rules.check_version(before, version)
            step = repository.last_decision(session, row)
            if before.state is not State.DECIDED or step is None:
                raise conflict("exchange.review_open")
            repository.add_step(session, row, "undone", None, who.actor, self._clock.now(), reason)
            row.state, row.outcome = step.before["state"], step.before["outcome"]
            row.enterprise, row.refused = step.before["enterprise"], step.before["refused"]
            row.version += 1
            audit.record(
                session, who, "exchange.review_undone", "review", review_id,
                outcome=step.action, version=row.version,
            )  # fmt: skip
            after = repository.to_review(row)
            self._listener(session, rules.change(before, after, repository.batches(session, row)))
        return after

    def _row(self, session: Session, review_id: str, *, lock: bool = False) -> ReviewRow:
        row = repository.get(session, review_id, lock=lock)
        if row is None:
            raise not_found()
        return row


def _found(asked: pl.DataFrame) -> list[Found]:
    """Identities with their candidates; spellings that have the same keys are one."""
    merged: dict[str, Found] = {}
    numbers: dict[int, str] = {}
    for row in asked.iter_rows(named=True):
        print_ = rules.fingerprint(row["code"], row["name_key"], row["address_key"])
        here = merged.get(print_)
        if here is None:
            identity = Identity(row["uscc"], row["name"], row["address"])
            kind = None if row["kind"] == SETTLED else Kind(row["kind"])
            here = Found(identity, print_, kind, row["rows"], ())
        elif row["d"] not in numbers:
            here = replace(here, rows=here.rows + row["rows"])
        numbers[row["d"]] = print_
        if row["enterprise"] is not None:
            offered = Candidate(row["enterprise"], Method(row["method"]), row["score_bp"])
            if offered not in here.candidates:
                here = replace(here, candidates=(*here.candidates, offered))
        merged[print_] = here
    return list(merged.values())
