"""The site form that several phones fill in while offline: merging is a join, so order and repetition don't matter. Pure.

Each answer carries `(counter, device)`: the higher pair wins, as of last-writer-wins registers with a logical clock
(Lamport 1978), because phones' clocks are wrong. Photos are a set by digest. `merge` is commutative, associative and
idempotent; property tests hold it to that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from api.kernel.errors import invalid

DEVICE = re.compile(r"[a-z2-7]{26}\Z")
DIGEST = re.compile(r"[0-9a-f]{64}\Z")
COUNTER_MOST: Final = 1_000_000
PHOTOS_MOST: Final = 30
TEXT_MOST: Final = 2_000
YES_NO: Final = frozenset({"yes", "no", "unknown"})

FIELDS: Final[Mapping[str, str]] = {
    "premises": "choice",
    "operating": "choice",
    "workers_seen": "number",
    "wages_paid": "choice",
    "arrears_persons": "number",
    "arrears_months": "number",
    "insured": "choice",
    "person_met": "choice",
    "owner_reachable": "choice",
    "remark": "text",
}
"""Field → kind. choice: yes, no, unknown; number: 0…1,000,000; text: at most 2,000 characters."""
NEEDED: Final = ("premises", "operating", "wages_paid")


@dataclass(frozen=True, order=True)
class Stamp:
    """Which answer wins: the higher counter, then the higher device name."""

    counter: int
    device: str


@dataclass(frozen=True)
class Answer:
    """One field as one phone has it; `at` is the phone's clock and decides nothing."""

    value: str | int
    stamp: Stamp
    at: str


@dataclass(frozen=True)
class Photo:
    """A photo by its digest, with the phone's capture time."""

    sha256: str
    captured_at: datetime
    device: str


@dataclass(frozen=True)
class Form:
    """What is known of a verification on site."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    photos: Mapping[str, Photo] = field(default_factory=dict)


def merge(one: Form, other: Form) -> Form:
    """Both together. Equal stamps with other values (a phone's fault) fall to the greater value: still no order."""
    answers = dict(one.answers)
    for name, answer in other.answers.items():
        known = answers.get(name)
        if known is None or _rank(answer) > _rank(known):
            answers[name] = answer
    photos = dict(one.photos)
    for sha256, photo in other.photos.items():
        known_photo = photos.get(sha256)
        if known_photo is None or (photo.captured_at, photo.device) < (
            known_photo.captured_at,
            known_photo.device,
        ):
            photos[sha256] = photo
    return Form(dict(sorted(answers.items())), dict(sorted(photos.items())))


def _rank(answer: Answer) -> tuple[Stamp, str, str]:
    return (answer.stamp, str(answer.value), answer.at)


def missing(form: Form) -> list[str]:
    """Fields that a verification can't do without."""
    return [name for name in NEEDED if name not in form.answers]


def read_answer(name: str, value: Any, counter: int, device: str, at: datetime) -> Answer:
    """A checked answer; raises invalid naming the field."""
    where = f"/answers/{name}"
    kind = FIELDS.get(name)
    if kind is None:
        raise invalid("disposal.form_field_unknown", pointer=where)
    if not DEVICE.match(device):
        raise invalid("disposal.device_malformed", pointer="/device")
    if isinstance(counter, bool) or not 1 <= counter <= COUNTER_MOST:
        raise invalid("disposal.form_value_malformed", pointer=where)
    fits = {
        "choice": isinstance(value, str) and value in YES_NO,
        "number": isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000,
        "text": isinstance(value, str)
        and len(value) <= TEXT_MOST
        and all(c.isprintable() or c == "\n" for c in value),
    }
    if not fits[kind]:
        raise invalid("disposal.form_value_malformed", pointer=where)
    return Answer(value, Stamp(counter, device), at.isoformat())


def picture_type(body: bytes) -> str:
    """Media type by the first bytes: JPEG, PNG or WebP; raises invalid for anything else."""
    if body[:3] == b"\xff\xd8\xff":
        return "image/jpeg"
    if body[:8] == b"\x89PNG\r\n\x1a\n":
        return "image/png"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    raise invalid("disposal.photo_type_refused", pointer="/photo")
