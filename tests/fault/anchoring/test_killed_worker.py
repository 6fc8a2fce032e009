"""kill -9 of the worker process after every third call to chain or outbox, on a real node: nothing lost, nothing twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from api.infra.db import Database
from api.infra.sealing import FieldKey
from api.kernel.events import EventDraft
from chain import calls
from tests.support.anchoring_store import Slice
from tests.support.real_chain import RealChain, real_chain

ROOT = Path(__file__).parents[3]
STEPS = range(0, 48, 3)


def run_worker(chain: RealChain, url: str, folder: Path, at: int) -> subprocess.CompletedProcess[str]:
    arguments = [url, chain.node.rpc_url, chain.node.token, str(folder / "chain"), str(at)]
    return subprocess.run(
        [sys.executable, "-m", "tests.support.dying_worker", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_worker_killed_at_every_step_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    with real_chain(tmp_path, block_interval=0.05) as chain:
        url = f"sqlite:///{tmp_path}/concord.db"
        db = Database(url, FieldKey(bytes(32)))
        slice_ = Slice(db, chain.gateway, contracts=chain.contracts, sender=chain.sender)
        recorded: list[str] = []
        deaths = 0
        for step in STEPS:
            with slice_.service.uow() as session:
                for i in range(7):
                    draft = EventDraft(f"econtract/{i % 3}", "econtract.E04/1", "a", "worker", {"step": step})
                    recorded.append(slice_.service.recorder.record(session, draft).digest)
            done = run_worker(chain, url, tmp_path, step)
            assert done.returncode in {0, -signal.SIGKILL}, done.stderr
            deaths += done.returncode == -signal.SIGKILL
        final = run_worker(chain, url, tmp_path, -1)
        assert final.returncode == 0, final.stderr
        assert deaths >= 12

        head = chain.gateway.head().number
        on_chain: list[str] = []
        for log in chain.gateway.logs(0, head, [chain.contracts.evidence_log]):
            event = calls.decode_log(chain.contracts, log)
            transaction = chain.gateway.transactions([log.transaction])[0]
            assert event is not None
            assert transaction is not None
            expected, entries = calls.decode_append(transaction.data)
            assert expected == len(on_chain) == event.fields["firstIndex"]
            on_chain += [entry.hex() for entry in entries]
        assert on_chain == recorded
        with db.read() as session:
            rows = session.execute(
                text(
                    "SELECT state, COUNT(*), MIN(log_index), MAX(log_index) FROM anchoring_event GROUP BY state"
                )
            ).all()
        assert [tuple(r) for r in rows] == [("anchored", len(recorded), 0, len(recorded) - 1)]
        with slice_.service.uow.read() as session:
            stored = slice_.service.proofs.events(session, "econtract/0")
        indexes = [e.anchor.log_index for e in stored]
        assert indexes == sorted(indexes)  # type: ignore[type-var]
        db.close()
