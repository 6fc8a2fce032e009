"""One throw-away installation for all attacks."""

from __future__ import annotations

import pytest

from tests.factories.evidence import World
from tests.support.evidence_world import world

__all__ = ["world"]


@pytest.fixture(scope="session")
def stranger(world: World) -> World:
    """Another installation: other keys, log, chain, CA and TSAs."""
    return World(name="two", log_origin="log.other.example", chain_id=31415, renderer=world.renderer)
