"""The pool against the whole base, attribute by attribute, read and kept."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime
from typing import Any

from surveys.enums import AnalysisKind
from surveys.logic.profile import FALSE_SHARE, profile
from surveys.models import Analysis
from surveys.selectors.profile import Facts, facts_of_customers
from surveys.services.analyses import keep_analysis

CUSTOMERS = ""
"""The scope of what is known of customers here."""


def make_profile(*, now: datetime) -> list[Analysis]:
    """Read and keep what the dissatisfied have in common, by what is known of customers here.

    `figures`: pool and base, how many of either were read (pool_read, rest_read), `tested` values and `too_few`
    customers for others, `false_share` of what stands out that may be chance, attributes (name, how many are known in
    the base, how many values were tested, whether only the most frequent), and the values as `Standing` has them.
    """
    began = time.perf_counter()
    figures = figures_of(facts_of_customers())
    seconds = time.perf_counter() - began
    return [keep_analysis(kind=AnalysisKind.PROFILE, scope=CUSTOMERS, figures=figures, seconds=seconds, now=now)]


def figures_of(facts: Facts) -> dict[str, Any]:
    """A profile as it is kept."""
    read, found = facts.read, profile(facts.counts, facts.known, facts.read)
    known = {value.attribute: value.known_base for value in found.values if value.value}
    tested = [value.attribute for value in found.values]
    return {
        "pool": read.pool,
        "base": read.base,
        "pool_read": read.pool_read,
        "rest_read": read.rest_read,
        "tested": found.tested,
        "too_few": found.too_few,
        "false_share": FALSE_SHARE,
        "attributes": [
            {"name": name, "known": known.get(name), "tested": tested.count(name), "crowded": name in facts.crowded}
            for name in sorted(facts.known)
        ],
        "values": [asdict(value) for value in found.values],
    }
