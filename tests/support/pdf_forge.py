"""Takes a signed PDF apart into its revisions' objects, and puts altered ones together again, signed anew.

The forger holds every key, so the bytes are right throughout: layout, digests, CMS, tokens. Only what the objects say is
wrong, which is what the rules about revisions must find.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from chain.verifier.pdf_layout import _base, _revisions
from signing.pades import signed_attributes
from signing.pades.finish import _cms
from tests.factories.evidence import Forge, at

_PLACE = re.compile(rb"/Contents <[0-9A-F]*>\n/ByteRange \[[0-9 ]*\] *\n/Type /(Sig|DocTimeStamp)")
_ROOM = 16_384
Objects = list[tuple[int, bytes]]


@dataclass
class Parts:
    """Base bytes, and the objects of each revision: number and body between `obj` and `endobj`."""

    base: bytes
    revisions: list[Objects] = field(default_factory=list)

    @classmethod
    def of(cls, pdf: bytes, base_length: int) -> Parts:
        """Take a file of the layout apart."""
        made = cls(pdf[:base_length])
        for revision in _revisions(pdf, base_length, _base(pdf[:base_length])):
            made.revisions.append(
                [
                    (number, pdf[start + len(b"%d 0 obj\n" % number) : stop - len(b"\nendobj\n")])
                    for number, start, stop in revision.objects
                ]
            )
        return made

    def copy(self) -> Parts:
        """A copy whose lists may be altered."""
        return Parts(self.base, [list(objects) for objects in self.revisions])


def compose(parts: Parts, forge: Forge) -> bytes:
    """Write the file again: tables, trailers, byte ranges, signatures and tokens are made for what is there now."""
    base = _base(parts.base)
    pdf, table, size = parts.base, base.table, base.size
    for number, objects in enumerate(parts.revisions):
        pdf, table, size = _append(pdf, objects, (table, size, base.root, base.info), number, forge)
    return pdf


def _append(
    pdf: bytes, objects: Objects, tail: tuple[int, int, int, int], revision: int, forge: Forge
) -> tuple[bytes, int, int]:
    before, size, root, info = tail
    out = bytearray(pdf)
    places: dict[int, int] = {}
    signature: tuple[int, bool] | None = None
    for number, body in sorted(objects):
        places[number] = len(out)
        match = _PLACE.search(body)
        if match:
            head = b"/Contents <" + b"0" * _ROOM + b">\n/ByteRange [" + b" " * 60 + b"\n/Type /" + match[1]
            body = body[: match.start()] + head + body[match.end() :]
            signature = len(out) + len(b"%d 0 obj\n" % number) + match.start(), match[1] == b"DocTimeStamp"
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = len(out)
    size = max(size, max(places, default=0) + 1)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    out += b"trailer\n<<\n/Size %d\n/Root %d 0 R\n" % (size, root)
    out += (b"/Info %d 0 R\n" % info) if info else b""
    out += b"/ID [ <ab> <%s> ]\n/Prev %d\n>>\nstartxref\n%d\n%%%%EOF\n" % (b"cd" * 16, before, table)
    if signature is not None:
        _sign(out, *signature, revision, forge)
    return bytes(out), table, size


def _sign(out: bytearray, start: int, timestamp: bool, revision: int, forge: Forge) -> None:
    first = start + len(b"/Contents ")
    last = first + _ROOM + 2
    text = b"0 %d %d %d]" % (first, last, len(out) - last)
    place = last + len(b"\n/ByteRange [")
    out[place : place + 60] = text + b" " * (60 - len(text))
    digest = hashlib.sha256(out[:first] + out[last:]).digest()
    world = forge.world
    if timestamp:
        package = world.stamp(world.tsa_two, digest, at(610)).der
    else:
        mine = revision == 0
        key = forge.worker_key if mine else world.seal_key
        certificate = forge.worker_certificate if mine else world.seal_certificate
        attributes = signed_attributes(digest, certificate)
        signature = key.sign(attributes, ec.ECDSA(hashes.SHA256()))
        token = world.stamp(world.tsa_one, hashlib.sha256(signature).digest(), at(0 if mine else 600))
        package = _cms(attributes, signature, certificate, world.ca.chain, token)
    written = package.hex().upper().encode()
    out[first + 1 : first + 1 + len(written)] = written


# --- alterations, each a function of the parts and a source of chance

_REFERENCE = re.compile(rb"([0-9]+) 0 R")
_NUMBER = re.compile(rb"(?<![0-9/A-Za-z])-?[0-9]+(?:\.[0-9]+)?(?![0-9]* 0 R)")
_NAME = re.compile(rb"/[A-Za-z0-9]+")
_NAMES = (b"/Sig", b"/Tx", b"/DocTimeStamp", b"/Annots", b"/Fields", b"/Kids", b"/V", b"/AP", b"/Rect", b"/Page",
          b"/Pages", b"/Parent", b"/DSS", b"/VRI", b"/Certs", b"/CRLs", b"/Contents", b"/Length", b"/FT", b"/T", b"/P",
          b"/SigFlags", b"/Lang", b"/Extensions", b"/AcroForm", b"/NeedAppearances", b"/XFA", b"/OpenAction")  # fmt: skip
_VALUES = (b"null", b"true", b"1", b"-1", b"0.5", b"[ ]", b"<< >>", b"()", b"<ab>", b"/Sig", b"(Worker)", b"[ 0 0 0 0 ]",
           b"(Employer)", b"% x\n", b"((", b">>", b"<<", b"]", b"[ [ ] ]", b"endobj", b"1 0 R", b"99999 0 R")  # fmt: skip


def _any_object(parts: Parts, chance: random.Random) -> tuple[int, int]:
    revision = chance.randrange(len(parts.revisions))
    if not parts.revisions[revision]:
        return revision, -1
    small = [i for i, (_, body) in enumerate(parts.revisions[revision]) if b"stream" not in body]
    return revision, chance.choice(small or range(len(parts.revisions[revision])))


def _edit(parts: Parts, chance: random.Random, change: Callable[[bytes], bytes]) -> None:
    revision, place = _any_object(parts, chance)
    if place >= 0:
        number, body = parts.revisions[revision][place]
        parts.revisions[revision][place] = number, change(body)


def _numbers(parts: Parts) -> list[int]:
    return [number for objects in parts.revisions for number, _ in objects]


def redirect(parts: Parts, chance: random.Random) -> None:
    """One reference leads elsewhere."""

    def change(body: bytes) -> bytes:
        found = list(_REFERENCE.finditer(body))
        if not found:
            return body
        match = chance.choice(found)
        target = chance.choice([*_numbers(parts), chance.randrange(1, 95), 500])
        return body[: match.start()] + b"%d 0 R" % target + body[match.end() :]

    _edit(parts, chance, change)


def _replaced(pattern: re.Pattern[bytes], values: Callable[[bytes, random.Random], bytes]) -> Alteration:
    def alteration(parts: Parts, chance: random.Random) -> None:
        def change(body: bytes) -> bytes:
            found = list(pattern.finditer(body.partition(b"stream")[0]))
            if not found:
                return body
            match = chance.choice(found)
            return body[: match.start()] + values(match[0], chance) + body[match.end() :]

        _edit(parts, chance, change)

    return alteration


def lines(parts: Parts, chance: random.Random) -> None:
    """Lines of an object are dropped, doubled, swapped or put in."""

    def change(body: bytes) -> bytes:
        rows = body.split(b"\n")
        here, there = chance.randrange(len(rows)), chance.randrange(len(rows))
        match chance.randrange(4):
            case 0:
                del rows[here]
            case 1:
                rows.insert(here, rows[there])
            case 2:
                rows[here], rows[there] = rows[there], rows[here]
            case _:
                rows.insert(here, chance.choice(_NAMES) + b" " + chance.choice(_VALUES))
        return b"\n".join(rows)

    _edit(parts, chance, change)


def drop(parts: Parts, chance: random.Random) -> None:
    """An object is missing."""
    revision, place = _any_object(parts, chance)
    if place >= 0 and len(parts.revisions[revision]) > 1:
        del parts.revisions[revision][place]


def move(parts: Parts, chance: random.Random) -> None:
    """An object stands in another revision, too or only."""
    revision, place = _any_object(parts, chance)
    other = chance.randrange(len(parts.revisions))
    if place >= 0:
        number, body = parts.revisions[revision][place]
        if number not in dict(parts.revisions[other]):
            parts.revisions[other].append((number, body))
            if chance.random() < 0.5 and len(parts.revisions[revision]) > 1:
                del parts.revisions[revision][place]


def renew(parts: Parts, chance: random.Random) -> None:
    """An object of the base or of an earlier revision is written again, as it was or altered."""
    revision = chance.randrange(len(parts.revisions))
    found = {
        int(match[1]): match[2]
        for match in re.finditer(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", parts.base, re.DOTALL)
    }
    for objects in parts.revisions[:revision]:
        found.update(dict(objects))
    number = chance.choice(sorted(found))
    body = found[number]
    if number in dict(parts.revisions[revision]) or b"/ByteRange" in body:
        return
    if chance.random() < 0.6:
        rows = list(_NUMBER.finditer(body.partition(b"stream")[0]))
        if rows:
            match = chance.choice(rows)
            body = body[: match.start()] + b"%d" % chance.randrange(1000) + body[match.end() :]
    parts.revisions[revision].append((number, body))


def widget(parts: Parts, chance: random.Random) -> None:
    """Another field or annotation appears, in the form's list or on a page or both."""
    revision = chance.randrange(len(parts.revisions))
    number = max(_numbers(parts)) + 1
    kind = chance.choice(
        [
            b"/FT /Sig\n/T (Third)",
            b"/FT /Tx\n/T (Note)\n/V (1000)",
            b"/Contents (1000)",
            b"/FT /Sig\n/T (Worker)",
        ]
    )
    box = chance.choice([b"[ 0 0 0 0 ]", b"[ 100 100 300 200 ]"])
    parts.revisions[revision].append(
        (number, b"<<\n" + kind + b"\n/Type /Annot\n/Subtype /Widget\n/Rect " + box + b"\n>>")
    )
    for place, (own, body) in enumerate(parts.revisions[revision]):
        for key in (b"/Fields [ ", b"/Annots [ "):
            if key in body and chance.random() < 0.7:
                body = body.replace(key, key + b"%d 0 R " % number) if chance.random() < 0.3 else re.sub(
                    re.escape(key) + rb"([^\]]*)\]", key + rb"\g<1>" + b"%d 0 R ]" % number, body
                )  # fmt: skip
        parts.revisions[revision][place] = own, body


