"""Codes, regions, numbers, uploads and seal pictures at their edges."""

from __future__ import annotations

import struct
import zlib
from datetime import UTC, datetime, timedelta

import pytest

from api.employers import rules
from api.employers.model import Scope
from api.kernel.errors import DomainError
from tests.support.employers_world import png, text_chunk

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("uscc", "kind", "passed"),
    [
        ("91500116559000837H", "enterprise", True),
        ("91500107MA5TEXT11A", "enterprise", True),
        ("91500107MA5TEXT2X2", "enterprise", True),
        ("92500107MA5DEM012B", "sole_trader", True),
        ("91350100M0001TGQXM", "enterprise", False),  # in real use, computed check character 1
        ("91500107MA5TEXT11B", "enterprise", False),
        (" 91500107ma5text11a ", "enterprise", True),
    ],
)
def test_code_check(uscc: str, kind: str, passed: bool) -> None:
    found = rules.check_uscc(uscc)
    assert (found.kind, found.passed) == (kind, passed)
    assert found.uscc == uscc.strip().upper()


@pytest.mark.parametrize(
    "uscc", ["", "9150010", "91500107MA5TEXT11I", "91500107MA5TEXT11A0", "9１500107MA5TEXT11A"]
)
def test_code_form(uscc: str) -> None:
    with pytest.raises(DomainError) as refusal:
        rules.check_uscc(uscc)
    assert refusal.value.code == "employers.uscc_form"


def test_every_changed_character_is_noticed() -> None:
    sound = "91500116559000837H"
    for place in range(17):
        for other in "0123456789ABCDEFGHJKLMNPQRTUWXY":
            if other != sound[place]:
                assert not rules.check_uscc(sound[:place] + other + sound[place + 1 :]).passed


def test_organisation_code_inside() -> None:
    assert rules.body_check_passes("91500116559000837H")
    assert not rules.body_check_passes("91500116559000838H")


def test_regions() -> None:
    assert rules.check_region(500107001, "enterprise") == 500107001
    assert rules.check_region(500107001, "sole_trader") == 500107
    assert rules.check_region(500107, "sole_trader") == 500107
    for code, kind in (
        (500107, "enterprise"),
        (50010700, "enterprise"),
        (0, "other"),
        (900107001, "enterprise"),
    ):
        with pytest.raises(DomainError):
            rules.check_region(code, kind)


@pytest.mark.parametrize("text", ["", "  ", "a\u202eb", "a\u200bb", "a\nb", "\ud800", "x" * 61])
def test_text_is_visible_and_short(text: str) -> None:
    with pytest.raises(DomainError):
        rules.check_text(text, "name", 60)


def test_rare_characters_are_names() -> None:
    assert rules.check_text(" 龘㛃䶮𠮷 ", "name", 60) == "龘㛃䶮𠮷"


@pytest.mark.parametrize(
    "number", ["500107199001010017", "50010719900101001", "500107199013010016", "５00107199001010016"]
)
def test_identity_numbers(number: str) -> None:
    assert rules.check_resident_id("500107199001010016") == "500107199001010016"
    assert rules.check_resident_id("11010519491231002x") == "11010519491231002X"
    with pytest.raises(DomainError):
        rules.check_resident_id(number)


@pytest.mark.parametrize(
    "phone", ["1380000000", "23800000001", "12800000001", "138000000011", "１3800000001"]
)
def test_phones(phone: str) -> None:
    assert rules.check_phone(" 13800000001 ") == "13800000001"
    with pytest.raises(DomainError):
        rules.check_phone(phone)


def test_scope_and_expiry() -> None:
    assert rules.check_scope(5) == Scope.DRAFT | Scope.SIGN
    for scope in (0, 8, -1):
        with pytest.raises(DomainError):
            rules.check_scope(scope)
    assert rules.check_expiry(NOW + timedelta(days=1, microseconds=5), NOW) == NOW + timedelta(days=1)
    for end in (NOW, NOW - timedelta(seconds=1), NOW + timedelta(days=1200)):
        with pytest.raises(DomainError):
            rules.check_expiry(end, NOW)


def test_uploads_are_judged_by_their_bytes() -> None:
    assert rules.check_upload(b"%PDF-1.4").media_type == "application/pdf"
    assert rules.check_upload(b"\xff\xd8\xff\xe0").media_type == "image/jpeg"
    for data in (b"", b"<html>", b"PK\x03\x04", b"%PDF-" + bytes(rules.UPLOAD_LIMIT)):
        with pytest.raises(DomainError):
            rules.check_upload(data)


def test_a_seal_picture_is_only_a_picture() -> None:
    kept = rules.check_seal_picture(png(extra=text_chunk(b"Author\0somebody")))
    assert kept == png()


def _bomb() -> bytes:
    return png(pixels=bytes(40_000_000))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        png()[:-1],
        png()[:60] + b"\x00" + png()[61:],
        png(width=100),
        png(width=1601, height=1601, pixels=b""),
        png(width=200, height=400),
        png(pixels=b"\x00" * 10),
        png() + b"trailing",
        png().replace(
            struct.pack(">IIBBBBB", 200, 200, 8, 6, 0, 0, 0),
            struct.pack(">IIBBBBB", 200, 200, 16, 6, 0, 0, 0),
        ),
    ],
)
def test_other_pictures_are_refused(data: bytes) -> None:
    with pytest.raises(DomainError):
        rules.check_seal_picture(data)


def test_a_bomb_is_not_inflated() -> None:
    data = _bomb()
    assert len(data) < rules.PICTURE_LIMIT
    with pytest.raises(DomainError) as refusal:
        rules.check_seal_picture(data)
    assert refusal.value.facts["reason"] == "pixels"


def test_checksum_is_checked() -> None:
    data = bytearray(png())
    data[-1] ^= 1
    with pytest.raises(DomainError) as refusal:
        rules.check_seal_picture(bytes(data))
    assert refusal.value.facts["reason"] == "checksum"
    assert zlib.crc32(b"IEND") == struct.unpack(">I", png()[-4:])[0]
