"""Wires the econtract slice: employers, signing rounds, identity, messages, parameters, anchoring, the renderer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from api.bootstrap.container import Container
from api.bootstrap.releases import template_event
from api.bootstrap.rendering import renderer
from api.econtract.figures import TRACKS, LocalFigures
from api.econtract.ports import (
    AnchorState,
    CheckStarted,
    IdentityForm,
    Message,
    Opener,
    Organisation,
    RoundOpened,
    RoundRequest,
    WalletChoice,
    WorkerAdmission,
    WorkerIdentified,
    WorkerSession,
)
from api.econtract.service.context import Context
from api.econtract.service.facade import Econtract
from api.econtract.views import PRIVACY_VERSION
from api.kernel.calendars import Workdays
from api.kernel.errors import DomainError, ErrorKind, invalid
from api.kernel.events import EventDraft, EventRef, Json, WorkerDisputed
from signing.rendering.errors import RenderingError

CALENDAR_DAYS = 120
_OVERRIDES = (*(f"retirement.{name}" for name in TRACKS), "hours.day", "hours.week")


@contextmanager
def rendering_refusals() -> Iterator[None]:
    """What can't be rendered as a domain error that names the character, limit or place."""
    try:
        yield
    except RenderingError as error:
        facts = {key: value for key, value in error.facts.items() if key != "path"}
        raise invalid(
            f"econtract.render_{error.code.lower()}", pointer=str(error.facts.get("path", "")), **facts
        ) from error


class _Part:
    """Adapters look the other slice up when they are used: the order of building doesn't matter."""

    def __init__(self, container: Container) -> None:
        self._container = container


class RegisteredEmployers(_Part):
    """`Employers` on the employers slice."""

    def organisation(self, org_id: str) -> Organisation:
        found = self._container.employers.organisation(org_id)
        return Organisation(
            org_id=found.org_id,
            name=found.name,
            uscc=found.uscc,
            address=found.domicile,
            representative=found.legal_representative,
            region=str(found.region_code),
            demo=found.demo,
        )

    def require(self, org_id: str, account_id: str, scope: int) -> None:
        self._container.employers.authority(org_id, account_id, scope)

    def registration_event(self, session: Any, org_id: str) -> EventRef:
        found: EventRef = self._container.employers.registration_event(org_id, session=session)
        return found

    def signing_accounts(self, org_id: str) -> Sequence[str]:
        found: Sequence[str] = self._container.employers.signing_accounts(org_id)
        return found

    def wallets(self, account_id: str) -> Sequence[WalletChoice]:
        return [
            WalletChoice(wallet.address, str(wallet.kind))
            for wallet in self._container.employers.wallets_of(account_id)
            if wallet.state == "active"
        ]


class Rounds(_Part):
    """`SigningRounds` on the signing_round slice."""

    def prepare(self, request: RoundRequest) -> object:
        from api.signing_round.model import RoundRequest as Request

        fields = {name: getattr(request, name) for name in request.__dataclass_fields__}
        with rendering_refusals():
            return self._container.signing_round.prepare(Request(**fields))

    def open_round(self, session: Any, prepared: object) -> RoundOpened:
        return RoundOpened(**asdict(self._container.signing_round.open_round(session, prepared)))

    def admit_worker(self, session: Any, round_id: str, admission: WorkerAdmission) -> None:
        from api.signing_round.model import WorkerAdmission as Admission

        self._container.signing_round.admit_worker(session, round_id, Admission(**asdict(admission)))

    def close_round(self, session: Any, round_id: str, reason: str) -> None:
        self._container.signing_round.close_round(session, round_id, reason)

    def base_pdf(self, round_id: str, opener: Opener) -> bytes:
        return bytes(self._container.signing_round.base_pdf(round_id, _opener(opener)))

    def current_pdf(self, round_id: str, opener: Opener) -> bytes:
        return bytes(self._container.signing_round.current_pdf(round_id, _opener(opener)))

    def page_image(self, round_id: str, number: int, opener: Opener, *, final: bool) -> bytes:
        return bytes(self._container.signing_round.page_image(round_id, number, _opener(opener), final=final))


def _opener(opener: Opener) -> Any:
    from api.signing_round.model import Opener as RoundOpener

    return RoundOpener(**asdict(opener))


class DraftPreview(_Part):
    """`Preview` on the process's renderer."""

    def render(self, template_id: str, data: Mapping[str, Json]) -> bytes:
        with rendering_refusals():
            return renderer(self._container).render(template_id, data).pdf


