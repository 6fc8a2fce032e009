"""JSON shapes of the desks behind the exchange: officers, credentials, sources."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.exchange.service.credentials import Credential
from api.exchange.service.sources import SourceView
from api.exchange.texts import TEXTS


class OfficerIn(BaseModel):
    """An account that is to send for a department; owner `*`: for all."""

    model_config = ConfigDict(extra="forbid")

    account_id: str = Field(min_length=1, max_length=64)
    owner: str = Field(min_length=1, max_length=40)


class OfficerOut(BaseModel):
    """Who sends for a department."""

    account_id: str
    owner: str
    granted_at: datetime


class CredentialIn(BaseModel):
    """For which department and datasets a credential is, and for how many days."""

    model_config = ConfigDict(extra="forbid")

    owner: str = Field(min_length=1, max_length=40)
    datasets: list[str] = Field(min_length=1, max_length=40)
    label: str = Field(min_length=1, max_length=80)
    days: int = 90


class CredentialOut(BaseModel):
    """A credential without its secret."""

    id: str
    owner: str
    datasets: list[str]
    label: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, found: Credential) -> CredentialOut:
        """The credential as JSON."""
        return cls(**{**vars(found), "datasets": list(found.datasets)})


class IssuedOut(CredentialOut):
    """A credential that was issued this moment."""

    secret: str = Field(description="shown this once; goes into the header Authorization: Bearer …")

    @classmethod
    def issued(cls, found: Credential, secret: str) -> IssuedOut:
        """With its secret."""
        return cls(**{**vars(found), "datasets": list(found.datasets), "secret": secret})


class SourceIn(BaseModel):
    """What the worker is to fetch. `place`: an absolute folder, or an SQLAlchemy URL."""

    model_config = ConfigDict(extra="forbid")

    dataset: str = Field(max_length=40)
    mode: str = "append"
    label: str = Field(default="", max_length=80)
    kind: Literal["folder", "database"]
    place: str = Field(min_length=1, max_length=500)
    pattern: str = Field(default="*", max_length=80)
    query: str = Field(default="", max_length=10_000)
    every_minutes: int = 1_440


class TroubleOut(BaseModel):
    """Why a source could not be fetched."""

    code: str
    zh: str
    en: str


class SourceOut(BaseModel):
    """A source and how it went last. `where`: the folder, or kind, host and name of the database."""

    id: str
    dataset: str
    mode: str
    label: str
    kind: str
    where: str
    pattern: str
    query: str
    every_minutes: int
    next_at: datetime | None = Field(description="null: paused")
    running: bool
    last_at: datetime | None
    last_batches: int
    last_refused: int
    failures: int
    problem: TroubleOut | None

    @classmethod
    def of(cls, found: SourceView) -> SourceOut:
        """The source as JSON."""
        return cls(**{**vars(found), "mode": found.mode.value, "problem": trouble_of(found)})


def trouble_of(found: SourceView) -> TroubleOut | None:
    """What went wrong last, in both languages."""
    if found.problem is None:
        return None
    code, facts = str(found.problem["code"]), found.problem["facts"]
    zh, en = TEXTS.get(code, (code, code))
    return TroubleOut(code=code, zh=zh.format(**facts), en=en.format(**facts))
