"""Certificates, revocation and tokens of many kinds: both engines come to the same, and to what the scene says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku

from tests.factories.evidence import World, at
from tests.support.evidence_world import world
from tests.support.pdf_engines import Scene, SecondEngine, judge_in_python
from tests.support.pki_scenes import Authority, Holder, Pki, certify, crl, key, response

__all__ = ["world"]

UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5.6"), b"\x05\x00")
GOOD = (0, "")
NO_PATH = (7, "NO_CERTIFICATE_CHAIN_FOUND")
LATER = (7, "TRY_LATER")
REVOKED = (7, "REVOKED")
INVALID = (6, "TIMESTAMP_INVALID")
UNTRUSTED = (6, "TIMESTAMP_UNTRUSTED")
Build = Callable[[World], Scene]


@pytest.fixture(scope="module")
def second() -> Iterator[SecondEngine]:
    with SecondEngine() as engine:
        yield engine


def path(**options: Any) -> Build:
    """A scene in which only the authorities are odd."""

    def build(world: World) -> Scene:
        pki = Pki(world, **options)
        return pki.scene(pki.authority_lists(), [response(pki.subject, pki.chain[-1])])

    return build


def material(make: Callable[[Pki], tuple[list[bytes], list[bytes]]], **options: Any) -> Build:
    """A scene in which only what is said about revocation is odd."""

    def build(world: World) -> Scene:
        pki = Pki(world, **options)
        crls, ocsps = make(pki)
        return pki.scene([*pki.authority_lists(), *crls], ocsps)

    return build


def revoked(pki: Pki, when: dt.datetime) -> dict[int, dt.datetime]:
    return {pki.subject.certificate.serial_number: when}


def delegated(pki: Pki, *, no_check: bool = True, signing: bool = True, **options: Any) -> bytes:
    """A response by whom the issuing authority certified for it."""
    more: list[tuple[Any, bool]] = [(x509.OCSPNoCheck(), False)] if no_check else []
    usages = [Eku.OCSP_SIGNING] if signing else [Eku.CLIENT_AUTH]
    responder = certify(
        "Responder", key("p256 responder"), pki.chain[-1], extended=usages, more=more, **options
    )
    return response(pki.subject, pki.chain[-1], responder=responder)


def point(**options: Any) -> list[tuple[Any, bool]]:
    given: dict[str, Any] = {
        "full_name": None, "relative_name": None, "only_contains_user_certs": False, "only_contains_ca_certs": False,
        "only_some_reasons": None, "indirect_crl": False, "only_contains_attribute_certs": False,
    }  # fmt: skip
    return [(x509.IssuingDistributionPoint(**(given | options)), True)]


def renewed(pki: Pki) -> Holder:
    """The issuing authority's name and key under another certificate."""
    return certify("Issuing", key(pki.issuing_key), pki.root, ca=True, end=at(86400))


def from_stranger(pki: Pki) -> bytes:
    """By whom has the authority's name and number, but not its key."""
    namesake = certify("Issuing", key("p256 stranger"), pki.root, ca=True)
    return response(pki.subject, pki.chain[-1], responder=namesake)


