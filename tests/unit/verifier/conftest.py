"""One good package of each kind for the tests of this folder."""

from __future__ import annotations

import pytest

from tests.factories.evidence import Forge, World, npm_fonts


@pytest.fixture(scope="session")
def world() -> World:
    if not all(folder.is_dir() for folder in npm_fonts()):
        pytest.skip("fonts are not installed (npm ci)")
    return World()


@pytest.fixture(scope="session")
def good(world: World) -> Forge:
    return Forge(world)


@pytest.fixture(scope="session")
def good_passkey(world: World) -> Forge:
    return Forge(world, passkey=True, by_agent=False)
