"""Money is `Decimal` yuan with two places, rounded half up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

CENT = Decimal("0.01")


def yuan(amount: Decimal | int | str) -> Decimal:
    """`amount` in yuan rounded half up to the cent; raises ValueError for what is not a finite number."""
    try:
        value = Decimal(amount)
    except InvalidOperation as exc:
        raise ValueError(f"not an amount: {amount!r}") from exc
    if not value.is_finite():
        raise ValueError(f"not an amount: {amount!r}")
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def yuan_text(amount: Decimal | int | str) -> str:
    """The spelling in payloads and documents' data: two places, no separators, e.g. ``8000.00``."""
    return f"{yuan(amount):.2f}"
