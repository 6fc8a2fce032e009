"""Packages put together from parts that do not belong together, and statements at the edge of their validity."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from collections.abc import Callable
from typing import Any

from chain.checkpoint import Checkpoint, SignedNote
from chain.merkle import MemoryTiles, Tree, leaf_hash
from chain.package import contents
from chain.package.proofs import LogProof, read_heads, write_heads
from chain.trust_root import TrustRoot
from signing import eip712, jcs, wallets
from tests.attacks.evidence import alterations as alter
from tests.attacks.evidence.stories.witnesses import root as witnessed
from tests.attacks.evidence.story import Scene, Story, forged, resealed
from tests.factories.evidence import Forge, at, b64, secret
from tests.factories.witnesses import NAMES, Witness
from tests.support.signing_authorities import Stamper

Files = dict[str, bytes]


def of_another(*names: str) -> Callable[[Files, Scene], Files]:
    """These entries are another contract's."""

    def change(files: Files, scene: Scene) -> Files:
        other = Forge(scene.world, label="another").files
        return files | {name: other[name] for name in names}

    return change


def put_entry(name: str, data: bytes) -> Callable[[Files, Scene], Files]:
    return lambda files, scene: files | {name: data}


def without_proof(files: Files, scene: Scene) -> Files:
    proofs = read_heads(files[contents.PROOFS], b"").all()
    return files | {contents.PROOFS: write_heads(proofs[:-1])}


def period(member: str, **changes: Any) -> Callable[[Scene], TrustRoot]:
    """A trust root under which the only key of a kind counted at other times."""

    def make(scene: Scene) -> TrustRoot:
        items = scene.world.trust_root().value[member]
        return scene.world.trust_root(**{member: [items[0] | changes]})

    return make


def for_another_chain(statement: str) -> Callable[[Any, Forge], Any]:
    """The identity service's signature for another installation's chain."""

    def change(value: Any, forge: Forge) -> Any:
        domain = dataclasses.replace(forge.domain, chain_id=1)
        digest = eip712.digest(domain, getattr(forge, statement))
        return value | {"signature": b64(wallets.sign_digest(forge.world.issuer, digest))}

    return change


def high_s_wallet(value: Any, forge: Forge) -> Any:
    """The employer's signature as its high-s twin: another signature of the same words."""
    raw = base64.b64decode(value["signature"])
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    s = order - int.from_bytes(raw[32:64], "big")
    return value | {"signature": b64(raw[:32] + s.to_bytes(32, "big") + bytes([55 - raw[64]]))}


def binding_with(**members: Any) -> Callable[[Any, Forge], Any]:
    """The seal statement says something else and is signed again by the seal."""

    def change(value: Any, forge: Forge) -> Any:
        from tests.support.fixed_random import ECDSA

        statement = value["statement"] | members
        signature = forge.world.seal_key.sign(jcs.canonical(statement), ECDSA)
        return {"v": 1, "statement": statement, "signature": b64(signature)}

    return change


def unverified_user(value: Any, forge: Forge) -> Any:
    """The authenticator says that it did not verify its user; its own key signs that."""
    from tests.support.fixed_random import ECDSA

    data = bytearray(base64.b64decode(value["authenticator_data"]))
    data[32] = 0x01
    client = base64.b64decode(value["client_data_json"])
    signature = forge.passkey_key.sign(bytes(data) + hashlib.sha256(client).digest(), ECDSA)
    return value | {"authenticator_data": b64(bytes(data)), "signature": b64(signature)}


def events(
    change: Callable[[int, dict[str, Any]], dict[str, Any]],
) -> Callable[[list[Any], Forge], list[Any]]:
    """Members of events altered, and the chain of digests made again."""

    def make(value: list[Any], forge: Forge) -> list[Any]:
        made, prev = [], "0" * 64
        for number, item in enumerate(value, start=1):
            event = change(number, dict(item["event"])) | {"prev": prev}
            prev = jcs.digest(event).hex()
            made.append(item | {"event": event})
        return made

    return make


def untrusted_token(value: bytes, forge: Forge) -> bytes:
    from chain.checkpoint import token_imprint

    imprint = token_imprint(forge.checkpoint_note, forge.world.log_key.verifier)
    return forge.world.stamp(Stamper("tsa-one", seed="rogue"), imprint, at(620)).der


def other_origin(value: bytes, forge: Forge) -> bytes:
    tree, _ = forge.log
    body = Checkpoint("log.other.example", tree.size, tree.root()).body()
    return SignedNote(body, (forge.world.log_key.sign(body),)).encode()


def second_in_line(value: bytes, forge: Forge) -> bytes:
    """A witness's line stands before the log's."""
    note = SignedNote.parse(value)
    return SignedNote(note.text, (Witness(NAMES[0]).line(note.text, 1), *note.signatures)).encode()


