"""The TEST CA against `openssl verify`, `openssl req`, `openssl ocsp` and `openssl crl`."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from signing.identity_service.client import Attested, OpenIntent, StartCheck
from tests.support.programs import Authorities, b64, hex32

SESSION = "conformance-session-1"


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)


def request_for(key: Any, name: str = "示安") -> bytes:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return builder.sign(key, hashes.SHA256()).public_bytes(ser.Encoding.DER)


def attested(a: Authorities, key: ec.EllipticCurvePrivateKey, number: int) -> Attested:
    """A key statement by the running identity service."""
    person, client, nonce = a.persons()[number], a.client(), hex32()
    commitment, contract = hex32(), hex32()
    start = StartCheck(
        "contract",
        SESSION,
        person["name"],
        person["id_number"],
        person["phone"],
        commitment=commitment,
        contract_id=contract,
    )
    check = client.start_check(start).check_id
    client.confirm_check(check, SESSION, a.code(person["phone"]))
    intent = client.open_intent(
        OpenIntent(check, SESSION, nonce, commitment, contract, 1, "0" * 64, 2**31, "otp")
    ).intent_id
    return client.attest(intent, session=SESSION, nonce=nonce, spki=spki(key), otp=a.code(person["phone"]))


def ask(a: Authorities, csr: bytes, statement: dict[str, Any]) -> httpx.Response:
    body = {"csr": b64(csr), "key_statement": statement}
    return httpx.post(f"{a.ca.url}/v1/event-certificates", json=body, headers=a.headers, trust_env=False)


@pytest.fixture(scope="module")
def issued(authorities: Authorities) -> tuple[ec.EllipticCurvePrivateKey, Attested, dict[str, Any]]:
    """(key, statement, the CA's answer)."""
    key = ec.generate_private_key(ec.SECP256R1())
    statement = attested(authorities, key, 0)
    answer = ask(authorities, request_for(key), statement.statement.to_json())
    assert answer.status_code == 201, answer.text
    return key, statement, answer.json()


@pytest.fixture
def files(authorities: Authorities, issued: Any, tmp_path: Path) -> Iterator[Path]:
    """Leaf, issuer and root as PEM files."""
    names = ("leaf", "event", "root")
    for name, der in zip(names, [issued[2]["certificate"], *issued[2]["chain"]], strict=True):
        pem = x509.load_der_x509_certificate(base64.b64decode(der)).public_bytes(ser.Encoding.PEM)
        (tmp_path / f"{name}.pem").write_bytes(pem)
    return tmp_path


def test_openssl_verifies_the_chain_and_reads_the_labels(files: Path) -> None:
    done = openssl(
        "verify",
        "-x509_strict",
        "-CAfile",
        files / "root.pem",
        "-untrusted",
        files / "event.pem",
        files / "leaf.pem",
    )
    assert done.stdout.strip().endswith("OK"), done.stderr
    text = openssl("x509", "-in", files / "leaf.pem", "-noout", "-text", "-nameopt", "utf8").stdout
    assert "TEST ONLY" in text
    assert "Digital Signature, Non Repudiation" in text
    assert "CA:FALSE" in text


def test_an_event_certificate_lives_ten_minutes_for_exactly_this_key(issued: Any) -> None:
    key, statement, answer = issued
    certificate = x509.load_der_x509_certificate(base64.b64decode(answer["certificate"]))
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert life.total_seconds() == 11 * 60
    leaf = certificate.public_key().public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)
    assert leaf == spki(key)
    number = certificate.subject.get_attributes_for_oid(x509.NameOID.SERIAL_NUMBER)[0].value
    assert "0x" + str(number) == statement.statement.message["subject"]


def test_the_same_request_again_gives_the_same_certificate(authorities: Authorities) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    statement = attested(authorities, key, 1).statement.to_json()
    csr = request_for(key)
    assert ask(authorities, csr, statement).json() == ask(authorities, csr, statement).json()


def test_no_certificate_for_another_key_a_bent_statement_or_a_stranger(
    authorities: Authorities, issued: Any
) -> None:
    key, statement, _ = issued
    good = statement.statement.to_json()
    other = ec.generate_private_key(ec.SECP256R1())
    assert ask(authorities, request_for(other), good).json()["code"] == "ca.key_mismatch"
    bent = good | {"message": good["message"] | {"level": 4}}
    assert ask(authorities, request_for(key), bent).json()["code"] == "ca.key_statement_invalid"
    assert ask(authorities, request_for(key), {}).json()["code"] == "ca.key_statement_invalid"
    refused = httpx.post(
        f"{authorities.ca.url}/v1/event-certificates",
        json={"csr": b64(request_for(key)), "key_statement": good},
        trust_env=False,
    )
    assert refused.status_code == 401


