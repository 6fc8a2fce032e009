"""What is shown of a chain's governance. Permissions: 1 transact, 2 deploy, 4 administer, 8 validate, added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What kind of chain this is; UNREACHABLE: it does not answer, so nothing is known of its present state."""

    NETWORK = "network"
    SINGLE = "single"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class Recorded:
    """An event of the network's contract as it is kept; `proposal` where it belongs to one."""

    block_number: int
    log_index: int
    name: str
    proposal: int | None
    fields: Mapping[str, Any]
    transaction: str
    at: datetime


@dataclass(frozen=True)
class History:
    """Up to which block events are kept, and members' names by operator, those of excluded members too."""

    block: int
    names: Mapping[str, str]


@dataclass(frozen=True)
class Subject:
    """What a proposal is about. `name` is the member's, as far as one is known; unused fields are empty."""

    action: str
    account: str
    name: str
    key: str
    value: int
    label: str


@dataclass(frozen=True)
class Approval:
    """Who approved, when and where. `counts`: of a present member; those of members who left do not."""

    operator: str
    name: str
    counts: bool
    block: int
    transaction: str
    at: datetime


@dataclass(frozen=True)
class OpenProposal:
    """A proposal that waits for votes. `incomplete`: the history does not hold all of its approvals yet."""

    id: int
    subject: Subject
    approvals: int
    missing: int
    expires: datetime
    voters: Sequence[Approval]
    waiting: Sequence[str]
    incomplete: bool
    command: str


@dataclass(frozen=True)
class Decision:
    """A proposal that is over: executed in this block and transaction, or expired (then both are empty)."""

    id: int
    subject: Subject
    proposed_by: str
    proposed_at: datetime
    voters: Sequence[Approval]
    executed: bool
    at: datetime
    block: int | None
    transaction: str


@dataclass(frozen=True)
class Overview:
    """Present state as of the block time `at`.

    `state` is None unless this is a network; `account` None where there is none or nobody answers.
    history: block up to which events are kept, `behind` the blocks that are still to be read.
    """

    kind: Kind
    at: datetime | None = None
    state: Any = None
    account: Any = None
    proposals: Sequence[OpenProposal] = ()
    history: int = 0
    behind: int = 0


@dataclass(frozen=True)
class Page:
    """Rows, newest first, and the cursor of the next page (empty at the end)."""

    rows: Sequence[Any]
    next: str
    history: int
