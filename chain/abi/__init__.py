"""Committed artefacts of `contracts/`, and a typed way to encode and decode with them.

`scripts/build_contracts.py` writes the JSON files; a test compiles again and compares. Nothing here needs web3
or a compiler. eth-abi and the keccak backend are imported at first use: readers of artefacts start without them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from chain.errors import DecodingError

FOLDER = Path(__file__).parent

#: The first contracts of an installation, in the order in which they are deployed.
CONTRACTS = (
    "AccessManager",
    "EvidenceLog",
    "ParticipantRegistry",
    "LaborContractRegistry",
    "GovernanceAccount",
    "PasskeyVerifier",
)
#: Contracts that came later: `chain.deployer_extension` adds them to an installation, new or old.
EXTENSIONS = ("WarningDecisionRegistry",)
#: The contract of the judicial chain, deployed there by the court's own deployer.
JUDICIAL_ANCHOR = "JudicialAnchor"
#: The contract in the genesis of a validator network; nobody deploys it.
ACCOUNT_GATE = "AccountGate"


def keccak(data: bytes) -> bytes:
    """Keccak-256 as the EVM computes it."""
    from eth_hash.auto import keccak as digest

    return digest(data)


def _encode(types: Sequence[str], values: Sequence[Any]) -> bytes:
    from eth_abi.abi import encode

    return encode(types, values)


def _decode(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError as MalformedData

    try:
        return tuple(decode(types, data))
    except (MalformedData, OverflowError, ValueError) as error:
        raise DecodingError(str(error)) from error


def _type(parameter: Mapping[str, Any]) -> str:
    """Canonical type of a parameter; a struct becomes the tuple of its components."""
    kind: str = parameter["type"]
    if kind.startswith("tuple"):
        inner = ",".join(_type(part) for part in parameter["components"])
        return f"({inner}){kind.removeprefix('tuple')}"
    return kind


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a contract. Structs are tuples, `bytesN` are bytes, addresses are 0x strings."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    selector: bytes

    def encode(self, *values: Any) -> bytes:
        """Call data: selector and arguments. Raises eth-abi's EncodingError for values of another type."""
        return self.selector + _encode(self.inputs, values)

    def decode_call(self, data: bytes) -> tuple[Any, ...]:
        """Arguments of call data. Raises DecodingError if it calls another function or is malformed."""
        if data[:4] != self.selector:
            raise DecodingError(f"not a call of {self.name}")
        return _decode(self.inputs, data[4:])

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """Values that a call returned. Raises DecodingError."""
        return _decode(self.outputs, data)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a contract."""

    name: str
    parameters: tuple[tuple[str, str, bool], ...]
    topic0: bytes

    def decode(self, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """Fields by name, as declared. Raises DecodingError if the log is of another shape."""
        indexed = [(name, kind) for name, kind, is_indexed in self.parameters if is_indexed]
        plain = [(name, kind) for name, kind, is_indexed in self.parameters if not is_indexed]
        if len(topics) != 1 + len(indexed) or topics[0] != self.topic0:
            raise DecodingError(f"not a log of {self.name}")
        fields: dict[str, Any] = {}
        for (name, kind), topic in zip(indexed, topics[1:], strict=True):
            dynamic = kind in ("bytes", "string") or kind.endswith("]") or kind.startswith("(")
            # A dynamic indexed value is on chain only as its hash.
            fields[name] = topic if dynamic else _decode([kind], topic)[0]
        for (name, _), value in zip(plain, _decode([kind for _, kind in plain], data), strict=True):
            fields[name] = value
        return {name: fields[name] for name, _, _ in self.parameters}


@dataclass(frozen=True, slots=True)
class RevertReason:
    """A decoded revert: a custom error, or Solidity's own `Error` and `Panic`."""

    name: str
    args: dict[str, Any]

    def __str__(self) -> str:
        shown = ", ".join(
            f"{name}={'0x' + value.hex() if isinstance(value, bytes) else value}"
            for name, value in self.args.items()
        )
        return f"{self.name}({shown})"


