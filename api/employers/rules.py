"""Checks without I/O: unified social credit code (GB 32100-2015), region code, scope, uploads, seal picture (PNG)."""

from __future__ import annotations

import struct
import unicodedata
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.employers.model import FULL_SCOPE, Scope, Upload
from api.kernel.errors import invalid

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_BODY_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_KINDS = {
    "91": "enterprise",
    "92": "sole_trader",
    "93": "cooperative",
    "11": "organ",
    "12": "institution",
    "13": "organ",
    "51": "social",
    "52": "social",
    "53": "social",
}

UPLOAD_LIMIT = 5_000_000
PICTURE_LIMIT = 512_000
PICTURE_SIDE = (120, 1600)
LONGEST_GRANT = timedelta(days=3 * 366)


@dataclass(frozen=True)
class CodeCheck:
    """A well-formed code, and whether its check characters fit. Some codes in real use do not: the desk decides."""

    uscc: str
    kind: str
    passed: bool


def check_uscc(text: str) -> CodeCheck:
    """Normalise and check a unified social credit code (GB 32100-2015, GB 11714 for the organisation code inside).

    Raises DomainError `employers.uscc_form` unless it has 18 characters of the code's alphabet.
    """
    uscc = text.strip().upper()
    if len(uscc) != 18 or any(character not in _ALPHABET for character in uscc):
        raise invalid("employers.uscc_form", pointer="/uscc")
    values = [_ALPHABET.index(character) for character in uscc]
    expected = -sum(value * weight for value, weight in zip(values, _WEIGHTS, strict=False)) % 31
    return CodeCheck(uscc, _KINDS.get(uscc[:2], "other"), values[17] == expected)


def body_check_passes(uscc: str) -> bool:
    """Whether the organisation code inside (characters 9–17) has the check character of GB 11714."""
    body = uscc[8:17]
    values = [int(c) if c.isdigit() else ord(c) - 55 for c in body[:8]]
    remainder = 11 - sum(value * weight for value, weight in zip(values, _BODY_WEIGHTS, strict=True)) % 11
    return body[8] == {10: "X", 11: "0"}.get(remainder, str(remainder))


def check_region(code: int, kind: str) -> int:
    """Sole traders go on chain with six digits (a street would point at one person), others with nine.

    Nine given digits of a sole trader are cut to six. Raises DomainError `employers.region_form`.
    """
    text = str(code)
    if len(text) not in (6, 9) or text[0] not in "12345678":
        raise invalid("employers.region_form", pointer="/region_code")
    if kind == "sole_trader":
        return int(text[:6])
    if len(text) != 9:
        raise invalid("employers.region_street", pointer="/region_code")
    return code


def check_text(text: str, field: str, longest: int) -> str:
    """A line of text: trimmed, 1 to `longest` characters, no control or direction characters."""
    value = text.strip()
    if not value or len(value) > longest:
        raise invalid("employers.text_length", pointer=f"/{field}", longest=longest)
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for character in value):
        raise invalid("employers.text_character", pointer=f"/{field}")
    return value


def check_phone(text: str) -> str:
    """A mainland mobile number of 11 digits. Raises DomainError `employers.phone_form`."""
    phone = text.strip()
    if len(phone) != 11 or not phone.isascii() or not phone.isdigit() or phone[0] != "1" or phone[1] < "3":
        raise invalid("employers.phone_form", pointer="/phone")
    return phone


def check_resident_id(text: str) -> str:
    """A resident identity number with a real date and its check character (GB 11643-1999).

    Raises DomainError `employers.id_number_form`.
    """
    number = text.strip().upper()
    problem = invalid("employers.id_number_form", pointer="/id_number")
    if (
        len(number) != 18
        or not number.isascii()
        or not number[:17].isdigit()
        or number[17] not in "0123456789X"
    ):
        raise problem
    try:
        datetime.strptime(number[6:14], "%Y%m%d")  # noqa: DTZ007  (a calendar date, not a moment)
    except ValueError:
        raise problem from None
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], weights, strict=True))
    if number[17] != "10X98765432"[total % 11]:
        raise problem
    return number


