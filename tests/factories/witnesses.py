"""Witnesses of a forged log: C2SP cosignature and EIP-712 form, alone or as the pair that a true witness makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chain.checkpoint import COSIGNATURE, Checkpoint, NoteSignature, SignedNote, key_id
from chain.package import contents
from signing import eip712, jcs, wallets
from tests.factories.evidence import Forge
from tests.factories.world import World, at, b64, secret

NAMES = ("court.test/w", "notary.test/w", "union.test/w")
COURT_CHAIN = 424242
"""Chain id of the court's own chain."""


@dataclass(frozen=True)
class Witness:
    """One witness with both its keys."""

    name: str

    @property
    def key(self) -> Ed25519PrivateKey:
        """The C2SP cosignature key."""
        return Ed25519PrivateKey.from_private_bytes(secret("witness" + self.name))

    @property
    def wallet(self) -> bytes:
        """The private key of the EIP-712 form."""
        return secret("witness wallet" + self.name)

    @property
    def public(self) -> bytes:
        """The Ed25519 public key."""
        return self.key.public_key().public_bytes_raw()

    @property
    def entry(self) -> dict[str, Any]:
        """Its line in the trust root."""
        identifier = key_id(self.name, COSIGNATURE, self.public).hex()
        return {
            "name": self.name,
            "vkey": f"{self.name}+{identifier}+{b64(bytes([COSIGNATURE]) + self.public)}",
            "address": wallets.address_of(self.wallet),
        }

    def line(self, body: bytes, time: int, *, signed_body: bytes | None = None) -> NoteSignature:
        """The cosignature line under a checkpoint's body; `signed_body` is what a liar signs instead."""
        content = body if signed_body is None else signed_body
        signature = self.key.sign(b"cosignature/v1\ntime %d\n" % time + content)
        identifier = key_id(self.name, COSIGNATURE, self.public)
        return NoteSignature(self.name, identifier, time.to_bytes(8, "big") + signature)

    def bridge(self, domain: eip712.Domain, checkpoint: Checkpoint, time: int) -> dict[str, Any]:
        """The EIP-712 form of the same word, as packages hold it."""
        statement = eip712.WitnessedCheckpoint(checkpoint.origin, checkpoint.size, checkpoint.root, time)
        signature = wallets.sign_digest(self.wallet, eip712.digest(domain, statement))
        return {"name": self.name, "time": time, "signature": b64(signature)}


SEEN = int(at(630).timestamp())
"""When the witnesses of the stories saw the checkpoint."""


def cosigned(
    *names: str, body: Callable[[Forge], bytes] | None = None, time: int = SEEN
) -> Callable[[bytes, Forge], bytes]:
    """Change for `checkpoint_file`: cosigned by these witnesses, over what `body` gives if they lie."""

    def change(note: bytes, forge: Forge) -> bytes:
        parsed = SignedNote.parse(note)
        wrong = body(forge) if body else None
        lines = [Witness(name).line(parsed.text, time, signed_body=wrong) for name in names]
        return SignedNote(parsed.text, (*parsed.signatures, *lines)).encode()

    return change


def bridged(*names: str, time: int = SEEN, **changes: Any) -> Callable[[dict[str, bytes], Forge], Any]:
    """Change for `files`: the EIP-712 forms of these witnesses; `changes` alter what they sign."""

    def change(files: dict[str, bytes], forge: Forge) -> dict[str, bytes]:
        head = Checkpoint.parse(SignedNote.parse(forge.checkpoint_file).text)
        told = Checkpoint(
            changes.get("origin", head.origin), changes.get("size", head.size), changes.get("root", head.root)
        )
        domain = changes.get("domain") or bridge_domain(forge.world)
        made = [Witness(name).bridge(domain, told, time) for name in sorted(names)]
        return files | {contents.BRIDGE: jcs.canonical({"v": 1, "cosignatures": made})}

    return change


def bridge_domain(world: World, *, chain_id: int = COURT_CHAIN) -> eip712.Domain:
    """EIP-712 domain of the court's anchor contract."""
    return eip712.Domain(
        name="Concord TEST",
        chain_id=chain_id,
        verifying_contract=anchor_address(world),
        log_origin=world.log_origin,
    )


def anchor_address(world: World) -> str:
    """Address of the court's anchor contract."""
    return wallets.address_of(secret(world.name + "JudicialAnchor"))


def trusted(names: Sequence[str] = NAMES, threshold: int = 2) -> dict[str, Any]:
    """The members of a trust root that names these witnesses."""
    return {"witnesses": [Witness(name).entry for name in names], "witness_threshold": threshold}
