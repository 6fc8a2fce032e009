"""Certification paths from a certificate to a trust anchor, and revocation along them (RFC 5280, section 6).

Which paths there are is decided here, by evidence-spec 5.3: anchors are a name and a key, names are compared byte by
byte, only signatures that hold make a path. Whether a path is valid at a moment is pyHanko's judgement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from asn1crypto import crl as asn1_crl
from asn1crypto import keys, ocsp
from asn1crypto import x509 as asn1
from pyhanko_certvalidator import ValidationContext, errors
from pyhanko_certvalidator.authority import Authority, AuthorityWithCert, TrustAnchor
from pyhanko_certvalidator.path import Leaf, ValidationPath
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.validate import async_validate_path, validate_usage

from signing.anchors import Anchor, Signed, read_anchors, verifies
from signing.errors import InputRefused
from signing.x509 import TrustAnchors, Usage, load_certificate

LONGEST_PATH: Final = 8
"""Most certificates of a path below its anchor."""
MOST_CHECKS: Final = 60
"""Most signatures of certificates that are checked in search of paths."""
_MALFORMED: Final = (ValueError, TypeError, KeyError, AttributeError)
Found = tuple[str | None, str, tuple[bytes, ...]]
"""An error code or None, its reason, and the path from its anchor down."""


async def judge(
    certificate: asn1.Certificate,
    anchors: TrustAnchors,
    moment: datetime,
    usage: Usage,
    require_revocation: bool,
) -> Found:
    """Judge a certificate that is within its dates: the first path that holds counts, else the first one's problem."""
    try:
        roots = read_anchors(anchors.roots)
        intermediates = [_Certificate.of(load_certificate(der)) for der in anchors.intermediates]
        material = _Material(anchors) if require_revocation else None
        leaf = _Certificate.of(certificate)
        found = None
        for anchor, between in _candidates(leaf, roots, intermediates):
            path = _Path(
                _trust_anchor(anchor),
                [item.parsed for item in between],
                leaf.parsed if anchor.certificate != leaf.der else None,
            )
            problem = await _judge_path(path, material, intermediates, moment)
            if problem is None:
                shown = (anchor.certificate, *(item.der for item in between), leaf.der)
                return *_judge_usage(certificate, usage), shown if len(path) > 1 else shown[:1]
            found = found or problem
    except InputRefused as error:
        return "certificate.path_invalid", f"material: {error.code}", ()
    except _MALFORMED as error:  # certificates, lists and responses are parsed lazily
        return "certificate.path_invalid", f"malformed: {error}"[:300], ()
    return *(found or ("certificate.issuer_unknown", "no path to a trusted authority")), ()


def _judge_usage(certificate: asn1.Certificate, usage: Usage) -> tuple[str | None, str]:
    try:
        if usage == "timestamping":
            validate_usage(certificate, set(), {"time_stamping"}, False)
        else:
            validate_usage(certificate, {"non_repudiation"}, set(), False)
    except errors.InvalidCertificateError as error:
        return "certificate.usage", str(error)[:300]
    return None, ""


async def _judge_path(
    path: _Path, material: _Material | None, intermediates: Sequence[_Certificate], moment: datetime
) -> tuple[str, str] | None:
    try:
        await async_validate_path(_context(path, material, intermediates, moment), path)
    except errors.RevokedError as error:
        return "certificate.revoked", str(error)[:300]
    except errors.InsufficientRevinfoError as error:
        return "certificate.revocation_unknown", str(error)[:300]
    except errors.ValidationError as error:
        return "certificate.path_invalid", str(error)[:300]
    return None


@dataclass(frozen=True, eq=False)
class _Certificate:
    """A certificate with the parts that make paths."""

    parsed: asn1.Certificate
    der: bytes
    subject: bytes
    issuer: bytes
    spki: bytes
    signed: Signed | None
    """None where the certificate names two signature algorithms."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Certificate) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.der)

    @classmethod
    def of(cls, parsed: asn1.Certificate) -> _Certificate:
        inside = parsed["tbs_certificate"]
        algorithm = bytes(parsed["signature_algorithm"].dump())
        same = algorithm == bytes(inside["signature"].dump())
        return cls(
            parsed,
            bytes(parsed.dump()),
            bytes(parsed.subject.dump()),
            bytes(parsed.issuer.dump()),
            bytes(parsed.public_key.dump()),
            Signed(bytes(inside.dump()), algorithm, bytes(parsed.signature)) if same else None,
        )

    def is_by(self, spki: bytes) -> bool:
        """Whether the key made the certificate's signature."""
        return self.signed is not None and verifies(spki, self.signed)


def _candidates(
    leaf: _Certificate, roots: Sequence[Anchor], intermediates: Sequence[_Certificate]
) -> Iterator[tuple[Anchor, tuple[_Certificate, ...]]]:
    """Paths whose signatures hold, depth first: an anchor and what stands between it and the certificate, downwards."""
    for root in roots:
        if root.certificate == leaf.der:
            yield root, ()
            return
    anchored = {(root.subject, root.spki) for root in roots}
    others = [item for item in intermediates if (item.subject, item.spki) not in anchored]
    left = MOST_CHECKS

    def above(path: tuple[_Certificate, ...]) -> Iterator[tuple[Anchor, tuple[_Certificate, ...]]]:
        nonlocal left
        last = path[0]
        if len(path) > LONGEST_PATH:
            return
        candidates: list[Anchor | _Certificate] = [*roots, *others]
        for issuer in candidates:
            if issuer.subject != last.issuer or issuer in path:
                continue
            left -= 1
            if left < 0:
                return
            if not last.is_by(issuer.spki):
                continue
            if isinstance(issuer, Anchor):
                yield issuer, path[:-1]
            else:
                yield from above((issuer, *path))

    yield from above((leaf,))


