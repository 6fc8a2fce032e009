"""JSON shapes of the rule-set API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.infra.audit import AuditRow
from api.risk.rulesets.model import Difference, State, Version
from api.risk.rulesets.texts import FINDINGS
from api.risk.spec.lint import Finding


class VersionOut(BaseModel):
    """A version without its document."""

    row_id: str
    state: State
    revision: int
    id: str
    version: str
    hash: str = Field(description="SHA-256 of the RFC 8785 form; what decisions name")
    note: str
    base: int
    authors: list[str]
    changed_at: datetime
    validated_by: str | None
    sequence: int | None
    published_by: str | None
    known_from: datetime | None
    valid_from: date | None
    valid_to: date | None
    waiver: str | None = Field(description="why it was published without a passed backtest")

    @classmethod
    def of(cls, version: Version) -> VersionOut:
        """The version as JSON."""
        shown = {name: getattr(version, name) for name in cls.model_fields if name not in ("id", "version")}
        return cls(id=version.document.id, version=version.document.version, **shown)


class VersionFull(VersionOut):
    """A version with its document."""

    document: dict[str, Any]

    @classmethod
    def of(cls, version: Version) -> VersionFull:
        """The version as JSON."""
        return cls(**VersionOut.of(version).model_dump(), document=version.document.model_dump(mode="json"))


class ListingOut(BaseModel):
    """All versions, and the newest publication's number, which a publication must name."""

    newest: int
    versions: list[VersionOut]


class FindingOut(BaseModel):
    """One thing that the lint saw."""

    level: str
    code: str
    where: str
    facts: dict[str, Any]
    zh: str
    en: str

    @classmethod
    def of(cls, finding: Finding) -> FindingOut:
        """The finding with its texts."""
        zh, en = (text.format(where=finding.where, **finding.facts) for text in FINDINGS[finding.code])
        return cls(
            level=finding.level.value,
            code=finding.code,
            where=finding.where,
            facts=dict(finding.facts),
            zh=zh,
            en=en,
        )


class ValidatedOut(BaseModel):
    """A validated version and what the lint still remarks."""

    version: VersionOut
    findings: list[FindingOut]


class DifferenceOut(BaseModel):
    """A place where two versions differ."""

    where: str
    before: Any
    after: Any

    @classmethod
    def of(cls, difference: Difference) -> DifferenceOut:
        """The difference as JSON."""
        return cls.model_validate(difference, from_attributes=True)


class HistoryOut(BaseModel):
    """One line of a version's audit record."""

    no: int
    at: datetime
    action: str
    account: str
    name: str | None = Field(description="what the account's person is called; null where none is on record")
    reason: str | None
    facts: dict[str, Any]

    @classmethod
    def of(cls, entry: AuditRow, name: str | None) -> HistoryOut:
        """The line as JSON."""
        return cls(
            no=entry.no, at=entry.at, action=entry.action, account=entry.actor, name=name,
            reason=entry.purpose, facts=dict(entry.facts),
        )  # fmt: skip


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DraftIn(_In):
    """A document to begin a version with."""

    document: dict[str, Any]
    note: str = Field("", max_length=300)


class ChangeIn(_In):
    """A draft's new document; `revision` is the one that was edited."""

    revision: int = Field(ge=0)
    document: dict[str, Any]
    note: str | None = Field(None, max_length=300)


class RevisionIn(_In):
    """The revision that the caller has seen."""

    revision: int = Field(ge=0)


class PublicationIn(_In):
    """A publication; `newest` is the number of the newest publication that the caller has seen."""

    revision: int = Field(ge=0)
    newest: int = Field(ge=0)
    valid_from: date
    valid_to: date | None = None
    reason: str = Field("", max_length=2_000, description="needed where no backtest of this hash has passed")


class TrialIn(_In):
    """Facts typed in: null is unknown."""

    facts: dict[str, int | None] = Field(max_length=1_000)
