"""Releases of signing page and templates: recorded as events, served once the log holds them (evidence spec, 3.3).

What is current is never stored: it is the newest release of its kind whose event is anchored and whose files are complete.
So a process that is killed anywhere between copying the files and the anchoring leaves the previous release in force.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from api.evidence.ports import EventView, LogView
from api.evidence.service.release_files import ReleaseFiles
from api.infra.db import UnitOfWork
from api.kernel.errors import conflict, invalid
from api.kernel.events import EventDraft, EventRecorder, EventRef
from chain.checkpoint import LogKey
from chain.package.proofs import LogProof
from chain.releases import (
    PAGE,
    PAGE_ID,
    STREAMS,
    TEMPLATE,
    TYPES,
    Release,
    ReleaseRefused,
    check_note,
    read_event,
)
from signing import jcs

log = structlog.get_logger(__name__)

SETTLED, UNSETTLED = 5.0, 0.5
"""Seconds for which an answer is kept: when everything is anchored, and while something waits."""


@dataclass(frozen=True)
class Released:
    """A release and its event."""

    release: Release
    key: str
    event: EventRef
    body: Mapping[str, Any]
    payload: Mapping[str, Any]
    log_index: int | None

    @property
    def anchored(self) -> bool:
        """Whether the log holds the event."""
        return self.log_index is not None


@dataclass(frozen=True)
class Proposal:
    """What would be released next; `statement` is what a release key must sign. `settled`: it is the newest already."""

    release: Release
    statement: bytes
    settled: bool


@dataclass(frozen=True)
class ReleaseStatus:
    """For the operator: what is served, since when, and what waits for the log."""

    kind: str
    id: str
    current: Released | None
    pending: Released | None
    source_differs: bool


class Releases:
    """The releases of one installation. Without release keys nothing is released, and `enabled` says so."""

    def __init__(
        self,
        uow: UnitOfWork,
        recorder: Callable[[], EventRecorder],
        log_view: LogView,
        files: ReleaseFiles,
        log_origin: str,
        keys: Callable[[], Sequence[str]],
        sources: Callable[[str, str], Mapping[str, Path]],
        digests: Callable[[str, str], Mapping[str, str]],
        ids: Mapping[str, Sequence[str]],
        *,
        enabled: bool,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._uow, self._recorder, self._log, self._files = uow, recorder, log_view, files
        self._log_origin, self._keys = log_origin, keys
        self._sources, self._digests, self._ids = sources, digests, ids
        self.enabled = enabled
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, list[Released]]] = {}
        self._intact: set[str] = set()

    # ------------------------------------------------------------ what is served

    def current(self, kind: str, release_id: str) -> Released | None:
        """The release in force: the newest anchored one whose files are complete. None before the first."""
        for item in reversed(self._all(kind)):
            if item.release.id == release_id and item.anchored and self._complete(item.release):
                return item
        return None

    def anchored(self, kind: str, digest: str) -> Released | None:
        """An anchored release by its digest, superseded or not."""
        for item in reversed(self._all(kind)):
            if item.release.digest == digest and item.anchored:
                return item
        return None

    def folder(self, release: Release) -> Path | None:
        """Where an anchored release's complete files lie."""
        return self._files.place(release) if self._complete(release) else None

    def status(self) -> list[ReleaseStatus]:
        """Every release that this installation should have."""
        found = []
        for kind, ids in self._ids.items():
            for release_id in ids:
                own = [item for item in self._all(kind) if item.release.id == release_id]
                waiting = next((item for item in reversed(own) if not item.anchored), None)
                digest = Release.of(kind, release_id, 1, self._digests(kind, release_id)).digest
                newest = own[-1].release.digest if own else None
                found.append(
                    ReleaseStatus(kind, release_id, self.current(kind, release_id), waiting, digest != newest)
                )
        return found

    def shown(self, kind: str, release_id: str) -> dict[str, Any] | None:
        """The release in force with its proof, for whoever checks from outside. None before the first."""
        item = self.current(kind, release_id)
        if item is None or item.log_index is None:
            return None
        with self._uow.read() as session:
            checkpoint = self._log.checkpoint(session, item.log_index)
            proof = None
            if checkpoint is not None:
                path = self._log.inclusion(session, item.log_index, checkpoint.size)
                proof = LogProof.of(item.log_index, path, checkpoint.note).encode().decode("utf-8")
        return {
            "v": 1,
            "kind": kind,
            "id": release_id,
            "digest": item.release.digest,
            "event": dict(item.body),
            "payload": dict(item.payload),
            "proof": proof,
        }

    # ------------------------------------------------------------ releasing

    def propose(self, kind: str, release_id: str) -> Proposal:
        """The next release of what the source tree holds now."""
        known = self._read(kind)
        release = Release.of(kind, release_id, self._next_number(kind), self._digests(kind, release_id))
        own = [item for item in known if item.release.id == release_id]
        settled = bool(own) and own[-1].release.digest == release.digest
        return Proposal(release, release.statement(self._log_origin), settled)

    def sign_and_record(self, proposal: Proposal, key: LogKey) -> EventRef:
        """Release with a key that is at hand."""
        return self.record(proposal, proposal.release.sign(key, self._log_origin))

    def record(self, proposal: Proposal, note: bytes) -> EventRef:
        """Keep the files, then record the event; it is served once the log holds it.

        Raises invalid `evidence.release_refused` for a note that no release key of the trust root has signed, conflict
        `evidence.release_overtaken` when another release came in between.
        """
        release = proposal.release
        try:
            key = check_note(release, note, self._log_origin, self._keys())
        except ReleaseRefused as refused:
            raise invalid(
                "evidence.release_refused", reason=f"{refused.sub_indication}: {refused.reason}"
            ) from refused
        self._files.keep(release, self._sources(release.kind, release.id))
        with self._uow() as session:
            draft = EventDraft(
                release.stream, TYPES[release.kind], "release-key", "operator", release.payload(note)
            )
            event = self._recorder().record(session, draft)
            if event.seq != release.number:
                raise conflict("evidence.release_overtaken", number=release.number)
        with self._lock:
            self._known.pop(release.kind, None)
        log.info("evidence.release.recorded", kind=release.kind, digest=release.digest, key=key)
        return event

    # ------------------------------------------------------------ inside

    def _all(self, kind: str) -> list[Released]:
        with self._lock:
            kept = self._known.get(kind)
        if kept is not None:
            pause = SETTLED if kept[1] and all(item.anchored for item in kept[1]) else UNSETTLED
            if self._monotonic() - kept[0] < pause:
                return kept[1]
        found = self._read(kind)
        with self._lock:
            self._known[kind] = (self._monotonic(), found)
        return found

    def _read(self, kind: str) -> list[Released]:
        keys = self._keys()
        with self._uow.read() as session:
            events = self._log.events(session, STREAMS[kind])
        made = (self._judged(kind, item, keys) for item in events)
        return [item for item in made if item is not None]

    def _next_number(self, kind: str) -> int:
        with self._uow.read() as session:
            return len(self._log.events(session, STREAMS[kind])) + 1

    def _judged(self, kind: str, item: EventView, keys: Sequence[str]) -> Released | None:
        """A release whose event holds under the trust root; one that does not is never served."""
        if item.body is None or item.payload is None:
            return None
        body: Any = jcs.parse_object(item.body)
        try:
            release, key = read_event(body, item.payload, kind, self._log_origin, keys)
        except ReleaseRefused as refused:
            log.error(
                "evidence.release.refused", stream=item.stream, seq=item.seq, reason=refused.sub_indication
            )
            return None
        index = item.anchor.log_index if item.anchor.state == "anchored" else None
        digest = jcs.digest(body).hex()
        event = EventRef(item.stream, item.seq, digest, datetime.fromisoformat(body["utc"]))
        return Released(release, key, event, body, item.payload, index)

    def _complete(self, release: Release) -> bool:
        if release.digest not in self._intact:
            if not self._files.intact(release):
                log.error("evidence.release.files_damaged", kind=release.kind, digest=release.digest)
                return False
            self._intact.add(release.digest)
        return True


__all__ = ["PAGE", "PAGE_ID", "TEMPLATE", "Proposal", "ReleaseStatus", "Released", "Releases"]
