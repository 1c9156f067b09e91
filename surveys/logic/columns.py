"""What a mapping makes of each column of a file, in words; and the one line of it that a page may write."""

from __future__ import annotations

import re

from surveys.logic.drafting.writing import quoted
from surveys.logic.mapping import Mapping
from surveys.logic.sentences import Sentence, gettext_noop

Uses = dict[str, list[Sentence]]

ROLES = {
    "reference": gettext_noop("the customer's number"),
    "external_id": gettext_noop("the number of the answer"),
    "occurred_on": gettext_noop("the day"),
    "language": gettext_noop("language"),
    "brand": gettext_noop("brand"),
    "region": gettext_noop("region"),
    "value_tier": gettext_noop("value tier"),
    "name": gettext_noop("the customer's name"),
    "phone": gettext_noop("phone number"),
    "email": gettext_noop("e-mail address"),
}
EVENT_ROLES = {
    "kind_column": gettext_noop("kind of event"),
    "topic": gettext_noop("topic"),
    "opened_at": gettext_noop("when it began"),
    "closed_at": gettext_noop("when it ended"),
    "promised_at": gettext_noop("by when it was promised"),
    "transfers": gettext_noop("how often it was passed on"),
    "channel": gettext_noop("channel"),
    "disputed": gettext_noop("whether it is disputed"),
}
RATING = gettext_noop("rating of %(dimension)s, from %(low)s to %(high)s")
OPENING = gettext_noop("rating of %(dimension)s, from %(low)s to %(high)s; opens a pool entry")
ADEQUATE = gettext_noop("what is good enough for %(dimension)s")
DESIRED = gettext_noop("what is wished for %(dimension)s")
CAUSE = gettext_noop("cause %(code)s")
COMMENT = gettext_noop("comment")
ATTRIBUTE = gettext_noop("kept with the customer")

TABLE = re.compile(r"^\s*\[", re.MULTILINE)
FORMAT_LINE = re.compile(r"^date_format[ \t]*=.*$", re.MULTILINE)


def uses_of(mapping: Mapping) -> Uses:
    """Column → what it is used for, in the order of the mapping; a column may be used twice."""
    uses: Uses = {}

    def add(column: str, msgid: str, **facts: object) -> None:
        if column:
            uses.setdefault(column, []).append(Sentence(msgid, facts))

    for role, msgid in ROLES.items():
        add(getattr(mapping.columns, role), msgid)
    for rating in mapping.ratings:
        facts = {"dimension": rating.dimension, "low": f"{rating.low:g}", "high": f"{rating.high:g}"}
        add(rating.column, OPENING if rating.opens else RATING, **facts)
        add(rating.adequate_column, ADEQUATE, dimension=rating.dimension)
        add(rating.desired_column, DESIRED, dimension=rating.dimension)
    if mapping.event:
        for role, msgid in EVENT_ROLES.items():
            add(getattr(mapping.event, role), msgid)
    for cause in mapping.causes:
        add(cause.column, CAUSE, code=cause.code)
    for column in mapping.comments:
        add(column, COMMENT)
    for column in mapping.columns.attributes:
        add(column, ATTRIBUTE)
    return uses


def personal_columns(mapping: Mapping) -> set[str]:
    """The columns that tell who somebody is."""
    columns = mapping.columns
    return {name for name in (columns.reference, columns.name, columns.phone, columns.email) if name}


def with_date_format(text: str, date_format: str) -> str:
    """A mapping's text that says how days are written: on the line that said so before, else on a new one on top."""
    line = f"date_format = {quoted(date_format)}"
    first = TABLE.search(text)
    top = text[: first.start()] if first else text
    if FORMAT_LINE.search(top):
        return FORMAT_LINE.sub(lambda _found: line, top, count=1) + text[len(top) :]
    return f"{line}\n{text}"
