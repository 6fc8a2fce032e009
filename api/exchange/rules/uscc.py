"""Unified social credit codes (GB 32100-2015): shape and check character, over whole columns.

C18 = (31 − Σ Cᵢ·3^(i−1) mod 31) mod 31 over the alphabet without I O S V Z. Some early codes in use fail the check, so
neither rule rejects a row by itself.
"""

from __future__ import annotations

import polars as pl

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18
WEIGHTS = tuple(pow(3, i, 31) for i in range(LENGTH - 1))
_NONE = 255
_CODES = [ALPHABET.index(chr(byte)) if chr(byte) in ALPHABET else _NONE for byte in range(256)]
OK, SHAPE, CHECK = 0, 1, 2


def check_character(first17: str) -> str:
    """The 18th character. Raises ValueError for a character outside of the alphabet or another length."""
    if len(first17) != LENGTH - 1:
        raise ValueError("17 characters are needed")
    total = sum(ALPHABET.index(char) * weight for char, weight in zip(first17, WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def judge(codes: pl.Series) -> pl.Series:
    """UInt8 a code (upper case): 0 right, 1 not of the form, 2 the check character is another; null stays null."""
    whole = codes.str.len_bytes() == LENGTH
    probe = codes.zip_with(
        whole.fill_null(False), pl.Series([ALPHABET[0] * LENGTH]).new_from_index(0, codes.len())
    )
    letters = probe.cast(pl.Binary).bin.reinterpret(dtype=pl.Array(pl.UInt8, LENGTH)).to_frame("c")
    table = pl.lit(pl.Series(_CODES, dtype=pl.UInt8))
    values = [table.gather(pl.col("c").arr.get(i)) for i in range(LENGTH)]
    total = sum(
        (values[i].cast(pl.UInt16) * weight for i, weight in enumerate(WEIGHTS)), pl.lit(0, pl.UInt16)
    )
    strange = pl.max_horizontal(values) == _NONE
    right = (total + values[-1]) % 31 == 0
    judged = pl.when(strange).then(SHAPE).when(right).then(OK).otherwise(CHECK).cast(pl.UInt8)
    found = letters.select(judged).to_series()
    return (
        pl.DataFrame({"whole": whole, "found": found})
        .select(
            pl.when(pl.col("whole"))
            .then("found")
            .otherwise(pl.when(pl.col("whole").is_not_null()).then(SHAPE))
        )
        .to_series()
        .cast(pl.UInt8)
        .alias(codes.name)
    )
