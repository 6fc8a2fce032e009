"""The labour contract slice over a real database; stand-ins for the other slices remember what they were asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from api.econtract.figures import LocalFigures
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
from api.infra.auth import Principal
from api.infra.db import Base, Database, UnitOfWork
from api.infra.sealing import FieldKey
from api.kernel.calendars import Workdays
from api.kernel.clock import FixedClock
from api.kernel.errors import conflict, forbidden, not_found
from api.kernel.events import EventDraft, EventRef
from api.kernel.ids import new_id

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # a Friday morning in China
ORG, OTHER_ORG = "a" * 64, "b" * 64
AGENT = Principal(
    kind="employer",
    account_id="agent1",
    roles=frozenset({"agent"}),
    org_id=ORG,
    session_id="s0",
    csrf_token="x",
)
STRANGER = Principal(kind="employer", account_id="agent2", roles=frozenset({"agent"}), org_id=OTHER_ORG)
VALUES: dict[str, Any] = {
    "worker_name": "李测试",
    "worker_id_kind": "resident_id",
    "worker_id_number": "500107199001010016",
    "worker_address": "重庆市九龙坡区样例街2号",
    "worker_phone": "14000000001",
    "start_date": "2026-12-01",
    "end_date": "2029-11-30",
    "probation_end": "2027-01-31",
    "post": "数控操作工",
    "work_content": "操作数控机床",
    "place": "重庆市九龙坡区",
    "place_region": "500107",
    "hours_system": "standard",
    "hours_per_day": "8",
    "hours_per_week": "40",
    "rest_days_per_week": "2",
    "pay_kind": "monthly",
    "monthly_pay": "8000",
    "pay_day": "10",
    "probation_pay": "7000",
    "social_insurance": "依法参加社会保险",
    "protection": "提供劳动条件和防护用品",
    "hazards": "无",
}


@dataclass
class Recorder:
    """Keeps events in order; like the real one it is part of the transaction only by its caller's care."""

    events: list[tuple[EventDraft, EventRef]] = field(default_factory=list)

    def record(self, session: Any, draft: EventDraft) -> EventRef:
        seq = 1 + sum(kept.stream == draft.stream for kept, _ in self.events)
        digest = hashlib.sha256(f"{draft.stream}{seq}".encode()).hexdigest()
        json.dumps(draft.payload)
        reference = EventRef(draft.stream, seq, digest, NOW)
        self.events.append((draft, reference))
        return reference

    def types(self, stream_prefix: str = "econtract/") -> list[str]:
        return [kept.type for kept, _ in self.events if kept.stream.startswith(stream_prefix)]

    def last(self, kind: str) -> EventDraft:
        return next(kept for kept, _ in reversed(self.events) if kept.type == kind)


@dataclass
class EmployersStandIn:
    refused: set[int] = field(default_factory=set)
    verified: bool = True

    def organisation(self, org_id: str) -> Organisation:
        if org_id not in (ORG, OTHER_ORG):
            raise not_found()
        return Organisation(
            org_id, f"示例单位{org_id[0]}", "91500107MA5TEXT11A", "示例路1号", "王测试", "500107"
        )

    def require(self, org_id: str, account_id: str, scope: int) -> None:
        if not self.verified:
            raise forbidden("employers.not_verified")
        if scope in self.refused:
            raise forbidden("employers.not_authorised")

    def registration_event(self, session: Any, org_id: str) -> EventRef:
        return EventRef(f"employer/{org_id}", 1, "e" * 64, NOW)

    def signing_accounts(self, org_id: str) -> list[str]:
        return ["signer1"]

    def wallets(self, account_id: str) -> list[WalletChoice]:
        return [WalletChoice("0x" + "1" * 40, "keystore")]


