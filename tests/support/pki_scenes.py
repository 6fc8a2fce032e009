"""Certificates, lists, responses and tokens of many kinds, as a court meets them, for the steps that judge them."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from cryptography.x509.oid import NameOID

from signing.pades import add_dss
from signing.timestamps import Token
from tests.factories.evidence import Forge, World, at, b64
from tests.support.pdf_engines import Scene
from tests.support.signing_authorities import KEY_USAGES

_KEYS: dict[str, Any] = {}


def key(kind: str) -> Any:
    """A private key by name: `p256 …`, `p384 …`, `rsa2048 …`, `rsa1024 …`; the same name gives the same key."""
    if kind not in _KEYS:
        if kind.startswith("rsa"):
            _KEYS[kind] = rsa.generate_private_key(65537, int(kind[3:7]))
        else:
            _KEYS[kind] = ec.generate_private_key(
                ec.SECP384R1() if kind.startswith("p384") else ec.SECP256R1()
            )
    return _KEYS[kind]


def name(text: str) -> x509.Name:
    """A name with one part."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Holder:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(serialization.Encoding.DER)


def certify(
    subject: str,
    own: Any,
    issuer: Holder | None,
    *,
    ca: bool = False,
    path_length: int | None = None,
    usage: set[str] | None = None,
    extended: list[Any] | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    digest: Any = None,
    pss: bool = False,
    names_ocsp: bool = True,
    more: list[tuple[Any, bool]] | None = None,
) -> Holder:
    """A certificate as described; `usage` an empty set for none of the bits, None for the usual ones."""
    bits = usage if usage is not None else ({"key_cert_sign", "crl_sign"} if ca else {"content_commitment"})
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(issuer.certificate.subject if issuer else name(subject))
        .public_key(own.public_key())
        .serial_number(int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8], "big") >> 1)
        .not_valid_before(start or at(-86400 * 300))
        .not_valid_after(end or at(86400 * 3000))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    )
    if bits != {"absent"}:
        builder = builder.add_extension(
            x509.KeyUsage(**{bit: bit in bits for bit in KEY_USAGES}), critical=True
        )
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=True)
    if names_ocsp:
        place = x509.UniformResourceIdentifier("http://ocsp.invalid/never-called")
        access = x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.OCSP, place)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    for extension, critical in more or []:
        builder = builder.add_extension(extension, critical=critical)
    signer = issuer.key if issuer else own
    scheme = padding.PSS(padding.MGF1(digest or hashes.SHA256()), 32) if pss else None
    return Holder(builder.sign(signer, digest or hashes.SHA256(), rsa_padding=scheme), own)


