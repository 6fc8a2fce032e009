"""A disk that refuses: nothing is acknowledged or mined that is not stored, and the chain goes on when there is room."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from eth_account import Account

from node.chain import Chain
from node.errors import JournalUnavailable, RpcRefused
from node.settings import NodeSettings
from node.transactions import RawTransaction, decode

KEY = Account.from_key("0x" + "41" * 32)


def _transaction(chain: Chain, nonce: int) -> RawTransaction:
    signed = KEY.sign_transaction(
        {
            "nonce": nonce,
            "to": KEY.address,
            "value": 0,
            "gas": 50_000,
            "maxFeePerGas": 0,
            "maxPriorityFeePerGas": 0,
            "chainId": chain.facts.chain_id,
            "type": 2,
        }
    )
    return decode(bytes(signed.raw_transaction), chain.facts.chain_id)


def _full(data: bytes) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


def _with_chain(folder: Path, body: Callable[[Chain], Awaitable[None]]) -> None:
    async def run() -> None:
        chain = Chain(NodeSettings(data_dir=folder, senders=(KEY.address,), block_interval=0.02))
        life = asyncio.create_task(chain.run())
        try:
            await _until(chain.ready.is_set)
            await body(chain)
        finally:
            await chain.stop()
            await life
            await chain.close()

    asyncio.run(run())


def test_a_transaction_that_cannot_be_stored_is_not_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(chain: Chain) -> None:
        transaction = _transaction(chain, 0)
        with monkeypatch.context() as patch:
            patch.setattr(chain.pool._journal, "_write", _full)
            (outcome,) = await chain.send([transaction])
            assert isinstance(outcome, RpcRefused)
            assert "No space left" in outcome.message
            await asyncio.sleep(0.2)
            assert chain.status().height == 0
        assert await chain.send([transaction]) == [transaction.hash]
        await _until(lambda: chain.status().height == 1)

    _with_chain(tmp_path, body)


def test_a_block_that_cannot_be_journalled_waits_and_is_then_mined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(chain: Chain) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(chain.blocks._journal, "_write", _full)
            (outcome,) = await chain.send([_transaction(chain, 0)])
            assert isinstance(outcome, str)
            await _until(lambda: chain.status().trouble is not None)
            assert (chain.status().height, chain.status().pending) == (0, 1)
        await _until(lambda: chain.status().height == 1)
        assert chain.status().pending == 0

    _with_chain(tmp_path, body)


@pytest.mark.parametrize("persisted", [False, True])
def test_a_block_whose_hash_cannot_be_journalled_is_the_same_block_after_the_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, persisted: bool
) -> None:
    async def body(chain: Chain) -> None:
        real = chain.blocks.confirm
        refusals = iter([True])

        def refuse_once(block: object, block_hash: str) -> None:
            if next(refusals, False):
                if persisted:
                    real(block, block_hash)  # type: ignore[arg-type]
                raise JournalUnavailable("No space left on device")
            real(block, block_hash)  # type: ignore[arg-type]

        monkeypatch.setattr(chain.blocks, "confirm", refuse_once)
        await chain.send([_transaction(chain, 0)])
        await _until(lambda: chain.status().restarts == 1 and chain.ready.is_set())
        assert (chain.status().height, chain.status().pending) == (1, 0)
        await chain.send([_transaction(chain, 1)])
        await _until(lambda: chain.status().height == 2)

    _with_chain(tmp_path, body)


def test_an_engine_that_dies_inside_mining_is_replaced_and_the_block_is_mined_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(chain: Chain) -> None:
        engine = chain._required()
        real = engine.call

        async def die_before_mining(method: str, *params: object) -> object:
            if method == "evm_mine":
                engine.process.kill()
                await engine.process.wait()
            return await real(method, *params)

        monkeypatch.setattr(engine, "call", die_before_mining)
        transaction = _transaction(chain, 0)
        await chain.send([transaction])
        await _until(lambda: chain.status().restarts == 1 and chain.ready.is_set())
        assert chain.status().height == 1
        mined = await chain._required().call("eth_getBlockByNumber", "0x1", False)
        assert mined["transactions"] == [transaction.hash]
        assert chain.status().pending == 0

    _with_chain(tmp_path, body)
