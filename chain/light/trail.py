"""From a header that the trust root names to the header of a proof, by the rules of CometBFT's light client.

Source: CometBFT specification, "light client verification": more than two thirds of a header's own set have signed
it, and more than a third of the set that was trusted before (or, for the very next header, the set that it named).
Contradictions and gaps are told apart, and looked for separately: the step asks for all contradictions first.
Signatures are libsodium's Ed25519: keys and R in their one spelling and not of small order (evidence-spec, annex C).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from chain.light.encoding import header_hash, set_hash, vote_bytes
from chain.light.errors import Contradiction, Gap

NANO = 10**9


@dataclass(frozen=True)
class Block:
    """One block of a trail, of the right shape."""

    chain_id: str
    value: Mapping[str, Any]

    @property
    def header(self) -> Mapping[str, Any]:
        """The fourteen members."""
        found: Mapping[str, Any] = self.value["header"]
        return found

    @property
    def height(self) -> int:
        """Its height, from 1."""
        return int(self.header["height"])

    @property
    def nanoseconds(self) -> int:
        """Its time: unix nanoseconds."""
        seconds, rest = self.header["time"]
        return int(seconds) * NANO + int(rest)

    @cached_property
    def hash(self) -> bytes:
        """The block's hash, 32 bytes."""
        return header_hash(self.chain_id, self.header)

    @cached_property
    def powers(self) -> dict[str, int]:
        """Power by key (base64), in the set's order."""
        return {validator["key"]: validator["power"] for validator in self.value["validators"]}

    @property
    def total(self) -> int:
        """Power of the whole set."""
        return sum(self.powers.values())

    @cached_property
    def votes(self) -> dict[str, Mapping[str, Any]]:
        """Signature by key, for those who signed this block."""
        commit = self.value["commit"]
        signatures: Sequence[Mapping[str, Any] | None] = [] if commit is None else commit["signatures"]
        return {
            key: vote
            for key, vote in zip(self.powers, signatures, strict=commit is not None)
            if vote is not None
        }

    def signed_of(self, powers: Mapping[str, int]) -> int:
        """Power, in a set, of those who signed this block."""
        return sum(powers.get(key, 0) for key in self.votes)

    def check_set(self) -> None:
        """The validators are the set that the header names."""
        if set_hash(self.value["validators"]).hex() != self.header["validators_hash"]:
            raise Contradiction(
                "VALIDATOR_SET_MISMATCH", "the validators are not the header's", height=self.height
            )

    def check_commit(self) -> None:
        """Every signature is its validator's over this block, and the quorum is there."""
        commit = self.value["commit"]
        for key, vote in self.votes.items():
            message = vote_bytes(self.chain_id, self.height, self.hash, commit, vote["time"])
            try:
                VerifyKey(base64.b64decode(key)).verify(message, base64.b64decode(vote["signature"]))
            except (CryptoError, ValueError) as error:
                raise Contradiction(
                    "SIG_CRYPTO_FAILURE", "a validator's signature", height=self.height, validator=key
                ) from error
        signed = self.signed_of(self.powers)
        if 3 * signed <= 2 * self.total:
            raise Contradiction(
                "COMMIT_QUORUM_MISSING", "no quorum", height=self.height, signed=signed, power=self.total
            )


@dataclass(frozen=True)
class Trail:
    """The blocks from the trusted one to the proven one."""

    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, light: Mapping[str, Any]) -> Trail:
        """The trail of a proof that has the right shape."""
        return cls(tuple(Block(light["chain_id"], block) for block in light["trail"]))

    @property
    def start(self) -> Block:
        """The block that a trust root must name."""
        return self.blocks[0]

    @property
    def end(self) -> Block:
        """The block that commits to what is proven."""
        return self.blocks[-1]

    def _hops(self) -> Iterator[tuple[Block, Block]]:
        return zip(self.blocks, self.blocks[1:], strict=False)

    def check(self) -> None:
        """Raise Contradiction for the first block that is none (evidence-spec, 5.4, 3)."""
        self.start.check_set()
        for before, block in self._hops():
            if block.height <= before.height or block.nanoseconds <= before.nanoseconds:
                raise Contradiction("TRAIL_ORDER_VIOLATION", "the trail goes back", height=block.height)
            block.check_set()
            next_set = before.header["next_validators_hash"]
            if block.height == before.height + 1 and block.header["validators_hash"] != next_set:
                raise Contradiction(
                    "VALIDATOR_SET_MISMATCH", "not the set that the block before named", height=block.height
                )
            block.check_commit()

    def check_trust(self) -> None:
        """Raise Gap for the first block that the one before does not vouch for (evidence-spec, 5.4, 12)."""
        for before, block in self._hops():
            signed = block.signed_of(before.powers)
            if block.height != before.height + 1 and 3 * signed <= before.total:
                raise Gap(
                    "TRAIL_GAP",
                    "too few of the trusted validators signed",
                    height=block.height,
                    signed=signed,
                    power=before.total,
                )
