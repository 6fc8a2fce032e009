"""A district over a real database."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.infra.db import Database
from tests.support.risk_district import District


@pytest.fixture
def district(database: Database, tmp_path: Path) -> District:
    return District(database, tmp_path)
