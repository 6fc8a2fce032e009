"""Shapes of the JSON files of a package: exact keys, exact types, named path where a value does not fit."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

Check = Callable[[Any, str], None]

MAX_TEXT: Final = 200_000
_UTC = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z")


class ShapeError(ValueError):
    """A value does not have the shape that the format demands; `path` names it."""

    def __init__(self, path: str, want: str) -> None:
        super().__init__(f"{path or '/'}: {want}")
        self.path = path or "/"
        self.want = want


def pattern(expression: str, want: str) -> Check:
    """Text that matches the whole expression."""
    compiled = re.compile(expression)

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            raise ShapeError(path, want)

    return check


hex32: Final = pattern(r"[0-9a-f]{64}", "64 lower-case hex characters")
_address = pattern(r"0x[0-9a-fA-F]{40}", "an address")


def address(value: Any, path: str) -> None:
    """An address in its one spelling: EIP-55 checksum."""
    from signing.eip712 import checksum_address

    _address(value, path)
    if checksum_address(value.lower()) != value:
        raise ShapeError(path, "an address with its EIP-55 checksum")


name: Final = pattern(r"[\x20-\x7e]{1,200}", "1 to 200 printable ASCII characters")
event_type: Final = pattern(r"[a-z_]{1,40}\.[A-Za-z0-9_]{1,40}/[0-9]{1,4}", "an event type")


def text(limit: int = MAX_TEXT) -> Check:
    """Any text up to `limit` characters."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or len(value) > limit:
            raise ShapeError(path, f"text of at most {limit} characters")

    return check


def integer(least: int = 0, most: int = 2**53 - 1) -> Check:
    """An integer (never a boolean) between the bounds."""

    def check(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ShapeError(path, f"an integer from {least} to {most}")

    return check


def constant(expected: object) -> Check:
    """Exactly this value, of this type."""

    def check(value: Any, path: str) -> None:
        if type(value) is not type(expected) or value != expected:
            raise ShapeError(path, f"must be {expected!r}")

    return check


def one_of(*expected: str) -> Check:
    """One of these texts."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or value not in expected:
            raise ShapeError(path, f"one of {', '.join(expected)}")

    return check


def boolean(value: Any, path: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise ShapeError(path, "true or false")


def utc(value: Any, path: str) -> None:
    """A UTC time with milliseconds, in the calendar."""
    if not isinstance(value, str) or _UTC.fullmatch(value) is None:
        raise ShapeError(path, "a UTC time with milliseconds")
    try:
        datetime.fromisoformat(value)
    except ValueError as error:
        raise ShapeError(path, "a UTC time with milliseconds") from error


def b64(least: int = 0, most: int = 100_000) -> Check:
    """Canonical standard base64 of `least` to `most` bytes."""

    def check(value: Any, path: str) -> None:
        try:
            raw = base64.b64decode(value, validate=True) if isinstance(value, str) else None
        except (binascii.Error, ValueError):
            raw = None
        if raw is None or base64.b64encode(raw).decode() != value or not least <= len(raw) <= most:
            raise ShapeError(path, f"base64 of {least} to {most} bytes")

    return check


def optional(inner: Check) -> Check:
    """Null, or what `inner` accepts."""

    def check(value: Any, path: str) -> None:
        if value is not None:
            inner(value, path)

    return check


def array(inner: Check, least: int = 0, most: int = 10_000) -> Check:
    """A list of `least` to `most` items."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise ShapeError(path, f"a list of {least} to {most} items")
        for number, item in enumerate(value):
            inner(item, f"{path}/{number}")

    return check


def pair(first: Check, second: Check) -> Check:
    """A list of exactly two items, each with a shape of its own."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, list) or len(value) != 2:
            raise ShapeError(path, "a list of two items")
        first(value[0], f"{path}/0")
        second(value[1], f"{path}/1")

    return check


def mapping(key: Check, inner: Check, most: int = 1000) -> Check:
    """An object whose keys and values are free within their shapes."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict) or len(value) > most:
            raise ShapeError(path, f"an object of at most {most} members")
        for found, item in value.items():
            key(found, f"{path}/{found}")
            inner(item, f"{path}/{found}")

    return check


def anything(value: Any, path: str) -> None:
    """Any JSON value; its own step judges it."""


def members(*may_be_absent: str, **shapes: Check) -> Check:
    """An object with exactly these members, of which those named first may be absent."""
    required = set(shapes) - set(may_be_absent)

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict) or not required <= set(value) <= set(shapes):
            found = sorted(set(value) ^ set(shapes)) if isinstance(value, dict) else []
            raise ShapeError(path, f"exactly the members {', '.join(sorted(shapes))}; differs: {found}")
        for member, inner in shapes.items():
            if member in value:
                inner(value[member], f"{path}/{member}")

    return check


def tagged(tag: str, **cases: Check) -> Check:
    """An object whose member `tag` says which shape it has."""

    def check(value: Any, path: str) -> None:
        chosen = value.get(tag) if isinstance(value, dict) else None
        if not isinstance(chosen, str) or chosen not in cases:
            raise ShapeError(f"{path}/{tag}", f"one of {', '.join(cases)}")
        cases[chosen](value, path)

    return check
