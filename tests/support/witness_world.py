"""Logs that grow and fork, witnesses over them without sockets, and a plain C2SP client written from the specification."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chain.checkpoint import Checkpoint, LogKey
from chain.merkle import MemoryTiles, Tree, leaf_hash
from chain.witness import identity
from chain.witness.app import Pace, build_app
from chain.witness.memory import Memory
from chain.witness.service import Witness
from chain.witness.submission import encode
from signing.eip712 import Domain

ORIGIN = "log.test/anchoring"
KEY = LogKey.from_seed(ORIGIN, bytes(range(32)))
BRIDGE = Domain("Concord TEST", 90_210, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", ORIGIN)
NOW = 1_795_000_000


class GrowingLog:
    """A log's tree and key. Two logs of one key that differ in `salt` from `fork_at` on are two histories."""

    def __init__(self, key: LogKey = KEY, salt: bytes = b"", fork_at: int = 0) -> None:
        self.key, self._salt, self._fork_at = key, salt, fork_at
        self._tiles = MemoryTiles()
        self.size = 0

    def grow(self, size: int) -> GrowingLog:
        """Extend to `size` leaves."""
        leaves = [
            leaf_hash(i.to_bytes(32, "big") if i < self._fork_at else self._salt + i.to_bytes(32, "big"))
            for i in range(self.size, size)
        ]
        self._tiles.write(Tree(self._tiles, self.size).append(leaves).tiles)
        self.size = size
        return self

    def root(self, size: int) -> bytes:
        """Root at a size."""
        return Tree(self._tiles, self.size).root(size)

    def note(self, size: int) -> bytes:
        """The signed checkpoint at a size."""
        return self.key.sign_checkpoint(Checkpoint(self.key.verifier.name, size, self.root(size)))

    def proof(self, old: int, size: int) -> list[bytes]:
        """Consistency path; empty where the protocol wants none."""
        return Tree(self._tiles, self.size).prove_consistency(old, size) if 0 < old < size else []

    def body(self, old: int, size: int) -> bytes:
        """A whole add-checkpoint body."""
        return encode(old, self.proof(old, size), self.note(size))


def make_witness(
    folder: Path,
    name: str = "court.test/one",
    *,
    now: Callable[[], float] = lambda: NOW,
    bridges: Mapping[str, Domain] | None = None,
    logs: Iterable[Any] = (KEY.verifier,),
) -> Witness:
    """A witness whose memory lies in `folder`; the same folder again is the same witness started again."""
    facts = identity.make(folder, name)
    memory = Memory.open(folder, facts.vkey)
    return Witness(identity.load(folder), memory, logs, {ORIGIN: BRIDGE} if bridges is None else bridges, now)


class AppTransport(httpx.BaseTransport):
    """Speaks to a witness's application without a socket; `make` gives the witness that lives at this moment."""

    def __init__(self, make: Callable[[], Witness]) -> None:
        self._make = make

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        app = build_app(self._make(), Pace(1e9, 1e9))
        sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        answer = await httpx.ASGITransport(app).handle_async_request(sent)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


def plain_cosignatures(body: bytes, note: bytes, name: str, public: bytes) -> list[int]:
    """What a client that knows C2SP only makes of an answer: times of the lines that verify under one known key."""
    text = note[: note.rindex(b"\n\n") + 1]
    wanted = hashlib.sha256(name.encode() + b"\n\x04" + public).digest()[:4]
    times = []
    for line in body.decode("utf-8").splitlines():
        dash, key_name, signature = line.split(" ")
        assert dash == "\u2014"
        blob = base64.b64decode(signature, validate=True)
        if key_name != name or blob[:4] != wanted:
            continue
        time = int.from_bytes(blob[4:12], "big")
        message = f"cosignature/v1\ntime {time}\n".encode() + text
        Ed25519PublicKey.from_public_bytes(public).verify(blob[12:], message)
        times.append(time)
    return times


def public_key(vkey: str) -> bytes:
    """The key bytes of a vkey."""
    return base64.b64decode(vkey.split("+", 2)[2])[1:]


def lines(proof: Sequence[bytes]) -> bytes:
    """Proof lines."""
    return b"".join(base64.b64encode(item) + b"\n" for item in proof)
