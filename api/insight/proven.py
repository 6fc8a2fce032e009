"""Figures that the chain itself counts: which counters a page shows, and what they hold (docs/operations/figures.md).

Everything else on the pages is summed up from the chain's events and has no counter of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from api.infra.db import UnitOfWork
from api.insight.model import ContractFilter, Proven, ProvenRow
from api.insight.ports import ChainIndex, Counters, Regions
from api.insight.rules import region_label
from api.kernel.clock import SHANGHAI
from api.kernel.errors import DomainError, ErrorKind

MONTHS: Final = 12
MOST_REGIONS: Final = 200
_WHOLE_CODE = re.compile(r"[1-9][0-9]{5}([0-9]{3})?\Z")


class ProvenFigures:
    """Asks the registry's counters for one page, all in one block."""

    def __init__(
        self,
        uow: UnitOfWork,
        index: ChainIndex,
        counters: Counters,
        regions: Regions,
        now: Callable[[], datetime],
    ) -> None:
        self._uow, self._index, self._counters = uow, index, counters
        self._regions, self._now = regions, now

    def of(self, query: ContractFilter) -> Proven:
        """The counters that stand for a filter: all of them, or those of one whole region code.

        `reason` says why there are none: `filter` (no counter counts that), `unreachable` (the node does not answer).
        """
        region = query.region_prefix
        if set(query.described()) - {"region_prefix"} or (
            region is not None and not _WHOLE_CODE.match(region)
        ):
            return Proven("filter")
        with self._uow.read() as session:
            codes = [str(row.key) for row in self._index.counts(session, "region", query)]
        if any(code != region for code in codes if region is not None):
            return Proven("filter")  # a district's code is also the beginning of its streets' codes
        wanted = _wanted(region, codes, last_months(self._now()))
        try:
            block, values = self._counters.read(wanted)
        except DomainError as error:
            if error.kind is not ErrorKind.UNAVAILABLE:
                raise
            return Proven("unreachable")
        known = self._regions.region_names()
        rows = [
            ProvenRow(code, month, value, region_label(str(code), known) if code is not None else "")
            for (code, month), value in zip(wanted, values, strict=True)
        ]
        return Proven("", block, rows[0], [row for row in rows[1:] if row.value])


def last_months(now: datetime) -> list[str]:
    """This month and the eleven before it in Shanghai, newest first."""
    local = now.astimezone(SHANGHAI)
    numbers = [local.year * 12 + local.month - 1 - back for back in range(MONTHS)]
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in numbers]


def _wanted(
    region: str | None, codes: Sequence[str], months: Sequence[str]
) -> list[tuple[int | None, str | None]]:
    """The total first, then months, then (without a region) the regions."""
    code = None if region is None else int(region)
    rows: list[tuple[int | None, str | None]] = [(code, None), *((code, month) for month in months)]
    if code is None:
        rows += [(int(item), None) for item in codes[:MOST_REGIONS] if item.isdigit() and int(item)]
    return rows
