"""A bench for each test: a wired service, everything around it in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from signing.rendering import FontBook, Renderer
from tests.support.signing_rounds import Bench, node_fonts


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    folders = node_fonts()
    if not all(folder.is_dir() for folder in folders):
        pytest.skip("fonts are not installed (npm ci)")
    return Renderer(FontBook.load(folders))


@pytest.fixture
def bench(tmp_path: Path, renderer: Renderer) -> Iterator[Bench]:
    made = Bench(tmp_path, renderer)
    yield made
    made.db.close()
