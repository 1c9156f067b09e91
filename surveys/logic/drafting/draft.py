"""A first mapping for a file that nobody has mapped yet: guesses with their reasons, and questions where none is safe.

A draft can always be parsed. It quotes words that sort rows into a few groups (tiers, channels, kinds) and one day,
never anything that may tell who a customer is or what they said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from surveys.logic.cells import Cell
from surveys.logic.drafting import headings
from surveys.logic.drafting.choices import find_choices
from surveys.logic.drafting.days import find_day
from surveys.logic.drafting.events import Event, agree_on_format, find_event
from surveys.logic.drafting.headings import CHANNELS, KINDS, meaning, plain, slug
from surveys.logic.drafting.layout import Drafted, Source, lay_out
from surveys.logic.drafting.people import find_groups, find_people
from surveys.logic.drafting.profiling import Profile
from surveys.logic.drafting.ratings import find_ratings, seem_rated
from surveys.logic.drafting.sheet import Sheet, sheet_of
from surveys.logic.sentences import Sentence, gettext_noop

FEW = 200  # values of a column of text above which it describes nobody
MAX_ATTRIBUTES = 60
MAX_COMMENTS = 10
MOST_ANSWERS = 12  # words of a scale
TALKATIVE = 20  # characters, on average, of a text that somebody wrote

NOTHING = gettext_noop(
    "No column looks like an answer on a scale or like an event: what do the rows say? They are drafted as contacts."
)
WORDED = gettext_noop(
    "The answers of %(column)s are words, and a rating needs numbers: write 1 to 5 in their place in the file?"
)
CHANNEL = gettext_noop("By which channel did this come? %(channel)s was taken.")


@dataclass(frozen=True, slots=True)
class Draft:
    """A mapping as TOML, and what its author has to answer; the questions stand in the text too, after ASK."""

    text: str
    questions: list[Sentence]


def draft(header: Sequence[str], sample_rows: Sequence[Sequence[Cell]], *, name: str = "") -> Draft:
    """Draft a mapping from a header and the first rows of a file called `name`."""
    sheet = sheet_of(header, sample_rows)
    title = " ".join([plain(name), *(plain(text) for text in header)])
    people = find_people(sheet)
    event = find_event(sheet, rated=seem_rated(sheet), title=title)
    when = find_day(sheet, moments=event.columns if event else {})
    ratings = find_ratings(sheet, opening=event is None)
    if not ratings and event is None:
        event = Event(kind="contact")
        event.asked["kind"] = _nothing(sheet)
    if event:
        agree_on_format(sheet, event, when.formats[0])
    find_groups(sheet, people)
    choices = find_choices(sheet)
    drafted = Drafted(
        source=_source(sheet, name, title, event),
        people=people,
        when=when,
        ratings=ratings,
        event=event,
        choices=choices,
        comments=_comments(sheet),
        attributes=_attributes(sheet),
        left_out=sheet.left_out,
        rows=len(sample_rows),
        language="zh-hans" if _is_chinese(header) and "language" not in people.columns else "",
    )
    return Draft(lay_out(drafted), sheet.questions)


def _nothing(sheet: Sheet) -> Sentence:
    """What to ask where there is neither a rating nor an event."""
    worded = [
        c for c in sheet.free if headings.RATED.search(c.heading) and not c.is_day and len(c.values) <= MOST_ANSWERS
    ]
    return sheet.ask(WORDED, column=worded[0].name) if worded else sheet.ask(NOTHING)


def _source(sheet: Sheet, name: str, title: str, event: Event | None) -> Source:
    kind = next((code for code in (*event.kinds.values(), event.kind) if code), "ticket") if event else "rating"
    if kind == "rating" and KINDS["review"].search(title):
        kind = "review"
    channel = meaning(name, CHANNELS) or ("app" if kind == "review" else "hotline" if event else "web")
    return Source(
        code=slug(name, 40) or "new_source",
        name=name.strip()[:80] or "New source",
        kind=kind,
        channel=channel,
        asked=sheet.ask(CHANNEL, channel=channel),
    )


def _comments(sheet: Sheet) -> list[Profile]:
    """Take the columns in which somebody wrote freely."""
    found: list[Profile] = []
    for column in list(sheet.free):
        if column.numbers or column.is_day or len(found) >= MAX_COMMENTS:
            continue
        told = headings.SPOKEN.search(column.heading) and (column.length >= 8 or len(column.values) > 10)
        if told or (column.length >= TALKATIVE and len(column.values) > column.filled / 2):
            found.append(sheet.take(column))
    return found


def _attributes(sheet: Sheet) -> list[Profile]:
    """Take what else is worth keeping of a customer, and say of the rest why it is not."""
    kept: list[Profile] = []
    for column in list(sheet.free):
        if why := _useless(column):
            sheet.leave_out(column, why)
        elif len(kept) >= MAX_ATTRIBUTES:
            sheet.leave_out(column, f"more than {MAX_ATTRIBUTES} attributes")
        else:
            kept.append(sheet.take(column))
    return kept


def _useless(column: Profile) -> str:
    if len(column.values) == 1 and column.filled == column.rows > 1:
        return "the same in every row"
    if column.is_day:
        return "a day, and not the one of the answer"
    if not column.numbers and len(column.values) > max(20, min(FEW, column.filled / 2)):
        return "nearly every row says something else"
    return ""


def _is_chinese(header: Sequence[str]) -> bool:
    return sum(any("\u4e00" <= letter <= "\u9fff" for letter in text) for text in header) * 2 > len(header)
