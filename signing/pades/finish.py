"""Finishing a prepared file: CMS with token, validation material, document timestamp (EN 319 142-1 B-T, B-LTA).

pyHanko's own finishing checks nothing: a garbage value, raw r‖s or another file's attributes give a broken file
silently. So attributes, signature, token and the waiting file are checked here first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any, Final

from asn1crypto import algos, cms, core, crl, ocsp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import load_der_x509_certificate

from signing.errors import InputRefused, SignatureRefused
from signing.p256 import to_raw
from signing.pades.attributes import DIGEST, SIGNATURE, signed_attributes
from signing.pades.model import DOCUMENT_TIMESTAMP, Prepared
from signing.pades.prepare import embed_placeholder, revision_writer
from signing.timestamps import Token
from signing.x509 import load_certificate

TIMESTAMP_RESERVED: Final = 16_384


def finish(
    prepared: Prepared,
    *,
    attributes: bytes,
    signature: bytes,
    certificate: bytes,
    chain: Iterable[bytes],
    token: Token,
) -> bytes:
    """Return the signed file.

    `attributes` is the stored DER that was signed, `signature` the DER ECDSA value, `token` a timestamp over the
    SHA-256 of that value. Raises SignatureRefused when attributes, signature or token do not belong to this prepared
    file and certificate, InputRefused when the file is not waiting for a signature.
    """
    check_waiting(prepared)
    check_signature(prepared.digest, attributes=attributes, signature=signature, certificate=certificate)
    if token.imprint != hashlib.sha256(signature).digest():
        raise SignatureRefused("timestamp.imprint_differs")
    package = _cms(attributes, signature, certificate, tuple(chain), token)
    return _fill(prepared, package)


def check_signature(digest: bytes, *, attributes: bytes, signature: bytes, certificate: bytes) -> None:
    """Raise SignatureRefused unless the attributes are those of digest and certificate, and the signature is over them."""
    if attributes != signed_attributes(digest, certificate):
        raise SignatureRefused("pdf.attributes_differ", reason="not made from this file and certificate")
    to_raw(signature)
    key = load_der_x509_certificate(certificate).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise InputRefused("p256.key_refused")
    try:
        key.verify(signature, attributes, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise SignatureRefused("p256.signature_wrong") from error


def check_waiting(prepared: Prepared) -> None:
    """Raise InputRefused unless the reserved region is empty and the digest is that of the bytes around it."""
    gap = prepared.pdf[prepared.start : prepared.end]
    around = prepared.pdf[: prepared.start] + prepared.pdf[prepared.end :]
    if len(gap) < 4 or gap[:1] != b"<" or gap[-1:] != b">" or gap[1:-1].strip(b"0"):
        raise InputRefused("pdf.not_prepared")
    if hashlib.sha256(around).digest() != prepared.digest:
        raise InputRefused("pdf.not_prepared")


def add_dss(
    pdf: bytes, *, certificates: Iterable[bytes], crls: Iterable[bytes], ocsps: Iterable[bytes]
) -> bytes:
    """Append a revision with a document security store: what is needed to check the signatures years later."""
    from pyhanko.sign.validation.dss import DocumentSecurityStore

    writer = revision_writer(pdf)
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[load_certificate(der) for der in dict.fromkeys(certificates)],
        crls=[crl.CertificateList.load(der) for der in dict.fromkeys(crls)],
        ocsps=[ocsp.OCSPResponse.load(der) for der in dict.fromkeys(ocsps)],
    )
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def timestamp_document(pdf: bytes, stamp: Callable[[bytes], Token]) -> tuple[bytes, Token]:
    """Append a document timestamp over everything before it; `stamp` is asked once, with the file's digest."""
    prepared = prepare_document_timestamp(pdf)
    token = stamp(prepared.digest)
    return finish_document_timestamp(prepared, token), token


def prepare_document_timestamp(pdf: bytes) -> Prepared:
    """Append a revision that waits for a document timestamp (invisible field)."""
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp

    try:
        writer = revision_writer(pdf)
        return embed_placeholder(
            writer, DOCUMENT_TIMESTAMP, DocumentTimestamp(bytes_reserved=TIMESTAMP_RESERVED), None
        )
    except (PdfError, ValueError, TypeError, KeyError) as error:
        raise InputRefused("pdf.form", reason=str(error)[:200]) from error


def finish_document_timestamp(prepared: Prepared, token: Token) -> bytes:
    """Put the token in; raises SignatureRefused when it is over other bytes."""
    check_waiting(prepared)
    if token.imprint != prepared.digest:
        raise SignatureRefused("timestamp.imprint_differs")
    return _fill(prepared, token.der)


def _fill(prepared: Prepared, package: bytes) -> bytes:
    text = package.hex().upper().encode()
    room = prepared.end - prepared.start - 2
    if len(text) > room:
        raise InputRefused("pdf.signature_too_long")
    return (
        prepared.pdf[: prepared.start + 1]
        + text
        + b"0" * (room - len(text))
        + prepared.pdf[prepared.end - 1 :]
    )


def _cms(
    attributes: bytes, signature: bytes, certificate: bytes, chain: tuple[bytes, ...], token: Token
) -> bytes:
    """Assemble the SignedData (RFC 5652 §5): detached, one signer, signature timestamp as unsigned attribute."""
    signer = load_certificate(certificate)
    issuers = [load_certificate(der) for der in chain]
    token_value: Any = cms.ContentInfo.load(token.der)
    info = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                        {"issuer": signer.issuer, "serial_number": signer.serial_number}
                    )
                }
            ),
            "digest_algorithm": algos.DigestAlgorithm({"algorithm": DIGEST}),
            "signed_attrs": cms.CMSAttributes.load(attributes),
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": SIGNATURE}),
            "signature": core.OctetString(signature),
            "unsigned_attrs": cms.CMSAttributes(
                [cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [token_value]})]
            ),
        }
    )
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": cms.DigestAlgorithms((algos.DigestAlgorithm({"algorithm": DIGEST}),)),
            "encap_content_info": {"content_type": "data"},
            "certificates": [signer, *[issuer for issuer in issuers if not issuer.self_issued]],
            "signer_infos": [info],
        }
    )
    package = cms.ContentInfo({"content_type": cms.ContentType("signed_data"), "content": signed})
    return bytes(package.dump())
