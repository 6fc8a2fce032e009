"""One renderer for the tests of this folder."""

from __future__ import annotations

from tests.support.fonts import renderer

__all__ = ["renderer"]
