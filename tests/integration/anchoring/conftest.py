"""The slice over a simulated chain, on each kind of database."""

from __future__ import annotations

import pytest

from api.infra.db import Database
from chain.gateway_memory import MemoryGateway
from chain.memory_contracts import installation
from tests.support.anchoring_store import Slice
from tests.support.relay_world import CHAIN_ID, CONTRACTS


@pytest.fixture
def slice_(database: Database) -> Slice:
    gateway = MemoryGateway(lambda: installation(CONTRACTS), chain_id=CHAIN_ID)
    return Slice(database, gateway)
