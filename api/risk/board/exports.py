"""Which report somebody wants of the board; writing, marking and auditing it is `api.infra.reports`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from api.infra.auth import Principal
from api.infra.reports import Asked, Exporter, File, Format, Mark, Noted, Report
from api.risk.board import reports
from api.risk.board.district import District
from api.risk.board.model import Group, Shade
from api.risk.texts import GRADE_NAMES


class Kind(StrEnum):
    """What can be exported."""

    OVERVIEW = "overview"
    MAP = "map"
    TREND = "trend"
    INDEX = "index"
    FUNNEL = "funnel"


@dataclass(frozen=True)
class Wanted:
    """A report as somebody asks for it; what a kind has no use for is ignored."""

    kind: Kind
    format: Format
    purpose: str
    lang: str = "zh"
    month: int | None = None
    shade: Shade = Shade.COUNT
    colour: str = ""
    town: str = ""
    span: int = 12
    by: Group = Group.TOWN
    first: int | None = None
    last: int | None = None


class Exports:
    """Makes the files."""

    def __init__(self, district: District, exporter: Exporter) -> None:
        self._district, self._exporter = district, exporter

    def make(self, who: Principal, wanted: Wanted) -> File:
        """The report, for what this person sees. Raises invalid, forbidden, not_found as its page does."""
        noted = Noted(
            "risk.report_exported", "report", str(wanted.kind), {"month": wanted.month, "town": wanted.town}
        )
        asked = Asked(wanted.format, wanted.purpose, wanted.lang)
        return self._exporter.make(who, asked, lambda mark: self._report(who, wanted, mark), noted)

    def _report(self, who: Principal, wanted: Wanted, mark: Mark) -> Report:
        lang = wanted.lang
        if wanted.kind is Kind.OVERVIEW:
            return reports.overview_report(self._district.overview(who), mark, lang, GRADE_NAMES)
        if wanted.kind is Kind.MAP:
            shown = self._district.map(who, wanted.month, wanted.shade, wanted.colour)
            return reports.map_report(shown, mark, lang)
        if wanted.kind is Kind.TREND:
            return reports.trend_report(self._district.trend(who, wanted.town, wanted.span), mark, lang)
        if wanted.kind is Kind.INDEX:
            return reports.index_report(self._district.index(who, wanted.month, wanted.by), mark, lang)
        return reports.funnel_report(self._district.funnel(who, wanted.first, wanted.last), mark, lang)
