"""A small document and its signatures, made with the product's own functions and authorities in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cache

import typst
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from signing.pades import (
    Anchors,
    Box,
    Expected,
    ExpectedSigner,
    PdfFacts,
    add_dss,
    finish,
    prepare,
    signed_attributes,
    timestamp_document,
    validate,
)
from signing.timestamps import Token, check_token
from signing.x509 import TrustAnchors
from tests.support.signing_authorities import NOW, Authority, Stamper, der, spki

WORKER_BOX = Box(0, 60.5, 60.25, 220.5, 120.25)
EMPLOYER_BOX = Box(0, 300, 60, 460, 120)

_DOCUMENT = """
#set document(title: "Agreement", date: datetime(year: 2026, month: 11, day: 22))
= Agreement
Salary 8000.00 yuan. #link("https://example.invalid/d/1")[look-up]
#lorem(700)
"""
_STAMP = """
#set document(title: "Stamp", date: datetime(year: 2026, month: 11, day: 22))
#set page(width: 160pt, height: 60pt, margin: 4pt)
SIGNED (TEST)
"""


@cache
def base_pdf() -> bytes:
    """Return the base revision."""
    return bytes(typst.compile(_DOCUMENT.encode(), format="pdf", pdf_standards=["a-3a", "ua-1"])) + b"\n"


@cache
def stamp_pdf() -> bytes:
    """Return a stamp page."""
    return bytes(typst.compile(_STAMP.encode(), format="pdf", pdf_standards="a-3b"))


@dataclass
class Ceremony:
    """Both parties, their keys and certificates; `sign_both` plays the whole signing."""

    authority: Authority
    one: Stamper
    two: Stamper
    base: bytes = field(default_factory=base_pdf)
    stamp: bytes = field(default_factory=stamp_pdf)

    def __post_init__(self) -> None:
        self.worker_key = ec.generate_private_key(ec.SECP256R1())
        self.employer_key = ec.generate_private_key(ec.SECP256R1())
        self.worker_certificate = self.authority.issue("worker", self.worker_key.public_key())
        self.employer_certificate = self.authority.issue("employer", self.employer_key.public_key())

    def token(self, stamper: Stamper, imprint: bytes) -> Token:
        return check_token(stamper.token(imprint), imprint, stamper.roots, tsa=stamper.name)

    def sign(
        self,
        pdf: bytes,
        name: str,
        box: Box,
        key: ec.EllipticCurvePrivateKey,
        certificate: bytes,
        stamper: Stamper,
    ) -> bytes:
        prepared = prepare(pdf, field=name, box=box, stamp_pdf=self.stamp, moment=NOW)
        attributes = signed_attributes(prepared.digest, certificate)
        signature = key.sign(attributes, ec.ECDSA(hashes.SHA256()))
        token = self.token(stamper, hashlib.sha256(signature).digest())
        return finish(
            prepared,
            attributes=attributes,
            signature=signature,
            certificate=certificate,
            chain=self.authority.chain,
            token=token,
        )

    def sign_worker(self, pdf: bytes | None = None) -> bytes:
        return self.sign(
            pdf or self.base, "Worker", WORKER_BOX, self.worker_key, self.worker_certificate, self.one
        )

    def sign_employer(self, pdf: bytes) -> bytes:
        return self.sign(
            pdf, "Employer", EMPLOYER_BOX, self.employer_key, self.employer_certificate, self.one
        )

    def complete(self, pdf: bytes) -> bytes:
        material = self.authority.anchors(self.worker_certificate, self.employer_certificate)
        stored = add_dss(pdf, certificates=self.authority.chain, crls=material.crls, ocsps=material.ocsps)
        return timestamp_document(stored, lambda imprint: self.token(self.two, imprint))[0]

    def sign_both(self) -> bytes:
        return self.complete(self.sign_employer(self.sign_worker()))

    @property
    def expected(self) -> Expected:
        return Expected(
            base_sha256=hashlib.sha256(self.base).digest(),
            base_length=len(self.base),
            signers=(
                ExpectedSigner("Worker", WORKER_BOX, hashlib.sha256(spki(self.worker_key)).digest()),
                ExpectedSigner("Employer", EMPLOYER_BOX, certificate=self.employer_certificate),
            ),
            document_timestamp=True,
        )

    @property
    def anchors(self) -> Anchors:
        return Anchors(
            TrustAnchors((der(self.authority.root),)), {"one": self.one.roots, "two": self.two.roots}
        )

    def validate(self, pdf: bytes, *, signers: int = 2, document_timestamp: bool = True) -> PdfFacts:
        expected = replace(
            self.expected,
            signers=self.expected.signers[:signers],
            document_timestamp=document_timestamp,
            require_revocation=document_timestamp,
        )
        return validate(pdf, expected, self.anchors, NOW)


def codes(facts: PdfFacts) -> set[str]:
    """Return the codes of all problems."""
    return {problem.code for problem in facts.problems}
