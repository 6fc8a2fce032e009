"""What freshness needs: promises, how far the accepted data reaches, and who reads a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from api.exchange.freshness.model import Promise


class Promises(Protocol):
    """The catalogue."""

    def promises(self) -> Sequence[Promise]:
        """One for each dataset."""
        ...


class Coverage(Protocol):
    """The accepted batches."""

    def covered(self, known_at: datetime | None = None) -> Mapping[str, date]:
        """Last day of the newest covered data period by dataset, as known at a moment; one question to the database.

        By the period that a batch states it covers, withdrawn batches left out; a dataset without any is left out.
        """
        ...


class Dependents(Protocol):
    """The rule set in force."""

    def points_of(self) -> Mapping[str, Sequence[str]]:
        """Ids of the control points that turn unknown without a dataset, by dataset."""
        ...
