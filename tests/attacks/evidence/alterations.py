"""What forgers alter: small functions `(part, forge) -> part` for the attacks on packages."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

from chain.checkpoint import Checkpoint, LogKey
from chain.package.proofs import LogProof
from signing import eip712, p256, wallets
from signing.pades import Box, Prepared, finish, prepare, signed_attributes, timestamp_document
from tests.factories.evidence import Forge, at, b64, secret
from tests.support.fixed_random import ECDSA, p256_key
from tests.support.signing_authorities import Authority, Stamper

Changes = dict[str, Callable[[Any, Forge], Any]]


def put(**members: Any) -> Callable[[Any, Forge], Any]:
    return lambda value, forge: value | members


def replace(**members: Any) -> Callable[[Any, Forge], Any]:
    return lambda value, forge: dataclasses.replace(value, **members)


def append_revision(pdf: bytes) -> bytes:
    """Add visible content in an incremental update, as an editor would."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.stamp import TextStamp, TextStampStyle

    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    TextStamp(writer, TextStampStyle(stamp_text="salary 1000", background=None)).apply(0, 100, 600)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def resign_worker(pdf: bytes, forge: Forge) -> Any:
    return forge.sign_pdf(
        pdf, "Worker", forge.worker_key, forge.worker_certificate, at(0), forge.world.tsa_one
    )


def overlay_in_signed_revision(value: Any, forge: Forge) -> Any:
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
    return finish_worker(embed_placeholder(writer, "Worker", placeholder, None), forge)


def outside_box(value: Any, forge: Forge) -> Any:
    assert forge.world.renderer is not None
    box = forge.rendered.boxes["Worker"]
    stamp = forge.world.renderer.stamp(["TEST"], width=box.width, height=box.height, test=True)
    place = Box(0, box.x1, box.y1, box.x2, box.y2)
    prepared = prepare(forge.base, field="Worker", box=place, stamp_pdf=stamp, moment=at(0))
    return finish_worker(prepared, forge)


def finish_worker(prepared: Prepared, forge: Forge) -> Any:
    attributes = signed_attributes(prepared.digest, forge.worker_certificate)
    signature = forge.worker_key.sign(attributes, ECDSA)
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


def cms_of_another_file(value: Any, forge: Forge) -> Any:
    """The worker's CMS of another contract's file, put into this file's gap."""
    mine, theirs = value[0], Forge(forge.world, label="other").worker_signed[0]
    start, end = contents_gap(mine)
    return mine[:start] + theirs[slice(*contents_gap(theirs))] + mine[end:], value[1]


def contents_gap(pdf: bytes) -> tuple[int, int]:
    start = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    return start, pdf.index(b">", start)


def untrusted_tsa(value: Any, forge: Forge) -> Any:
    rogue = Stamper("rogue", seed="rogue")
    return timestamp_document(forge.with_dss, lambda imprint: forge.world.stamp(rogue, imprint, at(610)))


def same_tsa(value: Any, forge: Forge) -> Any:
    return timestamp_document(
        forge.with_dss, lambda imprint: forge.world.stamp(forge.world.tsa_one, imprint, at(610))
    )


def early_employer(value: Any, forge: Forge) -> Any:
    world = forge.world
    return forge.sign_pdf(
        forge.worker_signed[0], "Employer", world.seal_key, world.seal_certificate, at(-300), world.tsa_one
    )


def no_document_timestamp(value: Any, forge: Forge) -> Any:
    return forge.with_dss, value[1]


def foreign_ca(value: bytes, forge: Forge) -> bytes:
    return Authority("TEST CA", seed="foreign").issue("TEST 李小龘", forge.worker_key.public_key())


def expired_certificate(value: bytes, forge: Forge) -> bytes:
    return forge.world.ca.issue("TEST 李小龘", forge.worker_key.public_key(), start=at(-900), end=at(-30))


def revoked(when: dt.datetime) -> Callable[[bytes, Forge], bytes]:
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


def signed_again(name: str, key: str, statement: str, member: str) -> Callable[[Any, Forge], Any]:
    """A statement signed by some other key."""

    def change(value: Any, forge: Forge) -> Any:
        digest = eip712.digest(forge.domain, getattr(forge, statement))
        return value | {"signature": b64(wallets.sign_digest(secret(key), digest))}

    return change


def other_domain(value: Any, forge: Forge) -> Any:
    """The worker's consent, signed for another installation's chain."""
    domain = dataclasses.replace(forge.domain, chain_id=1)
    raw = forge.worker_key.sign(eip712.preimage(domain, forge.worker_consent_statement), ECDSA)
    return value | {"signature": b64(p256.low_s(p256.to_raw(raw)))}


def high_s(value: Any, forge: Forge) -> Any:
    raw = base64.b64decode(value["signature"])
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    s = order - int.from_bytes(raw[32:], "big")
    return value | {"signature": b64(raw[:32] + s.to_bytes(32, "big"))}


def statements(change: Callable[[list[Any], Forge], list[Any]]) -> Changes:
    return {"authority_statements": change}


def story(change: Callable[[list[Any]], list[Any]]) -> Changes:
    return {"story": lambda value, forge: change(list(value))}


def without(name: str) -> Changes:
    return story(lambda story: [item for item in story if item[0] != name])


