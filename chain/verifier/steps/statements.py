"""Steps 8 to 10 and 12: identity statements, both consents, and what authorised the worker's key."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime
from typing import Any

from chain.package import contents
from chain.trust_root import Period
from chain.verifier.case import TOLERANCE, Case, moment, text_of, unpack
from chain.verifier.outcome import Failed, Passed
from signing import eip712, jcs, p256, wallets
from signing.errors import SigningError

REQUIRED_LEVEL = 2
ATTESTATION_LIFE = 3600
_FACTORS = eip712.Factor.OTP | eip712.Factor.REAL_PERSON | eip712.Factor.DESK | eip712.Factor.PASSKEY


def identity(case: Case) -> Passed:
    """8. The identity service checked this person for this text, and later stated his key."""
    shown = case.json[contents.CHECK]["statement"]
    check = eip712.IdentityCheck(
        commitment=bytes.fromhex(shown["commitment"]),
        subject=bytes.fromhex(shown["subject"]),
        factors=shown["factors"],
        level=shown["level"],
        time=shown["time"],
    )
    attestation = case.attestation()
    issuers = case.trust_root.identity_issuers
    checker = signed_by(case, case.domain, check, contents.CHECK, issuers, moment(check.time))
    issuer = signed_by(
        case, case.domain, attestation, contents.ATTESTATION, issuers, moment(attestation.time)
    )
    agree = {
        "commitment": check.commitment == attestation.commitment == case.commitment,
        "contract_id": attestation.contract_id.hex() == case.opening["contract_id"],
        "subject": check.subject == attestation.subject,
        "level": check.level == attestation.level,
        "check_digest": attestation.check_digest == eip712.digest(case.domain, check),
        "time": check.time <= attestation.time,
    }
    for name, holds in agree.items():
        if not holds:
            raise Failed("STATEMENT_MISMATCH", field=name)
    factors = eip712.Factor(check.factors)
    if check.level < REQUIRED_LEVEL or eip712.Factor.PROVIDER not in factors or not factors & _FACTORS:
        raise Failed("ASSURANCE_TOO_LOW", level=check.level, required=REQUIRED_LEVEL, factors=check.factors)
    return Passed(
        {
            "level": check.level,
            "factors": [factor.name for factor in factors if factor.name],
            "subject": check.subject.hex(),
            "issuers": sorted({checker, issuer}),
            "checked": text_of(moment(check.time)),
            "attested": text_of(moment(attestation.time)),
        }
    )


def signed_by(
    case: Case,
    domain: eip712.Domain,
    statement: eip712.Statement,
    entry: str,
    allowed: tuple[Period, ...],
    when: datetime,
    signature: str | None = None,
    unknown: str = "ISSUER_UNKNOWN",
) -> str:
    """Return the address that signed, which must be allowed at `when`."""
    raw = unpack(signature if signature is not None else case.json[entry]["signature"])
    try:
        address = wallets.recover(eip712.digest(domain, statement), raw)
    except SigningError as error:
        raise Failed("SIG_CRYPTO_FAILURE", entry=entry) from error
    known = [item for item in allowed if eip712.checksum_address(item.address) == address]
    if not any(item.covers(when) for item in known):
        raise Failed(unknown, entry=entry, address=address, in_period=not known)
    return address


def _check_terms(case: Case, entry: str) -> eip712.Consent:
    consent, opening = case.consent(entry), case.opening
    agree = {
        "commitment": consent.commitment == case.commitment,
        "contract_id": consent.contract_id.hex() == opening["contract_id"],
        "version": consent.version == opening["version"],
        "prev": consent.prev.hex() == opening["prev"],
    }
    for name, holds in agree.items():
        if not holds:
            raise Failed("STATEMENT_MISMATCH", entry=entry, field=name)
    return consent


def check_expiry(consent: eip712.Consent, signed: datetime) -> None:
    """The consent still counted when it was used."""
    if signed > moment(consent.expiry):
        raise Failed("CONSENT_EXPIRED", expiry=text_of(moment(consent.expiry)), token=text_of(signed))


def workers_word(case: Case, **further: bytes) -> eip712.Consent:
    """The worker's consent: these terms, one key everywhere (`further` key hashes too), P-256 over the preimage."""
    consent, entry = _check_terms(case, contents.WORKER_CONSENT), case.json[contents.WORKER_CONSENT]
    spki = unpack(entry["spki"])
    hashes = {
        "consent": consent.signer_key_hash,
        "attestation": case.attestation().signer_key_hash,
        **further,
    }
    for name, found in hashes.items():
        if found != hashlib.sha256(spki).digest():
            raise Failed("KEY_MISMATCH", field=name)
    try:
        key = p256.PublicKey.from_spki(spki)
        key.verify(eip712.preimage(case.domain, consent), unpack(entry["signature"]))
    except SigningError as error:
        raise Failed("SIG_CRYPTO_FAILURE", entry=contents.WORKER_CONSENT, reason=error.code) from error
    return consent


