"""What is taken out of the rule sets: a version as its page shows it, and its audit record. Marked and audited."""

from __future__ import annotations

from api.infra.auth import Principal
from api.infra.reports import Asked, Exporter, File, Mark, Noted, Report
from api.kernel.errors import invalid
from api.risk.rulesets.report import rule_set_report, trail_report
from api.risk.rulesets.service import RuleSetService

MOST_LINES = 5_000
"""Lines of an audit record in one file; a version is changed some dozen times."""


class RuleSetExports:
    """Makes the files."""

    def __init__(self, exporter: Exporter, versions: RuleSetService) -> None:
        self._exporter, self._versions = exporter, versions

    def version(self, who: Principal, row_id: str, asked: Asked) -> File:
        """A version whole. Raises not_found, invalid `purpose_missing`."""
        version, today = self._versions.get(row_id), self._versions.today()
        accounts = {*version.authors, version.validated_by or "", version.published_by or ""}

        def build(mark: Mark) -> Report:
            return rule_set_report(
                version, self._versions.in_force(today).row_id, today, self._versions.findings(row_id),
                self._versions.facts(), self._versions.names(accounts), mark, asked.lang,
            )  # fmt: skip

        return self._exporter.make(who, asked, build, _noted("risk.rule_set_exported", row_id, version.hash))

    def trail(self, who: Principal, row_id: str, asked: Asked) -> File:
        """A version's whole audit record. Raises not_found, invalid `purpose_missing`, `risk.export_too_large`."""
        version = self._versions.get(row_id)
        history = self._versions.history(row_id, 0, MOST_LINES + 1)
        if len(history) > MOST_LINES:
            raise invalid("risk.export_too_large", most=MOST_LINES)

        def build(mark: Mark) -> Report:
            names = self._versions.names({entry.actor for entry in history})
            return trail_report(version, history, names, mark, asked.lang)

        return self._exporter.make(
            who, asked, build, _noted("risk.rule_set_trail_exported", row_id, version.hash)
        )


def _noted(action: str, row_id: str, digest: str) -> Noted:
    return Noted(action, "risk_export", row_id, {"hash": digest})
