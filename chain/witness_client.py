"""Asks a witness for its cosignatures (C2SP tlog-witness, add-checkpoint) and believes nothing that it has not checked.

Three things can go wrong, and they are kept apart: the witness does not answer usefully (ask again later), it refuses
our log as it is set up (an operator must look), or it shows that two histories exist or that its signatures do not
belong together (`WitnessConflict`: the log stops until a person has looked).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import tenacity

from chain.checkpoint import MAX_SIZE, Checkpoint, NoteSignature, SignedNote
from chain.cosignature import BRIDGE_HEADER, Pair, WitnessVerifier, bridge_digest
from chain.errors import TEXTS, ChainError, NoteInvalid
from chain.witness.submission import encode
from signing.errors import SigningError
from signing.wallets import verify

if TYPE_CHECKING:
    from signing.eip712 import Domain

TIMEOUT = httpx.Timeout(5.0, connect=2.0)
MAX_ANSWER = 16 * 1024
TRIES = 2
ROUNDS = 3
"""Sizes that are tried in one call: ours, the one that it names, and one more if it moved meanwhile."""

TEXTS.update(
    {
        "witness.unavailable": (
            "见证人 {witness} 没有应答（{reason}）；稍后会再次请求。",
            "Witness {witness} did not answer ({reason}); it will be asked again.",
        ),
        "witness.refuses": (
            "见证人 {witness} 拒绝了请求（{reason}）；请核对双方的配置。",
            "Witness {witness} refuses ({reason}); compare the two set-ups.",
        ),
        "witness.conflict": (
            "见证人 {witness} 与本日志矛盾：{reason}",
            "Witness {witness} and this log contradict each other: {reason}",
        ),
    }
)

_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")
_LINE = re.compile("\u2014 ([!-*,-~]{1,200}) ([A-Za-z0-9+/=]{8,4096})\\Z")

Prove = Callable[[int], Sequence[bytes]]
"""Consistency path from a size to the checkpoint's; it must have been checked against our own root at that size."""


class WitnessUnavailable(ChainError):
    """No usable answer. It may have cosigned: asking again is answered again."""

    default_code = "witness.unavailable"

    def __init__(self, witness: str, reason: str) -> None:
        super().__init__(witness=witness, reason=reason[:300])


class WitnessRefuses(WitnessUnavailable):
    """The witness does not take this log's checkpoints as the two are set up."""

    default_code = "witness.refuses"


class WitnessConflict(ChainError):
    """The witness has seen another history of this log, or its signatures contradict each other."""

    default_code = "witness.conflict"

    def __init__(self, witness: str, size: int, reason: str) -> None:
        super().__init__(witness=witness, size=size, reason=reason)


@dataclass(frozen=True)
class Endpoint:
    """A witness as the trust root and the settings name it. `address` belongs to its key for the judicial chain."""

    name: str
    url: str
    vkey: str
    address: str | None


