"""What simulated contracts have in common: events, refusals, and finding the function that call data name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from eth_abi.abi import encode
from eth_hash.auto import keccak

from chain.abi import load
from chain.errors import DecodingError

Emitted = tuple[tuple[bytes, ...], bytes]
ZERO32 = bytes(32)
ZERO_ADDRESS = "0x" + "00" * 20


class MemoryRevert(Exception):
    """A simulated contract refuses; `data` is the ABI-encoded custom error."""

    def __init__(self, signature: str, *values: Any) -> None:
        kinds = [k for k in signature[signature.index("(") + 1 : -1].split(",") if k]
        self.data = keccak(signature.encode("ascii"))[:4] + encode(kinds, values)
        super().__init__(signature)


class UnknownCall(MemoryRevert):
    """The call data are none of the contract's functions of that kind."""

    def __init__(self) -> None:
        super().__init__("Error(string)", "unknown call")


class MemoryContract(Protocol):
    """A simulated contract."""

    def execute(self, data: bytes) -> list[Emitted]:
        """Run a call that changes state; returns its events, raises MemoryRevert."""
        ...

    def view(self, data: bytes) -> bytes:
        """Run a read-only call; raises MemoryRevert."""
        ...


def emit(contract: str, event_name: str, **fields: Any) -> Emitted:
    """Topics and data of an event of `contract`."""
    event = load(contract).event(event_name)
    topics = [event.topic0]
    kinds, values = [], []
    for name, kind, indexed in event.parameters:
        if indexed:
            topics.append(encode([kind], [fields[name]]))
        else:
            kinds.append(kind)
            values.append(fields[name])
    return tuple(topics), encode(kinds, values)


def dispatch(contract: str, data: bytes, handlers: dict[str, Callable[..., Any]]) -> Any:
    """What the handler of the called function answers; raises UnknownCall where there is none."""
    for name, handler in handlers.items():
        function = load(contract).function(name)
        if data[:4] == function.selector:
            try:
                return handler(*function.decode_call(data))
            except DecodingError:
                break
    raise UnknownCall
