"""The certificate authority over HTTP: a PKCS#10 request and the identity service's key statement → a certificate.

The CA is an outside service (guideline art. 8: a lawfully established CA). What it returns is checked before it is
used: key, issuer, chain. Revocation information comes from the CA's configured address only.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asn1crypto import ocsp
from asn1crypto import x509 as asn1

from signing.errors import InputRefused, ServiceUnavailable, SignatureRefused
from signing.x509 import certificate_spki, load_certificate, read_csr

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True)
class Issued:
    """A fresh certificate and the chain above it, root last. DER."""

    certificate: bytes
    chain: tuple[bytes, ...]


@dataclass(frozen=True)
class Revocation:
    """Revocation information about one certificate and its issuers. DER."""

    crls: tuple[bytes, ...]
    ocsps: tuple[bytes, ...]


class CaClient:
    """Speaks to one CA. `token` authorises requests; `roots` are the CA roots that the operator trusts."""

    def __init__(self, url: str, token: str, http: httpx.Client) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._http = http

    def issue(self, request: bytes, statement: Mapping[str, Any]) -> Issued:
        """Have an event certificate issued for one signing.

        `statement` = {message, signature}: the identity service's key statement for the key in the request. Repeating
        the call with the same request and statement returns the same certificate. Raises ServiceUnavailable when the
        CA does not answer, SignatureRefused when it refuses or returns a certificate for another key.
        """
        body = {"csr": _b64(request), "key_statement": dict(statement)}
        return self._issue("/v1/event-certificates", request, body)

    def issue_organisation(self, request: bytes, organisation: Mapping[str, str]) -> Issued:
        """Have an organisation's seal certificate issued ({name, uscc, org_id} as reviewed)."""
        body = {"csr": _b64(request), "organisation": dict(organisation)}
        return self._issue("/v1/organisation-certificates", request, body)

    def revocation(self, certificate: bytes, chain: tuple[bytes, ...]) -> Revocation:
        """Fetch an OCSP response for the certificate and the root's CRL for its issuer.

        Raises ServiceUnavailable when either cannot be had.
        """
        if not chain:
            raise SignatureRefused("certificate.issuer_unknown")
        query = _ocsp_query(load_certificate(certificate), load_certificate(chain[0]))
        response = self._call(
            "POST", "/ocsp", content=query, headers={"Content-Type": "application/ocsp-request"}
        )
        answer = _der_ocsp(response.content)
        crls = (self._call("GET", "/crl/root.crl").content,) if len(chain) > 1 else ()
        return Revocation(crls=crls, ocsps=(answer,))

    def _issue(self, path: str, request: bytes, body: Mapping[str, Any]) -> Issued:
        response = self._call("POST", path, json=dict(body), headers=self._headers)
        try:
            answer = response.json()
            issued = Issued(
                certificate=base64.b64decode(answer["certificate"], validate=True),
                chain=tuple(base64.b64decode(item, validate=True) for item in answer["chain"]),
            )
            key = certificate_spki(issued.certificate)
        except (ValueError, KeyError, TypeError, InputRefused) as error:
            raise SignatureRefused("ca.certificate_wrong", reason="malformed answer") from error
        if key != read_csr(request).spki:
            raise SignatureRefused("ca.certificate_wrong", reason="another key")
        return issued

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        import httpx

        try:
            response = self._http.request(method, self._url + path, **options)
        except httpx.HTTPError as error:
            raise ServiceUnavailable("ca.unavailable", reason=type(error).__name__) from error
        if response.status_code in (400, 403, 409, 422):
            raise SignatureRefused("ca.refused", reason=_reason(response))
        if response.status_code >= 300:
            raise ServiceUnavailable("ca.unavailable", reason=f"HTTP {response.status_code}")
        return response


def _reason(response: httpx.Response) -> str:
    try:
        return str(response.json()["code"])[:80]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}"


def _ocsp_query(certificate: asn1.Certificate, issuer: asn1.Certificate) -> bytes:
    """Return an OCSP request for one certificate (RFC 6960), certificate id by SHA-1 as responders expect it."""
    import hashlib

    name = hashlib.sha1(issuer.subject.dump(), usedforsecurity=False).digest()
    key = hashlib.sha1(bytes(issuer.public_key["public_key"]), usedforsecurity=False).digest()
    request = ocsp.OCSPRequest(
        {
            "tbs_request": {
                "request_list": [
                    {
                        "req_cert": {
                            "hash_algorithm": {"algorithm": "sha1"},
                            "issuer_name_hash": name,
                            "issuer_key_hash": key,
                            "serial_number": certificate.serial_number,
                        }
                    }
                ]
            }
        }
    )
    return bytes(request.dump())


def _der_ocsp(answer: bytes) -> bytes:
    try:
        if ocsp.OCSPResponse.load(answer, strict=True)["response_status"].native != "successful":
            raise ServiceUnavailable("ca.unavailable", reason="OCSP")
    except (ValueError, TypeError, KeyError) as error:
        raise ServiceUnavailable("ca.unavailable", reason="OCSP") from error
    return answer


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
