"""What a validator has signed last, as CometBFT remembers it (`priv_validator_state.json`): it signs only what is later.

A validator whose memory is lost needs a new one that is late enough for it never to sign a height, round and step twice,
and, while the network stands for want of its vote, early enough for it to vote in the round that all wait in. Nobody
knows that better than a living member: it holds every vote of the round.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from node.errors import NodeError
from node.network.alarms import HALT_SECONDS

MARGIN = 10
"""Blocks above a moving network's head for which a restored validator keeps silent."""
PROPOSED, PREVOTED, PRECOMMITTED = 1, 2, 3
_FORM = re.compile(r"([1-9][0-9]{0,17})(?:/([0-9]{1,9})/([123]))?")


class MemoryUnknown(NodeError):
    """What a validator signed cannot be told."""

    exit_code = 2


@dataclass(frozen=True, slots=True, order=True)
class Signed:
    """The last thing signed: height of a block, round, step (1 proposal, 2 prevote, 3 precommit)."""

    height: int
    round: int = 0
    step: int = PRECOMMITTED

    @classmethod
    def read(cls, text: str) -> Signed:
        """From `HEIGHT` or `HEIGHT/ROUND/STEP`. Raises `MemoryUnknown`."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise MemoryUnknown(
                f"签名高度应为 HEIGHT 或 HEIGHT/ROUND/STEP：{text!r}（见 concord network signed） / "
                f"say HEIGHT or HEIGHT/ROUND/STEP as `concord network signed` tells it, not {text!r}"
            )
        height, round_, step = found.groups()
        return cls(int(height), int(round_ or 0), int(step or PRECOMMITTED))

    def __str__(self) -> str:
        if (self.round, self.step) == (0, PRECOMMITTED):
            return str(self.height)
        return f"{self.height}/{self.round}/{self.step}"

    def as_file(self) -> bytes:
        """The engine's file."""
        content = {"height": str(self.height), "round": self.round, "step": self.step}
        return json.dumps(content, indent=1).encode() + b"\n"


def seen(rpc: str, consensus_key: str, patience: float = HALT_SECONDS) -> Signed:
    """Above what a validator may sign, asked of a living member's node.

    rpc: the node's CometBFT RPC address. consensus_key: of the lost validator, hexadecimal. patience: seconds without a
    new block after which the network stands. While it moves, the answer is its height plus `MARGIN`; while it stands,
    exactly what the node holds of the validator's votes on the block that all wait for. Raises `MemoryUnknown`.
    """
    try:
        first = int(_state(rpc)["height"])
        deadline = time.monotonic() + patience
        while True:
            state = _state(rpc)
            height = int(state["height"])
            if height > first:
                return Signed(height + MARGIN)
            if time.monotonic() > deadline:
                return max([Signed(height - 1), *_votes(state, height, consensus_key)])
            time.sleep(0.5)
    except (httpx.HTTPError, ValueError, KeyError, TypeError, IndexError) as error:
        raise MemoryUnknown(
            f"{rpc} 未给出共识状态 / {rpc} does not tell the state of its consensus: {error!r}"
        ) from error


def _state(rpc: str) -> Mapping[str, Any]:
    answer = httpx.get(f"{rpc}/dump_consensus_state", timeout=10, trust_env=False).json()
    found: Mapping[str, Any] = answer["result"]["round_state"]
    return found


def _votes(state: Mapping[str, Any], height: int, consensus_key: str) -> list[Signed]:
    """What a node holds of a validator's votes on the block that it works on."""
    wanted = base64.b64encode(bytes.fromhex(consensus_key)).decode()
    keys = [validator["pub_key"]["value"] for validator in state["validators"]["validators"]]
    if wanted not in keys:
        raise MemoryUnknown(
            f"现任验证人中没有密钥 {consensus_key} / no present validator has the key {consensus_key}"
        )
    place = keys.index(wanted)
    found = []
    for votes in state["votes"]:
        for step, cast in ((PREVOTED, votes["prevotes"]), (PRECOMMITTED, votes["precommits"])):
            if cast[place] != "nil-Vote":
                found.append(Signed(height, int(votes["round"]), step))
    proposal = state["proposal"]
    if proposal is not None and state["validators"]["proposer"]["pub_key"]["value"] == wanted:
        found.append(Signed(height, int(proposal["round"]), PROPOSED))
    return found
