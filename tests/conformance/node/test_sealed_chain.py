"""A node that seals: through kill -9 every block keeps its one seal; a node without the key says that it seals nothing."""

from __future__ import annotations

from pathlib import Path

import httpx

from chain.checkpoint import LogKey, SignedNote
from chain.judicial_receipt import seal_text
from node.launch import RunningNode, start_node
from node.settings import NodeSettings
from tests.support.chain_caller import SENDER, Caller

NAME = "court.test/chain"
SEED = bytes([9] * 32)


def _seals(caller: Caller, count: int) -> list[str]:
    asked: list[tuple[str, list[object]]] = [("concord_blockSeal", [hex(n)]) for n in range(1, count + 1)]
    return [answer["result"] for answer in caller.batch(asked)] if asked else []


def test_every_block_keeps_its_seal_through_kills(tmp_path: Path) -> None:
    key_file = tmp_path / "court-seal"
    key_file.write_text(SEED.hex() + "\n")
    settings = NodeSettings(
        data_dir=tmp_path / "court",
        senders=(SENDER.address,),
        block_interval=0.0,
        seal_key=key_file,
        seal_name=NAME,
    )
    key = LogKey.from_seed(NAME, SEED).verifier
    known: list[str] = []
    for round_number in range(3):
        node = start_node(settings)
        with Caller(node.rpc_url, node.token, node.chain_id) as caller:
            assert _seals(caller, len(known)) == known
            nonce = caller.next_nonce()
            for step in range(3):
                caller.receipt(
                    caller("eth_sendRawTransaction", caller.raw(nonce + step, SENDER.address, b""))
                )
            hashes = caller.hashes()[1:]  # nobody mines the genesis block, nobody seals it
            known = _seals(caller, len(hashes))
            assert len(known) == 3 * (round_number + 1)
            for number, (note, block_hash) in enumerate(zip(known, hashes, strict=True), start=1):
                parsed = SignedNote.parse(note.encode())
                key.signature_in(parsed)
                assert parsed.text == seal_text(node.chain_id, number, bytes.fromhex(block_hash[2:]))
            assert caller("concord_blockSeal", hex(len(hashes) + 1)) is None
            assert caller.answer("concord_blockSeal", "0x01")["error"]["code"] == -32602
        # A crash between block and seal leaves this: the next start seals the block.
        node.kill()
        journal = tmp_path / "court" / "seals.journal"
        journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))


def test_a_node_without_the_key_seals_nothing(node: RunningNode) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "concord_blockSeal", "params": ["0x1"]}
    answer = httpx.post(node.rpc_url, json=body).json()
    assert answer["error"]["code"] == -32601
    assert "not sealed" in answer["error"]["message"]
