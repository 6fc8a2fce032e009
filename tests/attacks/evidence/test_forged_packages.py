"""Every imagined forgery of a package: who cheats, with which keys in hand, and the step that must fail.

Where a story says "the platform", the forger holds the log's key and seals the package properly, so nothing but the
named step can tell.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from chain.checkpoint import Checkpoint, LogKey
from chain.package.proofs import LogProof
from chain.verifier import Outcome, verify
from signing import eip712, p256, wallets
from signing.pades import Box, Prepared, finish, prepare, signed_attributes, timestamp_document
from tests.factories.evidence import Forge, World, as_json, at, b64, secret
from tests.support.signing_authorities import NOW, Authority, Stamper

Changes = dict[str, Callable[[Any, Forge], Any]]


@dataclasses.dataclass(frozen=True)
class Attack:
    """A story in a line, what is altered, and how it must end."""

    story: str
    step: int
    sub: str
    changes: Changes
    passkey: bool = False
    by_agent: bool = True
    outcome: Outcome = Outcome.FAILED


# --- what is altered -------------------------------------------------------------------------------------------


def _put(**members: Any) -> Callable[[Any, Forge], Any]:
    return lambda value, forge: value | members


def _replace(**members: Any) -> Callable[[Any, Forge], Any]:
    return lambda value, forge: dataclasses.replace(value, **members)


def _append_revision(pdf: bytes) -> bytes:
    """Add visible content in an incremental update, as an editor would."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.stamp import TextStamp, TextStampStyle

    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    TextStamp(writer, TextStampStyle(stamp_text="salary 1000", background=None)).apply(0, 100, 600)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _resign_worker(pdf: bytes, forge: Forge) -> Any:
    return forge.sign_pdf(
        pdf, "Worker", forge.worker_key, forge.worker_certificate, at(0), forge.world.tsa_one
    )


def _overlay_in_signed_revision(value: Any, forge: Forge) -> Any:
    """Page content is changed in the very revision that the worker signs."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
    from pyhanko.sign.signers.pdf_byterange import SignatureObject
    from pyhanko.stamp import TextStamp, TextStampStyle

    from signing.pades.prepare import embed_placeholder

    box = forge.rendered.boxes["Worker"]
    writer = IncrementalPdfFileWriter(BytesIO(forge.base))
    TextStamp(writer, TextStampStyle(stamp_text="salary 1000", background=None)).apply(0, 100, 600)
    place: Any = (box.x1, box.y1, box.x2, box.y2)
    append_signature_field(writer, SigFieldSpec("Worker", on_page=box.page, box=place))
    placeholder = SignatureObject(timestamp=at(0), subfilter=SigSeedSubFilter.PADES, bytes_reserved=16384)
    return _finish_worker(embed_placeholder(writer, "Worker", placeholder, None), forge)


def _outside_box(value: Any, forge: Forge) -> Any:
    assert forge.world.renderer is not None
    box = forge.rendered.boxes["Worker"]
    stamp = forge.world.renderer.stamp(["TEST"], width=box.width, height=box.height, test=True)
    place = Box(0, box.x1, box.y1, box.x2, box.y2)
    prepared = prepare(forge.base, field="Worker", box=place, stamp_pdf=stamp, moment=at(0))
    return _finish_worker(prepared, forge)


def _finish_worker(prepared: Prepared, forge: Forge) -> Any:
    attributes = signed_attributes(prepared.digest, forge.worker_certificate)
    signature = forge.worker_key.sign(attributes, ec.ECDSA(hashes.SHA256()))
    token = forge.world.stamp(forge.world.tsa_one, hashlib.sha256(signature).digest(), at(0))
    done = finish(
        prepared,
        attributes=attributes,
        signature=signature,
        certificate=forge.worker_certificate,
        chain=forge.world.ca.chain,
        token=token,
    )
    return done, token


def _cms_of_another_file(value: Any, forge: Forge) -> Any:
    """The worker's CMS of another contract's file, put into this file's gap."""
    mine, theirs = value[0], Forge(forge.world, label="other").worker_signed[0]
    gap = _gap(mine)
    return mine[: gap[0]] + theirs[slice(*_gap(theirs))] + mine[gap[1] :], value[1]


