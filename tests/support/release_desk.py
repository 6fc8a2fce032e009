"""Releases over a real recorder and a simulated chain: what is served, before and after the log holds a release."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.evidence.service.release_files import ReleaseFiles
from api.evidence.service.releases import PAGE, PAGE_ID, TEMPLATE, Releases
from chain.checkpoint import LogKey
from chain.page_check import FACTS_PATH, PAGE_PATH, PageMissing
from chain.trust_root import TrustRoot
from signing import jcs
from tests.factories.releases import release_key
from tests.factories.world import World
from tests.support.anchoring_scenes import settle
from tests.support.anchoring_store import KEY, ORIGIN, Slice

TEMPLATE_ID = "agreement/1"


class LogOf:
    """`LogView` over the slice's proofs."""

    def __init__(self, slice_: Slice) -> None:
        self._proofs = slice_.service.proofs

    def events(self, session: Any, stream: str) -> Sequence[Any]:
        return self._proofs.events(session, stream)

    def inclusion(self, session: Any, log_index: int, size: int) -> Sequence[bytes]:
        return self._proofs.inclusion(session, log_index, size)

    def checkpoint(self, session: Any, covering: int) -> Any:
        return self._proofs.checkpoint(session, covering)


@dataclass
class ReleaseDesk:
    """One installation's releases; `source` is the program's folder, which a test may change."""

    slice_: Slice
    folder: Path
    key: LogKey = field(default_factory=release_key)
    keys: tuple[str, ...] = (release_key().vkey,)

    def __post_init__(self) -> None:
        self.source = self.folder / "source"
        self.write("index.html", b"<!doctype html>first")
        self.write("js/key.js", b"export {};")
        self.write("vendor/_u64.js", b"// vendored")
        self.releases = self.fresh()

    def write(self, path: str, data: bytes) -> None:
        """Change the program's folder."""
        target = self.source / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    def fresh(self) -> Releases:
        """Another process over the same database and folder."""
        return Releases(
            self.slice_.service.uow,
            lambda: self.slice_.service.recorder,
            LogOf(self.slice_),  # type: ignore[arg-type]
            ReleaseFiles(self.folder / "releases"),
            ORIGIN,
            lambda: self.keys,
            self.sources,
            self.digests,
            {PAGE: (PAGE_ID,), TEMPLATE: (TEMPLATE_ID,)},
            enabled=True,
            monotonic=iter(range(0, 10**6, 100)).__next__,  # every question is asked anew
        )

    def sources(self, kind: str, release_id: str) -> Mapping[str, Path]:
        return {path: self.source / path for path in self.digests(kind, release_id)}

    def digests(self, kind: str, release_id: str) -> Mapping[str, str]:
        files = sorted(path for path in self.source.rglob("*") if path.is_file())
        return {
            path.relative_to(self.source).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        }

    def release(self, kind: str = PAGE) -> str:
        """Release what the folder holds; returns the digest."""
        release_id = PAGE_ID if kind == PAGE else TEMPLATE_ID
        proposal = self.releases.propose(kind, release_id)
        self.releases.sign_and_record(proposal, self.key)
        return proposal.release.digest

    def current(self, kind: str = PAGE) -> str | None:
        """Digest of what is served."""
        found = self.releases.current(kind, PAGE_ID if kind == PAGE else TEMPLATE_ID)
        return None if found is None else found.release.digest

    def anchor(self) -> None:
        """Let the log take what waits."""
        settle(self.slice_)

    def root(self, **changes: Any) -> TrustRoot:
        """A trust root for this log."""
        names: dict[str, Any] = {
            "log_origin": ORIGIN,
            "log_vkey": KEY.vkey,
            "page_release_keys": list(self.keys),
        }
        return TrustRoot.of(dict(World(renderer=NoRenderer()).trust_root().value) | names | changes)  # type: ignore[arg-type]

    def fetch(self, path: str) -> bytes:
        """What the platform serves at a public path."""
        if path == FACTS_PATH:
            shown = self.releases.shown(PAGE, PAGE_ID)
            if shown is None:
                raise PageMissing(path)
            return jcs.canonical(shown)
        digest, _, name = path.removeprefix(PAGE_PATH + "/").partition("/")
        item = self.releases.anchored(PAGE, digest)
        folder = None if item is None else self.releases.folder(item.release)
        if folder is None or not (folder / name).is_file():
            raise PageMissing(path)
        return (folder / name).read_bytes()


class NoRenderer:
    """Templates are of no interest here."""

    renderer_id = "none"

    @staticmethod
    def templates() -> dict[str, str]:
        return {}
