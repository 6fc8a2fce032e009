"""What can go wrong in the embedded chain, each with the text an operator reads."""

from __future__ import annotations


class NodeError(Exception):
    """Base of every error this package raises on purpose. ``exit_code`` is what the process ends with."""

    exit_code = 1


class InstallationMismatch(NodeError):
    """The data folder belongs to another chain than the one asked for, or another node holds it."""

    exit_code = 2


class JournalCorrupt(NodeError):
    """A journal line other than a torn last one does not carry its digest.

    Nothing is repaired by guessing.
    """

    exit_code = 3

    def __init__(self, path: object, line: int, offset: int, reason: str) -> None:
        super().__init__(
            f"journal {path} is corrupt at line {line} (byte {offset}): {reason}. "
            "Restore the folder from a backup; the node does not start on a damaged history."
        )
        self.line = line
        self.offset = offset


class JournalUnavailable(NodeError):
    """The disk refused a write (full, read-only).

    Nothing was acknowledged and the file ends where it ended before.
    """


class JournalBroken(NodeError):
    """The disk refused in a way that leaves the file's end unknown:

    the process ends and the next start reads the truth.
    """

    exit_code = 3


class ReplayMismatch(NodeError):
    """The chain rebuilt from the journal is not the chain that was journalled."""

    exit_code = 4


class EngineDown(NodeError):
    """anvil does not answer: it died, or a call ran into its time limit. The supervisor starts it again."""


class EngineRefused(NodeError):
    """anvil answered a call with a JSON-RPC error."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.method = method
        self.code = code
        self.message = message


class RpcRefused(NodeError):
    """The gateway refuses a caller's request: a JSON-RPC error and the HTTP status a single call gets."""

    def __init__(self, code: int, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
