"""Every imagined forgery of a package: who cheats, with which keys in hand, and the step that must fail.

Where a story says "the platform", the forger holds the log's key and seals the package properly, so nothing but the
named step can tell.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from chain.package.proofs import LogProof
from chain.verifier import Outcome, verify
from tests.attacks.evidence import alterations as alter
from tests.factories.evidence import Forge, World, as_json, at, secret
from tests.support.signing_authorities import NOW


@dataclasses.dataclass(frozen=True)
class Attack:
    """A story in a line, what is altered, and how it must end."""

    story: str
    step: int
    sub: str
    changes: alter.Changes
    passkey: bool = False
    by_agent: bool = True
    outcome: Outcome = Outcome.FAILED


ATTACKS = [
    # the commitment
    Attack(
        "the platform shows the commitment of version 2 under version 1",
        4,
        "COMMITMENT_MISMATCH",
        {
            "sealed": lambda value, forge: forge.seal(
                forge.files,
                "contract",
                {"contract_id": "ab" * 32, "version": 1, "base_pdf_size": len(forge.base)},
            )
        },
    ),
    Attack(
        "the commitment binds another text than the PDF's",
        4,
        "BASE_REVISION_MISMATCH",
        {"opening": alter.put(base_pdf_sha256="cd" * 32)},
    ),
    Attack(
        "the opening was made for another log",
        4,
        "COMMITMENT_MISMATCH",
        {"opening": alter.put(log_origin="log.other.example")},
    ),
    # the PDF
    Attack(
        "content is stamped over the text after the last signature",
        5,
        "MODIFIED_AFTER_SIGNING",
        {"finished": lambda value, forge: (alter.append_revision(value[0]), value[1])},
    ),
    Attack(
        "whoever prepares the file stamps 'salary 1000' into the revision that the worker signs",
        5,
        "MODIFIED_AFTER_SIGNING",
        {"worker_signed": alter.overlay_in_signed_revision},
    ),
    Attack(
        "a revision with other content is put between the text and the worker's signature",
        5,
        "MODIFIED_AFTER_SIGNING",
        {"worker_signed": lambda value, forge: alter.resign_worker(alter.append_revision(forge.base), forge)},
    ),
    Attack(
        "the worker's stamp is placed over the text instead of its box",
        5,
        "OUTSIDE_RESERVED_BOX",
        {"worker_signed": alter.outside_box},
    ),
    Attack(
        "the employer never signed the PDF",
        5,
        "SIGNER_SET_MISMATCH",
        {"with_dss": lambda value, forge: forge.worker_signed[0]},
    ),
    Attack(
        "the worker's CMS is the one over another contract's file",
        5,
        "HASH_FAILURE",
        {"worker_signed": alter.cms_of_another_file},
    ),
    # time
    Attack(
        "the document timestamp is of an unknown authority",
        6,
        "TIMESTAMP_UNTRUSTED",
        {"finished": alter.untrusted_tsa},
    ),
    Attack(
        "document and employer's timestamp come from one authority",
        6,
        "SAME_TSA",
        {"finished": alter.same_tsa},
    ),
    Attack(
        "the employer's token is older than the worker's",
        6,
        "TIMESTAMP_ORDER_FAILURE",
        {"employer_signed": alter.early_employer},
    ),
    Attack(
        "there is no document timestamp",
        6,
        "NO_SIGNATURE_TIMESTAMP",
        {"finished": alter.no_document_timestamp},
    ),
    # certificates
    Attack(
        "the worker's certificate is of a CA with the same name",
        7,
        "NO_CERTIFICATE_CHAIN_FOUND",
        {"worker_certificate": alter.foreign_ca},
    ),
    Attack(
        "the one-time certificate had expired before the token",
        7,
        "EXPIRED",
        {"worker_certificate": alter.expired_certificate},
    ),
    Attack(
        "the seal's certificate had been revoked before it signed",
        7,
        "REVOKED",
        {"with_dss": alter.revoked(at(300))},
    ),
    # identity
    Attack(
        "the platform signs the identity check itself",
        8,
        "ISSUER_UNKNOWN",
        {"check": alter.signed_again("check", "platform", "check_statement", "statement")},
    ),
    Attack(
        "the platform signs the key statement itself",
        8,
        "ISSUER_UNKNOWN",
        {"attestation": alter.signed_again("attestation", "platform", "attestation_statement", "statement")},
    ),
    Attack(
        "a package is put together from two contracts: the check is another's",
        8,
        "STATEMENT_MISMATCH",
        alter.identity_of("another"),
    ),
    Attack(
        "check and key statement are about two persons",
        8,
        "STATEMENT_MISMATCH",
        {"attestation_statement": alter.replace(subject=secret("somebody"))},
    ),
    Attack(
        "the key statement is for another contract",
        8,
        "STATEMENT_MISMATCH",
        {"attestation_statement": alter.replace(contract_id=bytes(32))},
    ),
    Attack(
        "the employer's agent typed his own number: level 1",
        8,
        "ASSURANCE_TOO_LOW",
        {"check_statement": alter.replace(level=1)},
    ),
    Attack(
        "no provider confirmed who he is: factors without the provider",
        8,
        "ASSURANCE_TOO_LOW",
        {"check_statement": alter.replace(factors=2)},
    ),
    # consents
    Attack(
        "the identity statement is for another key",
        9,
        "KEY_MISMATCH",
        {"attestation_statement": alter.replace(signer_key_hash=secret("key"))},
    ),
    Attack(
        "the worker's consent names another key",
        9,
        "KEY_MISMATCH",
        {"worker_consent_statement": alter.replace(signer_key_hash=secret("key"))},
    ),
    Attack(
        "the worker's consent is replayed from another chain id",
        9,
        "SIG_CRYPTO_FAILURE",
        {"worker_consent": alter.other_domain},
    ),
    Attack(
        "the consent's signature is the high-s twin",
        9,
        "SIG_CRYPTO_FAILURE",
        {"worker_consent": alter.high_s},
    ),
    Attack(
        "the worker signed after the consent's expiry",
        9,
        "CONSENT_EXPIRED",
        {"worker_consent_statement": alter.replace(expiry=int(at(-60).timestamp()))},
    ),
    Attack(
        "the consent is for another version",
        9,
        "STATEMENT_MISMATCH",
        {"worker_consent_statement": alter.replace(version=2)},
    ),
    Attack(
        "the key was stated a day before it signed",
        9,
        "TIME_CONTRADICTION",
        {
            "attestation_statement": alter.replace(time=int(at(-86000).timestamp())),
            "check_statement": alter.replace(time=int(at(-86100).timestamp())),
        },
    ),
    Attack(
        "the employer's consent is signed by another wallet",
        10,
        "KEY_MISMATCH",
        {
            "employer_consent": alter.signed_again(
                "employer_consent", "thief", "employer_consent_statement", "consent"
            )
        },
    ),
    Attack(
        "the employer's consent is for another commitment",
        10,
        "STATEMENT_MISMATCH",
        {"employer_consent_statement": alter.replace(commitment=bytes(32))},
    ),
    Attack(
        "the seal statement ties another certificate",
        10,
        "SEAL_BINDING_INVALID",
        {"seal_binding": alter.binding_of_other_certificate},
    ),
    Attack(
        "the seal statement is signed by another key",
        10,
        "SEAL_BINDING_INVALID",
        {"seal_binding": alter.binding_by_other_key},
    ),
    # authority
    Attack(
        "the organisation was registered by nobody who may",
        11,
        "REGISTRAR_UNKNOWN",
        alter.statements(lambda value, forge: [(secret("platform"), value[0][1]), *value[1:]]),
    ),
    Attack(
        "the agent's grant was signed by himself",
        11,
        "AUTHORITY_NOT_GRANTED",
        alter.statements(lambda value, forge: [*value[:2], (forge.world.agent, value[2][1])]),
    ),
    Attack("the agent may draft and send, not sign", 11, "AUTHORITY_NOT_GRANTED", alter.grant(scope=3)),
    Attack(
        "the agent's authority had ended",
        11,
        "AUTHORITY_EXPIRED",
        alter.grant(valid_until=int(at(100).timestamp())),
    ),
    Attack("the agent had been revoked", 11, "AUTHORITY_NOT_GRANTED", alter.statements(alter.revoke_agent)),
    Attack(
        "a stranger's wallet without any grant",
        11,
        "AUTHORITY_NOT_GRANTED",
        alter.statements(lambda value, forge: value[:2]),
    ),
    Attack(
        "the seal is not the registered one",
        11,
        "SEAL_NOT_REGISTERED",
        alter.statements(lambda value, forge: [value[0], value[2]]),
    ),
    Attack(
        "statements of two organisations are mixed", 11, "STATEMENT_MISMATCH", alter.grant(org_id=bytes(32))
    ),
    Attack(
        "an old grant is played again behind a newer statement",
        11,
        "STATEMENT_MISMATCH",
        alter.grant(nonce=2),
    ),
    # intent
    Attack(
        "the passkey signed another contract's digest",
        12,
        "CHALLENGE_MISMATCH",
        {"client_data": alter.put(challenge="A" * 43)},
        passkey=True,
    ),
    Attack(
        "the assertion was made on a phishing site",
        12,
        "ORIGIN_MISMATCH",
        {"client_data": alter.put(origin="https://concord.example.evil")},
        passkey=True,
    ),
    Attack(
        "the assertion is a registration",
        12,
        "ASSERTION_INVALID",
        {"client_data": alter.put(type="webauthn.create")},
        passkey=True,
    ),
    Attack(
        "the assertion's signature is of another passkey",
        12,
        "ASSERTION_INVALID",
        {
            "intent": lambda value, forge: (
                value | {"signature": Forge(forge.world, passkey=True).intent["signature"]}
            )
        },
        passkey=True,
    ),
    Attack(
        "the passkey was never enrolled before",
        12,
        "CREDENTIAL_NOT_COMMITTED",
        {"cited_story": lambda value, forge: [*value[:3], (*value[3][:4], {"credential_sha256": "ab" * 32})]},
        passkey=True,
    ),
    # the process
    Attack("an event is cut out of the stream", 13, "STREAM_GAP", {"stream": alter.cut_out}),
    Attack("the notice before signing never happened", 13, "EVENT_MISSING", alter.without("E04")),
    Attack("the worker never opened the text", 13, "EVENT_MISSING", alter.without("E07")),
    Attack(
        "the worker's consent to electronic form came after he signed",
        13,
        "ORDER_VIOLATION",
        alter.moved("E03", "E09"),
    ),
    Attack("the employer signed before the worker", 13, "ORDER_VIOLATION", alter.moved("E10", "E08")),
    Attack("the contract had been withdrawn", 13, "NOT_EFFECTIVE", alter.extra("withdrawn", "E09")),
    Attack(
        "a second worker's signature stands in the stream", 13, "ORDER_VIOLATION", alter.extra("E09", "E09")
    ),
    Attack("a reading time is made up afterwards", 13, "PAYLOAD_MISMATCH", {"stream": alter.altered_payload}),
    Attack(
        "the events speak of another commitment",
        13,
        "BINDING_MISMATCH",
        alter.with_payload("E08", commitment="ab" * 32),
    ),
    Attack(
        "a token is swapped between two contracts",
        13,
        "BINDING_MISMATCH",
        alter.with_payload("E09", token_sha256="ab" * 32),
    ),
    Attack(
        "the intent on record is of another kind",
        13,
        "BINDING_MISMATCH",
        alter.with_payload("E08", method="passkey"),
    ),
    Attack(
        "the worker's signature is recorded a day before it was made",
        13,
        "TIME_CONTRADICTION",
        alter.story(
            lambda story: [(k, w - dt.timedelta(days=1) if k == "E09" else w, p) for k, w, p in story]
        ),
    ),
    Attack(
        "the draft cites no template",
        13,
        "CITATION_MISMATCH",
        {
            "story": lambda value, forge: [
                (value[0][0], value[0][1], value[0][2] | {"cites": forge.cite("E01")}),
                *value[1:],
            ],
            "cited_story": lambda value, forge: value[:2],
        },
    ),
    Attack(
        "payloads that prove the process are held back",
        13,
        "PAYLOAD_WITHHELD",
        {
            "stream": lambda value, forge: [
                item | {"payload": None} if item["event"]["seq"] == 7 else item for item in value
            ]
        },
        outcome=Outcome.INDETERMINATE,
    ),
    # the log
    Attack(
        "a checkpoint is signed by somebody else",
        14,
        "SIG_CRYPTO_FAILURE",
        {"checkpoint_note": alter.foreign_checkpoint_key},
    ),
    Attack("a tree of size zero", 14, "FORMAT_FAILURE", {"checkpoint_note": alter.zero_size}),
    Attack(
        "the checkpoint's token is over something else",
        14,
        "TIMESTAMP_INVALID",
        {"checkpoint_token": alter.token_of_another},
    ),
    Attack(
        "the checkpoint is dated before its events",
        14,
        "TIME_CONTRADICTION",
        {"checkpoint_token": alter.early_checkpoint_token},
    ),
    Attack("a proof is for another index", 16, "INCLUSION_INVALID", {"proofs": alter.other_index}),
    Attack("two events' proofs are swapped", 16, "INCLUSION_INVALID", {"proofs": alter.swapped_proofs}),
    Attack("an event never entered the log", 16, "INCLUSION_INVALID", {"log": alter.never_logged}),
    Attack("the log has the events in another order", 16, "LOG_ORDER_VIOLATION", {"log": alter.late_in_log}),
    Attack(
        "a proof carries another checkpoint",
        16,
        "CHECKPOINT_DIFFERS",
        {
            "proofs": lambda value, forge: [
                LogProof(value[0].index, value[0].path, value[0].checkpoint + "— x AAAAAAAA\n".encode()),
                *value[1:],
            ]
        },
    ),
    # the clauses
    Attack("a clause is swapped for one of equal length", 19, "HASH_FAILURE", {"clauses": alter.swap_clause}),
    Attack(
        "the committed clauses say other pay than the document",
        19,
        "CLAUSE_TEXT_DIFFERS",
        {"tree": alter.other_tree},
    ),
    Attack("all clauses share one salt", 19, "HASH_FAILURE", {"tree": alter.same_salts}),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.story.replace(" ", "-"))
def test_forgery_fails_at_its_step(attack: Attack, world: World) -> None:
    forge = Forge(world, passkey=attack.passkey, by_agent=attack.by_agent, changes=attack.changes)
    report = verify(forge.package, world.trust_root(), now=NOW + dt.timedelta(hours=1))
    step = report.step(attack.step)
    assert step is not None
    shown = [(item.no, item.outcome.value, item.sub_indication) for item in report.steps]
    assert (step.outcome, step.sub_indication) == (attack.outcome, attack.sub), (dict(step.facts), shown)
    assert report.verdict is attack.outcome, shown
    others = [item for item in report.steps if item.outcome is Outcome.FAILED and item.no != attack.step]
    assert not others, [(item.no, item.sub_indication, dict(item.facts)) for item in others]


def test_as_json_is_what_packages_hold(world: World) -> None:
    """The factory's own statement form, so that a change of names there does not hide in the attacks."""
    assert set(as_json(Forge(world).check_statement)) == {"commitment", "subject", "factors", "level", "time"}
