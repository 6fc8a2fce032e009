"""EIP-712 statements agree with eth-account's own encoder, and bind domain, role and version."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_account.messages import _hash_eip191_message as eth_hash
from eth_account.messages import encode_typed_data

from signing import eip712
from signing.errors import InputRefused

DOMAIN = eip712.Domain(
    "Concord TEST", 987654321, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "concord.example/test"
)
CONSENT = eip712.Consent(b"\1" * 32, b"\2" * 32, 3, b"\4" * 32, 2, b"\5" * 32, 1_800_000_000)
STATEMENTS: list[eip712.Statement] = [
    CONSENT,
    eip712.IdentityCheck(b"\1" * 32, b"\2" * 32, 3, 2, 1_700_000_000),
    eip712.Attestation(b"\1" * 32, b"\2" * 32, b"\3" * 32, b"\4" * 32, 2, b"\5" * 32, 1_700_000_000),
    eip712.RegisterOrganisation(b"\1" * 32, 500107001, DOMAIN.verifying_contract, b"\2" * 32, 1),
    eip712.ReplaceRepresentative(b"\1" * 32, DOMAIN.verifying_contract, 2),
    eip712.SetSealKey(b"\1" * 32, b"\2" * 32, 3),
    eip712.GrantAgent(b"\1" * 32, DOMAIN.verifying_contract, 7, 1_800_000_000, 4),
    eip712.RevokeAgent(b"\1" * 32, DOMAIN.verifying_contract, 5),
    eip712.WitnessedCheckpoint("concord.example/test", 1_000_000, b"\1" * 32, 1_800_000_000),
]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda item: type(item).__name__)
def test_digest_is_what_a_wallet_computes(statement: eip712.Statement) -> None:
    theirs = eth_hash(encode_typed_data(full_message=eip712.typed_data(DOMAIN, statement)))
    assert eip712.digest(DOMAIN, statement) == theirs
    pre = eip712.preimage(DOMAIN, statement)
    assert len(pre) == 66
    assert pre[:2] == b"\x19\x01"
    assert eip712.keccak256(pre) == theirs


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda item: type(item).__name__)
def test_messages_are_read_back(statement: eip712.Statement) -> None:
    message = eip712.message(statement)
    assert eip712.from_message(type(statement), message) == statement
    plain = {k: v[2:] if isinstance(v, str) and len(v) == 66 else v for k, v in message.items()}
    assert eip712.from_message(type(statement), plain) == statement
    for broken in ({**message, "more": 1}, dict(list(message.items())[1:])):
        with pytest.raises(InputRefused, match="fields_differ"):
            eip712.from_message(type(statement), broken)


def test_domain_role_version_and_commitment_are_bound() -> None:
    digests = {
        eip712.digest(domain, statement)
        for domain in (
            DOMAIN, replace(DOMAIN, name="Concord"), replace(DOMAIN, chain_id=1),
            replace(DOMAIN, log_origin="other.example"),
            replace(DOMAIN, verifying_contract="0x" + "11" * 20),
        )
        for statement in (
            CONSENT, replace(CONSENT, role=1), replace(CONSENT, version=4), replace(CONSENT, commitment=b"\0" * 32),
            replace(CONSENT, signer_key_hash=b"\0" * 32), replace(CONSENT, expiry=1),
        )
    }  # fmt: skip
    assert len(digests) == 30


@pytest.mark.parametrize(
    "change", [{"version": 2**32}, {"version": -1}, {"role": True}, {"commitment": b"short"}]
)
def test_values_that_do_not_fit_their_type_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputRefused, match="field_refused"):
        eip712.digest(DOMAIN, replace(CONSENT, **change))


def test_addresses_need_their_checksum() -> None:
    good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    assert eip712.checksum_address(good.lower()) == good
    with pytest.raises(InputRefused):
        eip712.checksum_address(good.replace("aA", "Aa"))
    with pytest.raises(InputRefused):
        eip712.checksum_address(good[:-1])