class _Authority(AuthorityWithCert):
    """An anchor: no key identifier and no serial number says otherwise than its name and key."""

    @property
    def key_id(self) -> bytes | None:
        return None

    def is_potential_issuer_of(self, cert: asn1.Certificate) -> bool:
        return bool(cert.issuer == self.name)


def _trust_anchor(anchor: Anchor) -> TrustAnchor:
    """The anchor as a certificate that says nothing but its name and its key, for a library that wants one."""
    name = asn1.Name.load(anchor.subject)
    algorithm = {"algorithm": "sha256_ecdsa"}
    bare = asn1.Certificate(
        {
            "tbs_certificate": {
                "version": "v3",
                "serial_number": 0,
                "signature": algorithm,
                "issuer": name,
                "validity": {
                    "not_before": asn1.Time({"utc_time": datetime(2000, 1, 1, tzinfo=UTC)}),
                    "not_after": asn1.Time({"general_time": datetime(9999, 12, 31, tzinfo=UTC)}),
                },
                "subject": name,
                "subject_public_key_info": keys.PublicKeyInfo.load(anchor.spki),
            },
            "signature_algorithm": algorithm,
            "signature_value": b"",
        }
    )
    return TrustAnchor(_Authority(asn1.Certificate.load(bare.dump())))


class _Path(ValidationPath):
    """A path whose issuers are those that it was built with, whatever key identifiers say."""

    def _above(self, certificate: Leaf) -> list[asn1.Certificate]:
        """The certificates between the anchor and one of the path; LookupError for another."""
        if certificate is self._leaf:
            return self._interm
        for place, item in enumerate(self._interm):
            if item is certificate:
                return self._interm[:place]
        raise LookupError("no certificate of this path")

    def find_issuing_authority(self, cert: Leaf) -> Authority:
        """The authority above a certificate of the path."""
        above = self._above(cert)
        return AuthorityWithCert(above[-1]) if above else self.trust_anchor.authority

    def truncate_to_issuer_and_append(self, cert: asn1.Certificate) -> ValidationPath:
        """The path of one of its own authorities, as an issuer of lists."""
        if cert.sha256 == self.first.sha256:
            return ValidationPath(self.trust_anchor, [], None)
        return ValidationPath(self.trust_anchor, self._above(cert), cert)


@dataclass
class _Material:
    """What is said about revocation, parsed anew for each path: the library's objects are changed by it."""

    anchors: TrustAnchors

    def __post_init__(self) -> None:
        self.crls()
        self.ocsps([])

    def crls(self) -> list[asn1_crl.CertificateList]:
        """The lists; raises InputRefused."""
        return [_load(asn1_crl.CertificateList, der) for der in self.anchors.crls]

    def ocsps(self, authorities: Sequence[asn1.Certificate]) -> list[ocsp.OCSPResponse]:
        """The responses, without copies of these authorities: the path's own certificate is the authority."""
        known = {(item.subject.dump(), item.public_key.dump()) for item in authorities}
        loaded = [_load(ocsp.OCSPResponse, der) for der in self.anchors.ocsps]
        for response in loaded:
            basic = (
                response.basic_ocsp_response if response["response_status"].native == "successful" else None
            )
            if basic is not None and basic["certs"] and known:
                kept = [c for c in basic["certs"] if (c.subject.dump(), c.public_key.dump()) not in known]
                if len(kept) < len(basic["certs"]):
                    basic["certs"] = kept
        return loaded


def _load(kind: Any, der: bytes) -> Any:
    try:
        return kind.load(der, strict=True)
    except (ValueError, TypeError) as error:
        raise InputRefused("certificate.path_invalid", reason=kind.__name__) from error


def _context(
    path: _Path, material: _Material | None, intermediates: Sequence[_Certificate], moment: datetime
) -> ValidationContext:
    rule = (
        RevocationCheckingRule.NO_CHECK if material is None else RevocationCheckingRule.CRL_OR_OCSP_REQUIRED
    )
    policy = CertRevTrustPolicy(
        RevocationCheckingPolicy(ee_certificate_rule=rule, intermediate_ca_cert_rule=rule),
        retroactive_revinfo=True,
    )
    own = [
        authority.certificate
        for authority in path.iter_authorities()
        if isinstance(authority, AuthorityWithCert)
    ]
    names = {bytes(item.subject.dump()) for item in own}
    return ValidationContext(
        trust_roots=[path.trust_anchor],
        other_certs=[*own, *(item.parsed for item in intermediates if item.subject not in names)],
        moment=moment,
        best_signature_time=moment,
        allow_fetching=False,
        crls=None if material is None else material.crls(),
        ocsps=None if material is None else material.ocsps(own),
        revinfo_policy=policy,
        time_tolerance=timedelta(0),
    )
