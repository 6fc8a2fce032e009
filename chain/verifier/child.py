"""Verification of strangers' files: a child process with limits of time and memory, data in and JSON out.

The parent never parses the file. `python -m chain.verifier.child` reads one length-prefixed trust root and the file
from standard input and writes the JSON result to standard output.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

_ROOT: Final = Path(__file__).resolve().parents[2]
_LENGTH: Final = struct.Struct(">Q")
LONGEST_ANSWER: Final = 2_000_000
RENDERING_BYTES: Final = 1024 * 1024 * 1024
RENDERING_SECONDS: Final = 31


def verify_in_child(
    data: bytes,
    trust_root: bytes,
    *,
    seconds: float = 30.0,
    megabytes: int = 768,
    fonts: tuple[Path, ...] = (),
) -> dict[str, Any]:
    """Return the JSON result `{verdict, steps}` of a package under a trust root (canonical bytes).

    A child that exceeds its limits or dies gives verdict indeterminate with one step, `TIMED_OUT`. Never raises for
    what `data` holds.
    """
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(_ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
    }
    command = [sys.executable, "-m", "chain.verifier.child", str(megabytes), str(int(seconds) + 1)]
    command += [str(folder) for folder in fonts]
    try:
        done = subprocess.run(
            command,
            input=_LENGTH.pack(len(trust_root)) + trust_root + data,
            capture_output=True,
            timeout=seconds,
            env=environment,
            cwd=_ROOT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _stopped("time", seconds)
    if done.returncode != 0 or len(done.stdout) > LONGEST_ANSWER:
        return _stopped("memory", megabytes)
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return _stopped("answer", 0)
    return answer


def _stopped(limit: str, value: float) -> dict[str, Any]:
    step = {
        "no": 1,
        "name": "structure",
        "outcome": "indeterminate",
        "sub_indication": "TIMED_OUT",
        "facts": {"limit": limit, "value": int(value)},
    }
    return {"verdict": "indeterminate", "steps": [step]}


def _limit(megabytes: int, seconds: int) -> None:
    import resource

    size = megabytes * 1024 * 1024
    # The hard limits leave room for the rendering process of step 20, which sets its own before it reads a byte.
    resource.setrlimit(resource.RLIMIT_AS, (size, max(size, RENDERING_BYTES)))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, max(seconds, RENDERING_SECONDS)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _main(arguments: list[str]) -> None:
    _limit(int(arguments[0]), int(arguments[1]))
    given = sys.stdin.buffer.read()
    length = _LENGTH.unpack_from(given)[0]
    start = _LENGTH.size + length
    from chain.trust_root import TrustRoot
    from chain.verifier.offline import without_network
    from chain.verifier.plan import verify
    from chain.verifier.rendering import ChildRenderer

    without_network()
    fonts = tuple(Path(item) for item in arguments[2:])
    report = verify(
        given[start:],
        TrustRoot.parse(given[_LENGTH.size : start]),
        now=datetime.now(UTC),
        render=ChildRenderer(fonts) if fonts else None,
    )
    sys.stdout.write(json.dumps(report.to_json(), ensure_ascii=False, default=str))


if __name__ == "__main__":
    _main(sys.argv[1:])
