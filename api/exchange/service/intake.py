"""The way of a file: landed → tried or committed or refused; committed → withdrawn. Every step can be killed and taken again.

A file above a size that its receiver names is only landed: `resume` checks it in the worker and says how far it is (ADR 0103).

1. The bytes are on disk, then landing and batch rows are committed: from here on nothing is lost.
2. The file is read and checked; nothing is written.
3. Segment and findings are on disk under names of this attempt; what no row names is swept.
4. One transaction takes the dataset's next place (compare and swap), names both files, adds quarantined rows, settles
   repaired ones, applies register rows and tells the listener. When the place is gone the file is compared again.
A batch whose process died is taken up by `resume`, which begins its checks anew from the landed file; who comes second finds
its state changed and leaves it alone. A file that has broken the worker off several times is refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl
import structlog
from sqlalchemy.orm import Session

from api.exchange import repository
from api.exchange.model import (
    AT_WORK,
    UNDECIDED,
    Batch,
    BatchState,
    Channel,
    Dataset,
    Grain,
    Kind,
    Mode,
    Request,
    Segment,
    Stage,
)
from api.exchange.ports import ChangeListener, Matcher
from api.exchange.rules.catalogue import dataset_of, delivered
from api.exchange.rules.validation import unlinked_key
from api.exchange.service import quarantine, subjects
from api.exchange.service.accepted import AcceptedRows
from api.exchange.service.checking import (
    Checked,
    Prepared,
    Tell,
    compare,
    pairs_of,
    prepare,
    rematched,
    segment_of,
    untold,
)
from api.exchange.service.readers import RawFile, format_of, read_file
from api.exchange.service.store import Store, Stored
from api.exchange.tables import ExchangeBatchRow, ExchangeLandingRow
from api.infra.db import UnitOfWork
from api.infra.process import is_gone, this_process
from api.kernel.clock import SHANGHAI, Clock, shanghai_day
from api.kernel.errors import DomainError, ErrorKind, conflict, invalid
from api.kernel.ids import new_id

log = structlog.get_logger(__name__)
MAX_REJECTED = 100_000
"""More rejected rows than this are no errors in a file but another file: it is refused as a whole."""
ATTEMPTS = 5
"""So often a commit is compared again, and so often a file's checks are begun: what breaks them off each time is the file."""
SILENT = timedelta(hours=1)
"""Who has said nothing for so long about a batch is taken for gone, on whatever machine it ran."""
SYSTEM = "exchange"


