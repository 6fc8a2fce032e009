"""Forgeries of one clause shown by itself (kind `clause`, step 21)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from chain.package import contents
from chain.package.proofs import read_heads, write_heads
from chain.verifier import Outcome
from signing import jcs
from signing.clauses import ClauseTree
from tests.attacks.evidence import alterations as alter
from tests.attacks.evidence.story import LATER, Changes, Made, Scene, Story
from tests.factories.disclosed import Files, TextForge, put_json, repacked
from tests.factories.evidence import at, secret


def shown(
    en: str,
    zh: str,
    step: int,
    sub: str,
    changes: Changes,
    *,
    number: int = 3,
    passkey: bool = False,
    by_agent: bool = True,
    expects: dict[int, str] | None = None,
) -> Story:
    """A contract one part of which was altered before the clause was taken out of it."""

    def make(scene: Scene) -> Made:
        forge = TextForge(scene.world, passkey=passkey, by_agent=by_agent, changes=changes)
        return Made(forge.clause(number), forge.root, LATER)

    return Story(en, zh, step, sub, make, expects=expects or {})


def packed(
    en: str,
    zh: str,
    step: int,
    sub: str,
    change: Callable[[Files, Scene], Files],
    *,
    outcome: Outcome = Outcome.FAILED,
    **members: Any,
) -> Story:
    """A clause's package of which entries were altered by whoever packed it: he needs no key for that."""

    def make(scene: Scene) -> Made:
        forge = TextForge(scene.world)
        return Made(repacked(forge, change(forge.clause_files(), scene), **members), forge.root, LATER)

    return Story(en, zh, step, sub, make, outcome)


def _entry(name: str, change: Callable[[Any], Any]) -> Callable[[Files, Scene], Files]:
    return lambda files, scene: put_json(name, change)(files)


def _clause(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Files, Scene], Files]:
    return _entry(contents.SHOWN_CLAUSE, change)


def _text(value: dict[str, Any]) -> dict[str, Any]:
    clause = value["clause"]
    return value | {"clause": clause | {"text": clause["text"].replace("8000", "9000")}}


def _of_another_contract(files: Files, scene: Scene) -> Files:
    another = TextForge(scene.world, label="another", changes={"tree": _fresh_salts})
    return files | {contents.SHOWN_CLAUSE: another.clause_files()[contents.SHOWN_CLAUSE]}


def _fresh_salts(tree: ClauseTree, forge: Any) -> ClauseTree:
    return ClauseTree(tree.clauses, [hashlib.sha256(b"other salt%d" % n).digest() for n in range(tree.size)])


def _process_of_another(files: Files, scene: Scene) -> Files:
    another = TextForge(scene.world, label="another").clause_files()
    names = [contents.STREAM, contents.CITED, *(name for name in another if name.startswith("log/"))]
    return files | {name: another[name] for name in names}


def _person_of_another(files: Files, scene: Scene) -> Files:
    return files | {contents.CHECK: TextForge(scene.world, label="another").clause_files()[contents.CHECK]}


def _one_salt(opening: dict[str, Any], forge: Any) -> dict[str, Any]:
    return opening | {"salt": forge.tree.salts[2].hex()}


def _salt_shared(scene: Scene) -> Made:
    """The maker refuses this, so a forger packs it by hand: the clause's salt is the commitment's."""
    forge = TextForge(scene.world, changes={"opening": _one_salt})
    honest = TextForge(scene.world)
    files = honest.clause_files()
    parts = {
        contents.OPENING: forge.opening,
        contents.CHECK: forge.check,
        contents.ATTESTATION: forge.attestation,
        contents.WORKER_CONSENT: forge.worker_consent,
        contents.EMPLOYER_CONSENT: forge.employer_consent,
        contents.STREAM: {
            "v": 1,
            "stream": f"econtract/{forge.contract_id}",
            "events": [
                item
                if any(name in item["event"]["type"] for name in ("E09", "E10", "E11"))
                else item | {"payload": None}
                for item in forge.stream
            ],
        },
    }
    files |= {name: jcs.canonical(value) for name, value in parts.items()}
    log = forge.log_files
    files |= {name: log[name] for name in (contents.CHECKPOINT, contents.CHECKPOINT_TOKEN)}
    files |= {contents.PROOFS: write_heads(forge.proofs[: len(forge.stream) + 1])}
    return Made(repacked(honest, files), forge.root, LATER)


