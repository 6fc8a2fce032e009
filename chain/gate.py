"""What a validator network's members decided and decide: the AccountGate contract, read through a gateway.

Present state comes from the contract's views, history from its events (contracts/src/interfaces/IAccountGate.sol). Reading
needs no key and no permission; voting is the members' own affair (docs/operations/network.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from chain.abi import ACCOUNT_GATE, load
from chain.errors import DecodingError, GatewayUnavailable
from chain.gateway import BlockRef, ChainGateway, Log
from chain.gateway_network import GATE
from chain.transactions import address_bytes, checksum_address

PARAMETERS = ("block.max_gas", "block.max_bytes")
"""Parameters that members can set, in the engine's spelling: gas of a block, bytes of a block."""
MOST_READ = 200
"""Newest proposals that are looked at for open ones: whoever proposes without end makes no page slow."""
BLOCKS = 1_000
"""Blocks that one request for events spans."""
_ATTEMPTS = 3


class Action(StrEnum):
    """What members vote on, in the contract's order."""

    ADD_MEMBER = "add_member"
    REMOVE_MEMBER = "remove_member"
    REPLACE_KEY = "replace_key"
    SET_PERMISSIONS = "set_permissions"
    SET_PARAMETER = "set_parameter"
    SCHEDULE_UPGRADE = "schedule_upgrade"
    CANCEL_UPGRADE = "cancel_upgrade"


@dataclass(frozen=True, slots=True)
class Seat:
    """A member. `permissions` 1 transact, 2 deploy, 4 administer, 8 validate; `suspended_at` 0: it is not."""

    operator: str
    name: str
    consensus_key: str
    nodes: tuple[str, ...]
    permissions: int
    suspended_at: int


@dataclass(frozen=True, slots=True)
class Ballot:
    """A proposal that waits. `expires` in unix seconds; fields that its action does not use are empty."""

    id: int
    action: Action
    account: str
    key: str
    value: int
    label: str
    approvals: int
    expires: int


@dataclass(frozen=True, slots=True)
class PlannedUpgrade:
    """The first block by a new program; `checksum` is its SHA-256 in hex, empty when not published."""

    name: str
    height: int
    checksum: str


@dataclass(frozen=True, slots=True)
class GateState:
    """The contract's state at `block`. A parameter of value 0 has the value of the genesis."""

    chain_id: int
    block: BlockRef
    revision: int
    quorum: int
    seats: tuple[Seat, ...]
    proposals: int
    ballots: tuple[Ballot, ...]
    parameters: Mapping[str, int]
    upgrade: PlannedUpgrade | None


@dataclass(frozen=True, slots=True)
class GateEvent:
    """An event of the contract; `fields` hold JSON types, addresses EIP-55, other bytes and large numbers as text."""

    block: BlockRef
    index: int
    transaction: str
    name: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Followed:
    """Up to which block the history is kept."""

    number: int
    hash: bytes


class GateHistory(Protocol):
    """Keeps the contract's events. Each method is one transaction, fully persisted on return."""

    def mark(self) -> Followed | None:
        """How far the history reaches; None for an empty one."""
        ...

    def keep(self, events: Sequence[GateEvent], mark: Followed, names: Mapping[str, str]) -> None:
        """Add `events` up to `mark`, and members' names by operator: those of excluded members stay known."""
        ...

    def forget(self) -> None:
        """Drop everything: it was another chain's."""
        ...


def has_gate(gateway: ChainGateway) -> bool:
    """Whether the chain is a validator network: the contract stands there from its first block on."""
    return load(ACCOUNT_GATE).matches(gateway.code(GATE))


def _ask(gateway: ChainGateway, name: str, *arguments: Any) -> tuple[Any, ...]:
    function = load(ACCOUNT_GATE).function(name)
    return function.decode(gateway.call(GATE, function.encode(*arguments)))


def _label(word: bytes) -> str:
    return word.rstrip(b"\0").decode("utf-8", "replace")


def _address(spelled: str) -> str:
    return checksum_address(address_bytes(spelled))


def _key(word: bytes) -> str:
    return word.hex() if any(word) else ""


def _proposed(proposal: tuple[Any, ...]) -> dict[str, Any]:
    action, account, key, value, label = proposal
    return {
        "action": list(Action)[action],
        "account": _address(account) if int(account, 16) else "",
        "key": _key(key),
        "value": int(value),
        "label": _label(label),
    }