class Intake:
    """Takes files in. `matcher`: dataset → who finds its enterprises; `quota`: bytes a department and day, None for any."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        store: Store,
        accepted: AcceptedRows,
        matcher: Callable[[Dataset], Matcher],
        listener: ChangeListener,
        quota: int | None = None,
    ) -> None:
        self._uow, self._clock, self._store, self._accepted = uow, clock, store, accepted
        self._matcher, self._listener, self._quota = matcher, listener, quota

    def admit(self, dataset: Dataset, size: int) -> None:
        """Ask whether so many bytes may come today: those stated before a body is read, those that came while it is.

        Raises invalid `exchange.quota_used`.
        """
        if self._quota is None:
            return
        today = datetime.combine(self._today(), time.min, SHANGHAI).astimezone(UTC)
        codes = [what.code for what in delivered().values() if what.owner.code == dataset.owner.code]
        with self._uow.read() as session:
            sent = repository.sent_since(session, codes, today)
        if sent + size > self._quota:
            raise invalid("exchange.quota_used", quota_mb=self._quota // 1_000_000, sent_mb=sent // 1_000_000)

    def receive(
        self, request: Request, chunks: Iterable[bytes], who: str, *, queue_above: int | None = None
    ) -> Batch:
        """Land a file and take it as far as it goes; the batch as it stands then (refused ones say why).

        queue_above: a file of more bytes waits for the worker, in state checking. Raises invalid for what can't even be
        landed: an unknown format, too many bytes, none, another digest than stated, `exchange.quota_used` (what the
        operator loads by hand has no quota); unavailable `exchange.storage_low` or `exchange.storage_full`.
        """
        dataset = dataset_of(request.dataset)
        if request.period_from and request.period_to and request.period_from > request.period_to:
            raise invalid("exchange.period_reversed", pointer="/period_from")

        def accept(sha256: str, size: int) -> None:
            if request.expected_sha256 and request.expected_sha256.lower() != sha256:
                raise invalid("exchange.file_other_digest", actual=sha256)
            if request.channel is not Channel.COMMAND:
                self.admit(dataset, size)

        stored = self._store.land(chunks, format_of(request.name), accept)
        queued = queue_above is not None and stored.size > queue_above
        ids = (new_id(), new_id())
        with self._uow() as session:
            file = (stored.path, stored.sha256, stored.size)
            process = None if queued else this_process()
            repository.add(session, request, ids, dataset.version, file, self._clock.now(), who, process)
        log.info("exchange.file.landed", dataset=dataset.code, batch=ids[1], bytes=stored.size, queued=queued)
        return self._found(ids[1]) if queued else self.proceed(ids[1], who)

    def commit(self, batch_id: str, who: str, *, queue_above: int | None = None) -> Batch:
        """Commit a batch that was tried; a large one (as in `receive`) waits for the worker. Raises as `proceed`."""
        with self._uow() as session:
            row, landing = repository.find(session, batch_id, lock=True)
            if row.state != BatchState.TRIED.value:
                raise conflict("exchange.batch_over", state=row.state)
            if queue_above is not None and landing.size > queue_above:
                row.state, row.trial, row.owner = BatchState.CHECKING.value, False, None
                row.stage, row.stage_done, row.stage_of = Stage.QUEUED.value, 0, 0
                row.attempts, row.worked_at = 0, self._clock.now()
                return repository.batch(row, landing)
        return self.proceed(batch_id, who)

    def proceed(self, batch_id: str, who: str = "", tell: Tell = untold) -> Batch:
        """Take a landed batch on, or commit one that was tried. who: the file's sender unless another is named.

        Raises conflict `exchange.batch_over`.
        """
        row, landing = self._rows(batch_id)
        if row.state not in UNDECIDED:
            raise conflict("exchange.batch_over", state=row.state)
        dataset = dataset_of(row.dataset)
        try:
            if row.mode == Mode.REMATCH.value:
                return self._again(lambda: self._rematch(dataset, row, who or SYSTEM, tell))
            tell(Stage.READING, 0, 0)
            raw = read_file(dataset, self._store.path(landing.path), landing.name)
            self._expect(dataset, row, raw)
            return self._again(lambda: self._settle(dataset, row, raw, who or landing.received_by, tell))
        except DomainError as error:
            if error.kind is ErrorKind.INVALID:
                return self._refuse(batch_id, error)
            if error.kind is ErrorKind.UNAVAILABLE or error.code == "exchange.changed_meanwhile":
                with self._uow() as session:  # the worker tries again, whether or not this process lives
                    repository.release(session, batch_id, counted=False)
            raise

    def _found(self, batch_id: str) -> Batch:
        with self._uow.read() as session:
            return repository.batch(*repository.find(session, batch_id))

    @staticmethod
    def _again(attempt: Callable[[], Batch]) -> Batch:
        """The attempt; made anew, a bounded number of times, where somebody else committed meanwhile."""
        for _ in range(ATTEMPTS - 1):
            try:
                return attempt()
            except DomainError as error:
                if error.code != "exchange.changed_meanwhile":
                    raise
        return attempt()

    def _rows(self, batch_id: str) -> tuple[ExchangeBatchRow, ExchangeLandingRow]:
        with self._uow.read() as session:
            return repository.find(session, batch_id)

    def _today(self) -> date:
        return shanghai_day(self._clock.now())

    @staticmethod
    def _expect(dataset: Dataset, row: ExchangeBatchRow, raw: RawFile) -> None:
        if row.expected_rows is not None and row.expected_rows != raw.rows:
            raise invalid("exchange.file_other_rows", expected=row.expected_rows, found=raw.rows)
        if not raw.rows and not (dataset.kind is Kind.EVENT and row.stated_to is not None):
            raise invalid("exchange.file_without_rows")

    def _settle(self, dataset: Dataset, row: ExchangeBatchRow, raw: RawFile, who: str, tell: Tell) -> Batch:
        register_seq = self._register_seq()
        prepared = prepare(dataset, raw, self._today(), self._matcher(dataset), tell)
        if prepared.rejected.height > MAX_REJECTED:
            raise invalid("exchange.file_mostly_wrong", rows=prepared.rejected.height, limit=MAX_REJECTED)
        tell(Stage.COMPARING, 0, 0)
        seen, known, older = self._known(dataset, prepared, Mode(row.mode))
        stated = (row.stated_from, row.stated_to)
        checked = compare(dataset, raw, prepared, known, Mode(row.mode), stated, self._today(), older)
        if row.trial and row.state in AT_WORK:
            return self._try(row.id, checked)
        tell(Stage.WRITING, 0, 0)
        return self._commit(dataset, row.id, checked, (seen, register_seq), who)

    def _rematch(self, dataset: Dataset, row: ExchangeBatchRow, who: str, tell: Tell) -> Batch:
        """Accepted rows of the batch's file are matched anew; the raw file is not read: rules may have changed since."""
        register_seq = self._register_seq()
        with self._uow.read() as session:
            origins = repository.of_landing(session, row.landing_id)
            seen = repository.sequence(session, dataset.code)
            months = _span(origins) if dataset.grain is Grain.MONTH else (None, None)
            segments = repository.segments(session, dataset.code, None, *months)
        known = self._verified(dataset, segments).collect()
        tell(Stage.MATCHING, 0, 0)
        checked = rematched(dataset, known, [found.id for found in origins], self._matcher(dataset))
        if checked.fresh.is_empty() and checked.ended.is_empty():
            return self._nothing(row.id)
        tell(Stage.WRITING, 0, 0)
        return self._commit(dataset, row.id, checked, (seen, register_seq), who)

    def _register_seq(self) -> int:
        with self._uow.read() as session:
            return repository.sequence(session, subjects.REGISTER)

    def _verified(self, dataset: Dataset, segments: Sequence[Segment]) -> pl.LazyFrame:
        for segment in segments:
            self._store.verify(segment.path, segment.sha256)
        return self._accepted.newest(dataset, segments)

    def _known(
        self, dataset: Dataset, prepared: Prepared, mode: Mode
    ) -> tuple[int, pl.DataFrame, pl.DataFrame | None]:
        """The dataset's place in its order, the newest versions of the keys that this file may meet, and for files that
        only add (append) the versions before them, where there are any."""
        months: tuple[int | None, int | None] = (None, None)
        if dataset.grain is Grain.MONTH and not prepared.rows.is_empty():
            column = prepared.rows["month"]
            months = (int(str(column.min())), int(str(column.max())))
        with self._uow.read() as session:
            seen = repository.sequence(session, dataset.code)
            segments = repository.segments(session, dataset.code, None, *months)
        rows = self._verified(dataset, segments)
        keys = prepared.rows.select("_key")
        if mode is Mode.CORRECTION:  # of a row, perhaps, that came before its enterprise
            keys = pl.concat([keys, prepared.rows.select(unlinked_key(dataset).alias("_key"))])
        if mode in {Mode.APPEND, Mode.CORRECTION} and segments:
            rows = rows.join(keys.lazy(), on="_key", how="semi")
        older = None
        if mode is Mode.APPEND and any(segment.superseding for segment in segments):
            every = self._accepted.every_version(dataset, segments)
            older = every.join(prepared.rows.lazy().select("_key"), on="_key", how="semi").collect()
        return seen, rows.collect(), older

    def _nothing(self, batch_id: str) -> Batch:
        """A batch that was to be matched again and found no other enterprise is left without a trace in the data."""
        with self._uow() as session:
            row, landing = repository.find(session, batch_id, lock=True)
            if row.state in AT_WORK:
                row.state, row.owner = BatchState.DISCARDED.value, None
            return repository.batch(row, landing)

    def _try(self, batch_id: str, checked: Checked) -> Batch:
        with self._uow() as session:
            row, landing = repository.find(session, batch_id, lock=True)
            if row.state in AT_WORK:
                _tell(row, checked)
                row.state, row.owner = BatchState.TRIED.value, None
            return repository.batch(row, landing)

    def _refuse(self, batch_id: str, error: DomainError) -> Batch:
        log.info("exchange.batch.refused", batch=batch_id, code=error.code)
        with self._uow() as session:
            row, landing = repository.find(session, batch_id, lock=True)
            if row.state in UNDECIDED:
                row.state, row.owner = BatchState.REFUSED.value, None
                row.problem = {
                    "code": error.code,
                    "facts": {name: str(fact) for name, fact in error.facts.items()},
                }
            return repository.batch(row, landing)

    def _commit(
        self, dataset: Dataset, batch_id: str, checked: Checked, place: tuple[int, int], who: str
    ) -> Batch:
        """`place`: of the dataset in its order, and of the register that its rows were matched against."""
        # The known time stands in the segment: it is settled before the file is written and held to by the swap.
        with self._uow.read() as session:
            known_at = repository.next_known(session, dataset.code, self._clock.now())
        stem = f"accepted/{dataset.code}/{batch_id}-{secrets.token_hex(4)}"
        segment = self._store.write(
            segment_of(dataset, checked, batch_id, place[0] + 1, known_at), f"{stem}.parquet"
        )
        findings = self._store.write(checked.findings, f"{stem}.findings.parquet")
        try:
            return self._name(dataset, batch_id, checked, (segment, findings), place, known_at, who)
        except DomainError:
            self._store.drop(segment.path, findings.path)  # refused before the commit: no row names them
            raise

    def _name(
        self,
        dataset: Dataset,
        batch_id: str,
        checked: Checked,
        files: tuple[Stored, Stored],
        place: tuple[int, int],
        known_at: datetime,
        who: str,
    ) -> Batch:
        seen, register_seq = place
        with self._uow() as session:
            row, landing = repository.find(session, batch_id, lock=True)
            if row.state not in UNDECIDED:
                raise conflict("exchange.batch_over", state=row.state)
            repository.advance(session, dataset.code, seen, known_at)
            repository.register_seen(session, dataset.code, register_seq)
            _tell(row, checked)
            row.state, row.owner, row.seq, row.known_at = BatchState.COMMITTED.value, None, seen + 1, known_at
            row.first_month, row.last_month = checked.months
            row.segment, row.segment_sha256 = files[0].path, files[0].sha256
            row.findings, row.findings_sha256 = files[1].path, files[1].sha256
            quarantine.keep(session, dataset.code, batch_id, checked.rejected, checked.findings)
            quarantine.mark_fixed(
                session, dataset, batch_id, checked.right, checked.references, known_at, who
            )
            if dataset.code == subjects.REGISTER:
                subjects.apply(session, checked.fresh, batch_id, known_at)
                subjects.lapse(
                    session, checked.ended["enterprise"].drop_nulls().to_list(), batch_id, known_at
                )
            if row.mode != Mode.REMATCH.value:
                self._matcher(dataset).keep(session, dataset.code, batch_id, checked.doubts)
            if not checked.pairs.is_empty():
                self._listener.rows_changed(session, dataset.code, batch_id, checked.pairs)
            log.info("exchange.batch.committed", dataset=dataset.code, batch=batch_id, **checked.counts)
            return repository.batch(row, landing)

    def discard(self, batch_id: str, who: str) -> Batch:
        """Leave a tried batch. Raises conflict `exchange.batch_over`."""
        with self._uow() as session:
            row, landing = repository.find(session, batch_id, lock=True)
            if row.state != BatchState.TRIED.value:
                raise conflict("exchange.batch_over", state=row.state)
            row.state, row.withdrawn_by = BatchState.DISCARDED.value, who
            return repository.batch(row, landing)

    def withdraw(self, batch_id: str, who: str, reason: str) -> Batch:
        """Take a committed batch back: older versions of its keys count again, its other keys are gone.

        What was known before stays readable as it was known then. Raises conflict `exchange.batch_over`.
        """
        if not reason.strip():
            raise invalid("exchange.reason_missing", pointer="/reason")
        with self._uow() as session:
            row, landing = repository.find(session, batch_id, lock=True)
            if row.state != BatchState.COMMITTED.value or row.segment is None:
                raise conflict("exchange.batch_over", state=row.state)
            dataset = dataset_of(row.dataset)
            at = repository.next_known(session, dataset.code, self._clock.now())
            repository.advance(session, dataset.code, repository.sequence(session, dataset.code), at)
            segments = []
            for batch in repository.of_landing(
                session, row.landing_id
            ):  # what was matched again goes with it
                if batch.seq is not None and batch.segment is not None and batch.seq >= (row.seq or 0):
                    batch.state, batch.withdrawn_at, batch.withdrawn_by = BatchState.WITHDRAWN.value, at, who
                    batch.reason = reason.strip()[:400]
                    segments.append(pl.read_parquet(self._store.path(batch.segment)))
            session.flush()
            rows = pl.concat(segments)
            quarantine.close_batch(session, batch_id, at, who)
            self._matcher(dataset).forget(session, batch_id)
            if dataset.code == subjects.REGISTER:
                self._restore_subjects(session, dataset, rows, batch_id, at)
            pairs = pairs_of(dataset, rows, row.period_to or shanghai_day(at))
            if not pairs.is_empty():
                self._listener.rows_changed(session, dataset.code, batch_id, pairs)
            log.info("exchange.batch.withdrawn", dataset=dataset.code, batch=batch_id)
            return repository.batch(row, landing)

    def _restore_subjects(
        self, session: Session, dataset: Dataset, rows: pl.DataFrame, batch_id: str, at: datetime
    ) -> None:
        left = self._accepted.newest(dataset, repository.segments(session, dataset.code))
        touched = rows.lazy().select("enterprise").drop_nulls().unique()
        still = left.join(touched, on="enterprise", how="semi").collect()
        subjects.apply(session, still, batch_id, at)
        gone = touched.collect().join(still.select("enterprise"), on="enterprise", how="anti")
        subjects.lapse(session, gone["enterprise"].to_list(), batch_id, at)

    def rematch(self, session: Session, batch_ids: Iterable[str]) -> None:
        """Have these batches' rows matched again, in the caller's transaction; the worker does it soon (`resume`)."""
        for batch_id in batch_ids:
            repository.add_rematch(session, batch_id, new_id(), self._clock.now())
            session.flush()

    def rematch_unmatched(self, dataset: str) -> int:
        """Have rows matched again whose enterprise was not found, e.g. when the register came later; how many batches."""
        with self._uow() as session:
            found = repository.with_unmatched(session, dataset)
            self.rematch(session, found)
        return len(found)

    def resume(self) -> int:
        """Take up batches that wait for the worker or whose process is gone; how many. What fails holds nothing else up and is
        tried again later.

        Raises the first failure at the end, so that the worker's log has it and its pauses grow.
        """
        quiet = self._clock.now() - SILENT
        with self._uow.read() as session:
            waiting = [
                (batch_id, owner)
                for batch_id, owner, last in repository.unfinished(session)
                if owner is None or is_gone(owner) or last < quiet
            ]
        done = 0
        failed: Exception | None = None
        for batch_id, owner in waiting:
            with self._uow() as session:
                attempt = repository.take(session, batch_id, owner, this_process(), self._clock.now())
            if not attempt:
                continue
            try:
                self._attempt(batch_id, attempt)
                done += 1
            except DomainError as error:
                if error.kind is ErrorKind.INTEGRITY:
                    raise
                if error.kind is not ErrorKind.CONFLICT:
                    failed = failed or error
            except Exception as error:  # of ours or of a library: the attempt counts
                log.warning(
                    "exchange.batch.failed", batch=batch_id, attempt=attempt, error=type(error).__name__
                )
                with self._uow() as session:
                    repository.release(session, batch_id, counted=True)
                failed = failed or error
        if failed is not None:
            raise failed
        return done

    def _attempt(self, batch_id: str, attempt: int) -> None:
        if attempt > ATTEMPTS:
            self._refuse(batch_id, invalid("exchange.check_broken_off", attempts=ATTEMPTS))
            return

        def tell(stage: Stage, done: int, of: int) -> None:
            with self._uow() as session:
                repository.note(session, batch_id, (stage, done, of), self._clock.now())

        self.proceed(batch_id, tell=tell)

    def sweep(self) -> int:
        """Remove files that no row names; how many."""
        with self._uow.read() as session:
            named = repository.named_files(session)
        return self._store.sweep(named)


def _span(batches: Sequence[ExchangeBatchRow]) -> tuple[int | None, int | None]:
    """First and last month of these batches; (None, None) where they have none."""
    firsts = [row.first_month for row in batches if row.first_month is not None]
    lasts = [row.last_month for row in batches if row.last_month is not None]
    return min(firsts, default=None), max(lasts, default=None)


def _tell(row: ExchangeBatchRow, checked: Checked) -> None:
    counts: dict[str, Any] = dict(checked.counts)
    for name, value in counts.items():
        setattr(row, name, value)
    row.summary = checked.summary
    row.schema_version = checked.version or row.schema_version
    row.period_from, row.period_to = checked.period
