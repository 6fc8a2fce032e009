"""Content, channels and pauses of messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from api.kernel.errors import DomainError
from api.notification.model import Channel
from api.notification.rules import (
    MAX_FACT,
    check_content,
    clean,
    inbox_text,
    mask_phone,
    outside_text,
    poll_at,
    retry_at,
    usable_channels,
)
from api.notification.wording import WORDINGS

NOW = datetime(2026, 11, 22, tzinfo=UTC)
INVITATION = {"employer": "示例有限公司", "purpose": "签订劳动合同"}


@pytest.mark.parametrize("template", sorted(WORDINGS))
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_wording_fills_from_its_declared_fields(template: str, lang: str) -> None:
    found = WORDINGS[template]
    facts = {name: f"<{name}>" for name in found.facts}
    secrets = {name: f"({name})" for name in found.secrets}
    title, text = outside_text(template, facts, secrets, lang, test=False)
    assert title
    assert all(value in text for value in [*facts.values(), *secrets.values()])
    inside = " ".join(inbox_text(template, facts, lang))
    assert not any(value in inside for value in secrets.values())


def test_a_test_installation_says_so() -> None:
    subject, text = outside_text("plain.notice", {"text": "x"}, {}, "zh", test=True)
    assert subject.startswith("【测试】")
    assert text.startswith("【测试】")


def test_facts_cannot_carry_lines_controls_or_direction() -> None:
    assert clean("甲\r\n乙\u202e丙\x00丁  戊") == "甲 乙丙丁 戊"
    assert len(clean("长" * 500)) == MAX_FACT


def test_format_fields_in_a_name_stay_text() -> None:
    facts = check_content("plain.notice", {"text": "{link} {0} {employer}"}, {})
    assert inbox_text("plain.notice", facts, "zh")[1] == "{link} {0} {employer}"


@pytest.mark.parametrize(
    "link", ["http://example.com/s/1", "ftp://localhost/", "javascript:alert(1)", "//x", ""]
)
def test_links_to_other_origins_are_refused(link: str) -> None:
    with pytest.raises(DomainError, match="link_not_allowed"):
        check_content("econtract.invitation", INVITATION, {"link": link, "code": "AAAA2222"})


@pytest.mark.parametrize("link", ["https://concord.example/s/1", "http://localhost:8080/s/1"])
def test_https_and_localhost_links_pass(link: str) -> None:
    assert check_content("econtract.invitation", INVITATION, {"link": link, "code": "A"})


def test_missing_fields_and_unknown_templates_are_named() -> None:
    with pytest.raises(DomainError) as missing:
        check_content("econtract.invitation", INVITATION, {"link": "https://x/"})
    assert missing.value.facts == {"field": "code"}
    with pytest.raises(DomainError, match="template_unknown"):
        check_content("no.such", {}, {})


def test_channels_without_an_address_are_left_out() -> None:
    both = ["sms", "email", "inbox"]
    assert usable_channels(both, phone="1", email=None, recipient_id="p") == [Channel.SMS, Channel.INBOX]
    assert usable_channels(["email"], phone=None, email="a@b", recipient_id=None) == [Channel.EMAIL]
    for wanted, phone in ((["sms"], None), (["pigeon"], "1"), ([], "1")):
        with pytest.raises(DomainError):
            usable_channels(wanted, phone=phone, email=None, recipient_id=None)


def test_pauses_grow_and_end() -> None:
    pauses = [retry_at(NOW, n) for n in range(1, 7)]
    assert pauses[-1] is None
    waits = [p - NOW for p in pauses[:-1] if p is not None]
    assert waits == sorted(waits)
    assert len(waits) == 5
    assert poll_at(NOW, 0) - NOW < timedelta(seconds=5)
    assert poll_at(NOW, 999) - NOW == timedelta(seconds=60)


def test_masks() -> None:
    assert mask_phone("13800000001") == "138****0001"
    assert mask_phone("123") == "****"
    assert mask_phone(None) == "—"
