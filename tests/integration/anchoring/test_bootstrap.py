"""The slice as bootstrap builds it: settings, key files, a real node, real TEST time-stamping authorities."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.anchoring import tasks
from api.bootstrap.container import Container
from api.infra.settings import Settings
from api.kernel.errors import DomainError
from api.kernel.events import EventDraft
from chain.checkpoint import Verifier, open_checkpoint, token_imprint
from chain.merkle import leaf_hash, verify_inclusion
from signing.timestamps import check_token
from tests.support.anchoring_store import create_tables
from tests.support.programs import Program, program
from tests.support.real_chain import ORIGIN, RELAY, RealChain, real_chain, wait_for


@pytest.fixture(scope="module")
def tsas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Program]]:
    folder = tmp_path_factory.mktemp("tsas")
    started = [
        program(f"tsa-{name}", "signing.testing.tsa", "--data", folder / name, "--name", name).start()
        for name in ("one", "two")
    ]
    yield started
    for each in started:
        each.stop()


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealChain]:
    folder = tmp_path_factory.mktemp("data")
    with real_chain(folder) as made:
        yield made


def settings_of(folder: Path, chain: RealChain, tsas: list[Program]) -> Settings:
    folder.mkdir(exist_ok=True)
    for name, value in (
        ("field", "01" * 32),
        ("relay", RELAY.hex()),
        ("log", "02" * 32),
        ("token", chain.node.token),
    ):
        (folder / name).write_text(value)
    made = []
    for tsa in tsas:
        root = folder / f"{tsa.name}.crt"
        root.write_bytes(httpx.get(f"{tsa.url}/root.crt").content)
        made.append({"name": tsa.name, "url": tsa.url, "roots": [str(root)]})
    return Settings(
        data_dir=folder,
        log_origin=ORIGIN,
        chain_rpc_url=chain.node.rpc_url,
        chain_rpc_token_file=folder / "token",
        chain_id=chain.deployment.chain_id,
        deployment_file=chain.node.data_dir.parent / "chain" / "deployment.json",
        relay_key_file=folder / "relay",
        log_key_file=folder / "log",
        field_key_file=folder / "field",
        tsas=made,  # type: ignore[arg-type]
    )


def test_events_become_stamped_proofs(chain: RealChain, tsas: list[Program], tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "a", chain, tsas)
    container = Container(settings)
    create_tables(container.db)
    with container.uow() as session:
        refs = [
            container.recorder.record(
                session, EventDraft("econtract/x", "econtract.E11/1", "a", "platform", {"i": i})
            )
            for i in range(3)
        ]
    anchoring = container.anchoring
    tsas[0].stop()  # the first authority is away: the second one stamps

    def stamped() -> bool:
        tasks.run_due(container)
        with container.uow.read() as session:
            found = anchoring.proofs.checkpoint(session, covering=2)
            return found is not None and found.token is not None

    wait_for(stamped, 30)
    tsas[0].start()
    with container.uow.read() as session:
        found = anchoring.proofs.checkpoint(session, covering=2)
        stored = anchoring.proofs.event(session, "econtract/x", 3)
        path = anchoring.proofs.inclusion(session, stored.anchor.log_index, found.size)
    verifier = Verifier.parse(anchoring.proofs.log_key.vkey)
    assert verifier.name == ORIGIN
    checkpoint = open_checkpoint(found.note, verifier)
    verify_inclusion(
        leaf_hash(bytes.fromhex(refs[2].digest)), stored.anchor.log_index, 3, path, checkpoint.root
    )
    roots = [httpx.get(f"{tsas[1].url}/root.crt").content]
    token = check_token(found.token, token_imprint(found.note, verifier), roots, around=found.created_at)
    assert found.token_tsa == "tsa-two"
    assert found.token_time == token.gen_time
    anchoring.worker().close()
    container.close()


def test_nothing_slow_is_read_before_the_worker_starts(tmp_path: Path) -> None:
    started = time.monotonic()
    (tmp_path / "field").write_text("01" * 32)
    container = Container(Settings(data_dir=tmp_path, field_key_file=tmp_path / "field", log_origin=ORIGIN))
    create_tables(container.db)
    with container.uow() as session:
        container.recorder.record(session, EventDraft("econtract/x", "econtract.E11/1", "a", "platform", {}))
        with pytest.raises(DomainError, match="not_deployed"):
            container.anchoring.registry.revoke_agent(
                session, org_id="0" * 64, agent="0x" + "11" * 20, nonce=1, signature=b""
            )
    with pytest.raises(DomainError, match="not_deployed"):
        tasks.run_due(container)
    with pytest.raises(FileNotFoundError, match="log_key_file"):
        _ = container.anchoring.proofs.log_key
    assert time.monotonic() - started < 5
    container.close()
