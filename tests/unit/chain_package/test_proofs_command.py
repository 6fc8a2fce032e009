"""`concord proofs`: what a package shares comes out as whole C2SP tlog-proof files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chain.merkle import leaf_hash, verify_inclusion
from chain.package import contents
from chain.package.proofs import LogProof
from chain.package.zip_profile import read_package, write_package
from scripts.cli import build_app
from signing import jcs
from tests.factories.evidence import Forge, World
from tests.support.evidence_world import world

__all__ = ["world"]


@pytest.fixture(scope="module")
def forge(world: World) -> Forge:
    return Forge(world)


def _run(package: bytes, folder: Path) -> tuple[int, str, Path]:
    path, out = folder / "evidence.zip", folder / "out"
    path.write_bytes(package)
    answer = CliRunner().invoke(build_app("proofs"), ["proofs", str(path), "--out", str(out)])
    return answer.exit_code, answer.output, out


def test_each_file_proves_its_event_by_itself(forge: Forge, tmp_path: Path) -> None:
    code, output, out = _run(forge.package, tmp_path)
    assert code == 0, output
    files = sorted(out.iterdir())
    events = [*forge.stream, *forge.cited]
    assert [file.name for file in files] == [f"{n:05d}.tlog-proof" for n in range(1, len(events) + 1)]
    tree, _ = forge.log
    for file, item in zip(files, events, strict=True):
        proof = LogProof.parse(file.read_bytes())
        assert proof.checkpoint == forge.checkpoint_file
        entry = hashlib.sha256(jcs.canonical(item["event"])).digest()
        verify_inclusion(leaf_hash(entry), proof.index, tree.size, proof.path, tree.root())
        assert f"{file.name}  index {proof.index}  {item['event']['type']} {item['event']['seq']}" in output


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        (contents.PROOFS, None, contents.PROOFS),
        (contents.PROOFS, b"nonsense", "no end"),
        (contents.PROOFS, b"", "0 proofs"),
        (contents.STREAM, b"{}", "not a usable package"),
    ],
)
def test_what_is_no_package_of_proofs_is_refused(
    forge: Forge, tmp_path: Path, name: str, data: bytes | None, says: str
) -> None:
    entries = dict(read_package(forge.package))
    del entries[name]
    code, output, out = _run(write_package(entries if data is None else entries | {name: data}), tmp_path)
    assert code == 3
    assert says in output
    assert not out.exists()


def test_nothing_is_overwritten(forge: Forge, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    code, output, out = _run(forge.package, tmp_path)
    assert code == 3
    assert "out" in output
    assert not list(out.iterdir())


def test_a_full_disk_leaves_no_half_of_a_folder(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name == "00003.tlog-proof":
            raise OSError(28, "No space left on device")
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    code, output, _ = _run(forge.package, tmp_path)
    assert code == 3
    assert "No space left" in output
    assert sorted(item.name for item in tmp_path.iterdir()) == ["evidence.zip"]
