"""The manifest: what a package holds, of which installation, and the log key's signature over it (spec 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chain.package import contents
from chain.package.schema import ShapeError
from chain.package.zip_profile import MANIFEST, MANIFEST_SIGNATURE
from signing import jcs
from signing.errors import InputRefused

NOTE_LABEL: Final = "concord-evidence-manifest/v1"
"""First line of the signed text. No origin may have this form, so it can't be read as a checkpoint."""


@dataclass(frozen=True)
class Listed:
    """One line of the manifest."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """A manifest that has the right shape; nothing in it has been believed yet."""

    kind: str
    created: str
    installation: Mapping[str, Any]
    producer: Mapping[str, Any]
    subject: Mapping[str, Any]
    entries: tuple[Listed, ...]


def build(
    *,
    kind: str,
    installation: Mapping[str, Any],
    producer: Mapping[str, Any],
    subject: Mapping[str, Any],
    created: str,
    files: Mapping[str, bytes],
) -> bytes:
    """Return the canonical manifest over `files` (every entry but the manifest and its signature).

    Raises ShapeError when the result would not be a manifest of this format.
    """
    entries = [
        {"name": name, "size": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
        for name in sorted(files)
    ]
    value: dict[str, Any] = {
        "v": 1,
        "format": contents.FORMAT,
        "kind": kind,
        "created": created,
        "installation": dict(installation),
        "producer": dict(producer),
        "subject": dict(subject),
        "entries": entries,
    }
    contents.MANIFEST_SHAPE(value, "")
    problem = contents.KINDS[kind].problem(set(files))
    if problem:
        raise ShapeError(f"/entries/{problem[1]}", problem[0])
    return jcs.canonical(value)


def note_text(manifest: bytes, log_origin: str) -> bytes:
    """Return the text that the log's key signs as a C2SP signed note."""
    return f"{NOTE_LABEL}\n{log_origin}\n{hashlib.sha256(manifest).hexdigest()}\n".encode()


def parse(data: bytes) -> Manifest:
    """Read `manifest.json`; raises ShapeError unless canonical and of the shape of the spec."""
    try:
        value: Any = jcs.parse_object(data, max_bytes=1_000_000)
    except InputRefused as error:
        raise ShapeError("", error.code) from error
    contents.MANIFEST_SHAPE(value, "")
    listed = tuple(Listed(item["name"], item["size"], item["sha256"]) for item in value["entries"])
    names = [item.name for item in listed]
    if names != sorted(set(names)) or MANIFEST in names or MANIFEST_SIGNATURE in names:
        raise ShapeError(
            "/entries", "distinct names in ascending order, without the manifest and its signature"
        )
    return Manifest(
        kind=value["kind"],
        created=value["created"],
        installation=value["installation"],
        producer=value["producer"],
        subject=value["subject"],
        entries=listed,
    )
