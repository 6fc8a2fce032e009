"""What an installation publishes about itself for anybody: trust roots with signatures and history, releases, its source."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from api.evidence.service.releases import Releases, ReleaseStatus
from api.evidence.service.trust_files import TrustFiles
from api.kernel.errors import not_found
from chain.source_manifest import source_manifest
from chain.trust_root_succession import SignedRoot
from signing import jcs


class Publications:
    """Read side of trust roots and releases. Everything here is public except `status`, which the operator sees."""

    def __init__(self, trust: Callable[[], TrustFiles], releases: Callable[[], Releases]) -> None:
        self._trust, self._releases = trust, releases

    def root(self, version: int | None = None) -> SignedRoot:
        """The current trust root, or a version that was published; raises not_found."""
        store = self._trust()
        found = store.current() if version is None else store.version(version)
        if found is None:
            raise not_found("evidence.trust_root_missing")
        return found

    def note(self, version: int | None = None) -> bytes:
        """The root keys' note; raises not_found where nobody has signed."""
        found = self.root(version).note
        if found is None:
            raise not_found("evidence.trust_root_unsigned")
        return found

    def versions(self) -> list[int]:
        """Versions that were published, ascending."""
        return self._trust().versions()

    def release(self, kind: str, release_id: str) -> bytes:
        """The release in force with event and proof, canonical JSON; raises not_found before the first."""
        shown = self._releases().shown(kind, release_id)
        if shown is None:
            raise not_found("evidence.release_unknown")
        return jcs.canonical(shown)

    @cached_property
    def source(self) -> tuple[str, bytes]:
        """Digest and manifest of the source of this program, read once in a process."""
        data = jcs.canonical(source_manifest())
        return jcs.digest(jcs.parse_object(data)).hex(), data

    def status(self) -> dict[str, Any]:
        """For the operator: releases in force and waiting, and a trust root that waits for signatures."""
        releases, store = self._releases(), self._trust()
        lines: list[ReleaseStatus] = releases.status() if releases.enabled else []
        current, candidate = store.current(), store.candidate()
        return {
            "enabled": releases.enabled,
            "releases": lines,
            "root": None if current is None else current.root,
            "signed": current is not None and current.note is not None,
            "candidate": None if candidate is None else candidate.root,
            "source": self.source[0],
        }
