"""Forgeries of signed PDFs: each imagined cheat must leave a named problem."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib
import random
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import load_der_x509_certificate
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.stamp import TextStamp, TextStampStyle

from signing.pades import Anchors, Box, ExpectedSigner, validate
from signing.x509 import TrustAnchors
from tests.support.signing_authorities import NOW, Authority, Stamper
from tests.support.signing_documents import EMPLOYER_BOX, WORKER_BOX, Ceremony, base_pdf, codes


@pytest.fixture(scope="module")
def ceremony() -> Ceremony:
    return Ceremony(Authority(), Stamper("one"), Stamper("two"))


@pytest.fixture(scope="module")
def signed(ceremony: Ceremony) -> bytes:
    return ceremony.sign_both()


def overlay(pdf: bytes, text: str = "salary 1000") -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    TextStamp(writer, TextStampStyle(stamp_text=text, background=None)).apply(0, 100, 600)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def test_overlay_before_the_worker_signs(ceremony: Ceremony) -> None:
    """The platform stamps over the base in a revision of its own, then has that signed."""
    pdf = ceremony.complete(ceremony.sign_employer(ceremony.sign_worker(overlay(ceremony.base))))
    assert "pdf.changed" in codes(ceremony.validate(pdf))


def test_overlay_in_the_very_revision_that_is_signed(
    ceremony: Ceremony, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content is added in the same incremental update that carries the signature field."""
    module = importlib.import_module("signing.pades.prepare")
    honest = module.revision_writer

    def dishonest(pdf: bytes) -> Any:
        writer = honest(pdf)
        if b"/Worker" not in pdf and b"(Worker)" not in pdf:
            TextStamp(writer, TextStampStyle(stamp_text="salary 1000", background=None)).apply(0, 100, 600)
        return writer

    monkeypatch.setattr(module, "revision_writer", dishonest)
    pdf = ceremony.sign_worker()
    monkeypatch.undo()
    assert pdf.startswith(ceremony.base)
    assert "pdf.changed" in codes(ceremony.validate(pdf, signers=1, document_timestamp=False))


def test_overlay_between_the_signatures(ceremony: Ceremony) -> None:
    pdf = ceremony.complete(ceremony.sign_employer(overlay(ceremony.sign_worker())))
    assert "pdf.changed" in codes(ceremony.validate(pdf))


def test_change_after_everything(ceremony: Ceremony, signed: bytes) -> None:
    facts = ceremony.validate(overlay(signed))
    assert "pdf.changed" in codes(facts)
    assert not facts.last_revision_clean


def test_annotation_after_everything(ceremony: Ceremony, signed: bytes) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(signed))
    note = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/FreeText"),
            generic.pdf_name("/Rect"): generic.ArrayObject(
                [generic.NumberObject(n) for n in (100, 600, 300, 650)]
            ),
            generic.pdf_name("/Contents"): generic.pdf_string("salary 1000"),
        }
    )
    writer.register_annotation(writer.find_page_for_modification(0)[0], writer.add_object(note))
    output = BytesIO()
    writer.write(output)
    assert {"pdf.changed", "pdf.annotation_foreign"} <= codes(ceremony.validate(output.getvalue()))


def test_attachment_swapped_after_signing(ceremony: Ceremony, signed: bytes) -> None:
    from pyhanko.pdf_utils.embed import EmbeddedFileObject, FileSpec, embed_file

    writer = IncrementalPdfFileWriter(BytesIO(signed))
    stream = EmbeddedFileObject.from_file_data(writer, data=b'{"salary":"1000.00"}')
    embed_file(writer, FileSpec(file_spec_string="contract.json", embedded_data=stream))
    output = BytesIO()
    writer.write(output)
    assert "pdf.changed" in codes(ceremony.validate(output.getvalue()))


def test_box_larger_than_reserved(ceremony: Ceremony) -> None:
    wide = Box(0, 10, 10, 560, 560)
    pdf = ceremony.sign(
        ceremony.base, "Worker", wide, ceremony.worker_key, ceremony.worker_certificate, ceremony.one
    )
    assert "pdf.box_differs" in codes(ceremony.validate(pdf, signers=1, document_timestamp=False))


def test_box_on_another_page(ceremony: Ceremony) -> None:
    moved = replace(WORKER_BOX, page=1)
    pdf = ceremony.sign(
        ceremony.base, "Worker", moved, ceremony.worker_key, ceremony.worker_certificate, ceremony.one
    )
    assert "pdf.box_differs" in codes(ceremony.validate(pdf, signers=1, document_timestamp=False))


def test_another_base(ceremony: Ceremony) -> None:
    other = replace(ceremony, base=base_pdf().replace(b"Agreement", b"Agreemenu"))
    other.worker_key, other.worker_certificate = ceremony.worker_key, ceremony.worker_certificate
    pdf = other.sign_worker()
    assert "pdf.base_differs" in codes(ceremony.validate(pdf, signers=1, document_timestamp=False))


def test_shadow_document_behind_the_base(ceremony: Ceremony) -> None:
    """The file begins with the base, but its cross-references start anew behind it."""
    forged = ceremony.base + base_pdf()
    start = forged.rindex(b"startxref")
    offset = int(forged[start + 9 :].split()[0]) + len(ceremony.base)
    forged = forged[:start] + b"startxref\n%d\n%%%%EOF\n" % offset
    facts = validate(
        forged, replace(ceremony.expected, signers=(), document_timestamp=False), ceremony.anchors, NOW
    )
    assert codes(facts) & {"pdf.base_bypassed", "pdf.unreadable"}