def _events(change: Callable[[list[Any]], list[Any]]) -> Callable[[Files, Scene], Files]:
    return _entry(contents.STREAM, lambda value: value | {"events": change(value["events"])})


def _without(name: str) -> Callable[[list[Any]], list[Any]]:
    return lambda events: [
        item | {"payload": None} if f".{name}/" in item["event"]["type"] else item for item in events
    ]


def _telling(files: Files, scene: Scene) -> Files:
    """Whoever packs shows more than he should: what was said in the reading."""
    full = {item["event"]["seq"]: item["payload"] for item in TextForge(scene.world).stream}
    return put_json(
        contents.STREAM,
        lambda value: (
            value
            | {
                "events": [
                    item | {"payload": full[5]} if item["event"]["seq"] == 5 else item
                    for item in value["events"]
                ]
            }
        ),
    )(files)


def _another_place(files: Files, scene: Scene) -> Files:
    first, second, *others = read_heads(files[contents.PROOFS], b"").all()
    return files | {contents.PROOFS: write_heads([second, first, *others])}


STORIES: list[Story] = [
    shown("the pay clause, shown by itself", "单独出示工资条款", 0, "", {}),
    shown("the first clause of a contract signed with a passkey", "单独出示第一条，凭通行密钥签署", 0, "", {},
          number=1, passkey=True, by_agent=False),
    shown("a clause of a contract that somebody disputes", "出示的条款属于有争议的合同", 0, "",
          {"story": lambda value, forge: [*value, ("disputed", at(613), {"by": "worker"})]}, expects={13: "DISPUTED"}),
    packed("the clause's text is exchanged for one of equal length", "条款文字换成了同样长度的另一句", 21,
           "CLAUSE_NOT_COMMITTED", _clause(_text)),
    packed("the clause is another contract's", "出示的是另一份合同的条款", 21, "CLAUSE_NOT_COMMITTED",
           _of_another_contract),
    packed("the clause's number is another", "条款编号被改", 21, "STATEMENT_MISMATCH",
           _clause(lambda value: value | {"clause": value["clause"] | {"n": 2}})),
    packed("the manifest names another clause", "清单写的是另一条", 21, "STATEMENT_MISMATCH", lambda files, scene: files,
           subject={"contract_id": hashlib.sha256(b"contract").hexdigest(), "version": 1, "clause": 2}),
    packed("the clause stands beyond the number of clauses", "条款编号超过条款总数", 21, "STATEMENT_MISMATCH",
           _clause(lambda value: value | {"count": 2})),
    packed("the number of clauses is a lie", "条款总数不实", 21, "CLAUSE_NOT_COMMITTED",
           _clause(lambda value: value | {"count": 4})),
    packed("the path is longer than the tree is high", "存在路径比树还高", 21, "CLAUSE_NOT_COMMITTED",
           _clause(lambda value: value | {"path": [*value["path"], "00" * 32]})),
    packed("the path is cut", "存在路径被截短", 21, "CLAUSE_NOT_COMMITTED",
           _clause(lambda value: value | {"path": value["path"][:-1]})),
    Story("the clause's salt is the commitment's own: salt reuse", "条款的盐与承诺的盐相同", 21, "HASH_FAILURE",
          _salt_shared),
    packed("the manifest names another version", "清单写的是另一版本", 21, "COMMITMENT_MISMATCH",
           lambda files, scene: files,
           subject={"contract_id": hashlib.sha256(b"contract").hexdigest(), "version": 2, "clause": 3}),
    packed("the clause and its process are of two contracts", "条款与过程出自两份合同", 13, "STREAM_MISMATCH",
           _process_of_another),
    packed("the clause and its identity check are of two contracts", "条款与身份核验出自两份合同", 8, "STATEMENT_MISMATCH",
           _person_of_another),
    shown("the platform vouches for the worker's key by itself", "平台自己为劳动者的密钥作证", 8, "ISSUER_UNKNOWN",
          {"attestation": alter.signed_again("attestation", "platform", "attestation_statement", "statement")}),
    shown("the clause's worker consented on another chain", "劳动者的同意来自另一条链", 21, "SIG_CRYPTO_FAILURE",
          {"worker_consent": alter.other_domain}),
    shown("the clause's key statement is for another key", "密钥声明说的是另一把密钥（单条出示）", 21, "KEY_MISMATCH",
          {"attestation_statement": alter.replace(signer_key_hash=secret("key"))}),
    shown("the clause's consent had expired", "同意书在记录签署时已经过期（单条出示）", 21, "CONSENT_EXPIRED",
          {"worker_consent_statement": alter.replace(expiry=int(at(-60).timestamp()))}),
    shown("the clause's key was stated after it had signed", "签署之后才作密钥声明（单条出示）", 21, "TIME_CONTRADICTION",
          {"attestation_statement": alter.replace(time=int(at(300).timestamp()))}),
    shown("the clause's employer is another wallet", "用人单位的同意由另一个钱包签署（单条出示）", 21, "KEY_MISMATCH",
          {"employer_consent": alter.signed_again("employer_consent", "thief", "employer_consent_statement", "consent")}),
    shown("the clause's employer consented to another text", "用人单位同意的是另一个承诺（单条出示）", 21,
          "STATEMENT_MISMATCH", {"employer_consent_statement": alter.replace(commitment=bytes(32))}),
    shown("the clause's organisation was registered by nobody who may", "单位由无权登记的人登记（单条出示）", 21,
          "REGISTRAR_UNKNOWN",
          {"authority_statements": lambda value, forge: [(secret("platform"), value[0][1]), *value[1:]]}),
    shown("the clause's agent could not sign", "经办人没有签署授权（单条出示）", 21, "AUTHORITY_NOT_GRANTED",
          {"authority_statements": lambda value, forge: value[:2]}),
    shown("the clause's registration is another organisation's", "登记事件是另一家单位的（单条出示）", 21,
          "STATEMENT_MISMATCH",
          {"cited_story": lambda value, forge: [("employer/" + "ab" * 32, *value[0][1:]), *value[1:]]}),
    packed("what ties a signature to the text is withheld", "隐去了把签名与文本相连的事件内容", 13, "PAYLOAD_WITHHELD",
           _events(_without("E09")), outcome=Outcome.INDETERMINATE),
    packed("more of the process is told than the clause needs", "多披露了过程内容", 13, "PAYLOAD_MISMATCH", _telling),
    packed("the notice of a dispute is dropped from the end of a clause's events", "删去了中间的过程事件", 13, "STREAM_GAP",
           _events(lambda events: [item for item in events if item["event"]["seq"] != 6])),
    shown("a clause of a text that was withdrawn", "出示的条款属于已撤回的文本", 13, "NOT_EFFECTIVE",
          {"story": lambda value, forge: [*value[:-1], ("withdrawn", at(612), {})]}),
    shown("the closing event speaks of another text", "生效事件说的是另一份文本", 13, "BINDING_MISMATCH",
          {"story": lambda value, forge: [
              (name, when, payload | {"commitment": "ab" * 32}) if name == "E11" else (name, when, payload)
              for name, when, payload in value]}),
    packed("no registration event beside the clause", "单条出示里没有登记事件", 13, "CITATION_MISMATCH",
           _entry(contents.CITED, lambda value: value | {"events": []})),
    packed("two events of the clause's process change places in the log", "过程中两个事件的日志位置对调", 16,
           "INCLUSION_INVALID", _another_place),
    packed("a clause's manifest claims the platform's seal", "单条出示的清单冒充平台封存", 2, "ENTRY_UNLISTED",
           lambda files, scene: files | {"manifest.sig": scene.good.sealed["manifest.sig"]}),
    packed("the whole contract is smuggled in beside the clause", "单条出示里夹带了整份合同", 2, "ENTRY_UNLISTED",
           lambda files, scene: files | {contents.PDF: b"%PDF"}),
]  # fmt: skip
