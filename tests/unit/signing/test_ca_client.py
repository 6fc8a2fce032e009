"""The CA's adapter: what it sends, and what it refuses to take back."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from signing.ca_client import CaClient
from signing.errors import ServiceUnavailable, SignatureRefused
from signing.p256 import to_raw
from signing.x509 import Subject, assemble_csr, check_certificate, csr_info
from tests.support.signing_authorities import NOW, Authority, spki

KEY = ec.generate_private_key(ec.SECP256R1())
STATEMENT = {"message": {"level": 2}, "signature": "0x00"}


def request() -> bytes:
    info = csr_info(spki(KEY), Subject("worker"))
    return assemble_csr(info, to_raw(KEY.sign(info, ec.ECDSA(hashes.SHA256()))))


def client(answer: Callable[[httpx.Request], httpx.Response]) -> CaClient:
    return CaClient("http://ca.invalid", "secret", httpx.Client(transport=httpx.MockTransport(answer)))


def issued(authority: Authority, certificate: bytes) -> httpx.Response:
    encode = lambda data: base64.b64encode(data).decode()  # noqa: E731
    return httpx.Response(
        200, json={"certificate": encode(certificate), "chain": [encode(item) for item in authority.chain]}
    )


def test_request_and_statement_are_sent_and_the_certificate_comes_back(authority: Authority) -> None:
    certificate = authority.issue("worker", KEY.public_key())

    def answer(call: httpx.Request) -> httpx.Response:
        body = json.loads(call.content)
        assert call.url.path == "/v1/event-certificates"
        assert call.headers["Authorization"] == "Bearer secret"
        assert base64.b64decode(body["csr"]) == csr
        assert body["key_statement"] == STATEMENT
        return issued(authority, certificate)

    csr = request()
    got = client(answer).issue(csr, STATEMENT)
    assert (got.certificate, got.chain) == (certificate, authority.chain)


def test_another_keys_certificate_is_refused(authority: Authority) -> None:
    other = authority.issue("worker", ec.generate_private_key(ec.SECP256R1()).public_key())
    with pytest.raises(SignatureRefused, match="certificate_wrong"):
        client(lambda _: issued(authority, other)).issue(request(), STATEMENT)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"certificate": "!"}', b'{"certificate": "AAAA", "chain": []}']
)
def test_malformed_answers_are_refused(body: bytes) -> None:
    with pytest.raises(SignatureRefused, match="certificate_wrong"):
        client(lambda _: httpx.Response(200, content=body)).issue(request(), STATEMENT)


def test_refusal_and_silence_differ() -> None:
    refusing = client(lambda _: httpx.Response(422, json={"code": "ca.key_statement_invalid"}))
    with pytest.raises(SignatureRefused) as refused:
        refusing.issue(request(), STATEMENT)
    assert refused.value.facts == {"reason": "ca.key_statement_invalid"}
    with pytest.raises(ServiceUnavailable):
        client(lambda _: httpx.Response(503)).issue(request(), STATEMENT)

    def down(call: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=call)

    with pytest.raises(ServiceUnavailable):
        client(down).issue(request(), STATEMENT)


def test_revocation_comes_from_the_configured_address_only(authority: Authority) -> None:
    """The certificate names another OCSP address, which is never called."""
    certificate = authority.issue("worker", KEY.public_key())
    assert b"ocsp.invalid" in certificate
    called: list[str] = []

    def answer(call: httpx.Request) -> httpx.Response:
        called.append(str(call.url))
        if call.url.path == "/ocsp":
            return httpx.Response(200, content=authority.ocsp(certificate))
        return httpx.Response(200, content=authority.crl())

    material = client(answer).revocation(certificate, authority.chain)
    assert called == ["http://ca.invalid/ocsp", "http://ca.invalid/crl/root.crl"]
    anchors = authority.anchors()
    from dataclasses import replace

    check_certificate(certificate, replace(anchors, crls=material.crls, ocsps=material.ocsps), NOW)
