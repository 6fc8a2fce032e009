"""The network's contract read through the gateway in memory: present state, and events without gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from chain.errors import GatewayUnavailable
from chain.gate import MOST_READ, Action, Followed, GateEvent, PlannedUpgrade, follow, read_gate
from chain.gateway import Log
from chain.governance_account import read_account
from tests.support.gate_chain import (
    ACCOUNT,
    ADD,
    MEMBERS,
    NAMES,
    RELAY,
    REMOVE,
    SET_PARAMETER,
    SET_PERMISSIONS,
    UPGRADE,
    GateChain,
)


class Kept:
    """A history in memory."""

    def __init__(self) -> None:
        self.events: list[GateEvent] = []
        self.names: dict[str, str] = {}
        self.at: Followed | None = None

    def mark(self) -> Followed | None:
        return self.at

    def keep(self, events: Sequence[GateEvent], mark: Followed, names: Mapping[str, str]) -> None:
        self.events += events
        self.at = mark
        self.names |= names

    def forget(self) -> None:
        self.__init__()  # type: ignore[misc]


@pytest.fixture
def chain() -> GateChain:
    return GateChain()


def test_a_chain_without_the_contract_has_no_members() -> None:
    assert read_gate(GateChain(network=False).gateway) is None


def test_members_with_keys_nodes_and_permissions(chain: GateChain) -> None:
    chain.gate.suspended[bytes([61] * 32)] = 77
    state = read_gate(chain.gateway)
    assert state is not None
    assert [seat.name for seat in state.seats] == list(NAMES)
    assert [seat.operator for seat in state.seats] == [member.address for member in MEMBERS]
    assert (state.seats[0].consensus_key, state.seats[0].nodes) == ("3c" * 32, ("50" * 20,))
    assert [seat.suspended_at for seat in state.seats] == [0, 77, 0, 0]
    assert {seat.permissions for seat in state.seats} == {15}
    assert (state.quorum, state.proposals, state.ballots) == (3, 0, ())
    assert (state.parameters, state.upgrade) == ({"block.max_gas": 0, "block.max_bytes": 0}, None)


def test_an_open_proposal_counts_and_one_in_effect_is_over(chain: GateChain) -> None:
    chain.decide(SET_PARAMETER, value=40_000_000, label="block.max_gas")
    chain.decide(UPGRADE, key=b"\x07" * 32, value=900, label="v2")
    chain.propose(3, REMOVE, MEMBERS[1].address)
    state = read_gate(chain.gateway)
    assert state is not None
    (ballot,) = state.ballots
    assert (ballot.id, ballot.action, ballot.account) == (3, Action.REMOVE_MEMBER, MEMBERS[1].address)
    assert (ballot.approvals, ballot.expires) == (1, state.block.timestamp + 30 * 86_400)
    assert state.parameters["block.max_gas"] == 40_000_000
    assert state.upgrade == PlannedUpgrade("v2", 900, "07" * 32)


def test_expired_proposals_are_not_open_and_not_searched(chain: GateChain) -> None:
    chain.gate.voting_time = 2
    chain.propose(0, SET_PERMISSIONS, RELAY, value=3)
    chain.gateway.mine(3)
    chain.gate.voting_time = 30 * 86_400
    chain.propose(0, SET_PERMISSIONS, RELAY, value=1)
    state = read_gate(chain.gateway)
    assert state is not None
    assert [ballot.id for ballot in state.ballots] == [2]


def test_a_flood_of_proposals_is_read_in_part(chain: GateChain) -> None:
    for _ in range(MOST_READ + 5):
        chain.gate.acting = MEMBERS[0].address
        chain.gate._propose((6, RELAY, bytes(32), 0, bytes(32)))
    chain.gate.now = 0
    for ballot in chain.gate._ballots:
        ballot["expires"] = chain.gateway.head().timestamp + 100
    state = read_gate(chain.gateway)
    assert state is not None
    assert len(state.ballots) == MOST_READ
    assert state.ballots[0].id == MOST_READ + 5


def test_a_decision_in_between_makes_it_read_again(chain: GateChain, monkeypatch: pytest.MonkeyPatch) -> None:
    real, pending = chain.gateway.final_head, [True]

    def head() -> object:
        found = real()
        if pending:
            pending.clear()
            chain.decide(REMOVE, MEMBERS[3].address)
        return found

    monkeypatch.setattr(chain.gateway, "final_head", head)
    state = read_gate(chain.gateway)
    assert state is not None
    assert (state.revision, len(state.seats), state.quorum) == (1, 3, 3)
    assert state.block.number == 3


def test_events_come_once_with_block_time_and_transaction(chain: GateChain) -> None:
    kept = Kept()
    executed = chain.decide(ADD, RELAY, b"\x09" * 32, 5, "mediation")
    chain.act(0, "grant", [RELAY], 3)
    while follow(chain.gateway, kept, blocks=2):
        assert kept.at is not None
    assert follow(chain.gateway, kept) == 0
    names = [event.name for event in kept.events]
    assert names == [
        "Proposed", "Approved", "Approved", "Approved", "NodeSet", "PermissionsSet", "Executed", "PermissionsSet",
    ]  # fmt: skip
    proposed, done = kept.events[0], kept.events[6]
    assert proposed.fields == {
        "id": 1, "by": MEMBERS[0].address, "action": "add_member", "account": RELAY, "key": "09" * 32,
        "value": "5", "label": "mediation", "expires": proposed.block.timestamp + 30 * 86_400,
    }  # fmt: skip
    assert (done.block.number, done.transaction) == (3, executed.hex())
    assert kept.events[4].fields == {"member": RELAY, "node": "00" * 19 + "05", "allowed": True}
    assert kept.names[RELAY] == "mediation"


def test_an_excluded_members_name_stays_known(chain: GateChain) -> None:
    kept = Kept()
    chain.gateway.mine()
    follow(chain.gateway, kept)
    chain.decide(REMOVE, MEMBERS[0].address)
    follow(chain.gateway, kept)
    assert kept.names[MEMBERS[0].address] == "hr"


def test_another_chain_starts_the_history_anew(chain: GateChain) -> None:
    kept = Kept()
    chain.decide(REMOVE, MEMBERS[0].address)
    follow(chain.gateway, kept)
    other = GateChain()
    other.propose(0, UPGRADE, value=99, label="v3")
    other.gateway.mine(5)
    follow(other.gateway, kept)
    assert [event.fields.get("label") for event in kept.events if event.name == "Proposed"] == ["v3"]


def test_a_node_that_is_behind_changes_nothing(chain: GateChain) -> None:
    kept = Kept()
    chain.gateway.mine(5)
    follow(chain.gateway, kept)
    at = kept.at
    assert follow(GateChain().gateway, kept) == 0
    assert kept.at == at


def test_events_of_other_blocks_are_not_believed(chain: GateChain, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept()
    chain.propose(0, UPGRADE, value=99, label="v3")
    chain.gateway.mine(3)
    follow(chain.gateway, kept, blocks=2)
    stale = chain.gateway.logs(1, 1, [kept_address(chain)])

    def logs(first: int, last: int, addresses: Sequence[str]) -> list[Log]:
        return stale

    monkeypatch.setattr(chain.gateway, "logs", logs)
    before = kept.at
    with pytest.raises(GatewayUnavailable):
        follow(chain.gateway, kept)
    assert kept.at == before


def kept_address(chain: GateChain) -> str:
    """Where the contract stands."""
    return next(log.address for block in chain.gateway._blocks for r in block.receipts for log in r.logs)


def test_the_contracts_account(chain: GateChain) -> None:
    found = read_account(chain.gateway, chain.deployment())
    assert found is not None
    assert (found.address, found.threshold, found.acts, found.delay) == (ACCOUNT, 2, 5, 3_600)
    assert found.signers == tuple(member.address for member in MEMBERS[:3])
