"""Two kinds of events, kept apart.

*Evidence events* enter the append-only stream of a contract, an organisation or a person and later the log on chain:
a slice describes one as an `EventDraft` and hands it to the `EventRecorder` inside its own database transaction.
*Domain events* tell other slices of the same process what happened: `Bus`, synchronous, same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

Json = None | bool | int | str | Sequence["Json"] | Mapping[str, "Json"]
"""What canonical JSON may hold: no floats, ASCII keys, integers below 2**53."""


@dataclass(frozen=True)
class EventDraft:
    """An evidence event as its slice states it.

    stream: ``econtract/<contract id hex>``, ``employer/<org id hex>``, ``person/<id>``, ``template/<id>``
    type: ``econtract.E09/1``; actor: an opaque id, never a name; role: who acted in which capacity.
    """

    stream: str
    type: str
    actor: str
    role: str
    payload: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class EventRef:
    """Where a recorded event stands: cited in other payloads as ``{stream, seq, digest}``."""

    stream: str
    seq: int
    digest: str
    utc: datetime

    def cite(self) -> dict[str, Json]:
        """The citation as payload value."""
        return {"stream": self.stream, "seq": self.seq, "digest": self.digest}


class EventRecorder(Protocol):
    """Appends evidence events. `record` is fully part of the caller's transaction: both are kept or neither."""

    def record(self, session: Any, draft: EventDraft) -> EventRef:
        """Append `draft` to its stream and return its reference; the entry is pending for the chain from then on."""
        ...


class DomainEvent:
    """Base of the messages on the bus: immutable dataclasses named in the past tense."""


E = TypeVar("E", bound=DomainEvent)
Handler = Callable[[Any, Any], None]


class Bus:
    """In-process publication: every handler runs at once, in the publisher's transaction; an error rolls all back."""

    def __init__(self) -> None:
        self._handlers: dict[type[DomainEvent], list[Handler]] = defaultdict(list)

    def subscribe(self, event: type[E], handler: Callable[[Any, E], None]) -> None:
        """Call `handler(session, event)` for every event of that class."""
        self._handlers[event].append(handler)

    def publish(self, session: Any, event: DomainEvent) -> None:
        """Hand `event` to its subscribers in the order of subscription."""
        for handler in self._handlers[type(event)]:
            handler(session, event)


@dataclass(frozen=True)
class WorkerDisputed(DomainEvent):
    """A person said "this was not me" about a contract; he may be unknown to the platform (`person_id` None)."""

    contract_id: str
    person_id: str | None
    reported_at: datetime


@dataclass(frozen=True)
class RowsChanged(DomainEvent):
    """Accepted rows of a dataset were added late, corrected or withdrawn: (enterprise, month YYYYMM) that they touch."""

    dataset: str
    pairs: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class WarningIssued(DomainEvent):
    """A warning holds from now on and its clocks run. grade: 1 blue … 4 red; `auto`: red issued itself, unsigned for 2 h."""

    warning_id: str
    episode_id: str
    enterprise: int
    grade: int
    town: str
    issued_at: datetime
    auto: bool
    due_signoff: datetime | None = None


@dataclass(frozen=True)
class WarningRaised(DomainEvent):
    """The grade of an issued warning rose inside its episode: its clocks start again."""

    warning_id: str
    episode_id: str
    enterprise: int
    grade: int
    raised_at: datetime


@dataclass(frozen=True)
class EpisodeClosed(DomainEvent):
    """An episode ended; its supporting rows are settled."""

    episode_id: str
    warning_id: str
    enterprise: int
    closed_at: datetime


@dataclass(frozen=True)
class CaseClosed(DomainEvent):
    """A case of disposal was closed by a second person after its supporting rows were settled in the same transaction."""

    case_id: str
    warning_id: str
    episode_id: str
    enterprise: int
    outcome: str
    closed_at: datetime
    proposed_by: str = ""
    reviewed_by: str = ""


@dataclass(frozen=True)
class CaseVerified(DomainEvent):
    """Somebody looked on site. `finding`: disposal's word for what he found (confirmed, partly, false_alarm …)."""

    case_id: str
    warning_id: str
    episode_id: str
    enterprise: int
    finding: str
    verified_by: str
    verified_at: datetime


@dataclass(frozen=True)
class CaseReopened(DomainEvent):
    """A closed case was opened again within the window: its warning goes one grade up (red stays red)."""

    case_id: str
    warning_id: str
    episode_id: str
    enterprise: int
    reopened_by: str
    reopened_at: datetime
