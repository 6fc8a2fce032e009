"""What the board asks of disposal and of the exchange; `api.bootstrap.risk_board` binds it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Protocol

from api.risk.board.model import Confirmed, FlowLine, OpenCases, Sources


class Disposal(Protocol):
    """Cases of warnings, told in numbers; None where this installation has no disposal."""

    def flow(self, first: date, last: date, units: Collection[str] | None) -> Sequence[FlowLine] | None:
        """Cases issued between two days (both included, China), by owning unit and colour; of these units or of all.

        The number of questions to the database doesn't depend on the number of cases.
        """
        ...

    def open(self) -> OpenCases | None:
        """Open cases of the whole district, and how many of them are late at which step; one question."""
        ...

    def confirmed(self, first: date, last: date) -> Confirmed | None:
        """Of the warnings verified between two days: how many were found true or partly true."""
        ...


class Freshness(Protocol):
    """The departments' sources; None where this installation has no exchange."""

    def sources(self) -> Sources | None:
        """How new they are today."""
        ...
