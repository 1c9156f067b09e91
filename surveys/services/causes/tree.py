"""The cause tree changed: every act is a version with what stood before and after, and none deletes a cause.

What customers said stays: signals keep the code that was chosen. What the pool holds follows the tree: a merging
rewrites the open entries, and `resolve_merged` those that later signals brought in under the old code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.models import User
from surveys.enums import CauseAct
from surveys.logic.causes.tree import is_below, is_code, parent
from surveys.models import Cause, CauseChange
from surveys.selectors.cause_tree import merged_codes, tree_version
from surveys.services.detecting import POOL_LOCK

TREE_LOCK = 7_011
"""The tree is changed by one at a time, from the first look to the commit."""
MAX_NAME, MAX_REASON = 80, 200
MAX_KEYWORDS, MAX_KEYWORD = 50, 60

RESOLVE = """
UPDATE surveys_poolentry AS e SET causes = ARRAY(
    SELECT DISTINCT coalesce(gone.target, c) COLLATE "C"
    FROM unnest(e.causes) AS c LEFT JOIN unnest(%(codes)s::text[], %(targets)s::text[]) AS gone(code, target)
        ON gone.code = c ORDER BY 1)
WHERE e.status <> 'left' AND e.causes && %(codes)s::varchar[]
"""


@dataclass(frozen=True, slots=True)
class NewCause:
    """What a cause is made of; as part of a split, `code` is only what it adds to the one that is split."""

    code: str
    name_en: str
    name_zh: str = ""
    keywords: tuple[str, ...] = ()


@transaction.atomic
def add_cause(*, new: NewCause, by: User, now: datetime, reason: str = "") -> Cause:
    """A new cause. Raises Invalid for a code that is none or taken, or whose parent is not there or not in use."""
    tree = _turn()
    row = _made(new, tree)
    row.save()
    _note(CauseAct.ADDED, row, before={}, after=_facts(row), reason=reason, by=by, now=now)
    return row


@transaction.atomic
def change_cause(
    *, cause: Cause, name_en: str, name_zh: str, keywords: Iterable[str], by: User, now: datetime, reason: str = ""
) -> Cause:
    """Other names or keywords; the code never changes. The same again writes nothing. Raises Invalid."""
    row = _turn()[cause.code]
    before = _facts(row)
    row.name_en, row.name_zh = _names(name_en, name_zh)
    row.keywords = _keywords(keywords)
    if _facts(row) != before:
        row.save(update_fields=["name_en", "name_zh", "keywords"])
        _note(CauseAct.CHANGED, row, before=before, after=_facts(row), reason=reason, by=by, now=now)
    return row


@transaction.atomic
def merge_cause(*, cause: Cause, into: Cause, by: User, now: datetime, reason: str = "") -> int:
    """Let `cause` be `into` from now on; returns how many open entries were rewritten.

    Raises Invalid for a target that is the cause itself, below it, or out of use; Conflict for a cause that is out of
    use already or has causes below it that are in use: these would hang from nothing.
    """
    tree = _turn()
    row, target = tree[cause.code], tree[into.code]
    _in_use(row)
    checked_merge(row, target)
    _nothing_below(row, tree)
    before = _facts(row)
    row.retired_at, row.merged_into = now, target
    row.save(update_fields=["retired_at", "merged_into"])
    rewritten = resolve_merged()
    after = _facts(row) | {"entries": rewritten}
    _note(CauseAct.MERGED, row, other=target, before=before, after=after, reason=reason, by=by, now=now)
    return rewritten


def checked_merge(cause: Cause, into: Cause) -> Cause:
    """`into`, where it can take `cause`; else raises Invalid."""
    if into.pk == cause.pk:
        raise Invalid(_("A cause cannot be merged into itself; choose another one."), field="into")
    if is_below(into.code, cause.code):
        problem = _("%(into)s stands below %(code)s. Merge it the other way round, or choose another one.")
        raise Invalid(problem % {"into": into.code, "code": cause.code}, field="into")
    if into.retired_at is not None:
        problem = _("%(code)s is out of use. Take it back into use first, or choose another one.")
        raise Invalid(problem % {"code": into.code}, field="into")
    return into


@transaction.atomic
def split_cause(*, cause: Cause, parts: Sequence[NewCause], by: User, now: datetime, reason: str = "") -> list[Cause]:
    """Causes below `cause`, which stays for those of whom no more is known. Raises Invalid for fewer than two parts."""
    tree = _turn()
    row = tree[cause.code]
    _in_use(row)
    if len(parts) < 2:
        raise Invalid(_("A cause is split into two parts or more; add a single one instead."), field="parts")
    made = []
    for part in parts:
        new = NewCause(f"{row.code}.{part.code.strip()}", part.name_en, part.name_zh, part.keywords)
        child = _made(new, tree, field="parts")
        child.save()
        tree[child.code] = child
        made.append(child)
    after = {"parts": [{"code": child.code} | _facts(child) for child in made]}
    _note(CauseAct.SPLIT, row, before=_facts(row), after=after, reason=reason, by=by, now=now)
    return made


@transaction.atomic
def retire_cause(*, cause: Cause, by: User, now: datetime, reason: str = "") -> Cause:
    """Offer it to nobody any more; whoever has it keeps it. Raises Conflict as `merge_cause` does."""
    tree = _turn()
    row = tree[cause.code]
    _in_use(row)
    _nothing_below(row, tree)
    before = _facts(row)
    row.retired_at = now
    row.save(update_fields=["retired_at"])
    _note(CauseAct.RETIRED, row, before=before, after=_facts(row), reason=reason, by=by, now=now)
    return row


@transaction.atomic
def revive_cause(*, cause: Cause, by: User, now: datetime, reason: str = "") -> Cause:
    """Take it back into use. Entries that a merging rewrote stay as they are: what came since cannot be told apart.

    Raises Conflict for a cause that is in use, or whose parent is not.
    """
    tree = _turn()
    row = tree[cause.code]
    if row.retired_at is None:
        raise Conflict(_("%(code)s is in use.") % {"code": row.code})
    above = tree.get(parent(row.code))
    if above is not None and above.retired_at is not None:
        raise Conflict(_("Take %(code)s back into use first: it stands above.") % {"code": above.code})
    before, other = _facts(row), row.merged_into
    row.retired_at = row.merged_into = None
    row.save(update_fields=["retired_at", "merged_into"])
    _note(CauseAct.REVIVED, row, other=other, before=before, after=_facts(row), reason=reason, by=by, now=now)
    return row


@transaction.atomic
def resolve_merged() -> int:
    """Rewrite the open entries that have a merged cause to have what it ended in, each once; returns how many.

    Run at a merging, and daily: late files and senders that still use the old code are right to name what was chosen,
    so their signals land as they are and only the entry follows. In turn with landings, which write the same rows.
    """
    ends = merged_codes()
    if not ends:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [POOL_LOCK])
        cursor.execute(RESOLVE, {"codes": list(ends), "targets": list(ends.values())})
        return int(cursor.rowcount)


# --- what the acts share ---------------------------------------------------------------------------------------------
def _turn() -> dict[str, Cause]:
    """The whole tree by code, while nobody else changes it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TREE_LOCK])
    return {cause.code: cause for cause in Cause.objects.select_related("merged_into")}


