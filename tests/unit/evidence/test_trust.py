"""The trust root is put together, kept when nothing changes, and rotated without forgetting."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from pathlib import Path

import pytest

from api.evidence.service.trust import InstallationFacts, assemble, publish, read
from chain.checkpoint import LogKey
from chain.trust_root import TrustRootError

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=30)
ONE, TWO = "0x" + "11" * 20, "0x" + "22" * 20
FACTS = InstallationFacts(
    test=True,
    log_origin="log.example",
    log_vkey=LogKey.from_seed("log.example", bytes(32)).vkey,
    chain_id=271828,
    genesis_hash="ab" * 32,
    contracts={
        name: {"address": ONE, "code_hash": "cd" * 32}
        for name in ("LaborContractRegistry", "ParticipantRegistry", "EvidenceLog")
    },
    web_origin="https://concord.example",
    rp_id="concord.example",
    cas=(b"ca-1",),
    tsas={"one": (b"root-1",), "two": (b"root-2",)},
    identity_issuers=(ONE,),
    registrars=(ONE,),
    page_release_keys=(),
    templates={"ab" * 32: "agreement/1"},
    renderers=("typst-1/x",),
    since=NOW,
)


def test_the_first_root_has_version_one_and_counts_from_its_start() -> None:
    root = assemble(FACTS, None, NOW)
    assert (root.value["version"], root.value["predecessor"]) == (1, None)
    assert root.valid_from == NOW
    assert root.registrars[0].covers(NOW)
    assert root.domain("LaborContractRegistry").name == "Concord TEST"


def test_unchanged_facts_keep_the_root() -> None:
    root = assemble(FACTS, None, NOW)
    assert assemble(FACTS, root, LATER) is root


def test_a_new_root_names_its_predecessor_and_forgets_nothing() -> None:
    first = assemble(FACTS, None, NOW)
    changed = dataclasses.replace(
        FACTS,
        registrars=(TWO,),
        cas=(b"ca-2",),
        tsas={"two": (b"root-2b",)},
        templates={"ef" * 32: "agreement/2"},
    )
    second = assemble(changed, first, LATER)
    assert second.value["version"] == 2
    assert second.value["predecessor"] == first.fingerprint
    assert second.cas == (b"ca-1", b"ca-2")
    assert second.tsas == {"one": (b"root-1",), "two": (b"root-2", b"root-2b")}
    assert set(second.templates.values()) == {"agreement/1", "agreement/2"}
    gone, fresh = second.registrars
    assert gone.covers(NOW + dt.timedelta(days=1))
    assert not gone.covers(LATER + dt.timedelta(seconds=1))
    assert not fresh.covers(NOW)
    assert fresh.covers(LATER)
    assert second.valid_from == first.valid_from


def test_the_file_is_canonical_and_its_digest_is_the_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "trust-root.json"
    root = assemble(FACTS, None, NOW)
    publish(root, path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == root.fingerprint
    again = read(path)
    assert again is not None
    assert again.fingerprint == root.fingerprint
    assert [item.name for item in path.parent.iterdir()] == ["trust-root.json"]


def test_no_file_is_no_root_and_a_damaged_one_is_an_error(tmp_path: Path) -> None:
    assert read(None) is None
    assert read(tmp_path / "absent.json") is None
    (tmp_path / "bad.json").write_bytes(b"{}")
    with pytest.raises(TrustRootError):
        read(tmp_path / "bad.json")
