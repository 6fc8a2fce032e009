"""The one door to eth-account.

Importing it pulls in py_ecc, which raises the interpreter's recursion limit to 100,000: after that a deeply nested JSON body
overflows the C stack and kills the process instead of being refused. The limit is put back here, so nothing else in the
platform may import `eth_account` (a lint rule says so).
"""

from __future__ import annotations

import sys

_limit = sys.getrecursionlimit()

from eth_account import Account  # noqa: E402, TID251
from eth_account.signers.local import LocalAccount  # noqa: E402, TID251

sys.setrecursionlimit(_limit)

__all__ = ["Account", "LocalAccount"]
