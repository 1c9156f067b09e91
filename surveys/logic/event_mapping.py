"""The [event] table of a mapping: files of complaints, contacts and tickets, one event a row.

[event]
kind = "ticket"                # or: kind_column = "Type" with [event.kinds] and the file's own words
topic = "Topic"                # columns; all of them may be left out
opened_at = "Opened"           # moment or day; gives the day of the event
closed_at = "Closed"
promised_at = "Promised by"
transfers = "Transfers"
channel = "Channel"            # with [event.channels] and the file's own words
disputed = "Disputed"          # yes or no
"""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field

from surveys.logic.document import Document
from surveys.logic.sentences import MappingError, gettext_noop

KINDS = ("complaint", "contact", "ticket", "review", "usage")
CHANNELS = ("hotline", "sms", "email", "app", "web", "shop", "social", "scan")


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Where a row says what happened; "" is not in this file. `kinds` and `channels` translate the file's words."""

    kind: str = ""
    kind_column: str = ""
    topic: str = ""
    opened_at: str = ""
    closed_at: str = ""
    promised_at: str = ""
    transfers: str = ""
    channel: str = ""
    disputed: str = ""
    kinds: MappingABC[str, str] = field(default_factory=dict)
    channels: MappingABC[str, str] = field(default_factory=dict)

    @property
    def used(self) -> list[str]:
        """Every column named here."""
        moments = [self.opened_at, self.closed_at, self.promised_at]
        return [self.kind_column, self.topic, *moments, self.transfers, self.channel, self.disputed]


def parse_event(document: Document) -> EventColumns | None:
    """The [event] table of a mapping, if it has one. Raises MappingError."""
    if "event" not in document.values:
        return None
    table = document.table("event")
    columns = EventColumns(
        **{name: table.text(name) for name in EventColumns.__dataclass_fields__ if name not in ("kinds", "channels")},
        kinds=_words(table.table("kinds"), KINDS),
        channels=_words(table.table("channels"), CHANNELS),
    )
    table.nothing_else()
    if bool(columns.kind) == bool(columns.kind_column):
        raise MappingError(gettext_noop("[event] says what the rows are: either kind or kind_column."))
    if columns.kind and columns.kind not in KINDS:
        raise _unknown(columns.kind, KINDS)
    return columns


def _words(table: Document, known: tuple[str, ...]) -> dict[str, str]:
    words = {key: table.text(key) for key in list(table.values)}
    for value in words.values():
        if value not in known:
            raise _unknown(value, known)
    return words


def _unknown(value: str, known: tuple[str, ...]) -> MappingError:
    return MappingError(
        gettext_noop("%(value)s in the mapping's [event] must be one of %(known)s."),
        value=value,
        known=", ".join(known),
    )
