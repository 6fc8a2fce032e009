"""Checkpoints of the log: C2SP tlog-checkpoint bodies in C2SP signed notes, Ed25519.

A checkpoint says: "at size n the log's root is r". It is deterministic: the same size and root give the same bytes, so
making one twice can never produce two conflicting ones.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chain.errors import NoteInvalid
from chain.merkle.hashing import HASH_SIZE

ED25519 = 0x01
"""Signature type of a log's note (C2SP signed-note)."""
COSIGNATURE = 0x04
"""Signature type of a witness's timestamped cosignature (C2SP tlog-cosignature)."""

MAX_NOTE = 64 * 1024
MAX_SIGNATURES = 32
MAX_SIZE = (1 << 63) - 1

_NAME = re.compile(r"[!-*,-~]{1,200}\Z")  # printable ASCII without space and plus
_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\Z")
_SIGNATURE_LINE = re.compile("\u2014 ([!-*,-~]{1,200}) ([A-Za-z0-9+/=]{8,4096})\\Z")


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """First four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key): names a key inside a note."""
    return hashlib.sha256(name.encode("ascii") + b"\n" + bytes([kind]) + public).digest()[:4]


def _unbase64(text: str, what: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise NoteInvalid(f"{what} is not base64") from exc
    if base64.b64encode(data).decode("ascii") != text:
        raise NoteInvalid(f"{what} is not the canonical base64 of its bytes")
    return data


def _checked_name(name: str) -> str:
    if not _NAME.match(name):
        raise NoteInvalid(
            "a key's or log's name is 1 to 200 printable ASCII characters without space and plus"
        )
    return name


@dataclass(frozen=True)
class Checkpoint:
    """Origin, number of leaves and root of a log; `extensions` are further lines, in our own checkpoints none."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def body(self) -> bytes:
        """The text that is signed, ending in a newline."""
        _checked_name(self.origin)
        if not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_SIZE:
            raise NoteInvalid("size or root out of range")
        if any(not line or any(ord(c) < 32 for c in line) for line in self.extensions):
            raise NoteInvalid("an extension line is empty or holds control characters")
        root = base64.b64encode(self.root).decode("ascii")
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), root, *self.extensions)).encode()

    @classmethod
    def parse(cls, body: bytes) -> Checkpoint:
        """Strict inverse of `body`; raises NoteInvalid."""
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as exc:
            raise NoteInvalid("the body is not UTF-8") from exc
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1]:
            raise NoteInvalid("the body needs origin, size and root, each on a line of its own")
        origin, size, root, *extensions = lines[:-1]
        if not _SIZE.match(size) or int(size) > MAX_SIZE:
            raise NoteInvalid("the size is not a plain decimal number")
        digest = _unbase64(root, "the root")
        if len(digest) != HASH_SIZE:
            raise NoteInvalid("the root does not have 32 bytes")
        checkpoint = cls(_checked_name(origin), int(size), digest, tuple(extensions))
        if checkpoint.body() != body:
            raise NoteInvalid("the body is not in canonical form")
        return checkpoint


@dataclass(frozen=True)
class NoteSignature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """The line as it stands in the note, with its newline."""
        return f"\u2014 {self.name} {base64.b64encode(self.key_id + self.signature).decode('ascii')}\n"


@dataclass(frozen=True)
class SignedNote:
    """A text and the signatures under it."""

    text: bytes
    signatures: tuple[NoteSignature, ...]

    def encode(self) -> bytes:
        """Text, blank line, signature lines."""
        return self.text + b"\n" + "".join(s.line() for s in self.signatures).encode("utf-8")

    @classmethod
    def parse(cls, data: bytes) -> SignedNote:
        """Strict reader of C2SP signed-note; unknown signers are kept, nothing is verified. Raises NoteInvalid."""
        if len(data) > MAX_NOTE:
            raise NoteInvalid("the note is too large")
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError as exc:
            raise NoteInvalid("the note is not UTF-8") from exc
        if any(ord(c) < 32 and c != "\n" for c in whole):
            raise NoteInvalid("the note holds control characters")
        split = whole.rfind("\n\n")
        if split < 0 or not whole.endswith("\n"):
            raise NoteInvalid("the note has no signatures")
        text, tail = whole[: split + 1], whole[split + 2 :]
        lines = tail.split("\n")[:-1]
        if not 1 <= len(lines) <= MAX_SIGNATURES:
            raise NoteInvalid("the note has no signatures, or too many")
        signatures = []
        for line in lines:
            match = _SIGNATURE_LINE.match(line)
            if match is None:
                raise NoteInvalid("a signature line is malformed")
            blob = _unbase64(match[2], "a signature")
            if len(blob) < 5:
                raise NoteInvalid("a signature is too short")
            signatures.append(NoteSignature(match[1], blob[:4], blob[4:]))
        if len({(s.name, s.key_id) for s in signatures}) != len(signatures):
            raise NoteInvalid("a key has signed twice")
        return cls(text.encode("utf-8"), tuple(signatures))

    def only(self, wanted: Iterable[NoteSignature]) -> SignedNote:
        """The same text under `wanted` signatures only."""
        return SignedNote(self.text, tuple(wanted))


def split_vkey(vkey: str, kind: int) -> tuple[str, bytes]:
    """Name and public key of a C2SP vkey of signature type `kind`. Raises NoteInvalid."""
    name, _, rest = vkey.partition("+")
    hashed, _, key = rest.partition("+")
    data = _unbase64(key, "the key")
    if len(data) != 33 or data[0] != kind:
        raise NoteInvalid("the key is not an Ed25519 key of the expected type")
    if hashed != key_id(_checked_name(name), kind, data[1:]).hex():
        raise NoteInvalid("the key's hash does not fit its name and bytes")
    return name, data[1:]


@dataclass(frozen=True)
class Verifier:
    """A log's public key and its name: C2SP vkey `name+hash+base64(type ‖ key)`."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that name the key in signature lines."""
        return key_id(self.name, ED25519, self.public)

    def encode(self) -> str:
        """The vkey text as it stands in a trust root."""
        key = base64.b64encode(bytes([ED25519]) + self.public).decode("ascii")
        return f"{_checked_name(self.name)}+{self.key_id.hex()}+{key}"

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Strict inverse of `encode`; raises NoteInvalid."""
        name, public = split_vkey(vkey, ED25519)
        return cls(name, public)

    def signature_in(self, note: SignedNote) -> NoteSignature:
        """This key's verified signature of `note`; raises NoteInvalid if there is none or it does not verify."""
        for signature in note.signatures:
            if signature.name == self.name and signature.key_id == self.key_id:
                self.verify(note.text, signature.signature)
                return signature
        raise NoteInvalid("the note is not signed by the expected key")

    def verify(self, message: bytes, signature: bytes) -> None:
        """Plain Ed25519 verification; raises NoteInvalid."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError) as exc:
            raise NoteInvalid("the signature does not verify") from exc


class LogKey:
    """The log's private key: signs checkpoints and, as plain Ed25519, manifests of evidence packages."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.verifier = Verifier(_checked_name(name), key.public_key().public_bytes_raw())

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> LogKey:
        """Key of the log `name` (its origin) from a 32-byte seed."""
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def vkey(self) -> str:
        """The public key as it stands in a trust root."""
        return self.verifier.encode()

    def sign_bytes(self, data: bytes) -> bytes:
        """64-byte Ed25519 signature of `data`."""
        return self._key.sign(data)

    def sign(self, text: bytes) -> NoteSignature:
        """Signature line of this key for a note's text."""
        return NoteSignature(self.verifier.name, self.verifier.key_id, self.sign_bytes(text))

    def sign_note(self, text: bytes) -> bytes:
        """A C2SP signed note over `text` (ends in a newline; its first line must not be this log's origin)."""
        if not text.endswith(b"\n") or text.startswith(self.verifier.name.encode("ascii") + b"\n"):
            raise NoteInvalid("a note's text ends in a newline and must not look like a checkpoint")
        return SignedNote(text, (self.sign(text),)).encode()

    def sign_checkpoint(self, checkpoint: Checkpoint) -> bytes:
        """The signed note of `checkpoint`; its origin must be this key's name."""
        if checkpoint.origin != self.verifier.name:
            raise NoteInvalid("the checkpoint is of another log")
        body = checkpoint.body()
        return SignedNote(body, (self.sign(body),)).encode()


def open_checkpoint(note: bytes, log: Verifier) -> Checkpoint:
    """The checkpoint inside `note`, whose signature by `log` has been verified. Raises NoteInvalid."""
    parsed = SignedNote.parse(note)
    log.signature_in(parsed)
    checkpoint = Checkpoint.parse(parsed.text)
    if checkpoint.origin != log.name:
        raise NoteInvalid("the checkpoint is of another log")
    return checkpoint


def token_imprint(note: bytes, log: Verifier) -> bytes:
    """What the checkpoint's RFC 3161 token is over: SHA-256 of body and the log's signature line alone.

    Cosignatures that arrive later do not change it. Raises NoteInvalid when the log has not signed.
    """
    parsed = SignedNote.parse(note)
    return hashlib.sha256(parsed.only([log.signature_in(parsed)]).encode()).digest()
