"""Changes to bytes, by the format that they are of: ZIP, PDF, DER, lines of text."""

from __future__ import annotations

import json
import random
import re
import struct
from typing import Any


def loosely(value: Any) -> bytes:
    """JSON that may break the rules of RFC 8785."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
        "utf-8", "replace"
    )


def _bytes(data: bytes, dice: random.Random, low: int = 0, high: int | None = None) -> tuple[bytes, str]:
    """A flipped, removed, doubled or inserted byte between two places."""
    place = dice.randrange(low, max(low + 1, len(data) if high is None else high))
    way = dice.choice(["flipped", "flipped", "flipped", "removed", "inserted", "set"])
    made = bytearray(data)
    if way == "flipped" and place < len(made):
        made[place] ^= 1 << dice.randrange(8)
    elif way == "removed":
        del made[place : place + dice.choice([1, 1, 4, 64])]
    elif way == "inserted":
        made[place:place] = dice.randbytes(dice.choice([1, 1, 4, 64]))
    elif place < len(made):
        made[place] = dice.choice([0, 0xFF, 0x30, 0x80])
    return bytes(made), f"byte {place} {way}"


def zip_trick(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    """Something that a lenient reader of archives would not notice."""
    way = dice.choice(
        ["header", "directory", "anywhere", "prefix", "suffix", "comment", "cut", "twice", "offset"]
    )
    if way == "prefix":
        return dice.randbytes(dice.choice([1, 7, 100])) + data, way
    if way == "suffix":
        return data + dice.choice([b"\0", b"\n", data[-22:]]), way
    if way == "comment":
        return data[:-2] + b"\x02\0xx", way
    if way == "cut":
        return data[: dice.randrange(len(data))], way
    if way == "twice":
        return data + data, way
    directory = struct.unpack_from("<I", data, len(data) - 6)[0]
    if way == "offset":
        return data[:-6] + struct.pack("<I", max(0, directory + dice.choice([-1, 1, -46, 46]))) + data[
            -2:
        ], way
    low, high = {"header": (0, 60), "directory": (directory, len(data))}.get(way, (0, len(data)))
    made, what = _bytes(data, dice, low, high)
    return made, f"{way} {what}"


def text_lines(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    """A line removed, doubled, exchanged, or a letter of it changed."""
    lines = data.split(b"\n")
    place, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    way = dice.choice(["removed", "doubled", "exchanged", "letter", "letter", "number", "ending"])
    if way == "removed":
        del lines[place]
    elif way == "doubled":
        lines.insert(other, lines[place])
    elif way == "exchanged":
        lines[place], lines[other] = lines[other], lines[place]
    elif way == "number":
        return re.sub(
            rb"[0-9]+", lambda found: str(int(found[0]) + dice.choice([-1, 1])).encode(), data, count=1
        ), way
    elif way == "ending":
        return data + dice.choice([b"\n", b" ", b"\r\n", b"x"]), way
    else:
        return _bytes(data, dice)
    return b"\n".join(lines), f"line {place} {way}"


def der(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    """A byte of a value, or the tag or length of some object."""
    if dice.random() < 0.5:
        return _bytes(data, dice)
    places = [
        number
        for number in range(len(data) - 2)
        if data[number] in (0x02, 0x03, 0x04, 0x06, 0x30, 0x31, 0xA0)
    ]
    place = dice.choice(places or [0])
    made = bytearray(data)
    what = dice.choice(["tag", "length", "indefinite"])
    if what == "tag":
        made[place] = dice.choice([0x02, 0x04, 0x05, 0x30, 0x31, 0xA0, 0x1F])
    elif what == "length" and place + 1 < len(made):
        made[place + 1] = (made[place + 1] + dice.choice([-1, 1])) % 256
    elif place + 1 < len(made):
        made[place + 1] = 0x80
    return bytes(made), f"{what} at {place}"


def pdf(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    """A CMS object in its gap (no digest covers it), a revision behind the base, or any byte."""
    way = dice.choice(["cms", "cms", "cms", "tail", "later", "anywhere", "cut", "append"])
    if way == "cms":
        gap = dice.choice(list(re.finditer(rb"/Contents <([0-9A-Fa-f]+)>", data)) or [None])
        if gap is not None:
            text = gap[1]
            content = bytes.fromhex(text.decode()).rstrip(b"\0") if len(text) % 2 == 0 else b""
            made, what = der(content, dice) if content else (content, "empty")
            shown = made.hex().upper().encode()[: len(text)].ljust(len(text), b"0")
            return data[: gap.start(1)] + shown + data[gap.end(1) :], f"cms {what}"
    if way == "cut":
        return data[: dice.randrange(len(data) // 2, len(data))], way
    if way == "append":
        return data + dice.choice([b"\n", b"%%EOF\n", data[-400:], b"1 0 obj\n<<>>\nendobj\n"]), way
    low = {"tail": max(0, len(data) - 3000), "later": len(data) // 2}.get(way, 0)
    made, what = _bytes(data, dice, low)
    return made, f"{way} {what}"
