"""Certificates: PKCS#10 requests for keys born elsewhere, and path, validity and revocation checks (RFC 2986, 5280).

Nothing here opens a connection: revocation information is handed over as DER and kept with the evidence. Addresses
inside foreign certificates are never called.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

from asn1crypto import algos, core, csr, keys
from asn1crypto import x509 as asn1

from signing.errors import InputRefused, SignatureRefused
from signing.p256 import PublicKey, to_der

T = TypeVar("T")
Usage = Literal["signature", "timestamping"]
LONGEST: Final = 16_384


@dataclass(frozen=True)
class Subject:
    """The name in a certificate request."""

    common_name: str
    organization: str | None = None
    unit: str | None = None
    country: str = "CN"

    def name(self) -> asn1.Name:
        """Return the X.501 name, UTF-8 throughout."""
        parts = {"country_name": self.country}
        if self.organization:
            parts["organization_name"] = self.organization
        if self.unit:
            parts["organizational_unit_name"] = self.unit
        parts["common_name"] = self.common_name
        name: asn1.Name = asn1.Name.build(parts, use_printable=False)
        return name


@dataclass(frozen=True)
class CsrFacts:
    """What a verified request says."""

    spki: bytes
    common_name: str
    subject_der: bytes


@dataclass(frozen=True)
class TrustAnchors:
    """Roots that are trusted, and material that helps to reach them. All DER."""

    roots: tuple[bytes, ...]
    intermediates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()

    def plus(
        self, *, intermediates: Iterable[bytes] = (), crls: Iterable[bytes] = (), ocsps: Iterable[bytes] = ()
    ) -> TrustAnchors:
        """Return the same roots with more material, which adds no trust."""
        return TrustAnchors(
            self.roots,
            (*self.intermediates, *intermediates),
            (*self.crls, *crls),
            (*self.ocsps, *ocsps),
        )


@dataclass(frozen=True)
class CertificateFacts:
    """What a check of one certificate at one moment found. `problem` is an error code, None when all holds."""

    certificate: bytes
    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    spki: bytes
    moment: datetime
    problem: str | None
    reason: str
    revocation_checked: bool
    path: tuple[bytes, ...]

    @property
    def sha256(self) -> str:
        """SHA-256 of the certificate's DER, hex."""
        return hashlib.sha256(self.certificate).hexdigest()


def csr_info(spki: bytes, subject: Subject) -> bytes:
    """Return the DER CertificationRequestInfo (first byte 0x30) for the key to sign: proof of possession."""
    PublicKey.from_spki(spki)
    info = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": subject.name(),
            "subject_pk_info": keys.PublicKeyInfo.load(spki),
            "attributes": csr.CRIAttributes([]),
        }
    )
    return bytes(info.dump())


def assemble_csr(info: bytes, signature: bytes) -> bytes:
    """Join request info and raw r‖s into a PKCS#10 request, after checking the signature with the key inside.

    Raises SignatureRefused when the signature is not by that key, InputRefused when the info is malformed.
    """
    key = PublicKey.from_spki(_info_spki(info))
    key.verify_any_s(info, signature)
    request = csr.CertificationRequest(
        {
            "certification_request_info": csr.CertificationRequestInfo.load(info),
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
            "signature": core.OctetBitString(to_der(signature)),
        }
    )
    return bytes(request.dump())


def read_csr(der: bytes) -> CsrFacts:
    """Read a PKCS#10 request and check its self-signature (ECDSA P-256 with SHA-256 only)."""
    from signing.p256 import to_raw

    if len(der) > LONGEST:
        raise InputRefused("csr.form", reason="too long")
    try:
        request = csr.CertificationRequest.load(der, strict=True)
        info = request["certification_request_info"]
        info_der = bytes(info.dump())
        algorithm = request["signature_algorithm"]["algorithm"].native
        signature = bytes(request["signature"].native)
        subject = info["subject"]
        spki = bytes(info["subject_pk_info"].dump())
        common_name = str(subject.native.get("common_name", ""))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputRefused("csr.form", reason=str(error)[:200]) from error
    if algorithm != "sha256_ecdsa":
        raise InputRefused("csr.form", reason=f"algorithm {algorithm}")
    PublicKey.from_spki(spki).verify_any_s(info_der, to_raw(signature))
    return CsrFacts(spki=spki, common_name=common_name, subject_der=bytes(subject.dump()))