def crl(
    issuer: Holder,
    revoked: dict[int, dt.datetime] | None = None,
    *,
    signer: Any = None,
    update: dt.datetime | None = None,
    following: dt.datetime | None = None,
    more: list[tuple[Any, bool]] | None = None,
    digest: Any = None,
) -> bytes:
    """A list of the issuer's."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(update or at(-3600))
        .next_update(following or at(86400))
    )
    for serial, when in (revoked or {}).items():
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
        builder = builder.add_revoked_certificate(entry)
    for extension, critical in more or []:
        builder = builder.add_extension(extension, critical=critical)
    made = builder.sign(signer or issuer.key, digest or hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


def response(
    subject: Holder,
    issuer: Holder,
    *,
    responder: Holder | None = None,
    signer: Any = None,
    revoked: dt.datetime | None = None,
    unknown: bool = False,
    update: dt.datetime | None = None,
    following: dt.datetime | None = None,
    by_name: bool = False,
    algorithm: Any = None,
) -> bytes:
    """An OCSP response about a certificate."""
    status = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
    status = ocsp.OCSPCertStatus.UNKNOWN if unknown else status
    encoding = ocsp.OCSPResponderEncoding.NAME if by_name else ocsp.OCSPResponderEncoding.HASH
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            subject.certificate,
            issuer.certificate,
            algorithm or hashes.SHA1(),
            status,
            update or at(-5),
            following or at(3600),
            revoked,
            None,
        )
        .responder_id(encoding, (responder or issuer).certificate)
    )
    if responder:
        builder = builder.certificates([responder.certificate])
    made = builder.sign(signer or (responder or issuer).key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


def _of_another_number(holder: Holder) -> bytes:
    """The certificate with its serial number altered, which its signature is not over."""
    number = holder.certificate.serial_number
    before, after = (value.to_bytes(8, "big") for value in (number, number ^ 1))
    return holder.der.replace(before, after, 1)


@dataclass
class Pki:
    """One authority for the worker's certificate, and what a file carries about it."""

    world: World
    root_key: str = "p256 root"
    issuing_key: str = "p256 issuing"
    leaf: dict[str, Any] = field(default_factory=dict)
    issuing: dict[str, Any] = field(default_factory=dict)
    root_options: dict[str, Any] = field(default_factory=dict)
    between: list[dict[str, Any]] = field(default_factory=list)
    listed: bool = False
    """Whether the trust root lists the issuing authority beside the anchor."""
    damaged: bool = False
    """Whether the file holds a damaged copy of each authority below the anchor behind the good one."""

    @cached_property
    def root(self) -> Holder:
        """The anchor."""
        return certify("Court root", key(self.root_key), None, ca=True, **self.root_options)

    @cached_property
    def chain(self) -> list[Holder]:
        """Authorities below the anchor, the issuing one last."""
        made = [self.root]
        for number, options in enumerate(self.between):
            made.append(
                certify(
                    f"Between {number}", key(f"p256 between {number}"), made[-1], **({"ca": True} | options)
                )
            )
        options = {"ca": True} | self.issuing
        made.append(certify("Issuing", key(self.issuing_key), made[-1], **options))
        return made[1:]

    @cached_property
    def forge(self) -> Forge:
        """A contract whose worker's certificate is of this authority."""
        made = Forge(self.world, label="pki")
        made.changes["worker_certificate"] = lambda _value, forge: self.worker(forge).der
        return made

    def worker(self, forge: Forge) -> Holder:
        """The worker's certificate."""
        options = {"start": at(-60), "end": at(600)} | self.leaf
        self.__dict__.setdefault("_worker", certify("Worker", forge.worker_key, self.chain[-1], **options))
        holder: Holder = self.__dict__["_worker"]
        return holder

    @property
    def subject(self) -> Holder:
        """The worker's certificate, of the contract in the making."""
        return self.worker(self.forge)

    def authority_lists(self) -> list[bytes]:
        """Good lists for every authority below the anchor."""
        above = [self.root, *self.chain[:-1]]
        return [crl(holder) for holder in above]

    def scene(
        self, crls: list[bytes], ocsps: list[bytes], revocation: tuple[tuple[str, bytes], ...] = ()
    ) -> Scene:
        """The finished file with this material, and a trust root that holds the anchor beside the usual ones."""
        forge, ca = self.forge, self.world.ca
        copies = [_of_another_number(holder) for holder in self.chain if self.damaged]

        def with_store(_value: Any, own: Forge) -> bytes:
            made = add_dss(
                own.employer_signed[0],
                certificates=[*ca.chain, *(holder.der for holder in self.chain), *copies],
                crls=[ca.crl(), *crls],
                ocsps=[ca.ocsp(self.world.seal_certificate), *ocsps],
            )
            for copy, holder in zip(copies, self.chain, strict=False):  # pyHanko writes no number twice
                assert made.count(copy) == 1
                made = made.replace(copy, holder.der[:-1] + bytes([holder.der[-1] ^ 1]))
            return made

        forge.changes["with_dss"] = with_store
        listed = [self.chain[-1].der] if self.listed else []
        root = self.world.trust_root(cas=[b64(item) for item in (*ca.chain, self.root.der, *listed)])
        return Scene(forge.finished[0], len(forge.base), root, at(700), revocation)


