"""Strict reading of a signed PDF's objects, before a lenient library sees them (evidence-spec, section 5.1, E).

Every object of every revision must be written in plain syntax and refer only to objects that exist by then: an object
that a library repairs, or a number left open for a later revision to fill in, is how one file shows two texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from chain.verifier.outcome import Failed
from chain.verifier.pdf_layout import Layout

DEPTH: Final = 64
BUDGET: Final = 200_000
LONGEST_TEXT: Final = 1_000_000
"""Bytes of a string as written, with its closing character."""

_SPACE: Final = rb"(?:[\x00\t\n\x0c\r ]|%[^\r\n]*+)"
_WORD: Final = rb"[^\x00\t\n\x0c\r ()<>\[\]{}/%]"
_END: Final = rb"(?![^\x00\t\n\x0c\r ()<>\[\]{}/%])"
# possessive quantifiers throughout: no input makes a pattern try a second way
_TOKEN: Final = re.compile(
    _SPACE + rb"*+(?:(?P<open><<|\[)|(?P<close>>>|\])|/(?P<name>" + _WORD + rb"{0,127})" + _END + rb"|"
    rb"(?P<reference>([0-9]{1,10})" + _SPACE + rb"++([0-9]{1,5})" + _SPACE + rb"++R" + _END + rb")|"
    rb"(?P<number>[+-]?(?:[0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,20}))" + _END + rb"|"
    rb"(?P<word>true|false|null)" + _END + rb"|(?P<hex><[0-9A-Fa-f\x00\t\n\x0c\r ]*>)|(?P<text>\())"
)
_HEAD: Final = re.compile(
    _SPACE + rb"*+([0-9]{1,10})" + _SPACE + rb"++([0-9]{1,10})" + _SPACE + rb"++obj" + _END
)
_STREAM: Final = re.compile(_SPACE + rb"*+stream\r?\n")
_ENDSTREAM: Final = re.compile(_SPACE + rb"*+endstream" + _END)
_ENDOBJ: Final = re.compile(_SPACE + rb"*+endobj" + _END)
_REST: Final = re.compile(_SPACE + rb"*+")
_SPECIAL: Final = re.compile(rb"[()\\]")
_ENTRY: Final = re.compile(rb"([0-9]{10}) ([0-9]{5}) ([nf])(?: \n|\r\n| \r)")
_ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})?")
_VALUES: Final = {b"true": True, b"false": False, b"null": None}


class _Broken(Exception):
    """Something else stands at this place."""


@dataclass(frozen=True)
class Ref:
    """A reference to another object."""

    number: int
    generation: int


@dataclass(frozen=True)
class Name:
    """A name, its escapes undone."""

    value: bytes


@dataclass(frozen=True)
class Object:
    """One object: its value, the references in it, and whether a stream follows its dictionary."""

    value: Any
    references: tuple[Ref, ...]
    stream: bool


class _Reader:
    """Objects out of one file, with one budget of values and of bytes for all of them."""

    def __init__(self, pdf: bytes) -> None:
        self.pdf = pdf
        self.values = BUDGET
        self.octets = 2 * len(pdf)

    def read(self, number: int, start: int, stop: int, *, whole: bool) -> Object:
        """The object at `start`; `whole`: nothing may stand behind it before `stop`."""
        head = _HEAD.match(self.pdf, start, stop)
        if head is None or (int(head[1]), int(head[2])) != (number, 0):
            raise _Broken(f"object {number} expected at {start}")
        references: list[Ref] = []
        value, place = self._value(head.end(), stop, references)
        stream = _STREAM.match(self.pdf, place, stop) if isinstance(value, dict) else None
        if stream is not None:
            length = value.get(b"Length")
            if type(length) is not int or length < 0 or stream.end() + length > stop:
                raise _Broken(f"length of the stream at {start}")
            place = self._after(_ENDSTREAM, stream.end() + length, stop)
        place = self._after(_ENDOBJ, place, stop)
        self.octets -= place - start
        if (whole and self._after(_REST, place, stop) != stop) or self.octets < 0:
            raise _Broken(f"more than an object at {start}")
        return Object(value, tuple(references), stream is not None)

    def _after(self, pattern: re.Pattern[bytes], place: int, stop: int) -> int:
        match = pattern.match(self.pdf, place, stop)
        if match is None:
            raise _Broken(f"no object ends at {place}")
        return match.end()

    def _value(self, place: int, stop: int, references: list[Ref]) -> tuple[Any, int]:
        """One value, without recursion: `open_` holds the arrays and dictionaries around it, and a waiting key."""
        open_: list[tuple[Any, bytes | None]] = []
        while True:
            match = _TOKEN.match(self.pdf, place, stop)
            if match is None:
                raise _Broken(f"no value at {place}")
            place, kind, text = match.end(), match.lastgroup, match[0]
            value: Any = None
            key: bytes | None = None
            if open_:
                holder, key = open_[-1]
                if type(holder) is dict and key is None and kind != "close":
                    if kind != "name":
                        raise _Broken(f"a key expected before {place}")
                    self._name_key(open_, match["name"])
                    continue
            if kind == "open":
                if len(open_) >= DEPTH + 1:
                    raise _Broken(f"nesting at {place}")
                self._spend(place)
                open_.append(({} if match["open"] == b"<<" else [], None))
                continue
            if kind == "close":
                if not open_ or key is not None or (type(open_[-1][0]) is dict) != (match["close"] == b">>"):
                    raise _Broken(f"nothing to be closed before {place}")
                value = open_.pop()[0]
            else:
                self._spend(place)
                if kind == "text":
                    value, place = self._text(place, stop)
                else:
                    value = self._plain(str(kind), match, text)
                    if kind == "reference":
                        references.append(value)
            if not open_:
                return value, place
            holder, key = open_[-1]
            if type(holder) is dict:
                holder[key] = value
                open_[-1] = (holder, None)
            else:
                holder.append(value)

    def _spend(self, place: int) -> None:
        self.values -= 1
        if self.values < 0:
            raise _Broken(f"too many values at {place}")

    def _name_key(self, open_: list[tuple[Any, bytes | None]], text: bytes) -> None:
        key = _name(text)
        if key in open_[-1][0]:
            raise _Broken(f"key {key!r} twice")
        open_[-1] = (open_[-1][0], key)

    def _plain(self, kind: str, match: re.Match[bytes], text: bytes) -> Any:
        if kind == "name":
            return Name(_name(match["name"]))
        if kind == "reference":
            return Ref(int(match[5]), int(match[6]))
        if kind == "number":
            found = match["number"]
            return int(found) if found.isdigit() else float(found)
        if kind == "word":
            return _VALUES[match["word"]]
        if len(match["hex"]) > LONGEST_TEXT + 1:
            raise _Broken("a string that is too long")
        return text

    def _text(self, place: int, stop: int) -> tuple[bytes, int]:
        start, open_ = place, 1
        stop = min(stop, start + LONGEST_TEXT)
        while open_:
            match = _SPECIAL.search(self.pdf, place, stop)
            if match is None:
                raise _Broken(f"a string without end at {start}")
            place = match.end()
            if match[0] == b"\\":
                place += 1
            else:
                open_ += 1 if match[0] == b"(" else -1
        if place > stop:
            raise _Broken(f"a string without end at {start}")
        return self.pdf[start : place - 1], place


def _name(text: bytes) -> bytes:
    def plain(match: re.Match[bytes]) -> bytes:
        if match[1] is None:
            raise _Broken("a name")
        return bytes([int(match[1], 16)])

    return _ESCAPE.sub(plain, text) if b"#" in text else text


def check_objects(pdf: bytes, layout: Layout) -> None:
    """Raise Failed MODIFIED_AFTER_SIGNING unless all objects are plain and complete, and every field of the form signed."""
    try:
        reader, known, latest = _Reader(pdf), set[int](), dict[int, Object]()
        for place, held in enumerate((_base_objects(pdf, layout), *layout.objects)):
            known.update(number for number, _, _ in held)
            for number, start, stop in held:
                item = latest[number] = reader.read(number, start, stop, whole=place > 0)
                for reference in item.references:
                    if reference.number not in known or reference.generation:
                        raise _Broken(f"object {number} refers to {reference.number}, which does not exist")
        _check_form(latest, layout)
    except _Broken as error:
        raise Failed("MODIFIED_AFTER_SIGNING", reason=str(error)) from error


def _base_objects(pdf: bytes, layout: Layout) -> list[tuple[int, int, int]]:
    head = b"xref\n0 %d\n" % layout.base_size
    if not pdf.startswith(head, layout.base_table):
        raise _Broken("the base's table")
    place = layout.base_table + len(head)
    found = []
    for number in range(layout.base_size):
        entry = _ENTRY.match(pdf, place)
        if entry is None:
            raise _Broken(f"the base's table, entry {number}")
        place += 20
        if entry[3] == b"f":
            continue
        start = int(entry[1])
        if entry[2] != b"00000" or start >= layout.base_table or number == 0:
            raise _Broken(f"the base's table, entry {number}")
        found.append((number, start, layout.base_table))
    if place != layout.base_trailer:
        raise _Broken("the base's table")
    return found


def _check_form(latest: dict[int, Object], layout: Layout) -> None:
    """Each field of the last revision bears one of the signatures, under a name of its own."""

    def resolve(value: Any) -> Any:
        for _ in range(16):
            if not isinstance(value, Ref):
                return value
            value = latest[value.number].value
        raise _Broken("references that lead in a circle")

    catalog = resolve(Ref(layout.root, 0))
    form = resolve(catalog.get(b"AcroForm")) if isinstance(catalog, dict) else None
    fields = resolve(form.get(b"Fields")) if isinstance(form, dict) else None
    if not isinstance(fields, list):
        return  # no signers: the names say so
    signatures = {item.number: item for item in layout.signatures}
    signers: list[tuple[int, Any]] = []
    names: list[Any] = []
    for entry in fields:
        field = resolve(entry)
        value = field.get(b"V") if isinstance(field, dict) else None
        signature = signatures.get(value.number) if isinstance(value, Ref) else None
        if signature is not None:
            names.append(field.get(b"T"))
            if not signature.timestamp:
                signers.append((signature.revision, names[-1]))
    if len(names) < len(fields):
        if signers == [(1, b"Worker"), (2, b"Employer")]:
            raise _Broken("a field without a signature")
        return  # a missing name is what is said first
    if len(set(map(repr, names))) != len(names):
        raise _Broken("a field's name comes twice")