def _gap(pdf: bytes) -> tuple[int, int]:
    start = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    return start, pdf.index(b">", start)


def _untrusted_tsa(value: Any, forge: Forge) -> Any:
    rogue = Stamper("rogue")
    return timestamp_document(forge.with_dss, lambda imprint: forge.world.stamp(rogue, imprint, at(610)))


def _same_tsa(value: Any, forge: Forge) -> Any:
    return timestamp_document(
        forge.with_dss, lambda imprint: forge.world.stamp(forge.world.tsa_one, imprint, at(610))
    )


def _early_employer(value: Any, forge: Forge) -> Any:
    world = forge.world
    return forge.sign_pdf(
        forge.worker_signed[0], "Employer", world.seal_key, world.seal_certificate, at(-300), world.tsa_one
    )


def _no_document_timestamp(value: Any, forge: Forge) -> Any:
    return forge.with_dss, value[1]


def _foreign_ca(value: bytes, forge: Forge) -> bytes:
    return Authority("TEST CA").issue("TEST 李小龘", forge.worker_key.public_key())


def _expired_certificate(value: bytes, forge: Forge) -> bytes:
    return forge.world.ca.issue(
        "TEST 李小龘", forge.worker_key.public_key(), start=at(-900), end=at(-30)
    )


def _revoked(when: dt.datetime) -> Callable[[bytes, Forge], bytes]:
    def change(value: bytes, forge: Forge) -> bytes:
        from signing.pades import add_dss

        ca = forge.world.ca
        return add_dss(
            forge.employer_signed[0],
            certificates=ca.chain,
            crls=[ca.crl()],
            ocsps=[
                ca.ocsp(forge.worker_certificate),
                ca.ocsp(forge.world.seal_certificate, revoked_at=when),
            ],
        )

    return change


def _signed_again(name: str, key: str, statement: str, member: str) -> Callable[[Any, Forge], Any]:
    """A statement signed by some other key."""

    def change(value: Any, forge: Forge) -> Any:
        digest = eip712.digest(forge.domain, getattr(forge, statement))
        return value | {"signature": b64(wallets.sign_digest(secret(key), digest))}

    return change


def _other_domain(value: Any, forge: Forge) -> Any:
    """The worker's consent, signed for another installation's chain."""
    domain = dataclasses.replace(forge.domain, chain_id=1)
    raw = forge.worker_key.sign(
        eip712.preimage(domain, forge.worker_consent_statement), ec.ECDSA(hashes.SHA256())
    )
    return value | {"signature": b64(p256.low_s(p256.to_raw(raw)))}


def _high_s(value: Any, forge: Forge) -> Any:
    raw = base64.b64decode(value["signature"])
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    s = order - int.from_bytes(raw[32:], "big")
    return value | {"signature": b64(raw[:32] + s.to_bytes(32, "big"))}


def _statements(change: Callable[[list[Any], Forge], list[Any]]) -> Changes:
    return {"authority_statements": change}


def _story(change: Callable[[list[Any]], list[Any]]) -> Changes:
    return {"story": lambda value, forge: change(list(value))}


def _without(name: str) -> Changes:
    return _story(lambda story: [item for item in story if item[0] != name])


def _with_payload(name: str, **members: Any) -> Changes:
    return _story(
        lambda story: [(kind, when, payload | members if kind == name else payload) for kind, when, payload in story]
    )


def _moved(name: str, behind: str) -> Changes:
    def change(story: list[Any]) -> list[Any]:
        item = next(entry for entry in story if entry[0] == name)
        rest = [entry for entry in story if entry is not item]
        place = next(number for number, entry in enumerate(rest) if entry[0] == behind) + 1
        return [*rest[:place], (item[0], rest[place - 1][1], item[2]), *rest[place:]]

    return _story(change)


def _extra(name: str, behind: str) -> Changes:
    def change(story: list[Any]) -> list[Any]:
        place = next(number for number, entry in enumerate(story) if entry[0] == behind) + 1
        return [*story[:place], (name, story[place - 1][1], {}), *story[place:]]

    return _story(change)


