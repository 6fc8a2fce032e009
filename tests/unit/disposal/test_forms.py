"""What a phone may send."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.disposal.rules.forms import Answer, Form, Stamp, merge, missing, picture_type, read_answer
from api.kernel.errors import DomainError

DEVICE = "abcdefghijklmnopqrstuvwxyz"
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def code(name: str, value: object, counter: int = 1, device: str = DEVICE) -> str:
    with pytest.raises(DomainError) as refused:
        read_answer(name, value, counter, device, NOW)
    assert refused.value.kind == "invalid"
    return refused.value.code


def test_answers_are_checked_by_kind() -> None:
    assert read_answer("premises", "yes", 1, DEVICE, NOW).value == "yes"
    assert read_answer("arrears_persons", 12, 1, DEVICE, NOW).value == 12
    assert read_answer("remark", "两行\n文字", 1, DEVICE, NOW).value == "两行\n文字"
    assert code("premises", "maybe") == "disposal.form_value_malformed"
    for value in (-1, True, 1_000_001, "3", 1.5):
        assert code("arrears_persons", value) == "disposal.form_value_malformed"
    for text in ("x" * 2001, "a\x00b", 3):
        assert code("remark", text) == "disposal.form_value_malformed"
    assert code("name_of_boss", "x") == "disposal.form_field_unknown"
    assert code("premises", "yes", counter=0) == "disposal.form_value_malformed"
    assert code("premises", "yes", device="short") == "disposal.device_malformed"


def test_the_later_answer_wins_and_not_the_later_clock() -> None:
    early = Answer("no", Stamp(2, DEVICE), "2026-03-02T09:00:00+00:00")
    wrong_clock = Answer("yes", Stamp(1, DEVICE), "2036-03-02T09:00:00+00:00")
    assert merge(Form({"premises": early}), Form({"premises": wrong_clock})).answers["premises"] is early


def test_what_a_verification_cannot_do_without() -> None:
    assert missing(Form()) == ["premises", "operating", "wages_paid"]
    given = {n: Answer("yes", Stamp(1, DEVICE), "") for n in ("premises", "operating", "wages_paid")}
    assert missing(Form(given)) == []


def test_pictures_are_known_by_their_bytes() -> None:
    assert picture_type(b"\xff\xd8\xff\xe0rest") == "image/jpeg"
    assert picture_type(b"\x89PNG\r\n\x1a\nrest") == "image/png"
    assert picture_type(b"RIFF\x00\x00\x00\x00WEBPrest") == "image/webp"
    with pytest.raises(DomainError) as refused:
        picture_type(b"<svg onload=alert(1)>")
    assert refused.value.code == "disposal.photo_type_refused"
