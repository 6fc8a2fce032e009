"""Light proofs of the validator network (steps 17 and 22, evidence-spec 5.4): honest, forged, and with gaps."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

from chain.light import encoding
from chain.verifier import Outcome
from tests.attacks.evidence.story import LATER, Made, Scene, Story
from tests.factories.disclosed import FigureForge
from tests.factories.light_network import MEMBERS, Json, Plan, b64, equal, signed
from tests.factories.light_proofs import (
    START,
    block_time,
    end,
    figure_forge,
    figure_proof,
    when_stamped,
)

OPEN, PASS = Outcome.INDETERMINATE, Outcome.PASSED
THREE = MEMBERS[:3]
NEW = equal("hr", "court", "new-one", "new-two")
STRANGERS = equal("s-one", "s-two", "s-three", "s-four")
HOPS = (
    START,
    Plan(40, block_time(100), equal("hr", "court", "union", "new-one"), ("hr", "court", "union"), NEW),
    Plan(41, block_time(101), NEW, ("hr", "court", "new-one")),
    Plan(90, block_time(650), NEW, ("court", "new-one", "new-two")),
)
"""Two members leave one after another: by a third of the set before, by its naming of the next, by a third again."""
Spoil = Callable[[Json], None]


def figure(
    en: str,
    zh: str,
    sub: str = "",
    *,
    spoil: Spoil | None = None,
    outcome: Outcome = Outcome.FAILED,
    stated: Json | None = None,
    network: Json | None = None,
    bare: bool = False,
    value: int = 12,
    month: str | None = "2026-11",
    now: dt.datetime = LATER,
    **changes: Any,
) -> Story:
    """A figure of a street; `changes` go to the network, `spoil` works on the finished proof."""

    def make(scene: Scene) -> Made:
        package = FigureForge(scene.world, month=month)
        forge = figure_forge(scene.world, package.region, month, value, **changes)
        proof = figure_proof(forge)
        if spoil is not None:
            spoil(proof)
        block = forge.plans[-1].height - 1
        statement = package.statement | {"value": value, "block": block} | (stated or {})
        root = scene.world.trust_root() if bare else forge.root(**(network or {}))
        return Made(package.package(statement=statement, proof=proof), root, now)

    return Story(en, zh, 22 if sub else 0, sub, make, outcome)


def gap(en: str, zh: str, sub: str, **changes: Any) -> Story:
    """A figure that can't be decided."""
    return figure(en, zh, sub, outcome=OPEN, **changes)


def put(*path: str | int, value: Any) -> Spoil:
    """Replace one member of the finished proof."""

    def spoil(proof: Json) -> None:
        at: Any = proof
        for part in path[:-1]:
            at = at[part]
        at[path[-1]] = value

    return spoil


def flipped(*path: str | int) -> Spoil:
    """Change the first octet of a base64 member."""

    def spoil(proof: Json) -> None:
        at: Any = proof
        for part in path[:-1]:
            at = at[part]
        raw = bytearray(base64.b64decode(at[path[-1]]))
        raw[0] ^= 1
        at[path[-1]] = b64(bytes(raw))

    return spoil


def _listed_twice(proof: Json) -> None:
    last = proof["light"]["trail"][1]
    last["validators"].append(last["validators"][0])
    last["commit"]["signatures"].append(None)


def _commit_of_the_first(proof: Json) -> None:
    proof["light"]["trail"][0]["commit"] = proof["light"]["trail"][1]["commit"]


def _same_vote_twice(proof: Json) -> None:
    votes = proof["light"]["trail"][1]["commit"]["signatures"]
    there = [vote for vote in votes if vote is not None]
    proof["light"]["trail"][1]["commit"]["signatures"] = [vote or there[0] for vote in votes]


def _not_reduced(proof: Json) -> None:
    """S + L in place of S: Ed25519 of RFC 8032 refuses it."""
    votes = proof["light"]["trail"][1]["commit"]["signatures"]
    vote = next(item for item in votes if item is not None)
    raw = base64.b64decode(vote["signature"])
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(raw[32:], "little") + order
    vote["signature"] = b64(raw[:32] + s.to_bytes(32, "little"))


def _signed_later(light: Json) -> None:
    """The token is over other signatures than those shown: whoever got old keys can do no better."""
    head = light["trail"][1]["header"]
    light["trail"][1] = signed(end(seconds=block_time(640), signers=MEMBERS), head)


def _wider_absence(proof: Json) -> None:
    """The right neighbour's right neighbour: something could stand between."""
    item = proof["state"]["slots"][0]["proof"]
    item["right"] = dict(item["right"], key=b64(base64.b64decode(item["right"]["key"]) + b"\x01"))


def _one_sided(proof: Json) -> None:
    proof["state"]["slots"][0]["proof"]["right"] = None


