"""Addresses inside what strangers hand in (OCSP in a certificate, links in a PDF) are never called."""

from __future__ import annotations

import socket
from typing import Any, NoReturn

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import AuthorityInformationAccess, load_der_x509_certificate

from signing.x509 import TrustAnchors, check_certificate, judge_certificate
from tests.support.signing_authorities import NOW, Authority, Stamper, der
from tests.support.signing_documents import Ceremony


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Whatever tries to leave the process: names asked for, sockets connected."""
    attempts: list[Any] = []

    def refuse(*arguments: Any, **_: Any) -> NoReturn:
        attempts.append(arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    return attempts


def named_address(certificate: bytes) -> str:
    extension = load_der_x509_certificate(certificate).extensions.get_extension_for_class(
        AuthorityInformationAccess
    )
    return str(extension.value[0].access_location.value)


def test_an_address_in_a_certificate_is_not_called(tried: list[Any]) -> None:
    authority = Authority()
    certificate = authority.issue("seal", ec.generate_private_key(ec.SECP256R1()).public_key())
    assert named_address(certificate) == "http://ocsp.invalid/never-called"
    bare = TrustAnchors((der(authority.root),), (der(authority.issuer),))
    assert judge_certificate(certificate, bare, NOW).problem == "certificate.revocation_unknown"
    assert not check_certificate(certificate, bare, NOW, require_revocation=False).revocation_checked
    stranger = Authority("Rogue").issue("seal", ec.generate_private_key(ec.SECP256R1()).public_key())
    assert judge_certificate(stranger, bare, NOW).problem == "certificate.issuer_unknown"
    assert tried == []


def test_an_address_in_a_signed_file_is_not_called(tried: list[Any]) -> None:
    ceremony = Ceremony(Authority(), Stamper("one"), Stamper("two"))
    certificate = ceremony.worker_certificate
    assert named_address(certificate) == "http://ocsp.invalid/never-called"
    pdf = ceremony.sign_both()
    assert ceremony.validate(pdf).problems == ()
    assert tried == []
