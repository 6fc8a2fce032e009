"""The judicial relay's fault matrix over the SQL outbox: the same scenario, every step broken in some way."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.infra.db import Database
from api.infra.sealing import FieldKey
from tests.support.anchoring_store import create_tables
from tests.support.judicial_store import SqlOutside
from tests.support.judicial_world import JudicialWorld, play

MODES = ["lost", "persisted", "killed before", "killed after"]
STRIDE = 5
"""Every step is broken in some mode; all steps in all modes run over the store in memory (tests/fault/chain)."""


@pytest.mark.parametrize("mode", MODES)
def test_every_step_may_fail_once(mode: str, tmp_path: Path) -> None:
    steps = 0
    for at in [-1, *range(MODES.index(mode), 200, STRIDE)]:
        if steps and at >= steps:
            break
        db = Database(f"sqlite:///{tmp_path}/w{at}.db", FieldKey(bytes(32)))
        create_tables(db)
        world = JudicialWorld(at, mode, make_store=lambda w, db=db: SqlOutside(db, w))  # type: ignore[misc]
        play(world)
        steps = steps or int(world.counter["n"])
        world.drain()
        world.check()
        db.close()
