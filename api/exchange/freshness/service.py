"""The freshness board."""

from __future__ import annotations

from datetime import date, datetime

from api.exchange.freshness import rules
from api.exchange.freshness.model import Board, Standing
from api.exchange.freshness.ports import Coverage, Dependents, Promises
from api.exchange.freshness.report import freshness_report
from api.infra.auth import Principal
from api.infra.reports import Asked, Exporter, File, Noted
from api.kernel.clock import Clock, shanghai_day
from api.kernel.errors import invalid, not_found


class Freshness:
    """How new the platform's data is, dataset by dataset."""

    def __init__(
        self, clock: Clock, promises: Promises, coverage: Coverage, dependents: Dependents, exporter: Exporter
    ) -> None:
        self._clock, self._exporter = clock, exporter
        self._promises, self._coverage, self._dependents = promises, coverage, dependents

    def board(self, as_of: date | None = None, known_at: datetime | None = None) -> Board:
        """All datasets on a day (today in China), as known at a moment (now). Raises invalid for a day to come.

        The number of queries does not grow with the catalogue.
        """
        today = shanghai_day(self._clock.now())
        day = as_of or today
        if day > today:
            raise invalid("exchange.freshness_future", pointer="/as_of")
        covered = self._coverage.covered(known_at)
        points = self._dependents.points_of()
        rows = [
            rules.standing(promise, covered.get(promise.dataset), day, points.get(promise.dataset, ()))
            for promise in self._promises.promises()
        ]
        return rules.board(rows, day)

    def standing(self, dataset: str, as_of: date | None = None) -> Standing:
        """One dataset. Raises not_found."""
        for row in self.board(as_of).rows:
            if row.promise.dataset == dataset:
                return row
        raise not_found()

    def export(self, who: Principal, as_of: date | None, asked: Asked) -> File:
        """The board of a day as a file, marked and audited. Raises invalid as `board` does, and `purpose_missing`."""
        board = self.board(as_of)
        noted = Noted(
            "exchange.freshness_exported", "report", "freshness", {"as_of": board.as_of.isoformat()}
        )
        return self._exporter.make(who, asked, lambda mark: freshness_report(board, mark, asked.lang), noted)