def employers_word(case: Case) -> tuple[eip712.Consent, str]:
    """The employer's consent: these terms, signed by the wallet that it names. Returns it with the wallet's address."""
    consent, entry = _check_terms(case, contents.EMPLOYER_CONSENT), case.json[contents.EMPLOYER_CONSENT]
    try:
        address = wallets.recover(eip712.digest(case.domain, consent), unpack(entry["signature"]))
    except SigningError as error:
        raise Failed("SIG_CRYPTO_FAILURE", entry=contents.EMPLOYER_CONSENT, reason=error.code) from error
    if address != eip712.checksum_address(entry["wallet"]):
        raise Failed("KEY_MISMATCH", field="wallet", recovered=address)
    if wallets.key_hash(address) != consent.signer_key_hash:
        raise Failed("KEY_MISMATCH", field="consent")
    return consent, address


def worker_consent(case: Case) -> Passed:
    """9. One and the same key: certificate, consent, key statement; P-256 over the EIP-712 preimage."""
    attestation = case.attestation()
    consent = workers_word(case, certificate=hashlib.sha256(case.signature("Worker").spki).digest())
    signed = case.signed_at("Worker")
    check_expiry(consent, signed)
    age = signed.timestamp() - attestation.time
    if not -TOLERANCE <= age <= ATTESTATION_LIFE:
        raise Failed("TIME_CONTRADICTION", attested=text_of(moment(attestation.time)), seconds=int(age))
    return Passed({"key_hash": consent.signer_key_hash.hex(), "signed": text_of(signed)})


def employer_consent(case: Case) -> Passed:
    """10. The wallet signed the same commitment, and the seal's key ties wallet and certificate."""
    consent, address = employers_word(case)
    signature = case.signature("Employer")
    signed = case.signed_at("Employer")
    check_expiry(consent, signed)
    binding = case.json[contents.SEAL_BINDING]
    statement: dict[str, Any] = binding["statement"]
    ties = {
        "log_origin": statement["log_origin"] == case.trust_root.log_origin,
        "wallet": eip712.checksum_address(statement["wallet"]) == address,
        "seal_cert_sha256": statement["seal_cert_sha256"]
        == hashlib.sha256(signature.certificate).hexdigest(),
    }
    for name, holds in ties.items():
        if not holds:
            raise Failed("SEAL_BINDING_INVALID", field=name)
    try:
        seal = p256.PublicKey.from_spki(signature.spki)
        seal.verify_any_s(jcs.canonical(statement), p256.to_raw(unpack(binding["signature"])))
    except SigningError as error:
        raise Failed("SEAL_BINDING_INVALID", field="signature", reason=error.code) from error
    return Passed({"wallet": address, "org_id": statement["org_id"], "signed": text_of(signed)})


def _no_number(text: str) -> Any:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(text)


def intent(case: Case) -> Passed:
    """12. What authorised the key: a passkey assertion anyone can check, or the attested one-time code."""
    entry = case.json[contents.INTENT]
    consent = case.consent(contents.WORKER_CONSENT)
    if entry["method"] == "otp":
        return Passed({"method": "otp", "level": case.attestation().level}, "OTP_ATTESTED")
    from signing import webauthn_check

    spki = unpack(case.json[contents.WORKER_CONSENT]["spki"])
    expected = webauthn_check.signing_challenge(
        eip712.digest(case.domain, consent), spki, bytes.fromhex(entry["nonce"])
    )
    client_data = unpack(entry["client_data_json"])
    try:
        shown = json.loads(client_data.decode("utf-8"), parse_constant=_no_number)
        challenge, origin, kind = shown["challenge"], shown["origin"], shown["type"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Failed("ASSERTION_INVALID", field="client_data_json") from error
    if kind != "webauthn.get":
        raise Failed("ASSERTION_INVALID", field="type")
    if challenge != base64.urlsafe_b64encode(expected).rstrip(b"=").decode():
        raise Failed("CHALLENGE_MISMATCH")
    rp_id = case.trust_root.web_origins.get(origin) if isinstance(origin, str) else None
    authenticator = unpack(entry["authenticator_data"])
    if rp_id is None or authenticator[:32] != hashlib.sha256(rp_id.encode()).digest():
        raise Failed("ORIGIN_MISMATCH", origin=str(origin)[:200])
    credential = webauthn_check.Credential(unpack(entry["credential_id"]), unpack(entry["public_key"]), 0)
    assertion = webauthn_check.Assertion(
        credential_id=credential.credential_id,
        authenticator_data=authenticator,
        client_data_json=client_data,
        signature=unpack(entry["signature"]),
        sign_count=0,
    )
    try:
        webauthn_check.verify_kept_assertion(
            assertion, credential, challenge=expected, origin=origin, rp_id=rp_id
        )
    except SigningError as error:
        raise Failed("ASSERTION_INVALID", field="signature", reason=error.code) from error
    committed = {
        item.payload.get("credential_sha256") for item in case.cited if isinstance(item.payload, dict)
    }
    if credential.digest.hex() not in committed:
        raise Failed("CREDENTIAL_NOT_COMMITTED")
    return Passed({"method": "passkey", "origin": origin, "rp_id": rp_id})
