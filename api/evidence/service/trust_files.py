"""Where the installation's trust roots lie, and how one becomes the next: signed by its predecessor's root keys.

`trust-root.json` and its note are the current version; `trust-roots/<version>.json` keeps every version that was ever
published; `trust-root.candidate.json` waits for signatures when the root keys are elsewhere. The history is written before
the current file, so that a crash in between leaves the old version current and is made good by the next publication.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain import trust_root_files as files
from chain.durable_file import replace_file
from chain.trust_root import TrustRoot, TrustRootError
from chain.trust_root_succession import (
    SignedRoot,
    SuccessionRefused,
    add_signature,
    check_first,
    check_successor,
    signers,
    signing_key,
)
from signing import jcs
from signing.errors import InputRefused

_LATER_MEMBERS: dict[str, Any] = {"root_keys": [], "root_threshold": 0, "retired_algorithms": []}


@dataclass(frozen=True)
class Published:
    """What a publication came to: `state` is unchanged, published or candidate (then `missing` signatures are needed)."""

    root: TrustRoot
    state: str
    missing: int = 0
    candidate: Path | None = None


class TrustFiles:
    """The files of one installation's trust roots."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._history = path.with_name("trust-roots")
        self.candidate_file = path.with_name("trust-root.candidate.json")

    def current(self) -> SignedRoot | None:
        """The published root with its note; None while there is none. Raises TrustRootError for a damaged file."""
        if not self._path.exists():
            return None
        root = _read_form(self._path.read_bytes())
        kept = self.version(root.version)
        if kept is not None and kept.root.fingerprint == root.fingerprint:
            return kept
        beside = files.signature_file(self._path)
        return SignedRoot(root, beside.read_bytes() if beside.exists() else None)

    def version(self, number: int) -> SignedRoot | None:
        """A version that was published, from the history."""
        path = self._history / f"{number}.json"
        return files.load(path) if path.exists() else None

    def versions(self) -> list[int]:
        """Numbers of the versions in the history, ascending."""
        if not self._history.is_dir():
            return []
        return sorted(int(path.stem) for path in self._history.glob("*.json") if path.stem.isdigit())

    def candidate(self) -> SignedRoot | None:
        """The version that waits for signatures."""
        return files.load(self.candidate_file) if self.candidate_file.exists() else None

    def publish(self, signed: SignedRoot) -> None:
        """Make `signed` the current version. Raises SuccessionRefused unless it may follow the current one.

        A root without root keys can't be followed by signature alone; then the new one shows that it holds its own keys.
        """
        previous = self.current()
        if previous is not None and previous.root.root_keys:
            check_successor(signed, previous.root)
        elif signed.root.root_keys:
            self._check_own_keys(signed, first=previous is None)
        files.write(signed, self._history / f"{signed.root.version}.json")
        files.write(signed, self._path)
        waiting = self.candidate()
        if waiting is not None and waiting.root.version <= signed.root.version:
            files.signature_file(self.candidate_file).unlink(missing_ok=True)
            self.candidate_file.unlink()

    @staticmethod
    def _check_own_keys(signed: SignedRoot, *, first: bool) -> None:
        if first and signed.root.version == 1:
            check_first(signed)
            return
        found = signers(signed.root, signed.root, signed.note)
        if len(found) < signed.root.root_threshold:
            raise SuccessionRefused(
                "too_few_signatures",
                found=len(found),
                threshold=signed.root.root_threshold,
                version=signed.root.version,
            )

    def bring_up(
        self, assemble: Callable[[TrustRoot | None], TrustRoot], seeds: Sequence[bytes]
    ) -> Published:
        """Publish the waiting candidate once it has its signatures, else what `assemble` makes of the current root.

        `assemble` returns the root that it was given when nothing has changed. Signs with those of the root keys that are at
        hand (`seeds`); without enough of them the new version is left as a candidate, and what is published stays.
        """
        self._repair()
        previous = self.current()
        waiting = self.candidate()
        if waiting is not None and self._follows(waiting.root, previous):
            wanted, note = waiting.root, waiting.note
        else:
            wanted, note = self._wanted(assemble, previous), None
            if previous is not None and wanted is previous.root:
                return Published(wanted, "unchanged")
        by = previous.root if previous is not None and previous.root.root_keys else wanted
        for seed in seeds:
            try:
                note = add_signature(wanted, note, signing_key(seed, by))
            except SuccessionRefused as refused:
                if refused.code != "trust_root.key_not_listed":
                    raise
        have = len(signers(wanted, by, note)) if by.root_keys else 0
        if have >= by.root_threshold:
            self.publish(SignedRoot(wanted, note))
            return Published(wanted, "published")
        files.write(SignedRoot(wanted, note), self.candidate_file)
        return Published(wanted, "candidate", by.root_threshold - have, self.candidate_file)

    def _wanted(
        self, assemble: Callable[[TrustRoot | None], TrustRoot], previous: SignedRoot | None
    ) -> TrustRoot:
        """The next version, or the current root itself when nothing has changed."""
        if previous is None:
            return assemble(None)
        made = assemble(previous.root)
        written = hashlib.sha256(self._path.read_bytes()).hexdigest()
        if (
            written != previous.root.fingerprint
        ):  # the older form: today's is another file, so another version
            return TrustRoot.of(made.value | {"version": previous.root.version + 1, "predecessor": written})
        return made

    @staticmethod
    def _follows(candidate: TrustRoot, previous: SignedRoot | None) -> bool:
        if previous is None:
            return candidate.predecessor is None
        return candidate.predecessor == previous.root.fingerprint

    def _repair(self) -> None:
        """Make good what a crash between the history and the current file has left, and begin the history."""
        previous = self.current()
        if previous is None:
            return
        data = self._path.read_bytes()
        if hashlib.sha256(data).hexdigest() != previous.root.fingerprint:
            kept = self._history / f"{previous.root.version}.older-form"
            kept.parent.mkdir(parents=True, exist_ok=True)
            replace_file(kept, data)
            return
        if self.version(previous.root.version) is None:
            files.write(previous, self._history / f"{previous.root.version}.json")
        newer = self.version(previous.root.version + 1)
        beside = files.signature_file(self._path)
        if newer is not None or (previous.note is not None and not _holds(beside, previous.note)):
            files.write(newer or previous, self._path)


def _holds(path: Path, data: bytes) -> bool:
    return path.exists() and path.read_bytes() == data


def _read_form(data: bytes) -> TrustRoot:
    """A trust root in today's form; one from before there were root keys gets them as empty."""
    try:
        return TrustRoot.parse(data)
    except TrustRootError:
        try:
            value: Any = jcs.parse_object(data.rstrip(b"\n"), max_bytes=files.MAX_BYTES)
        except InputRefused:
            value = _LATER_MEMBERS
        if set(_LATER_MEMBERS) & set(value):
            raise
        return TrustRoot.of(value | _LATER_MEMBERS)
