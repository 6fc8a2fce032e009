"""Trusted time: RFC 3161 tokens from an ordered list of time-stamping authorities (DESIGN §3 Time).

A token is taken only if it is over the right imprint, answers the nonce that was sent, is signed by the TSA's trusted
certificate and lies within 60 seconds of our clock. A TSA that is down or lies is passed over; none left means that
signing pauses.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from asn1crypto import cms, core, tsp

from signing.der import check as check_der
from signing.errors import InputRefused, ServiceUnavailable, SignatureRefused, SigningError
from signing.x509 import TrustAnchors, judge_certificate_async, load_certificate, run

if TYPE_CHECKING:
    import httpx

MAX_SKEW: Final = 60.0
LONGEST: Final = 16_384


@dataclass(frozen=True)
class Tsa:
    """One time-stamping authority: where it is and which roots its certificate must lead to."""

    name: str
    url: str
    roots: tuple[bytes, ...]
    policy: str | None = None


@dataclass(frozen=True)
class Token:
    """A checked timestamp token. `der` is the TimeStampToken (CMS ContentInfo)."""

    tsa: str
    der: bytes
    gen_time: datetime
    serial: str
    imprint: bytes
    policy: str
    certificate: bytes
    certificates: tuple[bytes, ...] = field(repr=False)

    @property
    def sha256(self) -> str:
        """SHA-256 of the token's DER, hex."""
        return hashlib.sha256(self.der).hexdigest()


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Return the current time, aware, UTC."""
        ...


def check_token(
    der: bytes,
    imprint: bytes,
    roots: Sequence[bytes],
    *,
    nonce: int | None = None,
    around: datetime | None = None,
    max_skew: float = MAX_SKEW,
    policy: str | None = None,
    tsa: str = "",
    algorithm: str = "sha256",
) -> Token:
    """Check a token and return its facts.

    `imprint` is the digest that it must be over, by `algorithm` (sha256; sha384 and sha512 in renewals); with
    `nonce`, the nonce must be equal; with `around`, its time must lie within `max_skew` seconds. The signer's path is
    checked at the token's own time. Pure: no connection is opened.
    Raises InputRefused for malformed bytes, SignatureRefused for everything that does not fit.
    """
    return run(
        check_token_async(
            der,
            imprint,
            roots,
            nonce=nonce,
            around=around,
            max_skew=max_skew,
            policy=policy,
            tsa=tsa,
            algorithm=algorithm,
        )
    )


async def check_token_async(
    der: bytes,
    imprint: bytes,
    roots: Sequence[bytes],
    *,
    nonce: int | None = None,
    around: datetime | None = None,
    max_skew: float = MAX_SKEW,
    policy: str | None = None,
    tsa: str = "",
    algorithm: str = "sha256",
) -> Token:
    """As check_token, for callers that already run an event loop."""
    signed_data, info, content = _parse(der)
    try:
        facts = _read(info)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputRefused("timestamp.form", reason=str(error)[:200]) from error
    if facts.algorithm != algorithm or facts.imprint != imprint:
        raise SignatureRefused("timestamp.imprint_differs")
    if nonce is not None and facts.nonce != nonce:
        raise SignatureRefused("timestamp.nonce_differs")
    if policy is not None and facts.policy != policy:
        raise SignatureRefused("timestamp.policy_differs", policy=facts.policy)
    if around is not None and abs(facts.gen_time - around) > timedelta(seconds=max_skew):
        raise SignatureRefused("timestamp.time_off", limit=int(max_skew))
    certificate, others = _check_signature(signed_data, content)
    anchors = TrustAnchors(tuple(roots), intermediates=others)
    judged = await judge_certificate_async(
        certificate, anchors, facts.gen_time, usage="timestamping", require_revocation=False
    )
    if judged.problem is not None:
        raise SignatureRefused("timestamp.signer_untrusted", reason=f"{judged.problem} {judged.reason}")
    return Token(
        tsa=tsa,
        der=bytes(der),
        gen_time=facts.gen_time,
        serial=f"{facts.serial:x}",
        imprint=imprint,
        policy=facts.policy,
        certificate=certificate,
        certificates=others,
    )


def imprint_algorithm(der: bytes) -> str:
    """Return the digest algorithm that a token names, unchecked: sha256. Raises InputRefused for malformed bytes."""
    _, info, _ = _parse(der)
    try:
        return _read(info).algorithm
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputRefused("timestamp.form", reason=str(error)[:200]) from error


def token_until(der: bytes) -> datetime:
    """When the certificate ends that a token was signed under; its path is not checked. Raises SigningError."""
    signed_data, _, content = _parse(der)
    certificate, _ = _check_signature(signed_data, content)
    ends: datetime = load_certificate(certificate).not_valid_after
    return ends


def token_time(der: bytes) -> datetime:
    """Return the time a token claims, unchecked. Raises InputRefused for malformed bytes."""
    _, info, _ = _parse(der)
    try:
        return _read(info).gen_time
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputRefused("timestamp.form", reason=str(error)[:200]) from error


@dataclass(frozen=True)
class _Info:
    gen_time: datetime
    algorithm: str
    imprint: bytes
    nonce: int | None
    policy: str
    serial: int


def _read(info: tsp.TSTInfo) -> _Info:
    gen_time = info["gen_time"].native
    if gen_time.tzinfo is None:
        raise ValueError("genTime without a zone")
    return _Info(
        gen_time=gen_time.astimezone(UTC),
        algorithm=info["message_imprint"]["hash_algorithm"]["algorithm"].native,
        imprint=bytes(info["message_imprint"]["hashed_message"].native),
        nonce=info["nonce"].native,
        policy=info["policy"].dotted,
        serial=info["serial_number"].native,
    )


def _parse(der: bytes) -> tuple[cms.SignedData, tsp.TSTInfo, bytes]:
    if len(der) > LONGEST:
        raise InputRefused("timestamp.form", reason="too long")
    try:
        check_der(der)
        outer = cms.ContentInfo.load(der, strict=True)
        if outer["content_type"].native != "signed_data":
            raise ValueError("not SignedData")
        signed_data = outer["content"]
        inner = signed_data["encap_content_info"]
        if inner["content_type"].native != "tst_info" or len(signed_data["signer_infos"]) != 1:
            raise ValueError("not a TSTInfo with one signer")
        content = bytes(inner["content"].contents)
        check_der(content)
        return signed_data, tsp.TSTInfo.load(content, strict=True), content
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputRefused("timestamp.form", reason=str(error)[:200]) from error


def _check_signature(signed_data: cms.SignedData, content: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """Check the TSA's signature over the TSTInfo; return its certificate and the others that came along."""
    from pyhanko.sign.validation.errors import SignatureValidationError
    from pyhanko.sign.validation.generic_cms import extract_certs_for_validation, validate_sig_integrity

    try:
        _ = (
            signed_data["version"].native,
            signed_data["digest_algorithms"].native,
        )  # parsed when asked for only
        if any(item["algorithm"].contents[-1] & 0x80 for item in signed_data["digest_algorithms"]):
            raise SignatureRefused("timestamp.form")  # an object identifier that does not end (X.690, 8.19.2)
        signer = signed_data["signer_infos"][0]
        _check_spelling(signer)
        algorithm = signer["digest_algorithm"]["algorithm"].native
        if algorithm not in ("sha256", "sha384", "sha512"):
            raise SignatureRefused("timestamp.signature_wrong")
        found = extract_certs_for_validation(signed_data)
        intact, valid = validate_sig_integrity(
            signer,
            found.signer_cert,
            expected_content_type="tst_info",
            actual_digest=hashlib.new(algorithm, content).digest(),
        )
    except SigningError:
        raise
    except (
        SignatureValidationError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        NotImplementedError,
    ) as error:
        raise SignatureRefused("timestamp.signature_wrong", reason=str(error)[:200]) from error
    if not (intact and valid):
        raise SignatureRefused("timestamp.signature_wrong")
    sid = signer["sid"].chosen
    if isinstance(sid, cms.IssuerAndSerialNumber) and sid["issuer"].dump() != found.signer_cert.issuer.dump():
        raise SignatureRefused("timestamp.form")  # names count byte for byte, as in paths
    others = tuple(bytes(item.dump()) for item in found.other_certs)
    return bytes(found.signer_cert.dump()), others


