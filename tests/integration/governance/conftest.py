"""The chain's governance over a real database and a network in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.governance import router
from api.governance.texts import TEXTS
from api.infra.db import Database
from tests.support.governed import Governed, busy, governed
from tests.support.slice_application import SliceApplication, slice_application


@pytest.fixture
def network(database: Database, tmp_path: Path) -> Governed:
    """Four members with decisions of every kind, all read."""
    made = governed(database, tmp_path)
    busy(made)
    made.follow()
    return made


@pytest.fixture
def site(database: Database, network: Governed) -> Iterator[SliceApplication]:
    with slice_application(database, router, TEXTS, governance=network.governance) as made:
        yield made
