"""Shadow attacks on the signed file, its tokens and its certificates (steps 4 to 7)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from chain.package import contents
from chain.trust_root import TrustRoot
from chain.verifier import Outcome
from tests.attacks.evidence import shadows
from tests.attacks.evidence.story import Made, Scene, Story, forged, resealed
from tests.factories.evidence import Forge, World, at, b64
from tests.support.signing_authorities import NOW, Authority, Stamper


def _fork(files: dict[str, bytes], forge: Forge) -> dict[str, bytes]:
    return files | {contents.PDF: shadows.rival_fork(b"", forge)}


def _other_pdf(files: dict[str, bytes], scene: Scene) -> dict[str, bytes]:
    return files | {contents.PDF: Forge(scene.world, label="another").finished[0]}


def _issued(**options: Any) -> Any:
    return lambda value, forge: forge.world.ca.issue("TEST 李小龘", forge.worker_key.public_key(), **options)


def _no_revocation(value: bytes, forge: Forge) -> bytes:
    from signing.pades import add_dss

    return add_dss(forge.employer_signed[0], certificates=forge.world.ca.chain, crls=[], ocsps=[])


def _ended(scene: Scene) -> World:
    """The same installation, but its CA ended a minute before the worker signed."""
    world = World(renderer=scene.world.renderer, seed=scene.world.seed)
    world.ca = Authority("TEST CA", seed=world.of_seed("ended ca"), end=at(-60))
    world.seal_certificate = world.ca.issue(
        "TEST 示例机械", world.seal_key.public_key(), end=NOW + dt.timedelta(days=365)
    )
    return world


def _expired_ca(scene: Scene) -> Made:
    forge = Forge(_ended(scene))
    return Made(forge.package, forge.world.trust_root(cas=[b64(forge.world.ca.chain[1])]))


def _stale_stamper() -> Stamper:
    return Stamper("tsa-one", seed="stale", end=at(-60))


def _with_stale(scene: Scene) -> TrustRoot:
    """A root that trusts the authority whose certificate ended before it stamped."""
    stale = _stale_stamper()
    tsas = scene.world.trust_root().value["tsas"]
    return scene.world.trust_root(
        tsas=[*tsas, {"name": "stale", "certs": [b64(item) for item in stale.roots]}]
    )


CHANGED = "MODIFIED_AFTER_SIGNING"

STORIES: list[Story] = [
    resealed(
        "the PDF is another contract's, all statements are of this one",
        "PDF 是另一份合同的，声明都是这一份的",
        4,
        "BASE_REVISION_MISMATCH",
        _other_pdf,
    ),
    forged(
        "behind the signed file stands a second document",
        "签好的文件之后藏着另一份完整文件",
        5,
        "FORMAT_FAILURE",
        {"finished": shadows.shadow_document},
    ),
    forged(
        "a page is replaced after the last signature",
        "最后一个签名之后替换了一页",
        5,
        CHANGED,
        {"finished": shadows.revised(shadows.replace_page)},
    ),
    forged(
        "an annotation is laid over the text",
        "在正文上加了批注",
        5,
        CHANGED,
        {"finished": shadows.revised(shadows.add_annotation)},
    ),
    forged(
        "the appearance of the worker's stamp is replaced",
        "替换了劳动者签章的外观",
        5,
        CHANGED,
        {"finished": shadows.revised(shadows.replace_appearance)},
    ),
    forged(
        "the attached contract data is swapped",
        "换掉了附件里的合同数据",
        5,
        CHANGED,
        {"finished": shadows.revised(shadows.swap_attachment)},
    ),
    forged(
        "a script runs when the file is opened",
        "打开文件时会运行脚本",
        5,
        CHANGED,
        {"finished": shadows.revised(shadows.run_script)},
    ),
    forged(
        "the page is replaced between the two signatures",
        "两次签署之间替换了一页",
        5,
        CHANGED,
        {"worker_signed": shadows.revised(shadows.replace_page)},
    ),
    forged(
        "the employer's file has an annotation under the document timestamp",
        "文档时间戳之下夹带批注",
        5,
        CHANGED,
        {"employer_signed": shadows.revised(shadows.add_annotation)},
    ),
    forged(
        "the worker's signature is removed from its field",
        "劳动者字段里的签名被移除",
        5,
        "SIGNER_SET_MISMATCH",
        {"finished": shadows.revised(shadows.remove_value)},
    ),
    forged(
        "the worker's field has a look-alike name with a Cyrillic letter",
        "劳动者字段的名称混入西里尔字母",
        5,
        "SIGNER_SET_MISMATCH",
        {"worker_signed": shadows.misnamed("W\u043erker")},
    ),
    forged(
        "the worker's CMS was made by another key than the certificate's",
        "劳动者的 CMS 由另一把密钥作出",
        5,
        "SIG_CRYPTO_FAILURE",
        {"worker_signed": shadows.another_key_signed},
    ),
    forged(
        "of two rival files the package holds the one that nobody recorded",
        "两份相争的文件中放进了没有记录的那一份",
        13,
        "BINDING_MISMATCH",
        {"files": _fork},
    ),
    forged(
        "the worker's token is over something else",
        "劳动者的时间戳盖在别的东西上",
        6,
        "TIMESTAMP_INVALID",
        {"worker_signed": shadows.stamped(b"x")},
    ),
    forged(
        "the worker's token is of an unknown authority",
        "劳动者的时间戳出自信任根以外的机构",
        6,
        "TIMESTAMP_UNTRUSTED",
        {"worker_signed": shadows.stamped(tsa=lambda: Stamper("tsa-one", seed="rogue"))},
    ),
    forged(
        "the worker's token is of an authority that had expired",
        "劳动者的时间戳出自证书已过期的机构",
        6,
        "TIMESTAMP_UNTRUSTED",
        {"worker_signed": shadows.stamped(tsa=_stale_stamper)},
        root=_with_stale,
    ),
    forged(
        "the worker's signature has no token",
        "劳动者签名没有时间戳",
        6,
        "NO_SIGNATURE_TIMESTAMP",
        {"worker_signed": shadows.unstamped},
    ),
    forged(
        "the tokens lie in the future",
        "时间戳在将来",
        6,
        "TIME_CONTRADICTION",
        {},
        now=NOW - dt.timedelta(hours=1),
    ),
    Story(
        "the CA itself had expired when the worker signed",
        "劳动者签署时 CA 已经过期",
        7,
        "NO_CERTIFICATE_CHAIN_FOUND",
        _expired_ca,
    ),
    forged(
        "the worker's certificate was not yet valid",
        "劳动者证书签署时尚未生效",
        7,
        "NOT_YET_VALID",
        {"worker_certificate": _issued(start=at(60), end=at(900))},
    ),
    forged(
        "the worker's certificate is for encryption only",
        "劳动者证书只能用于加密",
        7,
        "CERTIFICATE_CONSTRAINTS",
        {"worker_certificate": _issued(usage="encipher")},
    ),
    forged(
        "nobody says whether the certificates were revoked",
        "没有任何吊销信息",
        7,
        "TRY_LATER",
        {"with_dss": _no_revocation},
        outcome=Outcome.INDETERMINATE,
    ),
]
