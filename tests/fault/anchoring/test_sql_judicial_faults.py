"""The judicial relay's fault matrix over the SQL outbox: the same scenario, every step broken in some way."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.infra.db import Database
from tests.support.anchoring_store import MODES, break_each_step
from tests.support.judicial_store import SqlOutside
from tests.support.judicial_world import JudicialWorld, play


@pytest.mark.parametrize("mode", MODES)
def test_every_step_may_fail_once(mode: str, tmp_path: Path) -> None:
    def run(db: Database, at: int) -> int:
        world = JudicialWorld(at, mode, make_store=lambda w: SqlOutside(db, w))
        play(world)
        steps = int(world.counter["n"])
        world.drain()
        world.check()
        return steps

    break_each_step(mode, tmp_path, run)
