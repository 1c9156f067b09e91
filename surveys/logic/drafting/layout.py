"""Writes a drafted mapping down, each guess with its reason and each question above the line it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from surveys.logic.drafting.choices import Choices
from surveys.logic.drafting.days import UNSET, When
from surveys.logic.drafting.events import Event
from surveys.logic.drafting.people import People
from surveys.logic.drafting.profiling import Profile
from surveys.logic.drafting.ratings import Rating
from surveys.logic.drafting.writing import ask, line, listed, quoted, remark
from surveys.logic.sentences import Sentence

ROLES = ("reference", "external_id", "language", "brand", "region", "value_tier", "name", "phone", "email")
MOMENTS = ("opened_at", "closed_at", "promised_at")
FACTS = ("topic", "transfers", "channel", "disputed")
MAX_LEFT_OUT = 60  # columns that are listed with a reason
MAX_LABEL = 80  # characters of a cause's name


@dataclass(frozen=True, slots=True)
class Source:
    code: str
    name: str
    kind: str
    channel: str
    asked: Sentence


@dataclass(frozen=True, slots=True)
class Drafted:
    """Everything a draft says."""

    source: Source
    people: People
    when: When
    ratings: list[Rating]
    event: Event | None
    choices: list[Choices]
    comments: list[Profile]
    attributes: list[Profile]
    left_out: list[tuple[str, str]]
    rows: int
    language: str


def lay_out(drafted: Drafted) -> str:
    """The draft as TOML."""
    blocks = [
        _head(drafted),
        _source(drafted.source),
        _columns(drafted),
        _words("value_tiers", drafted.people.tiers),
        *([_event(drafted.event), *_event_words(drafted.event)] if drafted.event else []),
        *(_rating(rating) for rating in drafted.ratings),
        *(_choices(choices) for choices in drafted.choices),
        _comment(drafted.comments),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _head(drafted: Drafted) -> list[str]:
    when = drafted.when
    lines = [
        f"# Drafted from the first {drafted.rows} rows. Read every line before you use it.",
        "# ASK marks what only you can answer.",
    ]
    if drafted.left_out:
        lines += ["#", "# Left out:"]
        shown = drafted.left_out[:MAX_LEFT_OUT]
        lines += [remark(f"  {name[:80]}: {why}").replace("# ", "#   ", 1) for name, why in shown]
        if len(drafted.left_out) > len(shown):
            lines.append(f"#   … and {len(drafted.left_out) - len(shown)} more")
    stated = [ask(question) for question in when.asked]
    if when.column is None:
        stated.append(line("occurred_on", UNSET, "no import accepts this day"))
    stated += _format(when)
    if drafted.language:
        stated.append(line("language", quoted(drafted.language), "the header is in Chinese"))
    return [*lines, "", *stated] if stated else lines


def _format(when: When) -> list[str]:
    """The format of the days; where there is a choice, all wait behind a # and nothing can be imported before."""
    mark = "# " if len(when.formats) > 1 else ""
    return [line(f"{mark}date_format", quoted(form)) for form in when.formats if form]


def _source(source: Source) -> list[str]:
    return [
        "[source]",
        line("code", quoted(source.code)),
        line("name", quoted(source.name)),
        ask(source.asked),
        line("channel", quoted(source.channel)),
        line("kind", quoted(source.kind)),
    ]


def _columns(drafted: Drafted) -> list[str]:
    people, when = drafted.people, drafted.when
    lines = ["[columns]"]
    for role in ROLES:
        if role in people.asked:
            lines.append(ask(people.asked[role]))
        if role in people.columns:
            lines.append(line(role, quoted(people.columns[role].name), people.notes.get(role, "")))
        if role == "external_id" and when.column and not _is_event_day(drafted):
            lines.append(line("occurred_on", quoted(when.column.name)))
    if drafted.attributes:
        lines += listed("attributes", (quoted(column.name) for column in drafted.attributes))
    return lines


def _is_event_day(drafted: Drafted) -> bool:
    return drafted.event is not None and drafted.event.columns.get("opened_at") is drafted.when.column


def _words(table: str, words: dict[str, str]) -> list[str]:
    """The file's own words and their codes; those that nobody could place wait behind a #."""
    if not words:
        return []
    placed = [line(quoted(word), quoted(code)) for word, code in words.items() if code]
    return [f"[{table}]", *placed, *(line(f"# {quoted(word)}", '""') for word, code in words.items() if not code)]


def _event(event: Event) -> list[str]:
    lines = ["[event]"]
    if "kind" in event.asked:
        lines.append(ask(event.asked["kind"]))
    if event.kind:
        lines.append(line("kind", quoted(event.kind)))
    for role in ("kind_column", *MOMENTS, *FACTS):
        if role in event.asked:
            lines.append(ask(event.asked[role]))
        if role in event.columns:
            lines.append(line(role, quoted(event.columns[role].name)))
    return lines


def _event_words(event: Event) -> list[list[str]]:
    return [_words("event.kinds", event.kinds), _words("event.channels", event.channels)]


def _rating(rating: Rating) -> list[str]:
    lines = [
        "[[rating]]",
        *map(ask, rating.asked),
        line("column", quoted(rating.column.name)),
        line("dimension", quoted(rating.dimension)),
        line("low", f"{rating.low:g}"),
        line("high", f"{rating.high:g}"),
    ]
    if rating.adequate:
        lines.append(line("adequate_column", quoted(rating.adequate.name)))
    lines.append(line("adequate", f"{rating.enough:g}", "where a row states none" if rating.adequate else ""))
    if rating.desired:
        lines.append(line("desired_column", quoted(rating.desired.name)))
    if rating.opens:
        lines.append(line("opens", "true", "the others explain it"))
    return lines


def _choices(choices: Choices) -> list[str]:
    lines = ["[[choices]]", line("not_chosen", f"[{', '.join(map(quoted, choices.not_chosen))}]"), "causes = ["]
    for column, code in choices.options:
        named = quoted(column.title[:MAX_LABEL])
        names = f"name_en = {named}" if column.title.isascii() else f'name_en = "", name_zh = {named}'
        lines.append(f"  {{ column = {quoted(column.name)}, code = {quoted(code)}, {names} }},")
    return [*lines, "]"]


def _comment(columns: Iterable[Profile]) -> list[str]:
    names = [quoted(column.name) for column in columns]
    return ["[comment]", *listed("columns", names)] if names else []
