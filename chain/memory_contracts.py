"""Our contracts without an EVM, for the in-memory gateway: the same calls, events and refusals, signatures not checked.

What a contract checks by cryptography is tested in forge and against a real node; here the order of calls, sizes,
nonces and versions behave like the real ones, so that relay and indexer meet the same answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import encode

from chain.calls import Contracts, decode_append
from chain.errors import DecodingError
from chain.memory_answers import (
    ZERO32,
    ZERO_ADDRESS,
    Emitted,
    MemoryContract,
    MemoryRevert,
    UnknownCall,
    dispatch,
    emit,
)
from chain.memory_warnings import MemoryWarnings
from chain.merkle import EMPTY_ROOT, MemoryTiles, Tree, leaf_hash
from signing.eip712 import Domain

__all__ = [
    "Emitted",
    "MemoryContract",
    "MemoryEvidenceLog",
    "MemoryLabour",
    "MemoryParticipants",
    "MemoryRevert",
    "UnknownCall",
    "emit",
    "installation",
]


class MemoryEvidenceLog:
    """`EvidenceLog`: size check, tree, event."""

    def __init__(self) -> None:
        self._tiles = MemoryTiles()
        self._size = 0
        self._root = EMPTY_ROOT

    def execute(self, data: bytes) -> list[Emitted]:
        try:
            expected, entries = decode_append(data)
        except DecodingError:
            raise UnknownCall from None
        if not entries:
            raise MemoryRevert("EmptyBatch()")
        if expected != self._size:
            raise MemoryRevert("SizeMismatch(uint256,uint256)", expected, self._size)
        growth = Tree(self._tiles, self._size).append([leaf_hash(entry) for entry in entries])
        self._tiles.write(growth.tiles)
        first, self._size, self._root = self._size, growth.size, growth.root
        return [
            emit(
                "EvidenceLog",
                "Appended",
                firstIndex=first,
                count=len(entries),
                size=growth.size,
                root=growth.root,
            )
        ]

    def view(self, data: bytes) -> bytes:
        handlers = {"size": lambda: encode(["uint256"], [self._size]), "root": lambda: self._root}
        answer: bytes = dispatch("EvidenceLog", data, handlers)
        return answer


@dataclass
class _Organisation:
    region_code: int
    representative: str
    seal_key_hash: bytes
    nonce: int
    grants: dict[str, tuple[int, int]] = field(default_factory=dict)


class MemoryParticipants:
    """`ParticipantRegistry` without registrars and signatures."""

    NAME = "ParticipantRegistry"

    def __init__(self) -> None:
        self._organisations: dict[bytes, _Organisation] = {}

    def execute(self, data: bytes) -> list[Emitted]:
        emitted: list[Emitted] = dispatch(
            self.NAME,
            data,
            {
                "registerOrganisation": self._register,
                "replaceRepresentative": self._replace,
                "setSealKey": self._set_seal,
                "grantAgent": self._grant,
                "revokeAgent": self._revoke,
            },
        )
        return emitted

    def view(self, data: bytes) -> bytes:
        answer: bytes = dispatch(
            self.NAME, data, {"authorityOf": self._authority, "organisation": self._read}
        )
        return answer

    def scope(self, org_id: bytes, wallet: str) -> int:
        """Scope bits of `wallet`; 7 for the representative."""
        found = self._organisations.get(org_id)
        if found is None:
            return 0
        return (
            7
            if found.representative.lower() == wallet.lower()
            else found.grants.get(wallet.lower(), (0, 0))[0]
        )

    def _authority(self, org_id: bytes, wallet: str) -> bytes:
        return encode(["uint8"], [self.scope(org_id, wallet)])

    def _read(self, org_id: bytes) -> bytes:
        found = self._organisations.get(org_id) or _Organisation(0, ZERO_ADDRESS, ZERO32, 0)
        values = [found.region_code, found.representative, found.seal_key_hash, found.nonce]
        return encode(["uint64", "address", "bytes32", "uint64"], values)

    def _known(self, org_id: bytes, nonce: int) -> _Organisation:
        found = self._organisations.get(org_id)
        if found is None:
            raise MemoryRevert("OrganisationUnknown(bytes32)", org_id)
        if nonce <= found.nonce:
            raise MemoryRevert("StaleNonce(bytes32,uint64,uint64)", org_id, nonce, found.nonce)
        return found

    def _register(self, statement: Sequence[Any], registrar: str, _signature: bytes) -> list[Emitted]:
        org_id, region, representative, seal, nonce = statement
        if org_id in self._organisations:
            raise MemoryRevert("OrganisationExists(bytes32)", org_id)
        self._organisations[org_id] = _Organisation(region, representative, seal, nonce)
        return [
            emit(
                self.NAME,
                "OrganisationRegistered",
                orgId=org_id,
                regionCode=region,
                representative=representative,
                sealKeyHash=seal,
                registrar=registrar,
                nonce=nonce,
            )
        ]

    def _replace(self, statement: Sequence[Any], registrar: str, _signature: bytes) -> list[Emitted]:
        org_id, representative, nonce = statement
        found = self._known(org_id, nonce)
        previous, found.representative, found.nonce = found.representative, representative, nonce
        return [
            emit(
                self.NAME,
                "RepresentativeReplaced",
                orgId=org_id,
                previous=previous,
                representative=representative,
                registrar=registrar,
                nonce=nonce,
            )
        ]

    def _set_seal(self, statement: Sequence[Any], _signature: bytes) -> list[Emitted]:
        org_id, seal, nonce = statement
        found = self._known(org_id, nonce)
        found.seal_key_hash, found.nonce = seal, nonce
        return [emit(self.NAME, "SealKeySet", orgId=org_id, sealKeyHash=seal, nonce=nonce)]

    def _grant(self, statement: Sequence[Any], _signature: bytes) -> list[Emitted]:
        org_id, agent, scope, valid_until, nonce = statement
        found = self._known(org_id, nonce)
        if not 1 <= scope <= 7:
            raise MemoryRevert("InvalidScope(uint8)", scope)
        found.grants[agent.lower()] = (scope, valid_until)
        found.nonce = nonce
        return [
            emit(
                self.NAME,
                "AgentGranted",
                orgId=org_id,
                agent=agent,
                scope=scope,
                validUntil=valid_until,
                nonce=nonce,
            )
        ]

    def _revoke(self, statement: Sequence[Any], _signature: bytes) -> list[Emitted]:
        org_id, agent, nonce = statement
        found = self._known(org_id, nonce)
        if found.grants.pop(agent.lower(), None) is None:
            raise MemoryRevert("AgentUnknown(bytes32,address)", org_id, agent)
        found.nonce = nonce
        return [emit(self.NAME, "AgentRevoked", orgId=org_id, agent=agent, nonce=nonce)]


class MemoryLabour:
    """`LaborContractRegistry` without signatures: versions, predecessors, authority, write-once."""

    NAME = "LaborContractRegistry"

    def __init__(self, participants: MemoryParticipants) -> None:
        self._participants = participants
        self._latest: dict[bytes, tuple[int, bytes]] = {}
        self._used: set[bytes] = set()

    def execute(self, data: bytes) -> list[Emitted]:
        emitted: list[Emitted] = dispatch(self.NAME, data, {"conclude": self._conclude})
        return emitted

    def view(self, data: bytes) -> bytes:
        answer: bytes = dispatch(self.NAME, data, {"latest": self._view_latest})
        return answer

    def _view_latest(self, contract_id: bytes) -> bytes:
        return encode(["uint32", "bytes32"], list(self._latest.get(contract_id, (0, ZERO32))))

    def _conclude(
        self, terms: Sequence[Any], employer: Sequence[Any], worker: Sequence[Any], attestation: Sequence[Any]
    ) -> list[Emitted]:
        commitment, contract_id, version, prev, expiry = terms
        org_id, wallet, _ = employer
        subject, level, check, time, _ = attestation
        last, expected = self._latest.get(contract_id, (0, ZERO32))
        if version <= last:
            raise MemoryRevert("VersionNotHigher(bytes32,uint32,uint32)", contract_id, version, last)
        if prev != expected:
            raise MemoryRevert("PreviousMismatch(bytes32,bytes32,bytes32)", contract_id, prev, expected)
        if commitment in self._used:
            raise MemoryRevert("CommitmentUsed(bytes32)", commitment)
        if level < 2:
            raise MemoryRevert("AssuranceTooLow(uint8,uint8)", level, 2)
        if not self._participants.scope(org_id, wallet) & 4:
            raise MemoryRevert("WalletNotAuthorised(bytes32,address)", org_id, wallet)
        self._used.add(commitment)
        self._latest[contract_id] = (version, commitment)
        return [
            emit(
                self.NAME,
                "Concluded",
                contractId=contract_id,
                orgId=org_id,
                commitment=commitment,
                version=version,
                prev=prev,
                level=level,
                attestationTime=time,
                expiry=expiry,
                employerWallet=wallet,
                workerKeyHash=hashlib.sha256(worker[0] + worker[1]).digest(),
                subject=subject,
                checkDigest=check,
                issuer=ZERO_ADDRESS,
            )
        ]


def installation(
    contracts: Contracts, warnings_domain: Domain | None = None, rule_keys: Sequence[str] = ()
) -> dict[str, MemoryContract]:
    """Fresh simulated contracts by address.

    The registry of warning decisions is there where `contracts` names it; `warnings_domain` is what its steps are signed for.
    """
    participants = MemoryParticipants()
    made: dict[str, MemoryContract] = {
        contracts.evidence_log: MemoryEvidenceLog(),
        contracts.participants: participants,
        contracts.labour: MemoryLabour(participants),
    }
    if contracts.warnings is not None and warnings_domain is not None:
        made[contracts.warnings] = MemoryWarnings(warnings_domain, rule_keys)
    return made
