"""The governance page's service on a real network: a vote, and what the platform says of it from views and events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api.bootstrap.governance import ObservedChain
from api.governance.model import Kind
from api.governance.service import Governance
from api.infra.db import Base, Database, UnitOfWork
from api.kernel.clock import FixedClock
from chain.gateway_network import NetworkGateway
from node.network.gate import Action, Proposal
from tests.network.conftest import NAMES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_vote_is_seen_while_it_runs_and_after_it(network: Any, database: Database, tmp_path: Path) -> None:
    Base.metadata.create_all(database.engine)
    uow = UnitOfWork(database)
    container: Any = SimpleNamespace(
        uow=uow, settings=SimpleNamespace(effective_deployment_file=tmp_path / "deployment.json")
    )
    with NetworkGateway([node.evm_url for node in network.nodes], timeout=60.0) as gateway:
        clock = FixedClock(datetime.now(UTC) + timedelta(hours=1))
        governance = Governance(uow, clock, ObservedChain(container, gateway))

        def follow() -> None:
            while governance.follow():
                pass

        proposal = Proposal(Action.SET_PARAMETER, value=250_000_000, label="block.max_gas")
        number = network.gate.propose(network.keys[3], proposal)
        follow()
        view = governance.overview()
        assert (view.kind, [seat.name for seat in view.state.seats]) == (Kind.NETWORK, list(NAMES))
        assert all(len(seat.nodes) == 1 and seat.permissions == 15 for seat in view.state.seats)
        (waiting,) = view.proposals
        assert (waiting.id, waiting.missing, waiting.incomplete) == (number, 2, False)
        assert [voter.name for voter in waiting.voters] == ["notary"]
        assert sorted(waiting.waiting) == ["court", "hr", "union"]

        for key in network.keys[:2]:
            network.gate.approve(key, number)
        follow()
        assert governance.overview().proposals == []
        assert governance.overview().state.parameters["block.max_gas"] == 250_000_000
        (done,) = governance.decisions().rows
        assert (done.id, done.executed, done.proposed_by) == (number, True, "notary")
        assert [voter.name for voter in done.voters] == ["notary", "hr", "court"]
        receipt = gateway.receipts([bytes.fromhex(done.transaction)])[0]
        assert receipt is not None
        assert receipt.block_number == done.block
        before = governance.events(limit=200).rows
        assert [event.name for event in before] == [
            "Executed",
            "Approved",
            "Approved",
            "Approved",
            "Proposed",
        ]
        follow()
        assert governance.events(limit=200).rows == before
