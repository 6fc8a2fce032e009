"""One organisation's part: a folder with its three keys, and the public description that it hands to the others.

No key leaves the folder. The consensus key and the node's key are made by the engine, the operator's key (it votes
and administers) here; a real member keeps the operator's key on another machine than the validator.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from node.errors import NodeError
from node.installation import write_atomically

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_FORMS = {
    "operator": re.compile(r"0x[0-9a-fA-F]{40}"),
    "consensus_key": re.compile(r"[0-9a-f]{64}"),
    "node": re.compile(r"[0-9a-f]{40}"),
    "p2p": re.compile(r"[A-Za-z0-9.\-]+:[0-9]{1,5}"),
}


class MemberInvalid(NodeError):
    """A member's description is malformed, or its folder does not hold what it should."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Member:
    """What an organisation publishes. `p2p` is host:port where its node listens for the others'."""

    name: str
    operator: str
    consensus_key: str
    node: str
    p2p: str

    def __post_init__(self) -> None:
        """Raises `MemberInvalid` for anything that is not of its form: it comes from somebody else."""
        if not _NAME.fullmatch(self.name):
            raise MemberInvalid(f"a member's name is lower-case letters, digits and hyphens: {self.name!r}")
        for field, form in _FORMS.items():
            if not form.fullmatch(getattr(self, field)):
                raise MemberInvalid(f"{self.name}: {field} is malformed")

    @classmethod
    def read(cls, path: Path) -> Member:
        """The description in a file. Raises `MemberInvalid`."""
        try:
            return cls(**json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError) as error:
            raise MemberInvalid(f"{path.name} is no member's description: {error}") from error


def operator_key(home: Path) -> bytes:
    """The secret key of the member's operator. Raises `MemberInvalid`."""
    try:
        key = bytes.fromhex((home / "operator.key").read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise MemberInvalid(f"{home} holds no operator's key") from error
    if len(key) != 32:
        raise MemberInvalid(f"{home} holds a malformed operator's key")
    return key


def make(home: Path, name: str, p2p: str, program: Path) -> Member:
    """Make the keys that are missing in `home`, and write `member.json`. Existing keys stay as they are."""
    from signing.accounts import Account

    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.chmod(home, 0o700)
    secret = home / "operator.key"
    if not secret.exists():
        write_atomically(secret, os.urandom(32).hex().encode() + b"\n")
    done = subprocess.run(
        [str(program), "keys", "--home", str(home)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MemberInvalid(f"{home}: the node's keys could not be made: {done.stderr.strip()}")
    public = json.loads(done.stdout)
    member = Member(
        name, str(Account.from_key(operator_key(home)).address), public["consensus_key"], public["node"], p2p
    )
    text = json.dumps(asdict(member), indent=1, sort_keys=True) + "\n"
    write_atomically(home / "member.json", text.encode(), 0o644)
    return member
