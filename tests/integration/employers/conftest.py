"""The employers slice on both kinds of database, and wallets of people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from api.employers import router
from api.employers.texts import TEXTS
from api.infra.db import Database
from signing import error_texts
from tests.support.employers_world import World, build_world
from tests.support.slice_application import SliceApplication, slice_application


@pytest.fixture
def world(database: Database) -> World:
    """The slice with nothing in it."""
    return build_world(database)


@pytest.fixture
def site(database: Database, world: World) -> Iterator[SliceApplication]:
    """The slice over HTTP."""
    with slice_application(database, router, {**error_texts.TEXTS, **TEXTS}, employers=world.service) as made:
        yield made


@pytest.fixture
def wallet() -> LocalAccount:
    """The representative's own wallet."""
    return Account.from_key(b"\x0b" * 32)


@pytest.fixture
def agent_wallet() -> LocalAccount:
    """An agent's own wallet."""
    return Account.from_key(b"\x0c" * 32)
