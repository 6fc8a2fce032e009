"""One renderer for all tests of this folder, and a document to vary."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.factories.agreement import agreement
from tests.support.fonts import installed_fonts, renderer

__all__ = ["renderer"]


@pytest.fixture(scope="session")
def fonts() -> list[Path]:
    return installed_fonts()


@pytest.fixture
def document() -> Callable[..., dict[str, Any]]:
    return partial(agreement, worker="李小龘㛃䶮")
