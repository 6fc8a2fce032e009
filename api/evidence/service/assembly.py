"""Puts a package together from its parts: entries, proofs against one checkpoint, manifest, seal (evidence-spec)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.evidence import rules
from api.evidence.model import Contract, Package, SigningMaterial
from api.evidence.ports import CheckpointView, EventView, LogView
from api.kernel.errors import conflict, integrity, not_found, unavailable
from chain.light import TYPE as LIGHT
from chain.package import contents, manifest, write_package
from chain.package.proofs import LogProof, write_heads
from chain.trust_root import TrustRoot
from signing import jcs

RECEIPT = "anvil-mpt"
"""Type of the embedded chain's receipts (evidence-spec, step 17)."""


@dataclass(frozen=True)
class Story:
    """The events that a package holds, and the checkpoint that covers them all."""

    own: tuple[EventView, ...]
    cited: tuple[EventView, ...]
    checkpoint: CheckpointView
    last_index: int

    @property
    def events(self) -> tuple[EventView, ...]:
        """Own events, then cited ones: the order of the proofs."""
        return (*self.own, *self.cited)


def tell_story(log: LogView, session: Any, stream: str, *, complete: bool) -> Story:
    """What a checkpoint with a token covers of a stream, from its start, with everything that this cites.

    Events after E11 never hold a package up: those that are not covered yet are left to the next one. Raises not_found
    for an unknown stream, conflict `evidence.not_effective` or `evidence.erased`, unavailable while what is needed
    (with `complete`, everything up to E11) is not anchored, or no checkpoint with a token covers it.
    """
    events = log.events(session, stream)
    if not events:
        raise not_found("evidence.stream_unknown")
    mandatory = sum(1 for item in events if item.seq <= _last_mandatory(events))
    if complete and not mandatory:
        raise conflict("evidence.not_effective")
    least = mandatory if complete else 1
    count = rules.covered(_index(item) for item in events)
    if count < least:
        raise unavailable("evidence.not_anchored_yet", pending=least - count)
    for length in rules.lengths_to_try(count, least):
        story = _story(log, session, events[:length])
        if story is not None:
            return story
    raise unavailable("evidence.no_checkpoint_yet")


def _story(log: LogView, session: Any, own: Sequence[EventView]) -> Story | None:
    """These events with what they cite under one checkpoint; None while no checkpoint with a token covers them."""
    cited: dict[tuple[str, int], EventView] = {}
    for item in own:
        for place in rules.citations(item.payload):
            if place not in cited:
                cited[place] = log.event(session, *place)
    if any(item.body is None for item in (*own, *cited.values())):
        raise conflict("evidence.erased")
    indices = [_index(item) for item in (*own, *cited.values())]
    known = [index for index in indices if index is not None]
    if len(known) < len(indices):
        raise unavailable("evidence.not_anchored_yet", pending=len(indices) - len(known))
    last = max(known)
    checkpoint = log.checkpoint(session, last)
    if checkpoint is None or checkpoint.token is None:
        return None
    return Story(tuple(own), tuple(cited.values()), checkpoint, last)


def _index(item: EventView) -> int | None:
    """The event's place in the log once that is final: a staged batch has a place already, and may lose it."""
    return item.anchor.log_index if item.anchor.state == "anchored" else None


def _last_mandatory(events: Sequence[EventView]) -> int:
    return max((item.seq for item in events if item.type == rules.LAST_MANDATORY), default=0)


def _shown(item: EventView, *, payload: bool) -> dict[str, Any]:
    body: Any = jcs.parse_object(item.body or b"")
    return {"event": body, "payload": dict(item.payload) if payload and item.payload is not None else None}