@dataclass
class RoundsStandIn:
    opened: dict[str, RoundRequest] = field(default_factory=dict)
    admitted: dict[str, list[WorkerAdmission]] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    before_open: Callable[[], None] | None = None

    def prepare(self, request: RoundRequest) -> object:
        if self.before_open is not None:
            self.before_open()
        return request

    def open_round(self, session: Any, prepared: object) -> RoundOpened:
        assert isinstance(prepared, RoundRequest)
        round_id = new_id()
        self.opened[round_id] = prepared
        commitment = hashlib.sha256(json.dumps(prepared.data, sort_keys=True).encode()).hexdigest()
        return RoundOpened(round_id, commitment, "c" * 64, "d" * 64, "f" * 64, "typst-x/y")

    def admit_worker(self, session: Any, round_id: str, admission: WorkerAdmission) -> None:
        self.admitted.setdefault(round_id, []).append(admission)

    def close_round(self, session: Any, round_id: str, reason: str) -> None:
        if round_id in self.finished:
            raise conflict("signing.already_signed")
        self.closed[round_id] = reason

    def base_pdf(self, round_id: str, opener: Opener) -> bytes:
        return b"%PDF base " + opener.role.encode()

    def current_pdf(self, round_id: str, opener: Opener) -> bytes:
        return b"%PDF current " + opener.role.encode()

    def page_image(self, round_id: str, number: int, opener: Opener, *, final: bool) -> bytes:
        if number > 3:
            raise not_found()
        return b"\x89PNG"


@dataclass
class IdentitiesStandIn:
    clock: FixedClock
    recorder: Recorder
    sessions: dict[str, WorkerSession] = field(default_factory=dict)
    forms: dict[str, IdentityForm] = field(default_factory=dict)
    on_not_me: Callable[[Any, str, str | None], None] | None = None
    accesses: list[tuple[str, str, str]] = field(default_factory=list)

    def acknowledge_privacy(self, contract_id: str, version: str, *, visitor: str) -> str:
        return f"ack-{contract_id[:6]}"

    def start_check(self, form: IdentityForm) -> CheckStarted:
        check = new_id()
        self.forms[check] = form
        return CheckStarted(check, "140****0001", 60, self.clock.now() + timedelta(minutes=5), 5)

    def resend(self, check_id: str, *, contract_id: str) -> CheckStarted:
        return CheckStarted(check_id, "140****0001", 60, self.clock.now() + timedelta(minutes=5), 5)

    def confirm_check(self, check_id: str, otp: str, *, contract_id: str) -> WorkerIdentified:
        form = self.forms[check_id]
        fits = (form.name, form.id_number) == (form.expected_name, form.expected_id_number)
        if otp != "123456" or not fits or form.contract_id != contract_id:
            raise forbidden("identity.not_confirmed")
        person = hashlib.sha256(form.id_number.encode()).hexdigest()[:26]
        for key, held in self.sessions.items():
            if held.invitation_id == form.invitation_id and held.state == "live":
                self.sessions[key] = WorkerSession(
                    key, person, form.invitation_id, "superseded", held.expires_at
                )
        session_id, expires = new_id(), self.clock.now() + timedelta(hours=1)
        self.sessions[session_id] = WorkerSession(session_id, person, form.invitation_id, "live", expires)
        event = self.recorder.record(
            None, EventDraft(f"person/{person}", "econtract.E02/1", person, "worker", {})
        )
        return WorkerIdentified(person, event, f"token-{session_id}", "csrf", session_id, expires)

    def signing_session(self, session_id: str) -> WorkerSession | None:
        found = self.sessions.get(session_id)
        if found is not None and found.state == "live" and self.clock.now() >= found.expires_at:
            return WorkerSession(
                session_id, found.person_id, found.invitation_id, "expired", found.expires_at
            )
        return found

    def session_state(self, invitation_id: str, session_id: str | None) -> str:
        found = self.signing_session(session_id) if session_id else None
        if found is not None and found.invitation_id == invitation_id:
            return "mine" if found.state == "live" else "expired"
        living = any(s.invitation_id == invitation_id and s.state == "live" for s in self.sessions.values())
        return "elsewhere" if living else "none"

    def phone(self, session: Any, person_id: str) -> str | None:
        return "14000000077"

    def record_access(self, session: Any, person_id: str, authority: str, contract_id: str) -> None:
        self.accesses.append((person_id, authority, contract_id))

    def report_not_me(
        self, session: Any, *, contract_id: str, person_id: str | None, note: str, via: str
    ) -> None:
        assert self.on_not_me is not None
        self.on_not_me(session, contract_id, person_id)


@dataclass
class MessagesStandIn:
    sent: list[Message] = field(default_factory=list)

    def queue(self, session: Any, message: Message) -> str:
        self.sent.append(message)
        return f"message-{len(self.sent)}"

    def templates(self) -> list[str]:
        return [message.template.removeprefix("econtract.") for message in self.sent]

    def secret(self, name: str) -> str:
        return next(m.secrets[name] for m in reversed(self.sent) if m.template == "econtract.invitation")


