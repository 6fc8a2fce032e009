"""Forgeries of figures (kind `figure`, step 22). The header is the forger's own in every one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chain.figures import counter_slot
from chain.verifier import Outcome
from tests.attacks.evidence.story import LATER, Made, Scene, Story
from tests.factories.disclosed import FigureForge

STREET, NEIGHBOUR = 500112013, 500112014


def figure(
    en: str,
    zh: str,
    sub: str,
    parts: Callable[[FigureForge], dict[str, Any]],
    *,
    outcome: Outcome = Outcome.FAILED,
    **which: Any,
) -> Story:
    """A figure's package of which parts were altered before it was sealed."""

    def make(scene: Scene) -> Made:
        forge = FigureForge(scene.world, **which)
        return Made(forge.package(**parts(forge)), forge.root, LATER)

    return Story(en, zh, 22, sub, make, outcome)


def _open(en: str, zh: str, **which: Any) -> Story:
    return figure(
        en, zh, "HEADER_NOT_AUTHENTICATED", lambda forge: {}, outcome=Outcome.INDETERMINATE, **which
    )


def _slot(change: Callable[[str], str]) -> Callable[[FigureForge], dict[str, Any]]:
    def parts(forge: FigureForge) -> dict[str, Any]:
        proof = forge.proof()
        proof["slots"][0]["slot"] = change(proof["slots"][0]["slot"])
        return {"proof": proof}

    return parts


def _account(proof: dict[str, Any]) -> dict[str, Any]:
    """The account's node in base64 that decodes alike and is written otherwise."""
    last = proof["account_nodes"][-1]
    return proof | {"account_nodes": [*proof["account_nodes"][:-1], last + "\n"]}


STORIES: list[Story] = [
    _open("a street's figure of a month: consistent, and nobody signed the header",
          "一个街道一个月的数字：内部一致，区块头无人签名"),
    _open("the figure of all regions and months", "全部区划、全部月份的数字", region=None, month=None),
    _open("a month's figure", "一个月的数字", region=None),
    _open("a figure of nothing: the counter's absence is proven", "为零的数字：证明计数器不存在", month="2025-01"),
    figure("a proof of a kind to come", "将来才有的证明种类", "UNSUPPORTED",
           lambda forge: {"proof": {"v": 1, "type": "besu-mpt"}}, outcome=Outcome.INDETERMINATE),
    figure("the figure is one higher than the counter", "数字比计数器多一", "STATEMENT_MISMATCH",
           lambda forge: {"statement": forge.statement | {"value": 13}}),
    figure("the figure is dated to another block", "数字写的是另一个区块", "STATEMENT_MISMATCH",
           lambda forge: {"statement": forge.statement | {"block": 8}}),
    figure("the figure of another region is shown for this one", "用别的区划的数字冒充", "SLOT_MISMATCH",
           lambda forge: {"statement": forge.statement | {"value": 28},
                          "proof": forge.proof(shown=[counter_slot(NEIGHBOUR, "2026-11")])}),
    figure("the proof is of another storage slot", "证明的是另一个存储位置", "SLOT_MISMATCH",
           lambda forge: {"statement": forge.statement | {"value": 5}, "proof": forge.proof(shown=[bytes(32)])}),
    figure("two slots, the right one among them", "附了两个存储位置", "SLOT_MISMATCH",
           lambda forge: {"proof": forge.proof(shown=[counter_slot(STREET, "2026-11"), counter_slot(STREET, None)])}),
    figure("the slot is renamed to the stated counter", "把别的位置改名成所述计数器", "INCLUSION_INVALID",
           lambda forge: {"statement": forge.statement | {"value": 28}, "proof": _renamed(forge)}),
    figure("the proof is of a contract of the forger's own", "证明的是伪造者自己的合约", "CONTRACT_CODE_UNKNOWN",
           lambda forge: {"proof": forge.proof(address="0x" + "12" * 20)}),
    figure("the contract at the address has other code", "该地址上是别的代码", "CONTRACT_CODE_UNKNOWN",
           lambda forge: {"proof": forge.proof(code_hash=b"\x11" * 32)}),
    figure("the account's nodes don't lead to the state root", "账户路径不能到达状态根", "INCLUSION_INVALID",
           lambda forge: {"proof": forge.proof() | {"account_nodes": []}}),
    figure("the manifest speaks of another month", "清单写的是另一个月", "STATEMENT_MISMATCH",
           lambda forge: {"subject": forge.subject | {"month": "2026-10"}}),
    figure("the manifest speaks of all regions", "清单写的是全部区划", "STATEMENT_MISMATCH",
           lambda forge: {"subject": forge.subject | {"region": None}}),
    figure(
        "the slot is written in capitals",
        "槽位写成大写",
        "INCLUSION_INVALID",
        _slot(str.upper),
    ),
    figure(
        "the slot is written with spaces",
        "槽位中夹有空格",
        "INCLUSION_INVALID",
        _slot(lambda slot: slot[:32] + " " + slot[32:]),
    ),
    figure(
        "a node is written in another base64",
        "节点用了另一种 base64 写法",
        "INCLUSION_INVALID",
        lambda forge: {"proof": _account(forge.proof())},
    ),
    figure(
        "the proof's version is true instead of one",
        "证明的版本写成 true",
        "INCLUSION_INVALID",
        lambda forge: {"proof": forge.proof() | {"v": True}},
    ),
]  # fmt: skip


def _renamed(forge: FigureForge) -> dict[str, Any]:
    proof = forge.proof(shown=[counter_slot(NEIGHBOUR, "2026-11")])
    proof["slots"][0]["slot"] = counter_slot(STREET, "2026-11").hex()
    return proof