def log_entries(log: LogView, session: Any, story: Story, stream: str, *, payloads: bool) -> dict[str, bytes]:
    """Events, checkpoint, token and one proof an event."""
    own = [_shown(item, payload=payloads) for item in story.own]
    cited = [_shown(item, payload=payloads) for item in story.cited]
    files = {
        contents.STREAM: jcs.canonical({"v": 1, "stream": stream, "events": own}),
        contents.CITED: jcs.canonical({"v": 1, "events": cited}),
        contents.CHECKPOINT: story.checkpoint.note,
        contents.CHECKPOINT_TOKEN: story.checkpoint.token or b"",
        **_bridge_cosignatures(story.checkpoint),
    }
    for number, token in enumerate(story.checkpoint.renewals, start=1):
        files[contents.renewal_name(number)] = token
    if story.checkpoint.judicial is not None:
        receipt: Any = dict(story.checkpoint.judicial)
        files[contents.JUDICIAL] = jcs.canonical(receipt)
    proofs = []
    for item in story.events:
        index = item.anchor.log_index
        if index is None:
            raise unavailable("evidence.not_anchored_yet", pending=1)
        path = log.inclusion(session, index, story.checkpoint.size)
        proofs.append(LogProof.of(index, path, story.checkpoint.note))
    files[contents.PROOFS] = write_heads(proofs)
    return files


def _bridge_cosignatures(checkpoint: CheckpointView) -> dict[str, bytes]:
    """The witnesses' signatures for the judicial chain, whose other halves stand in the checkpoint's note."""
    pairs: list[Any] = [
        {
            "name": item.witness,
            "time": item.time,
            "signature": base64.b64encode(item.bridge).decode("ascii"),
        }
        for item in checkpoint.cosignatures
        if item.bridge is not None
    ]
    return {contents.BRIDGE: jcs.canonical({"v": 1, "cosignatures": pairs})} if pairs else {}


def chain_record(receipts: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """The chain's own record, where there is one: a light record as it is, or the receipts of the embedded chain.

    Chosen by the type that each names. Raises integrity `evidence.chain_record_unknown` for another one.
    """
    kinds = {str(item.get("type")) for item in receipts}
    if not kinds:
        return {}
    if kinds == {RECEIPT}:
        value: Any = {"v": 1, "type": RECEIPT, "receipts": [dict(item) for item in receipts]}
    elif kinds == {LIGHT} and len(receipts) == 1:
        value = dict(receipts[0])
    else:
        raise integrity("evidence.chain_record_unknown", type=", ".join(sorted(kinds)))
    return {contents.CHAIN_RECORD: jcs.canonical(value)}


def signing_entries(material: SigningMaterial, authority: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """Document, commitment and statements."""
    values: dict[str, Any] = {
        contents.OPENING: dict(material.opening),
        contents.CLAUSES: {"v": 1, "clauses": [dict(item) for item in material.clauses]},
        contents.CHECK: {"v": 1, **material.identity_check},
        contents.ATTESTATION: {"v": 1, **material.attestation},
        contents.WORKER_CONSENT: {"v": 1, **material.worker_consent},
        contents.EMPLOYER_CONSENT: {"v": 1, **material.employer_consent},
        contents.SEAL_BINDING: {"v": 1, **material.seal_binding},
        contents.AUTHORITY: {"v": 1, "statements": [dict(item) for item in authority]},
        contents.INTENT: {"v": 1, **material.intent},
    }
    files = {name: jcs.canonical(value) for name, value in values.items()}
    files[contents.PDF] = material.pdf
    return files


def seal(
    log: LogView,
    root: TrustRoot,
    files: Mapping[str, bytes],
    *,
    kind: str,
    subject: Mapping[str, Any],
    release: str,
    now: datetime,
    filename: str,
    checkpoint_size: int,
) -> Package:
    """Manifest, the log key's signature over it, and the file."""
    made = manifest.build(
        kind=kind,
        installation=root.installation,
        producer={"name": "concord", "release": release},
        subject=subject,
        created=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z",
        files=files,
    )
    signature = log.sign_note(manifest.note_text(made, root.log_origin))
    data = write_package({"manifest.json": made, "manifest.sig": signature, **files})
    return Package(data, filename, hashlib.sha256(data).hexdigest(), checkpoint_size, now)


def contract_subject(contract: Contract, material: SigningMaterial) -> dict[str, Any]:
    """The subject of a contract's package."""
    return {
        "contract_id": contract.contract_id,
        "version": material.opening["version"],
        "base_pdf_size": material.base_pdf_size,
    }
