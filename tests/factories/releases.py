"""Packages that cite the releases of their signing page and template, and the keys that release them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chain.checkpoint import LogKey
from chain.merkle import MemoryTiles, Tree, leaf_hash
from chain.releases import PAGE, PAGE_ID, STREAMS, TEMPLATE, Release
from signing.rendering.renderer import template_files
from tests.factories.evidence import Forge
from tests.factories.signed_parts import Change, part
from tests.factories.world import at, secret

PAGE_FILES = {
    "index.html": hashlib.sha256(b"page").hexdigest(),
    "js/key.js": hashlib.sha256(b"js").hexdigest(),
}
OTHER_FILES = PAGE_FILES | {"index.html": hashlib.sha256(b"another page").hexdigest()}


def release_key(label: str = "release") -> LogKey:
    """A release key; with another label a stranger's."""
    return LogKey.from_seed(f"{label}.test/key", secret(label))


def root_key(label: str = "root-1") -> LogKey:
    """A root key."""
    return LogKey.from_seed(f"{label}.test/key", secret(label))


@dataclass
class ReleasedForge(Forge):
    """A contract whose page and template were released by events before their use; the root names only the key."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.root = self.world.trust_root(page_release_keys=[release_key().vkey], templates={})
        own: dict[str, Change] = {
            "cited_story": _with_releases,
            "story": _with_citations,
            "log": _releases_first,
        }
        self.changes = {name: _both(own.get(name), self.changes.get(name)) for name in own | self.changes}

    @part
    def page_release(self) -> Release:
        return Release.of(PAGE, PAGE_ID, 1, PAGE_FILES)

    @part
    def template_release(self) -> Release:
        files = template_files("agreement/1")
        return Release.of(TEMPLATE, "agreement/1", 1, files)

    @part
    def page_note(self) -> bytes:
        return self.page_release.sign(release_key(), self.world.log_origin)

    @part
    def template_note(self) -> bytes:
        return self.template_release.sign(release_key(), self.world.log_origin)

    @part
    def page_payload(self) -> dict[str, Any]:
        return self.page_release.payload(self.page_note)

    @part
    def template_payload(self) -> dict[str, Any]:
        return self.template_release.payload(self.template_note)

    @cached_property
    def used_page(self) -> str:
        """What the worker's page said that it was."""
        return Release.of(PAGE, PAGE_ID, 1, PAGE_FILES).digest

    @part
    def released_at(self) -> dt.datetime:
        return at(-7200)

    def event(
        self, stream: str, seq: int, name: str, when: dt.datetime, prev: str, payload: dict[str, Any]
    ) -> dict[str, Any]:
        made = super().event(stream, seq, name, when, prev, payload)
        if stream.startswith("release/"):
            kind = f"release.{name}/1"
            made["event"] |= {"type": kind, "payload_schema": f"concord:{kind}"}
        return made


def _both(first: Change | None, second: Change | None) -> Change:
    found: list[Callable[[Any, Any], Any]] = [change for change in (first, second) if change is not None]

    def change(value: Any, forge: Any) -> Any:
        for item in found:
            value = item(value, forge)
        return value

    return change


def _with_releases(story: list[Any], forge: ReleasedForge) -> list[Any]:
    return [
        *story,
        (STREAMS[PAGE], 1, "page", forge.released_at, forge.page_payload),
        (STREAMS[TEMPLATE], 1, "template", forge.released_at, forge.template_payload),
    ]


def _with_citations(story: list[Any], forge: ReleasedForge) -> list[Any]:
    added = {"E06": {"cites": forge.cite("template")}, "E08": {"cites": forge.cite("page")}}

    def cite(name: str, payload: dict[str, Any]) -> dict[str, Any]:
        if name not in added:
            return payload
        named = payload | ({"page_release": forge.used_page} if name == "E08" else {})
        return named | {"cites": [*payload["cites"], *added[name]["cites"]]}

    return [(name, when, cite(name, payload)) for name, when, payload in story]


def _releases_first(value: tuple[Tree, list[int]], forge: ReleasedForge) -> tuple[Tree, list[int]]:
    """The log as it grew: what is cited came before what cites it."""
    entries, own = forge.entries, len(forge.stream)
    order = [*range(own, len(entries)), *range(own)]
    return grown(entries, order)


def grown(entries: list[bytes], order: list[int]) -> tuple[Tree, list[int]]:
    """A log in which the entries came in this order, with the place of each."""
    store, leaves, places = MemoryTiles(), [], {}
    for number in order:
        leaves.append(leaf_hash(hashlib.sha256(b"stranger%d" % number).digest()))
        places[number] = len(leaves)
        leaves.append(leaf_hash(entries[number]))
    growth = Tree(store, 0).append(leaves)
    store.write(growth.tiles)
    return Tree(store, len(leaves)), [places[number] for number in range(len(entries))]
