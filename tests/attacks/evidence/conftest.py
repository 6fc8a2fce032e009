"""One throw-away installation for all attacks."""

from __future__ import annotations

import pytest

from tests.factories.evidence import World, npm_fonts


@pytest.fixture(scope="session")
def world() -> World:
    if not all(folder.is_dir() for folder in npm_fonts()):
        pytest.skip("fonts are not installed (npm ci)")
    return World()


@pytest.fixture(scope="session")
def stranger(world: World) -> World:
    """Another installation: other keys, log, chain, CA and TSAs."""
    return World(name="two", log_origin="log.other.example", chain_id=31415, renderer=world.renderer)
