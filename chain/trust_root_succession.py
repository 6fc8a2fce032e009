"""Who may replace a trust root: each version is signed by the root keys of the one before (evidence spec, 4.1).

The signature stands beside the file, so that the fingerprint stays the SHA-256 of the file alone. A root that nobody signed
may still be used: that is its user's own decision, made by comparing the fingerprint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from chain.checkpoint import LogKey, SignedNote, Verifier
from chain.errors import ChainError, NoteInvalid
from chain.trust_root import TrustRoot


class SuccessionRefused(ChainError):
    """A trust root is not what its predecessor's keys made it; the code says why."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(f"trust_root.{code}", **facts)


@dataclass(frozen=True)
class SignedRoot:
    """A trust root and the note beside it (None: nobody has signed)."""

    root: TrustRoot
    note: bytes | None


def statement(root: TrustRoot) -> bytes:
    """The text that root keys sign."""
    return f"concord-trust-root/v1\n{root.version}\n{root.fingerprint}\n".encode("ascii")


def signing_key(seed: bytes, by: TrustRoot) -> LogKey:
    """The key of `seed` under the name that `by` lists it with; raises SuccessionRefused for a stranger's key."""
    public = LogKey.from_seed("unnamed", seed).verifier.public
    for vkey in by.root_keys:
        listed = Verifier.parse(vkey)
        if listed.public == public:
            return LogKey.from_seed(listed.name, seed)
    raise SuccessionRefused("key_not_listed", version=by.version)


def add_signature(root: TrustRoot, note: bytes | None, key: LogKey) -> bytes:
    """The note with one more line; the same key signs once. Raises SuccessionRefused for a note over another file."""
    line = key.sign(statement(root))
    if note is None:
        return SignedNote(statement(root), (line,)).encode()
    signed = _parse(root, note)
    others = [
        item for item in signed.signatures if (item.name, item.key_id) != (key.verifier.name, line.key_id)
    ]
    return SignedNote(signed.text, (*others, line)).encode()


def signers(root: TrustRoot, by: TrustRoot, note: bytes | None) -> tuple[str, ...]:
    """Names of the root keys of `by` whose signatures of `root` verify.

    Raises SuccessionRefused when the note is over another file, or when a line under the name and id of a listed key does
    not verify: such a note was tampered with.
    """
    if note is None:
        return ()
    signed = _parse(root, note)
    found: list[str] = []
    for vkey in by.root_keys:
        key = Verifier.parse(vkey)
        if any(line.name == key.name and line.key_id == key.key_id for line in signed.signatures):
            try:
                key.signature_in(signed)
            except NoteInvalid as error:
                raise SuccessionRefused("signature_invalid", key=key.name) from error
            found.append(key.name)
    return tuple(found)


def check_first(first: SignedRoot) -> tuple[str, ...]:
    """Version 1 is signed by its own root keys; returns who signed. Raises SuccessionRefused."""
    root = first.root
    if root.version != 1 or root.predecessor is not None:
        raise SuccessionRefused("not_the_first", version=root.version)
    return _enough(root, root, first.note)


def check_successor(successor: SignedRoot, previous: TrustRoot) -> tuple[str, ...]:
    """`successor` follows `previous` directly and is signed by enough of its root keys; returns who signed.

    Raises SuccessionRefused.
    """
    root = successor.root
    if root.version != previous.version + 1:
        raise SuccessionRefused("version_skipped", expected=previous.version + 1, found=root.version)
    if root.predecessor != previous.fingerprint:
        raise SuccessionRefused("predecessor_differs", expected=previous.fingerprint, found=root.predecessor)
    for member in ("log_origin", "test"):
        if root.value[member] != previous.value[member]:
            raise SuccessionRefused("other_installation", member=member)
    return _enough(root, previous, successor.note)


def check_chain(roots: Sequence[SignedRoot]) -> tuple[str, ...]:
    """Every root follows the one before it. The first is the caller's own decision and is not judged here.

    Returns who signed the last one, nobody for a single root. Raises SuccessionRefused.
    """
    names: tuple[str, ...] = ()
    for previous, successor in pairwise(roots):
        names = check_successor(successor, previous.root)
    return names


def _enough(root: TrustRoot, by: TrustRoot, note: bytes | None) -> tuple[str, ...]:
    if not by.root_keys:
        raise SuccessionRefused("no_root_keys", version=by.version)
    names = signers(root, by, note)
    if len(names) < by.root_threshold:
        raise SuccessionRefused(
            "too_few_signatures", found=len(names), threshold=by.root_threshold, version=root.version
        )
    return names


def _parse(root: TrustRoot, note: bytes) -> SignedNote:
    try:
        signed = SignedNote.parse(note)
    except NoteInvalid as error:
        raise SuccessionRefused("note_malformed", reason=str(error)) from error
    if signed.text != statement(root):
        raise SuccessionRefused("other_file", version=root.version, fingerprint=root.fingerprint)
    return signed
