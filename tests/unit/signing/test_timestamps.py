"""RFC 3161: the first well-behaved authority is taken, liars and silent ones are passed over."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing.errors import InputRefused, ServiceUnavailable, SignatureRefused
from signing.timestamps import TimestampClient, Tsa, check_token, token_time
from tests.support.signing_authorities import NOW, FixedClock, Stamper, transport

IMPRINT = hashlib.sha256(b"content").digest()


def client(*stampers: Stamper) -> TimestampClient:
    tsas = [Tsa(stamper.name, f"http://{stamper.name}.invalid/", stamper.roots) for stamper in stampers]
    return TimestampClient(tsas, FixedClock(), transport(*stampers))


def test_the_first_is_asked_and_its_token_checked(stampers: tuple[Stamper, Stamper]) -> None:
    one, two = stampers
    token = client(one, two).stamp(IMPRINT)
    assert (token.tsa, token.gen_time, token.imprint) == ("one", NOW, IMPRINT)
    assert (one.calls, two.calls) == (1, 0)
    assert token_time(token.der) == NOW
    assert check_token(token.der, IMPRINT, one.roots).gen_time == NOW


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"down": True}, "timestamp.unreachable"),
        ({"wrong_imprint": True}, "timestamp.imprint_differs"),
        ({"wrong_nonce": True}, "timestamp.nonce_differs"),
        ({"shift": 600}, "timestamp.time_off"),
        ({"shift": -61}, "timestamp.time_off"),
        ({"reject": True}, "timestamp.refused"),
        ({"usage": "sign"}, "timestamp.signer_untrusted"),
    ],
)
def test_one_misbehaving_goes_on_both_pause(fault: dict[str, object], code: str) -> None:
    bad, good = Stamper("one", **fault), Stamper("two")  # type: ignore[arg-type]
    assert client(bad, good).stamp(IMPRINT).tsa == "two"
    with pytest.raises(ServiceUnavailable) as raised:
        client(bad).stamp(IMPRINT)
    assert raised.value.code == "timestamp.none_available"
    assert raised.value.facts["refusals"] == {"one": code}


def test_a_minute_is_tolerated() -> None:
    assert client(Stamper("one", shift=59)).stamp(IMPRINT).tsa == "one"


def test_another_root_is_not_trusted(stampers: tuple[Stamper, Stamper]) -> None:
    one, two = stampers
    tsas = [Tsa("one", "http://one.invalid/", two.roots)]
    with pytest.raises(ServiceUnavailable) as raised:
        TimestampClient(tsas, FixedClock(), transport(one)).stamp(IMPRINT)
    assert raised.value.facts["refusals"] == {"one": "timestamp.signer_untrusted"}


def test_exclusion_and_probe(stampers: tuple[Stamper, Stamper]) -> None:
    one, two = stampers
    assert client(one, two).stamp(IMPRINT, exclude=frozenset({"one"})).tsa == "two"
    assert client(one, two).probe().imprint != IMPRINT
    with pytest.raises(ServiceUnavailable):
        client(one).stamp(IMPRINT, exclude=frozenset({"one"}))


def test_changed_tokens_are_refused(stampers: tuple[Stamper, Stamper]) -> None:
    one, _ = stampers
    der = one.token(IMPRINT)
    with pytest.raises(SignatureRefused, match="imprint_differs"):
        check_token(der, bytes(32), one.roots)
    place = der.index(IMPRINT)
    other = hashlib.sha256(b"other").digest()
    with pytest.raises(SignatureRefused, match="signature_wrong"):
        check_token(der[:place] + other + der[place + 32 :], other, one.roots)
    for broken in (b"", der[:-1], der + b"\0", b"\x30\x03\x02\x01\x01", bytes(20_000)):
        with pytest.raises((InputRefused, SignatureRefused)):
            check_token(broken, IMPRINT, one.roots)
    with pytest.raises(SignatureRefused, match="policy_differs"):
        check_token(der, IMPRINT, one.roots, policy="1.2.3")


def test_members_that_nobody_signs_have_one_spelling(stampers: tuple[Stamper, Stamper]) -> None:
    """Version, issuer and digest parameters of the signer stand outside of every signature."""
    one, _ = stampers
    der = one.token(IMPRINT)
    signer = cms.ContentInfo.load(der)["content"]["signer_infos"][0]
    at = der.rindex(signer.dump())
    issuer = signer["sid"].chosen["issuer"].dump()
    letter = next(n for n in range(len(issuer) - 1, 0, -1) if chr(issuer[n]).isalpha())
    digest = signer["digest_algorithm"].dump()
    places = {
        "version": (der.index(signer.contents, at), 0x02 ^ 0x0A),
        "issuer": (der.index(issuer, at) + letter, 0x20),
    }
    if digest.endswith(b"\x05\x00"):
        places["parameters"] = (der.index(digest, at) + len(digest) - 2, 0x20)
    for place, bit in places.values():
        changed = bytearray(der)
        changed[place] ^= bit
        with pytest.raises((InputRefused, SignatureRefused)):
            check_token(bytes(changed), IMPRINT, one.roots)
    assert check_token(der, IMPRINT, one.roots).imprint == IMPRINT


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not on this machine")
def test_openssl_verifies_our_tokens_too(stampers: tuple[Stamper, Stamper], tmp_path: Path) -> None:
    one, _ = stampers
    token = client(one).stamp(IMPRINT)
    (tmp_path / "token.der").write_bytes(token.der)
    root = x509.load_der_x509_certificate(one.roots[0]).public_bytes(Encoding.PEM)
    (tmp_path / "root.pem").write_bytes(root)
    arguments = ["-digest", IMPRINT.hex(), "-in", "token.der", "-token_in", "-CAfile", "root.pem"]
    at = ["-attime", str(int(NOW.timestamp()))]
    done = subprocess.run(
        ["openssl", "ts", "-verify", *arguments, *at],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Verification: OK" in done.stdout + done.stderr
