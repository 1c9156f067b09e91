"""Whether a file is a table of events (complaints, contacts, tickets), and which columns tell of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from surveys.logic.cells import ISO_ORDER
from surveys.logic.drafting import headings
from surveys.logic.drafting.headings import CHANNELS, KINDS, meaning
from surveys.logic.drafting.profiling import Profile
from surveys.logic.drafting.sheet import Sheet
from surveys.logic.sentences import Sentence, gettext_noop

FEW = 20  # kinds or channels of a file
MAX_TOPIC = 60  # characters of a topic
MAX_TRANSFERS = 1_000

CHANNEL_WORDS = gettext_noop("By which channel (%(known)s) came %(words)s of %(column)s?")
KIND_WORDS = gettext_noop("Which kind of event (%(known)s) is %(words)s of %(column)s?")
KIND = gettext_noop("Is every row of this file a %(kind)s?")
OTHER_FORMAT = gettext_noop(
    "The days of %(column)s are written differently from those of %(other)s, which one mapping cannot say: "
    "write them alike in the file?"
)


@dataclass(slots=True)
class Event:
    """Columns by the names they have in [event]; words of the file with their codes, "" for those not placed."""

    kind: str = ""
    columns: dict[str, Profile] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)
    asked: dict[str, Sentence] = field(default_factory=dict)


def find_event(sheet: Sheet, *, rated: bool, title: str) -> Event | None:
    """Take the columns of an event; None where the file rather is a questionnaire. `title` is all the headings."""
    days = [column for column in sheet.free if column.is_day]
    strong = [
        any(headings.CLOSED.search(column.heading) for column in days),
        any(headings.PROMISED.search(column.heading) for column in days),
        any(headings.TRANSFERS.search(column.heading) for column in sheet.free),
    ]
    weak = [
        any(headings.CHANNEL.search(column.heading) for column in sheet.free),
        any(headings.TOPIC.search(column.heading) for column in sheet.free),
        bool(headings.EVENT.search(title)),
    ]
    # A survey after a call has a channel and a topic too; only what happens to a ticket tells it from one.
    if sum(strong) + sum(weak) < 2 or (rated and (not any(strong) or sum(strong) + sum(weak) < 3)):
        return None
    event = Event()
    _moments(sheet, event)
    _facts(sheet, event)
    _kind(sheet, event, title)
    return event


def _moments(sheet: Sheet, event: Event) -> None:
    found = {
        "closed_at": sheet.first(headings.CLOSED, lambda column: column.is_day),
        "promised_at": sheet.first(headings.PROMISED, lambda column: column.is_day),
        "opened_at": sheet.first(headings.OPENED, lambda column: column.is_day and column.is_full)
        or sheet.first(headings.ANSWERED, lambda column: column.is_day and column.is_full),
    }
    if found["opened_at"] is None:
        other = next((column for column in sheet.free if column.is_day and column.is_full), None)
        found["opened_at"] = sheet.take(other) if other else None
    event.columns |= {role: column for role, column in found.items() if column}


def agree_on_format(sheet: Sheet, event: Event, date_format: str) -> None:
    """A mapping has one format for all days, besides ISO order: moments in another are left out, with a question."""
    opened = event.columns.get("opened_at")
    for role in ("closed_at", "promised_at"):
        column = event.columns.get(role)
        if column and opened and date_format not in column.formats and not all(map(ISO_ORDER.match, column.values)):
            event.asked[role] = sheet.ask(OTHER_FORMAT, column=column.name, other=opened.name)
            del event.columns[role]


def _facts(sheet: Sheet, event: Event) -> None:
    found = {
        "transfers": sheet.first(headings.TRANSFERS, _is_count),
        "disputed": sheet.first(headings.DISPUTED, lambda column: column.not_chosen is not None),
        "channel": sheet.first(headings.CHANNEL, lambda column: _are_mostly(column, CHANNELS)),
    }
    event.columns |= {role: column for role, column in found.items() if column}
    channel = found["channel"]
    if channel:
        event.channels = {word: meaning(word, CHANNELS) for word in channel.values}
        if unknown := [word for word, code in event.channels.items() if not code]:
            facts = {"words": ", ".join(unknown), "column": channel.name, "known": ", ".join(CHANNELS)}
            event.asked["channel"] = sheet.ask(CHANNEL_WORDS, **facts)


def _kind(sheet: Sheet, event: Event, title: str) -> None:
    """One kind for the whole file, or the column that tells it; then the topic."""
    column = sheet.first(headings.KIND, lambda column: _are_mostly(column, KINDS))
    if column:
        event.columns["kind_column"] = column
        event.kinds = {word: meaning(word, KINDS) for word in column.values}
        if unknown := [word for word, code in event.kinds.items() if not code]:
            facts = {"words": ", ".join(unknown), "column": column.name, "known": ", ".join(KINDS)}
            event.asked["kind_column"] = sheet.ask(KIND_WORDS, **facts)
    else:
        event.kind = next((kind for kind in ("complaint", "ticket", "contact") if KINDS[kind].search(title)), "ticket")
        event.asked["kind"] = sheet.ask(KIND, kind=event.kind)
    topic = sheet.first(headings.TOPIC, _is_topic) or sheet.first(headings.KIND, _is_topic)
    if topic:
        event.columns["topic"] = topic


def _are_mostly(column: Profile, words: Mapping[str, re.Pattern[str]]) -> bool:
    """Whether a column holds few words, and half of them are known ones; others may be shown in a question."""
    few = not column.numbers and not column.is_day and len(column.values) <= FEW
    return few and sum(bool(meaning(word, words)) for word in column.values) >= len(column.values) / 2


def _is_topic(column: Profile) -> bool:
    if column.numbers or column.is_day or max(map(len, column.values)) > MAX_TOPIC:
        return False
    return len(column.values) <= max(20, column.filled / 4)


def _is_count(column: Profile) -> bool:
    numbers = column.numbers
    return bool(numbers) and numbers[0] >= 0 and numbers[-1] <= MAX_TRANSFERS and all(n == int(n) for n in numbers)
