"""Trust roots as files: the canonical JSON, and the root keys' note beside it (`<file>.sig`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chain.durable_file import replace_file
from chain.trust_root import TrustRoot, TrustRootError
from chain.trust_root_succession import SignedRoot, check_chain

MAX_BYTES = 2_000_000
MAX_NOTE = 64 * 1024


def signature_file(path: Path) -> Path:
    """Where the note of a trust root's file lies."""
    return path.with_name(path.name + ".sig")


def load(path: Path) -> SignedRoot:
    """The root and its note, None where there is none. Raises TrustRootError, OSError."""
    beside = signature_file(path)
    note = _read(beside, MAX_NOTE) if beside.exists() else None
    return SignedRoot(TrustRoot.parse(_read(path, MAX_BYTES)), note)


def load_after(path: Path, previous: Sequence[Path]) -> tuple[SignedRoot, tuple[str, ...]]:
    """The root, checked to succeed the given ones (oldest first), and who signed it.

    Raises SuccessionRefused, TrustRootError, OSError.
    """
    roots = [load(item) for item in (*previous, path)]
    return roots[-1], check_chain(roots)


def write(signed: SignedRoot, path: Path) -> None:
    """Write both files, each whole or not at all, the note first: a root never stands beside an older one's note."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = signature_file(path)
    if signed.note is None:
        beside.unlink(missing_ok=True)
    else:
        replace_file(beside, signed.note)
    replace_file(path, signed.root.canonical())


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise TrustRootError(f"{path.name} is larger than {limit} bytes")
    return data