def doubled_witness(note: bytes, forge: Forge) -> bytes:
    parsed = SignedNote.parse(note)
    lines = [Witness(NAMES[0]).line(parsed.text, time) for time in (1, 2)]
    return SignedNote(parsed.text, (*parsed.signatures, *lines)).encode()


def other_view(value: list[LogProof], forge: Forge) -> list[LogProof]:
    """Proofs of one branch under the checkpoint of another."""
    store, leaves = MemoryTiles(), []
    for number, entry in enumerate(forge.entries):
        leaves += [leaf_hash(hashlib.sha256(b"other branch %d" % number).digest()), leaf_hash(entry)]
    store.write(Tree(store, 0).append(leaves).tiles)
    tree = Tree(store, len(leaves))
    return [LogProof.of(item.index, tree.prove_inclusion(item.index), item.checkpoint) for item in value]


def later_version(story: list[Any], forge: Forge) -> list[Any]:
    """An amendment was drafted later; the old text is shown as if nothing had come after."""
    commitment = {"commitment": "ab" * 32, "version": 2, "cites": forge.cite("E01", "E05")}
    return [*story, ("E06", at(613), commitment), ("sent", at(614), {"commitment": "ab" * 32})]


def other_pay(forge: Forge) -> dict[str, Any]:
    """The contract's data with another clause of the same length; the committed clauses stay."""
    data = dict(forge.data)
    data["clauses"] = [
        item | {"text": item["text"].replace("8000", "1000")} if item["id"] == "M6" else item
        for item in data["clauses"]
    ]
    return data