@dataclass(frozen=True)
class Artifact:
    """A compiled contract. `immutable_references` are (start, length) places in the deployed code."""

    name: str
    abi: tuple[Mapping[str, Any], ...]
    bytecode: bytes
    deployed_bytecode: bytes
    immutable_references: tuple[tuple[int, int], ...]
    storage_layout: Mapping[str, int]

    def function(self, name: str) -> Function:
        """The function of that name; KeyError if there is none."""
        return self._functions[name]

    def event(self, name: str) -> Event:
        """The event of that name; KeyError if there is none."""
        return self._events[name]

    def events(self) -> tuple[Event, ...]:
        """All events of the contract."""
        return tuple(self._events.values())

    def creation_code(self, *arguments: Any) -> bytes:
        """Data of the transaction that deploys the contract with these constructor arguments."""
        types = [
            _type(parameter)
            for item in self.abi
            if item["type"] == "constructor"
            for parameter in item["inputs"]
        ]
        return self.bytecode + _encode(types, arguments)

    def matches(self, code: bytes) -> bool:
        """Whether code found on chain is this contract's, whatever values its immutables hold."""
        return len(code) == len(self.deployed_bytecode) and self._masked(code) == self._masked(
            self.deployed_bytecode
        )

    def decode_error(self, data: bytes) -> RevertReason | None:
        """The reason of a revert, or None when it is not one that this contract or Solidity declares."""
        found = self._errors.get(data[:4])
        if found is None:
            return None
        name, parameters = found
        try:
            values = _decode([kind for _, kind in parameters], data[4:])
        except DecodingError:
            return None
        return RevertReason(
            name, {label: value for (label, _), value in zip(parameters, values, strict=True)}
        )

    def _masked(self, code: bytes) -> bytes:
        masked = bytearray(code)
        for start, length in self.immutable_references:
            masked[start : start + length] = bytes(length)
        return bytes(masked)

    @cached_property
    def _functions(self) -> dict[str, Function]:
        functions: dict[str, Function] = {}
        for item in self.abi:
            if item["type"] == "function":
                inputs = tuple(_type(parameter) for parameter in item["inputs"])
                outputs = tuple(_type(parameter) for parameter in item["outputs"])
                functions[item["name"]] = Function(
                    item["name"], inputs, outputs, _hash(item["name"], inputs)[:4]
                )
        return functions

    @cached_property
    def _events(self) -> dict[str, Event]:
        events: dict[str, Event] = {}
        for item in self.abi:
            if item["type"] == "event":
                parameters = tuple(
                    (part["name"], _type(part), bool(part["indexed"])) for part in item["inputs"]
                )
                topic0 = _hash(item["name"], [kind for _, kind, _ in parameters])
                events[item["name"]] = Event(item["name"], parameters, topic0)
        return events

    @cached_property
    def _errors(self) -> dict[bytes, tuple[str, tuple[tuple[str, str], ...]]]:
        errors: dict[bytes, tuple[str, tuple[tuple[str, str], ...]]] = {
            _hash("Error", ["string"])[:4]: ("Error", (("message", "string"),)),
            _hash("Panic", ["uint256"])[:4]: ("Panic", (("code", "uint256"),)),
        }
        for item in self.abi:
            if item["type"] == "error":
                parameters = tuple((part["name"], _type(part)) for part in item["inputs"])
                errors[_hash(item["name"], [kind for _, kind in parameters])[:4]] = (item["name"], parameters)
        return errors


def _hash(name: str, types: Sequence[str]) -> bytes:
    return keccak(f"{name}({','.join(types)})".encode("ascii"))


@cache
def load(name: str) -> Artifact:
    """The artefact of an installation's contract, the judicial chain's or the gate; KeyError for any other name."""
    if name not in (*CONTRACTS, *EXTENSIONS, JUDICIAL_ANCHOR, ACCOUNT_GATE):
        raise KeyError(name)
    stored = json.loads((FOLDER / f"{name}.json").read_bytes())
    return Artifact(
        name=name,
        abi=tuple(stored["abi"]),
        bytecode=bytes.fromhex(stored["bytecode"]),
        deployed_bytecode=bytes.fromhex(stored["deployed_bytecode"]),
        immutable_references=tuple(
            (place["start"], place["length"]) for place in stored["immutable_references"]
        ),
        storage_layout={slot["label"]: slot["slot"] for slot in stored["storage_layout"]},
    )
