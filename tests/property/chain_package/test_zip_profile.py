"""Any single byte flip, truncation or insertion of a package is detected; what is written is read back."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.package import PackageError, read_package, write_package

NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}(/[a-z0-9][a-z0-9-]{0,8}){0,2}", fullmatch=True)
PACKAGES = st.dictionaries(NAMES, st.binary(max_size=60), min_size=1, max_size=6)
SMALL = write_package({"manifest.json": b"{}", "manifest.sig": b"sig", "a/b.json": b"[1]", "z.bin": bytes(7)})


@given(PACKAGES)
def test_what_is_written_is_read_back(entries: dict[str, bytes]) -> None:
    data = write_package(entries)
    assert read_package(data) == entries
    assert write_package(read_package(data)) == data


@given(PACKAGES)
@settings(max_examples=40)
def test_ordinary_tools_can_open_it(entries: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(write_package(entries))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == entries


def _is_detected(changed: bytes) -> bool:
    """Refused, or (where only content changed) read as other entries, which the manifest's digests then show."""
    try:
        return read_package(changed) != read_package(SMALL)
    except PackageError:
        return True


def test_every_single_bit_flip_is_detected() -> None:
    for position in range(len(SMALL)):
        for bit in range(8):
            changed = bytearray(SMALL)
            changed[position] ^= 1 << bit
            assert _is_detected(bytes(changed)), (position, bit)


def test_a_flip_that_leaves_the_crc_is_refused_outright() -> None:
    for position in range(len(SMALL)):
        changed = bytearray(SMALL)
        changed[position] ^= 0x20
        with pytest.raises(PackageError):
            read_package(bytes(changed))


def test_every_truncation_is_detected() -> None:
    for length in range(len(SMALL)):
        with pytest.raises(PackageError):
            read_package(SMALL[:length])


@given(st.integers(0, len(SMALL)), st.binary(min_size=1, max_size=40))
def test_every_insertion_is_detected(position: int, junk: bytes) -> None:
    assert _is_detected(SMALL[:position] + junk + SMALL[position:])


@given(st.integers(0, len(SMALL) - 1), st.integers(1, 30))
def test_every_deletion_is_detected(position: int, length: int) -> None:
    assert _is_detected(SMALL[:position] + SMALL[position + length :])


@given(st.binary(max_size=400))
def test_arbitrary_bytes_never_crash_the_reader(data: bytes) -> None:
    with pytest.raises(PackageError):
        read_package(data)


@given(st.binary(max_size=200))
def test_bytes_that_begin_like_an_entry_never_crash_the_reader(tail: bytes) -> None:
    with pytest.raises(PackageError):
        read_package(b"PK\x03\x04" + tail)