class WitnessClient:
    """One witness, asked over HTTP. Safe to use from one thread at a time."""

    def __init__(
        self,
        endpoint: Endpoint,
        bridge: Domain | None,
        http: httpx.Client | None = None,
        pause: float = 0.2,
    ) -> None:
        self.name = endpoint.name
        self._url = endpoint.url.rstrip("/") + "/add-checkpoint"
        self._key = WitnessVerifier.parse(endpoint.vkey)
        if self._key.name != endpoint.name:
            raise NoteInvalid("the witness's name is not that of its key")
        self._address = endpoint.address
        self._bridge = bridge
        self._http = http or httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False)
        self._pause = pause

    def cosign(self, note: bytes, last_size: int, known_size: Callable[[], int], prove: Prove) -> Pair:
        """The witness's pair of signatures on a checkpoint, checked.

        `last_size` is what we believe it cosigned last (0: nothing); `known_size` tells the size of our log, beyond
        which it cannot have seen anything. Raises WitnessUnavailable, WitnessRefuses or WitnessConflict.
        """
        signed = SignedNote.parse(note)
        checkpoint = Checkpoint.parse(signed.text)
        old = min(last_size, checkpoint.size)
        for _ in range(ROUNDS):
            proof = prove(old) if 0 < old < checkpoint.size else ()
            status, body, header = self._post(encode(old, proof, note))
            if status == 200:
                return self._read(signed, checkpoint, body, header)
            if status == 422 and old > 0:
                raise WitnessConflict(self.name, checkpoint.size, f"its root at size {old} is not ours")
            if status != 409:
                kind = WitnessRefuses if status in {400, 403, 404, 413, 422} else WitnessUnavailable
                raise kind(self.name, f"HTTP {status}")
            theirs = _size_in(body)
            if old == checkpoint.size and theirs in (None, old):
                raise WitnessConflict(self.name, old, f"it cosigned another root at size {old}")
            if theirs is None:
                raise WitnessUnavailable(self.name, "HTTP 409 without a size")
            if theirs > known_size():
                raise WitnessConflict(self.name, theirs, "it cosigned a size that our log never had")
            if theirs > checkpoint.size:
                raise WitnessUnavailable(self.name, f"it is ahead of this checkpoint, at {theirs}")
            old = theirs
        raise WitnessUnavailable(self.name, "it names a new size each time")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _post(self, body: bytes) -> tuple[int, bytes, str]:
        try:
            for attempt in tenacity.Retrying(
                stop=tenacity.stop_after_attempt(TRIES),
                wait=tenacity.wait_fixed(self._pause),
                retry=tenacity.retry_if_exception_type(httpx.TransportError),
                reraise=True,
            ):
                with attempt:
                    return self._once(body)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise WitnessUnavailable(self.name, f"{type(exc).__name__}: {exc}") from exc
        raise WitnessUnavailable(self.name, "no answer")

    def _once(self, body: bytes) -> tuple[int, bytes, str]:
        with self._http.stream("POST", self._url, content=body) as answer:
            found = b""
            for part in answer.iter_bytes():
                found += part
                if len(found) > MAX_ANSWER:
                    raise WitnessUnavailable(self.name, "its answer is too long")
            return answer.status_code, found, answer.headers.get(BRIDGE_HEADER, "")

    def _read(self, signed: SignedNote, checkpoint: Checkpoint, body: bytes, header: str) -> Pair:
        line = self._own_line(body)
        try:
            time = self._key.cosigned_at(SignedNote(signed.text, (line,)))
        except NoteInvalid as exc:
            raise WitnessConflict(self.name, checkpoint.size, "its cosignature does not verify") from exc
        return Pair(self.name, time, line.line(), self._bridge_form(checkpoint, time, header))

    def _own_line(self, body: bytes) -> NoteSignature:
        """The line under the key that we know; lines of other keys are ignored, as the specification asks."""
        for text in body.decode("utf-8", "replace").split("\n"):
            match = _LINE.match(text)
            if match is None or match[1] != self._key.name:
                continue
            try:
                blob = base64.b64decode(match[2], validate=True)
            except (binascii.Error, ValueError):
                continue
            found = NoteSignature(match[1], blob[:4], blob[4:])
            if found.key_id == self._key.key_id and found.line() == text + "\n":
                return found
        raise WitnessUnavailable(self.name, "its answer holds no line of its key")

    def _bridge_form(self, checkpoint: Checkpoint, time: int, header: str) -> bytes | None:
        """The EIP-712 form, None where we or the witness have no judicial chain set up."""
        if self._bridge is None or self._address is None or not header:
            return None
        name, _, rest = header.partition(" ")
        stated, _, text = rest.partition(" ")
        try:
            signature = base64.b64decode(text, validate=True)
            verify(bridge_digest(self._bridge, checkpoint, time), signature, self._address)
        except (binascii.Error, ValueError, SigningError) as exc:
            raise WitnessConflict(self.name, checkpoint.size, "its EIP-712 form does not verify") from exc
        if name != self.name or stated != str(time):
            raise WitnessConflict(self.name, checkpoint.size, "its two signatures are of different times")
        return signature


def _size_in(body: bytes) -> int | None:
    """The size that a 409 names."""
    match = _SIZE.fullmatch(body)
    return None if match is None or int(match[1]) > MAX_SIZE else int(match[1])
