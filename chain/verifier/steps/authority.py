"""Step 11: from a registrar of the trust root to the wallet and the seal that signed for the employer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from chain.package import contents
from chain.verifier.case import Case, moment, text_of, unpack
from chain.verifier.outcome import Failed, Passed
from chain.verifier.steps.statements import signed_by
from signing import eip712, wallets
from signing.errors import SigningError

SIGN: Final = 4
"""Scope bit of an agent who may sign."""

_KINDS: Final[dict[str, type[eip712.Statement]]] = {
    "RegisterOrganisation": eip712.RegisterOrganisation,
    "ReplaceRepresentative": eip712.ReplaceRepresentative,
    "SetSealKey": eip712.SetSealKey,
    "GrantAgent": eip712.GrantAgent,
    "RevokeAgent": eip712.RevokeAgent,
}


@dataclass
class Organisation:
    """What the statements so far amount to, as the registry contract would hold it."""

    representative: str
    seal_key_hash: bytes
    nonce: int
    grants: dict[str, tuple[int, int]] = field(default_factory=dict)


def _read(item: dict[str, Any]) -> eip712.Statement:
    kind = _KINDS[item["type"]]
    members = {
        name: bytes.fromhex(value) if isinstance(value, str) and not value.startswith("0x") else value
        for name, value in item["message"].items()
    }
    statement = kind(**members)
    statement.check()
    return statement


def standing(case: Case, org_id: str, wallet: str, when: datetime) -> tuple[Organisation, dict[str, Any]]:
    """What the statements amount to for `org_id` at `when`: the wallet may sign. Returns the organisation and facts."""
    held: Organisation | None = None
    for item in case.json[contents.AUTHORITY]["statements"]:
        try:
            held = _apply(case, held, item, org_id, when)
        except SigningError as error:
            raise Failed("SIG_CRYPTO_FAILURE", entry=contents.AUTHORITY, type=item["type"]) from error
    if held is None:
        raise Failed("AUTHORITY_NOT_GRANTED")
    facts: dict[str, Any] = {"org_id": org_id, "wallet": wallet, "representative": held.representative}
    if wallet != held.representative:
        scope, until = held.grants.get(wallet, (0, 0))
        if not scope & SIGN:
            raise Failed("AUTHORITY_NOT_GRANTED", **facts)
        if when > moment(until):
            raise Failed("AUTHORITY_EXPIRED", until=text_of(moment(until)), **facts)
        facts |= {"scope": scope, "until": text_of(moment(until))}
    return held, facts


def check_registered_stream(case: Case, org_id: str) -> None:
    """The registration event that the package holds is this organisation's."""
    employers = {item.event["stream"] for item in case.cited if item.name == "E01"}
    if employers != {f"employer/{org_id}"}:
        raise Failed("STATEMENT_MISMATCH", field="org_id", streams=sorted(employers))


def authority(case: Case) -> Passed:
    """11. The wallet was the representative's, or held a grant to sign; the seal is the registered one."""
    consent = case.json[contents.EMPLOYER_CONSENT]
    org_id: str = case.json[contents.SEAL_BINDING]["statement"]["org_id"]
    signature = case.signature("Employer")
    wallet = eip712.checksum_address(consent["wallet"])
    held, facts = standing(case, org_id, wallet, case.signed_at("Employer"))
    if hashlib.sha256(signature.spki).digest() != held.seal_key_hash:
        raise Failed("SEAL_NOT_REGISTERED", **facts)
    check_registered_stream(case, org_id)
    return Passed(facts)


def _registered_at(case: Case, signed: datetime) -> datetime:
    """When event E01 recorded the registration: a registrar who left later does not undo it."""
    return next((item.utc for item in case.cited if item.name == "E01"), signed)


def _apply(
    case: Case, held: Organisation | None, item: dict[str, Any], org_id: str, when: datetime
) -> Organisation:
    """Return the organisation after one more statement; its signer must be entitled to it."""
    statement = _read(item)
    if item["message"]["org_id"] != org_id:
        raise Failed("STATEMENT_MISMATCH", field="org_id", type=item["type"])
    if isinstance(statement, (eip712.RegisterOrganisation, eip712.ReplaceRepresentative)):
        signed_by(
            case,
            case.participants,
            statement,
            contents.AUTHORITY,
            case.trust_root.registrars,
            _registered_at(case, when) if isinstance(statement, eip712.RegisterOrganisation) else when,
            signature=item["signature"],
            unknown="REGISTRAR_UNKNOWN",
        )
    if isinstance(statement, eip712.RegisterOrganisation):
        if held is not None:
            raise Failed("STATEMENT_MISMATCH", field="order", type=item["type"])
        return Organisation(
            eip712.checksum_address(statement.representative), statement.seal_key_hash, statement.nonce
        )
    if held is None or item["message"]["nonce"] <= held.nonce:
        raise Failed("STATEMENT_MISMATCH", field="nonce", type=item["type"])
    held.nonce = item["message"]["nonce"]
    if isinstance(statement, eip712.ReplaceRepresentative):
        held.representative = eip712.checksum_address(statement.representative)
        return held
    signer = wallets.recover(eip712.digest(case.participants, statement), unpack(item["signature"]))
    if signer != held.representative:
        raise Failed("AUTHORITY_NOT_GRANTED", type=item["type"], signer=signer)
    if isinstance(statement, eip712.SetSealKey):
        held.seal_key_hash = statement.seal_key_hash
    elif isinstance(statement, eip712.GrantAgent):
        held.grants[eip712.checksum_address(statement.agent)] = (statement.scope, statement.valid_until)
    elif isinstance(statement, eip712.RevokeAgent):
        held.grants.pop(eip712.checksum_address(statement.agent), None)
    return held
