"""What the steps work on: the package's parts as far as they have been read, and the trust root."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from chain.package import contents
from chain.package.manifest import Manifest
from chain.trust_root import PARTICIPANTS, REGISTRY, TrustRoot

if TYPE_CHECKING:
    from chain.checkpoint import Checkpoint
    from chain.verifier.rendering import RenderingCheck
    from signing import eip712
    from signing.pades import PdfFacts, SignatureFacts
    from signing.timestamps import Token

T = TypeVar("T")

TOLERANCE = 60
"""Seconds by which clocks of different parties may differ: tokens more than 60 s off are refused."""


@dataclass(frozen=True)
class LogEvent:
    """An event of the package: canonical value, payload where it was handed over, and its log entry."""

    event: dict[str, Any]
    payload: dict[str, Any] | None

    @cached_property
    def entry(self) -> bytes:
        """SHA-256 of the canonical bytes."""
        from signing import jcs

        return jcs.digest(self.event)

    @property
    def name(self) -> str:
        """Type without slice and version: `E09`, `sent`."""
        return str(self.event["type"]).partition(".")[2].partition("/")[0]

    @property
    def utc(self) -> datetime:
        """When the platform recorded it."""
        return datetime.fromisoformat(self.event["utc"])


@dataclass
class Case:
    """One package under one trust root. Steps fill in what later steps build on."""

    data: bytes
    trust_root: TrustRoot
    now: datetime
    render: RenderingCheck | None = None
    entries: dict[str, bytes] = field(default_factory=dict)
    manifest: Manifest | None = None
    json: dict[str, dict[str, Any]] = field(default_factory=dict)
    pdf: PdfFacts | None = None
    checkpoint: Checkpoint | None = None
    checkpoint_token: Token | None = None
    log_indices: tuple[int, ...] = ()

    @property
    def kind(self) -> str:
        """Kind of the package, as step 2 read it."""
        return self.read_manifest.kind

    @property
    def read_manifest(self) -> Manifest:
        """The manifest; only steps after 2 may ask."""
        return present(self.manifest)

    @cached_property
    def opening(self) -> dict[str, Any]:
        """The opened commitment."""
        return self.json[contents.OPENING]

    @cached_property
    def commitment(self) -> bytes:
        """SHA-256 of the opening's bytes."""
        return hashlib.sha256(self.entries[contents.OPENING]).digest()

    @cached_property
    def base_pdf(self) -> bytes:
        """The base revision: the prefix that the commitment binds."""
        return self.entries[contents.PDF][: self.read_manifest.subject["base_pdf_size"]]

    @cached_property
    def domain(self) -> eip712.Domain:
        """EIP-712 domain of consents and identity statements."""
        return self.trust_root.domain(REGISTRY)

    @cached_property
    def participants(self) -> eip712.Domain:
        """EIP-712 domain of organisations' statements."""
        return self.trust_root.domain(PARTICIPANTS)

    @cached_property
    def stream(self) -> list[LogEvent]:
        """The events of the package's own stream."""
        return [LogEvent(item["event"], item["payload"]) for item in self.json[contents.STREAM]["events"]]

    @cached_property
    def cited(self) -> list[LogEvent]:
        """The events of other streams that are cited."""
        return [LogEvent(item["event"], item["payload"]) for item in self.json[contents.CITED]["events"]]

    def signature(self, field_name: str) -> SignatureFacts:
        """Facts of the PDF signature in a field; only steps after 5 may ask."""
        return next(item for item in present(self.pdf).signatures if item.field == field_name)

    def signed_at(self, field_name: str) -> datetime:
        """Time of a signature's token; only steps after 6 may ask."""
        return present(self.signature(field_name).token).gen_time

    def attestation(self) -> eip712.Attestation:
        """The key statement."""
        from signing import eip712

        value = self.json[contents.ATTESTATION]["statement"]
        return eip712.Attestation(
            commitment=bytes.fromhex(value["commitment"]),
            contract_id=bytes.fromhex(value["contract_id"]),
            signer_key_hash=bytes.fromhex(value["signer_key_hash"]),
            subject=bytes.fromhex(value["subject"]),
            level=value["level"],
            check_digest=bytes.fromhex(value["check_digest"]),
            time=value["time"],
        )

    def consent(self, entry: str) -> eip712.Consent:
        """A party's consent."""
        from signing import eip712

        value = self.json[entry]["consent"]
        return eip712.Consent(
            commitment=bytes.fromhex(value["commitment"]),
            contract_id=bytes.fromhex(value["contract_id"]),
            version=value["version"],
            prev=bytes.fromhex(value["prev"]),
            role=value["role"],
            signer_key_hash=bytes.fromhex(value["signer_key_hash"]),
            expiry=value["expiry"],
        )


def present(value: T | None) -> T:
    """Return what an earlier step has left; raises LookupError when the plan's order was broken."""
    if value is None:
        raise LookupError("an earlier step has not run")
    return value


def unpack(text: str) -> bytes:
    """Bytes of a base64 member (its shape was checked in step 2)."""
    return base64.b64decode(text)


def moment(seconds: int) -> datetime:
    """A unix time as aware UTC; the last representable moment for values beyond the calendar."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return datetime.max.replace(tzinfo=UTC)


def text_of(when: datetime) -> str:
    """A time as the facts show it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"
