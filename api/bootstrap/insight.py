"""Wires supervision to the chain index and names, and the operator's view to every part that it asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from api.bootstrap.chain_access import node_addresses
from api.bootstrap.container import Container
from api.infra.middleware import REGISTRY
from api.insight.metrics import PlatformCollector
from api.insight.model import MessageBacklog
from api.insight.node_http import HttpNodeStatus
from api.insight.operations import Operations
from api.insight.proven import ProvenFigures
from api.insight.service import Supervision


@dataclass(frozen=True)
class _Names:
    container: Container

    def names(self, org_ids: Sequence[str]) -> Mapping[str, str]:
        found: Mapping[str, str] = self.container.employers.names(org_ids)
        return found

    def find(self, text: str) -> Sequence[str]:
        found: Sequence[str] = self.container.employers.find_by_name_or_uscc(text)
        return found


@dataclass(frozen=True)
class _Texts:
    container: Container

    def read(self, who: Any, contract_id: str, case_no: str, purpose: str) -> Any:
        return self.container.econtract.facts.regulator_text(who, contract_id, case_no, purpose)


@dataclass(frozen=True)
class _Messages:
    container: Container

    def backlog(self) -> MessageBacklog:
        found = self.container.notification.backlog()
        return MessageBacklog(found.counts, found.oldest_open)


@dataclass(frozen=True)
class _Calendar:
    container: Container

    def calendar_known(self, year: int) -> bool:
        return bool(self.container.parameters.calendar_known(year))


@dataclass(frozen=True)
class _Regions:
    container: Container

    def region_names(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.container.parameters.region_names()
        return found


@dataclass(frozen=True)
class _Counters:
    container: Container

    def read(self, which: Sequence[tuple[int | None, str | None]]) -> tuple[int, Sequence[int]]:
        found = self.container.evidence.figures.read(which)
        return found.block, [figure.value for figure in found.figures]


class Insight:
    """Both views, built when they are first asked."""

    def __init__(self, container: Container) -> None:
        self._c = container

    @cached_property
    def supervision(self) -> Supervision:
        """The regulator's view."""
        c = self._c
        regions = _Regions(c)
        proven = ProvenFigures(c.uow, c.anchoring.index, _Counters(c), regions, c.clock.now)
        return Supervision(c.uow, c.anchoring.index, _Names(c), regions, _Texts(c), proven)

    @cached_property
    def operations(self) -> Operations:
        """The operator's view."""
        c = self._c
        node = HttpNodeStatus(*node_addresses(c.settings))
        return Operations(c.uow, c.clock, c.anchoring.operator, node, _Messages(c), _Calendar(c))


def build(c: Container) -> Insight:
    """The slice's services."""
    return Insight(c)


class _Late:
    """Operations of the container that is being served, asked at each scrape."""

    def __init__(self) -> None:
        self.container: Container | None = None

    def status(self) -> Any:
        """Present status."""
        if self.container is None:
            raise LookupError("nothing is served")
        return self.container.insight.operations.status()


_LATE = _Late()
_COLLECTOR: list[PlatformCollector] = []


def attach_web(container: Container, _web: Any) -> None:
    """Add the platform's gauges to `/metrics`, once in a process."""
    _LATE.container = container
    if not _COLLECTOR:
        _COLLECTOR.append(PlatformCollector(_LATE))
        REGISTRY.register(_COLLECTOR[0])
