"""An outbox on each database."""

from __future__ import annotations

import pytest

from api.infra.db import Base, Database
from tests.support.outbox import Outbox


@pytest.fixture
def outbox(database: Database) -> Outbox:
    Base.metadata.create_all(database.engine)
    return Outbox(database)