def test_signatures_of_strangers_and_too_many(ceremony: Ceremony) -> None:
    pdf = ceremony.sign(
        ceremony.sign_worker(),
        "Third",
        EMPLOYER_BOX,
        ceremony.employer_key,
        ceremony.employer_certificate,
        ceremony.one,
    )
    found = codes(ceremony.validate(pdf, document_timestamp=False))
    assert {"pdf.signature_missing", "pdf.signature_unexpected"} <= found


def test_order_is_fixed(ceremony: Ceremony) -> None:
    pdf = ceremony.sign_worker(ceremony.sign_employer(ceremony.base))
    assert "pdf.signature_order" in codes(ceremony.validate(pdf, document_timestamp=False))


def test_another_key_than_expected(ceremony: Ceremony) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    certificate = ceremony.authority.issue("worker", stranger.public_key())
    pdf = ceremony.sign(ceremony.base, "Worker", WORKER_BOX, stranger, certificate, ceremony.one)
    assert "cms.key_differs" in codes(ceremony.validate(pdf, signers=1, document_timestamp=False))


def test_certificate_of_an_unknown_authority(ceremony: Ceremony) -> None:
    rogue = Authority("Rogue CA")
    certificate = rogue.issue("worker", ceremony.worker_key.public_key())
    pdf = ceremony.sign(ceremony.base, "Worker", WORKER_BOX, ceremony.worker_key, certificate, ceremony.one)
    assert "certificate.issuer_unknown" in codes(ceremony.validate(pdf, signers=1, document_timestamp=False))


def test_token_outside_the_certificates_life(ceremony: Ceremony) -> None:
    late = Stamper("one", shift=3600)
    slow = replace(ceremony, one=late)
    slow.worker_key, slow.worker_certificate = ceremony.worker_key, ceremony.worker_certificate
    pdf = slow.sign_worker()
    assert "certificate.expired" in codes(slow.validate(pdf, signers=1, document_timestamp=False))


def test_unknown_time_stamping_authority(ceremony: Ceremony) -> None:
    rogue = replace(ceremony, one=Stamper("one"))
    rogue.worker_key, rogue.worker_certificate = ceremony.worker_key, ceremony.worker_certificate
    pdf = rogue.sign_worker()
    assert "timestamp.signer_untrusted" in codes(ceremony.validate(pdf, signers=1, document_timestamp=False))


def test_document_timestamp_of_the_same_authority(ceremony: Ceremony) -> None:
    same = replace(ceremony, two=ceremony.one)
    for name in ("worker_key", "worker_certificate", "employer_key", "employer_certificate"):
        setattr(same, name, getattr(ceremony, name))
    pdf = same.sign_both()
    facts = validate(pdf, ceremony.expected, ceremony.anchors, NOW)
    assert "timestamp.same_authority" in codes(facts)


def test_swapped_signature_between_two_files(ceremony: Ceremony) -> None:
    """The CMS (token included) of one file moved into its rival."""
    mine, rival = ceremony.sign_worker(), ceremony.sign_worker()
    start, end = mine.index(b"/Contents <") + 10, mine.index(b">", mine.index(b"/Contents <"))
    swapped = mine[:start] + rival[start:end] + mine[end:]
    assert "cms.digest_differs" in codes(ceremony.validate(swapped, signers=1, document_timestamp=False))


def test_revoked_before_signing(ceremony: Ceremony, signed: bytes) -> None:
    serial = load_der_x509_certificate(ceremony.worker_certificate).serial_number
    authority = ceremony.authority
    before = authority.crl({serial: NOW - dt.timedelta(minutes=5)}, of_root=False)
    unsigned = ceremony.sign_employer(ceremony.sign_worker())
    anchors = Anchors(
        TrustAnchors(
            ceremony.anchors.cas.roots,
            intermediates=authority.chain,
            crls=(authority.crl(), before),
            ocsps=(
                authority.ocsp(ceremony.worker_certificate, revoked_at=NOW - dt.timedelta(minutes=5)),
                authority.ocsp(ceremony.employer_certificate),
            ),
        ),
        ceremony.anchors.tsas,
    )
    facts = validate(unsigned, replace(ceremony.expected, document_timestamp=False), anchors, NOW)
    assert codes(facts) == {"certificate.revoked"}


def test_no_revocation_information(ceremony: Ceremony) -> None:
    unsigned = ceremony.sign_employer(ceremony.sign_worker())
    facts = validate(unsigned, replace(ceremony.expected, document_timestamp=False), ceremony.anchors, NOW)
    assert codes(facts) == {"certificate.revocation_unknown"}


@pytest.mark.parametrize("seed", range(40))
def test_any_changed_byte_is_found(ceremony: Ceremony, signed: bytes, seed: int) -> None:
    """Except in the zero padding behind a CMS, where hexadecimal zeros stand for nothing."""
    place = random.Random(seed).randrange(len(signed))
    changed = bytearray(signed)
    changed[place] ^= 1
    facts = ceremony.validate(bytes(changed))
    if facts.ok:
        assert signed[place : place + 1] in b"0123456789ABCDEFabcdef>"
    else:
        assert facts.problems


def test_garbage_is_unreadable_not_an_exception(ceremony: Ceremony, signed: bytes) -> None:
    for data in (b"", b"%PDF-1.7", signed[:5000], signed[:-3000], bytes(1000)):
        assert not ceremony.validate(data).ok


def test_expected_certificate_is_compared(ceremony: Ceremony, signed: bytes) -> None:
    other = ceremony.authority.issue("employer", ceremony.employer_key.public_key())
    signers = (ceremony.expected.signers[0], ExpectedSigner("Employer", EMPLOYER_BOX, certificate=other))
    facts = validate(signed, replace(ceremony.expected, signers=signers), ceremony.anchors, NOW)
    assert "cms.certificate_differs" in codes(facts)
    assert hashlib.sha256(ceremony.base).digest() == ceremony.expected.base_sha256
