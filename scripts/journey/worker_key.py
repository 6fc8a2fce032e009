"""What the signing page does in the worker's browser, in Python: a key for one contract that signs exactly three inputs.

The page itself is `signing/js`; this stands in for it where no browser runs (demo, benchmarks, API tests) and keeps
its rules: own public key in the request, digest of the prepared bytes in the attributes, own preimage.
"""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from signing.p256 import low_s, to_raw

KINDS = {0x30: "certification request", 0x31: "signed attributes", 0x19: "EIP-712 preimage"}


class PageRefuses(Exception):
    """The input is not one of the three that this key signs; the key is dropped."""


class WorkerKey:
    """A P-256 key that lives as long as one signature."""

    def __init__(self) -> None:
        self._key: ec.EllipticCurvePrivateKey | None = ec.generate_private_key(ec.SECP256R1())
        self.spki = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def key_hash(self) -> bytes:
        """`signerKeyHash` of the worker: SHA-256 of the SPKI."""
        return hashlib.sha256(self.spki).digest()

    def sign_request(self, request_info: bytes) -> bytes:
        """Sign a CertificationRequestInfo (0x30) that holds this key."""
        if self.spki not in request_info:
            raise self._drop("the request is for another key")
        return self._sign(request_info, 0x30)

    def sign_attributes(self, attributes: bytes, document_digest: bytes) -> bytes:
        """Sign CMS signed attributes (0x31) over the document that was shown."""
        if document_digest not in attributes:
            raise self._drop("the attributes are for another document")
        return self._sign(attributes, 0x31)

    def sign_preimage(self, preimage: bytes) -> bytes:
        """Sign an EIP-712 preimage (0x19, 66 bytes)."""
        if len(preimage) != 66 or preimage[1] != 1:
            raise self._drop("not an EIP-712 preimage")
        return self._sign(preimage, 0x19)

    def _sign(self, data: bytes, first: int) -> bytes:
        if self._key is None:
            raise PageRefuses("the key was dropped")
        if data[:1] != bytes([first]):
            raise self._drop(f"not a {KINDS[first]}")
        return low_s(to_raw(self._key.sign(data, ec.ECDSA(hashes.SHA256()))))

    def _drop(self, why: str) -> PageRefuses:
        self._key = None
        return PageRefuses(why)


def byte_range_digest(prepared: bytes) -> bytes:
    """SHA-256 over the byte range of the last signature of a prepared file, as the page computes it."""
    start = prepared.rindex(b"/ByteRange")
    numbers = prepared[prepared.index(b"[", start) + 1 : prepared.index(b"]", start)].split()
    a, first, c, second = (int(number) for number in numbers)
    if a != 0 or c + second != len(prepared):
        raise PageRefuses("the signature does not cover the file")
    return hashlib.sha256(prepared[:first] + prepared[c:]).digest()
