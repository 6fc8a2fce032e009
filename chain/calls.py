"""Calls and events of our contracts: encoding what the relay sends, decoding what the indexer reads.

On top of the committed artefacts (`chain.abi`). Events of ours hold static words only, so they are cut directly: the
indexer reads thousands a second, and the general ABI decoder is ten times slower.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from chain.abi import Event, load
from chain.errors import DecodingError
from chain.gateway import Log
from chain.transactions import checksum_address

WORD = 32

APPEND_GAS_BASE = 700_000
APPEND_GAS_ENTRY = 3_000
ROLE_CALL_GAS = 500_000
CONCLUDE_GAS = 1_500_000
"""Limits, not use: enough for a P-256 check without the precompile and an ERC-1271 wallet."""

MAX_BATCH = 1_000
"""Entries of one append."""

FOLLOWED = ("EvidenceLog", "ParticipantRegistry", "LaborContractRegistry", "WarningDecisionRegistry")
"""Contracts whose events are indexed, in the order of `Contracts`."""


@dataclass(frozen=True)
class Contracts:
    """Addresses (EIP-55) of an installation's contracts that are called and followed."""

    evidence_log: str
    participants: str
    labour: str
    warnings: str | None = None
    """None where the installation is older than `WarningDecisionRegistry` and was not extended (chain.deployer_extension)."""

    @classmethod
    def of(cls, addresses: Mapping[str, str]) -> Contracts:
        """From an installation's addresses by contract name; KeyError where one of the first three is missing."""
        log, participants, labour, warnings = FOLLOWED
        return cls(addresses[log], addresses[participants], addresses[labour], addresses.get(warnings))

    def all(self) -> tuple[str, ...]:
        """The addresses whose events the indexer follows."""
        found = (self.evidence_log, self.participants, self.labour, self.warnings)
        return tuple(address for address in found if address is not None)

    def name_of(self, address: str) -> str:
        """The contract's name at `address`; raises DecodingError for a stranger."""
        try:
            return dict(zip(self.all(), FOLLOWED, strict=False))[address]
        except KeyError:
            raise DecodingError(f"{address} is none of our contracts") from None


@dataclass(frozen=True)
class Call:
    """A transaction to be: target, call data, gas limit."""

    to: str
    data: bytes
    gas: int


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """A decoded event. Fields by the names of the contract's interface; bytes32 as bytes, addresses EIP-55."""

    contract: str
    name: str
    fields: Mapping[str, Any]
    log: Log


# -- calls


def append(contracts: Contracts, expected_size: int, entries: Sequence[bytes]) -> Call:
    """`EvidenceLog.append`: reverts unless the log has `expected_size` leaves when it is executed."""
    data = load("EvidenceLog").function("append").encode(expected_size, list(entries))
    return Call(contracts.evidence_log, data, APPEND_GAS_BASE + APPEND_GAS_ENTRY * len(entries))


def decode_append(data: bytes) -> tuple[int, tuple[bytes, ...]]:
    """(expectedSize, entries) of an append's call data: what any node rebuilds the log from. Raises DecodingError."""
    expected, entries = load("EvidenceLog").function("append").decode_call(data)
    return int(expected), tuple(entries)


def _role_call(contracts: Contracts, method: str, *values: Any) -> Call:
    return Call(
        contracts.participants, load("ParticipantRegistry").function(method).encode(*values), ROLE_CALL_GAS
    )


def register_organisation(
    contracts: Contracts,
    *,
    org_id: bytes,
    region_code: int,
    representative: str,
    seal_key_hash: bytes,
    nonce: int,
    registrar: str,
    signature: bytes,
) -> Call:
    """An organisation enters the registry on a registrar's statement."""
    statement = (org_id, region_code, representative, seal_key_hash, nonce)
    return _role_call(contracts, "registerOrganisation", statement, registrar, signature)


def replace_representative(
    contracts: Contracts, *, org_id: bytes, representative: str, nonce: int, registrar: str, signature: bytes
) -> Call:
    """Another wallet becomes the legal representative's, on a registrar's statement."""
    return _role_call(
        contracts, "replaceRepresentative", (org_id, representative, nonce), registrar, signature
    )


def set_seal_key(
    contracts: Contracts, *, org_id: bytes, seal_key_hash: bytes, nonce: int, signature: bytes
) -> Call:
    """The organisation's seal key, on the representative's statement."""
    return _role_call(contracts, "setSealKey", (org_id, seal_key_hash, nonce), signature)


def grant_agent(
    contracts: Contracts,
    *,
    org_id: bytes,
    agent: str,
    scope: int,
    valid_until: int,
    nonce: int,
    signature: bytes,
) -> Call:
    """An agent's wallet gets a scope, on the representative's statement."""
    return _role_call(contracts, "grantAgent", (org_id, agent, scope, valid_until, nonce), signature)


