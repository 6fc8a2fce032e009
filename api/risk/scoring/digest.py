"""One hash over many decisions: two runs that agree in every tier, mask, score and grade have the same."""

from __future__ import annotations

import hashlib
import sys
from array import array

import polars as pl

from api.risk.scoring.decision import OUTPUT
from api.risk.spec.model import RuleSetError


def digest(frame: pl.DataFrame) -> str:
    """SHA-256 in hex over `enterprise` and the columns of a decision, sorted by enterprise.

    Each column in turn, as little-endian int64. Raises RuleSetError on a null, another type or an enterprise that is there
    twice: such a frame is no set of decisions.
    """
    names = ("enterprise", *OUTPUT)
    wrong = [
        n for n in names if n not in frame.columns or frame[n].dtype != pl.Int64 or frame[n].null_count()
    ]
    if wrong:
        raise RuleSetError("not whole Int64 columns: " + ", ".join(wrong))
    ordered = frame.select(names).sort("enterprise")
    if ordered["enterprise"].n_unique() != ordered.height:
        raise RuleSetError("an enterprise is there twice")
    summed = hashlib.sha256(ordered.height.to_bytes(8, "little"))
    for name in names:
        values = array("q", ordered[name].to_list())
        if sys.byteorder == "big":
            values.byteswap()
        summed.update(values.tobytes())
    return summed.hexdigest()
