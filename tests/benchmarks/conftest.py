"""Interleaved timing: every contender runs in turn, several rounds, and medians are compared within one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def compare(contenders: Mapping[str, Callable[[], int]], *, rounds: int = 5) -> dict[str, float]:
    """Things per second of each contender, the median of `rounds`; a contender returns how many things it did."""
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _round in range(rounds):
        for name, run in contenders.items():
            began = time.perf_counter()
            done = run()
            rates[name].append(done / (time.perf_counter() - began))
    return {name: statistics.median(values) for name, values in rates.items()}


def show(title: str, rates: Mapping[str, float], *, floor: str) -> None:
    """One line a contender: its rate and its ratio to the floor of the same run."""
    print(f"\n{title}")
    for name, rate in rates.items():
        print(f"  {name:<32}{rate:>10,.0f}/s   {rate / rates[floor]:.2f} × {floor}")
