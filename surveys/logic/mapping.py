"""How a file's columns become customers, ratings, causes and comments: a TOML text as frozen values.

    occurred_on = 2022-03-31            # the day of every row; or a date column, below
    language = "zh-hans"                # constants: language, brand, region, value_tier

    [source]                            # declares the source; or: source = "hotline", which must exist
    code = "shop-cards"
    name = "Cards in the shop"
    channel = "shop"

    [columns]
    reference = "Customer no."          # the customer
    external_id = "Card no."            # the answer; default: the reference
    attributes = ["Plan", "Handset"]    # also: occurred_on, language, brand, region, value_tier, name, phone, email

    [[rating]]
    column = "Overall"
    dimension = "overall"
    low = 1
    high = 10
    adequate = 6.5                      # below it the customer is dissatisfied; on the scale of the answers
    opens = true                        # exactly one rating may open a pool entry, the others explain it

    [[choices]]
    not_chosen = ["-1"]
    causes = [{ column = "No signal", code = "symptom.no_signal", name_en = "No signal", name_zh = "没有信号" }]

    [comment]
    columns = ["Remarks"]

A file of events has an [event] table (`surveys.logic.event_mapping`) in place of ratings, or beside them. Columns are
named as in the file's header; of two columns with one name, the second is `name#2`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from datetime import date, datetime

from surveys.logic.document import Document
from surveys.logic.event_mapping import EventColumns, parse_event
from surveys.logic.sentences import MappingError, gettext_noop

MAX_CODE = 40  # characters of a source, dimension or brand
MAX_CAUSE = 60
VALUE_TIERS = ("strategic", "high", "core", "basic")
MAX_MAPPING = 200_000  # characters


@dataclass(frozen=True, slots=True)
class DeclaredSource:
    """A source that the mapping brings along; `kind` and `channel` are checked by whoever creates it."""

    code: str
    name: str
    channel: str
    kind: str = "rating"


@dataclass(frozen=True, slots=True)
class RatingColumn:
    """One question: its scale low…high as answered, and the levels on that scale, constant or stated by each row."""

    column: str
    dimension: str
    low: float
    high: float
    adequate: float | None = None
    adequate_column: str = ""
    desired_column: str = ""
    opens: bool = False


@dataclass(frozen=True, slots=True)
class CauseColumn:
    """One option of a multi-select question: chosen, it names a cause."""

    column: str
    code: str
    name_en: str
    name_zh: str = ""
    not_chosen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a row says who answered, when, and what else is known of them; "" is not in this file."""

    reference: str
    external_id: str = ""
    occurred_on: str = ""
    language: str = ""
    brand: str = ""
    region: str = ""
    value_tier: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    columns: Columns
    ratings: tuple[RatingColumn, ...] = ()
    event: EventColumns | None = None
    source: DeclaredSource | str = ""
    occurred_on: date | None = None
    date_format: str = ""
    language: str = ""
    brand: str = ""
    region: str = ""
    value_tier: str = ""
    value_tiers: MappingABC[str, str] = field(default_factory=dict)
    causes: tuple[CauseColumn, ...] = ()
    comments: tuple[str, ...] = ()

    @property
    def opening(self) -> RatingColumn | None:
        """The one rating that may open a pool entry; None in a file of events."""
        return next((rating for rating in self.ratings if rating.opens), None)

    @property
    def day_column(self) -> str:
        """The column that says when; "" where the whole file is of one day."""
        return self.columns.occurred_on or (self.event.opened_at if self.event else "")

    @property
    def used(self) -> tuple[str, ...]:
        """Every column this mapping names, once each."""
        whole = self.columns
        names = [whole.reference, whole.external_id, whole.occurred_on, whole.language, whole.brand, whole.region]
        names += [whole.value_tier, whole.name, whole.phone, whole.email, *whole.attributes]
        for rating in self.ratings:
            names += [rating.column, rating.adequate_column, rating.desired_column]
        names += [cause.column for cause in self.causes]
        names += self.event.used if self.event else []
        return tuple(dict.fromkeys(name for name in [*names, *self.comments] if name))


