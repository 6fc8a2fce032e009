"""Requests for keys born elsewhere, and certificate checks at a moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from cryptography import x509 as cx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from signing.errors import InputRefused, SignatureRefused
from signing.p256 import to_raw
from signing.x509 import (
    Subject,
    TrustAnchors,
    assemble_csr,
    certificate_spki,
    check_certificate,
    csr_info,
    judge_certificate,
    read_csr,
)
from tests.support.signing_authorities import NOW, Authority, spki

KEY = ec.generate_private_key(ec.SECP256R1())


def sign(data: bytes, key: ec.EllipticCurvePrivateKey = KEY) -> bytes:
    return to_raw(key.sign(data, ec.ECDSA(hashes.SHA256())))


def test_a_request_is_signed_elsewhere_and_read_by_others() -> None:
    info = csr_info(spki(KEY), Subject("龘㛃䶮𠮷", "TEST", "TEST"))
    assert info[0] == 0x30
    assert spki(KEY) in info
    request = assemble_csr(info, sign(info))
    theirs = cx.load_der_x509_csr(request)
    assert theirs.is_signature_valid
    assert theirs.subject.get_attributes_for_oid(cx.NameOID.COMMON_NAME)[0].value == "龘㛃䶮𠮷"
    facts = read_csr(request)
    assert (facts.spki, facts.common_name) == (spki(KEY), "龘㛃䶮𠮷")


def test_proof_of_possession_is_demanded() -> None:
    info = csr_info(spki(KEY), Subject("worker"))
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(SignatureRefused):
        assemble_csr(info, sign(info, other))
    with pytest.raises(SignatureRefused):
        assemble_csr(csr_info(spki(KEY), Subject("another")), sign(info))
    request = assemble_csr(info, sign(info))
    with pytest.raises((InputRefused, SignatureRefused)):
        read_csr(request[:-1] + bytes([request[-1] ^ 1]))
    for broken in (b"", request + b"\0", bytes(20_000)):
        with pytest.raises(InputRefused):
            read_csr(broken)


def test_a_good_certificate_passes_with_its_path(authority: Authority) -> None:
    certificate = authority.issue("worker", KEY.public_key())
    facts = check_certificate(certificate, authority.anchors(certificate), NOW)
    assert facts.spki == spki(KEY) == certificate_spki(certificate)
    assert len(facts.path) == 3
    assert facts.revocation_checked


def test_each_flaw_has_its_name(authority: Authority) -> None:
    public = KEY.public_key()
    good = authority.issue("worker", public)
    anchors = authority.anchors(good)
    rogue = Authority("Rogue").issue("worker", public)
    wrong_usage = authority.issue("worker", public, usage="encipher")
    cases = [
        (good, anchors, NOW + dt.timedelta(minutes=11), "certificate.expired"),
        (good, anchors, NOW - dt.timedelta(minutes=2), "certificate.expired"),
        (rogue, anchors, NOW, "certificate.issuer_unknown"),
        (wrong_usage, authority.anchors(wrong_usage), NOW, "certificate.usage"),
        (good, replace(anchors, ocsps=()), NOW, "certificate.revocation_unknown"),
        (good, replace(anchors, crls=()), NOW, "certificate.revocation_unknown"),
        (
            good,
            replace(anchors, ocsps=(authority.ocsp(good, revoked_at=NOW - dt.timedelta(seconds=10)),)),
            NOW,
            "certificate.revoked",
        ),
        (good, replace(anchors, ocsps=(b"junk",)), NOW, "certificate.path_invalid"),
    ]
    for certificate, trusted, moment, problem in cases:
        assert judge_certificate(certificate, trusted, moment).problem == problem
        with pytest.raises(SignatureRefused, match=problem.replace(".", r"\.")):
            check_certificate(certificate, trusted, moment)


def test_a_later_revocation_does_not_reach_back(authority: Authority) -> None:
    """A CRL that lists the certificate as revoked after the moment: the signature of that moment stands."""
    good = authority.issue("worker", KEY.public_key())
    serial = cx.load_der_x509_certificate(good).serial_number
    later = authority.crl({serial: NOW + dt.timedelta(minutes=5)}, of_root=False)
    anchors = TrustAnchors(authority.anchors().roots, authority.chain, (authority.crl(), later))
    assert judge_certificate(good, anchors, NOW).problem is None
    earlier = authority.crl({serial: NOW - dt.timedelta(minutes=5)}, of_root=False)
    anchors = replace(anchors, crls=(authority.crl(), earlier))
    assert judge_certificate(good, anchors, NOW).problem == "certificate.revoked"


def test_a_response_by_a_stranger_does_not_count(authority: Authority) -> None:
    good = authority.issue("worker", KEY.public_key())
    forged = Authority("TEST CA").ocsp(good)
    anchors = replace(authority.anchors(), ocsps=(forged,))
    assert judge_certificate(good, anchors, NOW).problem == "certificate.revocation_unknown"
