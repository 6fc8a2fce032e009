"""Stand-ins for the other slices, filled from one forged contract, so that assembly is tested on its own."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from api.evidence.model import Contract, Disclosure, Entitlement, SigningMaterial
from api.kernel.errors import not_found, unavailable
from api.kernel.events import EventDraft, EventRef
from chain.checkpoint import SignedNote
from signing import jcs
from tests.factories.disclosed import FigureForge
from tests.factories.evidence import Forge, at


@dataclass(frozen=True)
class Anchored:
    state: str
    log_index: int | None


@dataclass(frozen=True)
class Event:
    stream: str
    seq: int
    type: str
    body: bytes | None
    payload: Mapping[str, Any] | None
    anchor: Anchored


@dataclass(frozen=True)
class Head:
    size: int
    note: bytes
    token: bytes | None
    cosignatures: tuple[Any, ...] = ()
    judicial: Mapping[str, Any] | None = None
    renewals: Sequence[bytes] = ()


@dataclass
class ForgedLog:
    """A log that holds the forged contract. `waiting`: so many of its last own events are not anchored yet."""

    forge: Forge
    waiting: int = 0
    token: bool = True
    covered: int | None = None
    staged: bool = False
    erased: bool = False
    kept: Sequence[Mapping[str, Any]] = ()
    """Receipts and records of the chain."""
    signed: list[bytes] = field(default_factory=list)

    def _event(self, item: dict[str, Any], index: int | None) -> Event:
        event = item["event"]
        return Event(
            event["stream"],
            event["seq"],
            event["type"],
            None if self.erased else jcs.canonical(event),
            None if self.erased else item["payload"],
            Anchored("anchored", index) if index is not None else Anchored("pending", None),
        )

    def events(self, session: Any, stream: str) -> Sequence[Event]:
        if stream != f"econtract/{self.forge.contract_id}":
            return []
        _, places = self.forge.log
        own = self.forge.stream
        ready = len(own) - self.waiting
        shown = [self._event(item, places[n] if n < ready else None) for n, item in enumerate(own)]
        if self.staged:  # the last one has a place that is not final yet
            shown[-1] = replace(shown[-1], anchor=Anchored("staged", places[len(own) - 1] + 1000))
        return shown

    def event(self, session: Any, stream: str, seq: int) -> Event:
        _, places = self.forge.log
        for number, item in enumerate(self.forge.cited):
            if (item["event"]["stream"], item["event"]["seq"]) == (stream, seq):
                return self._event(item, places[len(self.forge.stream) + number])
        raise not_found("anchoring.event_unknown")

    def inclusion(self, session: Any, log_index: int, size: int) -> Sequence[bytes]:
        return self.forge.log[0].prove_inclusion(log_index, size)

    def checkpoint(self, session: Any, covering: int) -> Head | None:
        size = self.forge.log[0].size
        token = self.forge.checkpoint_token if self.token else None
        if self.covered is not None and covering > self.covered:
            return None
        return Head(size, self.forge.checkpoint_note, token) if covering < size else None

    def receipts(self, session: Any, contract_id: str | None, log_index: int) -> Sequence[Mapping[str, Any]]:
        return self.kept

    def sign_note(self, text: bytes) -> bytes:
        self.signed.append(text)
        return SignedNote(text, (self.forge.world.log_key.sign(text),)).encode()


@dataclass
class ForgedContracts:
    forge: Forge
    state: str = "EFFECTIVE"
    told: list[tuple[str, Disclosure]] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)

    @property
    def contract(self) -> Contract:
        return Contract(
            contract_id=self.forge.contract_id,
            id="a" * 26,
            version=1,
            state=self.state,
            org_id=self.forge.world.org_id,
            worker_person_id="p1",
            round_id="r1",
            title="劳动合同书",
        )

    def find(self, ref: str) -> Contract | None:
        return self.contract if ref in (self.forge.contract_id, "a" * 26) else None

    def tell_worker(self, session: Any, who: Any, contract: Contract, ground: Disclosure) -> None:
        self.told.append((who.actor, ground))

    def tell_worker_of_showing(self, session: Any, contract: Contract, number: int) -> None:
        self.shown.append(number)


@dataclass
class ForgedCounters:
    """The registry's counters of a forged chain; `down`: the node does not answer. `light`: a network's proof."""

    figure: FigureForge
    down: bool = False
    light: Mapping[str, Any] | None = None

    def read(self, slots: Sequence[bytes]) -> tuple[int, Sequence[int]]:
        if self.down:
            raise unavailable("evidence.chain_unreachable", reason="gateway.unavailable")
        stored = self.figure.stored
        return 7, [stored.get(slot, 0) for slot in slots]

    def prove(self, slot: bytes) -> tuple[int, Mapping[str, Any], int]:
        _, values = self.read([slot])
        if self.light is not None:
            return self.light["light"]["trail"][-1]["header"]["height"] - 1, self.light, values[0]
        return 7, self.figure.proof(shown=[slot]), values[0]


@dataclass
class ForgedRound:
    forge: Forge
    opened: list[tuple[str, str]] = field(default_factory=list)

    def material(
        self, round_id: str, who: Any, role: Entitlement, purpose: str = "evidence"
    ) -> SigningMaterial:
        forge = self.forge
        self.opened.append((role.value, purpose))

        def plain(value: dict[str, Any]) -> dict[str, Any]:
            return {name: item for name, item in value.items() if name != "v"}

        return SigningMaterial(
            pdf=forge.finished[0],
            base_pdf_size=len(forge.base),
            opening=forge.opening,
            clauses=forge.clauses,
            identity_check=plain(forge.check),
            attestation=plain(forge.attestation),
            worker_consent=plain(forge.worker_consent),
            employer_consent=plain(forge.employer_consent),
            seal_binding=plain(forge.seal_binding),
            intent=plain(forge.intent),
            employer_signed_at=at(600),
        )


@dataclass
class ForgedAuthorities:
    forge: Forge

    def statements(self, org_id: str, wallet: str, moment: datetime) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.forge.authority["statements"]
        return found


@dataclass
class Notebook:
    """A recorder that keeps what it is told."""

    drafts: list[EventDraft] = field(default_factory=list)

    def record(self, session: Any, draft: EventDraft) -> EventRef:
        self.drafts.append(draft)
        return EventRef(draft.stream, len(self.drafts), "ab" * 32, at(0))


def unpack(text: str) -> bytes:
    return base64.b64decode(text)
