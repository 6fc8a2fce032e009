"""Drafts, validates and publishes rule sets, and answers which one holds on a day as known at a moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock, shanghai_day
from api.kernel.errors import conflict, invalid, not_found
from api.kernel.ids import new_id
from api.risk.ports import People
from api.risk.rulesets import repository, rules
from api.risk.rulesets.model import Difference, State, Version
from api.risk.rulesets.ports import FactNames, Measured
from api.risk.scoring.explanation import explain
from api.risk.spec.document import VERSION, DocumentError, RuleSetDoc, parse, read_document, rule_set_hash
from api.risk.spec.lint import Finding, blocking, lint
from api.risk.spec.model import RuleSetError

DELIVERED = "delivered"
_KEPT_FINDINGS = 32
_ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)


class RuleSetService:
    """The versions of one installation's rule set. `delivered` is the document that comes with the software."""

    def __init__(
        self, uow: UnitOfWork, clock: Clock, delivered: RuleSetDoc, facts: FactNames, measured: Measured,
        people: People,
    ) -> None:  # fmt: skip
        self._uow = uow
        self._clock = clock
        self._facts = facts
        self._measured = measured
        self._people = people
        self._found: dict[tuple[object, ...], tuple[Finding, ...]] = {}
        self._delivered = Version(
            row_id=DELIVERED,
            state=State.PUBLISHED,
            revision=0,
            document=delivered,
            hash=rule_set_hash(delivered),
            note="",
            base=0,
            authors=(),
            changed_at=_ALWAYS,
            sequence=0,
            known_from=_ALWAYS,
            valid_from=_ALWAYS.date(),
        )

    # -- questions

    def listing(self) -> list[Version]:
        """All versions, newest change first, the delivered one last."""
        with self._uow.read() as session:
            return [*map(repository.version_of, repository.rows(session)), self._delivered]

    def get(self, row_id: str) -> Version:
        """A version by id. Raises not_found."""
        if row_id == DELIVERED:
            return self._delivered
        with self._uow.read() as session:
            row = repository.row(session, row_id)
            if row is None:
                raise not_found()
            return repository.version_of(row)

    def newest(self) -> int:
        """The sequence number of the newest publication; whoever publishes names it."""
        with self._uow.read() as session:
            return repository.newest(session)

    def in_force(self, on: date, known_at: datetime | None = None) -> Version:
        """The version that holds on that day as known at that moment (default: now)."""
        with self._uow.read() as session:
            published = [repository.version_of(row) for row in repository.rows(session, (State.PUBLISHED,))]
        found = rules.in_force([*published, self._delivered], on, known_at or self._clock.now())
        return found or self._delivered

    def by_hash(self, digest: str) -> Version:
        """The published version that a decision names. Raises not_found."""
        for version in self.listing():
            if version.hash == digest and version.state is State.PUBLISHED:
                return version
        raise not_found()

    def findings(self, row_id: str) -> tuple[Finding, ...]:
        """What the lint says of a version."""
        return self._lint(self.get(row_id).document)

    def differences(self, row_id: str, against: str) -> tuple[Difference, ...]:
        """Where a version differs from another."""
        return rules.differences(self.get(against).document, self.get(row_id).document)

    def facts(self) -> FactNames:
        """The dictionary that the rules read."""
        return self._facts

    def passed(self, version: Version) -> bool:
        """Whether a backtest of exactly this version lets it be published without a written reason."""
        return self._measured.passed(version.hash)

    def today(self) -> date:
        """The day in Shanghai, the first that a publication may name."""
        return shanghai_day(self._clock.now())

    def history(self, row_id: str, after: int = 0, limit: int = 50) -> Sequence[audit.AuditRow]:
        """Who did what to a version, oldest first, from audit row number `after` on."""
        with self._uow.read() as session:
            return audit.of_object(session, "rule_set", row_id, after, limit)

    def names(self, accounts: Collection[str]) -> Mapping[str, str]:
        """What those accounts' people are called, as far as they are known; one question to the database."""
        return self._people.names({account for account in accounts if account})

    def trial(self, row_id: str, facts: Mapping[str, int | None]) -> dict[str, Any]:
        """The explanation tree of a version for facts typed in; nothing is stored. Raises invalid."""
        try:
            return explain(parse(self.get(row_id).document), facts)
        except RuleSetError as error:
            raise invalid("risk.rule_set_facts", pointer="/facts", reason=str(error)) from None

    # -- changes

    def draft(self, who: Principal, document: Any, note: str) -> Version:
        """Begin a version with a document (decoded JSON); audited. Raises invalid for a document of the wrong form."""
        read = self._read(document)
        with self._uow() as session:
            row = repository.RuleSetRow(
                row_id=new_id(),
                state=State.DRAFT.value,
                revision=1,
                document=read.model_dump(mode="json"),
                hash=rule_set_hash(read),
                note=note.strip()[:300],
                base=repository.newest(session),
                authors=[who.actor],
                changed_at=self._clock.now(),
            )
            session.add(row)
            self._audit(session, who, "drafted", row)
            return repository.version_of(row)

    def copy(self, who: Principal, row_id: str, label: str, note: str) -> Version:
        """Begin a version with another one's document under a new label; audited. Raises not_found, invalid."""
        if not VERSION.fullmatch(label.strip()):
            raise invalid("risk.rule_set_version", pointer="/version")
        document = self.get(row_id).document.model_dump(mode="json")
        return self.draft(who, {**document, "version": label.strip()}, note)

    def change(self, who: Principal, row_id: str, revision: int, document: Any, note: str | None) -> Version:
        """Replace a draft's document; a validated version becomes a draft again. Audited.

        Raises conflict when somebody else changed it since `revision`, or when it is published or withdrawn.
        """
        read = self._read(document)
        with self._uow() as session:
            row = self._open(session, row_id, revision)
            row.document, row.hash = read.model_dump(mode="json"), rule_set_hash(read)
            row.state, row.validated_by = State.DRAFT.value, None
            row.authors = sorted({*row.authors, who.actor})
            if note is not None:
                row.note = note.strip()[:300]
            self._touch(row)
            self._audit(session, who, "changed", row)
            return repository.version_of(row)

    def rebase(self, who: Principal, row_id: str, revision: int) -> Version:
        """Say that the draft has been compared with what was published meanwhile; it must be validated again. Audited."""
        with self._uow() as session:
            row = self._open(session, row_id, revision)
            row.base = repository.newest(session)
            row.state, row.validated_by = State.DRAFT.value, None
            row.authors = sorted({*row.authors, who.actor})
            self._touch(row)
            self._audit(session, who, "rebased", row)
            return repository.version_of(row)

    def validate(self, who: Principal, row_id: str, revision: int) -> tuple[Version, tuple[Finding, ...]]:
        """Run the lint; without errors the version is validated. Audited. Raises conflict when there are errors."""
        with self._uow() as session:
            row = self._open(session, row_id, revision)
            findings = self._lint(repository.version_of(row).document)
            errors = blocking(findings)
            if errors:
                named = sorted({f"{error.where}: {error.code}" for error in errors})
                raise conflict(
                    "risk.rule_set_has_errors", count=len(errors), first=named[0], errors=named[:50]
                )
            row.state, row.validated_by = State.VALIDATED.value, who.actor
            self._touch(row)
            self._audit(session, who, "validated", row)
            return repository.version_of(row), findings

    def publish(
        self,
        who: Principal,
        row_id: str,
        revision: int,
        seen: int,
        valid_from: date,
        valid_to: date | None = None,
        reason: str = "",
    ) -> Version:
        """Publish a validated version; it is known from now on. Audited. See `rules.check_publication` for refusals.

        A version without a passed backtest needs a written reason, which is kept with it and in the audit record; raises
        conflict `risk.rule_set_not_measured` without one. Two at once: the second one's sequence number is taken, by the
        check or by the database, and answers conflict.
        """
        now = self._clock.now()
        looked_at = self.get(row_id)
        waiver = None if self.passed(looked_at) else rules.checked_reason(reason)
        try:
            with self._uow() as session:
                row = self._open(session, row_id, revision)
                newest = repository.newest(session)
                version = repository.version_of(row)
                today = shanghai_day(now)
                rules.check_publication(version, who.actor, newest, seen, valid_from, valid_to, today)
                if blocking(self._lint(version.document)):
                    raise conflict("risk.rule_set_not_validated", state="facts changed")
                if version.hash != looked_at.hash:
                    raise conflict("risk.rule_set_changed", revision=row.revision)
                if waiver == "":
                    raise conflict("risk.rule_set_not_measured", hash=version.hash)
                row.state, row.sequence, row.published_by = State.PUBLISHED.value, newest + 1, who.actor
                row.known_from, row.valid_from, row.valid_to = now, valid_from, valid_to
                row.waiver = waiver
                self._touch(row)
                self._audit(session, who, "published", row, purpose=waiver)
                session.flush()
                return repository.version_of(row)
        except IntegrityError:
            raise conflict("risk.rule_set_overtaken", newest=self.newest(), base=seen) from None

    def withdraw(self, who: Principal, row_id: str, revision: int) -> None:
        """Give a draft or validated version up; it stays on record. Audited."""
        with self._uow() as session:
            row = self._open(session, row_id, revision)
            row.state = State.WITHDRAWN.value
            self._touch(row)
            self._audit(session, who, "withdrawn", row)

    # -- inner

    def _lint(self, document: RuleSetDoc) -> tuple[Finding, ...]:
        """Findings follow from document and dictionary alone: the last few are kept, so that every page may show them."""
        names, flags = frozenset(self._facts.names()), frozenset(self._facts.flags())
        key = (rule_set_hash(document), names, flags)
        found = self._found.get(key)
        if found is None:
            found = lint(parse(document), names, flags)
            while len(self._found) >= _KEPT_FINDINGS:
                self._found.pop(next(iter(self._found)), None)
            self._found[key] = found
        return found

    @staticmethod
    def _read(document: Any) -> RuleSetDoc:
        try:
            return read_document(document)
        except DocumentError as error:
            where, why = error.problems[0]
            raise invalid(
                "risk.rule_set_form", pointer=f"/document{where}", where=where, reason=why
            ) from None

    @staticmethod
    def _open(session: Any, row_id: str, revision: int) -> repository.RuleSetRow:
        row = repository.row(session, row_id, lock=True)
        if row is None:
            raise not_found()
        if row.state in (State.PUBLISHED.value, State.WITHDRAWN.value):
            raise conflict("risk.rule_set_closed", state=row.state)
        if row.revision != revision:
            raise conflict("risk.rule_set_changed", revision=row.revision)
        return row

    def _touch(self, row: repository.RuleSetRow) -> None:
        row.revision += 1
        row.changed_at = self._clock.now()

    @staticmethod
    def _audit(
        session: Any, who: Principal, what: str, row: repository.RuleSetRow, purpose: str | None = None
    ) -> None:
        audit.record(
            session, who, f"risk.rule_set_{what}", "rule_set", row.row_id, purpose=purpose,
            hash=row.hash, revision=row.revision, sequence=row.sequence,
        )  # fmt: skip
