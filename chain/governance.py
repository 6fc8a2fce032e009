"""Administrative acts of the k-of-n account: what its signers sign, and the calls that carry their signatures.

An act is made twice with the signers' consent: scheduled with the AccessManager, and executed there once the delay is over.
Keys stay with the signers; this module only builds digests and call data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chain.abi import keccak, load
from chain.deployer import Deployment
from chain.transactions import address_bytes
from signing.eip712 import Domain

_EXECUTE = keccak(b"Execute(address target,bytes data,uint256 nonce)")


@dataclass(frozen=True)
class Act:
    """One call that the account is to make: `data` to `target`, at position `nonce` of its history."""

    deployment: Deployment
    target: str
    data: bytes
    nonce: int

    def typed_data(self) -> dict[str, Any]:
        """The act as a wallet shows it (eth_signTypedData_v4)."""
        types = {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
                {"name": "salt", "type": "bytes32"},
            ],
            "Execute": [
                {"name": "target", "type": "address"},
                {"name": "data", "type": "bytes"},
                {"name": "nonce", "type": "uint256"},
            ],
        }
        message = {"target": self.target, "data": "0x" + self.data.hex(), "nonce": self.nonce}
        return {
            "types": types,
            "primaryType": "Execute",
            "domain": self._domain().typed(),
            "message": message,
        }

    def digest(self) -> bytes:
        """EIP-712 digest that each signer signs."""
        words = [
            _EXECUTE,
            address_bytes(self.target).rjust(32, b"\0"),
            keccak(self.data),
            self.nonce.to_bytes(32, "big"),
        ]
        return keccak(b"\x19\x01" + self._domain().separator() + keccak(b"".join(words)))

    def call(self, signatures: Mapping[str, bytes]) -> bytes:
        """Call data for the account.

        Args:
            signatures: 65-byte signature by signer's address; at least as many as the account's threshold.
        """
        from eth_abi.abi import encode

        ordered = [(address_bytes(signer), signature) for signer, signature in signatures.items()]
        ordered.sort(
            key=lambda item: keccak(item[0])
        )  # the order in which the contract finds doublets cheaply
        packed = encode(["bytes[]", "bytes[]"], [[signer for signer, _ in ordered], [s for _, s in ordered]])
        return load("GovernanceAccount").function("execute").encode(self.target, self.data, packed)

    def _domain(self) -> Domain:
        return Domain(
            name=self.deployment.domain_name,
            chain_id=self.deployment.chain_id,
            verifying_contract=self.deployment.address("GovernanceAccount"),
            log_origin=self.deployment.log_origin,
        )


def schedule(deployment: Deployment, target: str, data: bytes, nonce: int) -> Act:
    """The act that schedules `data` to `target` for the earliest time that the delay allows."""
    planned = load("AccessManager").function("schedule").encode(target, data, 0)
    return Act(deployment, deployment.address("AccessManager"), planned, nonce)


def execute(deployment: Deployment, target: str, data: bytes, nonce: int) -> Act:
    """The act that executes a scheduled call once its delay is over."""
    planned = load("AccessManager").function("execute").encode(target, data)
    return Act(deployment, deployment.address("AccessManager"), planned, nonce)
