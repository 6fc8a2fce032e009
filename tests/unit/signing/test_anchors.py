"""Anchors are a name and a key; a list of them that is damaged in itself is refused."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes

from signing.anchors import check_anchors, read_anchor
from signing.errors import InputRefused
from tests.support.pki_scenes import certify, key

ROOT = certify("Root", key("p256 root"), None, ca=True)
ISSUING = certify("Issuing", key("p256 issuing"), ROOT, ca=True)
BY_SHA_256, BY_SHA_224 = bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06082a8648ce3d040301")


def altered(der: bytes, place: int | None = None) -> bytes:
    place = len(der) - 1 if place is None else place
    return der[:place] + bytes([der[place] ^ 1]) + der[place + 1 :]


def refused(*certificates: bytes) -> bool:
    try:
        check_anchors(certificates)
    except InputRefused:
        return True
    return False


def test_an_anchor_is_the_name_and_the_key_of_its_certificate() -> None:
    anchor = read_anchor(ISSUING.der)
    assert anchor.subject == ISSUING.certificate.subject.public_bytes()
    assert anchor.spki in ISSUING.der
    assert anchor == read_anchor(ISSUING.der)


@pytest.mark.parametrize(
    ("root_key", "digest", "pss"),
    [
        ("p256 root", hashes.SHA256(), False),
        ("p384 root", hashes.SHA384(), False),
        ("p256 root", hashes.SHA512(), False),
        ("rsa2048 root", hashes.SHA256(), False),
        ("rsa2048 root", hashes.SHA256(), True),
    ],
)
def test_lists_of_every_kind_of_key_are_checked(
    root_key: str, digest: hashes.HashAlgorithm, pss: bool
) -> None:
    root = certify("Root", key(root_key), None, ca=True, digest=digest, pss=pss)
    issuing = certify("Issuing", key("p256 issuing"), root, ca=True, digest=digest, pss=pss)
    check_anchors([root.der, issuing.der])
    for damaged in ([altered(root.der), issuing.der], [root.der, altered(issuing.der)]):
        assert refused(*damaged)


def test_no_bit_of_a_self_signed_anchor_can_be_altered_but_in_its_names() -> None:
    subject = ROOT.certificate.subject.public_bytes()
    first = ROOT.der.index(subject)
    names = range(first, first + len(subject))
    second = ROOT.der.index(subject, names.stop)
    for place in range(len(ROOT.der)):
        if place not in names and place not in range(second, second + len(subject)):
            assert refused(altered(ROOT.der, place)), place


def test_an_anchor_whose_issuer_is_not_listed_counts_by_name_and_key() -> None:
    check_anchors([ISSUING.der])
    check_anchors([altered(ISSUING.der)])
    assert refused(altered(ISSUING.der), ROOT.der)


def test_an_old_and_a_new_key_of_one_name() -> None:
    new = certify("Root", key("p256 new"), None, ca=True)
    check_anchors([new.der, ROOT.der, ISSUING.der])
    assert refused(new.der, ISSUING.der)


def test_a_root_that_has_signed_itself_by_an_algorithm_that_does_not_count() -> None:
    check_anchors([ROOT.der.replace(BY_SHA_256, BY_SHA_224)])
    assert refused(ROOT.der.replace(BY_SHA_256, BY_SHA_224, 1))  # within it says another than outside


def test_what_is_no_certificate() -> None:
    for junk in (b"", b"no certificate", ROOT.der + b"\0", ROOT.der[:-1], b"\x30\x00"):
        assert refused(junk)
    check_anchors([])
