"""A new consensus key for a validator: after loss, theft, or a suspension for two blocks of one height.

The new key lies beside the old one until the members have voted it in, so that a vote that fails changes nothing here.
A key that was once in use never comes back: the contract refuses it.
"""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
from pathlib import Path

from node.errors import NodeError
from node.installation import write_atomically
from node.network.processes import NotOurs, Running, refusal

_KEY = Path("config") / "priv_validator_key.json"
_NEXT = Path("config") / "priv_validator_key.next.json"
_OLD = Path("config") / "priv_validator_key.retired.json"
_VOTED = Path("config") / "priv_validator_key.voted"
_MEMORY = Path("data") / "priv_validator_state.json"


class RotationRefused(NodeError):
    """A key cannot be made or taken up as asked."""

    exit_code = 2


def prepare(home: Path, program: Path) -> str:
    """Make the next consensus key where there is none yet; its public half in hexadecimal. Raises `RotationRefused`."""
    if not (home / _NEXT).exists():
        with tempfile.TemporaryDirectory(
            dir=home
        ) as place:  # the engine makes keys in a folder of the usual shape
            done = subprocess.run(
                [str(program), "keys", "--home", place], capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise RotationRefused(f"the key could not be made: {done.stderr.strip()}")
            write_atomically(home / _NEXT, (Path(place) / _KEY).read_bytes())
    return public_half(home / _NEXT)


def public_half(file: Path) -> str:
    """The public key in a key file of the engine, in hexadecimal. Raises `RotationRefused`."""
    try:
        return base64.b64decode(json.loads(file.read_bytes())["pub_key"]["value"], validate=True).hex()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RotationRefused(f"{file.name} is no key of the engine") from error


def note_vote(home: Path) -> None:
    """Remember that the next key was voted in, for a node that has to be stopped before the key is taken up."""
    write_atomically(home / _VOTED, public_half(home / _NEXT).encode() + b"\n")


def voted(home: Path) -> bool:
    """Whether the vote on the next key is known to have passed."""
    try:
        return (home / _VOTED).read_text("ascii").strip() == public_half(home / _NEXT)
    except (OSError, ValueError, RotationRefused):
        return False


def stop_first(name: str, data: Path, running: Running) -> NotOurs:
    """What is left to do when the vote has passed and somebody else runs the node."""
    again = f"concord network rotate-key {name} --data {data}"
    if running.unit is None:
        first = refusal(name, running, "stop")
        return NotOurs(f"{first}；{again}")
    line = f"{running.unit.line('stop')} && {again} && {running.unit.line('start')}"
    return NotOurs(
        f"表决已通过，{name} 由 systemd 运行，请执行 {line} / the vote has passed and systemd runs {name}: run `{line}`"
    )


def take_up(home: Path) -> None:
    """Put the next key in the place of the present one, in the folder of a stopped node, after the vote.

    The memory of what was signed belongs to the old key: the new one has signed nothing. Raises `RotationRefused`.
    """
    if not (home / _NEXT).exists():
        raise RotationRefused(f"{home} holds no next key: prepare one first")
    if (home / _KEY).exists():
        (home / _KEY).replace(home / _OLD)
    (home / _NEXT).replace(home / _KEY)
    (home / _VOTED).unlink(missing_ok=True)
    memory = {"height": "0", "round": 0, "step": 0}
    write_atomically(home / _MEMORY, json.dumps(memory, indent=1).encode() + b"\n")
    member = home / "member.json"
    if member.exists():
        told = json.loads(member.read_bytes()) | {"consensus_key": public_half(home / _KEY)}
        write_atomically(member, (json.dumps(told, indent=1, sort_keys=True) + "\n").encode(), 0o644)