def _cut_out(value: list[Any], forge: Forge) -> list[Any]:
    return [item for item in value if item["event"]["seq"] != 4]


def _altered_payload(value: list[Any], forge: Forge) -> list[Any]:
    return [
        item | {"payload": item["payload"] | {"seconds": 9000}} if item["event"]["seq"] == 5 else item
        for item in value
    ]


def _foreign_checkpoint_key(value: bytes, forge: Forge) -> bytes:
    tree, _ = forge.log
    key = LogKey.from_seed(forge.world.log_origin, secret("somebody else"))
    return key.sign_checkpoint(Checkpoint(forge.world.log_origin, tree.size, tree.root()))


def _zero_size(value: bytes, forge: Forge) -> bytes:
    return forge.world.log_key.sign_checkpoint(Checkpoint(forge.world.log_origin, 0, hashlib.sha256().digest()))


def _early_checkpoint_token(value: bytes, forge: Forge) -> bytes:
    from chain.checkpoint import token_imprint

    imprint = token_imprint(forge.checkpoint_note, forge.world.log_key.verifier)
    return forge.world.stamp(forge.world.tsa_one, imprint, at(-5000)).der


def _token_of_another(value: bytes, forge: Forge) -> bytes:
    return forge.world.stamp(forge.world.tsa_one, hashlib.sha256(b"another").digest(), at(620)).der


def _other_index(value: list[LogProof], forge: Forge) -> list[LogProof]:
    return [LogProof(value[0].index + 1, value[0].path, value[0].checkpoint), *value[1:]]


def _swapped_proofs(value: list[LogProof], forge: Forge) -> list[LogProof]:
    return [value[1], value[0], *value[2:]]


def _never_logged(value: Any, forge: Forge) -> Any:
    """The log without the notice event (E04)."""
    from chain.merkle import MemoryTiles, Tree, leaf_hash

    store, leaves = MemoryTiles(), []
    for number, entry in enumerate(forge.entries):
        leaves.append(leaf_hash(hashlib.sha256(b"else").digest() if number == 3 else entry))
    store.write(Tree(store, 0).append(leaves).tiles)
    return Tree(store, len(leaves)), list(range(len(leaves)))


def _late_in_log(value: Any, forge: Forge) -> Any:
    """The log got the employer's signature before the worker's."""
    from chain.merkle import MemoryTiles, Tree, leaf_hash

    order = list(range(len(forge.entries)))
    order[6], order[7] = order[7], order[6]
    store, leaves = MemoryTiles(), [leaf_hash(forge.entries[number]) for number in order]
    store.write(Tree(store, 0).append(leaves).tiles)
    return Tree(store, len(leaves)), order


def _swap_clause(value: list[Any], forge: Forge) -> list[Any]:
    return [
        item | {"text": item["text"].replace("8000", "1000")} if item["id"] == "M6" else item for item in value
    ]


def _other_tree(value: Any, forge: Forge) -> Any:
    from signing.clauses import Clause, ClauseTree

    items = [dataclasses.replace(item, text=item.text.replace("8000", "1000")) for item in value.clauses]
    assert all(isinstance(item, Clause) for item in items)
    return ClauseTree(items, list(value.salts))


def _same_salts(value: Any, forge: Forge) -> Any:
    from signing.clauses import ClauseTree

    return ClauseTree(list(value.clauses), [bytes(32)] * value.size)


def _binding_of_other_certificate(value: Any, forge: Forge) -> Any:
    from signing import jcs

    statement = value["statement"] | {"seal_cert_sha256": "ab" * 32}
    signature = forge.world.seal_key.sign(jcs.canonical(statement), ec.ECDSA(hashes.SHA256()))
    return {"v": 1, "statement": statement, "signature": b64(signature)}


def _binding_by_other_key(value: Any, forge: Forge) -> Any:
    from signing import jcs

    key = ec.generate_private_key(ec.SECP256R1())
    return value | {"signature": b64(key.sign(jcs.canonical(value["statement"]), ec.ECDSA(hashes.SHA256())))}


def _identity_of(label: str) -> Changes:
    return {"check": lambda value, forge: Forge(forge.world, label=label).check}


