"""Verification of witnesses' cosignatures on checkpoints: C2SP tlog-cosignature, `cosignature/v1` (Ed25519)."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chain.checkpoint import COSIGNATURE, SignedNote, key_id, split_vkey
from chain.errors import NoteInvalid


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
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(blob[8:], cosigned_message(text, time))
        except (InvalidSignature, ValueError) as exc:
            raise NoteInvalid("the cosignature does not verify") from exc
        return time


def cosigned_message(text: bytes, time: int) -> bytes:
    """The bytes under a cosignature: header line, time line, the checkpoint's body."""
    return b"cosignature/v1\ntime " + str(time).encode("ascii") + b"\n" + text