def test_no_certificate_without_proof_of_possession_or_for_rsa(authorities: Authorities, issued: Any) -> None:
    key, statement, _ = issued
    good = statement.statement.to_json()
    broken = bytearray(request_for(key))
    broken[-1] ^= 1
    assert ask(authorities, bytes(broken), good).json()["code"] == "ca.csr_invalid"
    heavy = rsa.generate_private_key(65537, 2048)
    assert ask(authorities, request_for(heavy), good).json()["code"] == "ca.csr_invalid"
    assert ask(authorities, b"no request", good).json()["code"] == "ca.csr_invalid"


def test_ocsp_and_crl_by_openssl_before_and_after_revocation(
    authorities: Authorities, issued: Any, files: Path
) -> None:
    def ocsp(leaf: str, issuer: str) -> str:
        done = openssl(
            *("ocsp", "-issuer", files / f"{issuer}.pem", "-cert", files / f"{leaf}.pem"),
            *(
                "-url",
                authorities.ca.url + "/ocsp",
                "-CAfile",
                files / "root.pem",
                "-VAfile",
                files / f"{issuer}.pem",
            ),
        )
        assert "Response verify OK" in done.stderr, done.stderr
        return done.stdout

    def crl() -> str:
        der = httpx.get(f"{authorities.ca.url}/crl/event.crl", trust_env=False).content
        (files / "event.crl").write_bytes(der)
        done = openssl(
            "crl",
            "-inform",
            "DER",
            "-in",
            files / "event.crl",
            "-CAfile",
            files / "event.pem",
            "-text",
            "-noout",
        )
        assert "verify OK" in done.stderr
        return done.stdout

    assert ": good" in ocsp("leaf", "event")
    assert ": good" in ocsp("event", "root")
    serial = issued[2]["serial"]
    assert serial.upper() not in crl()
    url = f"{authorities.ca.url}/test/revoke"
    httpx.post(url, json={"serial": serial, "reason": "keyCompromise"}, trust_env=False).raise_for_status()
    assert ": revoked" in ocsp("leaf", "event")
    assert serial.upper() in crl()
    (files / "all.pem").write_bytes((files / "root.pem").read_bytes() + (files / "event.pem").read_bytes())
    pem = openssl("crl", "-inform", "DER", "-in", files / "event.crl").stdout
    (files / "event-crl.pem").write_text(pem)
    done = openssl(
        "verify",
        "-crl_check",
        "-CRLfile",
        files / "event-crl.pem",
        "-CAfile",
        files / "all.pem",
        files / "leaf.pem",
    )
    assert "certificate revoked" in done.stderr + done.stdout


def test_a_request_made_by_openssl_gets_an_organisation_certificate(
    authorities: Authorities, tmp_path: Path
) -> None:
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", tmp_path / "seal.key")
    openssl(
        "req",
        "-new",
        "-key",
        tmp_path / "seal.key",
        "-subj",
        "/CN=ignored",
        "-outform",
        "DER",
        "-out",
        tmp_path / "seal.csr",
    )
    organisation = {"name": "示范餐饮管理有限公司", "uscc": "91500107MA5TEXT11A", "org_id": "aa" * 32}
    answer = httpx.post(
        f"{authorities.ca.url}/v1/organisation-certificates",
        json={"csr": b64((tmp_path / "seal.csr").read_bytes()), "organisation": organisation},
        headers=authorities.headers,
        trust_env=False,
    )
    assert answer.status_code == 201
    for name, der in zip(
        ("leaf", "ca", "root"), [answer.json()["certificate"], *answer.json()["chain"]], strict=True
    ):
        pem = x509.load_der_x509_certificate(base64.b64decode(der)).public_bytes(ser.Encoding.PEM)
        (tmp_path / f"{name}.pem").write_bytes(pem)
    done = openssl(
        "verify",
        "-x509_strict",
        "-CAfile",
        tmp_path / "root.pem",
        "-untrusted",
        tmp_path / "ca.pem",
        tmp_path / "leaf.pem",
    )
    assert done.stdout.strip().endswith("OK"), done.stderr
    subject = openssl("x509", "-in", tmp_path / "leaf.pem", "-noout", "-subject", "-nameopt", "utf8").stdout
    assert "示范餐饮管理有限公司" in subject
    assert "TEST ONLY" in subject
    assert "ignored" not in subject


def test_faults_expired_and_other_key(authorities: Authorities) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    statement = attested(authorities, key, 2).statement.to_json()
    try:
        authorities.ca.fault("expired")
        old = x509.load_der_x509_certificate(
            base64.b64decode(ask(authorities, request_for(key), statement).json()["certificate"])
        )
        assert old.not_valid_after_utc < old.not_valid_before_utc.replace(year=9999)
        authorities.ca.fault("other_key")
        answer = ask(authorities, request_for(key, "示宁"), statement).json()
        leaf = x509.load_der_x509_certificate(base64.b64decode(answer["certificate"])).public_key()
        assert leaf.public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo) != spki(key)
        authorities.ca.fault("down")
        assert ask(authorities, request_for(key), statement).status_code == 503
    finally:
        authorities.ca.fault("none")
