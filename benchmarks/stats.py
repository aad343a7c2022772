"""Medians and spreads: what a list of rounds comes to."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

__all__ = ["spread", "summary"]


def summary(values: Sequence[float], digits: int = 3) -> dict[str, Any]:
    """Return the median of some rounds, the lowest, the highest, how many."""
    if not values:
        raise ValueError("no rounds, no median")
    return {
        "median": round(median(values), digits),
        "low": round(min(values), digits),
        "high": round(max(values), digits),
        "rounds": len(values),
    }


def spread(found: dict[str, Any]) -> float:
    """Return how far lowest and highest are apart, in parts of the median."""
    middle = found["median"]
    return (found["high"] - found["low"]) / middle if middle else 0.0
