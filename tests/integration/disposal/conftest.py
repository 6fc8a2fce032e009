"""Disposal over a real database, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.disposal import router
from api.disposal.texts import TEXTS
from api.infra.db import Database
from tests.support.disposal_world import World
from tests.support.slice_application import SliceApplication, slice_application


@pytest.fixture
def world(database: Database) -> World:
    """Two streets and everybody else, nothing warned of yet."""
    return World(database)


@pytest.fixture
def site(database: Database, world: World) -> Iterator[SliceApplication]:
    with slice_application(database, router, TEXTS, disposal=world.disposal) as made:
        yield made
