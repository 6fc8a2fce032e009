"""Canonical JSON: RFC 8785 vectors, and the inputs that must be refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from signing import jcs
from signing.errors import InputRefused


def test_vectors_without_floats_are_reproduced(shared_data: Path) -> None:
    vectors = json.loads((shared_data / "vectors" / "jcs-rfc8785.json").read_text())
    outside_our_rules = {"structures", "values", "weird"}  # floats, and keys that are not ASCII
    outside_our_rules.add("french")
    for name, vector in vectors.items():
        value = json.loads(vector["input"])
        if name in outside_our_rules:
            with pytest.raises(InputRefused, match=r"number_refused|key_refused"):
                jcs.canonical(value)
        else:
            assert jcs.canonical(value).decode() == vector["output"], name
    assert set(vectors) > outside_our_rules


def test_keys_sort_and_text_is_never_normalised() -> None:
    value = {"b": "A\u030a", "a": "\uf900𠮷"}
    assert jcs.canonical(value) == '{"a":"\uf900𠮷","b":"A\u030a"}'.encode()
    assert jcs.parse(jcs.canonical(value)) == value


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.5, "jcs.number_refused"),
        ({"a": 2**53}, "jcs.number_refused"),
        ({"é": 1}, "jcs.key_refused"),
        ({"a": "\ud800"}, "jcs.text_refused"),
        ({"a": {1, 2}}, "jcs.type_refused"),
        ({1: "a"}, "jcs.key_refused"),
    ],
)
def test_values_outside_the_rules_are_refused(value: object, code: str) -> None:
    with pytest.raises(InputRefused) as refused:
        jcs.canonical(value)  # type: ignore[arg-type]
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"a": 1}', "jcs.not_canonical"),
        (b'{"b":1,"a":2}', "jcs.not_canonical"),
        (b'{"a":1,"a":1}', "jcs.key_twice"),
        (b'{"a":1.0}', "jcs.number_refused"),
        (b'{"a":NaN}', "jcs.number_refused"),
        (b'{"a":01}', "jcs.not_json"),
        (b'\xef\xbb\xbf{"a":1}', "jcs.not_json"),
        (b'{"a":"\xff"}', "jcs.not_json"),
        (b'{"a":"\\u0041"}', "jcs.not_canonical"),
        (b"[" * 5000 + b"]" * 5000, "jcs.too_deep"),
        (b'{"a":123456789012345678901234567890}', "jcs.number_refused"),
        (b'{"a":' + b"9" * 5000 + b"}", "jcs.number_refused"),
        (b"[" * 65 + b"1" + b"]" * 65, "jcs.too_deep"),
        (b'{"a":-0}', "jcs.not_canonical"),
        (b'{"a":"\\u001F"}', "jcs.not_canonical"),
        (b'{"a":"\\/"}', "jcs.not_canonical"),
        (b"", "jcs.not_json"),
    ],
)
def test_bytes_that_are_not_canonical_are_refused(data: bytes, code: str) -> None:
    with pytest.raises(InputRefused) as refused:
        jcs.parse(data)
    assert refused.value.code in {code, "jcs.not_json"}
    assert refused.value.zh
    assert refused.value.en


@pytest.mark.parametrize("inner", [b"", b"1", b'"a"'])
def test_sixty_four_levels_are_read(inner: bytes) -> None:
    jcs.parse(b"[" * 64 + inner + b"]" * 64)
    with pytest.raises(InputRefused, match="too_deep"):
        jcs.parse(b"[" * 65 + b"[]" + b"]" * 65)


def test_reading_and_writing_agree_on_every_character() -> None:
    every = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    for start in range(0, len(every), 100_000):
        part: list[jcs.JSON] = list(every[start : start + 100_000])
        assert jcs.parse(jcs.canonical(part), max_bytes=2_000_000) == part


def test_size_is_limited() -> None:
    with pytest.raises(InputRefused, match="too_large"):
        jcs.parse(b'"' + b"a" * 100 + b'"', max_bytes=50)