def parse_mapping(text: str) -> Mapping:
    """The mapping a TOML text describes. Raises MappingError, which names the place and the way to mend it."""
    if len(text) > MAX_MAPPING:
        raise MappingError(gettext_noop("The mapping is longer than %(limit)s characters."), limit=MAX_MAPPING)
    try:
        document = Document(tomllib.loads(text), "")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingError(gettext_noop("The mapping is not TOML: %(problem)s."), problem=error) from error
    mapping = Mapping(
        source=_source(document),
        occurred_on=_day(document),
        date_format=document.text("date_format"),
        language=document.text("language", limit=10),
        brand=document.text("brand", limit=MAX_CODE),
        region=document.text("region", limit=20),
        value_tier=document.text("value_tier", limit=10),
        value_tiers=_words(document.table("value_tiers")),
        columns=_columns(document.table("columns")),
        ratings=tuple(_rating(table) for table in document.tables("rating")),
        event=parse_event(document),
        causes=tuple(cause for table in document.tables("choices") for cause in _choices(table)),
        comments=_comment(document.table("comment")),
    )
    document.nothing_else()
    _check(mapping)
    return mapping


def _source(document: Document) -> DeclaredSource | str:
    if not isinstance(document.values.get("source"), dict):
        return document.text("source", limit=MAX_CODE)
    table = document.table("source")
    declared = DeclaredSource(
        code=table.code("code", limit=MAX_CODE),
        name=table.required("name", limit=80),
        channel=table.required("channel"),
        kind=table.text("kind") or "rating",
    )
    table.nothing_else()
    return declared


def _day(document: Document) -> date | None:
    value = document.take("occurred_on", date, gettext_noop("a date such as 2026-03-31, without quotes"))
    return value.date() if isinstance(value, datetime) else value


def _words(table: Document) -> dict[str, str]:
    return {key: table.text(key) for key in list(table.values)}


def _columns(table: Document) -> Columns:
    single = [name for name in Columns.__dataclass_fields__ if name != "attributes"]
    columns = Columns(
        **{name: table.text(name) for name in single if name != "reference"},
        reference=table.required("reference"),
        attributes=table.texts("attributes"),
    )
    table.nothing_else()
    return columns


def _rating(table: Document) -> RatingColumn:
    rating = RatingColumn(
        column=table.required("column"),
        dimension=table.code("dimension", limit=MAX_CODE),
        low=table.number("low"),
        high=table.number("high"),
        adequate=table.number("adequate") if "adequate" in table.values else None,
        adequate_column=table.text("adequate_column"),
        desired_column=table.text("desired_column"),
        opens=bool(table.take("opens", bool, gettext_noop("true or false"))),
    )
    table.nothing_else()
    if not rating.low < rating.high:
        raise MappingError(
            gettext_noop("The rating %(column)s runs from %(low)s to %(high)s; low must be below high."),
            column=rating.column,
            low=rating.low,
            high=rating.high,
        )
    if rating.adequate is not None and not rating.low <= rating.adequate <= rating.high:
        raise MappingError(
            gettext_noop("The adequate level %(level)s of %(column)s lies outside its scale."),
            level=rating.adequate,
            column=rating.column,
        )
    return rating


def _choices(table: Document) -> list[CauseColumn]:
    not_chosen = frozenset(table.texts("not_chosen"))
    causes = []
    for cause in table.tables("causes"):
        code = cause.code("code", limit=MAX_CAUSE)
        names = {"name_en": cause.text("name_en", limit=80) or code, "name_zh": cause.text("name_zh", limit=80)}
        causes.append(CauseColumn(cause.required("column"), code, **names, not_chosen=not_chosen))
        cause.nothing_else()
    table.nothing_else()
    return causes


def _comment(table: Document) -> tuple[str, ...]:
    columns = table.texts("columns")
    table.nothing_else()
    return columns


def _check(mapping: Mapping) -> None:
    for tier in (mapping.value_tier, *mapping.value_tiers.values()):
        if tier and tier not in VALUE_TIERS:
            raise MappingError(
                gettext_noop("%(tier)s is no value tier; there are %(known)s."),
                tier=tier,
                known=", ".join(VALUE_TIERS),
            )
    if (mapping.occurred_on is None) == (not mapping.day_column):
        raise MappingError(
            gettext_noop(
                "State the day of the answers once: occurred_on = 2026-03-31 on top for the whole file, "
                "or occurred_on under [columns] for a date column."
            )
        )
    opening = sum(rating.opens for rating in mapping.ratings) + (mapping.event is not None)
    if opening != 1:
        raise MappingError(
            gettext_noop(
                "Exactly one [[rating]] says opens = true, or there is an [event]; this mapping has %(count)s."
            ),
            count=opening,
        )
    dimensions = [rating.dimension for rating in mapping.ratings]
    for dimension in dimensions:
        if dimensions.count(dimension) > 1:
            raise MappingError(gettext_noop("Two ratings have the dimension %(name)s."), name=dimension)
