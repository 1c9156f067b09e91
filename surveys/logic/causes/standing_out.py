"""Terms that stand out among comments of unknown cause: what the cause tree may lack.

Log-odds with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008, "Fightin' Words", Political Analysis
16(4), equations 16, 20 and 22): a term's odds among the unknown against its odds among the known, both drawn towards
its odds among all, in standard errors. A comment counts a term once, however often it says it.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from surveys.logic.causes.texts import normalised

LEAST_Z = 2.0
LEAST_COMMENTS = 5
"""A term in fewer comments may be anybody's name."""
PRIOR = 0.1
"""Weight of the prior: as if a tenth of all comments had been read before."""
SAME = 0.8
"""Terms that share so many of their comments say the same."""
LOOKED_AT = 300
"""Characters of a comment that terms are taken from."""

_RUN = re.compile(r"[a-z][a-z0-9]{2,}|[\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Term:
    """A term, in how many unknown and in how many known comments it stands, and how far it stands out (z)."""

    term: str
    unknown: int
    known: int
    z: float


def standing_out(unknown: Sequence[str], known: Sequence[str], *, most: int = 20) -> list[Term]:
    """The terms that stand out most among the unknown, z ≥ 2; of terms that hold each other only the longest.

    Terms are words of Latin letters, and two to four Chinese characters in a row.
    """
    where, elsewhere = _comments_by_term(unknown), _comments_by_term(known)
    n_unknown = sum(len(comments) for comments in where.values())
    n_known = sum(len(comments) for comments in elsewhere.values())
    found = {}
    for term, comments in where.items():
        counts = (len(comments), len(elsewhere.get(term, ())))
        if counts[0] >= LEAST_COMMENTS:
            z = z_of(*counts, n_unknown, n_known)
            if z >= LEAST_Z:
                found[term] = Term(term, *counts, z)
    return _told(found, where, most)


def z_of(unknown: int, known: int, n_unknown: int, n_known: int) -> float:
    """How far a term said `unknown` times in `n_unknown` stands out against `known` in `n_known`, in standard errors.

    0 where a group says nothing but this term, or nothing at all: there is nothing to compare it with.
    """
    prior = PRIOR * (unknown + known)
    others = PRIOR * (n_unknown + n_known) - prior
    rest_unknown, rest_known = n_unknown - unknown + others, n_known - known + others
    if prior <= 0 or not n_unknown or not n_known or rest_unknown <= 0 or rest_known <= 0:
        return 0.0
    difference = math.log((unknown + prior) / rest_unknown) - math.log((known + prior) / rest_known)
    return difference / math.sqrt(1 / (unknown + prior) + 1 / (known + prior))


def _comments_by_term(comments: Sequence[str]) -> dict[str, set[int]]:
    found = defaultdict[str, set[int]](set)
    for number, comment in enumerate(comments):
        for term in _terms(normalised(comment)[:LOOKED_AT]):
            found[term].add(number)
    return found


def _terms(text: str) -> Iterator[str]:
    for run in _RUN.findall(text):
        if run.isascii():
            yield run
        else:
            yield from (run[at : at + size] for size in (2, 3, 4) for at in range(len(run) - size + 1))


def _told(found: dict[str, Term], where: dict[str, set[int]], most: int) -> list[Term]:
    """Without terms that say what another says: first those a longer one holds, then those that overlap a stronger."""
    for longer in sorted(found, key=len, reverse=True):
        for part in _parts(longer):
            if part in found and found[longer].unknown >= SAME * found[part].unknown:
                del found[part]
    told = list[Term]()
    for term in sorted(found.values(), key=lambda term: (-term.z, term.term)):
        mine = where[term.term]
        if len(told) < most and not any(
            _overlap(term.term, other.term) and len(mine & where[other.term]) >= SAME * len(mine) for other in told
        ):
            told.append(term)
    return told


def _parts(term: str) -> set[str]:
    """The shorter terms that stand in a Chinese one."""
    if term.isascii():
        return set()
    return {term[at : at + size] for size in range(2, len(term)) for at in range(len(term) - size + 1)}


def _overlap(term: str, other: str) -> bool:
    return not term.isascii() and any(term[at : at + 2] in other for at in range(len(term) - 1))
