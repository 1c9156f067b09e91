"""Scales, round ticks and number texts shared by all charts."""

from __future__ import annotations

import math
from dataclasses import dataclass

UNKNOWN = "?"
MINUS = "\u2212"


def nice_ticks(low: float, high: float, most: int = 5) -> tuple[float, ...]:
    """Round, evenly spaced numbers (steps of 1, 2 or 5 × 10ᵏ) that enclose low…high, `most` or so of them."""
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ValueError(f"An axis runs from a lower to a higher number, not from {low} to {high}.")
    if low == high:
        low, high = low - 1, high + 1
    rough = (high - low) / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, -math.floor(math.log10(step)))
    return tuple(round(k * step, digits) + 0.0 for k in range(first, last + 1))


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map from numbers low…high to start…stop."""

    low: float
    high: float
    start: float = 0.0
    stop: float = 100.0

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)

    def percent(self, value: float) -> str:
        return f"{self(value):.2f}%"


def decimals_of(value: float) -> int:
    """Decimals that a round number needs: 0.25 → 2."""
    return len(f"{value:.10f}".rstrip("0").partition(".")[2])


def number(value: float | None, decimals: int = 0) -> str:
    """1,234.5 with a true minus sign; `?` when unknown."""
    if value is None:
        return UNKNOWN
    text = f"{value:,.{decimals}f}"
    return text.replace("-", MINUS) if float(text.replace(",", "")) else text.lstrip("-")


def signed(value: float | None, decimals: int = 1) -> str:
    """Like `number`, with a plus sign before what is above zero."""
    text = number(value, decimals)
    return f"+{text}" if value is not None and value > 0 and text.strip("0.") else text


def shorten(text: str, columns: int) -> str:
    """At most `columns` wide, a Chinese character counting two, cut with an ellipsis."""
    width = 0
    for index, character in enumerate(text):
        width += 1 if ord(character) < 0x2E80 else 2
        if width > columns:
            return text[: max(1, index - 1)].rstrip() + "…"
    return text
