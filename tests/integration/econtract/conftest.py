"""The labour contract slice on a database of its own."""

from __future__ import annotations

import pytest

from api.infra.db import Database
from api.infra.sealing import FieldKey
from tests.support.econtract_stage import Stage, build_stage


@pytest.fixture
def stage(database: Database, field_key: FieldKey) -> Stage:
    return build_stage(database, field_key)
