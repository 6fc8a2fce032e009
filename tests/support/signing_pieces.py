"""Shared pieces of the signing tests: a base PDF, stamps, authorities."""

from __future__ import annotations

import pytest

from tests.support.signing_authorities import Authority, Stamper
from tests.support.signing_documents import base_pdf, stamp_pdf


@pytest.fixture(scope="session")
def base() -> bytes:
    """A PDF/A document of two pages, ended by a newline."""
    return base_pdf()


@pytest.fixture(scope="session")
def stamp() -> bytes:
    """A one-page stamp."""
    return stamp_pdf()


@pytest.fixture(scope="session")
def authority() -> Authority:
    """A certificate authority."""
    return Authority()


@pytest.fixture
def stampers() -> tuple[Stamper, Stamper]:
    """Two time-stamping authorities."""
    return Stamper("one"), Stamper("two")
