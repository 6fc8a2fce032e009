"""Witnesses: rewritten history, split view, forged and doubled cosignatures, pairs that differ (step 15)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chain.checkpoint import Checkpoint, SignedNote
from chain.package import contents
from chain.trust_root import TrustRoot
from chain.verifier import Outcome
from signing import jcs
from tests.attacks.evidence.story import Changes, Scene, Story, forged
from tests.factories.court import trusted_court
from tests.factories.evidence import Forge
from tests.factories.witnesses import NAMES, SEEN, bridge_domain, bridged, cosigned, trusted

COURT, NOTARY, UNION = NAMES
OPEN = Outcome.INDETERMINATE


def root(
    names: Sequence[str] = NAMES, threshold: int = 2, court: bool = False
) -> Callable[[Scene], TrustRoot]:
    """A trust root with witnesses, and with the court's chain if asked for."""

    def make(scene: Scene) -> TrustRoot:
        judicial = trusted_court(scene.world) if court else {}
        return scene.world.trust_root(**trusted(names, threshold), **judicial)

    return make


def _other_history(forge: Forge) -> bytes:
    """The body that the witnesses saw: the same size, another root."""
    tree, _ = forge.log
    return Checkpoint(forge.world.log_origin, tree.size, bytes(range(32))).body()


def _earlier(forge: Forge) -> bytes:
    """The body of an earlier checkpoint of the same log."""
    tree, _ = forge.log
    return Checkpoint(forge.world.log_origin, tree.size - 2, tree.root(tree.size - 2)).body()


def _renamed(note: bytes, forge: Forge) -> bytes:
    """A stranger cosigns under a name that looks like the court's."""
    return cosigned("c0urt.test/w", NOTARY)(note, forge)


def pair(*names: str, lines: Sequence[str] | None = None, bridge_time: int = SEEN, **changes: Any) -> Changes:
    """Cosignature lines and EIP-712 forms of these witnesses."""
    told = bridged(*names, time=bridge_time, **changes)
    return {"checkpoint_file": cosigned(*(names if lines is None else lines)), "files": told}


def _unsorted(files: dict[str, bytes], forge: Forge) -> dict[str, bytes]:
    made: Any = jcs.parse_object(bridged(COURT, NOTARY)(files, forge)[contents.BRIDGE])
    made["cosignatures"].reverse()
    return files | {contents.BRIDGE: jcs.canonical(made)}


def _twice(files: dict[str, bytes], forge: Forge) -> dict[str, bytes]:
    made: Any = jcs.parse_object(bridged(COURT)(files, forge)[contents.BRIDGE])
    made["cosignatures"] *= 2
    return files | {contents.BRIDGE: jcs.canonical(made)}


def _others_wallet(files: dict[str, bytes], forge: Forge) -> dict[str, bytes]:
    """The notary's EIP-712 form stands under the court's name."""
    made: Any = jcs.parse_object(bridged(NOTARY)(files, forge)[contents.BRIDGE])
    made["cosignatures"][0]["name"] = COURT
    return files | {contents.BRIDGE: jcs.canonical(made)}


def _cut(note: bytes, forge: Forge) -> bytes:
    """A cosignature without its time."""
    parsed = SignedNote.parse(cosigned(COURT, NOTARY)(note, forge))
    first, *rest = parsed.signatures[1:]
    short = type(first)(first.name, first.key_id, first.signature[8:])
    return SignedNote(parsed.text, (parsed.signatures[0], short, *rest)).encode()


DIFFERS = "COSIGNATURE_PAIR_DIFFERS"

