"""A whole platform of its own for tests: every program started as `concord up` does, on free loopback ports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.installation import prepare
from scripts.up import Platform


@contextmanager
def running_platform(folder: Path) -> Iterator[Platform]:
    """Start everything under `folder` and end it; the folder can be started again afterwards."""
    platform = Platform(prepare(folder, first_port=0))
    try:
        platform.start()
        yield platform
    finally:
        platform.stop()
