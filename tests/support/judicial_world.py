"""A judicial relay on a simulated court's chain whose every call can be made to fail, and what must hold afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from chain.errors import GatewayUnavailable
from chain.gateway_memory import MemoryGateway
from chain.judicial import Court, JudicialRelay, JudicialSettings
from chain.judicial_memory import MemoryJudicialAnchor, MemoryJudicialStore, MemoryReceipts
from chain.judicial_port import Cosigned
from chain.memory_contracts import MemoryContract
from chain.merkle import Growth, MemoryTiles, Tree, leaf_hash
from chain.transactions import Sender
from signing import eip712
from signing.wallets import address_of, sign_digest
from tests.support.relay_world import Faulty, StoreBroken, outlive

CHAIN_ID = 424_242
ADDRESS = "0x" + "77" * 20
ORIGIN = "log.concord.example/test"
SENDER = Sender(bytes([6] * 32), CHAIN_ID)
KEYS = tuple(bytes([number] * 32) for number in (0x71, 0x72, 0x73))
SINCE = 1_790_000_000
COURT = Court(CHAIN_ID, ADDRESS, ORIGIN, "Concord TEST", frozenset(address_of(key) for key in KEYS), 2)
SETTINGS = JudicialSettings(max_flights=3, lease=5.0, retry_after=1.0, resend_after=3.0)


def cosigned(size: int, root: bytes, keys: tuple[bytes, ...] = KEYS[:2]) -> list[Cosigned]:
    """Signatures of the witnesses with these keys."""
    made = []
    for place, key in enumerate(keys):
        time = SINCE + size + place
        statement = eip712.WitnessedCheckpoint(ORIGIN, size, root, time)
        made.append(Cosigned(time, sign_digest(key, eip712.digest(COURT.domain, statement))))
    return made


class JudicialWorld:
    """`make_store` gets the world and gives a store with the outside's methods `add_witnessed`, `states`, `receipt`,
    `alarm`; the in-memory one by default. `grow` adds a witnessed checkpoint, `step` lets a second pass.
    """

    def __init__(
        self,
        at: int = -1,
        mode: str = "",
        finality_depth: int = 0,
        make_store: Callable[[JudicialWorld], Any] | None = None,
    ) -> None:
        self.time = 0.0
        self.gateway = MemoryGateway(self._contracts, chain_id=CHAIN_ID, finality_depth=finality_depth)
        self.tiles = MemoryTiles()
        self.size = 0
        self.store: Any = (
            make_store(self) if make_store else MemoryJudicialStore(self.tree, lambda: self.time)
        )
        self.counter: dict[str, Any] = {"n": 0, "at": at, "mode": mode}
        self.alarms: list[Any] = []
        self.relay = self.new_relay("one")

    @staticmethod
    def _contracts() -> dict[str, MemoryContract]:
        return {ADDRESS: MemoryJudicialAnchor()}

    def now(self) -> datetime:
        """The world's time as a datetime."""
        return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=self.time)

    def tree(self) -> Tree:
        return Tree(self.tiles, self.size)

    def new_relay(self, owner: str) -> JudicialRelay:
        return JudicialRelay(
            Faulty(self.gateway, self.counter, lambda: GatewayUnavailable("broken")),
            Faulty(MemoryReceipts(CHAIN_ID, ADDRESS), self.counter, lambda: GatewayUnavailable("broken")),
            Faulty(self.store, self.counter, StoreBroken),
            SENDER,
            COURT,
            owner,
            SETTINGS,
            lambda: self.time,
        )

    def grow(self, count: int, keys: tuple[bytes, ...] = KEYS[:2]) -> int:
        """The log grows, and its new checkpoint gets its cosignatures; its size."""
        entries = [number.to_bytes(32, "big") for number in range(self.size, self.size + count)]
        growth: Growth = self.tree().append([leaf_hash(entry) for entry in entries])
        self.tiles.write(growth.tiles)
        self.size = growth.size
        self.store.add_witnessed(growth.size, growth.root, cosigned(growth.size, growth.root, keys))
        return growth.size

    def step(self, seconds: float = 1.0) -> None:
        tick = outlive(self, self.relay.tick, seconds)
        self.alarms += tick.alarms if tick is not None else []

    def drain(self) -> None:
        """Mine and pass until nothing is left to do."""
        for _ in range(60):
            self.gateway.mine()
            self.step()
            if set(self.store.states().values()) <= {"anchored", "parked"}:
                return
        raise AssertionError(f"the queue does not drain: {self.store.states()}")

    def accepted(self) -> list[tuple[int, bytes]]:
        """What the court's chain holds, in its order."""
        logs = self.gateway.logs(0, self.gateway.head().number, [ADDRESS])
        return [(int.from_bytes(log.topics[1], "big"), log.data[:32]) for log in logs]

    def check(self) -> None:
        """Every checkpoint was accepted exactly once, in order, and each has its receipt."""
        states = self.store.states()
        found = self.accepted()
        assert [size for size, _ in found] == sorted(states), "each exactly once, in order"
        assert all(root == self.tree().root(size) for size, root in found)
        assert set(states.values()) == {"anchored"}
        for size in states:
            receipt = self.store.receipt(size)
            assert receipt is not None
            assert (receipt["chain_id"], receipt["address"], receipt["type"]) == (
                CHAIN_ID,
                ADDRESS,
                "anvil-mpt",
            )
        assert self.store.under_way() == []


def play(world: JudicialWorld, pause: float = 1.0) -> None:
    """Checkpoints get their cosignatures over time, blocks are mined now and then."""
    world.grow(3)
    world.step(pause)
    world.grow(2)
    world.grow(7)
    world.step(pause)
    world.gateway.mine()
    world.step(pause)
    world.grow(1)
    world.step(pause)
    world.gateway.mine()
    world.step(pause)
    world.step(pause)
