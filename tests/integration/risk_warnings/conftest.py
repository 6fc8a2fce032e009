"""A district with its warnings over a real database."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.infra.db import Database, UnitOfWork
from api.risk.service.warnings import Warnings
from tests.support.risk_district import District


@pytest.fixture
def district(database: Database, tmp_path: Path) -> District:
    return District(database, tmp_path)


@pytest.fixture
def warnings(district: District) -> Warnings:
    return Warnings(UnitOfWork(district.database), district.clock, district.departments, district.issuing)
