"""The archive's format: whole or refused, for its recipient only, and never outside its folder."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.public import PrivateKey

from scripts import backup_archive
from scripts.backup import new_key, recipient_of
from scripts.backup_archive import BackupError, Entry, extract_archive, read_header, write_archive

SECRET = PrivateKey(bytes(range(32)))
FACTS = {"created": "2026-11-22T00:00:00+00:00"}


def _make(folder: Path, files: dict[str, bytes]) -> Path:
    entries = []
    for number, (name, content) in enumerate(files.items()):
        source = folder / f"source-{number}"
        source.write_bytes(content)
        entries.append(Entry(name, source, 0o600))
    out = folder / "backup.cbk"
    write_archive(out, SECRET.public_key, entries, FACTS)
    return out


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _make(
        tmp_path_factory.mktemp("made"),
        {"data/a.db": b"a" * 3_000_000, "keys/field": b"secret-key", "empty": b""},
    )


def test_round_trip(archive: Path, tmp_path: Path) -> None:
    manifest = extract_archive(archive, SECRET, tmp_path / "restored")
    assert (tmp_path / "restored/data/a.db").read_bytes() == b"a" * 3_000_000
    assert (tmp_path / "restored/keys/field").read_bytes() == b"secret-key"
    assert (tmp_path / "restored/keys/field").stat().st_mode & 0o077 == 0
    assert (tmp_path / "restored/empty").read_bytes() == b""
    assert [f["path"] for f in manifest["files"]] == ["data/a.db", "keys/field", "empty"]
    assert read_header(archive)["created"] == FACTS["created"]


def test_nothing_can_be_read_without_the_key(archive: Path, tmp_path: Path) -> None:
    content = archive.read_bytes()
    assert b"secret-key" not in content
    assert b"keys/field" not in content
    assert archive.stat().st_mode & 0o077 == 0
    with pytest.raises(BackupError, match="another key"):
        extract_archive(archive, PrivateKey.generate(), tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_cut_and_any_changed_byte_is_refused(archive: Path, tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(archive.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    broken = tmp_path / "broken.cbk"
    broken.write_bytes(content)
    with pytest.raises(BackupError):
        extract_archive(broken, SECRET, tmp_path / "restored")
    assert not (tmp_path / "restored").exists()
    assert not (tmp_path / "restored.restoring").exists()


def test_appended_bytes_are_refused(archive: Path, tmp_path: Path) -> None:
    longer = tmp_path / "longer.cbk"
    longer.write_bytes(archive.read_bytes() + b"x")
    with pytest.raises(BackupError):
        extract_archive(longer, SECRET, tmp_path / "restored")


def test_a_folder_with_anything_in_it_is_left_alone(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").write_text("x")
    with pytest.raises(BackupError, match="not an empty folder"):
        extract_archive(archive, SECRET, tmp_path / "kept")
    assert (tmp_path / "kept/file").read_text() == "x"
    (tmp_path / "empty").mkdir()
    assert extract_archive(archive, SECRET, tmp_path / "empty")


def test_an_existing_archive_is_not_overwritten(archive: Path) -> None:
    before = archive.read_bytes()
    with pytest.raises(BackupError, match="exists already"):
        write_archive(archive, SECRET.public_key, [], FACTS)
    assert archive.read_bytes() == before


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../outside", "MANIFEST.json"])
def test_names_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    out = tmp_path / "evil.cbk"
    write_archive(out, SECRET.public_key, [Entry(name, source, 0o600)], FACTS)
    with pytest.raises((BackupError, ValueError)):
        extract_archive(out, SECRET, tmp_path / "restored")
    assert not (tmp_path / "outside").exists()


def test_links_in_an_archive_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_link(out: Any, entries: Any, facts: Any) -> dict[str, Any]:
        with tarfile.open(fileobj=out, mode="w|gz") as tar:
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(link)
            body = b'{"files": []}'
            manifest = tarfile.TarInfo("MANIFEST.json")
            manifest.size = len(body)
            tar.addfile(manifest, io.BytesIO(body))
        return {}

    monkeypatch.setattr(backup_archive, "_write_tar", with_link)
    out = tmp_path / "link.cbk"
    write_archive(out, SECRET.public_key, [], FACTS)
    with pytest.raises(BackupError, match="unexpected entry"):
        extract_archive(out, SECRET, tmp_path / "restored")


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(BackupError, match="not a backup archive"):
        extract_archive(other, SECRET, tmp_path / "restored")


def test_key_pairs(tmp_path: Path) -> None:
    made = new_key(tmp_path / "operator")
    assert Path(made["private"]).stat().st_mode & 0o077 == 0
    public = recipient_of(tmp_path, Path(made["public"]))
    assert PrivateKey(bytes.fromhex(Path(made["private"]).read_text())).public_key == public
    with pytest.raises(BackupError, match="exists already"):
        new_key(tmp_path / "operator")
    with pytest.raises(BackupError, match="no public key"):
        recipient_of(tmp_path, None)
    (tmp_path / "bad.pub").write_text("zz")
    with pytest.raises(BackupError, match="cannot be read"):
        recipient_of(tmp_path, tmp_path / "bad.pub")
