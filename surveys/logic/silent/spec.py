"""What the columns of a training table are, as TOML: names and roles, no rows.

name = "voice-silent"               # of the model; its versions are numbered

[outcome]                           # who is dissatisfied; one of the two ways
column = "Overall"                  # a column of the table: an answer of at most 6 is dissatisfied
dissatisfied_at_most = 6
# source = "hotline"                # or: ratings that were landed here, joined to the table by reference
# days = 90                         # how old they may be

[columns]
reference = "Customer no."
day = "Day"                         # when the answer was given: then the model is also tried on later answers
date_format = "%d/%m/%Y"            # as of strptime; ISO order without it
segments = ["Tier"]                 # the card tells how good the model is in each

[operational]                       # known of everybody, answered or not: only these may find the silent
counters = ["Dropped calls"]        # counts and amounts, taken by their logarithm
numbers = ["Share abroad"]          # taken as they are
categories = ["Network"]

[answered]                          # known only of those who answered
ratings = ["Clarity"]               # the outcome in other words: never used
flags = ["No signal"]               # used on request, as categories; the model is then not for silent customers
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Literal, TypeAlias

from surveys.logic.document import Document
from surveys.logic.sentences import MappingError, gettext_noop

Kind: TypeAlias = Literal["counter", "number", "category"]

MAX_NAME = 40
MAX_SPEC = 100_000  # characters
MAX_FEATURES = 500
ANSWERS_OVER = 90  # days


@dataclass(frozen=True, slots=True)
class Feature:
    """One column that the model may look at. `answered`: a silent customer has none."""

    name: str
    kind: Kind
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who is dissatisfied: by a column of the table, or by ratings landed here, of `source`, at most `days` old."""

    column: str = ""
    at_most: float | None = None
    source: str = ""
    days: int = ANSWERS_OVER


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A training table in words. Feature names are unique; a column has one role."""

    name: str
    outcome: Outcome
    reference: str
    day: str
    date_format: str
    segments: tuple[str, ...]
    operational: tuple[Feature, ...]
    flags: tuple[Feature, ...]
    ratings: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is named, each once."""
        named = [self.reference, self.outcome.column, self.day, *self.segments, *self.ratings]
        named += [feature.name for feature in (*self.operational, *self.flags)]
        return tuple(dict.fromkeys(name for name in named if name))


def parse_spec(text: str) -> ModelSpec:
    """The spec in a TOML text. Raises MappingError with the place and how to mend it."""
    if len(text) > MAX_SPEC:
        raise MappingError(gettext_noop("The mapping is longer than %(limit)s characters."), limit=MAX_SPEC)
    try:
        document = Document(tomllib.loads(text), "")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingError(gettext_noop("The mapping is not TOML: %(problem)s."), problem=error) from error
    columns, known, answered = (document.table(key) for key in ("columns", "operational", "answered"))
    spec = ModelSpec(
        name=document.code("name", limit=MAX_NAME),
        outcome=_outcome(document.table("outcome")),
        reference=columns.required("reference"),
        day=columns.text("day"),
        date_format=columns.text("date_format"),
        segments=columns.texts("segments"),
        operational=(
            *(Feature(name, "counter") for name in known.texts("counters")),
            *(Feature(name, "number") for name in known.texts("numbers")),
            *(Feature(name, "category") for name in known.texts("categories")),
        ),
        flags=tuple(Feature(name, "category", answered=True) for name in answered.texts("flags")),
        ratings=answered.texts("ratings"),
    )
    for table in (document, columns, known, answered):
        table.nothing_else()
    _check(spec)
    return spec


def _outcome(table: Document) -> Outcome:
    column, source = table.text("column"), table.text("source", limit=40)
    if bool(column) == bool(source):
        raise MappingError(gettext_noop("[outcome] names either a column or a source of ratings."))
    at_most = table.number("dissatisfied_at_most") if column else None
    days = int(table.number("days")) if "days" in table.values else ANSWERS_OVER
    if not 1 <= days <= 730:
        raise MappingError(gettext_noop("outcome.days lies between 1 and 730."))
    table.nothing_else()
    return Outcome(column, at_most, source, days)


def _check(spec: ModelSpec) -> None:
    """A column has one role: an answer that is also called operational would leak."""
    if not spec.operational:
        raise MappingError(gettext_noop("[operational] names no column: there is nothing to learn from."))
    names = [feature.name for feature in (*spec.operational, *spec.flags)]
    names += [*spec.ratings, *filter(None, (spec.reference, spec.outcome.column, spec.day))]
    if len(names) > MAX_FEATURES:
        raise MappingError(gettext_noop("The mapping names more than %(limit)s columns."), limit=MAX_FEATURES)
    for name in names:
        if not name or names.count(name) > 1:
            raise MappingError(gettext_noop("The column %(column)s has two roles; give it one."), column=name or '""')
