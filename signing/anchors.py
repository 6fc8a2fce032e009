"""Trust anchors: a name and a key, read from a certificate whose other parts count for nothing (RFC 5280, section 6.1.1 d).

What a list of anchors says about itself is checked once, when it is read: an entry whose issuer is listed beside it (or
is the entry itself) bears that issuer's signature. So damage to a verifier's own file shows as damage to that file and
not as a verdict about evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from signing import der
from signing.errors import InputRefused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives import hashes

LONGEST: Final = 16_384
SHORTEST_RSA: Final = 2048
_INTEGER, _BITS, _SEQUENCE, _VERSION = 0x02, 0x03, 0x30, 0xA0
_EC_KEY: Final = bytes.fromhex("06072a8648ce3d0201")
_RSA_KEY: Final = bytes.fromhex("06092a864886f70d010101")
_CURVES: Final = {
    bytes.fromhex("06082a8648ce3d030107"): 32,
    bytes.fromhex("06052b81040022"): 48,
    bytes.fromhex("06052b81040023"): 66,
}
_ECDSA: Final = {
    bytes.fromhex(f"06082a8648ce3d0403{n:02x}"): size for n, size in ((2, 256), (3, 384), (4, 512))
}
_RSA: Final = {
    bytes.fromhex(f"06092a864886f70d0101{n:02x}"): size for n, size in ((11, 256), (12, 384), (13, 512))
}
_PSS: Final = bytes.fromhex("06092a864886f70d01010a")


@dataclass(frozen=True)
class Anchor:
    """A name and a key that are trusted, both DER, and the certificate that they were read from."""

    certificate: bytes
    subject: bytes
    spki: bytes


@dataclass(frozen=True)
class Signed:
    """What a certificate's signature is over and by which algorithm (DER of its AlgorithmIdentifier)."""

    tbs: bytes
    algorithm: bytes
    signature: bytes


def read_anchor(certificate: bytes) -> Anchor:
    """Read the anchor that a certificate stands for; raises InputRefused `certificate.form`."""
    return _read(certificate)[0]


def check_anchors(certificates: Sequence[bytes]) -> None:
    """Check a list of anchors in itself; raises InputRefused `certificate.form` for an entry that is damaged.

    Each must be readable; one whose issuer is the subject of entries of the list must bear a signature by one of them,
    unless by an algorithm that counts for nothing here (a root that has signed itself by SHA-1 is still an anchor).
    """
    read = [_read(certificate) for certificate in certificates]
    for _, issuer, signed in read:
        above = [anchor for anchor, _, _ in read if anchor.subject == issuer]
        if above and accepted(signed.algorithm) and not any(verifies(item.spki, signed) for item in above):
            raise InputRefused("certificate.form")


def _read(certificate: bytes) -> tuple[Anchor, bytes, Signed]:
    try:
        if len(certificate) > LONGEST:
            raise der.NotDer("too long")
        der.check(certificate)
        (outer,) = _expect(der.parts(certificate), _SEQUENCE)
        tbs, algorithm, bits = _expect(der.parts(outer.content), _SEQUENCE, _SEQUENCE, _BITS)
        inside = der.parts(tbs.content)
        if inside and inside[0].tag == _VERSION:
            inside = inside[1:]
        _, inner, issuer, _, subject, spki = _expect(
            inside[:6], _INTEGER, _SEQUENCE, _SEQUENCE, _SEQUENCE, _SEQUENCE, _SEQUENCE
        )
        if bits.content[:1] != b"\0" or inner.der != algorithm.der:
            raise der.NotDer("signature")
    except ValueError as error:
        raise InputRefused("certificate.form") from error
    return (
        Anchor(bytes(certificate), subject.der, spki.der),
        issuer.der,
        Signed(tbs.der, algorithm.der, bits.content[1:]),
    )


def _expect(values: list[der.Value], *tags: int) -> list[der.Value]:
    if tuple(value.tag for value in values) != tags:
        raise der.NotDer("another structure")
    return values


def accepted(algorithm: bytes) -> bool:
    """Say whether an AlgorithmIdentifier (DER) names a signature algorithm that counts: ECDSA or RSA with SHA-2."""
    try:
        return _identifier(algorithm)[0].der in {*_ECDSA, *_RSA, _PSS}
    except ValueError:
        return False


def verifies(spki: bytes, signed: Signed) -> bool:
    """Say whether the key (DER) made the signature, by an algorithm that counts and with a key that is long enough."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        name = _identifier(signed.algorithm)[0].der
        _check_key(spki)
        key = load_der_public_key(spki)
        if isinstance(key, ec.EllipticCurvePublicKey) and name in _ECDSA:
            der.check(signed.signature)
            key.verify(signed.signature, signed.tbs, ec.ECDSA(_digest(_ECDSA[name])))
        elif isinstance(key, rsa.RSAPublicKey) and key.key_size >= SHORTEST_RSA and name in _RSA:
            key.verify(signed.signature, signed.tbs, padding.PKCS1v15(), _digest(_RSA[name]))
        elif isinstance(key, rsa.RSAPublicKey) and key.key_size >= SHORTEST_RSA and name == _PSS:
            digest, salt = _pss(signed.algorithm)
            key.verify(signed.signature, signed.tbs, padding.PSS(padding.MGF1(digest), salt), digest)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, KeyError):
        return False
    return True


def _check_key(spki: bytes) -> None:
    """A key on one of three curves as a whole point, or a plain RSA key: forms that every library reads alike."""
    (outer,) = _expect(der.parts(spki), _SEQUENCE)
    algorithm, bits = _expect(der.parts(outer.content), _SEQUENCE, _BITS)
    kind, *parameters = der.parts(algorithm.content)
    if kind.der == _EC_KEY:
        size = _CURVES[parameters[0].der] if len(parameters) == 1 else 0
        if len(bits.content) != 2 + 2 * size or bits.content[:2] != b"\x00\x04":
            raise der.NotDer("a point")
    elif kind.der != _RSA_KEY or bits.content[:1] != b"\0":
        raise der.NotDer("a key of another kind")


def _identifier(algorithm: bytes) -> list[der.Value]:
    found = der.parts(der.parts(algorithm)[0].content)
    if not found:
        raise der.NotDer("no algorithm")
    return found


def _pss(algorithm: bytes) -> tuple[hashes.HashAlgorithm, int]:
    """Digest and length of the salt; the mask must be of the same digest, and each of the three must be written."""
    from asn1crypto import algos

    parameters = _identifier(algorithm)[1]
    _expect(der.parts(parameters.content)[:3], 0xA0, 0xA1, 0xA2)
    read: Any = algos.RSASSAPSSParams.load(parameters.der, strict=True)
    digest = read["hash_algorithm"]["algorithm"].native
    mask = read["mask_gen_algorithm"]
    if mask["algorithm"].native != "mgf1" or mask["parameters"]["algorithm"].native != digest:
        raise der.NotDer("PSS parameters")
    return _digest({"sha256": 256, "sha384": 384, "sha512": 512}[digest]), int(read["salt_length"].native)


def _digest(size: int) -> hashes.HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    return {256: hashes.SHA256(), 384: hashes.SHA384(), 512: hashes.SHA512()}[size]


def read_anchors(certificates: Iterable[bytes]) -> tuple[Anchor, ...]:
    """Read a list of anchors, each by itself; raises InputRefused `certificate.form`."""
    return tuple(read_anchor(certificate) for certificate in certificates)
