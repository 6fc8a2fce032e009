"""Figures with proofs: which storage slot of the registry counts what (spec, 3.5).

`LaborContractRegistry` keeps `_concluded[regionCode][month]`, where 0 stands for all regions or all months.
`WarningDecisionRegistry` keeps `_counted[kind][townCode][month]`, one word for the four grades.
"""

from __future__ import annotations

import re
from typing import Final

COUNTERS_SLOT: Final = 3
"""Slot of `_concluded` in the registry's storage layout; a test compares it with the compiler's own layout."""

TALLIES_SLOT: Final = 3
"""Slot of `_counted` in the registry of warning decisions; tested in the same way."""

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def month_number(month: str | None) -> int:
    """100 x year + month of `YYYY-MM`, 0 for all months; raises ValueError for other text."""
    if month is None:
        return 0
    match = _MONTH.fullmatch(month)
    if match is None:
        raise ValueError("a month is written YYYY-MM")
    return int(match[1]) * 100 + int(match[2])


def counter_slot(region: int | None, month: str | None) -> bytes:
    """The 32-byte slot of the counter of a region (None: all) and a month `YYYY-MM` (None: all)."""
    from chain.state_proofs import mapping_slot

    keys = ((region or 0).to_bytes(32, "big"), month_number(month).to_bytes(32, "big"))
    return mapping_slot(COUNTERS_SLOT, *keys)


def tally_slot(kind: int, town: int | None, month: str | None) -> bytes:
    """The 32-byte slot that counts steps of a kind by grade, of a town (None: all) and a month `YYYY-MM` (None: all)."""
    from chain.state_proofs import mapping_slot

    keys = (
        kind.to_bytes(32, "big"),
        (town or 0).to_bytes(32, "big"),
        month_number(month).to_bytes(32, "big"),
    )
    return mapping_slot(TALLIES_SLOT, *keys)


def tally(word: int) -> tuple[int, int, int, int]:
    """How many steps left a warning blue, yellow, orange, red: the four 64-bit parts of a tally's slot."""
    blue, yellow, orange, red = ((word >> 64 * place) & (2**64 - 1) for place in range(4))
    return blue, yellow, orange, red
