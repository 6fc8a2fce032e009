"""The real adapters against peers of their protocols: the TEST SMS program over the wire, and a mail server."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from api.notification.mail_smtp import SmtpMailServer
from api.notification.ports import Outcome
from api.notification.sms_http import HttpSmsGateway
from tests.support.programs import Program

PHONE = "14000000001"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("sms")
    command = [sys.executable, "-m", "signing.testing.sms", "--data", str(folder), "--port", "0"]
    running = Program("sms", [*command, "--token-file", str(folder / "token")]).start()
    running.facts["token"] = (folder / "token").read_text("ascii").strip()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def gateway(program: Program) -> Iterator[HttpSmsGateway]:
    httpx.post(f"{program.url}/test/faults", json={"mode": "none"}, trust_env=False)
    with HttpSmsGateway(program.url, program.facts["token"], test=True) as made:
        yield made


def _inbox(program: Program) -> list[str]:
    return [m["text"] for m in httpx.get(f"{program.url}/inbox/{PHONE}", trust_env=False).json()]


def test_sms_is_sent_once_and_receipted(program: Program, gateway: HttpSmsGateway) -> None:
    first = gateway.send("m1.0", PHONE, "您好", "plain.notice")
    again = gateway.send("m1.0", PHONE, "您好", "plain.notice")
    assert first.gateway_id == again.gateway_id
    assert first.outcome in (Outcome.ACCEPTED, Outcome.DELIVERED)
    deadline = time.monotonic() + 10
    while gateway.status(first.gateway_id).outcome is not Outcome.DELIVERED:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert _inbox(program).count("您好") == 1


@pytest.mark.parametrize(
    ("mode", "outcome"), [("down", Outcome.UNAVAILABLE), ("undeliverable", Outcome.REFUSED)]
)
def test_sms_faults(program: Program, gateway: HttpSmsGateway, mode: str, outcome: Outcome) -> None:
    httpx.post(f"{program.url}/test/faults", json={"mode": mode}, trust_env=False)
    sent = gateway.send(f"m-{mode}.0", PHONE, "x", "plain.notice")
    deadline = time.monotonic() + 10
    while sent.outcome is Outcome.ACCEPTED:
        assert time.monotonic() < deadline
        sent = gateway.status(sent.gateway_id)
        time.sleep(0.05)
    assert sent.outcome is outcome


def test_sms_with_a_wrong_token_or_nobody_there_is_an_outage(program: Program) -> None:
    with HttpSmsGateway(program.url, "wrong", test=True) as made:
        assert made.send("m2.0", PHONE, "x", "k").outcome is Outcome.UNAVAILABLE
    with HttpSmsGateway("http://127.0.0.1:9", "t", test=True, timeout=1.0) as made:
        assert made.send("m2.0", PHONE, "x", "k").outcome is Outcome.UNAVAILABLE


def test_production_refuses_generated_numbers(program: Program) -> None:
    with HttpSmsGateway(program.url, program.facts["token"], test=False) as made:
        assert made.send("m3.0", PHONE, "geheim", "k").outcome is Outcome.REFUSED
    assert "geheim" not in _inbox(program)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"status": "?"}', b'{"status": "accepted"}'])
def test_a_malformed_answer_is_an_outage(body: bytes) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=body))
    with HttpSmsGateway("http://gateway.test", "t", test=True, transport=transport) as made:
        assert made.send("m.0", PHONE, "x", "k").outcome is Outcome.UNAVAILABLE


class _Mailbox:
    """Keeps mails; refuses addresses by their name."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("unknown"):
            return "550 no such user"
        if address.startswith("busy"):
            return "450 try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        from email import message_from_bytes, policy

        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.mails.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[_Mailbox, str]]:
    box = _Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


def test_mail_arrives_with_chinese_text(mailbox: tuple[_Mailbox, str]) -> None:
    box, url = mailbox
    server = SmtpMailServer(url, "no-reply@concord.example")
    assert (
        server.send("m1.1", "worker@example.test", "劳动合同已订立", "请下载保存 https://x/").outcome
        is Outcome.DELIVERED
    )
    (mail,) = box.mails
    assert mail["Subject"] == "劳动合同已订立"
    assert mail["Message-ID"] == "<m1.1@concord.example>"
    assert "请下载保存" in mail.get_content()


@pytest.mark.parametrize(
    ("address", "outcome"),
    [
        ("unknown@example.test", Outcome.REFUSED),
        ("busy@example.test", Outcome.UNAVAILABLE),
        ("a@b@c", Outcome.REFUSED),
        ("a@example.test\r\nBcc: x@example.test", Outcome.REFUSED),
    ],
)
def test_mail_addresses_that_do_not_work(
    mailbox: tuple[_Mailbox, str], address: str, outcome: Outcome
) -> None:
    box, url = mailbox
    assert SmtpMailServer(url, "no-reply@concord.example").send("m.1", address, "s", "t").outcome is outcome
    assert box.mails == []


def test_no_mail_server_is_an_outage() -> None:
    assert (
        SmtpMailServer("smtp://127.0.0.1:9", "a@b").send("m", "a@b", "s", "t").outcome is Outcome.UNAVAILABLE
    )
    with pytest.raises(ValueError, match="smtp_url"):
        SmtpMailServer("http://x", "a@b")
