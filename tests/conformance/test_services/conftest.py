"""TEST CA and TSAs as running programs, beside the identity service whose statements the CA asks for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.programs import Authorities


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authorities]:
    """One TEST installation for all tests of this folder; a test that sets a fault takes it back."""
    with Authorities(tmp_path_factory.mktemp("authorities")) as running:
        yield running
