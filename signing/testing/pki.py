"""Certificates of the TEST authorities: P-256, SHA-256, RFC 5280; every subject says TEST."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ORGANIZATION = "TEST Concord 测试机构（无法律效力）"
UNIT = "TEST ONLY 仅供测试"
YEARS_10 = timedelta(days=3650)


def now() -> datetime:
    """Whole seconds, UTC."""
    return datetime.now(UTC).replace(microsecond=0)


def name(common_name: str, organization: str = ORGANIZATION, serial_number: str | None = None) -> x509.Name:
    """A subject that says TEST in its organisational unit, whatever else it holds."""
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:64]),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, UNIT),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
    ]
    if serial_number:
        parts.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial_number[:64]))
    return x509.Name(parts)


def usage(**granted: bool) -> x509.KeyUsage:
    """Key usage with everything off that is not granted."""
    every = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign"
        " encipher_only decipher_only"
    )
    return x509.KeyUsage(**{field: granted.get(field, False) for field in every.split()})


@dataclass(frozen=True)
class Authority:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        """DER of the certificate."""
        return self.certificate.public_bytes(ser.Encoding.DER)

    def save(self, folder: Path, stem: str) -> None:
        """Write `stem`.key (owner only) and then `stem`.crt."""
        folder.mkdir(parents=True, exist_ok=True)
        pem = self.key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
        write_whole(folder / f"{stem}.key", pem)
        write_whole(folder / f"{stem}.crt", self.certificate.public_bytes(ser.Encoding.PEM))

    @classmethod
    def load(cls, folder: Path, stem: str) -> Authority | None:
        """Read what `save` wrote; None if the certificate is not there."""
        if not (folder / f"{stem}.crt").exists():
            return None
        key = ser.load_pem_private_key((folder / f"{stem}.key").read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{stem}.key is not an EC key")
        return cls(x509.load_pem_x509_certificate((folder / f"{stem}.crt").read_bytes()), key)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, owner only."""
    temporary = path.with_suffix(path.suffix + ".tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def issue(
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    issuer: Authority | None,
    signing_key: ec.EllipticCurvePrivateKey,
    *,
    not_before: datetime,
    not_after: datetime,
    key_usage: x509.KeyUsage,
    ca_depth: int | None = None,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> x509.Certificate:
    """One certificate; `issuer` None makes it self-signed, `ca_depth` makes it a CA."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca_depth is not None, ca_depth), critical=True)
        .add_extension(key_usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False
        )
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signing_key, hashes.SHA256())


def root(folder: Path, stem: str, common_name: str) -> Authority:
    """The self-signed root of a folder, made on first use."""
    known = Authority.load(folder, stem)
    if known:
        return known
    key = ec.generate_private_key(ec.SECP256R1())
    start = now() - timedelta(hours=1)
    certificate = issue(
        name(common_name),
        key.public_key(),
        None,
        key,
        not_before=start,
        not_after=start + YEARS_10,
        key_usage=usage(key_cert_sign=True, crl_sign=True),
        ca_depth=1,
    )
    made = Authority(certificate, key)
    made.save(folder, stem)
    return made


def subordinate(
    folder: Path,
    stem: str,
    common_name: str,
    issuer: Authority,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    *,
    ca: bool = True,
) -> Authority:
    """A CA under `issuer`, or with ca=False an end entity that signs; made on first use."""
    known = Authority.load(folder, stem)
    if known:
        return known
    key = ec.generate_private_key(ec.SECP256R1())
    start = now() - timedelta(hours=1)
    certificate = issue(
        name(common_name),
        key.public_key(),
        issuer,
        issuer.key,
        not_before=start,
        not_after=start + YEARS_10,
        key_usage=usage(key_cert_sign=True, crl_sign=True) if ca else usage(digital_signature=True),
        ca_depth=0 if ca else None,
        extensions=extensions,
    )
    made = Authority(certificate, key)
    made.save(folder, stem)
    return made
