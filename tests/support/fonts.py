"""The fonts that npm installed, and a renderer with them; without them the test that asks skips with a visible reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from signing.rendering import FontBook, Renderer

ROOT = Path(__file__).resolve().parents[2]


def node_fonts() -> list[Path]:
    """Folders of the fonts that npm installed."""
    return FontBook.npm(ROOT / "node_modules")


def installed_fonts() -> list[Path]:
    """As `node_fonts`; skips where a folder is missing."""
    folders = node_fonts()
    if not all(folder.is_dir() for folder in folders):
        pytest.skip("fonts are not installed (npm ci)")
    return folders


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    """One renderer for all tests of a run that import this fixture."""
    return Renderer(FontBook.load(installed_fonts()))
