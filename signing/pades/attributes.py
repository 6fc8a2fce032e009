"""The signed attributes: what the key really signs (RFC 5652 §5.3, RFC 5035, RFC 6211; EN 319 142-1 §6.3).

Exactly four: content-type, message-digest, signing-certificate-v2, algorithm protection. They are made once the
certificate is known, stored as DER and reused byte for byte. Signed is the SET form (first byte 0x31).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1

from signing.x509 import load_certificate

DIGEST: Final = "sha256"
SIGNATURE: Final = "sha256_ecdsa"


@lru_cache(maxsize=64)
def signed_attributes(digest: bytes, certificate: bytes) -> bytes:
    """Return the DER SET of signed attributes for a ByteRange digest and a certificate. Deterministic."""
    signer = load_certificate(certificate)
    attributes = cms.CMSAttributes(
        [
            _attribute("content_type", cms.ContentType("data")),
            _attribute("message_digest", core.OctetString(digest)),
            _attribute("signing_certificate_v2", _signing_certificate(signer)),
            _attribute(
                "cms_algorithm_protection",
                cms.CMSAlgorithmProtection(
                    {
                        "digest_algorithm": algos.DigestAlgorithm({"algorithm": DIGEST}),
                        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": SIGNATURE}),
                    }
                ),
            ),
        ]
    )
    return bytes(attributes.dump())


def _attribute(kind: str, value: core.Asn1Value) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": cms.CMSAttributeType(kind), "values": (value,)})


def _signing_certificate(signer: asn1.Certificate) -> tsp.SigningCertificateV2:
    identifier = tsp.ESSCertIDv2(
        {
            "cert_hash": hashlib.sha256(signer.dump()).digest(),
            "issuer_serial": {
                "issuer": asn1.GeneralNames([asn1.GeneralName("directory_name", signer.issuer)]),
                "serial_number": signer.serial_number,
            },
        }
    )
    return tsp.SigningCertificateV2({"certs": [identifier]})
