"""TEST certificate authority: a P-256 root, an event CA and an organisation CA, OCSP and CRLs.

Event certificates (事件证书, ten minutes, one transaction) are issued only on the identity service's key statement for
exactly the requested key; organisation certificates on the platform's credential.
The program around it is `signing.testing.ca`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from signing.eip712 import Attestation, Domain, checksum_address, digest, from_message, keccak256
from signing.errors import SigningError
from signing.identity_service.store import Row, Store
from signing.testing import pki
from signing.testing.faults import Faults
from signing.wallets import recover

EVENT_LIFE = timedelta(minutes=10)
BACKDATE = timedelta(seconds=60)
STATEMENT_AGE = 600
ORGANISATION_LIFE = timedelta(days=3 * 365)
TABLE = """CREATE TABLE issued (
  serial TEXT PRIMARY KEY, issuer TEXT NOT NULL, request TEXT UNIQUE NOT NULL, certificate BLOB NOT NULL,
  spki_hash TEXT NOT NULL, revoked_at INTEGER, reason TEXT, at INTEGER NOT NULL) STRICT"""


class CaRefused(Exception):
    """The request is not one that this CA may answer with a certificate."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class TypedDomain:
    """The domain of the installation's labour contract registry, as its file says."""

    separator: bytes
    domain: Domain | None = None

    @classmethod
    def load(cls, path: Path) -> TypedDomain:
        """Read the domain file; the salt in it stands for the log origin, which the CA needs not know."""
        data = json.loads(path.read_text(encoding="utf-8"))
        types = (
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
        )
        words = [
            keccak256(types.encode()),
            keccak256(data["name"].encode()),
            keccak256(data["version"].encode()),
            int(data["chainId"]).to_bytes(32, "big"),
            bytes.fromhex(checksum_address(data["verifyingContract"])[2:]).rjust(32, b"\0"),
            bytes.fromhex(str(data["salt"]).removeprefix("0x")),
        ]
        return cls(keccak256(b"".join(words)))

    def digest(self, statement: Attestation) -> bytes:
        """EIP-712 digest under this domain."""
        from signing.eip712 import struct_hash

        if self.domain is not None:
            return digest(self.domain, statement)
        return keccak256(b"\x19\x01" + self.separator + struct_hash(statement))


def key_of(csr: x509.CertificateSigningRequest) -> ec.EllipticCurvePublicKey:
    """The request's P-256 key, proven to be held by the requester; raises CaRefused."""
    key = csr.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise CaRefused("ca.csr_invalid")
    if not csr.is_signature_valid:
        raise CaRefused("ca.csr_invalid")
    return key


def spki(key: ec.EllipticCurvePublicKey) -> bytes:
    """DER SubjectPublicKeyInfo, 91 bytes."""
    return key.public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)


