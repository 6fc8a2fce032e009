"""What this slice asks of others; `api.bootstrap.insight` binds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from api.insight.model import ContractFilter, MessageBacklog, NodeFacts, PlatformStatus


class ChainIndex(Protocol):
    """Answers from the chain's events.

    Every method reads in the given session, so that one session is one state.
    """

    def position(self, session: Any) -> Any:
        """block_number, block_hash, digest, log_size: up to where the index is complete."""
        ...

    def contracts(self, session: Any, query: ContractFilter) -> Any:
        """Page of contract versions, newest first: rows, next."""
        ...

    def counts(self, session: Any, by: str, query: ContractFilter) -> Sequence[Any]:
        """Counts (key, contracts) by month, region, organisation, state or level."""
        ...

    def total(self, session: Any, query: ContractFilter) -> int:
        """Number of contract versions."""
        ...

    def history(self, session: Any, contract_id: str) -> Sequence[Any]:
        """All versions of a contract, oldest first."""
        ...

    def organisations(
        self,
        session: Any,
        region_prefix: str | None = None,
        org_id: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Any:
        """Page of registered organisations by id: rows, next."""
        ...

    def actors(self, session: Any, org_id: str) -> Sequence[Any]:
        """Wallets that may or could act for an organisation."""
        ...

    def role_history(self, session: Any, org_id: str) -> Sequence[Any]:
        """An organisation's registry events in chain order."""
        ...


class OrganisationNames(Protocol):
    """Names off chain."""

    def names(self, org_ids: Sequence[str]) -> Mapping[str, str]:
        """Names by id; unknown ids are left out."""
        ...

    def find(self, text: str) -> Sequence[str]:
        """Ids of organisations whose name or USCC fits."""
        ...


class Regions(Protocol):
    """Names of region codes."""

    def region_names(self) -> Mapping[str, str]:
        """Code to name, as far as they are on record."""
        ...


class Counters(Protocol):
    """The registry's counters on the chain."""

    def read(self, which: Sequence[tuple[int | None, str | None]]) -> tuple[int, Sequence[int]]:
        """Block, and the value of each (region, month) counter in it; None stands for all. Raises unavailable."""
        ...


class ContractTexts(Protocol):
    """The text of a contract for an authority: audited there, and told to the worker."""

    def read(self, who: Any, contract_id: str, case_no: str, purpose: str) -> Any:
        """contract_id, version, state, data; raises forbidden, invalid, not_found."""
        ...


class AnchoringFacts(Protocol):
    """State of outbox, relay and index, and what an operator may do about it."""

    def status(self, session: Any) -> Any:
        """Events and calls by state, sizes, alarms, `stopped`."""
        ...

    def parked(self, session: Any) -> Sequence[Any]:
        """Registry calls that wait for a person."""
        ...

    def retry(self, session: Any, principal: Any, call_id: str) -> None:
        """Put a parked call back into the queue."""
        ...

    def clear_alarm(self, session: Any, principal: Any, alarm_id: str, reason: str) -> None:
        """Close an alarm."""
        ...


class StatusSource(Protocol):
    """Whoever can say how the platform is."""

    def status(self) -> PlatformStatus:
        """Facts at this moment."""
        ...


class NodeStatus(Protocol):
    """The chain node's own status; None when it does not answer in time. Never raises."""

    def read(self) -> NodeFacts | None:
        """Present facts."""
        ...


class Messages(Protocol):
    """Delivery of messages."""

    def backlog(self) -> MessageBacklog:
        """Counts by state."""
        ...


class Calendar(Protocol):
    """Whether deadlines can be computed."""

    def calendar_known(self, year: int) -> bool:
        """Whether the year's holidays are on record."""
        ...