SCENES: dict[str, tuple[tuple[int, str], Build]] = {
    "plain": (GOOD, path()),
    "the issuing authority is an anchor itself": (GOOD, path(listed=True)),
    "a list of an anchor that has not signed itself": (
        GOOD,
        material(lambda pki: ([crl(pki.chain[-1])], []), listed=True),
    ),
    "what an anchor may do by its own extensions is not asked": (
        GOOD,
        path(listed=True, issuing={"ca": False, "usage": {"digital_signature"}, "more": [(UNKNOWN, True)]}),
    ),
    "a damaged copy stands beside the good one": (GOOD, path(between=[{}], damaged=True)),
    "two authorities between": (GOOD, path(between=[{}, {}])),
    "path length kept": (GOOD, path(between=[{"path_length": 1}])),
    "path length exceeded": (NO_PATH, path(between=[{"path_length": 0}])),
    "between is no authority": (NO_PATH, path(between=[{"ca": False, "usage": {"key_cert_sign"}}])),
    "between may not sign certificates": (NO_PATH, path(between=[{"usage": {"crl_sign"}}])),
    "between had expired": (NO_PATH, path(between=[{"end": at(-10)}])),
    "between is of tomorrow": (NO_PATH, path(between=[{"start": at(86400)}])),
    "an expired anchor still anchors": (GOOD, path(root_options={"end": at(-10)})),
    "unknown critical extension in the certificate": (NO_PATH, path(leaf={"more": [(UNKNOWN, True)]})),
    "unknown extension in the certificate": (GOOD, path(leaf={"more": [(UNKNOWN, False)]})),
    "unknown critical extension between": (NO_PATH, path(issuing={"more": [(UNKNOWN, True)]})),
    "key usage without nonRepudiation": (
        (7, "CERTIFICATE_CONSTRAINTS"),
        path(leaf={"usage": {"digital_signature"}}),
    ),
    "no key usage": ((7, "CERTIFICATE_CONSTRAINTS"), path(leaf={"usage": {"absent"}})),
    "authority without key usage": (GOOD, path(issuing={"usage": {"absent"}})),
    "expired": ((7, "EXPIRED"), path(leaf={"end": at(-1)})),
    "not yet valid": ((7, "NOT_YET_VALID"), path(leaf={"start": at(1)})),
    "valid in its last second": (GOOD, path(leaf={"end": at(0)})),
    "valid in its first second": (GOOD, path(leaf={"start": at(0)})),
    "name constraints": (
        (7, "UNSUPPORTED"),
        path(issuing={"more": [(x509.NameConstraints([x509.DNSName("example.invalid")], None), True)]}),
    ),
    "RSA authorities": (GOOD, path(root_key="rsa2048 root", issuing_key="rsa2048 issuing")),
    "RSA-PSS": (GOOD, path(root_key="rsa2048 root", issuing_key="rsa2048 issuing", leaf={"pss": True})),
    "P-384": (GOOD, path(root_key="p384 root", issuing_key="p384 issuing", leaf={"digest": hashes.SHA384()})),
    "SHA-512": (GOOD, path(issuing={"digest": hashes.SHA512()})),
    "no material": (LATER, material(lambda pki: ([], []))),
    "a list": (GOOD, material(lambda pki: ([crl(pki.chain[-1])], []))),
    "a list, no service named": (
        GOOD,
        material(lambda pki: ([crl(pki.chain[-1])], []), leaf={"names_ocsp": False}),
    ),
    "a response, no service named": (
        LATER,
        material(lambda pki: ([], [response(pki.subject, pki.chain[-1])]), leaf={"names_ocsp": False}),
    ),
    "listed before": (REVOKED, material(lambda pki: ([crl(pki.chain[-1], revoked(pki, at(-30)))], []))),
    "listed after": (GOOD, material(lambda pki: ([crl(pki.chain[-1], revoked(pki, at(30)))], []))),
    "listed at the very moment": (
        GOOD,
        material(lambda pki: ([crl(pki.chain[-1], revoked(pki, at(0)))], [])),
    ),
    "list of a stranger": (
        LATER,
        material(lambda pki: ([crl(pki.chain[-1], signer=key("p256 stranger"))], [])),
    ),
    "list past its time": (
        LATER,
        material(lambda pki: ([crl(pki.chain[-1], update=at(-900), following=at(-600))], [])),
    ),
    "list made later": (GOOD, material(lambda pki: ([crl(pki.chain[-1], update=at(900))], []))),
    "fresher list decides": (
        REVOKED,
        material(
            lambda pki: ([crl(pki.chain[-1]), crl(pki.chain[-1], revoked(pki, at(-30)), update=at(900))], [])
        ),
    ),
    "list of users": (
        GOOD,
        material(lambda pki: ([crl(pki.chain[-1], more=point(only_contains_user_certs=True))], [])),
    ),
    "list of authorities": (
        LATER,
        material(lambda pki: ([crl(pki.chain[-1], more=point(only_contains_ca_certs=True))], [])),
    ),
    "list with a critical unknown": (
        LATER,
        material(lambda pki: ([crl(pki.chain[-1], more=[(UNKNOWN, True)])], [])),
    ),
    "issuer may not sign lists": (
        LATER,
        material(lambda pki: ([crl(pki.chain[-1])], []), issuing={"usage": {"key_cert_sign"}}),
    ),
    "a list that is none": (NO_PATH, material(lambda pki: ([bytes.fromhex("3000")], []))),
    "revoked before": (
        REVOKED,
        material(lambda pki: ([], [response(pki.subject, pki.chain[-1], revoked=at(-30))])),
    ),
    "revoked at the very moment": (
        REVOKED,
        material(lambda pki: ([], [response(pki.subject, pki.chain[-1], revoked=at(0))])),
    ),
    "revoked after, no list": (
        LATER,
        material(lambda pki: ([], [response(pki.subject, pki.chain[-1], revoked=at(30))])),
    ),
    "revoked after, and a list": (
        GOOD,
        material(lambda pki: ([crl(pki.chain[-1])], [response(pki.subject, pki.chain[-1], revoked=at(30))])),
    ),
    "unknown to the service": (
        LATER,
        material(lambda pki: ([], [response(pki.subject, pki.chain[-1], unknown=True)])),
    ),
    "response by name": (
        GOOD,
        material(lambda pki: ([], [response(pki.subject, pki.chain[-1], by_name=True)])),
    ),
    "response with its signer's certificate": (
        GOOD,
        material(
            lambda pki: ([], [response(pki.subject, pki.chain[-1], responder=pki.chain[-1])]), listed=True
        ),
    ),
    "response with another certificate of its signer": (
        GOOD,
        material(lambda pki: ([], [response(pki.subject, pki.chain[-1], responder=renewed(pki))])),
    ),
    "response by SHA-256": (
        GOOD,
        material(lambda pki: ([], [response(pki.subject, pki.chain[-1], algorithm=hashes.SHA256())])),
    ),
    "response of a stranger": (LATER, material(lambda pki: ([], [from_stranger(pki)]))),
    "response about another": (LATER, material(lambda pki: ([], [response(pki.chain[-1], pki.root)]))),
    "response past its time": (
        LATER,
        material(
            lambda pki: ([], [response(pki.subject, pki.chain[-1], update=at(-900), following=at(-600))])
        ),
    ),
    "delegated response": (GOOD, material(lambda pki: ([], [delegated(pki)]))),
    "delegated, not for responses": (LATER, material(lambda pki: ([], [delegated(pki, signing=False)]))),
    "delegated, to be checked, not checked": (
        LATER,
        material(lambda pki: ([], [delegated(pki, no_check=False, names_ocsp=False)])),
    ),
    "delegated, had expired": (LATER, material(lambda pki: ([], [delegated(pki, end=at(-10))]))),
    "good response, listed": (
        GOOD,
        material(
            lambda pki: (
                [crl(pki.chain[-1], revoked(pki, at(-30)))],
                [response(pki.subject, pki.chain[-1])],
            )
        ),
    ),
    "token: RSA": (GOOD, lambda world: Authority("RSA", "rsa2048 tsa", "rsa2048 tsa root").scene(world)),
    "token: RSA-PSS": (
        GOOD,
        lambda world: Authority("PSS", "rsa2048 tsa", "rsa2048 tsa root", pss=True).scene(world),
    ),
    "token: P-384, SHA-384": (
        GOOD,
        lambda world: Authority("P384", "p384 tsa", "p384 tsa root", digest="sha384").scene(world),
    ),
    "token: SHA-512": (GOOD, lambda world: Authority("512", digest="sha512").scene(world)),
    "token: SHA-1": (INVALID, lambda world: Authority("SHA1", "rsa2048 tsa", digest="sha1").scene(world)),
    "token: imprint by SHA-512": (INVALID, lambda world: Authority("Imprint", imprint="sha512").scene(world)),
    "token: old certificate name": (GOOD, lambda world: Authority("Old", essential="v1").scene(world)),
    "token: names another certificate": (
        INVALID,
        lambda world: Authority("Ess", wrong="essential").scene(world),
    ),
    "token: another digest": (INVALID, lambda world: Authority("Digest", wrong="digest").scene(world)),
    "token: another content type": (INVALID, lambda world: Authority("Type", wrong="type").scene(world)),
    "token: wrong signature": (INVALID, lambda world: Authority("Sig", wrong="signature").scene(world)),
    "token: without certificate": (
        INVALID,
        lambda world: Authority("Cert", wrong="certificate").scene(world),
    ),
    "token: two signers": (INVALID, lambda world: Authority("Two", wrong="signers").scene(world)),
    "token: not for time-stamping": (
        UNTRUSTED,
        lambda world: Authority("Eku", extended=(Eku.CODE_SIGNING,)).scene(world),
    ),
    "token: certificate had expired": (
        UNTRUSTED,
        lambda world: Authority("End", options={"end": at(-10)}).scene(world),
    ),
    "token: not in the root": (UNTRUSTED, lambda world: Authority("Foreign").scene(world, trusted=False)),
}


@pytest.mark.parametrize("label", SCENES)
def test_both_engines_come_to_what_the_scene_says(world: World, second: SecondEngine, label: str) -> None:
    expected, build = SCENES[label]
    scene = build(world)
    one, other = judge_in_python(scene), second.judge(scene)
    assert (one.step, one.sub) == expected, one.facts
    assert (other.step, other.sub) == expected, other.facts
    assert one == other
