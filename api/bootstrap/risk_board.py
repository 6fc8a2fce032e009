"""Wires the district board: disposal in numbers, freshness of the sources.

Neighbours are looked up when they are asked: where this installation has no disposal or no exchange the board says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from api.bootstrap.reports import exporter
from api.risk.board.district import District
from api.risk.board.exports import Exports
from api.risk.board.model import Confirmed, FlowLine, OpenCases, Source, Sources, Step
from api.risk.board.towns import Towns
from api.risk.ports import Directory

if TYPE_CHECKING:
    from api.bootstrap.container import Container

_WORST = 6
_DONE = {"sign_in": Step.SIGNED, "verify": Step.VERIFIED, "act": Step.ACTED, "feedback": Step.FEEDBACK}
_LATE = {**_DONE, "close": Step.CLOSED, "transfer": Step.SIGNED}
"""Disposal's words; a transfer that waits is a case nobody has signed in."""


class CasesInNumbers:
    """`Disposal` on the disposal slice."""

    def __init__(self, container: Container) -> None:
        self._c = container

    @property
    def _flow(self) -> Any:
        disposal = getattr(self._c, "disposal", None)
        return None if disposal is None else disposal.flow

    def flow(self, first: date, last: date, units: Collection[str] | None) -> Sequence[FlowLine] | None:
        """Steps reached and steps late, by unit and colour."""
        if self._flow is None:
            return None
        return [flow_line(one) for one in self._flow.of_period(first, last, units)]

    def open(self) -> OpenCases | None:
        """Open and late."""
        if self._flow is None:
            return None
        number, late = self._flow.open()
        return OpenCases(number, told(late))

    def confirmed(self, first: date, last: date) -> Confirmed | None:
        """Share found true."""
        if self._flow is None:
            return None
        found = self._flow.confirmed(first, last)
        return Confirmed(found.hits, found.total, found.bp, found.low, found.high)


def flow_line(one: Any) -> FlowLine:
    """Disposal's line in the board's words."""
    reached = {Step.ISSUED: one.issued, Step.CLOSED: one.closed}
    reached |= {_DONE[action]: count for action, count in one.done.items()}
    return FlowLine(one.unit, one.name, one.name_en, one.colour, reached, told(one.late))


def told(late: Mapping[Any, int]) -> dict[Step, int]:
    """Late cases by the board's steps."""
    found: dict[Step, int] = {}
    for step, count in late.items():
        found[_LATE[step]] = found.get(_LATE[step], 0) + count
    return found


class SourcesOfTheExchange:
    """`Freshness` on the exchange's board."""

    def __init__(self, container: Container) -> None:
        self._c = container

    def sources(self) -> Sources | None:
        """Counts, and the worst of those that are not fresh."""
        exchange = getattr(self._c, "exchange", None)
        if exchange is None:
            return None
        board = exchange.freshness.board()
        states = [str(row.state) for row in board.rows]
        worst = [
            Source(
                row.promise.zh, row.promise.en, row.promise.owner_zh, row.promise.owner_en, str(row.state),
                row.covered_end,
            )
            for row in board.rows
            if str(row.state) != "fresh"
        ]  # fmt: skip
        fresh, due, stale, never = (states.count(state) for state in ("fresh", "due", "stale", "never"))
        return Sources(fresh, due, stale, never, worst[:_WORST], board.unknown)


@dataclass(frozen=True)
class Board:
    """The board's services."""

    district: District
    towns: Towns
    exports: Exports


def build(c: Container, directory: Directory) -> Board:
    """The board over this installation."""
    district = District(c.uow, c.clock, directory, CasesInNumbers(c), SourcesOfTheExchange(c))
    return Board(district, Towns(c.uow, c.clock), Exports(district, exporter(c)))
