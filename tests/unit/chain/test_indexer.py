"""The indexer over the simulated chain: restarts, reorganisations, rebuilding gives the same digest."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chain import calls
from chain.calls import ChainEvent, Contracts
from chain.errors import DecodingError, GatewayUnavailable
from chain.gateway import Log
from chain.gateway_memory import MemoryGateway
from chain.indexer import EMPTY_DIGEST, Indexer, IndexMark
from chain.memory_contracts import installation
from chain.transactions import Sender

CONTRACTS = Contracts(*(f"0x{str(i) * 40}" for i in (1, 2, 3)))
SENDER = Sender(bytes([5] * 32), 31_337)


class ListStore:
    """An index that keeps events as they come."""

    def __init__(self) -> None:
        self.events: list[ChainEvent] = []
        self.marks: list[IndexMark] = []

    def mark(self) -> IndexMark | None:
        return self.marks[-1] if self.marks else None

    def marks_below(self, number: int, limit: int) -> list[IndexMark]:
        return [m for m in reversed(self.marks) if m.number < number][:limit]

    def apply(self, events: Sequence[ChainEvent], marks: Sequence[IndexMark]) -> None:
        self.events += events
        self.marks += marks

    def rollback(self, number: int) -> None:
        self.events = [e for e in self.events if e.log.block_number <= number]
        self.marks = [m for m in self.marks if m.number <= number]


class Chain:
    def __init__(self) -> None:
        self.gateway = MemoryGateway(lambda: installation(CONTRACTS))
        self.nonce = 0
        self.size = 0

    def append(self, count: int = 1) -> None:
        made = calls.append(CONTRACTS, self.size, [(self.size + i).to_bytes(32, "big") for i in range(count)])
        self.gateway.send([SENDER.sign(made.to, made.data, self.nonce, made.gas).raw])
        self.nonce += 1
        self.size += count

    def grow(self, blocks: int) -> None:
        for _ in range(blocks):
            self.append(2)
            self.append(1)
            self.gateway.mine()


def _index(chain: Chain, store: ListStore, blocks: int = 500) -> Indexer:
    indexer = Indexer(chain.gateway, store, CONTRACTS, blocks=blocks)
    indexer.catch_up()
    return indexer


def test_rebuilt_in_other_steps_the_digest_is_the_same() -> None:
    chain = Chain()
    digests = set()
    one = ListStore()
    for _ in range(5):
        chain.grow(3)
        chain.gateway.mine(4)
        _index(chain, one)
    for blocks in (1, 2, 7, 500):
        store = ListStore()
        _index(chain, store, blocks)
        assert [e.fields for e in store.events] == [e.fields for e in one.events]
        digests.add(store.marks[-1].digest)
    assert digests == {one.marks[-1].digest}
    assert one.marks[-1].digest != EMPTY_DIGEST
    assert one.events[-1].fields["size"] == chain.size
    assert len(one.events) == 30


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_reorganisation_is_rolled_back_and_followed(depth: int) -> None:
    chain = Chain()
    chain.grow(6)
    store = ListStore()
    indexer = _index(chain, store)
    before = [e.log.block_hash for e in store.events]
    chain.gateway.reorganise(depth)
    indexer.catch_up()
    assert [e.log.block_hash for e in store.events] == before[: 12 - 2 * depth]
    chain.gateway.mine()
    indexer.catch_up()
    assert [e.fields["size"] for e in store.events][-1] == chain.size
    assert len(store.events) == 12
    fresh = ListStore()
    _index(chain, fresh)
    assert fresh.marks[-1] == store.marks[-1]


def test_a_reorganisation_deeper_than_all_marks_rebuilds() -> None:
    chain = Chain()
    chain.grow(4)
    store = ListStore()
    indexer = _index(chain, store)
    store.marks = store.marks[-1:]
    chain.gateway.reorganise(4, drop=True)
    indexer.catch_up()
    assert store.events == []
    assert store.marks[-1].digest == EMPTY_DIGEST


def test_a_restart_goes_on_where_it_was_and_faults_change_nothing() -> None:
    chain = Chain()
    chain.grow(3)
    store = ListStore()
    for operation in ("head", "block", "logs"):
        chain.gateway.fail_next(operation, "persisted")
        with pytest.raises(GatewayUnavailable):
            Indexer(chain.gateway, store, CONTRACTS, blocks=2).step()
        assert store.events == []
    Indexer(chain.gateway, store, CONTRACTS, blocks=2).step()
    assert len(store.events) == 2
    _index(chain, store)
    assert len(store.events) == 6
    assert Indexer(chain.gateway, store, CONTRACTS).step().events == 0


def test_logs_of_another_shape_are_refused() -> None:
    topics = (bytes(32),)
    log = Log("0x" + "9" * 40, topics, b"", 1, bytes(32), bytes(32), 0)
    with pytest.raises(DecodingError):
        calls.decode_log(CONTRACTS, log)
    stranger = Log(CONTRACTS.evidence_log, topics, b"", 1, bytes(32), bytes(32), 0)
    assert calls.decode_log(CONTRACTS, stranger) is None
    chain = Chain()
    chain.grow(1)
    good = chain.gateway.logs(0, 1, CONTRACTS.all())[0]
    broken = Log(good.address, good.topics, good.data[:-1], 1, bytes(32), bytes(32), 0)
    with pytest.raises(DecodingError):
        calls.decode_log(CONTRACTS, broken)


def test_fast_decoding_agrees_with_the_abi_for_every_event() -> None:
    from chain.abi import load

    followed = Contracts(*CONTRACTS.all(), "0x" + "4" * 40)
    for contract, address in zip(calls.FOLLOWED, followed.all(), strict=True):
        for event in load(contract).events():
            if any(kind in {"string", "bytes"} for _, kind, _ in event.parameters):
                continue
            word = {
                "bytes32": bytes(range(32)),
                "address": bytes(12) + bytes(range(20)),
                "bool": (1).to_bytes(32, "big"),
            }
            values = [
                (word.get(kind, (200).to_bytes(32, "big")), indexed) for _, kind, indexed in event.parameters
            ]
            topics = (event.topic0, *(w for w, indexed in values if indexed))
            data = b"".join(w for w, indexed in values if not indexed)
            made = calls.decode_log(followed, Log(address, topics, data, 1, bytes(32), bytes(32), 0))
            assert made is not None
            expected = event.decode(topics, data)
            assert {k: str(v).lower() for k, v in made.fields.items()} == {
                k: str(v).lower() for k, v in expected.items()
            }
