"""Column names of a file against a schema: codes, Chinese and English names; a near miss is named, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from api.exchange.model import Dataset

REFERENCE = "_ref"
REASON = "_reason"
EXTRAS = frozenset({REFERENCE, REASON})
"""Columns of our own downloads of rejected rows: which row a repaired one stands for, and why it was rejected."""
NEAR = 60
_SPACE = re.compile(r"[\s\ufeff]+")


@dataclass(frozen=True)
class Headers:
    """`columns`: position in the file → column of the present schema; `version`: of the schema that the file follows.

    Columns that the schema has given up are left out of files of older versions. The rest says why a file can't be read.
    """

    columns: Mapping[int, str]
    version: int = 1
    missing: Sequence[str] = ()
    doubled: Sequence[str] = ()
    unknown: Sequence[str] = ()
    nearest: Mapping[str, str] = field(default_factory=dict)

    @property
    def usable(self) -> bool:
        """Every column is there once and nothing else."""
        return not (self.missing or self.doubled or self.unknown)


def _plain(text: str) -> str:
    return _SPACE.sub("", text).replace("（", "(").replace("）", ")").casefold()


def read_headers(dataset: Dataset, found: Sequence[str]) -> Headers:
    """Which file column is which. `nearest`: for an unknown column the missing one that it resembles most.

    A file has exactly the columns of one version of the schema; what fits none is held against the present one.
    """
    known: dict[str, str] = {_plain(name): name for name in EXTRAS}
    for column in (*dataset.columns, *dataset.retired):
        for spelling in (column.name, column.zh, column.en):
            known.setdefault(_plain(spelling), column.name)
    columns: dict[int, str] = {}
    doubled: list[str] = []
    unknown: list[str] = []
    for index, text in enumerate(found):
        name = known.get(_plain(text))
        if name is None:
            unknown.append(text)
        elif name in columns.values():
            doubled.append(name)
        else:
            columns[index] = name
    given = set(columns.values()) - EXTRAS
    version = next(
        (v for v in range(dataset.version, 0, -1) if dataset.names_of(v) == given), dataset.version
    )
    expected = dataset.names_of(version)
    missing = [name for name in dataset.names if name in expected - given]
    unknown += [found[index] for index, name in columns.items() if name in given - expected]
    kept = {index: name for index, name in columns.items() if name in EXTRAS or name in dataset.names}
    return Headers(kept, version, missing, doubled, unknown, _nearest(dataset, unknown, missing))


def _nearest(dataset: Dataset, unknown: Sequence[str], missing: Sequence[str]) -> dict[str, str]:
    near: dict[str, str] = {}
    spellings = {
        _plain(text): name
        for name in missing
        for column in [dataset.column(name)]
        for text in (column.name, column.zh, column.en)
    }
    for text in unknown:
        best = process.extractOne(_plain(text), list(spellings), scorer=fuzz.ratio, score_cutoff=NEAR)
        if best is not None:
            near[text] = spellings[best[0]]
    return near