@dataclass
class Authority:
    """A time-stamping authority of any kind of key; `alter` changes the SignedData's native parts before signing."""

    label: str
    key_name: str = "p256 tsa"
    root_name: str = "p256 tsa root"
    extended: tuple[Any, ...] = (Eku.TIME_STAMPING,)
    options: dict[str, Any] = field(default_factory=dict)
    digest: str = "sha256"
    pss: bool = False
    essential: str = "v2"
    imprint: str = "sha256"
    wrong: str = ""
    name: str = "odd"
    moment: dt.datetime = field(default_factory=lambda: at(0))
    shift: float = 0.0
    calls: int = 0

    @cached_property
    def root(self) -> Holder:
        """Its anchor."""
        return certify(f"{self.label} root", key(self.root_name), None, ca=True)

    @cached_property
    def holder(self) -> Holder:
        """Its certificate."""
        return certify(
            self.label, key(self.key_name), self.root, extended=list(self.extended), **self.options
        )

    @property
    def roots(self) -> tuple[bytes, ...]:
        """Its anchor, as a trust root holds it."""
        return (self.root.der,)

    def _sign(self, data: bytes) -> tuple[dict[str, Any], bytes]:
        own = self.holder.key
        kind = {
            "sha256": hashes.SHA256(),
            "sha384": hashes.SHA384(),
            "sha512": hashes.SHA512(),
            "sha1": hashes.SHA1(),
        }[self.digest]
        if isinstance(own, ec.EllipticCurvePrivateKey):
            return {"algorithm": f"{self.digest}_ecdsa"}, own.sign(data, ec.ECDSA(kind))
        if self.pss:
            parameters = {
                "hash_algorithm": {"algorithm": self.digest},
                "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": self.digest}},
                "salt_length": 32,
            }
            scheme = padding.PSS(padding.MGF1(kind), 32)
            return {"algorithm": "rsassa_pss", "parameters": parameters}, own.sign(data, scheme, kind)
        return {"algorithm": "rsassa_pkcs1v15"}, own.sign(data, padding.PKCS1v15(), kind)

    def token(self, imprint: bytes) -> bytes:
        """A token over an imprint, wrong in the way that `wrong` says."""
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": "1.2.3.4.1",
                "message_imprint": {"hash_algorithm": {"algorithm": self.imprint}, "hashed_message": imprint},
                "serial_number": 7,
                "gen_time": self.moment + dt.timedelta(seconds=self.shift),
                "accuracy": {"seconds": 1},
                "ordering": False,
            }
        )
        content = info.dump()
        certificate = asn1.Certificate.load(self.holder.der)
        named = hashlib.sha256(b"another" if self.wrong == "essential" else self.holder.der).digest()
        digest = hashlib.new(self.digest, b"other" if self.wrong == "digest" else content).digest()
        attributes: list[dict[str, Any]] = [
            {"type": "content_type", "values": ["data" if self.wrong == "type" else "tst_info"]},
            {"type": "message_digest", "values": [digest]},
        ]
        if self.essential == "v2":
            value = tsp.SigningCertificateV2({"certs": [{"cert_hash": named}]})
            attributes.append({"type": "signing_certificate_v2", "values": [value]})
        if self.essential == "v1":
            old = tsp.SigningCertificate({"certs": [{"cert_hash": hashlib.sha1(self.holder.der).digest()}]})
            attributes.append({"type": "signing_certificate", "values": [old]})
        signed = cms.CMSAttributes([cms.CMSAttribute(item) for item in attributes])
        algorithm, signature = self._sign(b"other" if self.wrong == "signature" else signed.dump())
        signer = {
            "version": "v1",
            "sid": {
                "issuer_and_serial_number": {
                    "issuer": certificate.issuer,
                    "serial_number": certificate.serial_number,
                }
            },
            "digest_algorithm": {"algorithm": self.digest},
            "signed_attrs": signed,
            "signature_algorithm": algorithm,
            "signature": signature,
        }
        data = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [algos.DigestAlgorithm({"algorithm": self.digest})],
                "encap_content_info": {
                    "content_type": "tst_info",
                    "content": core.ParsableOctetString(content),
                },
                "certificates": [] if self.wrong == "certificate" else [certificate],
                "signer_infos": [signer] * (2 if self.wrong == "signers" else 1),
            }
        )
        return bytes(cms.ContentInfo({"content_type": "signed_data", "content": data}).dump())

    def scene(self, world: World, *, trusted: bool = True) -> Scene:
        """A finished file whose worker's signature bears this authority's token."""
        forge = Forge(world, label="tsa")
        forge.world = _Stamping(world, self)  # type: ignore[assignment]
        tsas = [(tsa.name, tsa.roots) for tsa in (world.tsa_one, world.tsa_two)]
        tsas += [(self.name, self.roots)] if trusted else []
        root = world.trust_root(
            tsas=[{"name": one, "certs": [b64(item) for item in certs]} for one, certs in tsas]
        )
        return Scene(forge.finished[0], len(forge.base), root, at(700))


class _Stamping:
    """A world that stamps the worker's signature by the odd authority, unchecked."""

    def __init__(self, world: World, odd: Authority) -> None:
        self._world, self._odd, self._first = world, odd, True

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._world, attribute)

    def stamp(self, tsa: Any, imprint: bytes, when: dt.datetime) -> Token:
        """The first token is the odd authority's."""
        if not self._first:
            return self._world.stamp(tsa, imprint, when)
        self._first = False
        made = self._odd.token(imprint)
        return Token("odd", made, when, "7", imprint, "1.2.3.4.1", b"", ())
