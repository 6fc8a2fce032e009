"""A district with two monthly runs and a candidate that is stricter than the live rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api.infra.db import Database
from api.risk import router
from api.risk.texts import TEXTS
from tests.support.report_files import real_printer
from tests.support.risk_district import START, District
from tests.support.risk_story import DOCUMENT
from tests.support.slice_application import SliceApplication, slice_application

STRICT: dict[str, Any] = {
    **DOCUMENT,
    "version": "strict",
    "base_levels": {**DOCUMENT["base_levels"], "yellow": 100, "blue": 50},
}


@pytest.fixture
def district(database: Database, tmp_path: Path) -> District:
    made = District(database, tmp_path, firms=12)
    for number, text in ((1, "GZ01 R"), (2, "SB01 Y"), (3, "JY02 O")):
        made.departments.say(START, number, text)
    made.departments.say(START, 5, "GZ02 B", first=date(2026, 2, 1))
    made.month(202601, date(2026, 2, 5))
    made.rulesets.others["strict"] = made.scorer.checked(STRICT)
    return made


@pytest.fixture
def risk(district: District) -> SimpleNamespace:
    return district.services(real_printer())


@pytest.fixture
def site(database: Database, risk: SimpleNamespace) -> Iterator[SliceApplication]:
    with slice_application(database, router, TEXTS, risk=risk) as made:
        yield made
