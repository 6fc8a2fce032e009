"""Releases of the signing page and of document templates: events of the log, signed by a release key of the trust root.

Evidence spec, section 3.3. The trust root names the keys, never a release, so that no release needs a new root. The number
in the signed statement is the event's place in its stream: an old release can't be repeated without the key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chain.checkpoint import LogKey, SignedNote, Verifier
from chain.errors import ChainError, NoteInvalid
from chain.package import schema as s
from signing import jcs
from signing.page_release import release_digest

PAGE: Final = "page"
TEMPLATE: Final = "template"
PAGE_ID: Final = "signing-page"
STREAMS: Final[Mapping[str, str]] = {PAGE: "release/page", TEMPLATE: "release/template"}
TYPES: Final[Mapping[str, str]] = {PAGE: "release.page/1", TEMPLATE: "release.template/1"}

_PATH = re.compile(r"(?=.{1,200}\Z)[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*\Z")
_shape = s.members(
    v=s.constant(1),
    kind=s.one_of(PAGE, TEMPLATE),
    id=s.name,
    number=s.integer(1),
    digest=s.hex32,
    files=s.array(s.members(path=s.name, sha256=s.hex32), 1, 500),
    note=s.text(20_000),
    blind=s.hex32,
)


class ReleaseRefused(ChainError):
    """A release event does not hold; `sub_indication` is the one of step 23."""

    def __init__(self, sub_indication: str, reason: str) -> None:
        super().__init__("release.refused", reason=reason)
        self.sub_indication = sub_indication
        self.reason = reason


@dataclass(frozen=True)
class Release:
    """What is released: files by their SHA-256, the digest that names them all, and the place in the stream."""

    kind: str
    id: str
    number: int
    digest: str
    files: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, kind: str, release_id: str, number: int, files: Mapping[str, str]) -> Release:
        """The release of these files (path → SHA-256). Raises ReleaseRefused for a path that can't be released."""
        for path in files:
            if _PATH.match(path) is None:
                raise ReleaseRefused("RELEASE_MALFORMED", f"path {path[:80]!r}")
        listed = tuple(sorted(files.items()))
        return cls(kind, release_id, number, digest_of(kind, listed), listed)

    @property
    def stream(self) -> str:
        """The stream of the log that this kind is released in."""
        return STREAMS[self.kind]

    def statement(self, log_origin: str) -> bytes:
        """The text that a release key signs."""
        lines = ("concord-release/v1", log_origin, self.kind, self.id, str(self.number), self.digest)
        return "".join(f"{line}\n" for line in lines).encode("ascii")

    def sign(self, key: LogKey, log_origin: str) -> bytes:
        """The signed note of the statement."""
        return key.sign_note(self.statement(log_origin))

    def payload(self, note: bytes) -> dict[str, Any]:
        """The event's payload, without its blind (the recorder adds that)."""
        return {
            "v": 1,
            "kind": self.kind,
            "id": self.id,
            "number": self.number,
            "digest": self.digest,
            "files": [{"path": path, "sha256": digest} for path, digest in self.files],
            "note": note.decode("utf-8"),
        }


def digest_of(kind: str, files: Iterable[tuple[str, str]]) -> str:
    """The digest that names the files: as E08 names a page, as a commitment names a template."""
    by_path = dict(files)
    return release_digest(by_path) if kind == PAGE else jcs.digest(by_path).hex()


def check_note(release: Release, note: bytes, log_origin: str, keys: Sequence[str]) -> str:
    """Name of the release key that signed `release`. `keys` are vkeys; lines by others count for nothing.

    Raises ReleaseRefused: RELEASE_MALFORMED, RELEASE_KEY_UNKNOWN, SIG_CRYPTO_FAILURE.
    """
    try:
        signed = SignedNote.parse(note)
    except NoteInvalid as error:
        raise ReleaseRefused("RELEASE_MALFORMED", str(error)) from error
    if signed.text != release.statement(log_origin):
        raise ReleaseRefused("RELEASE_MALFORMED", "the note is over another statement")
    signers: list[str] = []
    for vkey in keys:
        key = Verifier.parse(vkey)
        if any(line.name == key.name and line.key_id == key.key_id for line in signed.signatures):
            try:
                key.signature_in(signed)
            except NoteInvalid as error:
                raise ReleaseRefused("SIG_CRYPTO_FAILURE", key.name) from error
            signers.append(key.name)
    if not signers:
        names = ", ".join(line.name for line in signed.signatures)
        raise ReleaseRefused("RELEASE_KEY_UNKNOWN", names)
    return signers[0]


def read_event(
    event: Mapping[str, Any], payload: Mapping[str, Any], kind: str, log_origin: str, keys: Sequence[str]
) -> tuple[Release, str]:
    """The release that an event states, and who signed it. The event's digest and place are the caller's to check.

    Raises ReleaseRefused as `check_note`.
    """
    try:
        _shape(payload, "")
    except s.ShapeError as error:
        raise ReleaseRefused("RELEASE_MALFORMED", str(error)) from error
    files = [(item["path"], item["sha256"]) for item in payload["files"]]
    paths = [path for path, _ in files]
    wrong = {
        "type": event["type"] != TYPES[kind] or event["stream"] != STREAMS[kind],
        "kind": payload["kind"] != kind or (kind == PAGE and payload["id"] != PAGE_ID),
        "number": payload["number"] != event["seq"],
        "files": paths != sorted(set(paths)) or any(_PATH.match(path) is None for path in paths),
        "digest": payload["digest"] != digest_of(kind, files),
    }
    for name, bad in wrong.items():
        if bad:
            raise ReleaseRefused("RELEASE_MALFORMED", name)
    release = Release(kind, payload["id"], payload["number"], payload["digest"], tuple(files))
    return release, check_note(release, payload["note"].encode("utf-8"), log_origin, keys)