class WorkerIdentities(_Part):
    """`Identities` on the identity slice."""

    def acknowledge_privacy(self, contract_id: str, version: str, *, visitor: str) -> str:
        found: str = self._workers.acknowledge_privacy(contract_id, version, visitor=visitor)
        return found

    def start_check(self, form: IdentityForm) -> CheckStarted:
        from api.identity.model import StartIdentity

        return CheckStarted(**asdict(self._workers.start_check(StartIdentity(**asdict(form)))))

    def resend(self, check_id: str, *, contract_id: str) -> CheckStarted:
        return CheckStarted(**asdict(self._workers.resend(check_id, contract_id=contract_id)))

    def confirm_check(self, check_id: str, otp: str, *, contract_id: str) -> WorkerIdentified:
        found = self._workers.confirm_check(check_id, otp, contract_id=contract_id)
        return WorkerIdentified(
            person_id=found.person_id,
            event=found.event,
            session_token=found.session_token,
            csrf_token=found.csrf_token,
            session_id=found.session_id,
            expires_at=found.expires_at,
        )

    def signing_session(self, session_id: str) -> WorkerSession | None:
        try:
            found = self._workers.signing_session(session_id)
        except DomainError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return None
            raise
        return WorkerSession(
            found.session_id, found.person_id, found.invitation_id, found.state, found.expires_at
        )

    def session_state(self, invitation_id: str, session_id: str | None) -> str:
        found: str = self._workers.session_state(invitation_id, session_id)
        return found

    def phone(self, session: Any, person_id: str) -> str | None:
        from api.identity.tables import PersonRow

        row = session.get(PersonRow, person_id)
        return None if row is None else row.phone

    def record_access(self, session: Any, person_id: str, authority: str, contract_id: str) -> None:
        self._container.identity.persons.record_access(
            session, person_id, authority, "econtract.text_read", contract_id
        )

    def report_not_me(
        self, session: Any, *, contract_id: str, person_id: str | None, note: str, via: str
    ) -> None:
        self._workers.report_not_me(session, contract_id=contract_id, person_id=person_id, note=note, via=via)

    @property
    def _workers(self) -> Any:
        return self._container.identity.workers


class Messages(_Part):
    """`Notifications` on the notification slice: a person by id where he is known, else by his number."""

    def queue(self, session: Any, message: Message) -> str:
        if message.account_id is not None:
            kind, recipient = "account", message.account_id
        elif message.person_id is not None:
            kind, recipient = "person", message.person_id
        else:
            kind, recipient = "address", None
        found: str = self._container.notification.send(
            session,
            template=message.template,
            recipient_kind=kind,
            recipient_id=recipient,
            phone=message.phone,
            facts=dict(message.values),
            secrets=dict(message.secrets),
            subject_type="econtract",
            subject_id=message.about,
        )
        return found


class Parameters(_Part):
    """`LocalParameters` on the parameters slice."""

    def figures(self, region: str, seat_region: str, day: date) -> LocalFigures:
        parameters = self._container.parameters
        place = parameters.minimum_wage(region or seat_region, day)
        seat = place if region in ("", seat_region) else parameters.minimum_wage(seat_region, day)
        held = parameters.held(_OVERRIDES, region or seat_region, day)
        overrides = {key: row.value for key, row in held.items()}
        return LocalFigures(place.monthly, place.hourly, seat.monthly, place.source, overrides)

    def workdays(self) -> Workdays:
        today = self._container.clock.now().date()
        found: Workdays = self._container.parameters.workdays(
            today - timedelta(days=7), today + timedelta(days=CALENDAR_DAYS)
        )
        return found

    def days(self, name: str, day: date) -> int:
        found: int = self._container.parameters.days(f"econtract.{name}", day)
        return found


class LogAnchors(_Part):
    """`Anchors` on the anchoring slice."""

    def stream(self, stream: str) -> AnchorState:
        with self._container.uow.read() as session:
            shown = [
                {
                    "seq": seq,
                    "type": kind,
                    "entry": entry,
                    "state": anchor.state,
                    "log_index": anchor.log_index,
                    "block_number": anchor.block_number,
                }
                for seq, kind, entry, anchor in self._container.anchoring.proofs.anchors(session, stream)
            ]
        anchored = sum(item["state"] == "anchored" for item in shown)
        state = "anchored" if shown and anchored == len(shown) else "pending"
        return AnchorState(state, anchored, len(shown), tuple(shown))


class Recorder(_Part):
    """The evidence recorder, looked up when the first event comes."""

    def record(self, session: Any, draft: EventDraft) -> EventRef:
        return self._container.recorder.record(session, draft)


def build(c: Container) -> Econtract:
    """`container.econtract`."""
    from api.identity.rules import PRIVACY_VERSION as shown_notice

    if shown_notice != PRIVACY_VERSION:
        raise RuntimeError("the signing screens show another privacy notice than the identity slice expects")
    return Econtract.over(
        Context(
            uow=c.uow,
            clock=c.clock,
            recorder=Recorder(c),
            employers=RegisteredEmployers(c),
            rounds=Rounds(c),
            identities=WorkerIdentities(c),
            notifications=Messages(c),
            parameters=Parameters(c),
            anchors=LogAnchors(c),
            preview=DraftPreview(c),
            lookup_hash=lambda kind, value: c.field_key.lookup(kind, value),
            public_origin=c.settings.public_origin,
            test=c.settings.test_installation,
            template_release=lambda sha256: template_event(c, sha256),
        )
    )


def subscribe(c: Container) -> None:
    """Signatures, receipts and disputes move contracts, in the transaction in which they happen."""
    from api.notification.model import DeliveryReceived
    from api.signing_round.model import RoundCompleted, RoundSigned

    def signed(session: Any, event: RoundSigned) -> None:
        progress = c.econtract.progress
        step = progress.worker_signed if event.role == "worker" else progress.employer_signed
        step(session, event.round_id, event.at)

    def completed(session: Any, event: RoundCompleted) -> None:
        c.econtract.progress.completed(session, event.round_id, event.at, event.final_sha256)

    def delivered(session: Any, event: DeliveryReceived) -> None:
        c.econtract.progress.delivered(session, event.message_id, event.channel, event.at)

    def disputed(session: Any, event: WorkerDisputed) -> None:
        c.econtract.progress.disputed(session, event.contract_id, event.person_id)

    c.bus.subscribe(RoundSigned, signed)
    c.bus.subscribe(RoundCompleted, completed)
    c.bus.subscribe(DeliveryReceived, delivered)
    c.bus.subscribe(WorkerDisputed, disputed)
