"""A scene over a migrated database: the first edition of towns is the migration's."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from api.infra.db import Database
from api.risk import router
from api.risk.texts import TEXTS
from tests.support.board_scene import BoardScene
from tests.support.slice_application import SliceApplication, slice_application


@pytest.fixture
def scene(database: Database) -> BoardScene:
    return BoardScene(database)


@pytest.fixture
def site(database: Database, scene: BoardScene) -> Iterator[SliceApplication]:
    with slice_application(database, router, TEXTS, risk=SimpleNamespace(board=scene)) as app:
        yield app