STORIES: list[Story] = [
    forged(
        "the attached contract data says other pay than the clauses",
        "附件里的合同数据与条款写的工资不同",
        19,
        "CLAUSE_TEXT_DIFFERS",
        {"rendered": lambda value, forge: forge.world.renderer.render("agreement/1", other_pay(forge))},
    ),
    resealed(
        "the events are another contract's",
        "事件是另一份合同的",
        13,
        "STREAM_MISMATCH",
        of_another(contents.STREAM, contents.CITED),
    ),
    resealed(
        "both consents are another contract's",
        "两份同意书是另一份合同的",
        10,
        "STATEMENT_MISMATCH",
        of_another(contents.EMPLOYER_CONSENT),
    ),
    forged(
        "the identity service's key had ended when it signed",
        "身份服务的密钥在签署时已停用",
        8,
        "ISSUER_UNKNOWN",
        {},
        root=period("identity_issuers", valid_until="2026-06-01T00:00:00.000Z"),
    ),
    forged(
        "the registrar had left before he registered",
        "登记员登记之前已离任",
        11,
        "REGISTRAR_UNKNOWN",
        {},
        root=period("registrars", valid_until="2026-06-01T00:00:00.000Z"),
    ),
    forged(
        "the key statement is replayed from another chain",
        "密钥声明从另一条链重放",
        8,
        "ISSUER_UNKNOWN",
        {"attestation": for_another_chain("attestation_statement")},
    ),
    forged(
        "the identity check is replayed from another chain",
        "身份核验从另一条链重放",
        8,
        "ISSUER_UNKNOWN",
        {"check": for_another_chain("check_statement")},
    ),
    forged(
        "the employer's signature is the high-s twin",
        "用人单位签名换成了高 s 的孪生值",
        10,
        "SIG_CRYPTO_FAILURE",
        {"employer_consent": high_s_wallet},
    ),
    forged(
        "the employer signed after the consent's expiry",
        "用人单位在同意书过期之后才签",
        10,
        "CONSENT_EXPIRED",
        {"employer_consent_statement": alter.replace(expiry=int(at(60).timestamp()))},
    ),
    forged(
        "the seal statement ties another wallet",
        "印章声明绑定的是另一个钱包",
        10,
        "SEAL_BINDING_INVALID",
        {"seal_binding": binding_with(wallet=wallets.address_of(secret("thief")))},
    ),
    forged(
        "the seal statement was made for another log",
        "印章声明是为另一个日志作出的",
        10,
        "SEAL_BINDING_INVALID",
        {"seal_binding": binding_with(log_origin="log.other.example")},
    ),
    forged(
        "the seal statement names another organisation",
        "印章声明写的是另一家单位",
        11,
        "STATEMENT_MISMATCH",
        {"seal_binding": binding_with(org_id="ab" * 32)},
    ),
    forged(
        "the assertion's site has a look-alike name",
        "断言出自形近域名的网站",
        12,
        "ORIGIN_MISMATCH",
        {"client_data": alter.put(origin="https://c\u043encord.example")},
        passkey=True,
    ),
    forged(
        "the authenticator did not verify its user",
        "认证器没有核验使用者",
        12,
        "ASSERTION_INVALID",
        {"intent": unverified_user},
        passkey=True,
    ),
    forged(
        "an event of another log stands in the stream",
        "事件流里有另一个日志的事件",
        13,
        "STREAM_MISMATCH",
        {"stream": events(lambda n, e: e | {"log_origin": "log.other.example"} if n == 4 else e)},
    ),
    forged(
        "an event goes back a day behind its predecessor",
        "某个事件比前一个倒退一天",
        13,
        "TIME_CONTRADICTION",
        {"stream": events(lambda n, e: e | {"utc": "2026-11-21T00:00:00.000Z"} if n == 5 else e)},
    ),
    forged(
        "an event's payload claims another schema",
        "事件内容自称另一种模式",
        13,
        "PAYLOAD_MISMATCH",
        {"stream": events(lambda n, e: e | {"payload_schema": "concord:econtract.E07/1"} if n == 4 else e)},
    ),
    forged(
        "an event that nobody cites is enclosed",
        "附了没有任何事件引用的事件",
        13,
        "CITATION_MISMATCH",
        {"cited_story": lambda value, forge: [*value, ("person/p9", 1, "E02", at(-600), {"level": 2})]},
    ),
    forged(
        "the identity check is older than the invitation",
        "身份核验早于发出邀请",
        13,
        "ORDER_VIOLATION",
        {
            "cited_story": lambda value, forge: [
                (*item[:3], at(-80000), item[4]) if item[2] == "E02" else item for item in value
            ]
        },
    ),
    forged(
        "the intent's nonce on record is another",
        "记录的意愿随机数不同",
        13,
        "BINDING_MISMATCH",
        alter.with_payload("E08", nonce="ab" * 32),
    ),
    forged(
        "the wallet on record is another",
        "记录的钱包不同",
        13,
        "BINDING_MISMATCH",
        alter.with_payload("E10", wallet="0x" + "11" * 20),
    ),
    forged(
        "an amended contract is shown as current: its stream goes on",
        "变更后的合同被当作现行：事件流还在继续",
        13,
        "EVENT_MISSING",
        {"story": later_version},
    ),
    forged("the contract was never sent", "合同从未发出", 13, "EVENT_MISSING", alter.without("sent")),
    forged(
        "the file was never closed by a timestamp event",
        "没有封档时间戳事件",
        13,
        "EVENT_MISSING",
        alter.without("E11"),
    ),
    forged(
        "the worker declined after he had read",
        "劳动者读后拒签",
        13,
        "NOT_EFFECTIVE",
        alter.extra("rejected", "E07"),
    ),
    forged(
        "the checkpoint names another log",
        "检查点写的是另一个日志",
        14,
        "WRONG_INSTALLATION",
        {"checkpoint_note": other_origin},
    ),
    forged(
        "the checkpoint's token is of an unknown authority",
        "检查点的时间戳出自信任根以外的机构",
        14,
        "TIMESTAMP_UNTRUSTED",
        {"checkpoint_token": untrusted_token},
    ),
    forged(
        "the same witness has cosigned twice",
        "同一见证人联署两次",
        14,
        "FORMAT_FAILURE",
        {"checkpoint_file": doubled_witness},
        root=witnessed(),
    ),
    forged(
        "a witness's line stands before the log's own",
        "见证人的签名行排在日志之前",
        14,
        "FORMAT_FAILURE",
        {"checkpoint_file": second_in_line, "checkpoint_token": lambda value, forge: value},
    ),
    resealed(
        "the checkpoint is no signed note",
        "检查点不是签名便条",
        14,
        "FORMAT_FAILURE",
        put_entry(contents.CHECKPOINT, b"log\n1\n"),
    ),
    resealed(
        "the checkpoint's token is garbage",
        "检查点的时间戳是乱码",
        14,
        "TIMESTAMP_INVALID",
        put_entry(contents.CHECKPOINT_TOKEN, b"0\x03\x02\x01\x00"),
    ),
    forged(
        "split view: the proofs are of another branch",
        "分叉视图：证明出自另一支",
        16,
        "INCLUSION_INVALID",
        {"proofs": other_view},
    ),
    resealed(
        "an event's proof is left out", "缺少一个事件的存在证明", 16, "INCLUSION_INVALID", without_proof
    ),
    resealed(
        "a proof is garbage",
        "存在证明是乱码",
        16,
        "FORMAT_FAILURE",
        lambda files, scene: (
            files
            | {
                contents.PROOFS: b"c2sp.org/tlog-proof@v1\nindex 01\n\n"
                + files[contents.PROOFS].partition(b"\n\n")[2]
            }
        ),
    ),
    resealed(
        "the last proof's end is cut off",
        "最后一个存在证明被截去结尾",
        16,
        "FORMAT_FAILURE",
        lambda files, scene: files | {contents.PROOFS: files[contents.PROOFS][:-1]},
    ),
]
