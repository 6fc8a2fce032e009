"""A relay on the simulated chain whose every call to gateway and store can be made to fail, and what must hold after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from chain import calls
from chain.calls import Contracts
from chain.errors import ChainError, GatewayUnavailable, LogIntegrityError
from chain.gateway_memory import MemoryGateway
from chain.memory_contracts import installation
from chain.merkle import Tree, leaf_hash, tree_root
from chain.relay import Relay, RelaySettings
from chain.relay_memory import MemoryRelayStore
from chain.relay_port import ReadyCall
from chain.transactions import Sender

CHAIN_ID = 774_411
CONTRACTS = Contracts(*(f"0x{str(i) * 40}" for i in (1, 2, 3)))
SENDER = Sender(bytes([5] * 32), CHAIN_ID)
WALLET = "0x" + "44" * 20
AGENT = "0x" + "55" * 20
ORG = bytes([9] * 32)
SETTINGS = RelaySettings(max_batch=4, max_appends=2, max_calls=8, lease=5.0, resend_after=3.0)


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class StoreBroken(Exception):
    """The database reported a failure."""


class Faulty:
    """Wraps gateway or store; breaks the call with the chosen number."""

    def __init__(self, inner: Any, counter: dict[str, Any], error: Callable[[], BaseException]) -> None:
        self._inner, self._counter, self._error = inner, counter, error

    def __getattr__(self, name: str) -> Any:
        target = getattr(self._inner, name)
        if not callable(target):
            return target

        def call(*args: Any, **kwargs: Any) -> Any:
            counter = self._counter
            number = counter["n"]
            counter["n"] += 1
            mode = counter["mode"] if number == counter["at"] else None
            if mode == "lost":
                raise self._error()
            if mode == "killed before":
                raise Killed
            result = target(*args, **kwargs)
            if mode == "persisted":
                raise self._error()
            if mode == "killed after":
                raise Killed
            return result

        return call


def outlive(world: Any, one_pass: Callable[[], Any], seconds: float = 1.0) -> Any:
    """Time passes and `one_pass` of the world's relay runs; what it returns. What is broken is outlived, a contradiction
    is not; a killed relay is followed by a new one once its lease has run out.
    """
    world.time += seconds
    try:
        return one_pass()
    except LogIntegrityError:
        raise
    except (ChainError, StoreBroken):
        return None
    except Killed:
        world.time += 6.0  # the lease runs out
        world.relay = world.new_relay(f"after kill at {world.time}")
        return None


class World:
    """`make_store` gets the world, whose `now` is the store's clock, and gives a store with the outside's methods
    `add_entry`, `add_call`, `release`, `call_state`, `entry_states` besides the relay's.
    """

    def __init__(
        self,
        at: int = -1,
        mode: str = "",
        finality_depth: int = 0,
        make_store: Callable[[World], Any] | None = None,
    ) -> None:
        self.time = 0.0
        self.gateway = MemoryGateway(
            lambda: installation(CONTRACTS), chain_id=CHAIN_ID, finality_depth=finality_depth
        )
        self.store: Any = make_store(self) if make_store else MemoryRelayStore(lambda: self.time)
        self.counter = {"n": 0, "at": at, "mode": mode}
        self.relay = self.new_relay("one")
        self.added: list[bytes] = []

    def now(self) -> datetime:
        """The world's time as a datetime."""
        return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=self.time)

    def new_relay(self, owner: str) -> Relay:
        return Relay(
            Faulty(self.gateway, self.counter, lambda: GatewayUnavailable("broken")),
            Faulty(self.store, self.counter, StoreBroken),
            SENDER,
            CONTRACTS,
            owner,
            SETTINGS,
            lambda: self.time,
        )

    def add(self, count: int) -> None:
        for _ in range(count):
            entry = len(self.added).to_bytes(32, "big")
            self.store.add_entry(entry)
            self.added.append(entry)

    def step(self) -> None:
        outlive(self, self.relay.tick)


def call(call_id: str, made: calls.Call) -> ReadyCall:
    return ReadyCall(call_id, made.to, made.data, made.gas)


def role_calls(store: Any) -> None:
    register = calls.register_organisation(
        CONTRACTS, org_id=ORG, region_code=500101001, representative=WALLET, seal_key_hash=bytes(32), nonce=1,
        registrar=WALLET, signature=b"r",
    )  # fmt: skip
    grant = calls.grant_agent(
        CONTRACTS, org_id=ORG, agent=AGENT, scope=4, valid_until=2**40, nonce=2, signature=b"g"
    )
    store.add_call(call("register", register))
    store.add_call(call("grant", grant), depends=["register"])
    store.add_call(call("conclude", conclusion()), held=True, depends=["register", "grant"])
    store.add_call(
        call(
            "broken",
            calls.revoke_agent(CONTRACTS, org_id=bytes([1] * 32), agent=AGENT, nonce=1, signature=b"x"),
        )
    )


def conclusion(commitment: bytes = bytes([3] * 32)) -> calls.Call:
    return calls.conclude(
        CONTRACTS, commitment=commitment, contract_id=bytes([7] * 32), version=1, prev=bytes(32), expiry=2**40, org_id=ORG,
        wallet=AGENT, wallet_signature=b"w", worker_key=(bytes(32), bytes(32)), worker_signature=(bytes(32), bytes(32)),
        subject=bytes(32), level=2, check_digest=bytes(32), attested_at=1_790_000_000, attestation_signature=b"a",
    )  # fmt: skip


def play(world: World) -> None:
    """Entries and calls arrive over time, blocks are mined now and then, one reorganisation-free chain."""
    world.add(3)
    role_calls(world.store)
    world.step()
    world.add(7)
    world.step()
    world.gateway.mine()
    world.step()
    world.step()
    world.store.release("conclude")
    world.add(2)
    world.gateway.mine()
    world.step()
    world.gateway.mine()
    world.step()


def drain(world: World) -> None:
    for _ in range(40):
        world.gateway.mine()
        world.step()
        states = {state for state, _ in world.store.entry_states().values()}
        if states == {"anchored"} and world.store.call_state("conclude") == "anchored":
            return
    raise AssertionError(f"the queue does not drain: {states} {world.store.call_state('conclude')}")


def check(world: World) -> None:
    head = world.gateway.head().number
    events = [calls.decode_log(CONTRACTS, log) for log in world.gateway.logs(0, head, CONTRACTS.all())]
    appended = [e for e in events if e is not None and e.name == "Appended"]
    on_chain: list[bytes] = []
    for event in appended:
        transaction = world.gateway.transactions([event.log.transaction])[0]
        assert transaction is not None
        expected, entries = calls.decode_append(transaction.data)
        assert expected == len(on_chain)
        on_chain += entries
    assert on_chain == world.added
    position = world.store.position()
    assert position.anchored_size == len(on_chain)
    assert Tree(world.store.tiles(), len(on_chain)).root() == tree_root([leaf_hash(e) for e in on_chain])
    assert appended[-1].fields["root"] == tree_root([leaf_hash(e) for e in on_chain])
    assert [world.store.entry_states()[e] for e in on_chain] == [
        ("anchored", i) for i in range(len(on_chain))
    ]
    assert [e.name for e in events if e is not None and e.name != "Appended"] == [
        "OrganisationRegistered",
        "AgentGranted",
        "Concluded",
    ]
    assert world.store.call_state("broken") == "parked"
    assert world.store.flights() == []
