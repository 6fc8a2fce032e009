"""Both block stores pass the same suite: the local one and the Kubo adapter against a stub of the documented RPC."""

from __future__ import annotations

import os
import re
from pathlib import Path

import httpx
import pytest

from signing.blobs import BlobStore, KuboBlobStore, LocalBlobStore, cid_of
from signing.errors import InputRefused, IntegrityError, ServiceUnavailable

SIZES = [0, 1, 1 << 20, (1 << 20) + 1, 3 * (1 << 20) + 7]


class KuboStub:
    """The calls of Kubo's RPC that the adapter speaks: add, cat, pin/ls, pin/rm (POST only)."""

    def __init__(self) -> None:
        self.pinned: dict[str, bytes] = {}
        self.lie = False
        self.corrupt = False
        self.parameters: dict[str, str] = {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.method == "POST"
        name = request.url.path.removeprefix("/api/v0/")
        argument = request.url.params.get("arg", "")
        if name == "add":
            self.parameters = dict(request.url.params)
            data = _file(request)
            cid = cid_of(data + b"x" if self.lie else data)
            self.pinned[cid] = data
            return httpx.Response(200, json={"Name": "blob", "Hash": cid, "Size": str(len(data))})
        if name == "pin/ls" and not argument:
            return httpx.Response(200, json={"Keys": {cid: {"Type": "recursive"} for cid in self.pinned}})
        if argument not in self.pinned:
            return httpx.Response(500, json={"Message": "not found", "Code": 0, "Type": "error"})
        if name == "cat":
            data = self.pinned[argument]
            return httpx.Response(200, content=data + b"x" if self.corrupt else data)
        if name == "pin/ls":
            return httpx.Response(200, json={"Keys": {argument: {"Type": "recursive"}}})
        if name == "pin/rm":
            del self.pinned[argument]
            return httpx.Response(200, json={"Pins": [argument]})
        return httpx.Response(404)


def _file(request: httpx.Request) -> bytes:
    boundary = request.headers["content-type"].split("boundary=")[1].encode()
    part = request.read().split(b"--" + boundary)[1]
    return part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")


@pytest.fixture(params=["local", "kubo", "live"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "local":
        return LocalBlobStore(tmp_path)
    if request.param == "live":
        url = os.environ.get("CONCORD_TEST_KUBO")
        if not url:
            pytest.skip("no live Kubo node: set CONCORD_TEST_KUBO to its RPC address")
        return KuboBlobStore(url, httpx.Client(timeout=30))
    return KuboBlobStore(
        "http://kubo.invalid", httpx.Client(transport=httpx.MockTransport(KuboStub().answer))
    )


@pytest.mark.parametrize("size", SIZES)
def test_what_is_put_comes_back_under_its_cid(store: BlobStore, size: int) -> None:
    data = (
        os.urandom(min(size, 4096)) * (size // 4096) + os.urandom(size % 4096)
        if size > 4096
        else os.urandom(size)
    )
    cid = store.put(data)
    assert cid == cid_of(data)
    assert re.fullmatch(r"b[a-z2-7]{58}", cid)
    assert store.get(cid) == data
    assert store.has(cid)
    assert cid in list(store.cids())
    assert store.put(data) == cid


def test_missing_and_malformed_cids(store: BlobStore) -> None:
    absent = cid_of(os.urandom(32))
    assert not store.has(absent)
    with pytest.raises(IntegrityError, match="missing"):
        store.get(absent)
    store.remove(absent)
    for broken in ("", "../../etc/passwd", "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG", absent.upper()):
        with pytest.raises(InputRefused):
            store.get(broken)


def test_removal(store: BlobStore) -> None:
    shared = os.urandom(1 << 20)
    one, two = store.put(shared + b"1"), store.put(shared + b"2")
    store.remove(one)
    assert not store.has(one)
    assert store.get(two) == shared + b"2"


def test_known_addresses() -> None:
    assert cid_of(b"hello") == "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq"
    assert cid_of(b"") == "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"


def test_a_damaged_block_is_found(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    cid = store.put(os.urandom((1 << 20) + 5))
    block = max(
        (path for path in tmp_path.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size
    )
    block.write_bytes(block.read_bytes()[:-1] + b"?")
    with pytest.raises(IntegrityError, match="damaged"):
        store.get(cid)


def test_no_partial_file_stays_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalBlobStore(tmp_path)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ServiceUnavailable, match="No space"):
        store.put(b"data")
    monkeypatch.undo()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert not store.has(cid_of(b"data"))


def test_kubo_gets_the_whole_profile_and_is_not_believed() -> None:
    stub = KuboStub()
    store = KuboBlobStore("http://kubo.invalid", httpx.Client(transport=httpx.MockTransport(stub.answer)))
    cid = store.put(b"data")
    assert stub.parameters["cid-version"] == "1"
    assert stub.parameters["raw-leaves"] == "true"
    assert stub.parameters["chunker"] == "size-1048576"
    assert stub.parameters["max-file-links"] == "174"
    stub.corrupt = True
    with pytest.raises(IntegrityError, match="damaged"):
        store.get(cid)
    stub.lie = True
    with pytest.raises(IntegrityError, match="cid_differs"):
        store.put(b"other")


def test_a_silent_node_is_unavailable() -> None:
    def down(call: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=call)

    store = KuboBlobStore("http://kubo.invalid", httpx.Client(transport=httpx.MockTransport(down)))
    with pytest.raises(ServiceUnavailable):
        store.put(b"data")
