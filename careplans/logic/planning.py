"""The planner's pure decisions: exclusions, hold-out sizes, order of the draw, capacity, the plan's hash."""

from __future__ import annotations

import hashlib
import json
import math
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

READ_OUT_MONTHS = 3
READ_OUT_GRACE = timedelta(days=14)

# The same rank in PostgreSQL; put the customer's column in {customer_id} and pass the seed as a parameter.
HASH_RANK_SQL = (
    "(('x' || substr(encode(sha256(convert_to(%(seed)s::text || ':' || {customer_id}::text, 'UTF8')), 'hex'),"
    " 1, 16))::bit(64)::bigint & 9223372036854775807)"
)
_63_BITS = (1 << 63) - 1


def hash_rank(seed: str, customer_id: int) -> int:
    """A customer's place in the draw: an integer in [0, 2⁶³), equal to `HASH_RANK_SQL`.

    A hash rather than a random column: whoever knows the seed can repeat the draw, in either place.
    """
    digest = hashlib.sha256(f"{seed}:{customer_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") & _63_BITS


def hold_out_size(n: int, share: float) -> int:
    """The number held out of n, rounded half up; `share` is read as the decimal that was typed."""
    return math.floor(_quota(n, share) + Fraction(1, 2))


def hold_out_sizes(n_by_stratum: Mapping[str, int], share: float) -> dict[str, int]:
    """The number held out of every stratum: largest remainders, adding up to `hold_out_size` of the whole.

    Each stratum gets its exact quota rounded down or up; equal remainders go in the order of the names.
    """
    quotas = {stratum: _quota(n, share) for stratum, n in n_by_stratum.items()}
    sizes = {stratum: math.floor(quota) for stratum, quota in quotas.items()}
    missing = hold_out_size(sum(n_by_stratum.values()), share) - sum(sizes.values())
    by_remainder = sorted(quotas, key=lambda stratum: (sizes[stratum] - quotas[stratum], stratum))
    for stratum in by_remainder[:missing]:
        sizes[stratum] += 1
    return sizes


def _quota(n: int, share: float) -> Fraction:
    if n < 0:
        raise ValueError(f"A stratum cannot have {n} customers.")
    if not 0 <= share < 1:
        raise ValueError(f"The hold-out share must be at least 0 and below 1, not {share}.")
    return n * Fraction(str(share))


@dataclass(frozen=True, slots=True)
class Capacity:
    """Agent minutes a plan needs and has; of n cases `fits` are served and `waits` are deferred."""

    minutes_needed: float
    minutes_available: float
    fits: int
    waits: int

    @property
    def minutes_short(self) -> float:
        return max(0.0, self.minutes_needed - self.minutes_available)


def capacity_fits(minutes_available: float, minutes_per_case: float, n: int) -> Capacity:
    """How many of n cases fit. `minutes_per_case` counts all expected tries."""
    if not (math.isfinite(minutes_per_case) and minutes_per_case > 0):
        raise ValueError(f"A case takes some minutes, not {minutes_per_case}.")
    if not (math.isfinite(minutes_available) and minutes_available >= 0) or n < 0:
        raise ValueError("Available minutes and the number of cases cannot be negative.")
    # 0.3 / 0.1 is 2.999…96 in binary: a case that fits to the last digit does fit.
    fits = min(n, math.floor(minutes_available / minutes_per_case + 1e-9))
    return Capacity(n * minutes_per_case, minutes_available, fits, n - fits)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Customers left out for one reason, after all reasons above it."""

    reason: str
    n: int


@dataclass(frozen=True, slots=True)
class Waterfall:
    """From customers found to customers eligible; each customer is left out once, by the first reason met."""

    found: int
    exclusions: tuple[Exclusion, ...] = ()

    def __post_init__(self) -> None:
        if self.found < 0 or any(exclusion.n < 0 for exclusion in self.exclusions):
            raise ValueError("A waterfall counts customers; a count cannot be negative.")
        if self.eligible < 0:
            raise ValueError(f"More customers are excluded than the {self.found} found.")

    @property
    def eligible(self) -> int:
        return self.found - sum(exclusion.n for exclusion in self.exclusions)


def plan_hash(rows: Iterable[tuple[int, str, str]]) -> str:
    """SHA-256 of a frozen list of (customer_id, line, arm), whatever order the rows come in.

    A customer stands once in a plan; twice is an error.
    """
    digest = hashlib.sha256()
    previous: int | None = None
    for customer_id, line, arm in sorted(rows):
        if customer_id == previous:
            raise ValueError(f"Customer {customer_id} stands twice in the plan.")
        previous = customer_id
        digest.update(json.dumps([customer_id, line, arm]).encode() + b"\n")
    return digest.hexdigest()


def working_days(first: date, last: date) -> int:
    """Mondays to Fridays from `first` to `last`, both included; holidays are not known here."""
    days = max(0, (last - first).days + 1)
    weeks, rest = divmod(days, 7)
    return 5 * weeks + sum((first.weekday() + day) % 7 < 5 for day in range(rest))


def read_out_day(launched_on: date) -> date:
    """The day of the verdict: three calendar months after the launch, when the last wave asks, and 14 days to answer.

    A month without that day ends on its last one.
    """
    years, month = divmod(launched_on.month - 1 + READ_OUT_MONTHS, 12)
    year, month = launched_on.year + years, month + 1
    day = min(launched_on.day, monthrange(year, month)[1])
    return date(year, month, day) + READ_OUT_GRACE


@dataclass(frozen=True, slots=True)
class Draw:
    """The three counts of one stratum. The propensity of an arm is its count over n: the draw is exact."""

    n: int
    hold_out: int
    deferred: int

    @property
    def care(self) -> int:
        return self.n - self.hold_out - self.deferred


def draws(
    n_by_stratum: Mapping[str, int],
    *,
    share: float,
    minutes: Mapping[str, float],
    first: frozenset[str],
    minutes_available: float,
) -> dict[str, Draw]:
    """How many of every stratum are held out, and how many wait because capacity is short.

    `minutes` are agent minutes per case of each stratum; strata in `first` are never deferred. The others share what
    is left of `minutes_available`, each stratum in the same proportion: a customer waits by chance, not by rank.
    Where cases take unequal minutes the fit is exact to about one case a stratum.
    """
    held = hold_out_sizes(n_by_stratum, share)
    rest = {name: n - held[name] for name, n in n_by_stratum.items()}
    left = minutes_available - sum(rest[name] * minutes[name] for name in first & rest.keys())
    pool = {name: n for name, n in rest.items() if name not in first and n}
    needed = sum(n * minutes[name] for name, n in pool.items())
    waits: Mapping[str, int] = {}
    if needed:
        total = sum(pool.values())
        capacity = capacity_fits(max(0.0, left), needed / total, total)
        waits = pool if capacity.fits == 0 else hold_out_sizes(pool, capacity.waits / total)
    return {name: Draw(n, held[name], waits.get(name, 0)) for name, n in n_by_stratum.items()}
