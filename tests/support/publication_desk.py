"""Publications of an installation whose page is released, whose next page waits, and whose next trust root wants signatures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from api.evidence.service.publications import Publications
from api.evidence.service.releases import TEMPLATE
from api.evidence.service.trust_files import TrustFiles
from api.infra.db import Database
from chain.gateway_memory import MemoryGateway
from chain.memory_contracts import installation
from chain.trust_root import TrustRoot
from chain.trust_root_succession import SignedRoot, add_signature
from tests.factories.releases import root_key
from tests.support.anchoring_store import Slice
from tests.support.relay_world import CHAIN_ID, CONTRACTS
from tests.support.release_desk import ReleaseDesk

SEED = root_key()


@dataclass
class PublicationDesk:
    """What the routes ask for: `publications` and `trust_root`."""

    database: Database
    folder: Path
    versions: list[TrustRoot] = field(default_factory=list)

    def __post_init__(self) -> None:
        gateway = MemoryGateway(lambda: installation(CONTRACTS), chain_id=CHAIN_ID)
        self.desk = ReleaseDesk(Slice(self.database, gateway), self.folder)
        self.store = TrustFiles(self.folder / "data" / "trust-root.json")
        keys = {"root_keys": [SEED.vkey], "root_threshold": 1}
        first = self.desk.root(**keys)
        self._publish(first)
        value = dict(first.value) | {"version": 2, "predecessor": first.fingerprint, "web_origins": []}
        self._publish(TrustRoot.of(value))
        waiting = self.store.bring_up(
            lambda previous: TrustRoot.of(
                dict(previous.value) | {"version": 3, "predecessor": previous.fingerprint, "renderers": []}
                if previous is not None
                else value
            ),
            (),
        )
        assert waiting.state == "candidate"
        self.publications = Publications(lambda: self.store, lambda: self.desk.releases)

    def _publish(self, root: TrustRoot) -> None:
        self.store.publish(SignedRoot(root, add_signature(root, None, SEED)))
        self.versions.append(root)

    def release(self) -> None:
        """A page and a template in force, and another page that waits for the log."""
        self.desk.release()
        self.desk.release(TEMPLATE)
        self.desk.anchor()
        self.desk.write("index.html", b"<!doctype html>next")
        self.desk.release()

    def trust_root(self) -> TrustRoot:
        """The version in force."""
        return self.versions[-1]

    def trust_root_bytes(self) -> bytes:
        """Its file."""
        return self.trust_root().canonical()
