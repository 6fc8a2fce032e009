"""One good package of each kind for the tests of this folder."""

from __future__ import annotations

import pytest

from tests.factories.evidence import Forge, World
from tests.support.evidence_world import world

__all__ = ["world"]


@pytest.fixture(scope="session")
def good(world: World) -> Forge:
    return Forge(world)


@pytest.fixture(scope="session")
def good_passkey(world: World) -> Forge:
    return Forge(world, passkey=True, by_agent=False)
