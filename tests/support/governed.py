"""The governance slice over a network in memory with a year's worth of decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from api.bootstrap.governance import ObservedChain
from api.governance.service import Governance
from api.infra.db import Database, UnitOfWork
from api.kernel.clock import FixedClock
from chain.deployer import RECORD
from chain.deployment_steps import write_record
from chain.transactions import checksum_address
from tests.support.gate_chain import (
    ADD,
    CANCEL,
    MEMBERS,
    RELAY,
    REMOVE,
    REPLACE_KEY,
    SET_PARAMETER,
    SET_PERMISSIONS,
    UPGRADE,
    GateChain,
)

MEDIATION = checksum_address(b"\x6b" * 20)


@dataclass
class Governed:
    """A chain, the service over it, and a clock near the chain's time."""

    chain: GateChain
    governance: Governance
    clock: FixedClock

    def follow(self) -> None:
        """Read all events."""
        while self.governance.follow():
            pass


def governed(database: Database, folder: Path, *, network: bool = True, account: bool = True) -> Governed:
    """The slice over a fresh chain; `folder` gets the deployment's record unless the contracts have no account."""
    made = GateChain(network=network)
    clock = FixedClock(datetime.fromtimestamp(made.gateway.head().timestamp, UTC) + timedelta(hours=1))
    uow = UnitOfWork(database)
    settings = SimpleNamespace(effective_deployment_file=folder / "deployment.json")
    container: Any = SimpleNamespace(settings=settings, uow=uow)
    if account:
        write_record(folder / RECORD, made.deployment().to_json())
    return Governed(made, Governance(uow, clock, ObservedChain(container, made.gateway)), clock)


def busy(made: Governed, more: int = 0) -> None:
    """Decisions of every kind, one that expires, a suspended member, two open proposals; `more` further decisions."""
    network = made.chain
    network.gate.voting_time = 3
    network.propose(3, SET_PARAMETER, value=90_000_000, label="block.max_gas")
    network.gateway.mine(4)
    network.gate.voting_time = 30 * 86_400
    network.decide(SET_PERMISSIONS, RELAY, value=3)
    network.decide(ADD, MEDIATION, b"\x21" * 32, int("7c" * 20, 16), "mediation")
    for number in range(more):
        network.decide(SET_PARAMETER, value=30_000_000 + number, label="block.max_gas")
    network.decide(SET_PARAMETER, value=2_000_000, label="block.max_bytes")
    network.decide(UPGRADE, key=b"\x5e" * 32, value=120_000, label="v2026.12")
    network.decide(CANCEL)
    network.decide(UPGRADE, key=b"\x5f" * 32, value=150_000, label="v2026.12.1")
    network.decide(SET_PERMISSIONS, RELAY, value=0)
    network.decide(REPLACE_KEY, MEMBERS[1].address, b"\x23" * 32)
    network.act(0, "grant", [RELAY], 1)
    network.gate.suspended[bytes([63] * 32)] = 17
    network.propose(1, REMOVE, MEMBERS[3].address)
    network.act(2, "approve", len(network.gate._ballots))
    network.propose(0, SET_PARAMETER, value=60_000_000, label="block.max_gas")
