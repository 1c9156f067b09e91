"""The cause tree as its codes say it: a code is a path, `billing.refund` stands below `billing`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from surveys.logic.document import CODE

MAX_CODE = 60
"""Characters of a whole path."""


def is_code(code: str) -> bool:
    """Whether it is a path, written as in a mapping: small letters, digits, dots and dashes, 60 characters at most."""
    return len(code) <= MAX_CODE and CODE.fullmatch(code) is not None


def parent(code: str) -> str:
    """The code above; '' for one at the top."""
    return code.rpartition(".")[0]


def top(code: str) -> str:
    """The first part of a path."""
    return code.partition(".")[0]


def level(code: str) -> int:
    """How many codes stand above; 0 at the top."""
    return code.count(".")


def is_below(code: str, other: str) -> bool:
    """Whether `code` stands somewhere below `other`; none stands below itself."""
    return code.startswith(f"{other}.")


def with_parents(codes: Iterable[str]) -> list[str]:
    """The codes and all that stand above them, each once, every one right before what stands below it."""
    found = set[str]()
    for code in codes:
        above = code
        while above and above not in found:
            found.add(above)
            above = parent(above)
    return sorted(found, key=lambda code: code.split("."))


def destinations(merged: Mapping[str, str]) -> dict[str, str]:
    """Where each merged code ended: of a → b and b → c, a and b end at c. Raises ValueError for a ring."""
    ends = {}
    for code in merged:
        end, passed = merged[code], {code}
        while end in merged:
            if end in passed:
                raise ValueError(f"{code} was merged into itself by way of {end}.")
            passed.add(end)
            end = merged[end]
        ends[code] = end
    return ends


def shown(codes: Iterable[str], merged: Mapping[str, str], *, top_only: bool = False) -> frozenset[str]:
    """An entry's codes as they are counted, each once: a merged one as what it ended in (`merged` of `destinations`),
    of all only the top part where that is asked. A signal that came after a merging may still bring the old code."""
    ended = {merged.get(code, code) for code in codes}
    return frozenset(map(top, ended) if top_only else ended)
