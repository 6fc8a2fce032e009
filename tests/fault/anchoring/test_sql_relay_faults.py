"""The relay's fault matrix over the SQL outbox: the same scenario, every step broken in every way."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.infra.db import Database
from tests.support.anchoring_store import MODES, SqlOutside, break_each_step, create_tables
from tests.support.relay_world import World, check, drain, play


def test_the_sql_outbox_survives_each_step(database: Database) -> None:
    create_tables(database)
    world = World(make_store=lambda w: SqlOutside(database, w))
    play(world)
    drain(world)
    check(world)


@pytest.mark.parametrize("mode", MODES)
def test_every_step_may_fail_once(mode: str, tmp_path: Path) -> None:
    def run(db: Database, at: int) -> int:
        world = World(at, mode, make_store=lambda w: SqlOutside(db, w))
        play(world)
        steps = int(world.counter["n"])
        drain(world)
        check(world)
        return steps

    break_each_step(mode, tmp_path, run)
