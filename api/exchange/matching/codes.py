"""Unified social credit codes in columns: state and repair of the check character (GB 32100-2015). Pure expressions."""

from __future__ import annotations

import polars as pl

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_FORM = f"^[{ALPHABET}]{{18}}$"
_BODY = f"^[{ALPHABET}]{{17}}$"
_CONFUSED = {"O": "0", "I": "1", "Z": "2", "S": "5", "V": "U"}
SHORTEST = 8
"""Fewer characters are a filler (无, /, 0) and no damaged code."""


def clean(code: pl.Expr) -> pl.Expr:
    """Half width, capitals, letters and digits only; empty where there is no code."""
    return code.fill_null("").str.normalize("NFKC").str.to_uppercase().str.replace_all(r"[^0-9A-Z]", "")


def check_character(code: pl.Expr) -> pl.Expr:
    """The eighteenth character that belongs to the first seventeen: C18 = (31 − Σ value·3^i mod 31) mod 31.

    Null where the first seventeen are not of the code's alphabet.
    """
    total = pl.lit(0, dtype=pl.Int32)
    for place, weight in enumerate(WEIGHTS):
        value = code.str.slice(place, 1).replace_strict(
            list(ALPHABET), list(range(31)), default=None, return_dtype=pl.Int32
        )
        total = total + value * weight
    found = (31 - total % 31) % 31
    return found.replace_strict(list(range(31)), list(ALPHABET), default=None, return_dtype=pl.String)


def is_valid(code: pl.Expr) -> pl.Expr:
    """Whether a cleaned code has the form and its check character fits. Boolean, never null."""
    fits = check_character(code) == code.str.slice(17, 1)
    return (code.str.contains(_FORM) & fits).fill_null(False)


def is_absent(code: pl.Expr) -> pl.Expr:
    """Whether a cleaned code is none at all: shorter than eight characters, or one character over and over."""
    repeated = code.str.replace_all(r"^0+$|^1+$|^9+$|^X+$", "").str.len_chars() == 0
    return (code.str.len_chars() < SHORTEST) | repeated


def straightened(code: pl.Expr) -> pl.Expr:
    """A cleaned code with letters that the alphabet does not have replaced by what they are mistaken for."""
    out = code
    for wrong, right in _CONFUSED.items():
        out = out.str.replace_all(wrong, right, literal=True)
    return out


def rechecked(code: pl.Expr) -> pl.Expr:
    """The straightened code with the check character that belongs to it; null where seventeen characters do not stand."""
    body = straightened(code).str.slice(0, 17)
    long_enough = code.str.len_chars().is_between(17, 18) & body.str.contains(_BODY)
    return pl.when(long_enough).then(body + check_character(body)).otherwise(None)
