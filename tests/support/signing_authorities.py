"""A small PKI and time-stamping authorities in memory: no sockets, nothing shared with the TEST programs."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import Any

import httpx
from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp as cx_ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from signing.p256 import PublicKey
from signing.x509 import TrustAnchors
from tests.support.fixed_random import ECDSA, dated_ocsp, p256_key

NOW = dt.datetime(2026, 11, 22, 8, 0, 0, tzinfo=dt.UTC)


KEY_USAGES = [
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
]


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return PublicKey.from_cryptography(key.public_key()).spki


class Authority:
    """A certificate authority with one root and one issuing certificate; its keys are those of `seed`, if given."""

    def __init__(
        self,
        name: str = "TEST CA",
        moment: dt.datetime = NOW,
        seed: str | None = None,
        end: dt.datetime | None = None,
    ) -> None:
        self.moment = moment
        self.root_key = p256_key(seed and f"{seed} root")
        self.key = p256_key(seed and f"{seed} issuing")
        start, end = moment - dt.timedelta(days=365), end or moment + dt.timedelta(days=3650)
        self.root = make_certificate(
            f"{name} root", self.root_key.public_key(), None, self.root_key, start, end, ca=True
        )
        self.issuer = make_certificate(
            f"{name} issuing", self.key.public_key(), self.root, self.root_key, start, end, ca=True
        )

    def issue(
        self,
        name: str,
        public: Any,
        *,
        start: dt.datetime | None = None,
        end: dt.datetime | None = None,
        usage: str = "sign",
    ) -> bytes:
        return der(
            make_certificate(
                name,
                public,
                self.issuer,
                self.key,
                start or self.moment - dt.timedelta(seconds=60),
                end or self.moment + dt.timedelta(minutes=10),
                usage=usage,
            )
        )

    @property
    def chain(self) -> tuple[bytes, bytes]:
        return der(self.issuer), der(self.root)

    def crl(self, revoked: dict[int, dt.datetime] | None = None, *, of_root: bool = True) -> bytes:
        issuer, key = (self.root, self.root_key) if of_root else (self.issuer, self.key)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.subject)
            .last_update(self.moment - dt.timedelta(hours=1))
            .next_update(self.moment + dt.timedelta(days=7))
            .add_extension(x509.CRLNumber(1), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False)
        )
        for serial, when in (revoked or {}).items():
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
            )
        made = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
        return made.public_bytes(serialization.Encoding.DER)

    def ocsp(self, certificate: bytes, *, revoked_at: dt.datetime | None = None) -> bytes:
        subject = x509.load_der_x509_certificate(certificate)
        status = cx_ocsp.OCSPCertStatus.REVOKED if revoked_at else cx_ocsp.OCSPCertStatus.GOOD
        response = (
            cx_ocsp.OCSPResponseBuilder()
            .add_response(
                subject,
                self.issuer,
                hashes.SHA1(),
                status,
                self.moment - dt.timedelta(seconds=5),
                self.moment + dt.timedelta(hours=1),
                revoked_at,
                None,
            )
            .responder_id(cx_ocsp.OCSPResponderEncoding.HASH, self.issuer)
            .sign(self.key, hashes.SHA256())
        )
        der_response = response.public_bytes(serialization.Encoding.DER)
        return dated_ocsp(der_response, self.key, self.moment)

    def anchors(self, *certificates: bytes) -> TrustAnchors:
        return TrustAnchors(
            roots=(der(self.root),),
            intermediates=(der(self.issuer),),
            crls=(self.crl(),),
            ocsps=tuple(self.ocsp(certificate) for certificate in certificates),
        )


def make_certificate(
    name: str,
    public: Any,
    issuer: x509.Certificate | None,
    key: ec.EllipticCurvePrivateKey,
    start: dt.datetime,
    end: dt.datetime,
    *,
    ca: bool = False,
    usage: str = "sign",
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    bits = dict.fromkeys(KEY_USAGES, False)
    bits |= (
        {"key_cert_sign": True, "crl_sign": True}
        if ca
        else {"digital_signature": True, "content_commitment": usage == "sign"}
    )
    if usage == "encipher":
        bits |= {"digital_signature": False, "key_encipherment": True}
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**bits), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    if not ca:
        builder = builder.add_extension(
            x509.AuthorityInformationAccess(
                [
                    x509.AccessDescription(
                        x509.oid.AuthorityInformationAccessOID.OCSP,
                        x509.UniformResourceIdentifier("http://ocsp.invalid/never-called"),
                    )
                ]
            ),
            critical=False,
        )
    if usage == "stamp":
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
        )
    return builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)


@dataclass
class Stamper:
    """A time-stamping authority; the attributes make it lie."""

    name: str
    moment: dt.datetime = NOW
    shift: float = 0.0
    wrong_imprint: bool = False
    wrong_nonce: bool = False
    reject: bool = False
    down: bool = False
    calls: int = 0
    usage: str = "stamp"
    seed: str | None = None
    end: dt.datetime | None = None
    digest: str = "sha256"
    key: ec.EllipticCurvePrivateKey = field(init=False)

    def __post_init__(self) -> None:
        self.key = p256_key(self.seed and f"{self.seed} key")
        root_key = p256_key(self.seed and f"{self.seed} root")
        start, end = self.moment - dt.timedelta(days=30), self.end or self.moment + dt.timedelta(days=3650)
        self.root = make_certificate(
            f"{self.name} root", root_key.public_key(), None, root_key, start, end, ca=True
        )
        self.certificate = make_certificate(
            self.name, self.key.public_key(), self.root, root_key, start, end, usage=self.usage
        )

    @property
    def roots(self) -> tuple[bytes, ...]:
        return (der(self.root),)

    def token(self, imprint: bytes, nonce: int | None = None) -> bytes:
        if self.wrong_imprint:
            imprint = hashlib.sha256(imprint).digest()
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": "1.2.3.4.1",
                "message_imprint": {"hash_algorithm": {"algorithm": self.digest}, "hashed_message": imprint},
                "serial_number": 7 + self.calls,
                "gen_time": self.moment + dt.timedelta(seconds=self.shift),
                **({} if nonce is None else {"nonce": nonce + 1 if self.wrong_nonce else nonce}),
            }
        )
        content = info.dump()
        certificate = asn1.Certificate.load(der(self.certificate))
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(content).digest()]}),
                cms.CMSAttribute(
                    {
                        "type": "signing_certificate_v2",
                        "values": [
                            tsp.SigningCertificateV2(
                                {"certs": [{"cert_hash": hashlib.sha256(der(self.certificate)).digest()}]}
                            )
                        ],
                    }
                ),
            ]
        )
        signature = self.key.sign(attributes.dump(), ECDSA)
        signed = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
                "encap_content_info": {
                    "content_type": "tst_info",
                    "content": core.ParsableOctetString(content),
                },
                "certificates": [certificate],
                "signer_infos": [
                    {
                        "version": "v1",
                        "sid": cms.SignerIdentifier(
                            {
                                "issuer_and_serial_number": {
                                    "issuer": certificate.issuer,
                                    "serial_number": certificate.serial_number,
                                }
                            }
                        ),
                        "digest_algorithm": {"algorithm": "sha256"},
                        "signed_attrs": attributes,
                        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                        "signature": signature,
                    }
                ],
            }
        )
        return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        if self.down:
            raise httpx.ConnectError("refused", request=request)
        query = tsp.TimeStampReq.load(request.content)
        if self.reject:
            return httpx.Response(200, content=bytes.fromhex("30053003020102"))
        token = self.token(query["message_imprint"]["hashed_message"].native, query["nonce"].native)
        reply = tsp.TimeStampResp(
            {"status": {"status": "granted"}, "time_stamp_token": cms.ContentInfo.load(token)}
        )
        return httpx.Response(200, content=reply.dump())


def transport(*stampers: Stamper) -> httpx.Client:
    """An HTTP client that reaches the stampers at http://<name>.invalid/ and nobody else."""
    by_host = {f"{stamper.name}.invalid": stamper for stamper in stampers}

    def handle(request: httpx.Request) -> httpx.Response:
        return by_host[request.url.host].answer(request)

    return httpx.Client(transport=httpx.MockTransport(handle))


@dataclass(frozen=True)
class FixedClock:
    moment: dt.datetime = NOW

    def now(self) -> dt.datetime:
        return self.moment