class _Parsed(threading.local):
    """Certificates parsed by this thread: asn1crypto parses lazily, so its objects are not shared between threads."""

    def __init__(self) -> None:
        self.by_der: dict[bytes, asn1.Certificate] = {}


_parsed = _Parsed()
PARSED_MOST: Final = 64


def load_certificate(der: bytes) -> asn1.Certificate:
    """Parse one DER certificate, nothing behind it; raises InputRefused otherwise."""
    known = _parsed.by_der.get(der)
    if known is None:
        known = _parse_certificate(der)
        if len(_parsed.by_der) >= PARSED_MOST:
            _parsed.by_der.clear()
        _parsed.by_der[bytes(der)] = known
    return known


def _parse_certificate(der: bytes) -> asn1.Certificate:
    if len(der) > LONGEST:
        raise InputRefused("certificate.form")
    try:
        certificate: asn1.Certificate = asn1.Certificate.load(der, strict=True)
        _ = certificate.public_key, certificate.not_valid_before, certificate.not_valid_after
        _ = certificate.key_usage_value, certificate.extended_key_usage_value, certificate.subject.native
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputRefused("certificate.form") from error
    return certificate


def certificate_spki(der: bytes) -> bytes:
    """Return the certificate's SubjectPublicKeyInfo as DER."""
    return bytes(load_certificate(der).public_key.dump())


def check_certificate(
    der: bytes,
    anchors: TrustAnchors,
    moment: datetime,
    *,
    usage: Usage = "signature",
    require_revocation: bool = True,
) -> CertificateFacts:
    """Check a certificate at a moment and return the facts.

    Raises SignatureRefused with the problem found: certificate.expired, .revoked, .issuer_unknown, .usage,
    .revocation_unknown or .path_invalid.
    """
    facts = judge_certificate(der, anchors, moment, usage=usage, require_revocation=require_revocation)
    if facts.problem is not None:
        raise SignatureRefused(facts.problem, reason=facts.reason, subject=facts.subject)
    return facts


def judge_certificate(
    der: bytes,
    anchors: TrustAnchors,
    moment: datetime,
    *,
    usage: Usage = "signature",
    require_revocation: bool = True,
) -> CertificateFacts:
    """Check a certificate at a moment and return the facts, problems included; raises InputRefused for non-DER."""
    return run(
        judge_certificate_async(der, anchors, moment, usage=usage, require_revocation=require_revocation)
    )


async def judge_certificate_async(
    der: bytes,
    anchors: TrustAnchors,
    moment: datetime,
    *,
    usage: Usage = "signature",
    require_revocation: bool = True,
) -> CertificateFacts:
    """As judge_certificate, for callers that already run an event loop."""
    certificate = load_certificate(der)
    problem, reason, path = await _judge(certificate, anchors, moment, usage, require_revocation)
    return CertificateFacts(
        certificate=bytes(der),
        subject=certificate.subject.human_friendly,
        issuer=certificate.issuer.human_friendly,
        serial=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before,
        not_after=certificate.not_valid_after,
        spki=bytes(certificate.public_key.dump()),
        moment=moment,
        problem=problem,
        reason=reason,
        revocation_checked=require_revocation and problem is None,
        path=path,
    )


async def _judge(
    certificate: asn1.Certificate,
    anchors: TrustAnchors,
    moment: datetime,
    usage: Usage,
    require_revocation: bool,
) -> tuple[str | None, str, tuple[bytes, ...]]:
    if not certificate.not_valid_before <= moment <= certificate.not_valid_after:
        return "certificate.expired", f"{certificate.not_valid_before} … {certificate.not_valid_after}", ()
    from signing import certificate_paths

    return await certificate_paths.judge(certificate, anchors, moment, usage, require_revocation)


def _info_spki(info: bytes) -> bytes:
    try:
        return bytes(csr.CertificationRequestInfo.load(info, strict=True)["subject_pk_info"].dump())
    except (ValueError, TypeError, KeyError) as error:
        raise InputRefused("csr.form", reason=str(error)[:200]) from error


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one of pyHanko's coroutines to its end. They do arithmetic only: nothing here waits for a network."""
    import asyncio

    return asyncio.run(work)