def _hash_of_sha(light: Json) -> bytes:
    return hashlib.sha256(encoding.header_hash(light["chain_id"], light["trail"][-1]["header"])).digest()


LAST = ("light", "trail", 1)
STORIES: list[Story] = [
    figure("a figure under headers that the validators signed", "验证人签过的区块头之下的数字"),
    figure("a figure of nothing: the counter was never written", "为零的数字：计数器从未写过", value=0),
    figure(
        "members leave and come between the trusted header and the figure",
        "所信区块头之后成员有进有出",
        plans=HOPS,
    ),
    figure(
        "the very next block after the trusted one", "紧接所信区块头的下一块", plans=(START, end(height=6))
    ),
    figure(
        "the trusted header is the first of the chain",
        "所信的是链上第一块",
        plans=(dataclasses.replace(START, height=1), end()),
    ),
    figure(
        "verified years later: the token tells when",
        "多年之后核验：以令牌的时间为准",
        now=LATER.replace(year=LATER.year + 3),
    ),
    # 2
    figure(
        "headers of another network",
        "另一个网络的区块头",
        "WRONG_INSTALLATION",
        network={"chain_id": "concord-other-1"},
    ),
    # 1
    figure("a member too many", "多了一个成员", "FORMAT_FAILURE", spoil=put("light", "more", value=1)),
    figure("a validator is listed twice", "同一验证人列了两次", "FORMAT_FAILURE", spoil=_listed_twice),
    figure(
        "the last block comes without its commit",
        "最后一块没有签名",
        "FORMAT_FAILURE",
        spoil=put("light", "trail", 1, "commit", value=None),
    ),
    figure(
        "the trusted block comes with a commit",
        "所信的块也带了签名",
        "FORMAT_FAILURE",
        spoil=_commit_of_the_first,
    ),
    figure(
        "the next block has the set that the trusted one announced, and none of its own validators",
        "下一块的验证人全换，但经所信的块预告",
        plans=(
            dataclasses.replace(START, next_powers=STRANGERS),
            end(height=6, powers=STRANGERS, signers=tuple(STRANGERS)),
        ),
    ),
    figure(
        "the token is of after the verification",
        "令牌晚于验证时刻",
        "TIME_CONTRADICTION",
        now=when_stamped() - dt.timedelta(seconds=61),
    ),
    figure(
        "fewer signatures than validators",
        "签名比验证人少",
        "FORMAT_FAILURE",
        spoil=lambda proof: proof["light"]["trail"][1]["commit"]["signatures"].pop(),
    ),
    figure(
        "a value and a proof of absence",
        "有值却附缺失证明",
        "FORMAT_FAILURE",
        value=0,
        spoil=put("state", "slots", 0, "value", value="00" * 32),
    ),
    figure(
        "an absence without any neighbour",
        "缺失证明两侧皆空",
        "FORMAT_FAILURE",
        value=0,
        spoil=put("state", "slots", 0, "proof", value={"left": None, "right": None}),
    ),
    # 3
    figure(
        "the trail goes back in height", "高度后退", "TRAIL_ORDER_VIOLATION", plans=(START, end(height=5))
    ),
    figure(
        "the trail goes back in time",
        "时间后退",
        "TRAIL_ORDER_VIOLATION",
        plans=(START, end(seconds=START.seconds - 1)),
    ),
    figure(
        "the set of a header is exchanged",
        "换掉区块头的验证人集合",
        "VALIDATOR_SET_MISMATCH",
        spoil=put(*LAST, "validators", 0, "power", value=2),
    ),
    figure(
        "the trusted header comes with other validators",
        "所信区块头配了别的验证人",
        "VALIDATOR_SET_MISMATCH",
        spoil=put("light", "trail", 0, "validators", 0, "power", value=1000),
    ),
    figure(
        "the next block has a set that was not announced",
        "下一块的验证人未经预告",
        "VALIDATOR_SET_MISMATCH",
        plans=(START, Plan(6, block_time(650), NEW, ("hr", "court", "new-one"))),
    ),
    figure(
        "a validator's signature is altered",
        "改动一个验证人的签名",
        "SIG_CRYPTO_FAILURE",
        spoil=lambda proof: flipped(
            *LAST,
            "commit",
            "signatures",
            next(
                number
                for number, vote in enumerate(proof["light"]["trail"][1]["commit"]["signatures"])
                if vote
            ),
            "signature",
        )(proof),
    ),
    figure(
        "one validator's signature stands in for another's",
        "用一人的签名冒充另一人",
        "SIG_CRYPTO_FAILURE",
        spoil=_same_vote_twice,
    ),
    figure("a signature in another spelling", "签名的另一种写法", "SIG_CRYPTO_FAILURE", spoil=_not_reduced),
    figure(
        "the header is altered after it was signed",
        "签后改动区块头",
        "SIG_CRYPTO_FAILURE",
        spoil=put(*LAST, "header", "app_hash", value="11" * 32),
    ),
    figure(
        "the votes are of another round",
        "投票属另一轮",
        "SIG_CRYPTO_FAILURE",
        spoil=put(*LAST, "commit", "round", value=1),
    ),
    figure(
        "two of four have signed",
        "四个中只有两个签署",
        "COMMIT_QUORUM_MISSING",
        plans=(START, end(signers=MEMBERS[:2])),
    ),
    figure(
        "exactly two thirds have signed",
        "恰为三分之二签署",
        "COMMIT_QUORUM_MISSING",
        plans=(START, end(powers=equal(*THREE), signers=THREE[:2])),
    ),
    # 4 to 7
    figure(
        "the slot is of a contract of the forger's own",
        "证明的是伪造者自己的合约",
        "CONTRACT_CODE_UNKNOWN",
        address="0x" + "12" * 20,
    ),
    figure("the contract has other code", "合约是别的代码", "INCLUSION_INVALID", code_hash=b"\x11" * 32),
    figure(
        "the state is not under the header",
        "状态不在区块头之下",
        "INCLUSION_INVALID",
        headers={1: {"app_hash": "22" * 32}},
    ),
    figure(
        "the value is altered",
        "改动数值",
        "INCLUSION_INVALID",
        stated={"value": 13},
        spoil=put("state", "slots", 0, "value", value=(13).to_bytes(32, "big").hex()),
    ),
    figure(
        "a node of the state's path is altered",
        "改动状态路径的一步",
        "INCLUSION_INVALID",
        spoil=flipped("state", "slots", 0, "proof", "path", 0, 0),
    ),
    figure(
        "a leaf is passed off as a node",
        "用叶冒充节点",
        "INCLUSION_INVALID",
        spoil=put("state", "code", "prefix", value=b64(b"\x02\x02\x02")),
    ),
    figure(
        "the store's path is altered",
        "改动存储路径",
        "INCLUSION_INVALID",
        spoil=put("state", "store", value=[]),
    ),
    figure(
        "a counter that is there is said to be absent",
        "存在的计数器被说成不存在",
        "INCLUSION_INVALID",
        value=0,
        spoil=_wider_absence,
    ),
    figure(
        "an absence with one neighbour in the middle",
        "缺失证明只有一侧",
        "INCLUSION_INVALID",
        value=0,
        spoil=_one_sided,
    ),
    figure(
        "the proof is of another counter",
        "证明的是另一个计数器",
        "SLOT_MISMATCH",
        stated={"value": 5},
        shown=bytes(32),
    ),
    figure(
        "the figure is one higher than the signed counter",
        "数字比计数器多一",
        "STATEMENT_MISMATCH",
        stated={"value": 13},
    ),
    figure(
        "the figure is dated to the block of its header",
        "数字写的是区块头的高度",
        "STATEMENT_MISMATCH",
        stated={"block": 90},
    ),
    # 9
    figure(
        "the token is over the last header's hash alone",
        "令牌只盖住最后的哈希",
        "TIMESTAMP_INVALID",
        stamp_over=_hash_of_sha,
    ),
    figure(
        "the token is over other signatures than those shown",
        "令牌盖住的是别的签名",
        "TIMESTAMP_INVALID",
        spoil=lambda proof: _signed_later(proof["light"]),
    ),
    figure(
        "the header is of after its token",
        "区块头晚于令牌",
        "TIME_CONTRADICTION",
        plans=(START, end(seconds=block_time(761))),
    ),
    # 10 to 13
    gap("a trust root that names no network", "信任根没有网络", "NO_NETWORK_ROOT", bare=True),
    gap(
        "the proof starts from a header that the trust root doesn't name",
        "从信任根未列的区块头开始",
        "TRUSTED_HEADER_UNKNOWN",
        network={"headers": [{"height": 5, "hash": "33" * 32}]},
    ),
    gap(
        "a whole network of strangers that the trusted validators never signed",
        "整套陌生验证人，原验证人从未签署",
        "TRAIL_GAP",
        plans=(START, end(powers=STRANGERS, signers=tuple(STRANGERS))),
    ),
    gap(
        "exactly a third of the trusted validators have signed",
        "原验证人恰有三分之一签署",
        "TRAIL_GAP",
        plans=(
            dataclasses.replace(START, powers=equal(*THREE)),
            end(powers=equal("hr", "s-one", "s-two", "s-three"), signers=("hr", "s-one", "s-two")),
        ),
    ),
    gap("nobody stamped the headers", "区块头没有时间戳", "NO_HEADER_TIMESTAMP", stamped=None),
    gap(
        "stamped after the trusting period",
        "信任期过后才盖时间戳",
        "TRUSTING_PERIOD_OVER",
        network={"trusting_period": 86_400},
    ),
]
