"""What services hand to pages and the JSON API about the worker's steps and about contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

NOTICE_VERSION = "econtract-notice/1"
PRIVACY_VERSION = "2026-11"


@dataclass(frozen=True)
class Landing:
    """What the link's holder may know before he is identified.

    step: identity, notice, sign, waiting (signed, employer to come), done, closed.
    session: none, mine, elsewhere (a newer one took over), expired.
    """

    state: str
    step: str
    employer: str
    purpose: str
    title: str
    expires_at: datetime
    test: bool
    phone_hint: str
    session: str
    late_signing: bool
    closed_as: str | None = None
    round_id: str | None = None


@dataclass(frozen=True)
class Reading:
    """Screen two: notice, key facts, full text."""

    contract_id: str
    id: str
    title: str
    subtitle: str
    version: int
    key_facts: Sequence[Mapping[str, str]]
    parties: Sequence[Mapping[str, Any]]
    clauses: Sequence[Mapping[str, str]]
    notices: Sequence[str]
    notice_version: str
    base_pdf_sha256: str
    round_id: str
    step: str
    consented: bool
    late_signing: bool
    test: bool


@dataclass(frozen=True)
class StepTaken:
    """Where the worker stands after a step."""

    state: str
    step: str
    round_id: str | None = None


@dataclass(frozen=True)
class HistoryLine:
    """One line of a contract's course."""

    at: datetime
    what: str
    role: str
    version: int
    note: str | None


@dataclass(frozen=True)
class Access:
    """An authority's reading, as the worker sees it."""

    at: datetime
    authority: str


@dataclass(frozen=True)
class WorkerContract:
    """A line of the worker's list."""

    id: str
    contract_id: str
    employer: str
    post: str
    state: str
    version: int
    sent_at: datetime
    worker_signed_at: datetime | None
    effective_at: datetime | None
    employer_overdue: bool
    may_withdraw: bool
    round_id: str


@dataclass(frozen=True)
class WorkerContractDetail:
    """A worker's contract with its text and course."""

    contract: WorkerContract
    reading: Reading
    history: Sequence[HistoryLine]
    accesses: Sequence[Access]
    final: bool


@dataclass(frozen=True)
class ContractFacts:
    """A contract as other slices know it; None where there is no such thing yet."""

    contract_id: str
    id: str
    version: int
    state: str
    org_id: str
    worker_person_id: str | None
    title: str
    base_pdf_sha256: str
    round_id: str
    commitment: str
    lookup_code: str
    late_signing: bool
    effective_at: datetime | None
    sent_at: datetime
    final_sha256: str | None = None


@dataclass(frozen=True)
class ContractText:
    """A contract's text for an entitled reader."""

    contract_id: str
    version: int
    state: str
    data: Mapping[str, Any]
    history: Sequence[HistoryLine] = field(default_factory=tuple)