def revoke_agent(contracts: Contracts, *, org_id: bytes, agent: str, nonce: int, signature: bytes) -> Call:
    """An agent's wallet loses its scope, on the representative's statement."""
    return _role_call(contracts, "revokeAgent", (org_id, agent, nonce), signature)


def conclude(
    contracts: Contracts,
    *,
    commitment: bytes,
    contract_id: bytes,
    version: int,
    prev: bytes,
    expiry: int,
    org_id: bytes,
    wallet: str,
    wallet_signature: bytes,
    worker_key: tuple[bytes, bytes],
    worker_signature: tuple[bytes, bytes],
    subject: bytes,
    level: int,
    check_digest: bytes,
    attested_at: int,
    attestation_signature: bytes,
) -> Call:
    """Both parties' Consent signatures and the issuer's attestation, checked on chain.

    worker_key: P-256 (x, y); worker_signature: (r, s), low s; 32 bytes each.
    """
    data = (
        load("LaborContractRegistry")
        .function("conclude")
        .encode(
            (commitment, contract_id, version, prev, expiry),
            (org_id, wallet, wallet_signature),
            (*worker_key, *worker_signature),
            (subject, level, check_digest, attested_at, attestation_signature),
        )
    )
    return Call(contracts.labour, data, CONCLUDE_GAS)


def decode_conclude(data: bytes) -> tuple[bytes, bytes, int]:
    """(contract id, commitment, version) of a conclusion's call data. Raises DecodingError."""
    (commitment, contract_id, version, *_), *_ = (
        load("LaborContractRegistry").function("conclude").decode_call(data)
    )
    return bytes(contract_id), bytes(commitment), int(version)


# -- events


def _unsigned(bits: int) -> Callable[[bytes], int]:
    limit = 1 << bits

    def cut(word: bytes) -> int:
        value = int.from_bytes(word, "big")
        if value >= limit:
            raise DecodingError(f"a value does not fit into {bits} bits")
        return value

    return cut


def _address(word: bytes) -> str:
    if any(word[:12]):
        raise DecodingError("an address word has more than 20 bytes")
    return checksum_address(word[12:])


def _flag(word: bytes) -> bool:
    value = int.from_bytes(word, "big")
    if value > 1:
        raise DecodingError("a flag is neither 0 nor 1")
    return value == 1


@cache
def _cutter(kind: str) -> Callable[[bytes], Any]:
    if kind == "bytes32":
        return bytes
    if kind == "address":
        return _address
    if kind == "bool":
        return _flag
    if kind.startswith("uint"):
        return _unsigned(int(kind[4:]))
    raise DecodingError(f"events of ours hold no {kind}")


@dataclass(frozen=True, slots=True)
class _Reader:
    contract: str
    event: Event
    indexed: tuple[tuple[str, Callable[[bytes], Any]], ...]
    plain: tuple[tuple[str, Callable[[bytes], Any]], ...]


@cache
def _readers() -> Mapping[tuple[str, bytes], _Reader]:
    readers = {}
    for contract in FOLLOWED:
        for event in load(contract).events():
            if any(kind in {"string", "bytes"} or kind.endswith("]") for _, kind, _ in event.parameters):
                continue  # administrative events of OpenZeppelin: not followed
            cut = [(name, _cutter(kind), indexed) for name, kind, indexed in event.parameters]
            readers[contract, event.topic0] = _Reader(
                contract,
                event,
                tuple((name, cutter) for name, cutter, indexed in cut if indexed),
                tuple((name, cutter) for name, cutter, indexed in cut if not indexed),
            )
    return readers


def decode_log(contracts: Contracts, log: Log) -> ChainEvent | None:
    """The event in `log`; None for events that are not followed. Raises DecodingError for strangers and damage."""
    contract = contracts.name_of(log.address)
    reader = _readers().get((contract, log.topics[0] if log.topics else b""))
    if reader is None:
        return None
    if len(log.topics) != 1 + len(reader.indexed) or len(log.data) != WORD * len(reader.plain):
        raise DecodingError(f"a log of {reader.event.name} has another shape")
    fields: dict[str, Any] = {}
    for (name, cutter), topic in zip(reader.indexed, log.topics[1:], strict=True):
        fields[name] = cutter(topic)
    data = log.data
    for position, (name, cutter) in enumerate(reader.plain):
        fields[name] = cutter(data[WORD * position : WORD * (position + 1)])
    return ChainEvent(contract, reader.event.name, fields, log)


def revert_reason(contract: str, data: bytes) -> str:
    """The reason of a revert as text: the custom error with its arguments, or the raw bytes."""
    found = load(contract).decode_error(data)
    return str(found) if found else (f"0x{data.hex()}" if data else "no reason given")
