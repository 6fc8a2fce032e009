"""The two pages over a real database: reachable, signed from, bilingual, and blind to other streets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from api.infra.db import Database
from api.risk import router
from api.risk.texts import TEXTS
from tests.support.risk_district import START, District
from tests.support.risk_file import risk_of
from tests.support.slice_application import SliceApplication, person, slice_application


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[SliceApplication]:
    made = District(database, tmp_path)
    made.departments.say(START, 1, "GZ01 R")
    made.month(202601, date(2026, 2, 5))
    made.departments.say(START, 1, "GZ01 ?", first=date(2026, 2, 6))
    made.today(date(2026, 2, 6))
    with slice_application(database, router, TEXTS, risk=risk_of(made)) as app:
        yield app


def test_the_list_is_signed_from_and_leads_to_the_file(site: SliceApplication) -> None:
    analyst = site.as_("risk_analyst")
    text = analyst.get("/risk").text
    assert "示例企业1号" in text
    assert "等待签发红色预警" in text
    action = text.partition('action="/risk/warnings/')[2].partition('"')[0]
    form = {"grade": "4", "csrf_token": "csrf"}
    assert analyst.post(f"/risk/warnings/{action}", data=form).status_code == 303
    assert "等待签发红色预警" not in analyst.get("/risk").text
    file = analyst.get("/risk/enterprises/1").text
    assert "GZ01" in file
    assert "自 2026年2月6日 起没有新数据" in file
    assert 'id="point-LY01"' not in file
    assert 'id="point-LY01"' in analyst.get("/risk/enterprises/1?all=1").text


def test_pages_are_in_english_as_well(site: SliceApplication) -> None:
    text = site.as_("risk_analyst").get("/risk?lang=en").text
    assert "Red warning waits for a signature" in text
    file = site.as_("risk_analyst").get("/risk/enterprises/1?lang=en").text
    assert "Unknown since" in file
    assert "Insufficient data → Red" in file


def test_another_streets_enterprise_is_not_found(site: SliceApplication) -> None:
    officer = site.as_(person("street_officer", attributes={"towns": "500107001"}))
    assert officer.get("/risk/enterprises/1").status_code == 404
    assert "示例企业1号" not in officer.get("/risk").text
    assert "签发</button>" not in officer.get("/risk").text
    assert site.as_("worker").get("/risk").status_code == 403
