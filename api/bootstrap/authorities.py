"""Outside authorities that more than one slice asks: time-stamping authorities from the settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from api.infra.settings import Settings
from api.kernel.clock import Clock
from signing.timestamps import TimestampClient, Tsa

TIMEOUT = 10.0


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


def timestamp_client(settings: Settings, clock: Clock) -> TimestampClient:
    """A client of the installation's time-stamping authorities, in order of preference."""
    import httpx

    tsas = [Tsa(tsa.name, tsa.url, read_certificates(tsa.roots), tsa.policy) for tsa in settings.tsas]
    return TimestampClient(tsas, clock, httpx.Client(timeout=TIMEOUT, trust_env=False))
