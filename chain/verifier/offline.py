"""Takes the network away from a process that only verifies: the command line and the child process.

pyHanko loads an HTTP client (aiohttp) for signing, which verification never uses. In a process of our own it is
replaced, before pyHanko is loaded, by a placeholder whose classes can't be made: whatever addresses a certificate in
a stranger's file holds, there is nothing here that could call them. It also saves a quarter second of start-up.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class NetworkUnavailable(RuntimeError):
    """Something asked for the network in a process that has none."""


class _Refused:
    """Stands for every class of the HTTP client; can be named in annotations, never made."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise NetworkUnavailable("verification opens no connections")


class _Placeholder(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (_Refused,), {})


def without_network() -> None:
    """Replace the HTTP client that pyHanko would load. Does nothing where it is loaded already."""
    if "aiohttp" not in sys.modules:
        sys.modules["aiohttp"] = _Placeholder("aiohttp")