class Ca:
    """The authority: keys on disk, every certificate on record."""

    def __init__(self, data: Path, base_url: str, issuers: tuple[str, ...], domain: TypedDomain) -> None:
        self.root = pki.root(data, "root", "TEST 测试根 CA")
        self.event = pki.subordinate(data, "event", "TEST 事件证书 CA", self.root)
        self.organisation = pki.subordinate(data, "organisation", "TEST 机构证书 CA", self.root)
        self.store = Store(data / "ca.db", TABLE)
        self.base_url = base_url
        self.issuers = frozenset(checksum_address(address) for address in issuers)
        self.domain = domain
        self.faults = Faults("down", "expired", "other_key")

    @property
    def authorities(self) -> dict[str, pki.Authority]:
        """By name, as in the addresses of certificates and CRLs."""
        return {"root": self.root, "event": self.event, "organisation": self.organisation}

    # ------------------------------------------------------------------- issuing

    def event_certificate(self, csr_der: bytes, statement: dict[str, Any]) -> dict[str, Any]:
        """Certify a one-time key on a key statement; the same request again gives the same certificate."""
        csr = self._csr(csr_der)
        key = key_of(csr)
        attestation = self._attestation(statement)
        if hashlib.sha256(spki(key)).digest() != attestation.signer_key_hash:
            raise CaRefused("ca.key_mismatch")
        subject = pki.name(self._common_name(csr), serial_number=attestation.subject.hex())
        life = (pki.now() - BACKDATE, pki.now() + EVENT_LIFE)
        if self.faults.mode == "expired":
            life = (pki.now() - timedelta(hours=2), pki.now() - timedelta(hours=1))
        if self.faults.mode == "other_key":
            key = ec.generate_private_key(ec.SECP256R1()).public_key()
        request = "event:" + self.domain.digest(attestation).hex() + hashlib.sha256(csr_der).hexdigest()
        return self._issue("event", request, subject, key, life)

    def organisation_certificate(self, csr_der: bytes, organisation: dict[str, Any]) -> dict[str, Any]:
        """Certify an organisation's seal key; the register's data, not the request, name the organisation."""
        key = key_of(self._csr(csr_der))
        try:
            title, uscc = str(organisation["name"]), str(organisation["uscc"])
        except KeyError as exc:
            raise CaRefused("ca.organisation_invalid") from exc
        subject = pki.name(title, organization=title, serial_number=uscc)
        life = (pki.now() - BACKDATE, pki.now() + ORGANISATION_LIFE)
        request = "organisation:" + uscc + hashlib.sha256(csr_der).hexdigest()
        return self._issue("organisation", request, subject, key, life)

    def _attestation(self, statement: dict[str, Any]) -> Attestation:
        try:
            attestation = from_message(Attestation, statement["message"])
            signature = base64.b64decode(statement["signature"], validate=True)
            signer = recover(self.domain.digest(attestation), signature)
        except (SigningError, KeyError, TypeError, ValueError, binascii.Error) as exc:
            raise CaRefused("ca.key_statement_invalid") from exc
        age = abs(pki.now().timestamp() - attestation.time)
        if signer not in self.issuers or age > STATEMENT_AGE:
            raise CaRefused("ca.key_statement_invalid")
        return attestation

    @staticmethod
    def _csr(der: bytes) -> x509.CertificateSigningRequest:
        try:
            return x509.load_der_x509_csr(der)
        except (ValueError, InvalidSignature) as exc:
            raise CaRefused("ca.csr_invalid") from exc

    @staticmethod
    def _common_name(csr: x509.CertificateSigningRequest) -> str:
        names = csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        if len(names) != 1 or not str(names[0].value).strip():
            raise CaRefused("ca.csr_invalid")
        return str(names[0].value)

    def _issue(
        self,
        authority: str,
        request: str,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        life: tuple[datetime, datetime],
    ) -> dict[str, Any]:
        issuer = self.authorities[authority]
        with self.store.transaction() as tx:
            known = tx.one("SELECT * FROM issued WHERE request=?", request)
            if known is None:
                certificate = pki.issue(
                    subject,
                    key,
                    issuer,
                    issuer.key,
                    not_before=life[0],
                    not_after=life[1],
                    key_usage=pki.usage(digital_signature=True, content_commitment=True),
                    extensions=self._pointers(authority),
                )
                der = certificate.public_bytes(ser.Encoding.DER)
                tx.insert(
                    "issued",
                    serial=f"{certificate.serial_number:x}",
                    issuer=authority,
                    request=request,
                    certificate=der,
                    spki_hash=hashlib.sha256(spki(key)).hexdigest(),
                    at=int(pki.now().timestamp()),
                )
                known = {"certificate": der, "serial": f"{certificate.serial_number:x}"}
        chain = [issuer.der, self.root.der]
        return {
            "certificate": base64.b64encode(known["certificate"]).decode(),
            "chain": [base64.b64encode(der).decode() for der in chain],
            "serial": known["serial"],
            "test": True,
        }

    def _pointers(self, authority: str) -> tuple[tuple[x509.ExtensionType, bool], ...]:
        ocsp = x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(f"{self.base_url}/ocsp")
        )
        crl = x509.UniformResourceIdentifier(f"{self.base_url}/crl/{authority}.crl")
        point = x509.DistributionPoint([crl], None, None, None)
        return (
            (x509.AuthorityInformationAccess([ocsp]), False),
            (x509.CRLDistributionPoints([point]), False),
        )

    # ---------------------------------------------------------------- revocation

    def revoke(self, serial: str, reason: str = "keyCompromise") -> None:
        """Revoke one certificate; raises CaRefused for an unknown one."""
        with self.store.transaction() as tx:
            changed = tx.update(
                "issued", "serial", serial, revoked_at=int(pki.now().timestamp()), reason=reason
            )
        if not changed:
            raise CaRefused("ca.certificate_unknown")

    def record(self, serial: str) -> Row | None:
        """One certificate's record."""
        with self.store.transaction() as tx:
            return tx.one("SELECT * FROM issued WHERE serial=?", serial)

    def revoked(self, authority: str) -> list[Row]:
        """Revoked certificates of one CA."""
        with self.store.transaction() as tx:
            return tx.all("SELECT * FROM issued WHERE issuer=? AND revoked_at IS NOT NULL", authority)

    def crl(self, authority: str) -> bytes:
        """A fresh CRL, DER."""
        issuer, moment = self.authorities[authority], pki.now()
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.certificate.subject)
            .last_update(moment - timedelta(seconds=5))
            .next_update(moment + timedelta(days=1))
            .add_extension(x509.CRLNumber(int(moment.timestamp())), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
            )
        )
        for row in self.revoked(authority):
            entry = (
                x509.RevokedCertificateBuilder()
                .serial_number(int(row["serial"], 16))
                .revocation_date(datetime.fromtimestamp(row["revoked_at"], moment.tzinfo))
                .add_extension(x509.CRLReason(x509.ReasonFlags(row["reason"])), critical=False)
            )
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(issuer.key, hashes.SHA256()).public_bytes(ser.Encoding.DER)
