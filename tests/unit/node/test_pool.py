"""Waiting transactions: kept over a restart, in order, within a block, one per nonce."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from eth_account import Account

from node.errors import JournalUnavailable
from node.pool import Pool
from node.transactions import RawTransaction, decode

CHAIN = 4_242_424_242
A, B = (Account.from_key("0x" + d * 32) for d in ("11", "22"))


def _tx(account: object, nonce: int, gas: int = 50_000) -> RawTransaction:
    signed = account.sign_transaction(  # type: ignore[attr-defined]
        {
            "nonce": nonce,
            "to": A.address,
            "value": 0,
            "gas": gas,
            "maxFeePerGas": 0,
            "maxPriorityFeePerGas": 0,
            "chainId": CHAIN,
            "type": 2,
        }
    )
    return decode(bytes(signed.raw_transaction), CHAIN)


def _accept(pool: Pool, *transactions: RawTransaction) -> None:
    async def run() -> None:
        await asyncio.gather(*(pool.accept(transaction) for transaction in transactions))

    asyncio.run(run())


def test_acknowledged_transactions_survive_and_mined_ones_do_not_come_back(tmp_path: Path) -> None:
    path = tmp_path / "mempool.journal"
    first, second = _tx(A, 0), _tx(A, 1)
    pool = Pool(path, CHAIN)
    _accept(pool, first, second)
    pool.close()
    again = Pool(path, CHAIN)
    again.forget_mined([first.hex])
    again.finish_recovery()
    assert [t.hash for t in again.everything()] == [second.hash]
    again.close()


def test_selection_keeps_arrival_order_and_fits_the_block(tmp_path: Path) -> None:
    pool = Pool(tmp_path / "m", CHAIN)
    transactions = [_tx(A, 0), _tx(B, 0), _tx(A, 1), _tx(B, 1)]
    _accept(pool, *transactions)
    nonces = {A.address: 0, B.address: 0}
    assert pool.select(1_000_000, 10, nonces) == transactions
    assert pool.select(150_000, 10, nonces) == transactions[:3]
    assert pool.select(1_000_000, 2, nonces) == transactions[:2]
    pool.close()


def test_a_gap_is_never_selected(tmp_path: Path) -> None:
    pool = Pool(tmp_path / "m", CHAIN)
    _accept(pool, _tx(A, 1), _tx(B, 0))
    chosen = pool.select(1_000_000, 10, {A.address: 0, B.address: 0})
    assert [t.sender for t in chosen] == [B.address]
    pool.close()


def test_nonces_are_held_while_the_write_is_under_way_and_freed_when_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool(tmp_path / "m", CHAIN)
    transaction = _tx(A, 0)

    def refuse(records: object) -> None:
        raise JournalUnavailable("No space left on device")

    async def run() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(pool._journal, "append", refuse)
            done = pool.accept(transaction)
            assert pool.holds_nonce(A.address, 0)
            assert pool.arriving(transaction.hash) is done
            with pytest.raises(JournalUnavailable):
                await done
        assert not pool.holds_nonce(A.address, 0)
        assert len(pool) == 0
        await pool.accept(transaction)
        assert pool.get(transaction.hash) == transaction

    asyncio.run(run())
    pool.close()


def test_concurrent_senders_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(tmp_path / "m", CHAIN)
    groups: list[int] = []
    real = pool._journal.append

    def count(records: list[dict[str, object]]) -> list[int]:
        groups.append(len(records))
        return real(records)

    monkeypatch.setattr(pool._journal, "append", count)
    _accept(pool, *[_tx(A, nonce) for nonce in range(20)])
    assert sum(groups) == 20
    assert len(groups) <= 2
    pool.close()


def test_the_file_starts_afresh_when_nothing_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.pool._RESTART_BYTES", 100)
    pool = Pool(tmp_path / "m", CHAIN)
    transactions = [_tx(A, 0), _tx(A, 1)]
    _accept(pool, *transactions)
    pool.remove(transactions[:1])
    assert pool.size > 0
    pool.remove_raw([transactions[1].hex])
    assert (pool.size, len(pool), pool.waiting_of(A.address)) == (0, 0, 0)
    _accept(pool, _tx(A, 2))
    pool.close()
    again = Pool(tmp_path / "m", CHAIN)
    again.finish_recovery()
    assert len(again) == 1
    again.close()
