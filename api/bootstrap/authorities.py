"""Outside authorities that more than one slice asks, from the settings: CA and time-stamping authorities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from api.infra.settings import Settings, read_secret
from api.kernel.clock import Clock
from signing.ca_client import CaClient
from signing.timestamps import TimestampClient, Tsa

TIMEOUT = 10.0
"""Seconds that an authority has for one answer."""


def read_certificates(paths: Sequence[Path]) -> tuple[bytes, ...]:
    """DER of all certificates in PEM bundles or single DER files; raises ValueError naming a file that holds none."""
    found: list[bytes] = []
    for path in paths:
        data = path.read_bytes()
        try:
            if b"-----BEGIN" in data:
                found += [c.public_bytes(Encoding.DER) for c in x509.load_pem_x509_certificates(data)]
            else:
                found.append(x509.load_der_x509_certificate(data).public_bytes(Encoding.DER))
        except ValueError as exc:
            raise ValueError(f"{path.name} holds no certificate") from exc
    return tuple(found)


def tsa_roots(settings: Settings) -> dict[str, tuple[bytes, ...]]:
    """DER of the roots that each time-stamping authority is trusted by, by the authority's name."""
    return {tsa.name: read_certificates(tsa.roots) for tsa in settings.tsas}


def timestamp_client(settings: Settings, clock: Clock) -> TimestampClient:
    """A client of the installation's time-stamping authorities, in order of preference."""
    import httpx

    roots = tsa_roots(settings)
    tsas = [Tsa(tsa.name, tsa.url, roots[tsa.name], tsa.policy) for tsa in settings.tsas]
    return TimestampClient(tsas, clock, httpx.Client(timeout=TIMEOUT, trust_env=False))


def ca_client(settings: Settings) -> CaClient:
    """A client of the certificate authority."""
    import httpx

    token = read_secret(settings.ca_token_file, "ca_token_file")
    return CaClient(settings.ca_url, token, httpx.Client(timeout=TIMEOUT, trust_env=False))
