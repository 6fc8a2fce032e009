"""Keys, signatures and identifiers that come out the same in every run, for vectors that can be made again.

ECDSA signs by RFC 6979. `fixed_random` replaces `os.urandom` (file identifiers, serial numbers) for the time of a
block; nothing outside of tests and vectors may use it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from asn1crypto import ocsp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ECDSA = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
"""ECDSA with SHA-256 whose nonce follows RFC 6979."""


def p256_key(seed: str | None) -> ec.EllipticCurvePrivateKey:
    """The P-256 key of a seed; a fresh one for None."""
    if seed is None:
        return ec.generate_private_key(ec.SECP256R1())
    number = int.from_bytes(hashlib.sha512(b"p-256 " + seed.encode()).digest(), "big")
    return ec.derive_private_key(number % (P256_ORDER - 1) + 1, ec.SECP256R1())


@contextmanager
def fixed_random(seed: str) -> Iterator[None]:
    """Let `os.urandom` give the bytes of a counter under `seed`."""
    counter = 0

    def bytes_of(size: int) -> bytes:
        nonlocal counter
        counter += 1
        return hashlib.shake_128(f"{seed} {counter}".encode()).digest(size)

    with mock.patch.object(os, "urandom", bytes_of):
        yield


def dated_ocsp(der: bytes, key: ec.EllipticCurvePrivateKey, moment: Any) -> bytes:
    """The response with `moment` for the time at which it was produced, signed again by RFC 6979."""
    response = ocsp.OCSPResponse.load(der)
    basic = response["response_bytes"]["response"].parsed
    data = basic["tbs_response_data"].copy()
    data["produced_at"] = moment
    content = data.dump(force=True)
    made = ocsp.BasicOCSPResponse(
        {
            "tbs_response_data": ocsp.ResponseData.load(content),
            "signature_algorithm": basic["signature_algorithm"],
            "signature": key.sign(content, ECDSA),
        }
    )
    return bytes(
        ocsp.OCSPResponse(
            {
                "response_status": "successful",
                "response_bytes": {"response_type": "basic_ocsp_response", "response": made},
            }
        ).dump()
    )