def with_payload(name: str, **members: Any) -> Changes:
    return story(
        lambda story: [
            (kind, when, payload | members if kind == name else payload) for kind, when, payload in story
        ]
    )


def moved(name: str, behind: str) -> Changes:
    def change(story: list[Any]) -> list[Any]:
        item = next(entry for entry in story if entry[0] == name)
        rest = [entry for entry in story if entry is not item]
        place = next(number for number, entry in enumerate(rest) if entry[0] == behind) + 1
        return [*rest[:place], (item[0], rest[place - 1][1], item[2]), *rest[place:]]

    return story(change)


def extra(name: str, behind: str) -> Changes:
    def change(story: list[Any]) -> list[Any]:
        place = next(number for number, entry in enumerate(story) if entry[0] == behind) + 1
        return [*story[:place], (name, story[place - 1][1], {}), *story[place:]]

    return story(change)


def cut_out(value: list[Any], forge: Forge) -> list[Any]:
    return [item for item in value if item["event"]["seq"] != 4]


def altered_payload(value: list[Any], forge: Forge) -> list[Any]:
    return [
        item | {"payload": item["payload"] | {"seconds": 9000}} if item["event"]["seq"] == 5 else item
        for item in value
    ]


def foreign_checkpoint_key(value: bytes, forge: Forge) -> bytes:
    tree, _ = forge.log
    key = LogKey.from_seed(forge.world.log_origin, secret("somebody else"))
    return key.sign_checkpoint(Checkpoint(forge.world.log_origin, tree.size, tree.root()))


def zero_size(value: bytes, forge: Forge) -> bytes:
    return forge.world.log_key.sign_checkpoint(
        Checkpoint(forge.world.log_origin, 0, hashlib.sha256().digest())
    )


def early_checkpoint_token(value: bytes, forge: Forge) -> bytes:
    from chain.checkpoint import token_imprint

    imprint = token_imprint(forge.checkpoint_note, forge.world.log_key.verifier)
    return forge.world.stamp(forge.world.tsa_one, imprint, at(-5000)).der


def token_of_another(value: bytes, forge: Forge) -> bytes:
    return forge.world.stamp(forge.world.tsa_one, hashlib.sha256(b"another").digest(), at(620)).der


def other_index(value: list[LogProof], forge: Forge) -> list[LogProof]:
    return [LogProof(value[0].index + 1, value[0].path, value[0].checkpoint), *value[1:]]


def swapped_proofs(value: list[LogProof], forge: Forge) -> list[LogProof]:
    return [value[1], value[0], *value[2:]]


def never_logged(value: Any, forge: Forge) -> Any:
    """The log without the notice event (E04)."""
    from chain.merkle import MemoryTiles, Tree, leaf_hash

    store, leaves = MemoryTiles(), []
    for number, entry in enumerate(forge.entries):
        leaves.append(leaf_hash(hashlib.sha256(b"else").digest() if number == 3 else entry))
    store.write(Tree(store, 0).append(leaves).tiles)
    return Tree(store, len(leaves)), list(range(len(leaves)))


def late_in_log(value: Any, forge: Forge) -> Any:
    """The log got the employer's signature before the worker's."""
    from chain.merkle import MemoryTiles, Tree, leaf_hash

    order = list(range(len(forge.entries)))
    order[6], order[7] = order[7], order[6]
    store, leaves = MemoryTiles(), [leaf_hash(forge.entries[number]) for number in order]
    store.write(Tree(store, 0).append(leaves).tiles)
    return Tree(store, len(leaves)), order


def swap_clause(value: list[Any], forge: Forge) -> list[Any]:
    return [
        item | {"text": item["text"].replace("8000", "1000")} if item["id"] == "M6" else item
        for item in value
    ]


def other_tree(value: Any, forge: Forge) -> Any:
    from signing.clauses import Clause, ClauseTree

    items = [dataclasses.replace(item, text=item.text.replace("8000", "1000")) for item in value.clauses]
    assert all(isinstance(item, Clause) for item in items)
    return ClauseTree(items, list(value.salts))


def same_salts(value: Any, forge: Forge) -> Any:
    from signing.clauses import ClauseTree

    return ClauseTree(list(value.clauses), [bytes(32)] * value.size)


def binding_of_other_certificate(value: Any, forge: Forge) -> Any:
    from signing import jcs

    statement = value["statement"] | {"seal_cert_sha256": "ab" * 32}
    signature = forge.world.seal_key.sign(jcs.canonical(statement), ECDSA)
    return {"v": 1, "statement": statement, "signature": b64(signature)}


def binding_by_other_key(value: Any, forge: Forge) -> Any:
    from signing import jcs

    key = p256_key("somebody else's seal")
    return value | {"signature": b64(key.sign(jcs.canonical(value["statement"]), ECDSA))}


def identity_of(label: str) -> Changes:
    return {"check": lambda value, forge: Forge(forge.world, label=label).check}


def grant(**members: Any) -> Changes:
    return statements(
        lambda value, forge: [*value[:2], (value[2][0], dataclasses.replace(value[2][1], **members))]
    )


def revoke_agent(value: list[Any], forge: Forge) -> list[Any]:
    agent = wallets.address_of(forge.world.agent)
    statement = eip712.RevokeAgent(bytes.fromhex(forge.world.org_id), agent, 4)
    return [*value, (forge.world.representative, statement)]