def _grant(**members: Any) -> Changes:
    return _statements(
        lambda value, forge: [*value[:2], (value[2][0], dataclasses.replace(value[2][1], **members))]
    )


def _revoke_agent(value: list[Any], forge: Forge) -> list[Any]:
    agent = wallets.address_of(forge.world.agent)
    statement = eip712.RevokeAgent(bytes.fromhex(forge.world.org_id), agent, 4)
    return [*value, (forge.world.representative, statement)]


ATTACKS = [
    # the commitment
    Attack(
        "the platform shows the commitment of version 2 under version 1",
        4, "COMMITMENT_MISMATCH",
        {"sealed": lambda value, forge: forge.seal(
            forge.files, "contract",
            {"contract_id": "ab" * 32, "version": 1, "base_pdf_size": len(forge.base)})},
    ),
    Attack(
        "the commitment binds another text than the PDF's",
        4, "BASE_REVISION_MISMATCH", {"opening": _put(base_pdf_sha256="cd" * 32)},
    ),
    Attack(
        "the opening was made for another log",
        4, "COMMITMENT_MISMATCH", {"opening": _put(log_origin="log.other.example")},
    ),
    # the PDF
    Attack(
        "content is stamped over the text after the last signature",
        5, "MODIFIED_AFTER_SIGNING",
        {"finished": lambda value, forge: (_append_revision(value[0]), value[1])},
    ),
    Attack(
        "whoever prepares the file stamps 'salary 1000' into the revision that the worker signs",
        5, "MODIFIED_AFTER_SIGNING",
        {"worker_signed": _overlay_in_signed_revision},
    ),
    Attack(
        "a revision with other content is put between the text and the worker's signature",
        5, "MODIFIED_AFTER_SIGNING",
        {"worker_signed": lambda value, forge: _resign_worker(_append_revision(forge.base), forge)},
    ),
    Attack(
        "the worker's stamp is placed over the text instead of its box",
        5, "OUTSIDE_RESERVED_BOX", {"worker_signed": _outside_box},
    ),
    Attack(
        "the employer never signed the PDF",
        5, "SIGNER_SET_MISMATCH", {"with_dss": lambda value, forge: forge.worker_signed[0]},
    ),
    Attack(
        "the worker's CMS is the one over another contract's file",
        5, "HASH_FAILURE", {"worker_signed": _cms_of_another_file},
    ),
    # time
    Attack("the document timestamp is of an unknown authority", 6, "TIMESTAMP_UNTRUSTED", {"finished": _untrusted_tsa}),
    Attack("document and employer's timestamp come from one authority", 6, "SAME_TSA", {"finished": _same_tsa}),
    Attack("the employer's token is older than the worker's", 6, "TIMESTAMP_ORDER_FAILURE", {"employer_signed": _early_employer}),
    Attack("there is no document timestamp", 6, "NO_SIGNATURE_TIMESTAMP", {"finished": _no_document_timestamp}),
    # certificates
    Attack("the worker's certificate is of a CA with the same name", 7, "NO_CERTIFICATE_CHAIN_FOUND", {"worker_certificate": _foreign_ca}),
    Attack("the one-time certificate had expired before the token", 7, "EXPIRED", {"worker_certificate": _expired_certificate}),
    Attack("the seal's certificate had been revoked before it signed", 7, "REVOKED", {"with_dss": _revoked(at(300))}),
    # identity
    Attack("the platform signs the identity check itself", 8, "ISSUER_UNKNOWN", {"check": _signed_again("check", "platform", "check_statement", "statement")}),
    Attack("the platform signs the key statement itself", 8, "ISSUER_UNKNOWN", {"attestation": _signed_again("attestation", "platform", "attestation_statement", "statement")}),
    Attack("a package is put together from two contracts: the check is another's", 8, "STATEMENT_MISMATCH", _identity_of("another")),
    Attack("check and key statement are about two persons", 8, "STATEMENT_MISMATCH", {"attestation_statement": _replace(subject=secret("somebody"))}),
    Attack("the key statement is for another contract", 8, "STATEMENT_MISMATCH", {"attestation_statement": _replace(contract_id=bytes(32))}),
    Attack("the employer's agent typed his own number: level 1", 8, "ASSURANCE_TOO_LOW", {"check_statement": _replace(level=1)}),
    Attack("no provider confirmed who he is: factors without the provider", 8, "ASSURANCE_TOO_LOW", {"check_statement": _replace(factors=2)}),
    # consents
    Attack("the identity statement is for another key", 9, "KEY_MISMATCH", {"attestation_statement": _replace(signer_key_hash=secret("key"))}),
    Attack("the worker's consent names another key", 9, "KEY_MISMATCH", {"worker_consent_statement": _replace(signer_key_hash=secret("key"))}),
    Attack("the worker's consent is replayed from another chain id", 9, "SIG_CRYPTO_FAILURE", {"worker_consent": _other_domain}),
    Attack("the consent's signature is the high-s twin", 9, "SIG_CRYPTO_FAILURE", {"worker_consent": _high_s}),
    Attack("the worker signed after the consent's expiry", 9, "CONSENT_EXPIRED", {"worker_consent_statement": _replace(expiry=int(at(-60).timestamp()))}),
    Attack("the consent is for another version", 9, "STATEMENT_MISMATCH", {"worker_consent_statement": _replace(version=2)}),
    Attack("the key was stated a day before it signed", 9, "TIME_CONTRADICTION",
           {"attestation_statement": _replace(time=int(at(-86000).timestamp())), "check_statement": _replace(time=int(at(-86100).timestamp()))}),
    Attack("the employer's consent is signed by another wallet", 10, "KEY_MISMATCH", {"employer_consent": _signed_again("employer_consent", "thief", "employer_consent_statement", "consent")}),
    Attack("the employer's consent is for another commitment", 10, "STATEMENT_MISMATCH", {"employer_consent_statement": _replace(commitment=bytes(32))}),
    Attack("the seal statement ties another certificate", 10, "SEAL_BINDING_INVALID", {"seal_binding": _binding_of_other_certificate}),
    Attack("the seal statement is signed by another key", 10, "SEAL_BINDING_INVALID", {"seal_binding": _binding_by_other_key}),
    # authority
    Attack("the organisation was registered by nobody who may", 11, "REGISTRAR_UNKNOWN",
           _statements(lambda value, forge: [(secret("platform"), value[0][1]), *value[1:]])),
    Attack("the agent's grant was signed by himself", 11, "AUTHORITY_NOT_GRANTED",
           _statements(lambda value, forge: [*value[:2], (forge.world.agent, value[2][1])])),
    Attack("the agent may draft and send, not sign", 11, "AUTHORITY_NOT_GRANTED", _grant(scope=3)),
    Attack("the agent's authority had ended", 11, "AUTHORITY_EXPIRED", _grant(valid_until=int(at(100).timestamp()))),
    Attack("the agent had been revoked", 11, "AUTHORITY_NOT_GRANTED", _statements(_revoke_agent)),
    Attack("a stranger's wallet without any grant", 11, "AUTHORITY_NOT_GRANTED", _statements(lambda value, forge: value[:2])),
    Attack("the seal is not the registered one", 11, "SEAL_NOT_REGISTERED", _statements(lambda value, forge: [value[0], value[2]])),
    Attack("statements of two organisations are mixed", 11, "STATEMENT_MISMATCH", _grant(org_id=bytes(32))),
    Attack("an old grant is played again behind a newer statement", 11, "STATEMENT_MISMATCH", _grant(nonce=2)),
    # intent
    Attack("the passkey signed another contract's digest", 12, "CHALLENGE_MISMATCH", {"client_data": _put(challenge="A" * 43)}, passkey=True),
    Attack("the assertion was made on a phishing site", 12, "ORIGIN_MISMATCH", {"client_data": _put(origin="https://concord.example.evil")}, passkey=True),
    Attack("the assertion is a registration", 12, "ASSERTION_INVALID", {"client_data": _put(type="webauthn.create")}, passkey=True),
    Attack("the assertion's signature is of another passkey", 12, "ASSERTION_INVALID",
           {"intent": lambda value, forge: value | {"signature": Forge(forge.world, passkey=True).intent["signature"]}}, passkey=True),
    Attack("the passkey was never enrolled before", 12, "CREDENTIAL_NOT_COMMITTED",
           {"cited_story": lambda value, forge: [*value[:3], (*value[3][:4], {"credential_sha256": "ab" * 32})]}, passkey=True),
    # the process
    Attack("an event is cut out of the stream", 13, "STREAM_GAP", {"stream": _cut_out}),
    Attack("the notice before signing never happened", 13, "EVENT_MISSING", _without("E04")),
    Attack("the worker never opened the text", 13, "EVENT_MISSING", _without("E07")),
    Attack("the worker's consent to electronic form came after he signed", 13, "ORDER_VIOLATION", _moved("E03", "E09")),
    Attack("the employer signed before the worker", 13, "ORDER_VIOLATION", _moved("E10", "E08")),
    Attack("the contract had been withdrawn", 13, "NOT_EFFECTIVE", _extra("withdrawn", "E09")),
    Attack("a second worker's signature stands in the stream", 13, "ORDER_VIOLATION", _extra("E09", "E09")),
    Attack("a reading time is made up afterwards", 13, "PAYLOAD_MISMATCH", {"stream": _altered_payload}),
    Attack("the events speak of another commitment", 13, "BINDING_MISMATCH", _with_payload("E08", commitment="ab" * 32)),
    Attack("a token is swapped between two contracts", 13, "BINDING_MISMATCH", _with_payload("E09", token_sha256="ab" * 32)),
    Attack("the intent on record is of another kind", 13, "BINDING_MISMATCH", _with_payload("E08", method="passkey")),
    Attack("the worker's signature is recorded a day before it was made", 13, "TIME_CONTRADICTION",
           _story(lambda story: [(k, w - dt.timedelta(days=1) if k == "E09" else w, p) for k, w, p in story])),
    Attack("the draft cites no template", 13, "CITATION_MISMATCH",
           {"story": lambda value, forge: [(value[0][0], value[0][1], value[0][2] | {"cites": forge.cite("E01")}), *value[1:]],
            "cited_story": lambda value, forge: value[:2]}),
    Attack("payloads that prove the process are held back", 13, "PAYLOAD_WITHHELD",
           {"stream": lambda value, forge: [item | {"payload": None} if item["event"]["seq"] == 7 else item for item in value]},
           outcome=Outcome.INDETERMINATE),
    # the log
    Attack("a checkpoint is signed by somebody else", 14, "SIG_CRYPTO_FAILURE", {"checkpoint_note": _foreign_checkpoint_key}),
    Attack("a tree of size zero", 14, "FORMAT_FAILURE", {"checkpoint_note": _zero_size}),
    Attack("the checkpoint's token is over something else", 14, "TIMESTAMP_INVALID", {"checkpoint_token": _token_of_another}),
    Attack("the checkpoint is dated before its events", 14, "TIME_CONTRADICTION", {"checkpoint_token": _early_checkpoint_token}),
    Attack("a proof is for another index", 16, "INCLUSION_INVALID", {"proofs": _other_index}),
    Attack("two events' proofs are swapped", 16, "INCLUSION_INVALID", {"proofs": _swapped_proofs}),
    Attack("an event never entered the log", 16, "INCLUSION_INVALID", {"log": _never_logged}),
    Attack("the log has the events in another order", 16, "LOG_ORDER_VIOLATION", {"log": _late_in_log}),
    Attack("a proof carries another checkpoint", 16, "CHECKPOINT_DIFFERS",
           {"proofs": lambda value, forge: [LogProof(value[0].index, value[0].path, value[0].checkpoint + "— x AAAAAAAA\n".encode()), *value[1:]]}),
    # the clauses
    Attack("a clause is swapped for one of equal length", 19, "HASH_FAILURE", {"clauses": _swap_clause}),
    Attack("the committed clauses say other pay than the document", 19, "CLAUSE_TEXT_DIFFERS", {"tree": _other_tree}),
    Attack("all clauses share one salt", 19, "HASH_FAILURE", {"tree": _same_salts}),
]  # fmt: skip


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
