"""What a person types, normalised and checked for format; and the keyed hashes that stand for it in the store.

Resident ID numbers: GB 11643-1999 (region 6, birth 8, sequence 3, check character over weights 7 9 10 5 8 4 2 1 6 3 7 9
10 5 8 4 2, sum mod 11 mapped to ``10X98765432``). A region code may be historic, so only the format, the date and the
check character count.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from signing.identity_service.errors import IdentityRefused

RESIDENT_KINDS = frozenset({"resident_id", "hmt_residence_permit"})
OTHER_KINDS = frozenset({"foreign_permanent_residence", "passport"})
ID_KINDS = RESIDENT_KINDS | OTHER_KINDS

DEMO_REGION = "500199"
"""Region code that no authority has assigned: generated persons carry it, so none can be a living person's number."""
DEMO_PHONE_PREFIX = "1400"
"""Number block that is not given to telephone subscribers: a text to a generated person reaches nobody."""

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_RESIDENT = re.compile(r"\d{17}[\dX]", re.ASCII)
_OTHER = re.compile(r"[A-Z0-9]{5,20}", re.ASCII)
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_DOTS = str.maketrans({"•": "·", "・": "·", "．": "·", "‧": "·", "∙": "·"})


def check_character(body17: str) -> str:
    """Check character of the first 17 digits of a resident ID number (GB 11643-1999)."""
    return _CHECK[sum(w * int(c) for w, c in zip(_WEIGHTS, body17, strict=True)) % 11]


def normal_name(name: str) -> str:
    """A name for comparison: outer and doubled blanks gone, middle dots of one kind, width folded; 1–60 characters."""
    text = " ".join(name.translate(_DOTS).split())
    # Width folding by character, never NFKC over the whole: that would change compatibility ideographs in rare names.
    text = "".join(unicodedata.normalize("NFKC", c) if "\uff01" <= c <= "\uff5e" else c for c in text)
    if not 1 <= len(text) <= 60 or any(unicodedata.category(c)[0] == "C" for c in text):
        raise IdentityRefused("identity.input_invalid", field="name")
    return text.upper()


def normal_id_number(kind: str, number: str) -> str:
    """An ID number without blanks, upper case; raises IdentityRefused for a wrong format or check character."""
    text = "".join(unicodedata.normalize("NFKC", number).split()).upper()
    if kind in RESIDENT_KINDS:
        if (
            not _RESIDENT.fullmatch(text)
            or check_character(text[:17]) != text[17]
            or birth_date(text) is None
        ):
            raise IdentityRefused("identity.input_invalid", field="id_number")
        return text
    if kind in OTHER_KINDS and _OTHER.fullmatch(text):
        return text
    raise IdentityRefused("identity.input_invalid", field="id_kind" if kind not in ID_KINDS else "id_number")


def normal_phone(phone: str) -> str:
    """A mainland mobile number of eleven digits (a leading +86 is dropped); raises IdentityRefused."""
    text = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", phone))
    text = text.removeprefix("+86") if text.startswith("+86") else text
    if not _MOBILE.fullmatch(text):
        raise IdentityRefused("identity.input_invalid", field="phone")
    return text


def birth_date(resident_number: str) -> date | None:
    """Birth date in a resident ID number, None if there is no such day."""
    try:
        return date(int(resident_number[6:10]), int(resident_number[10:12]), int(resident_number[12:14]))
    except ValueError:
        return None


def masked_phone(phone: str) -> str:
    """``138****5678``: enough for its holder, too little for others."""
    return f"{phone[:3]}****{phone[-4:]}"


@dataclass(frozen=True)
class Claim:
    """The elements a person claims, normalised."""

    name: str
    id_kind: str
    id_number: str
    phone: str

    @classmethod
    def normalised(cls, name: str, id_kind: str, id_number: str, phone: str) -> Claim:
        """Check formats; raises IdentityRefused naming the field whose *format* is wrong (never its truth)."""
        return cls(normal_name(name), id_kind, normal_id_number(id_kind, id_number), normal_phone(phone))

    @property
    def demo(self) -> bool:
        """Whether number or phone is one of the generated demonstration persons'."""
        resident = self.id_kind in RESIDENT_KINDS and self.id_number.startswith(DEMO_REGION)
        return resident or self.phone.startswith(DEMO_PHONE_PREFIX)


class Pseudonyms:
    """Keyed hashes under the service's own secret: without the key they say nothing and cannot be searched."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("the pseudonym key has 32 bytes")
        self._key = key

    def _mac(self, kind: str, *parts: str) -> str:
        data = b"\0".join([b"concord-identity", kind.encode("ascii"), *(p.encode("utf-8") for p in parts)])
        return hmac.new(self._key, data, hashlib.sha256).hexdigest()

    def person(self, claim: Claim) -> str:
        """Reference of the person who holds a document: the same for every contract, known to service and platform."""
        return self._mac("person", claim.id_kind, claim.id_number)

    def name(self, claim: Claim) -> str:
        """Keyed hash of the name."""
        return self._mac("name", claim.name)

    def phone(self, phone: str) -> str:
        """Keyed hash of a phone number."""
        return self._mac("phone", phone)

    def subject(self, person_ref: str, contract_id: str) -> str:
        """The pseudonym that stands in signed statements and on chain: one per person and contract, unlinkable."""
        return self._mac("subject", person_ref, contract_id)

    def session(self, session: str) -> str:
        """Keyed hash of a platform session's key."""
        return self._mac("session", session)

    def code(self, owner: str, code: str) -> str:
        """Keyed hash of a one-time code for one check or intent."""
        return self._mac("code", owner, code)

    def lock(self, kind: str, value: str) -> str:
        """Name of a failure counter."""
        return self._mac("lock", kind, value)
