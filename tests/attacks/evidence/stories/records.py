"""Forged chains of one's own, and the court's receipts (steps 17 and 18)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chain.package import contents
from chain.trust_root import TrustRoot
from chain.verifier import Outcome
from signing import jcs
from tests.attacks.evidence.story import Changes, Scene, Story, forged
from tests.factories.court import court_key, trusted_court, with_receipt
from tests.factories.evidence import Forge
from tests.factories.forged_chain import concluded, receipt_proof
from tests.factories.witnesses import COURT_CHAIN, NAMES, bridged, cosigned, trusted

OPEN, PASS = Outcome.INDETERMINATE, Outcome.PASSED
STRANGER = "0x" + "22" * 20


def record(receipts: Callable[[Forge], Any], **changes: Any) -> Changes:
    """A chain record with these receipts."""

    def add(files: dict[str, bytes], forge: Forge) -> dict[str, bytes]:
        value = {"v": 1, "type": "anvil-mpt", "receipts": receipts(forge)} | changes
        return files | {contents.CHAIN_RECORD: jcs.canonical(value)}

    return {"files": add}


def conclusion(**changes: Any) -> Changes:
    """A record of the conclusion of something else."""
    return record(lambda forge: [receipt_proof(*concluded(forge, **changes))])


def _other_header(forge: Forge) -> list[dict[str, Any]]:
    one = receipt_proof(*concluded(forge))
    return [one | {"header": receipt_proof(*concluded(forge, version=2))["header"]}]


def root(**changes: Any) -> Callable[[Scene], TrustRoot]:
    """A trust root that names the court's chain."""
    return lambda scene: scene.world.trust_root(**trusted_court(scene.world, **changes))


def full_root(scene: Scene) -> TrustRoot:
    """A trust root with witnesses and the court's chain."""
    return scene.world.trust_root(**trusted(), **trusted_court(scene.world))


def court(
    en: str, zh: str, sub: str, *, under: Any = None, outcome: Outcome = Outcome.FAILED, **changes: Any
) -> Story:
    """A package with a forged judicial receipt. An open step 18 leaves the verdict alone."""
    verdict = PASS if outcome is OPEN else None
    made: Changes = {"files": with_receipt(**changes)}
    return forged(en, zh, 18, sub, made, outcome=outcome, verdict=verdict, root=under or root())


def _everything(files: dict[str, bytes], forge: Forge) -> dict[str, bytes]:
    return with_receipt()(bridged(*NAMES)(files, forge), forge)


