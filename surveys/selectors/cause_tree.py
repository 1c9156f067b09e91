"""The cause tree as it stands, what was done to it, and which rules name one of its codes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from django.db.models import Count, Max, QuerySet

from loopcare.common.rules import FieldSet, Join, Rule, RuleError, Test, parse
from surveys.logic.causes.tree import destinations, level, with_parents
from surveys.models import Cause, CauseChange, DetectionRule, PoolEntry, Segment
from surveys.selectors.detection import DETECTION_FIELDS
from surveys.selectors.pool import SEGMENT_FIELDS

HISTORY_SHOWN = 50

Named: TypeAlias = Segment | DetectionRule


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the tree; `cause` is None where only codes below it exist. `n` open entries have it itself, `held`
    have it or one below, each entry once."""

    code: str
    cause: Cause | None
    level: int
    n: int
    held: int


def tree() -> list[Node]:
    """Every code and what stands above it, depth first."""
    causes = {cause.code: cause for cause in Cause.objects.select_related("merged_into")}
    own, held = Counter[str](), Counter[str]()
    for codes, n in PoolEntry.objects.open().values_list("causes").annotate(n=Count("pk")).order_by():
        own.update(dict.fromkeys(codes, n))
        held.update(dict.fromkeys(with_parents(codes), n))
    return [Node(code, causes.get(code), level(code), own[code], held[code]) for code in with_parents([*causes, *own])]


def tree_version() -> int:
    """The number of the last change; 0 before the first."""
    return CauseChange.objects.aggregate(last=Max("version"))["last"] or 0


def history() -> QuerySet[CauseChange]:
    """What was done to the tree, the latest first."""
    return CauseChange.objects.select_related("cause", "other", "by").order_by("-version")


def merged_codes() -> dict[str, str]:
    """Code of a merged cause → the code where it ended."""
    return destinations(dict(Cause.objects.exclude(merged_into=None).values_list("code", "merged_into__code")))


def open_with(code: str) -> int:
    """How many open entries a merging of this cause would rewrite: those with its code, or one that ended in it."""
    codes = [code, *(old for old, end in merged_codes().items() if end == code)]
    return PoolEntry.objects.open().filter(causes__overlap=codes).count()


def rules_naming(codes: Iterable[str]) -> dict[str, list[Named]]:
    """Code → the segments and detection rules that name it. A rule that no longer reads names nothing."""
    wanted, found = set(codes), defaultdict[str, list[Named]](list)
    if not wanted:
        return {}
    places: Iterable[tuple[Named, FieldSet]] = [
        *((segment, SEGMENT_FIELDS) for segment in Segment.objects.order_by("name")),
        *((rule, DETECTION_FIELDS) for rule in DetectionRule.objects.order_by("name")),
    ]
    for row, fields in places:
        try:
            named = _named(parse(row.rule, fields))
        except RuleError:
            continue
        for code in sorted(named & wanted):
            found[code].append(row)
    return dict(found)


def _named(rule: Rule) -> set[str]:
    """The codes of causes that a rule names."""
    if isinstance(rule, Test):
        return {str(value) for value in rule.values} if rule.field == "causes" else set()
    parts: tuple[Rule, ...] = rule.parts if isinstance(rule, Join) else (rule.rule,)
    return set[str]().union(*(_named(part) for part in parts))
