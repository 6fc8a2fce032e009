"""A process that reads hostile bytes under limits: `python -m tests.support.reader_child MEGABYTES`.

From standard input: one byte that names the reader, eight bytes of length, the bytes. To standard output: a line of
JSON with the milliseconds of processor time that it took (other programs on the machine do not count) and the class of
any exception that no reader may raise. Memory may grow by MEGABYTES over what the loaded program needs; beyond,
MemoryError is reported like any other crash.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

from chain.checkpoint import Checkpoint, SignedNote
from chain.errors import ChainError
from chain.package import contents, manifest, read_package
from chain.package.proofs import LogProof
from chain.state_proofs import verify_receipt_proof
from chain.trust_root import TrustRoot
from chain.verifier import verify
from signing import jcs
from signing.errors import SigningError
from signing.timestamps import check_token

HEAD = struct.Struct(">cQ")
NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
IMPRINT = bytes(32)
EXPECTED = (ChainError, SigningError, contents.ShapeError)


def _entry(data: bytes) -> None:
    name, _, content = data.partition(b"\n")
    contents.read_json(name.decode(), content)


def _proof(data: bytes) -> None:
    try:
        LogProof.parse(data)
    except ValueError:
        return


def _note(data: bytes) -> None:
    Checkpoint.parse(SignedNote.parse(data).text)


def _readers(root: TrustRoot) -> dict[bytes, Callable[[bytes], Any]]:
    tsa = next(iter(root.tsas.values()))
    return {
        b"z": read_package,
        b"j": jcs.parse_object,
        b"m": manifest.parse,
        b"e": _entry,
        b"n": _note,
        b"p": _proof,
        b"t": lambda data: check_token(data, IMPRINT, tsa, tsa="one"),
        b"r": TrustRoot.parse,
        b"x": lambda data: verify_receipt_proof(json.loads(data)),
        b"v": lambda data: verify(data, root, now=NOW),
    }


def _limit(megabytes: int) -> None:
    with open("/proc/self/statm", encoding="ascii") as stream:
        used = int(stream.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    size = used + megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _main() -> None:
    source = sys.stdin.buffer
    root = TrustRoot.parse(source.read(HEAD.unpack(source.read(HEAD.size))[1]))
    readers = _readers(root)
    warm = source.read(HEAD.unpack(source.read(HEAD.size))[1])
    readers[b"v"](warm)  # loads what a verification needs, so that only the data's own memory counts
    _limit(int(sys.argv[1]))
    print(json.dumps({"ready": True}), flush=True)
    while head := source.read(HEAD.size):
        reader, length = HEAD.unpack(head)
        data = source.read(length)
        begin, crash = time.process_time(), ""
        try:
            readers[reader](data)
        except EXPECTED:
            pass
        except BaseException as error:
            crash = f"{type(error).__name__}: {str(error)[:200]}"
        spent = (time.process_time() - begin) * 1000
        del data
        print(json.dumps({"ms": spent, "crash": crash}), flush=True)


if __name__ == "__main__":
    _main()
