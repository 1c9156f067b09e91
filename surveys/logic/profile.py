"""What the dissatisfied have in common: which values of which attributes stand out in the pool against the rest.

Whoever is in the pool is compared with everybody who is not, among customers whose attribute is known. Both groups may
be read as samples: the ratio of two shares does not depend on how large a part of either was read, and the lift follows
from it and from the share of customers who are in the pool. Twice as many in the pool as elsewhere is an association,
not a cause.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from scipy import special

from surveys.logic.alarms import false_discovery_limit
from surveys.logic.metrics import proportion

LEAST_CUSTOMERS = 30
"""A value of fewer customers of the base is neither tested nor shown: it may point to somebody."""
LEAST_EXPECTED = 5.0
"""In either group and on either side, what must be expected for the score test to hold (Cochran 1954)."""
FALSE_SHARE = 0.05
UNKNOWN = ""
"""The value of those whose attribute is not known; compared with everybody, not only with those who are known."""


@dataclass(frozen=True, slots=True)
class Read:
    """How many customers there are, and how many of them were read: in the pool, and of the rest."""

    pool: int
    base: int
    pool_read: int
    rest_read: int


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of those who were read have one value. A band of numbers runs from `low` to `high`, both included."""

    attribute: str
    value: str
    pool: int
    rest: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One value in the pool and in the base.

    `pool` and `base` are customers with the value (estimates where a sample was read), `known_pool` and `known_base`
    those whose attribute is known. `lift`: how many times the share of the pool among customers with the value is that
    among all who are known; from 0 to known_base / base. `p` is two-sided. `stands_out`: rejected at a false discovery
    rate of 5 % over all values tested.
    """

    attribute: str
    value: str
    low: float | None
    high: float | None
    pool: int
    base: int
    known_pool: int
    known_base: int
    lift: float
    lift_low: float
    lift_high: float
    p: float
    stands_out: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """Values tested, what stands out first and the furthest from 1 before the others; and how many were not tested."""

    values: tuple[Standing, ...]
    too_few: int
    p_limit: float

    @property
    def tested(self) -> int:
        return len(self.values)


def profile(counts: Iterable[Counted], known: dict[str, tuple[int, int]], read: Read) -> Profile:
    """Compare every value. `known`: attribute → how many of (pool, rest) that were read have it.

    Those without it are compared too, under the value `UNKNOWN`: that something is not known may itself tell. Raises
    ValueError for counts that are none.
    """
    by_attribute = defaultdict[str, list[Counted]](list)
    for each in counts:
        by_attribute[each.attribute].append(each)
    tested: list[Standing] = []
    too_few = 0
    for attribute, group in known.items():
        values = [
            _standing(each, *among, read) for each, among in _compared(attribute, by_attribute[attribute], group, read)
        ]
        tested += [value for value in values if value is not None]
        too_few += sum(value is None for value in values)
    limit = false_discovery_limit([value.p for value in tested], share=FALSE_SHARE)
    marked = [replace(value, stands_out=value.p <= limit) for value in tested]
    marked.sort(key=lambda value: (not value.stands_out, -_distance(value.lift), value.attribute, value.value))
    return Profile(tuple(marked), too_few, limit)


def _compared(
    attribute: str, counts: Sequence[Counted], known: tuple[int, int], read: Read
) -> list[tuple[Counted, tuple[int, int]]]:
    """What is compared, each with (pool, rest) of those among whom it is."""
    everybody = (read.pool_read, read.rest_read)
    if len(counts) == 1 and (counts[0].pool, counts[0].rest) == known:
        # A mark that some have and nobody lacks by another value: compared with those who do not have it.
        return [(counts[0], everybody)]
    compared = [(each, known) for each in counts]
    if known != everybody:
        lacking = Counted(attribute, UNKNOWN, read.pool_read - known[0], read.rest_read - known[1])
        compared.append((lacking, everybody))
    return compared


def _standing(one: Counted, pool: int, rest: int, read: Read) -> Standing | None:
    if not (0 <= one.pool <= pool and 0 <= one.rest <= rest):
        raise ValueError(f"More customers have {one.attribute} {one.value!r} than were read.")
    # What was read stands for so many customers.
    pool_weight = read.pool / read.pool_read if read.pool_read else 0.0
    rest_weight = (read.base - read.pool) / read.rest_read if read.rest_read else 0.0
    base = round(one.pool * pool_weight + one.rest * rest_weight)
    if base < LEAST_CUSTOMERS or not _testable(one, pool, rest):
        return None
    known_pool, known_base = round(pool * pool_weight), round(pool * pool_weight + rest * rest_weight)
    rate = pool * pool_weight / (pool * pool_weight + rest * rest_weight)
    low, high = ratio_interval(one.pool, pool, one.rest, rest)
    return Standing(
        attribute=one.attribute,
        value=one.value,
        low=one.low,
        high=one.high,
        pool=round(one.pool * pool_weight),
        base=base,
        known_pool=known_pool,
        known_base=known_base,
        lift=lift_of(_ratio(one.pool * rest, one.rest * pool), rate),
        lift_low=lift_of(low, rate),
        lift_high=lift_of(high, rate),
        p=two_sided(one.pool, pool, one.rest, rest),
    )


def _testable(one: Counted, pool: int, rest: int) -> bool:
    if not (pool and rest):
        return False
    share = (one.pool + one.rest) / (pool + rest)
    return min(pool, rest) * min(share, 1 - share) >= LEAST_EXPECTED


def lift_of(ratio: float, rate: float) -> float:
    """The lift of a value that is `ratio` times as frequent in the pool as in the rest; `rate` is the pool's share.

    The base is pool and rest together: lift = ratio / (rate × ratio + 1 − rate), which rises with the ratio, from 0 to
    1 / rate where nobody outside the pool has the value.
    """
    if math.isinf(ratio):
        return 1 / rate
    return ratio / (rate * ratio + 1 - rate)


def ratio_interval(first: int, n_first: int, second: int, n_second: int) -> tuple[float, float]:
    """The 95 % interval of the ratio of two independent shares, 0 to infinity.

    Donner and Zou (2012), MOVER-R with Wilson's limits: near the score interval, in closed form, and honest where a
    share is 0, where the interval of the logarithm (Katz) has nothing to say.
    """
    (p, p_low, p_high), (q, q_low, q_high) = _wilson(first, n_first), _wilson(second, n_second)
    if p == q == 0:
        return 0.0, math.inf
    least, most = p_low * (2 * p - p_low), p_high * (2 * p - p_high)
    under_low, under_high = q_high * (2 * q - q_high), q_low * (2 * q - q_low)
    # Their formula for the lower limit, turned over: theirs divides by nothing where q_high is twice q.
    low = least / (p * q + math.sqrt(max(0.0, (p * q) ** 2 - least * under_low))) if p else 0.0
    high = (p * q + math.sqrt(max(0.0, (p * q) ** 2 - most * under_high))) / under_high if q_low else math.inf
    return low, high


def two_sided(first: int, n_first: int, second: int, n_second: int) -> float:
    """The p of the score test that two shares are the same (Pearson's chi-squared without correction)."""
    pooled = (first + second) / (n_first + n_second)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n_first + 1 / n_second))
    if not error:
        return 1.0
    return float(2 * special.ndtr(-abs(first / n_first - second / n_second) / error))


def _wilson(successes: int, n: int) -> tuple[float, float, float]:
    found = proportion(successes, n)
    assert found.share is not None
    assert found.low is not None
    assert found.high is not None
    return found.share, found.low, found.high


def _ratio(over: float, under: float) -> float:
    return over / under if under else math.inf


def _distance(lift: float) -> float:
    return abs(math.log(lift)) if lift else math.inf
