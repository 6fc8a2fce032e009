"""The throw-away installation that evidence is forged in, made once for a run."""

from __future__ import annotations

import pytest

from tests.factories.evidence import World
from tests.support.fonts import installed_fonts


@pytest.fixture(scope="session")
def world() -> World:
    """One installation; skips without fonts."""
    installed_fonts()
    return World()