STORIES: list[Story] = [
    # 17 chain record
    forged(
        "a chain of one's own shows another contract",
        "自造的链上记录说的是另一份合同",
        17,
        "STATEMENT_MISMATCH",
        conclusion(contract_id=bytes(32)),
    ),
    forged(
        "a chain of one's own shows another commitment",
        "自造的链上记录说的是另一个承诺",
        17,
        "STATEMENT_MISMATCH",
        conclusion(commitment=bytes(32)),
    ),
    forged(
        "an amended contract is shown as current: the registry concluded version 2",
        "变更后的合同被当作现行：登记的是第 2 版",
        17,
        "STATEMENT_MISMATCH",
        conclusion(version=2),
    ),
    forged(
        "the record is of somebody else's contract code",
        "记录出自别人的合约",
        17,
        "CONTRACT_CODE_UNKNOWN",
        conclusion(address="0x" + "11" * 20),
    ),
    forged(
        "a reverted transaction is shown as a conclusion",
        "把回退的交易当作成立",
        17,
        "STATEMENT_MISMATCH",
        record(lambda forge: [receipt_proof(*concluded(forge), ok=False)]),
    ),
    forged(
        "the receipt is not under its header",
        "收据不在区块头之下",
        17,
        "INCLUSION_INVALID",
        record(_other_header),
    ),
    forged(
        "garbage for a receipt",
        "收据是乱码",
        17,
        "INCLUSION_INVALID",
        record(lambda forge: [{"type": "anvil-mpt"}]),
    ),
    forged(
        "a whole forged anvil in the package: consistent, and worth nothing",
        "包里放了整条伪造的链：内部一致，毫无分量",
        17,
        "HEADER_NOT_AUTHENTICATED",
        record(lambda forge: [receipt_proof(*concluded(forge))]),
        outcome=OPEN,
        verdict=PASS,
    ),
    forged(
        "a chain record of a kind to come",
        "将来种类的链上记录",
        17,
        "UNSUPPORTED",
        record(lambda forge: [], type="besu-mpt"),
        outcome=OPEN,
        verdict=PASS,
    ),
    # 18 judicial
    court(
        "all validators rewrite history: the court has accepted another root",
        "全体验证人改写历史：法院接受的是另一个树根",
        "STATEMENT_MISMATCH",
        root=bytes(range(32)),
    ),
    court("the court has accepted another size", "法院接受的是另一个大小", "STATEMENT_MISMATCH", size=3),
    court("the court's transaction reverted", "法院链上的交易已回退", "STATEMENT_MISMATCH", ok=False),
    court(
        "another contract on the court's chain emitted it",
        "法院链上的另一个合约发出的",
        "STATEMENT_MISMATCH",
        emitter=STRANGER,
    ),
    court(
        "the receipt names another anchor contract",
        "回执写的是另一个锚定合约",
        "CONTRACT_CODE_UNKNOWN",
        address=STRANGER,
    ),
    court(
        "the proof is of the neighbouring receipt",
        "证明的是旁边的收据",
        "STATEMENT_MISMATCH",
        proven_index=0,
        receipt_index=0,
    ),
    court("the proof does not lead to its index", "证明与序号不符", "INCLUSION_INVALID", proven_index=0),
    court("the header is garbage", "区块头是乱码", "INCLUSION_INVALID", header="AAAA"),
    court(
        "all validators rewrite history with new block seals of their own",
        "全体验证人改写历史并自签新的区块封签",
        "SIG_CRYPTO_FAILURE",
        key=court_key("validators"),
    ),
    court("the seal is of another block", "封签属于另一个区块", "STATEMENT_MISMATCH", sealed_hash=bytes(32)),
    court("the seal is of another height", "封签属于另一个高度", "STATEMENT_MISMATCH", sealed_number=8),
    court(
        "the seal is replayed from another chain", "封签从另一条链重放", "STATEMENT_MISMATCH", sealed_chain=1
    ),
    court("the seal is no signed note", "封签不是签名便条", "FORMAT_FAILURE", seal="sealed, believe me"),
    court(
        "nobody sealed the court's block",
        "法院的区块没有封签",
        "HEADER_NOT_AUTHENTICATED",
        outcome=OPEN,
        seal=None,
    ),
    court(
        "the trust root names no sealing key",
        "信任根没有封签公钥",
        "HEADER_NOT_AUTHENTICATED",
        outcome=OPEN,
        under=root(seal_vkey=None),
    ),
    court(
        "a receipt of a court that the trust root does not know",
        "信任根不认识的法院的回执",
        "UNSUPPORTED",
        outcome=OPEN,
        under=root(chain_id=COURT_CHAIN + 1),
    ),
    court(
        "a judicial receipt of a kind to come",
        "将来种类的司法回执",
        "UNSUPPORTED",
        outcome=OPEN,
        alter=lambda made: {"v": 1, "type": "besu-mpt"},
    ),
]

GOOD: list[Story] = [
    forged(
        "the court has accepted the checkpoint and sealed its block",
        "法院接受了检查点并封签其区块",
        0,
        "",
        {"files": with_receipt()},
        root=root(),
        expects={18: ""},
    ),
    forged(
        "everything together: three witnesses in both forms and the court's receipt",
        "齐全：三名见证人两种签名与法院回执",
        0,
        "",
        {"checkpoint_file": cosigned(*NAMES), "files": _everything},
        root=full_root,
        expects={15: "", 18: ""},
    ),
]
