"""Signing a PDF whose key is elsewhere: prepare, attributes, finish, timestamp; and what finish must refuse."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from signing.errors import InputRefused, SignatureRefused
from signing.p256 import to_raw
from signing.pades import Box, finish, prepare, signed_attributes
from tests.support.signing_authorities import NOW, Authority, Stamper
from tests.support.signing_documents import WORKER_BOX, Ceremony, codes


@pytest.fixture
def ceremony(authority: Authority, stampers: tuple[Stamper, Stamper]) -> Ceremony:
    return Ceremony(authority, *stampers)


def test_a_complete_file_has_no_problem(ceremony: Ceremony) -> None:
    pdf = ceremony.sign_both()
    facts = ceremony.validate(pdf)
    assert facts.problems == ()
    assert facts.ok
    assert pdf.startswith(ceremony.base)
    assert [found.field for found in facts.signatures] == ["Worker", "Employer"]
    assert facts.signatures[0].certificate == ceremony.worker_certificate
    assert facts.signatures[0].token is not None
    assert facts.signatures[0].token.tsa == "one"
    assert facts.document_timestamp is not None
    assert facts.document_timestamp.tsa == "two"


def test_intermediate_files_validate_too(ceremony: Ceremony) -> None:
    worker = ceremony.sign_worker()
    assert ceremony.validate(worker, signers=1, document_timestamp=False).ok
    both = ceremony.sign_employer(worker)
    assert ceremony.validate(both, document_timestamp=False).ok
    assert codes(ceremony.validate(both, document_timestamp=True)) >= {"pdf.timestamp_missing"}
    assert codes(ceremony.validate(worker, document_timestamp=False)) == {"pdf.signature_missing"}


@pytest.mark.skipif(not shutil.which("pdfsig"), reason="poppler-utils is not on this machine")
def test_pdfsig_agrees(ceremony: Ceremony, tmp_path: Path) -> None:
    path = tmp_path / "signed.pdf"
    path.write_bytes(ceremony.sign_both())
    text = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False).stdout
    assert text.count("Signature is Valid") == 2


@pytest.mark.skipif(not shutil.which("qpdf"), reason="qpdf is not on this machine")
def test_qpdf_agrees(ceremony: Ceremony, tmp_path: Path) -> None:
    path = tmp_path / "signed.pdf"
    path.write_bytes(ceremony.sign_both())
    subprocess.run(["qpdf", "--check", path], capture_output=True, check=True)


def test_attributes_are_deterministic_sorted_der(ceremony: Ceremony) -> None:
    attributes = signed_attributes(b"\1" * 32, ceremony.worker_certificate)
    assert attributes == signed_attributes(b"\1" * 32, ceremony.worker_certificate)
    assert attributes[0] == 0x31
    assert b"\1" * 32 in attributes
    assert hashlib.sha256(ceremony.worker_certificate).digest() in attributes


def _finish(ceremony: Ceremony, **changes: object) -> bytes:
    prepared = prepare(ceremony.base, field="Worker", box=WORKER_BOX, stamp_pdf=ceremony.stamp, moment=NOW)
    attributes = signed_attributes(prepared.digest, ceremony.worker_certificate)
    signature = ceremony.worker_key.sign(attributes, ec.ECDSA(hashes.SHA256()))
    token = ceremony.token(ceremony.one, hashlib.sha256(signature).digest())
    values: dict[str, object] = {
        "attributes": attributes,
        "signature": signature,
        "certificate": ceremony.worker_certificate,
        "chain": ceremony.authority.chain,
        "token": token,
    }
    for name, change in changes.items():
        values[name] = change(values[name]) if callable(change) else change
    return finish(values.pop("prepared", prepared), **values)  # type: ignore[arg-type]


def test_finish_refuses_what_does_not_belong(ceremony: Ceremony) -> None:
    other = Ceremony(ceremony.authority, ceremony.one, ceremony.two)
    assert _finish(ceremony)
    with pytest.raises(InputRefused, match="signature_form"):
        _finish(ceremony, signature=b"garbage")
    with pytest.raises(InputRefused, match="signature_form"):
        _finish(ceremony, signature=to_raw)
    with pytest.raises(SignatureRefused, match="attributes_differ"):
        _finish(ceremony, attributes=signed_attributes(b"\1" * 32, ceremony.worker_certificate))
    with pytest.raises(SignatureRefused, match="attributes_differ"):
        _finish(ceremony, certificate=other.worker_certificate)
    with pytest.raises(SignatureRefused, match="signature_wrong"):
        _finish(ceremony, signature=other.worker_key.sign(b"x", ec.ECDSA(hashes.SHA256())))
    with pytest.raises(SignatureRefused, match="imprint_differs"):
        _finish(ceremony, token=ceremony.token(ceremony.one, b"\1" * 32))


def test_finish_refuses_a_file_that_is_not_waiting(ceremony: Ceremony) -> None:
    prepared = prepare(ceremony.base, field="Worker", box=WORKER_BOX, stamp_pdf=ceremony.stamp, moment=NOW)
    changed = replace(prepared, pdf=prepared.pdf[:1000] + b"X" + prepared.pdf[1001:])
    filled = replace(
        prepared, pdf=prepared.pdf[: prepared.start + 1] + b"3" + prepared.pdf[prepared.start + 2 :]
    )
    for broken in (changed, filled):
        with pytest.raises(InputRefused, match="not_prepared"):
            _finish(ceremony, prepared=broken)


def test_prepare_refuses_bad_places(ceremony: Ceremony) -> None:
    def attempt(pdf: bytes, box: Box, field: str = "Worker") -> None:
        prepare(pdf, field=field, box=box, stamp_pdf=ceremony.stamp, moment=NOW)

    with pytest.raises(InputRefused, match="box_outside"):
        attempt(ceremony.base, Box(0, 500, 60, 700, 120))
    with pytest.raises(InputRefused, match="pdf"):
        attempt(ceremony.base, Box(99, 60, 60, 200, 120))
    with pytest.raises(InputRefused, match="pdf"):
        attempt(b"%PDF-1.7 nonsense", WORKER_BOX)
    with pytest.raises(InputRefused, match="field_taken"):
        attempt(ceremony.sign_worker(), WORKER_BOX)


def test_two_prepares_give_rival_files(ceremony: Ceremony) -> None:
    """Why a lock on the document's revision is needed: both rivals finish, and neither contains the other."""
    first, second = ceremony.sign_worker(), ceremony.sign_worker()
    assert first != second
    assert ceremony.validate(first, signers=1, document_timestamp=False).ok
    assert ceremony.validate(second, signers=1, document_timestamp=False).ok
