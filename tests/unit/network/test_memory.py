"""What a lost validator may sign again, as a living member tells it."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from node.network.memory import MARGIN, MemoryUnknown, Signed, seen

KEYS = [bytes([number]) * 32 for number in (1, 2, 3, 4)]
LOST = KEYS[2]
CAST = "Vote{2:03 41/01/SIGNED_MSG_TYPE_PREVOTE(Prevote) 00 00 00 @ 2026-11-23T00:00:00Z}"
NONE = "nil-Vote"


class Living:
    """A node that tells the state of its consensus; every answer moves its height on by `grows`."""

    def __init__(self) -> None:
        self.height, self.grows = 41, 0
        self.votes: list[dict[str, Any]] = [self.round(0)]
        self.proposer, self.proposal = KEYS[0], None

    @staticmethod
    def round(number: int, prevote: str = NONE, precommit: str = NONE) -> dict[str, Any]:
        return {
            "round": number,
            "prevotes": [CAST, NONE, prevote, NONE],
            "precommits": [CAST, NONE, precommit, NONE],
        }

    def told(self) -> dict[str, Any]:
        self.height += self.grows
        validators = [{"pub_key": {"value": base64.b64encode(key).decode()}} for key in KEYS]
        proposer = {"pub_key": {"value": base64.b64encode(self.proposer).decode()}}
        state = {
            "height": str(self.height), "votes": self.votes, "proposal": self.proposal,
            "validators": {"validators": validators, "proposer": proposer},
        }  # fmt: skip
        return {"result": {"round_state": state}}


@pytest.fixture
def living() -> Iterator[tuple[Living, str]]:
    node = Living()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(node.told()).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield node, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_a_network_that_moves_is_left_some_blocks(living: tuple[Living, str]) -> None:
    node, url = living
    node.grows = 1
    told = seen(url, LOST.hex())
    assert told == Signed(node.height + MARGIN)


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([Living.round(0)], Signed(40)),
        ([Living.round(0, CAST)], Signed(41, 0, 2)),
        ([Living.round(0, CAST, CAST)], Signed(41, 0, 3)),
        ([Living.round(0, CAST, CAST), Living.round(1)], Signed(41, 0, 3)),
        ([Living.round(0, CAST, CAST), Living.round(1, CAST)], Signed(41, 1, 2)),
    ],
)
def test_a_network_that_stands_tells_the_votes_it_holds(
    living: tuple[Living, str], votes: list[dict[str, Any]], expected: Signed
) -> None:
    node, url = living
    node.votes = votes
    assert seen(url, LOST.hex(), patience=0.1) == expected


def test_a_proposal_counts_when_it_is_the_lost_ones(living: tuple[Living, str]) -> None:
    node, url = living
    node.proposal = {"round": 0}  # type: ignore[assignment]
    assert seen(url, LOST.hex(), patience=0.1) == Signed(40)
    node.proposer = LOST
    assert seen(url, LOST.hex(), patience=0.1) == Signed(41, 0, 1)


def test_a_key_that_nobody_has_is_told(living: tuple[Living, str]) -> None:
    with pytest.raises(MemoryUnknown, match="no present validator"):
        seen(living[1], (bytes([9]) * 32).hex(), patience=0.1)


def test_a_node_that_does_not_answer_is_told() -> None:
    with pytest.raises(MemoryUnknown, match="does not tell"):
        seen("http://127.0.0.1:9", LOST.hex())


def test_its_form_is_read_strictly() -> None:
    assert Signed.read("41") == Signed(41, 0, 3)
    assert Signed.read("41/2/1") == Signed(41, 2, 1)
    for signed in (Signed(41), Signed(41, 0, 2), Signed(41, 3, 3)):
        assert Signed.read(str(signed)) == signed
    for text in ("", "0", "-1", "41/1", "41/0/4", "41/0/0", "x", "41 ", "٤"):
        with pytest.raises(MemoryUnknown, match="signed"):
            Signed.read(text)
    assert Signed(41, 0, 3) < Signed(41, 1, 1) < Signed(41, 1, 2) < Signed(42)
