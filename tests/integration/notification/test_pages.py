"""Inbox and operator's view over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.notification import router
from api.notification.ports import Outcome, Receipt
from api.notification.texts import TEXTS
from tests.support.outbox import Outbox
from tests.support.slice_application import SliceApplication, person, slice_application


@pytest.fixture
def site(outbox: Outbox) -> Iterator[SliceApplication]:
    with slice_application(outbox.database, router, TEXTS, notification=outbox.service) as made:
        yield made


def test_each_reads_his_own_inbox_only(site: SliceApplication, outbox: Outbox) -> None:
    message = outbox.queue()
    outbox.queue(recipient_id="person-2", subject_id="c2")
    mine = site.as_("worker")
    answer = mine.get("/api/v1/messages").json()
    assert (answer["unread"], [m["message_id"] for m in answer["messages"]]) == (1, [message])
    assert "TOKEN" not in mine.get("/api/v1/messages").text
    other = site.as_(person("worker", person_id="person-2"))
    key = {"Idempotency-Key": "k"}
    assert (
        other.post("/api/v1/messages/read", json={"message_ids": [message]}, headers=key).status_code == 204
    )
    assert mine.get("/api/v1/messages").json()["unread"] == 1
    assert mine.post("/api/v1/messages/read", json={"message_ids": [message]}, headers=key).status_code == 204
    assert mine.get("/api/v1/messages").json()["unread"] == 0
    assert site.anonymous.get("/api/v1/messages").status_code == 401


def test_inbox_page(site: SliceApplication, outbox: Outbox) -> None:
    assert "还没有消息" in site.as_("worker").get("/messages").text
    outbox.queue(facts={"employer": "<script>x</script>", "purpose": "签订"})
    page = site.as_("worker").get("/messages").text
    assert "&lt;script&gt;" in page
    assert "<script>x" not in page
    assert "TOKEN" not in page
    assert outbox.service.unread("person", "person-1") == 0
    english = site.as_("worker").get("/messages?lang=en").text
    assert "A labour contract for you to sign" in english
    assert site.as_("agent").get("/messages").status_code == 200


def test_operator_sees_states_without_texts(site: SliceApplication, outbox: Outbox) -> None:
    outbox.sms.send_answer = Receipt(Outcome.REFUSED, reason="HTTP 422")
    failed = outbox.queue(
        template="plain.notice",
        facts={"text": "geheim"},
        secrets={},
        email=None,
        recipient_id=None,
        recipient_kind="address",
    )
    outbox.delivery.run_due()
    operator = site.as_("operator")
    (row,) = operator.get("/api/v1/operator/messages?state=failed").json()
    assert (row["phone_masked"], row["reason"]) == ("138****0001", "HTTP 422")
    page = operator.get("/operator/messages").text
    assert "138****0001" in page
    assert "geheim" not in page
    assert operator.post(f"/operator/messages/{failed}/retry", data={"csrf_token": "csrf"}).status_code == 303
    assert outbox.state(failed) == "queued"
    assert site.as_("agent").get("/api/v1/operator/messages").status_code == 403
    assert operator.get("/operator/messages?state=nonsense&before=nonsense").status_code == 200
