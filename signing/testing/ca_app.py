"""HTTP face of the TEST CA: issuing (bearer), certificates, CRLs, OCSP (RFC 6960), and switches for tests."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as ser
from cryptography.x509 import ocsp
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from signing.identity_service.serving import bearer_matches, limit_bodies
from signing.testing import pki
from signing.testing.authority import Ca, CaRefused

OCSP_TYPE = "application/ocsp-response"


def ocsp_response(ca: Ca, der: bytes) -> bytes:
    """Answer one OCSP request, signed by the issuing CA itself; a foreign issuer or serial is `unauthorized`."""
    try:
        asked = ocsp.load_der_ocsp_request(der)
        issuer = next(
            (a for a in ca.authorities.values() if _names(asked, a)),
            None,
        )
    except ValueError:
        return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    if issuer is None:
        return _refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)
    certificate, revoked_at, reason = _status(ca, issuer, f"{asked.serial_number:x}")
    if certificate is None:
        return _refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)
    moment = pki.now()
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=certificate,
        issuer=issuer.certificate,
        algorithm=asked.hash_algorithm,
        cert_status=ocsp.OCSPCertStatus.REVOKED if revoked_at else ocsp.OCSPCertStatus.GOOD,
        this_update=moment - timedelta(seconds=5),
        next_update=moment + timedelta(hours=12),
        revocation_time=revoked_at,
        revocation_reason=reason,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate)
    try:
        nonce = asked.extensions.get_extension_for_class(x509.OCSPNonce)
        builder = builder.add_extension(x509.OCSPNonce(nonce.value.nonce), critical=False)
    except x509.ExtensionNotFound:
        pass
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(ser.Encoding.DER)


def _refusal(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(ser.Encoding.DER)


def _names(asked: ocsp.OCSPRequest, authority: pki.Authority) -> bool:
    digest = hashes.Hash(asked.hash_algorithm)
    digest.update(authority.certificate.subject.public_bytes())
    key = x509.SubjectKeyIdentifier.from_public_key(authority.key.public_key()).digest
    known = digest.finalize() == asked.issuer_name_hash
    return known and (asked.hash_algorithm.name != "sha1" or key == asked.issuer_key_hash)


def _status(
    ca: Ca, issuer: pki.Authority, serial: str
) -> tuple[x509.Certificate | None, datetime | None, x509.ReasonFlags | None]:
    if issuer is ca.root:
        for subordinate in (ca.event, ca.organisation):
            if f"{subordinate.certificate.serial_number:x}" == serial:
                return subordinate.certificate, None, None
        return None, None, None
    row = ca.record(serial)
    if row is None or ca.authorities[row["issuer"]] is not issuer:
        return None, None, None
    certificate = x509.load_der_x509_certificate(row["certificate"])
    if row["revoked_at"] is None:
        return certificate, None, None
    moment = datetime.fromtimestamp(row["revoked_at"], pki.now().tzinfo)
    return certificate, moment, x509.ReasonFlags(row["reason"])


def build_app(ca: Ca, token: str) -> FastAPI:
    """The HTTP application."""
    app = FastAPI(title="TEST CA", docs_url=None, redoc_url=None)
    limit_bodies(app)
    app.include_router(ca.faults.router())

    @app.exception_handler(CaRefused)
    def refused(_request: Request, exc: CaRefused) -> JSONResponse:
        status = 404 if exc.code.endswith("_unknown") else 422
        return JSONResponse({"code": exc.code, "facts": {}}, status_code=status)

    def authorise(request: Request) -> None:
        if not bearer_matches(request, token):
            raise HTTPException(401, "credential")
        ca.faults.check_down()

    def csr_of(body: dict[str, Any]) -> bytes:
        try:
            return base64.b64decode(str(body["csr"]), validate=True)
        except (KeyError, binascii.Error, ValueError) as exc:
            raise CaRefused("ca.csr_invalid") from exc

    def object_of(body: dict[str, Any], key: str, code: str) -> dict[str, Any]:
        value = body.get(key)
        if not isinstance(value, dict):
            raise CaRefused(code)
        return value

    @app.post("/v1/event-certificates", status_code=201)
    def event(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        authorise(request)
        return ca.event_certificate(
            csr_of(body), object_of(body, "key_statement", "ca.key_statement_invalid")
        )

    @app.post("/v1/organisation-certificates", status_code=201)
    def organisation(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        authorise(request)
        facts = object_of(body, "organisation", "ca.organisation_invalid")
        return ca.organisation_certificate(csr_of(body), facts)

    @app.get("/v1/certificates/{serial}")
    def certificate(serial: str) -> dict[str, Any]:
        row = ca.record(serial)
        if row is None:
            raise CaRefused("ca.certificate_unknown")
        status = {"revoked_at": row["revoked_at"], "reason": row["reason"]}
        return {"certificate": base64.b64encode(row["certificate"]).decode(), **status}

    _publication(app, ca)
    return app


def _publication(app: FastAPI, ca: Ca) -> None:
    @app.get("/ca/chain.pem")
    def chain() -> Response:
        pem = b"".join(a.certificate.public_bytes(ser.Encoding.PEM) for a in ca.authorities.values())
        return Response(pem, media_type="application/x-pem-file")

    @app.get("/ca/{name}.crt")
    def authority(name: str) -> Response:
        if name not in ca.authorities:
            raise HTTPException(404)
        return Response(ca.authorities[name].der, media_type="application/pkix-cert")

    @app.get("/crl/{name}.crl")
    def crl(name: str) -> Response:
        if name not in ca.authorities:
            raise HTTPException(404)
        return Response(ca.crl(name), media_type="application/pkix-crl")

    @app.post("/ocsp")
    async def by_post(request: Request) -> Response:
        ca.faults.check_down()
        return Response(ocsp_response(ca, await request.body()), media_type=OCSP_TYPE)

    @app.get("/ocsp/{encoded:path}")
    def by_get(encoded: str) -> Response:
        ca.faults.check_down()
        try:
            return Response(ocsp_response(ca, base64.b64decode(encoded)), media_type=OCSP_TYPE)
        except (binascii.Error, ValueError) as exc:
            raise HTTPException(400, "ocsp request") from exc

    @app.post("/test/revoke")
    def revoke(body: dict[str, str]) -> dict[str, Any]:
        ca.revoke(body.get("serial", ""), body.get("reason", "keyCompromise"))
        return {"revoked": True}