def _made(new: NewCause, tree: dict[str, Cause], *, field: str = "code") -> Cause:
    """A cause that may be saved. Raises Invalid."""
    code = new.code.strip()
    if not is_code(code):
        problem = _("%(code)s is no code: write small letters, digits, dots and dashes, at most 60, such as %(like)s.")
        raise Invalid(problem % {"code": code or "–", "like": "billing.refund"}, field=field)
    if code in tree:
        raise Invalid(_("There is already a cause %(code)s.") % {"code": code}, field=field)
    above = parent(code)
    if above and above not in tree:
        problem = _("There is no cause %(parent)s that %(code)s could stand below. Add %(parent)s first.")
        raise Invalid(problem % {"parent": above, "code": code}, field=field)
    if above and tree[above].retired_at is not None:
        problem = _("%(parent)s is out of use. Take it back into use first.")
        raise Invalid(problem % {"parent": above}, field=field)
    name_en, name_zh = _names(new.name_en, new.name_zh, field="" if field == "code" else field)
    return Cause(code=code, name_en=name_en, name_zh=name_zh, keywords=_keywords(new.keywords))


def _names(name_en: str, name_zh: str, *, field: str = "") -> tuple[str, str]:
    names = {"name_en": " ".join(name_en.split()), "name_zh": " ".join(name_zh.split())}
    for name, text in names.items():
        if len(text) > MAX_NAME or not text.isprintable():
            raise Invalid(
                _("A name has at most %(limit)d visible characters.") % {"limit": MAX_NAME}, field=field or name
            )
    if not names["name_en"]:
        raise Invalid(_("Give the cause a name in English."), field=field or "name_en")
    return names["name_en"], names["name_zh"]


def _keywords(words: Iterable[str]) -> list[str]:
    """Each once, whatever its case, in the order given."""
    kept = dict[str, str]()
    for word in (" ".join(word.split()) for word in words):
        if word:
            kept.setdefault(word.casefold(), word)
    found = list(kept.values())
    if len(found) > MAX_KEYWORDS or any(len(word) > MAX_KEYWORD or not word.isprintable() for word in found):
        problem = _("Give at most %(most)d keywords of at most %(limit)d visible characters.")
        raise Invalid(problem % {"most": MAX_KEYWORDS, "limit": MAX_KEYWORD}, field="keywords")
    return found


def _in_use(row: Cause) -> None:
    if row.retired_at is not None:
        raise Conflict(_("%(code)s is out of use already.") % {"code": row.code})


def _nothing_below(row: Cause, tree: dict[str, Cause]) -> None:
    below = [code for code, one in tree.items() if is_below(code, row.code) and one.retired_at is None]
    if below:
        problem = _("Merge or retire what stands below it first: %(below)s.")
        raise Conflict(problem % {"below": ", ".join(sorted(below))})


def _facts(row: Cause) -> dict[str, Any]:
    return {
        "name_en": row.name_en,
        "name_zh": row.name_zh,
        "keywords": list(row.keywords),
        "in_use": row.retired_at is None,
        "merged_into": row.merged_into.code if row.merged_into else "",
    }


def _note(
    act: CauseAct,
    row: Cause,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
    reason: str,
    by: User,
    now: datetime,
    other: Cause | None = None,
) -> None:
    reason = reason.strip()
    if len(reason) > MAX_REASON:
        raise Invalid(_("Say why in at most %(limit)d characters.") % {"limit": MAX_REASON}, field="reason")
    version = tree_version() + 1
    said = {"version": version, "act": act, "cause": row, "other": other, "before": before, "after": after}
    CauseChange.objects.create(**said, reason=reason, by=by, at=now)
