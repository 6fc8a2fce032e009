"""Receipts, retry, fall-back, crashes, and that what is secret stays so."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from api.infra.db import Database
from api.kernel.errors import DomainError
from api.notification.model import DeliveryReceived
from tests.support.outbox import ACCEPTED, DELIVERED, DOWN, REFUSED, Killed, Outbox
from tests.support.slice_application import person


def _raw(database: Database) -> bytes:
    with database.read() as session:
        rows = session.execute(text("SELECT * FROM notification_message")).all()
    return b" ".join(
        bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
        for row in rows
        for value in row
    )


def test_a_message_goes_out_and_its_receipt_is_published(outbox: Outbox) -> None:
    message = outbox.queue()
    assert outbox.delivery.run_due() == 1
    (call,) = outbox.sms.sent
    assert call[0] == f"{message}.0"
    assert "https://concord.example/s/TOKEN" in call[2]
    assert "K7Q2M9XP" in call[2]
    assert outbox.sms.send_answer == ACCEPTED
    assert (outbox.state(message), outbox.received) == ("sent", [])
    outbox.sms.status_answer = DELIVERED
    outbox.run_for(timedelta(seconds=5))
    assert outbox.state(message) == "delivered"
    (event,) = outbox.received
    assert (event.message_id, event.channel, event.subject_id, event.recipient_id) == (
        message,
        "sms",
        "c1",
        "person-1",
    )
    assert len(outbox.sms.sent) == 1


def test_a_rolled_back_transaction_sends_nothing(outbox: Outbox) -> None:
    def queue_and_fail() -> None:
        with outbox.uow() as session:
            outbox.service.send(
                session,
                template="plain.notice",
                recipient_kind="person",
                recipient_id="p",
                facts={"text": "x"},
                subject_type="t",
                subject_id="s",
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        queue_and_fail()
    assert outbox.delivery.run_due() == 0


def test_secrets_are_sealed_and_wiped_when_settled(outbox: Outbox) -> None:
    message = outbox.queue()
    stored = _raw(outbox.database)
    for secret in (b"TOKEN", b"K7Q2M9XP", b"13800000001", b"worker@example.test", "示例公司".encode()):
        assert secret not in stored
    outbox.sms.send_answer = outbox.mail.send_answer
    outbox.delivery.run_due()
    with outbox.database.read() as session:
        (secrets,) = session.execute(text("SELECT secrets FROM notification_message")).one()
    assert secrets is None
    (item,) = outbox.service.inbox("person", "person-1")
    assert "TOKEN" not in item.text
    assert "示例公司" in item.text
    assert outbox.state(message) == "delivered"


def test_an_outage_is_retried_with_growing_pauses_and_the_same_id(outbox: Outbox) -> None:
    message = outbox.queue(email=None, recipient_id=None, recipient_kind="address")
    outbox.sms.send_answer = DOWN
    outbox.run_for(timedelta(minutes=3))
    assert 3 <= len(outbox.sms.sent) <= 4
    assert {call[0] for call in outbox.sms.sent} == {f"{message}.0"}
    outbox.run_until(lambda: outbox.state(message) == "failed", timedelta(hours=2), timedelta(seconds=30))
    assert len(outbox.sms.sent) == 6
    assert [event.message_id for event in outbox.failed] == [message]


@pytest.mark.parametrize("how", ["refused on sending", "refused by receipt", "no receipt", "down"])
def test_the_next_channel_takes_over(outbox: Outbox, how: str) -> None:
    if how == "refused on sending":
        outbox.sms.send_answer = REFUSED
    elif how == "refused by receipt":
        outbox.sms.status_answer = REFUSED
    elif how == "down":
        outbox.sms.send_answer = DOWN
    message = outbox.queue()
    outbox.run_until(lambda: outbox.state(message) == "delivered", timedelta(hours=2), timedelta(seconds=20))
    assert outbox.service.state(message).channel == "email"
    assert outbox.mail.sent[0][0] == f"{message}.1"
    assert [event.channel for event in outbox.received] == ["email"]


def test_the_inbox_is_the_last_resort_and_always_there(outbox: Outbox) -> None:
    message = outbox.queue(phone=None, email=None)
    outbox.delivery.run_due()
    assert outbox.service.state(message).channel == "inbox"
    assert outbox.sms.sent == []


def test_a_worker_killed_after_sending_sends_nothing_twice(outbox: Outbox) -> None:
    message = outbox.queue()
    outbox.sms.die_after_sending = True
    with pytest.raises(Killed):
        outbox.delivery.run_due()
    assert outbox.worker().run_due() == 0, "the lease still holds"
    outbox.clock.advance(timedelta(seconds=61))
    outbox.worker().run_due()
    assert [call[0] for call in outbox.sms.sent] == [f"{message}.0"] * 2, (
        "the gateway knows the id and sends once"
    )
    assert outbox.state(message) == "sent"


def test_two_workers_do_not_take_one_message(outbox: Outbox) -> None:
    outbox.queue()
    outbox.queue(subject_id="c2")
    first = outbox.worker().run_due()
    assert (first, outbox.worker().run_due()) == (2, 0)


def test_a_failing_subscriber_keeps_the_receipt_for_later(outbox: Outbox) -> None:
    failures = iter([True])

    def fail_once(_session: object, _event: object) -> None:
        if next(failures, False):
            raise RuntimeError

    outbox.bus.subscribe(DeliveryReceived, fail_once)
    message = outbox.queue(phone=None, email=None)
    with pytest.raises(RuntimeError):
        outbox.delivery.run_due()
    assert outbox.state(message) == "queued"
    outbox.clock.advance(timedelta(seconds=61))
    outbox.delivery.run_due()
    assert outbox.state(message) == "delivered"


def test_the_same_key_queues_once(outbox: Outbox) -> None:
    assert outbox.queue(dedup_key="k") == outbox.queue(dedup_key="k")
    assert outbox.queue(dedup_key="l") != outbox.queue(dedup_key="k")
    assert outbox.delivery.run_due() == 2


def test_a_cancelled_message_does_not_go_out(outbox: Outbox) -> None:
    message = outbox.queue()
    with outbox.uow() as session:
        assert outbox.service.cancel(session, message)
    assert outbox.delivery.run_due() == 0
    with outbox.uow() as session:
        assert not outbox.service.cancel(session, message)
    assert outbox.service.inbox("person", "person-1") == []


def test_not_before(outbox: Outbox) -> None:
    outbox.queue(not_before=outbox.clock.now() + timedelta(hours=1))
    assert outbox.delivery.run_due() == 0
    outbox.clock.advance(timedelta(hours=1))
    assert outbox.delivery.run_due() == 1


def test_a_failed_message_can_be_tried_again_unless_its_link_is_gone(outbox: Outbox) -> None:
    outbox.sms.send_answer = REFUSED
    plain = outbox.queue(
        template="plain.notice",
        facts={"text": "x"},
        secrets={},
        email=None,
        recipient_id=None,
        recipient_kind="address",
    )
    linked = outbox.queue(email=None, recipient_id=None, recipient_kind="address")
    outbox.delivery.run_due()
    assert (outbox.state(plain), outbox.state(linked)) == ("failed", "failed")
    outbox.sms.send_answer = DELIVERED
    outbox.service.retry(person("operator"), plain)
    with pytest.raises(DomainError, match="secrets_wiped"):
        outbox.service.retry(person("operator"), linked)
    outbox.delivery.run_due()
    assert outbox.state(plain) == "delivered"
    with pytest.raises(DomainError, match="not_failed"):
        outbox.service.retry(person("operator"), plain)


def test_no_log_line_shows_number_link_or_text(outbox: Outbox, capsys: pytest.CaptureFixture[str]) -> None:
    outbox.sms.send_answer = REFUSED
    outbox.queue()
    outbox.delivery.run_due()
    outbox.delivery.run_due()
    said = capsys.readouterr()
    for secret in ("13800000001", "TOKEN", "K7Q2M9XP", "示例公司", "worker@example.test"):
        assert secret not in said.out + said.err
    assert json.dumps(outbox.service.backlog().counts) == '{"delivered": 1}'
