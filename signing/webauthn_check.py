"""Passkeys: registration and assertion checks (W3C Web Authentication Level 2 §7), ES256 and user verification only.

The assertion's challenge binds the EIP-712 digest of the worker's consent, the browser-born key and a server nonce.
OpenZeppelin's `WebAuthn.sol` checks neither origin nor rpIdHash, so they are checked here.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from signing.errors import InputRefused, SignatureRefused
from signing.p256 import SPKI_PREFIX, PublicKey

CHALLENGE_LABEL: Final = b"concord-wa-v1"
ES256: Final = -7


@dataclass(frozen=True)
class Credential:
    """A registered passkey: id, COSE public key as registered, last seen signature counter."""

    credential_id: bytes
    public_key: bytes
    sign_count: int

    @property
    def digest(self) -> bytes:
        """SHA-256 of the COSE public key: what an identity event commits."""
        return hashlib.sha256(self.public_key).digest()

    @property
    def key(self) -> PublicKey:
        """The P-256 key inside; raises InputRefused for any other COSE key."""
        from webauthn.helpers import decode_credential_public_key
        from webauthn.helpers.decode_credential_public_key import DecodedEC2PublicKey
        from webauthn.helpers.exceptions import WebAuthnException

        if self.public_key[:1] == b"\x04":  # a bare point, as U2F keys had it, is no COSE key
            raise InputRefused("p256.key_refused")
        try:
            decoded = decode_credential_public_key(self.public_key)
        except (WebAuthnException, ValueError, KeyError) as error:
            raise InputRefused("p256.key_refused") from error
        if not isinstance(decoded, DecodedEC2PublicKey) or decoded.alg != ES256 or decoded.crv != 1:
            raise InputRefused("p256.key_refused")
        return PublicKey.from_spki(SPKI_PREFIX + decoded.x + decoded.y)


@dataclass(frozen=True)
class Assertion:
    """What a passkey signed, kept whole so that anyone can check it again."""

    credential_id: bytes
    authenticator_data: bytes
    client_data_json: bytes
    signature: bytes
    sign_count: int


def signing_challenge(consent_digest: bytes, spki: bytes, nonce: bytes) -> bytes:
    """Return SHA-256("concord-wa-v1" ‖ EIP-712 digest ‖ SHA-256(SPKI) ‖ nonce)."""
    if len(consent_digest) != 32 or len(nonce) != 32:
        raise InputRefused("passkey.assertion_refused", reason="challenge parts are 32 bytes each")
    return hashlib.sha256(CHALLENGE_LABEL + consent_digest + hashlib.sha256(spki).digest() + nonce).digest()


def registration_options(
    *,
    rp_id: str,
    rp_name: str,
    user_id: bytes,
    user_name: str,
    challenge: bytes,
    exclude: Sequence[bytes] = (),
) -> dict[str, Any]:
    """Return the JSON for `navigator.credentials.create`: ES256, discoverable if possible, user verification."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_registration_options(
        rp_id=rp_id,
        rp_name=rp_name,
        user_id=user_id,
        user_name=user_name,
        user_display_name=user_name,
        challenge=challenge,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=item) for item in exclude],
        supported_pub_key_algs=[_es256()],
    )
    shown: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return shown


def verify_registration(
    response: Mapping[str, Any], *, challenge: bytes, origin: str, rp_id: str
) -> Credential:
    """Check a registration; raises SignatureRefused unless challenge, origin, rpId, UV and ES256 all hold."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        checked = webauthn.verify_registration_response(
            credential=dict(response),
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
            supported_pub_key_algs=[_es256()],
        )
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SignatureRefused("passkey.registration_refused", reason=str(error)[:200]) from error
    credential = Credential(checked.credential_id, checked.credential_public_key, checked.sign_count)
    credential.key  # noqa: B018  refuses anything but P-256
    return credential


def assertion_options(*, rp_id: str, challenge: bytes, credential_ids: Sequence[bytes]) -> dict[str, Any]:
    """Return the JSON for `navigator.credentials.get`, user verification required."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_authentication_options(
        rp_id=rp_id,
        challenge=challenge,
        allow_credentials=[structs.PublicKeyCredentialDescriptor(id=item) for item in credential_ids],
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    shown: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return shown


def verify_assertion(
    response: Mapping[str, Any], credential: Credential, *, challenge: bytes, origin: str, rp_id: str
) -> Assertion:
    """Check an assertion over `challenge`.

    Raises SignatureRefused unless credential, challenge, origin, rpId, user verification, counter and signature hold.
    """
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    credential.key  # noqa: B018  refuses anything but P-256
    try:
        raw_id = _unpadded(response["rawId"])
        checked = webauthn.verify_authentication_response(
            credential=dict(response),
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=credential.public_key,
            credential_current_sign_count=credential.sign_count,
            require_user_verification=True,
        )
        inner = response["response"]
        assertion = Assertion(
            credential_id=raw_id,
            authenticator_data=_unpadded(inner["authenticatorData"]),
            client_data_json=_unpadded(inner["clientDataJSON"]),
            signature=_unpadded(inner["signature"]),
            sign_count=checked.new_sign_count,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SignatureRefused("passkey.assertion_refused", reason=str(error)[:200]) from error
    if raw_id != credential.credential_id:
        raise SignatureRefused("passkey.assertion_refused", reason="another credential")
    return assertion


def verify_kept_assertion(
    assertion: Assertion, credential: Credential, *, challenge: bytes, origin: str, rp_id: str
) -> None:
    """Check a kept assertion again, years later: everything but the counter, by the same code."""
    encoded = _b64url(assertion.credential_id)
    verify_assertion(
        {
            "id": encoded,
            "rawId": encoded,
            "type": "public-key",
            "response": {
                "authenticatorData": _b64url(assertion.authenticator_data),
                "clientDataJSON": _b64url(assertion.client_data_json),
                "signature": _b64url(assertion.signature),
            },
        },
        Credential(credential.credential_id, credential.public_key, 0),
        challenge=challenge,
        origin=origin,
        rp_id=rp_id,
    )


def _es256() -> Any:
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    return COSEAlgorithmIdentifier.ECDSA_SHA_256


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