STORIES: list[Story] = [
    forged(
        "all validators rewrite history: the witnesses' cosignatures are of the true one",
        "全体验证人改写历史：见证人联署的是真实的那一份",
        15,
        "SIG_CRYPTO_FAILURE",
        {"checkpoint_file": cosigned(COURT, NOTARY, body=_other_history)},
        root=root(),
    ),
    forged(
        "all validators rewrite history and no witness cosigns it",
        "全体验证人改写历史：没有见证人联署",
        15,
        "WITNESS_QUORUM_MISSING",
        {},
        outcome=OPEN,
        root=root(),
    ),
    forged(
        "split view: one witness is shown the other branch",
        "分叉视图：给其中一名见证人看另一支",
        15,
        "WITNESS_QUORUM_MISSING",
        {"checkpoint_file": cosigned(COURT)},
        outcome=OPEN,
        root=root(),
    ),
    forged(
        "a witness's cosignature is forged",
        "伪造见证人的联署",
        15,
        "SIG_CRYPTO_FAILURE",
        {"checkpoint_file": cosigned(COURT, body=lambda forge: b"other body\n")},
        root=root(threshold=1),
    ),
    forged(
        "one of two cosignatures is of an earlier checkpoint",
        "两个联署中有一个属于更早的检查点",
        15,
        "SIG_CRYPTO_FAILURE",
        {
            "checkpoint_file": lambda note, forge: cosigned(COURT, body=_earlier)(
                cosigned(NOTARY)(note, forge), forge
            )
        },
        root=root(threshold=1),
    ),
    forged(
        "a stranger cosigns under a name that looks like the court's",
        "陌生人用与法院形近的名称联署",
        15,
        "WITNESS_QUORUM_MISSING",
        {"checkpoint_file": _renamed},
        outcome=OPEN,
        root=root(),
    ),
    forged(
        "a cosignature without its time",
        "联署缺少时间",
        15,
        "SIG_CRYPTO_FAILURE",
        {"checkpoint_file": _cut},
        root=root(),
    ),
    forged(
        "the two forms of a witness bear different times",
        "同一见证人的两种签名时间不同",
        15,
        DIFFERS,
        pair(COURT, NOTARY, bridge_time=SEEN + 1),
        root=root(court=True),
    ),
    forged(
        "the bridge form of a witness is for another root",
        "见证人给司法链的签名是另一个树根",
        15,
        DIFFERS,
        pair(COURT, NOTARY, root=bytes(range(32))),
        root=root(court=True),
    ),
    forged(
        "the bridge form of a witness is for another size",
        "见证人给司法链的签名是另一个大小",
        15,
        DIFFERS,
        pair(COURT, NOTARY, size=1),
        root=root(court=True),
    ),
    forged(
        "the bridge form of a witness is replayed from another court's chain",
        "见证人给司法链的签名从另一条链重放",
        15,
        DIFFERS,
        {
            "checkpoint_file": cosigned(COURT, NOTARY),
            "files": lambda files, forge: bridged(
                COURT, NOTARY, domain=bridge_domain(forge.world, chain_id=1)
            )(files, forge),
        },
        root=root(court=True),
    ),
    forged(
        "the bridge form of one witness is signed by another",
        "一名见证人的司法链签名由另一名代签",
        15,
        DIFFERS,
        {"checkpoint_file": cosigned(COURT, NOTARY), "files": _others_wallet},
        root=root(court=True),
    ),
    forged(
        "a witness signed for the bridge only",
        "见证人只签了司法链形式",
        15,
        DIFFERS,
        pair(COURT, NOTARY, UNION, lines=(COURT, NOTARY)),
        root=root(court=True),
    ),
    forged(
        "the bridge forms stand out of order",
        "司法链签名排列次序不对",
        15,
        "FORMAT_FAILURE",
        {"checkpoint_file": cosigned(COURT, NOTARY), "files": _unsorted},
        root=root(court=True),
    ),
    forged(
        "a bridge form stands twice",
        "同一司法链签名出现两次",
        15,
        "FORMAT_FAILURE",
        {"checkpoint_file": cosigned(COURT, NOTARY), "files": _twice},
        root=root(court=True),
    ),
]

GOOD: list[Story] = [
    forged(
        "three witnesses and a stranger have cosigned",
        "三名见证人与一名陌生人联署",
        0,
        "",
        {"checkpoint_file": cosigned(COURT, NOTARY, UNION, "stranger.test/w")},
        root=root(),
        expects={15: ""},
    ),
    forged(
        "two witnesses have signed both forms",
        "两名见证人作出两种签名",
        0,
        "",
        pair(COURT, NOTARY),
        root=root(court=True),
        expects={15: ""},
    ),
    forged(
        "bridge forms cannot be judged without a judicial chain in the root",
        "信任根未列司法链时不判断司法链签名",
        0,
        "",
        pair(COURT, NOTARY, root=bytes(32)),
        root=root(),
        expects={15: ""},
    ),
]
