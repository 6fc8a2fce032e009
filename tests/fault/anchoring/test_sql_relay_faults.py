"""The relay's fault matrix over the SQL outbox: the same scenario, every step broken in every way."""

from __future__ import annotations

import pytest

from api.infra.db import Database
from api.infra.sealing import FieldKey
from tests.support.anchoring_store import SqlOutside, create_tables
from tests.support.relay_world import World, check, drain, play

MODES = ["lost", "persisted", "killed before", "killed after"]
STRIDE = 5
"""Every step is broken in some mode; all steps in all modes run over the store in memory (tests/fault/chain)."""


def test_the_sql_outbox_survives_each_step(database: Database) -> None:
    create_tables(database)
    world = World(make_store=lambda w: SqlOutside(database, w))
    play(world)
    drain(world)
    check(world)


@pytest.mark.parametrize("mode", MODES)
def test_every_step_may_fail_once(mode: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    steps = 0
    for at in [-1, *range(MODES.index(mode), 200, STRIDE)]:
        if steps and at >= steps:
            break
        db = Database(f"sqlite:///{tmp_path}/w{at}.db", FieldKey(bytes(32)))
        create_tables(db)
        world = World(at, mode, make_store=lambda w, db=db: SqlOutside(db, w))
        play(world)
        steps = steps or int(world.counter["n"])
        drain(world)
        check(world)
        db.close()
