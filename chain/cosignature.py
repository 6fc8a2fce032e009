"""Witnesses' cosignatures on checkpoints, in two forms that are made as a pair: C2SP tlog-cosignature `cosignature/v1`
(Ed25519, timestamped) and EIP-712 `WitnessedCheckpoint` (secp256k1) for the judicial chain.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chain.checkpoint import COSIGNATURE, Checkpoint, NoteSignature, SignedNote, key_id, split_vkey
from chain.errors import NoteInvalid

if TYPE_CHECKING:
    from signing.eip712 import Domain

BRIDGE_HEADER = "Concord-Bridge-Cosignature"
"""Header of a witness's answer, `<name> <unix time> <base64 of r‖s‖v>`: the EIP-712 form. Plain C2SP clients ignore it."""

MAX_TIME = (1 << 63) - 1
"""C2SP tlog-cosignature: a timestamp must not exceed this."""


@dataclass(frozen=True)
class WitnessVerifier:
    """A witness's name and public key: C2SP vkey of type 0x04."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> WitnessVerifier:
        """Strict reader of a witness's vkey; raises NoteInvalid."""
        name, public = split_vkey(vkey, COSIGNATURE)
        return cls(name, public)

    def encode(self) -> str:
        """The vkey text as it stands in a trust root."""
        key = base64.b64encode(bytes([COSIGNATURE]) + self.public).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{key}"

    @property
    def key_id(self) -> bytes:
        """Four bytes that name the key in signature lines."""
        return key_id(self.name, COSIGNATURE, self.public)

    def cosigned_at(self, note: SignedNote) -> int:
        """Unix seconds at which this witness cosigned `note`; raises NoteInvalid if it did not or wrongly."""
        for signature in note.signatures:
            if signature.name == self.name and signature.key_id == self.key_id:
                return self._verified(note.text, signature.signature)
        raise NoteInvalid("the note is not cosigned by this witness")

    def _verified(self, text: bytes, blob: bytes) -> int:
        if len(blob) != 72:
            raise NoteInvalid("a cosignature has a time of 8 bytes and a signature of 64")
        time = int.from_bytes(blob[:8], "big")
        if time > MAX_TIME:
            raise NoteInvalid("a cosignature's time is out of range")
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(blob[8:], cosigned_message(text, time))
        except (InvalidSignature, ValueError) as exc:
            raise NoteInvalid("the cosignature does not verify") from exc
        return time


@dataclass(frozen=True)
class Pair:
    """A witness's checked signatures on one checkpoint: its note line (with newline) and its EIP-712 form, if any."""

    witness: str
    time: int
    line: str
    bridge: bytes | None


def cosigned_message(text: bytes, time: int) -> bytes:
    """The bytes under a cosignature: header line, time line, the checkpoint's body."""
    return b"cosignature/v1\ntime " + str(time).encode("ascii") + b"\n" + text


class WitnessKey:
    """A witness's Ed25519 key under the witness's name. It signs what it is given: checking comes before."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = WitnessVerifier(name, self._key.public_key().public_bytes_raw())
        WitnessVerifier.parse(self.verifier.encode())

    def cosign(self, text: bytes, time: int) -> NoteSignature:
        """The cosignature line over a checkpoint's body at `time` (Unix seconds)."""
        blob = time.to_bytes(8, "big") + self._key.sign(cosigned_message(text, time))
        return NoteSignature(self.verifier.name, self.verifier.key_id, blob)


def bridge_domain(chain_id: int, anchor: str, log_origin: str, *, test: bool) -> Domain:
    """EIP-712 domain of the judicial chain's JudicialAnchor at the address `anchor`."""
    from signing.eip712 import Domain

    return Domain("Concord TEST" if test else "Concord", chain_id, anchor, log_origin)


def bridge_digest(domain: Domain, checkpoint: Checkpoint, time: int) -> bytes:
    """What a witness's second key signs for the judicial chain: the same origin, size, root and time as its line."""
    from signing.eip712 import WitnessedCheckpoint, digest

    statement = WitnessedCheckpoint(checkpoint.origin, checkpoint.size, checkpoint.root, time)
    return digest(domain, statement)
