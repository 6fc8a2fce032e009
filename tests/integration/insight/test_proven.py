"""Figures with proofs on the regulator's page: which there are, and what is said where there are none."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from api.insight.proven import last_months
from tests.support.indexed_chain import CountersInMemory
from tests.support.slice_application import SliceApplication


def _rows(page: str) -> list[tuple[str, str]]:
    """Value and query of each exported figure."""
    section = page.partition('id="proven"')[2].partition("</section>")[0]
    found = re.findall(
        r'class="num">([^<]*)</td>\s*<td><a href="/api/v1/supervision/counters/evidence\?([^"]*)"', section
    )
    return [(value, query.replace("&amp;", "&")) for value, query in found]


def test_each_counter_has_its_export(site: SliceApplication) -> None:
    page = site.as_("regulator").get("/supervision").text
    assert _rows(page) == [("131", ""), ("45", "month=2026-11"), ("66", "region=500107001&")]
    assert "#43" in page
    assert "没有单独的计数器" in page


def test_a_whole_region_code_has_counters_of_its_own(
    site: SliceApplication, counters: CountersInMemory
) -> None:
    counters.values[500107001, "2026-10"] = 7
    page = site.as_("court").get("/supervision?region=500107001").text
    assert _rows(page) == [("66", "region=500107001&"), ("7", "region=500107001&month=2026-10")]


def test_what_no_counter_counts_says_so(site: SliceApplication) -> None:
    for query in (
        "region=500107",
        "region=50",
        "month=2026-11",
        "state=concluded",
        "level=2&region=500107001",
    ):
        page = site.as_("regulator").get(f"/supervision?{query}").text
        assert _rows(page) == [], query
        assert "这些条件没有对应的计数器" in page, query


def test_a_region_without_contracts_counts_nothing(site: SliceApplication) -> None:
    page = site.as_("regulator").get("/supervision?region=500107009").text
    assert _rows(page) == [("0", "region=500107009&")]


def test_the_page_stands_while_the_node_is_away(site: SliceApplication, counters: CountersInMemory) -> None:
    counters.down = True
    answer = site.as_("regulator").get("/supervision")
    assert answer.status_code == 200
    assert "暂时读不到链上计数器" in answer.text
    assert _rows(answer.text) == []


def test_the_last_twelve_months_are_shanghais() -> None:
    months = last_months(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
    assert (months[0], months[-1], len(months)) == ("2027-01", "2026-02", 12)
    assert last_months(datetime(2026, 12, 31, 15, 59, tzinfo=UTC))[0] == "2026-12"
