"""PAdES signatures that are prepared here and signed elsewhere (ETSI EN 319 142-1 B-T, then document timestamp).

`prepare` reserves the room and places a static stamp; the signed attributes name the certificate and come later;
`finish` takes exactly those attributes with the signature and its token; `validate` says what a finished file proves.
Only one part is open at a time: nothing here keeps state.
"""

from signing.pades.attributes import signed_attributes
from signing.pades.finish import add_dss, finish, timestamp_document
from signing.pades.model import (
    Anchors,
    Box,
    Expected,
    ExpectedSigner,
    PdfFacts,
    Prepared,
    Problem,
    Scope,
    SignatureFacts,
)
from signing.pades.prepare import prepare
from signing.pades.validate import validate

__all__ = [
    "Anchors",
    "Box",
    "Expected",
    "ExpectedSigner",
    "PdfFacts",
    "Prepared",
    "Problem",
    "Scope",
    "SignatureFacts",
    "add_dss",
    "finish",
    "prepare",
    "signed_attributes",
    "timestamp_document",
    "validate",
]