class ParametersStandIn:
    def figures(self, region: str, seat_region: str, day: date) -> LocalFigures:
        return LocalFigures(Decimal(2330), Decimal(23), Decimal(2330), "test")

    def workdays(self) -> Workdays:
        return Workdays(holidays=frozenset({date(2026, 11, 23)}))

    def days(self, name: str, day: date) -> int:
        return {"worker_deadline_days": 7, "employer_alarm_workdays": 3, "employer_deadline_workdays": 10}[
            name
        ]


class AnchorsStandIn:
    def stream(self, stream: str) -> AnchorState:
        return AnchorState("pending", 0, 2, ())


class PreviewStandIn:
    def render(self, template_id: str, data: Mapping[str, Any]) -> bytes:
        return b"%PDF " + str(data["subtitle"]).encode()


@dataclass
class Stage:
    """The slice, its clock and its stand-ins."""

    econtract: Econtract
    clock: FixedClock
    recorder: Recorder
    employers: EmployersStandIn
    rounds: RoundsStandIn
    identities: IdentitiesStandIn
    messages: MessagesStandIn
    uow: UnitOfWork

    def draft(self, who: Principal = AGENT, **changes: Any) -> str:
        made = self.econtract.drafts.create(who, "concord-labour-fixed")
        self.econtract.drafts.save(who, made.id, VALUES | changes, [])
        return made.id

    def send(self, who: Principal = AGENT, **changes: Any) -> str:
        pk = self.draft(who, **changes)
        self.econtract.sending.send(who, pk)
        return pk

    @property
    def code(self) -> str:
        return self.messages.secret("link").rsplit("/", 1)[1]

    def identify(self, code: str | None = None) -> Principal:
        worker = self.econtract.worker
        code = code or self.code
        check = worker.start_identity(code, "ack", "李测试", "500107199001010016", None)
        identified, _ = worker.confirm_identity(code, check.check_id, "123456")
        return Principal(
            kind="worker",
            roles=frozenset({"worker"}),
            person_id=identified.person_id,
            session_id=identified.session_id,
        )

    def consent(self, code: str | None = None) -> Principal:
        code = code or self.code
        who = self.identify(code)
        self.econtract.worker.document(code, who)
        self.econtract.worker.record_reading(code, who, 30, [1, 2], True)
        self.econtract.worker.consent(
            code, who, notice=True, electronic=True, notice_version="econtract-notice/1"
        )
        return who

    def round_of(self, pk: str) -> str:
        return self.econtract.portal.facts_of(pk).round_id

    def worker_signs(self, pk: str) -> None:
        with self.uow() as session:
            self.econtract.progress.worker_signed(session, self.round_of(pk), self.clock.now())

    def employer_signs(self, pk: str) -> None:
        round_id = self.round_of(pk)
        with self.uow() as session:
            self.econtract.progress.employer_signed(session, round_id, self.clock.now())
        self.rounds.finished.add(round_id)

    def complete(self, pk: str) -> None:
        with self.uow() as session:
            self.econtract.progress.completed(session, self.round_of(pk), self.clock.now(), "9" * 64)

    def state(self, pk: str) -> str:
        return self.econtract.portal.employer_detail(AGENT, pk)[0].state


def build_stage(database: Database, field_key: FieldKey, origin: str = "http://localhost:8080") -> Stage:
    """The slice on `database`, at a fixed time."""
    Base.metadata.create_all(database.engine)
    clock, recorder = FixedClock(NOW), Recorder()
    employers, rounds, messages = EmployersStandIn(), RoundsStandIn(), MessagesStandIn()
    identities = IdentitiesStandIn(clock, recorder)
    uow = UnitOfWork(database)
    econtract = Econtract.over(
        Context(
            uow=uow,
            clock=clock,
            recorder=recorder,
            employers=employers,
            rounds=rounds,
            identities=identities,
            notifications=messages,
            parameters=ParametersStandIn(),
            anchors=AnchorsStandIn(),
            preview=PreviewStandIn(),
            lookup_hash=field_key.lookup,
            public_origin=origin,
            test=True,
        )
    )
    identities.on_not_me = econtract.progress.disputed
    return Stage(econtract, clock, recorder, employers, rounds, identities, messages, uow)