def split(parts: Parts, chance: random.Random) -> None:
    """A revision is repeated without its signature, dropped, or two are one."""
    place = chance.randrange(len(parts.revisions))
    match chance.randrange(3):
        case 0:
            again = [item for item in parts.revisions[place] if b"/ByteRange" not in item[1]]
            parts.revisions.insert(place + 1, again[: chance.randrange(1, 4)])
        case 1:
            if len(parts.revisions) > 1:
                del parts.revisions[place]
        case _:
            if place + 1 < len(parts.revisions):
                both = dict(parts.revisions[place]) | dict(parts.revisions.pop(place + 1))
                parts.revisions[place] = list(both.items())


Alteration = Callable[[Parts, random.Random], None]
ALTERATIONS: tuple[Alteration, ...] = (
    redirect,
    _replaced(
        _NUMBER,
        lambda old, chance: chance.choice([b"0", b"1", b"-5", b"7.5", b"999", old + b".0", old + b"1"]),
    ),
    _replaced(_NAME, lambda old, chance: chance.choice(_NAMES)),
    _replaced(
        re.compile(rb"\([^()]*\)"),
        lambda old, chance: chance.choice([b"(x)", b"(Worker)", b"(Employer)", b"<41>"]),
    ),
    _replaced(re.compile(rb"\[[^\[\]]*\]"), lambda old, chance: chance.choice(_VALUES)),
    lines,
    lines,
    drop,
    move,
    renew,
    widget,
    split,
)


def alter(parts: Parts, chance: random.Random) -> Parts:
    """One to three alterations of a copy."""
    made = parts.copy()
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        chance.choice(ALTERATIONS)(made, chance)
    made.revisions = [objects for objects in made.revisions if objects]
    return made
