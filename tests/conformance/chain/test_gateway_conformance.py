"""One suite for every adapter of the gateway port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from chain import calls
from chain.abi import load
from chain.errors import CallReverted
from chain.gateway import SendOutcome
from chain.merkle import leaf_hash, tree_root
from chain.transactions import Sender
from tests.conformance.chain.conftest import NETWORK

ENTRIES = [bytes([i] * 32) for i in range(1, 6)]


def _append(bench: Any, nonce: int, size: int, entries: list[bytes]) -> Any:
    call = calls.append(bench.contracts, size, entries)
    return bench.sender.sign(call.to, call.data, nonce, call.gas)


@dataclass
class _State:
    nonce: int


def _start(bench: Any) -> _State:
    return _State(bench.gateway.transaction_count(bench.sender.address))


def test_chain_facts(bench: Any) -> None:
    gateway = bench.gateway
    assert gateway.chain_id() == bench.sender.chain_id
    head = gateway.head()
    bench.mine()
    after = gateway.head()
    assert after.number == head.number + 1
    assert after.parent == head.hash
    assert after.timestamp >= head.timestamp
    assert gateway.block(after.number) == after
    assert gateway.block(after.number + 1) is None
    assert gateway.final_head() == after
    assert gateway.code(bench.contracts.evidence_log)
    assert gateway.code("0x" + "09" * 20) == b""


def test_block_zero_is_the_first_one(bench: Any) -> None:
    """Whatever its number: deployments and trust roots name a chain by its hash."""
    bench.mine()
    first = bench.gateway.block(0)
    assert first.parent == bytes(32)
    assert bench.gateway.block(first.number) == first
    assert bench.gateway.block(first.number + 1).parent == first.hash


@pytest.mark.parametrize("bench", ["anvil", NETWORK], indirect=True)  # the simulation keeps no slots
def test_storage_is_read_at_a_block(bench: Any) -> None:
    slot = load("EvidenceLog").storage_layout["_size"].to_bytes(32, "big")
    before = bench.gateway.final_head().number
    signed = _append(bench, _start(bench).nonce, 0, ENTRIES)
    bench.gateway.send([signed.raw])
    bench.mine()
    after = bench.gateway.receipts([signed.hash])[0].block_number
    values = [bench.gateway.storage(bench.contracts.evidence_log, [slot], n)[0] for n in (before, after)]
    assert values == [0, len(ENTRIES)]


def test_a_sent_transaction_waits_then_is_mined_with_its_events(bench: Any) -> None:
    gateway, start = bench.gateway, _start(bench)
    first = _append(bench, start.nonce, 0, ENTRIES[:2])
    second = _append(bench, start.nonce + 1, 2, ENTRIES[2:])
    results = gateway.send([first.raw, second.raw])
    assert [(r.hash, r.outcome) for r in results] == [
        (first.hash, SendOutcome.ACCEPTED),
        (second.hash, SendOutcome.ACCEPTED),
    ]
    assert gateway.receipts([first.hash, second.hash]) == [None, None]
    waiting = gateway.transactions([first.hash])[0]
    assert waiting.block_number is None
    assert waiting.sender == bench.sender.address
    assert gateway.transaction_count(bench.sender.address) == start.nonce
    bench.mine()
    one, two = gateway.receipts([first.hash, second.hash])
    assert one.ok
    assert two.ok
    assert (one.index, two.index) == (0, 1)
    head = gateway.head()
    assert (one.block_number, one.block_hash) == (head.number, head.hash)
    assert gateway.transaction_count(bench.sender.address) == start.nonce + 2
    mined = gateway.transactions([second.hash])[0]
    assert mined.block_number == head.number
    assert mined.to == bench.contracts.evidence_log
    assert calls.decode_append(mined.data) == (2, tuple(ENTRIES[2:]))
    logs = gateway.logs(head.number, head.number, [bench.contracts.evidence_log])
    assert [log.index for log in logs] == [0, 1]
    assert logs == list(one.logs + two.logs)
    events = [calls.decode_log(bench.contracts, log) for log in logs]
    assert [(e.name, e.fields["firstIndex"], e.fields["size"]) for e in events] == [
        ("Appended", 0, 2),
        ("Appended", 2, 5),
    ]
    assert events[1].fields["root"] == tree_root([leaf_hash(e) for e in ENTRIES])
    assert gateway.logs(0, head.number - 1, [bench.contracts.evidence_log]) == []
    assert gateway.logs(0, head.number, ["0x" + "09" * 20]) == []


def test_sending_again_is_harmless_and_says_known(bench: Any) -> None:
    gateway, start = bench.gateway, _start(bench)
    signed = _append(bench, start.nonce, 0, ENTRIES[:1])
    gateway.send([signed.raw])
    assert gateway.send([signed.raw])[0].outcome in {SendOutcome.KNOWN, SendOutcome.ACCEPTED}
    bench.mine()
    assert gateway.send([signed.raw])[0].outcome is SendOutcome.KNOWN
    other = _append(bench, start.nonce, 0, ENTRIES[1:2])
    result = gateway.send([other.raw])[0]
    assert result.outcome is SendOutcome.KNOWN  # its nonce is taken: the caller reads back and finds nothing
    assert gateway.transactions([other.hash]) == [None]
    assert gateway.transaction_count(bench.sender.address) == start.nonce + 1


def test_a_transaction_of_another_chain_is_refused(bench: Any) -> None:
    foreign = Sender(bench.key, 1)
    call = calls.append(bench.contracts, 0, ENTRIES[:1])
    signed = foreign.sign(call.to, call.data, _start(bench).nonce, call.gas)
    assert bench.gateway.send([signed.raw])[0].outcome is SendOutcome.REFUSED


def test_a_revert_is_a_mined_receipt_that_is_not_ok(bench: Any) -> None:
    gateway, start = bench.gateway, _start(bench)
    signed = _append(bench, start.nonce, 99, ENTRIES[:1])
    gateway.send([signed.raw])
    bench.mine()
    receipt = gateway.receipts([signed.hash])[0]
    assert not receipt.ok
    assert receipt.logs == ()
    assert gateway.transaction_count(bench.sender.address) == start.nonce + 1


def test_views_and_reverting_calls(bench: Any) -> None:
    log = load("EvidenceLog")
    size = log.function("size")
    assert size.decode(bench.gateway.call(bench.contracts.evidence_log, size.encode())) == (0,)
    with pytest.raises(CallReverted):
        bench.gateway.call(bench.contracts.evidence_log, b"\x01\x02\x03\x04")


def test_unknown_hashes_are_answered_at_once(bench: Any) -> None:
    assert bench.gateway.receipts([bytes(32)]) == [None]
    assert bench.gateway.transactions([bytes(32)]) == [None]
    assert bench.gateway.receipts([]) == []
    assert bench.gateway.send([]) == []
