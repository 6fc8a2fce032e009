"""The exchange as its users see it: who may do what, files in, rejected rows out. Every change leaves an audit row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.exchange import repository
from api.exchange.model import (
    ERROR,
    Batch,
    BatchState,
    Channel,
    Dataset,
    Mode,
    Quarantined,
    Request,
    RowState,
)
from api.exchange.rules.catalogue import dataset_of, delivered
from api.exchange.rules.headers import REFERENCE
from api.exchange.service import exports, quarantine
from api.exchange.service.accepted import AcceptedRows
from api.exchange.service.credentials import DATASETS, OWNER, Credentials, is_credential, person_only
from api.exchange.service.intake import Intake
from api.exchange.service.late import LateRegister
from api.exchange.service.pull import Puller
from api.exchange.service.quarantine_report import quarantine_report
from api.exchange.service.sources import Sources
from api.exchange.service.store import Arriving, Store
from api.exchange.service.subjects import Subjects
from api.exchange.texts import RULE_TEXTS
from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.infra.reports import Asked, Exporter, File, Format, Mark, Noted, Report
from api.kernel.clock import Clock
from api.kernel.errors import conflict, forbidden, invalid, not_found

PAGE = 50
MOST_PRINTED, MOST_WRITTEN = 300, 20_000
"""Rejected rows of a report on paper and as a spreadsheet; the file says how many there are in all."""
READERS = ("operator", "regulator", "auditor", "review_officer", "risk_analyst", "risk_director")
"""Roles that read the whole catalogue; sending, and seeing what was sent, takes an assignment to a department."""


@dataclass(frozen=True)
class BatchPage:
    """Batches, newest first, and the cursor of the next page (None at the end)."""

    batches: Sequence[Batch]
    next: int | None


@dataclass(frozen=True)
class RowPage:
    """Quarantined rows and the cursor of the next page (None at the end)."""

    rows: Sequence[Quarantined]
    next: int | None


@dataclass(frozen=True)
class Officer:
    """Who sends for a department (`*`: for all)."""

    account_id: str
    owner: str
    granted_at: datetime


class Exchange:
    """The slice's service; `accepted` and `subjects` are what the risk engine reads, the rest is the worker's."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        store: Store,
        intake: Intake,
        accepted: AcceptedRows,
        subjects: Subjects,
        late: LateRegister,
        exporter: Exporter,
        people: Callable[[], Mapping[str, str]] = dict,
        queue_above: int | None = None,
    ) -> None:
        self._uow, self._clock, self._store = uow, clock, store
        self.intake, self.accepted, self.subjects = intake, accepted, subjects
        self.people = people
        """Staff by account id, as lists name them; empty where nobody can tell."""
        self.queue_above = queue_above
        """Files of more bytes are checked by the worker; None: none."""
        self.credentials, self.late, self._exporter = Credentials(uow, clock), late, exporter
        self.sources = Sources(uow, clock, Puller(uow, intake))

    # -- who may do what ------------------------------------------------------------------------------------------

    def owners(self, who: Principal) -> frozenset[str]:
        """Departments for which this account sends; `*` for all. Raises forbidden `exchange.not_an_officer`."""
        if is_credential(who):
            return frozenset({who.attributes[OWNER]})
        with self._uow.read() as session:
            found = repository.owners_of(session, who.account_id or "")
        if not found:
            raise forbidden("exchange.not_an_officer")
        return frozenset(found)

    def keepers(self, who: Principal) -> frozenset[str]:
        """Departments whose credentials this account sees and ends: its own; an operator's are all. Raises forbidden."""
        return frozenset({repository.ALL_OWNERS}) if who.has("operator") else self.owners(who)

    def datasets(self, who: Principal) -> list[Dataset]:
        """Datasets for which this account sends."""
        owners = self.owners(who)
        every = delivered().values()
        own = [what for what in every if repository.ALL_OWNERS in owners or what.owner.code in owners]
        if is_credential(who):
            named = who.attributes[DATASETS].split()
            return [what for what in own if what.code in named]
        return own

    def sends(self, who: Principal) -> bool:
        """Whether this account sends for any department."""
        with self._uow.read() as session:
            return is_credential(who) or bool(repository.owners_of(session, who.account_id or ""))

    def sendable(self, who: Principal) -> list[Dataset]:
        """`datasets`; none for who has no assignment."""
        return self.datasets(who) if self.sends(who) else []

    def readable(self, who: Principal) -> list[Dataset]:
        """Datasets of which the account may know the schema: one's own, or all for who reads the catalogue.

        Raises forbidden `exchange.not_an_officer`.
        """
        return list(delivered().values()) if who.has(*READERS) else self.datasets(who)

    def readable_dataset(self, who: Principal, code: str) -> Dataset:
        """One of them. Raises not_found `exchange.dataset_unknown`."""
        if code not in {what.code for what in self.readable(who)}:
            raise not_found("exchange.dataset_unknown")
        return dataset_of(code)

    def now(self) -> datetime:
        """What the slice's clock says."""
        return self._clock.now()

    def codes(self, who: Principal) -> list[str]:
        """Codes of the datasets for which this account sends."""
        return [what.code for what in self.datasets(who)]

    def _own(self, who: Principal, code: str) -> Dataset:
        """The dataset, if it is one of the account's: others' look as if they were not there."""
        if code not in self.codes(who):
            raise not_found("exchange.dataset_unknown")
        return dataset_of(code)

    def _batch_of(self, who: Principal, batch_id: str) -> Batch:
        with self._uow.read() as session:
            found = repository.batch(*repository.find(session, batch_id))
        if found.dataset not in self.codes(who):
            raise not_found("exchange.batch_unknown")
        return found

    def officers(self) -> list[Officer]:
        """Everybody who sends for a department."""
        with self._uow.read() as session:
            return [
                Officer(row.account_id, row.owner, row.granted_at) for row in repository.officers(session)
            ]

    def grant(self, who: Principal, account_id: str, owner: str) -> None:
        """Let an account send for a department (`*`: all). Raises invalid `exchange.owner_unknown`."""
        known = {what.owner.code for what in delivered().values()} | {repository.ALL_OWNERS}
        if owner not in known:
            raise invalid("exchange.owner_unknown", pointer="/owner")
        with self._uow() as session:
            repository.grant(session, account_id, owner, self._clock.now(), who.actor)
            audit.record(session, who, "exchange.officer_granted", "account", account_id, owner=owner)

    def revoke(self, who: Principal, account_id: str, owner: str) -> None:
        """Take it back. Raises not_found."""
        with self._uow() as session:
            repository.revoke(session, account_id, owner)
            audit.record(session, who, "exchange.officer_revoked", "account", account_id, owner=owner)

    # -- files in ------------------------------------------------------------------------------------------------

    @contextmanager
    def arriving(self, who: Principal, dataset: str, stated: int) -> Iterator[Arriving]:
        """Where a body goes on its way in, gone when it is closed. stated: its length as it was announced, 0 if it was not.

        Raises before the body is read, and again while it comes: not_found for another department's dataset, invalid
        `exchange.quota_used`, unavailable `exchange.storage_low` or `exchange.storage_full`.
        """
        what = self._own(who, dataset)
        self.intake.admit(what, stated)
        with self._store.arriving(stated, lambda size: self.intake.admit(what, size)) as held:
            yield held

    def receive(self, who: Principal, request: Request, chunks: Iterable[bytes]) -> Batch:
        """Take a file in; a large one is checked by the worker. Raises not_found for another department's dataset, and as
        `Intake.receive`."""
        self._own(who, request.dataset)
        made = self.intake.receive(request, chunks, who.actor, queue_above=self.queue_above)
        self._audit(who, "exchange.file_received", made)
        return made

    def commit(self, who: Principal, batch_id: str) -> Batch:
        """Commit a tried batch; a large one is committed by the worker. Raises not_found, conflict `exchange.batch_over`."""
        self._batch_of(who, batch_id)
        made = self.intake.commit(batch_id, who.actor, queue_above=self.queue_above)
        self._audit(who, "exchange.batch_committed", made)
        return made

    def discard(self, who: Principal, batch_id: str) -> Batch:
        """Leave a tried batch. Raises not_found, conflict `exchange.batch_over`."""
        self._batch_of(who, batch_id)
        made = self.intake.discard(batch_id, who.actor)
        self._audit(who, "exchange.batch_discarded", made)
        return made

    def withdraw(self, who: Principal, batch_id: str, reason: str) -> Batch:
        """Take a committed batch back. Raises not_found, conflict `exchange.batch_over`, invalid without a reason."""
        person_only(who)
        self._batch_of(who, batch_id)
        made = self.intake.withdraw(batch_id, who.actor, reason)
        self._audit(who, "exchange.batch_withdrawn", made)
        return made

    def _audit(self, who: Principal, action: str, batch: Batch) -> None:
        with self._uow() as session:
            audit.record(
                session,
                who,
                action,
                "exchange_batch",
                batch.id,
                dataset=batch.dataset,
                state=batch.state.value,
            )

    def batch(self, who: Principal, batch_id: str) -> Batch:
        """One batch. Raises not_found."""
        return self._batch_of(who, batch_id)

    def batches(
        self, who: Principal, dataset: str = "", state: str = "", before: int | None = None, limit: int = PAGE
    ) -> BatchPage:
        """Batches of the account's datasets, newest first."""
        codes = [self._own(who, dataset).code] if dataset else self.codes(who)
        if state and state not in {known.value for known in BatchState}:
            raise invalid("malformed", pointer="/state")
        with self._uow.read() as session:
            found = repository.page(session, codes, state, before, limit + 1)
        shown = found[:limit]
        return BatchPage([batch for _, batch in shown], shown[-1][0] if len(found) > limit else None)

    # -- rejected rows -------------------------------------------------------------------------------------------

    def rows(
        self,
        who: Principal,
        dataset: str = "",
        state: str = "open",
        batch_id: str = "",
        after: int = 0,
        limit: int = PAGE,
    ) -> RowPage:
        """Quarantined rows of the account's datasets."""
        codes = [self._own(who, dataset).code] if dataset else self.codes(who)
        with self._uow.read() as session:
            found = quarantine.page(session, codes, state, batch_id, after, limit + 1)
        shown = found[:limit]
        return RowPage(shown, shown[-1].id if len(found) > limit else None)

    def rows_report(self, who: Principal, dataset: str, state: str, batch_id: str, asked: Asked) -> File:
        """The desk under these conditions as a file: its first rows, marked and audited. Raises as `rows` does, and invalid
        `purpose_missing`."""
        codes = [self._own(who, dataset).code] if dataset else self.codes(who)
        most = MOST_PRINTED if asked.format is Format.PDF else MOST_WRITTEN

        def build(mark: Mark) -> Report:
            with self._uow.read() as session:
                found = quarantine.page(session, codes, state, batch_id, 0, most)
                counts = quarantine.counts(session, codes, batch_id)
            return quarantine_report(found, counts, delivered(), state, mark, asked.lang)

        facts = {"dataset": dataset, "state": state, "batch": batch_id}
        noted = Noted("exchange.quarantine_exported", "report", "quarantine", facts)
        return self._exporter.make(who, asked, build, noted)

    def row(self, who: Principal, number: int) -> Quarantined:
        """One quarantined row of the account's datasets. Raises not_found."""
        codes = self.codes(who)
        with self._uow.read() as session:
            return quarantine.one(session, number, codes)

    def names_of_row(self, who: Principal, number: int) -> list[str]:
        """Columns of a rejected row's dataset. Raises not_found."""
        return dataset_of(self.row(who, number).dataset).names

    def repair(self, who: Principal, number: int, cells: Mapping[str, str]) -> Batch:
        """Send a rejected row again with these cells, as a file of one row; nothing is kept of one that is still wrong.

        Raises not_found, conflict `exchange.row_settled`, invalid `exchange.row_still_wrong` (with what is wrong).
        """
        person_only(who)
        found = self.row(who, number)
        if found.state is not RowState.OPEN:
            raise conflict("exchange.row_settled")
        line = json.dumps({**cells, REFERENCE: str(number)}, ensure_ascii=False) + "\n"
        request = Request(
            found.dataset, Mode.APPEND, True, Channel.REPAIR, f"row-{number}.ndjson", expected_rows=1
        )
        tried = self.intake.receive(request, [line.encode("utf-8")], who.actor)
        if tried.state is not BatchState.TRIED or tried.quarantined:
            if tried.state is BatchState.TRIED:
                self.intake.discard(tried.id, who.actor)
            raise invalid("exchange.row_still_wrong", reasons=_reasons(dataset_of(found.dataset), tried))
        made = self.intake.proceed(tried.id, who.actor)
        self._audit(who, "exchange.row_repaired", made)
        return made

    def waive(self, who: Principal, number: int, reason: str) -> Quarantined:
        """Let a rejected row rest. Raises not_found, conflict `exchange.row_settled`, invalid without a reason."""
        person_only(who)
        if not reason.strip():
            raise invalid("exchange.reason_missing", pointer="/reason")
        codes = self.codes(who)
        with self._uow() as session:
            row: Any = quarantine.waive(session, number, codes, self._clock.now(), who.actor, reason.strip())
            audit.record(
                session, who, "exchange.row_waived", "exchange_row", str(number), dataset=row.dataset
            )
        made: Quarantined = row
        return made

    def rejected_csv(self, who: Principal, batch_id: str) -> Iterator[str]:
        """Open rejected rows of a batch with the reasons, to be repaired and sent again. Raises not_found."""
        batch = self._batch_of(who, batch_id)
        self._audit(who, "exchange.rejected_taken", batch)
        return exports.rejected_csv(dataset_of(batch.dataset), self._rejected(batch_id))

    def rejected_xlsx(self, who: Principal, batch_id: str) -> bytes:
        """The same as a sheet whose wrong cells are marked and say why."""
        batch = self._batch_of(who, batch_id)
        self._audit(who, "exchange.rejected_taken", batch)
        return exports.rejected_xlsx(dataset_of(batch.dataset), self._rejected(batch_id))

    def _rejected(self, batch_id: str) -> list[Quarantined]:
        with self._uow.read() as session:
            return list(quarantine.each(session, batch_id, "open"))

    def template(self, who: Principal, code: str, ending: str) -> bytes:
        """An empty file with the right header, as `csv` or `xlsx` (with a sheet-wide note per column)."""
        dataset = self._own(who, code)
        return exports.template_csv(dataset) if ending == "csv" else exports.template_xlsx(dataset)


def _reasons(dataset: Dataset, tried: Batch) -> str:
    """What is wrong with a file of one row: column and rule, in Chinese and English."""
    parts = []
    for entry in tried.summary:
        if entry["severity"] == ERROR:
            column = dataset.column(entry["column"])
            zh, en = RULE_TEXTS[entry["rule"]]
            parts.append(f"{column.zh}：{zh} / {column.en}: {en}")
    return "；".join(parts) or str((tried.problem or {}).get("code", ""))
