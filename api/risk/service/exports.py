"""What analysts take out beside the board: an enterprise's file, the morning list, a backtest's result."""

from __future__ import annotations

from api.infra.auth import Principal
from api.infra.reports import Asked, Exporter, File, Format, Mark, Noted, Report
from api.kernel.errors import conflict, invalid
from api.risk.model import BacktestState
from api.risk.ports import Directory, Places
from api.risk.service.backtests import Backtests
from api.risk.service.desk import Desk
from api.risk.service.enterprise import EnterpriseFiles
from api.risk.service.enterprise_report import enterprise_report
from api.risk.service.enterprise_words import shown_points
from api.risk.service.list_reports import backtest_report, morning_report
from api.risk.views import Wanted

MOST_PRINTED = 500
"""Rows of a list that paper bears; the file says how many there are in all."""
MOST_LISTED = 5_000
"""Lines of the morning list in one sheet."""
MOST_WRITTEN = 1_000_000
"""Rows that a sheet bears."""


class Exports:
    """Makes the files; each is marked and audited, and holds what its reader's page shows."""

    def __init__(
        self, exporter: Exporter, files: EnterpriseFiles, desk: Desk, backtests: Backtests, directory: Directory,
        places: Places,
    ) -> None:  # fmt: skip
        self._exporter, self._files, self._desk, self._backtests = exporter, files, desk, backtests
        self._directory, self._places = directory, places

    def enterprise(self, who: Principal, enterprise: int, asked: Asked) -> File:
        """The file of one enterprise. Raises not_found for another street's, forbidden, invalid `purpose_missing`."""
        file = self._files.file(who, enterprise)

        def build(mark: Mark) -> Report:
            behind = self._files.behind(file, shown_points(file))
            return enterprise_report(file, behind, mark, asked.lang)

        noted = Noted(
            "risk.enterprise_exported", "enterprise", str(enterprise), {"run": file.standing.run_id}
        )
        return self._exporter.make(who, asked, build, noted)

    def morning(self, who: Principal, wanted: Wanted, asked: Asked) -> File:
        """The morning list under the page's conditions, by what needs a person: on paper its first lines.

        Raises forbidden, invalid `purpose_missing`, `risk.export_too_large` (a spreadsheet bears a list whole or not at all).
        """
        paper = asked.format is Format.PDF
        most = MOST_PRINTED if paper else MOST_LISTED
        found = self._desk.morning(who, wanted, limit=most)
        if found.next and not paper:
            raise invalid("risk.export_too_large", most=most)

        def build(mark: Mark) -> Report:
            return morning_report(found, wanted, self._places.names(), mark, asked.lang, paper=paper)

        facts = {
            "grade": wanted.grade,
            "town": wanted.town,
            "state": wanted.state,
            "searched": bool(wanted.text),
        }
        return self._exporter.make(
            who, asked, build, Noted("risk.list_exported", "risk_export", "morning", facts)
        )

    def backtest(self, who: Principal, backtest_id: str, asked: Asked) -> File:
        """A backtest's result. Raises not_found, forbidden, conflict `risk.backtest_unfinished`, invalid."""
        row = self._backtests.get(who, backtest_id)
        if row.state != BacktestState.FINISHED.value:
            raise conflict("risk.backtest_unfinished")

        def build(mark: Mark) -> Report:
            most = MOST_PRINTED if asked.format is Format.PDF else MOST_WRITTEN
            moved, total = self._backtests.differences(who, backtest_id, 0, most)
            firms = sorted(set(moved["enterprise"].to_list())) if total else []
            versions = self._backtests.named({row.candidate_hash, row.live_hash})
            return backtest_report(
                row,
                moved,
                total,
                self._directory.named(firms),
                versions,
                self._places.names(),
                mark,
                asked.lang,
            )

        noted = Noted("risk.backtest_exported", "backtest", backtest_id)
        return self._exporter.make(who, asked, build, noted)