def read_gate(gateway: ChainGateway) -> GateState | None:
    """Present state, None where the chain has no such contract. Raises GatewayUnavailable.

    Views answer one by one at the newest block, so they are read again when a decision fell in between.
    """
    if not has_gate(gateway):
        return None
    chain_id = gateway.chain_id()
    for _ in range(_ATTEMPTS):
        before = _counters(gateway)
        state = _read(gateway, chain_id, *before)
        if _counters(gateway) == before:
            return state
    raise GatewayUnavailable("decisions follow each other faster than they can be read")


def _counters(gateway: ChainGateway) -> tuple[int, int]:
    return int(_ask(gateway, "revision")[0]), int(_ask(gateway, "proposalCount")[0])


def _read(gateway: ChainGateway, chain_id: int, revision: int, proposals: int) -> GateState:
    block = gateway.final_head()
    name, height, checksum = _ask(gateway, "upgrade")[0]
    return GateState(
        chain_id=chain_id,
        block=block,
        revision=revision,
        quorum=int(_ask(gateway, "quorum")[0]),
        seats=tuple(_seat(gateway, *member) for member in _ask(gateway, "members")[0]),
        proposals=proposals,
        ballots=_open_ballots(gateway, proposals, block.timestamp),
        parameters={
            item: int(_ask(gateway, "parameterOf", item.encode("ascii").ljust(32, b"\0"))[0])
            for item in PARAMETERS
        },
        upgrade=PlannedUpgrade(_label(name), int(height), _key(checksum)) if height else None,
    )


def _seat(gateway: ChainGateway, operator: str, key: bytes, name: bytes) -> Seat:
    return Seat(
        operator=_address(operator),
        name=_label(name),
        consensus_key=key.hex(),
        nodes=tuple(node.hex() for node in _ask(gateway, "nodesOf", operator)[0]),
        permissions=int(_ask(gateway, "permissionsOf", operator)[0]),
        suspended_at=int(_ask(gateway, "suspendedAt", key)[0]),
    )


def _open_ballots(gateway: ChainGateway, proposals: int, now: int) -> tuple[Ballot, ...]:
    """Newest first. Every proposal is open equally long, so behind the first expired one there are only expired ones."""
    found = []
    for number in range(proposals, max(0, proposals - MOST_READ), -1):
        proposal, approvals, expires, executed = _ask(gateway, "proposalOf", number)
        if expires <= now:
            break
        if not executed:
            found.append(Ballot(id=number, approvals=approvals, expires=expires, **_proposed(proposal)))
    return tuple(found)


def decode_event(log: Log, block: BlockRef) -> GateEvent:
    """An event of the contract. Raises DecodingError for any other log."""
    for event in load(ACCOUNT_GATE).events():
        if log.topics and log.topics[0] == event.topic0:
            fields = event.decode(log.topics, log.data)
            return GateEvent(block, log.index, log.transaction.hex(), event.name, _plain(fields))
    raise DecodingError("not an event of AccountGate")


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "proposal":
            proposed = _proposed(value)
            plain |= proposed | {"action": str(proposed["action"]), "value": str(proposed["value"])}
        elif isinstance(value, bytes):
            plain[name] = value.hex()
        elif isinstance(value, str):
            plain[name] = _address(value)
        else:
            plain[name] = value
    return plain


def follow(gateway: ChainGateway, history: GateHistory, blocks: int = BLOCKS) -> int:
    """Read the next `blocks` blocks' events into the history; how many blocks are still to come.

    Blocks of a network are final, so only another chain at the same address makes the history start again. Nothing is half
    done when this raises GatewayUnavailable.
    """
    head = gateway.final_head()
    mark = history.mark()
    if mark is not None and mark.number <= head.number:
        found = gateway.block(mark.number)
        if found is not None and found.hash != mark.hash:
            history.forget()
            mark = None
    first = 1 if mark is None else mark.number + 1
    if first > head.number:
        return 0
    last = min(head.number, first + blocks - 1)
    logs = gateway.logs(first, last, [GATE])
    if any(not first <= log.block_number <= last for log in logs):
        raise GatewayUnavailable(
            "events of other blocks than were asked for", code="gateway.answer_malformed"
        )
    needed = {log.block_number for log in logs} | {last}
    refs = {number: gateway.block(number) for number in needed}
    known = {number: ref for number, ref in refs.items() if ref is not None}
    if len(known) < len(needed) or any(known[log.block_number].hash != log.block_hash for log in logs):
        raise GatewayUnavailable("the node does not have the blocks of its own events")
    events = [decode_event(log, known[log.block_number]) for log in logs]
    names = {_address(operator): _label(name) for operator, _, name in _ask(gateway, "members")[0]}
    history.keep(events, Followed(last, known[last].hash), names)
    return head.number - last
