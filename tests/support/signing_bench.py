"""Fixtures of the signing round: a bench for each test, one renderer for all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from signing.rendering import Renderer
from tests.support.fonts import renderer
from tests.support.signing_rounds import Bench

__all__ = ["bench", "renderer"]


@pytest.fixture
def bench(tmp_path: Path, renderer: Renderer) -> Iterator[Bench]:
    """A wired service, everything around it in memory."""
    made = Bench(tmp_path, renderer)
    yield made
    made.db.close()
