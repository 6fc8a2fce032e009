"""Who a witness is: its name and two keys, made once, and what others need to know of them (witness.json)."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from chain.cosignature import WitnessKey
from chain.durable_file import replace_file
from chain.errors import NoteInvalid
from chain.witness.errors import WitnessError
from chain.witness.memory import Memory
from signing.wallets import address_of

FACTS = "witness.json"
COSIGNER = "cosigner.key"
BRIDGE = "bridge.key"


@dataclass(frozen=True)
class WitnessFacts:
    """The public half: what a trust root and the judicial chain's contract are given."""

    name: str
    vkey: str
    address: str


@dataclass(frozen=True)
class WitnessKeys:
    """Both keys of one witness: Ed25519 for C2SP cosignatures, secp256k1 for the judicial chain."""

    cosigner: WitnessKey
    bridge: bytes

    @property
    def facts(self) -> WitnessFacts:
        """The public half."""
        verifier = self.cosigner.verifier
        return WitnessFacts(verifier.name, verifier.encode(), address_of(self.bridge))


def make(folder: Path, name: str) -> WitnessFacts:
    """Make a witness in `folder`, or return the one that is there. Interrupted, it goes on where it stopped.

    A name that ends in `/` is completed by a digest of the key: in a trust root a new key needs a new name.
    Raises WitnessError for a refused name or when a witness of another name lives there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / FACTS).exists():
        found = load(folder).facts
        if found.name != name and not (name.endswith("/") and found.name.startswith(name)):
            raise WitnessError("witness.belongs_to_another", file=str(folder / FACTS))
        return found
    seed = _secret(folder / COSIGNER)
    if name.endswith("/"):
        name += hashlib.sha256(_keys("unnamed", seed, seed).cosigner.verifier.public).hexdigest()[:8]
    keys = _keys(name, seed, _secret(folder / BRIDGE))
    Memory.create(folder, keys.facts.vkey)  # before the facts: whoever can read them may rely on the memory
    replace_file(folder / FACTS, json.dumps(asdict(keys.facts), indent=1).encode() + b"\n")
    return keys.facts


def load(folder: Path) -> WitnessKeys:
    """The keys of the witness in `folder`; raises WitnessError when there is none or its files contradict each other."""
    try:
        facts = WitnessFacts(**json.loads((folder / FACTS).read_text("utf-8")))
        keys = _keys(facts.name, _read(folder / COSIGNER), _read(folder / BRIDGE))
    except (OSError, TypeError) as exc:
        raise WitnessError("witness.not_made", folder=str(folder)) from exc
    except ValueError as exc:
        raise WitnessError("witness.belongs_to_another", file=str(folder / FACTS)) from exc
    if keys.facts != facts:
        raise WitnessError("witness.belongs_to_another", file=str(folder / FACTS))
    return keys


def _keys(name: str, seed: bytes, bridge: bytes) -> WitnessKeys:
    try:
        return WitnessKeys(WitnessKey(name, seed), bridge)
    except (NoteInvalid, UnicodeEncodeError) as exc:
        raise WitnessError("witness.name_refused", name=name[:80]) from exc


def _secret(path: Path) -> bytes:
    if not path.exists():
        # Below the order of every curve in use: the first byte of secp256k1's order is 0xff.
        value = secrets.token_bytes(32)
        while value[0] == 0xFF:
            value = secrets.token_bytes(32)
        replace_file(path, value.hex().encode() + b"\n", 0o600)
    return _read(path)


def _read(path: Path) -> bytes:
    value = bytes.fromhex(path.read_text("ascii").strip())
    if len(value) != 32:
        raise ValueError(f"{path} does not hold 32 bytes")
    return value