def _check_spelling(signer: cms.SignerInfo) -> None:
    """The members that nobody signs: the version is an INTEGER, the digest's parameters are NULL or absent."""
    parameters = signer["digest_algorithm"].contents[2 + signer["digest_algorithm"].contents[1] :]
    if signer.contents[0] != 0x02 or bytes(parameters) not in (b"", b"\x05\x00"):
        raise SignatureRefused("timestamp.form")


class TimestampClient:
    """Asks the authorities in their order until one gives a good token."""

    def __init__(
        self, tsas: Sequence[Tsa], clock: Clock, http: httpx.Client, max_skew: float = MAX_SKEW
    ) -> None:
        self._tsas = tuple(tsas)
        self._clock = clock
        self._http = http
        self._max_skew = max_skew

    @property
    def names(self) -> tuple[str, ...]:
        """The authorities' names, in order."""
        return tuple(tsa.name for tsa in self._tsas)

    def stamp(self, imprint: bytes, exclude: frozenset[str] = frozenset()) -> Token:
        """Return a checked token over a SHA-256 imprint from the first authority that behaves.

        Raises ServiceUnavailable (timestamp.none_available, facts.refusals: name → reason) when none does.
        """
        return self._first(lambda tsa: self._ask(tsa, imprint), exclude)

    def probe(self, exclude: frozenset[str] = frozenset()) -> Token:
        """Return a token over random bytes: proof that signing can be finished, before any key is made."""
        return self.stamp(secrets.token_bytes(32), exclude)

    def _first(self, ask: Callable[[Tsa], Token], exclude: frozenset[str]) -> Token:
        refusals: dict[str, str] = {}
        for tsa in self._tsas:
            if tsa.name in exclude:
                continue
            try:
                return ask(tsa)
            except SigningError as error:
                refusals[tsa.name] = error.code
        raise ServiceUnavailable("timestamp.none_available", refusals=refusals)

    def _ask(self, tsa: Tsa, imprint: bytes) -> Token:
        import httpx

        nonce = secrets.randbits(63) | 1 << 62
        query = tsp.TimeStampReq(
            {
                "version": 1,
                "message_imprint": {
                    "hash_algorithm": {"algorithm": "sha256"},
                    "hashed_message": imprint,
                },
                "nonce": nonce,
                "cert_req": True,
                **({"req_policy": tsa.policy} if tsa.policy else {}),
            }
        )
        try:
            response = self._http.post(
                tsa.url,
                content=query.dump(),
                headers={
                    "Content-Type": "application/timestamp-query",
                    "Accept": "application/timestamp-reply",
                },
            )
        except httpx.HTTPError as error:
            raise ServiceUnavailable("timestamp.unreachable", reason=type(error).__name__) from error
        if response.status_code != 200:
            raise ServiceUnavailable("timestamp.unreachable", reason=f"HTTP {response.status_code}")
        return check_token(
            _token_of(response.content),
            imprint,
            tsa.roots,
            nonce=nonce,
            around=self._clock.now(),
            max_skew=self._max_skew,
            policy=tsa.policy,
            tsa=tsa.name,
        )


class _Response(core.Sequence):  # type: ignore[misc, unused-ignore]
    """TimeStampResp of RFC 3161 §2.4.2: the token is absent when the request was refused."""

    _fields = [  # noqa: RUF012  asn1crypto's own way to declare a sequence
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


def _token_of(reply: bytes) -> bytes:
    """Return the token inside a TimeStampResp."""
    if len(reply) > LONGEST:
        raise InputRefused("timestamp.form", reason="too long")
    try:
        parsed: Any = _Response.load(reply, strict=True)  # type: ignore[no-untyped-call]
        status = parsed["status"]["status"].native
        if status not in ("granted", "granted_with_mods"):
            raise ServiceUnavailable("timestamp.refused", reason=status)
        return bytes(parsed["time_stamp_token"].dump())
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputRefused("timestamp.form", reason=str(error)[:200]) from error
