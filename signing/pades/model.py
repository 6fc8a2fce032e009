"""What is prepared, what is expected of a finished file, and what a validation found."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from signing.timestamps import Token
from signing.x509 import CertificateFacts, TrustAnchors

DOCUMENT_TIMESTAMP: Final = "DocumentTimestamp"
BOX_TOLERANCE: Final = 0.01
"""Points by which a rectangle may differ from its reserved box: PDF numbers are rounded when written."""


@dataclass(frozen=True)
class Box:
    """A rectangle on a page (counted from 0), in points, origin bottom left."""

    page: int
    x1: float
    y1: float
    x2: float
    y2: float

    def near(self, other: Box) -> bool:
        """Say whether both are the same rectangle, apart from rounding."""
        pairs = ((self.x1, other.x1), (self.y1, other.y1), (self.x2, other.x2), (self.y2, other.y2))
        return self.page == other.page and all(abs(a - b) <= BOX_TOLERANCE for a, b in pairs)


class Scope(Enum):
    """How much of a file is judged."""

    WHOLE = "whole"
    """Everything: the only scope for a file that somebody else could have written."""
    OWN_STEP = "own step"
    """A file that this process has just written over a revision it knows, and that is judged whole before it counts.

    All of it but the comparison of revisions with each other, which is most of the work: base, names, fields, boxes,
    coverage, digests, signatures, certificates, revocation, tokens.
    """


@dataclass(frozen=True)
class Prepared:
    """A file that waits for its CMS: bytes, their ByteRange digest, and the reserved region `<000…>`."""

    pdf: bytes
    digest: bytes
    start: int
    end: int

    def became(self, pdf: bytes) -> bool:
        """Whether `pdf` is this file with the reserved region filled in, and nothing else changed."""
        return (
            len(pdf) == len(self.pdf)
            and pdf[: self.start] == self.pdf[: self.start]
            and pdf[self.end :] == self.pdf[self.end :]
        )

    @property
    def sha256(self) -> str:
        """SHA-256 of the prepared bytes, hex."""
        return hashlib.sha256(self.pdf).hexdigest()


@dataclass(frozen=True)
class ExpectedSigner:
    """One signature that must be there: its field, its reserved box and, where known, its key."""

    field: str
    box: Box
    spki_sha256: bytes | None = None
    certificate: bytes | None = None


@dataclass(frozen=True)
class Expected:
    """What a file must be: it begins with the base revision and bears exactly these signatures, in this order."""

    base_sha256: bytes
    base_length: int
    signers: tuple[ExpectedSigner, ...]
    document_timestamp: bool
    require_revocation: bool = True


@dataclass(frozen=True)
class Anchors:
    """Whom to trust: certificate authorities, and roots of each TSA by name."""

    cas: TrustAnchors
    tsas: Mapping[str, tuple[bytes, ...]]


@dataclass(frozen=True)
class Problem:
    """Something that does not hold. `field` is the signature field concerned, empty for the whole file."""

    code: str
    field: str
    text: str


@dataclass(frozen=True)
class SignatureFacts:
    """What one signature proves."""

    field: str
    certificate: bytes
    spki: bytes
    signed_attributes: bytes
    signature: bytes
    digest: bytes
    digest_ok: bool
    signature_ok: bool
    coverage_ok: bool
    token: Token | None
    path: CertificateFacts | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class PdfFacts:
    """What a file proves. `problems` holds all problems, those of single signatures included.

    `last_revision_clean` is False too where the scope left the revisions uncompared.
    """

    base_ok: bool
    last_revision_clean: bool
    signatures: tuple[SignatureFacts, ...]
    document_timestamp: Token | None
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """True when nothing is wrong."""
        return not self.problems