def check_scope(scope: int) -> Scope:
    """A combination of draft, send and sign. Raises DomainError `employers.scope_form`."""
    if not 0 < scope <= FULL_SCOPE:
        raise invalid("employers.scope_form", pointer="/scope")
    return Scope(scope)


def check_expiry(valid_until: datetime, now: datetime) -> datetime:
    """An agent's authority ends within three years and not in the past; whole seconds, as on chain."""
    end = valid_until.replace(microsecond=0)
    if not now < end <= now + LONGEST_GRANT:
        raise invalid("employers.expiry_form", pointer="/valid_until")
    return end


def check_upload(data: bytes) -> Upload:
    """A PDF, PNG or JPEG by its first bytes. Raises DomainError `employers.upload_form` or `employers.upload_size`."""
    if len(data) > UPLOAD_LIMIT:
        raise invalid("employers.upload_size", limit=UPLOAD_LIMIT, pointer="/file")
    for magic, media_type in (
        (b"%PDF-", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
    ):
        if data.startswith(magic):
            return Upload(media_type, data)
    raise invalid("employers.upload_form", pointer="/file")


def check_seal_picture(data: bytes) -> bytes:
    """A seal picture: a sound PNG, roughly square, of printable size. Returns it without anything but the picture.

    Every chunk's checksum is checked and the pixels must inflate to exactly the announced size, so that a renderer is never
    handed a bomb; text, times and other side information are dropped. Raises DomainError `employers.picture_form`.
    """
    if len(data) > PICTURE_LIMIT:
        raise invalid("employers.upload_size", limit=PICTURE_LIMIT, pointer="/file")
    chunks = _png_chunks(data)
    kinds = [kind for kind, _ in chunks]
    if kinds[:1] != [b"IHDR"] or kinds[-1:] != [b"IEND"] or len(chunks[0][1]) != 13:
        raise _picture("structure")
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunks[0][1])
    low, high = PICTURE_SIDE
    if not (
        low <= width <= high and low <= height <= high and 2 * width <= 3 * height and 2 * height <= 3 * width
    ):
        raise _picture("size")
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour)
    if channels is None or depth != 8 or interlace != 0:
        raise _picture("kind")
    wanted = height * (1 + width * channels)
    inflater = zlib.decompressobj()
    try:
        pixels = inflater.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"), wanted + 1)
    except zlib.error:
        raise _picture("pixels") from None
    if len(pixels) != wanted or not inflater.eof:
        raise _picture("pixels")
    kept = [(kind, body) for kind, body in chunks if kind in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")]
    return data[:8] + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in kept
    )


def _png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        raise _picture("not a PNG")
    chunks = []
    at = 8
    while at < len(data):
        if at + 12 > len(data):
            raise _picture("structure")
        (length,) = struct.unpack_from(">I", data, at)
        kind, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            raise _picture("structure")
        body = data[at + 8 : end - 4]
        if struct.unpack_from(">I", data, end - 4)[0] != zlib.crc32(kind + body):
            raise _picture("checksum")
        chunks.append((kind, body))
        at = end
    return chunks


def _picture(reason: str) -> Exception:
    return invalid("employers.picture_form", reason=reason, pointer="/file")


def wallet_challenge(origin: str, address: str, nonce: str, moment: datetime) -> str:
    """The text that an external wallet signs (EIP-191) to prove that it is the account's."""
    return (
        "Concord 钱包归属证明 / proof of wallet ownership\n"
        "签名仅证明您持有此钱包，不产生任何授权。\n"
        "Signing proves only that you hold this wallet; it authorises nothing.\n"
        f"origin: {origin}\nwallet: {address}\nnonce: {nonce}\ntime: {moment.strftime('%Y-%m-%dT%H:%M:%SZ')}"
    )
