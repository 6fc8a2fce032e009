"""What a signed file proves: a pure function over its bytes, the expectation and the trust anchors (DESIGN §3, §8).

The moment that counts for a signature is its token's time: the signer's certificate must be valid, unrevoked and
trusted then. No connection is opened, and a bad file gives problems, not exceptions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from signing.errors import SigningError
from signing.pades.attributes import signed_attributes
from signing.pades.model import (
    Anchors,
    Expected,
    ExpectedSigner,
    PdfFacts,
    Problem,
    Scope,
    SignatureFacts,
)
from signing.pades.revisions import Structure
from signing.timestamps import MAX_SKEW, Token, check_token_async
from signing.x509 import (
    CertificateFacts,
    TrustAnchors,
    judge_certificate_async,
    load_certificate,
    run,
)

LARGEST: Final = 20_000_000
_Material = tuple[list[bytes], list[bytes], list[bytes]]


def validate(
    pdf: bytes, expected: Expected, anchors: Anchors, now: datetime, scope: Scope = Scope.WHOLE
) -> PdfFacts:
    """Return all facts and problems of a signed file.

    `now` bounds the tokens: none may lie more than a minute in the future. A verifier of foreign files leaves `scope` alone.
    """
    return run(validate_async(pdf, expected, anchors, now, scope))


async def validate_async(
    pdf: bytes, expected: Expected, anchors: Anchors, now: datetime, scope: Scope = Scope.WHOLE
) -> PdfFacts:
    """As validate, for callers that already run an event loop."""
    if len(pdf) > LARGEST:
        return _unreadable("too large")
    try:
        structure = Structure(pdf, expected)
        structure.check(scope)
        material = _material(structure.reader)
    except Exception as error:  # a parser of hostile bytes: whatever it raises, the file is unreadable
        return _unreadable(f"{type(error).__name__}: {error}")
    try:
        return await _judge(structure, material, expected, anchors, now)
    finally:
        structure.release()


async def _judge(
    structure: Structure, material: _Material, expected: Expected, anchors: Anchors, now: datetime
) -> PdfFacts:
    """The facts of a file whose structure was checked."""
    cas = anchors.cas.plus(intermediates=material[0], crls=material[1], ocsps=material[2])
    signers = {signer.field: signer for signer in expected.signers}
    signatures = [
        await _signature(item, signers[str(item.field_name)], expected, cas, anchors)
        for item in structure.signatures
        if str(item.field_name) in signers
    ]
    problems = [*structure.problems, *(problem for found in signatures for problem in found.problems)]
    stamps = [await _document_timestamp(item, anchors, problems) for item in structure.timestamps]
    document_timestamp = stamps[0] if stamps else None
    problems.extend(_order(signatures, document_timestamp, now))
    return PdfFacts(
        base_ok=structure.base_ok,
        last_revision_clean=structure.tail_clean,
        signatures=tuple(signatures),
        document_timestamp=document_timestamp,
        problems=tuple(problems),
    )


def _unreadable(reason: str) -> PdfFacts:
    return PdfFacts(False, False, (), None, (Problem("pdf.unreadable", "", reason[:300]),))


def _material(reader: Any) -> _Material:
    """Certificates, CRLs and OCSP responses of the document security store, as DER."""
    from pyhanko.sign.validation.dss import DocumentSecurityStore
    from pyhanko.sign.validation.errors import NoDSSFoundError

    try:
        store = DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        return [], [], []
    return (
        [_certificate(reference) for reference in reader.root["/DSS"].get("/Certs", ())],
        [bytes(reference.get_object().data) for reference in store.crls],
        [bytes(reference.get_object().data) for reference in store.ocsps],
    )


def _certificate(reference: Any) -> bytes:
    """One of the store's certificates, each by itself: the library keeps one of those with the same issuer and number."""
    der = bytes(reference.get_object().data)
    load_certificate(der)
    return der


async def _signature(
    item: Any, signer: ExpectedSigner, expected: Expected, cas: TrustAnchors, anchors: Anchors
) -> SignatureFacts:
    problems: list[Problem] = []
    field = signer.field
    try:
        read = _Read(item)
    except Exception as error:  # hostile CMS: whatever the parser raises, it is malformed
        problems.append(Problem("cms.malformed", field, f"{type(error).__name__}: {error}"[:300]))
        return SignatureFacts(
            field, b"", b"", b"", b"", b"", False, False, False, None, None, tuple(problems)
        )
    if not read.digest_ok:
        problems.append(Problem("cms.digest_differs", field, ""))
    if not read.signature_ok:
        problems.append(Problem("cms.signature_wrong", field, ""))
    if read.attributes != signed_attributes(read.digest, read.certificate) and read.digest_ok:
        problems.append(Problem("cms.attributes_unexpected", field, ""))
    if signer.certificate is not None and signer.certificate != read.certificate:
        problems.append(Problem("cms.certificate_differs", field, ""))
    if signer.spki_sha256 is not None and signer.spki_sha256 != hashlib.sha256(read.spki).digest():
        problems.append(Problem("cms.key_differs", field, ""))
    token = await _signature_token(read, field, anchors, problems)
    path: CertificateFacts | None = None
    if token is not None:
        path = await judge_certificate_async(
            read.certificate,
            cas.plus(intermediates=read.others),
            token.gen_time,
            require_revocation=expected.require_revocation,
        )
        if path.problem is not None:
            problems.append(Problem(path.problem, field, path.reason))
    return SignatureFacts(
        field=field,
        certificate=read.certificate,
        spki=read.spki,
        signed_attributes=read.attributes,
        signature=read.signature,
        digest=read.digest,
        digest_ok=read.digest_ok,
        signature_ok=read.signature_ok,
        coverage_ok=True,
        token=token,
        path=path,
        problems=tuple(problems),
    )


