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
