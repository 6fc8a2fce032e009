"""A bench for each test: a wired service, everything around it in memory."""

from __future__ import annotations

from tests.support.signing_bench import bench, renderer

__all__ = ["bench", "renderer"]