class _Read:
    """The parts of one embedded CMS signature, parsed and checked by pyHanko."""

    def __init__(self, item: Any) -> None:
        from pyhanko.sign.validation.generic_cms import validate_sig_integrity

        _package(item)
        signed_data, info = item.signed_data, item.signer_info
        if len(signed_data["signer_infos"]) != 1 or item.md_algorithm != "sha256":
            raise ValueError("exactly one signer with SHA-256 is expected")
        if info["signature_algorithm"]["algorithm"].native != "sha256_ecdsa":
            raise ValueError("ECDSA with SHA-256 is expected")
        certificate = item.signer_cert
        load_certificate(bytes(certificate.dump()))
        self.digest = bytes(item.compute_digest())
        self.certificate = bytes(certificate.dump())
        self.spki = bytes(certificate.public_key.dump())
        self.others = tuple(bytes(other.dump()) for other in item.other_embedded_certs)
        self.attributes = bytes(info["signed_attrs"].untag().dump())
        self.signature = bytes(info["signature"].native)
        self.digest_ok, self.signature_ok = validate_sig_integrity(
            info, certificate, expected_content_type="data", actual_digest=self.digest
        )
        self.tokens = [
            bytes(value.dump())
            for attribute in info["unsigned_attrs"] or ()
            if attribute["type"].native == "signature_time_stamp_token"
            for value in attribute["values"]
        ]


async def _signature_token(
    read: _Read, field: str, anchors: Anchors, problems: list[Problem]
) -> Token | None:
    if len(read.tokens) != 1:
        problems.append(Problem("timestamp.missing", field, f"{len(read.tokens)} tokens"))
        return None
    imprint = hashlib.sha256(read.signature).digest()
    return await _token(read.tokens[0], imprint, field, anchors, problems)


async def _document_timestamp(item: Any, anchors: Anchors, problems: list[Problem]) -> Token | None:
    field = str(item.field_name)
    try:
        digest = bytes(item.compute_digest())
        package = _package(item)
    except Exception as error:  # hostile bytes again
        problems.append(Problem("timestamp.form", field, f"{type(error).__name__}: {error}"[:300]))
        return None
    return await _token(package, digest, field, anchors, problems)


def _package(item: Any) -> bytes:
    """Return the DER object in /Contents; raises ValueError unless it is upper-case hex followed by zeros only."""
    from asn1crypto import cms

    der = bytes(cms.ContentInfo.load(bytes(item.pkcs7_content)).dump())
    _, before, after, _ = (int(number) for number in item.byte_range)
    item.reader.stream.seek(before)
    gap = item.reader.stream.read(after - before)
    text = b"<" + der.hex().upper().encode()
    if not gap.startswith(text) or gap[len(text) :].rstrip(b">").strip(b"0") or not gap.endswith(b"0>"):
        raise ValueError("something else than zeros stands behind the CMS object")
    return der


async def _token(
    der: bytes, imprint: bytes, field: str, anchors: Anchors, problems: list[Problem]
) -> Token | None:
    """Check a token against each authority that is trusted; the most telling refusal is reported."""
    refusal: SigningError | None = None
    for name, roots in anchors.tsas.items():
        try:
            return await check_token_async(der, imprint, roots, tsa=name)
        except SigningError as error:
            if refusal is None or refusal.code == "timestamp.signer_untrusted":
                refusal = error
    code = "timestamp.signer_untrusted" if refusal is None else refusal.code
    problems.append(Problem(code, field, "" if refusal is None else refusal.en))
    return None


def _order(
    signatures: Iterable[SignatureFacts], document_timestamp: Token | None, now: datetime
) -> list[Problem]:
    """Tokens follow each other, none lies in the future, and the document timestamp is another authority's."""
    problems: list[Problem] = []
    slack = timedelta(seconds=MAX_SKEW)
    last: Token | None = None
    for found in signatures:
        if found.token is None:
            continue
        if last is not None and found.token.gen_time + slack < last.gen_time:
            problems.append(Problem("timestamp.order", found.field, ""))
        last = found.token
    if document_timestamp is not None and last is not None:
        if document_timestamp.gen_time + slack < last.gen_time:
            problems.append(Problem("timestamp.order", "", ""))
        if document_timestamp.tsa == last.tsa:
            problems.append(Problem("timestamp.same_authority", "", last.tsa))
    latest = document_timestamp or last
    if latest is not None and latest.gen_time > now + slack:
        problems.append(Problem("timestamp.future", "", str(latest.gen_time)))
    return problems
