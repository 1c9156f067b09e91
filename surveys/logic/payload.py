"""Reads the body of an ingest call, in plain Python: its signals as values, or everything that is wrong with them.

Strict, so that nothing is guessed: unknown fields, texts for numbers and moments without a zone are refused. `null`
says the same as leaving a field out. A signal is read by the fields it has, so a row costs a few microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from surveys.logic import payload_fields as read_as
from surveys.logic.decoding import (
    MAX_COMMENT,
    MAX_EXTERNAL_ID,
    MAX_REFERENCE,
    SKEW,
    Decoded,
    Event,
    Rating,
    Wrong,
)
from surveys.logic.event_mapping import CHANNELS
from surveys.logic.mapping import MAX_CODE, VALUE_TIERS
from surveys.logic.payload_faults import NO_OBJECT, UNKNOWN, Fault, Faulty, fault, unknown
from surveys.logic.payload_fields import At
from surveys.logic.sentences import Sentence, gettext_noop

MAX_ROWS = 10_000
MAX_TOPIC = 60
LATEST_PROMISE = datetime(2100, 1, 1, tzinfo=UTC)
KINDS = ("rating", "complaint", "review", "contact", "ticket", "usage", "prediction")
RATED = ("rating", "prediction", "review")
"""Kinds that have a level; only a review says something without one."""
COURSE = frozenset({"topic", "channel", "transfers", "promised_at", "closed_at", "disputed"})
"""Fields that tell where an event took place and how it went on."""
LEVEL = ("rating", "perceived", "adequate", "desired", "dimension", "opens")
OVERALL = "overall"
REPEATED = frozenset(
    {"source", "kind", "occurred_on", "dimension", "topic", "channel", "brand", "region", "language", "value_tier"}
)
"""Fields of few distinct texts, each of which is read once a call."""

FAULTS = 100  # that are told


class Given(NamedTuple):
    """One signal as sent: the code of its source, and what it says."""

    source: str
    signal: Decoded


class Reader:
    """Reads rows by one sender's rights and one moment.

    `sources` maps the codes this sender may write for to their kinds, `causes` are the codes of the cause tree. `now`
    is local: its zone says on which day a moment falls. `contact(kind, text)` gives the written form of a phone number
    or address, or raises Wrong.
    """

    def __init__(
        self,
        *,
        sources: Mapping[str, str],
        causes: Collection[str],
        now: datetime,
        contact: Callable[[str, str], str],
    ) -> None:
        self._sources = sources
        self._zone = now.tzinfo or UTC
        self._fields = self._table(causes, now + SKEW, contact)
        self._fast = {
            name: read_as.Memory(read).__getitem__ if name in REPEATED else read for name, read in self._fields.items()
        }
        self._answers: dict[tuple[Any, ...], tuple[Rating, ...]] = {}

    def _table(
        self, causes: Collection[str], latest: datetime, contact: Callable[[str, str], str]
    ) -> dict[str, Callable[[Any], Any]]:
        """How each field is read."""
        code, past = read_as.text(MAX_CODE), read_as.moment(latest)
        phone, address = read_as.text(40), read_as.text(254)
        return {
            "source": self._source,
            "reference": read_as.text(MAX_REFERENCE),
            "external_id": read_as.text(MAX_EXTERNAL_ID),
            "kind": read_as.one_of(KINDS),
            "occurred_at": past,
            "occurred_on": read_as.day(latest.date()),
            "dimension": read_as.dimension,
            "rating": read_as.rating,
            "perceived": read_as.level,
            "adequate": read_as.number,
            "desired": read_as.number,
            "opens": read_as.flag,
            "topic": read_as.text(MAX_TOPIC),
            "channel": read_as.one_of(CHANNELS),
            "comment": read_as.text(MAX_COMMENT),
            "causes": read_as.causes(causes),
            "transfers": read_as.transfers,
            "promised_at": read_as.moment(LATEST_PROMISE),
            "closed_at": past,
            "disputed": read_as.flag,
            "brand": code,
            "region": read_as.text(20),
            "language": read_as.text(10),
            "value_tier": read_as.one_of(VALUE_TIERS),
            "attributes": read_as.attributes,
            "name": read_as.text(200),
            "phone": lambda value: contact("phone", phone(value)),
            "email": lambda value: contact("email", address(value)),
        }

    def read(self, rows: list[Any]) -> list[Given]:
        """All rows, the first one number 1; or Faulty, with everything that is wrong in the order of the body."""
        if not 0 < len(rows) <= MAX_ROWS:
            reason = Sentence(gettext_noop("A call carries 1 to %(most)s signals."), {"most": MAX_ROWS})
            raise Faulty([Fault(0, "", str(len(rows)), reason)], len(rows))
        given: list[Given] = []
        faults: list[Fault] = []
        wrong = 0
        for row, item in enumerate(rows, 1):
            try:
                given.append(self._row(row, item))
            except Wrong:
                wrong += 1
                if len(faults) < FAULTS:
                    faults += self._faults(row, item)
        if wrong:
            raise Faulty(faults[:FAULTS], wrong)
        return given

    def _row(self, row: int, item: Any) -> Given:
        if type(item) is not dict:
            raise Wrong(NO_OBJECT)
        fields = self._fast
        try:
            values = {name: fields[name](value) for name, value in item.items() if value is not None}
        except KeyError as error:
            raise Wrong(UNKNOWN) from error
        except TypeError as error:  # a list or object where a memory was asked for a text
            raise Wrong(NO_OBJECT) from error
        return self._whole(row, values)

    def _whole(self, row: int, values: Mapping[str, Any]) -> Given:
        """What only the fields together say."""
        get = values.get
        for name in ("source", "reference", "external_id"):
            if not get(name):
                raise At(name, gettext_noop("This is required."))
        kind = get("kind") or self._sources[values["source"]]
        ratings = self._ratings(values)
        occurred_on, occurred_at = self._when(values)
        event = None
        if ratings:
            self._check_rated(kind, values)
        else:
            event = _event(kind, occurred_at, values)
        return Given(
            values["source"],
            Decoded(
                row,
                values["reference"],
                values["external_id"],
                occurred_on,
                ratings,
                event,
                get("brand", ""),
                get("region", ""),
                get("value_tier", ""),
                get("language", ""),
                get("attributes"),
                get("name", ""),
                get("phone", ""),
                get("email", ""),
                get("causes", ()),
                get("comment", ""),
            ),
        )

    def _ratings(self, values: Mapping[str, Any]) -> tuple[Rating, ...]:
        """The one level a signal has, or none; each distinct answer is worked out once."""
        answer = tuple([values.get(name) for name in LEVEL])
        found = self._answers.get(answer)
        if found is None:
            raw, perceived, adequate, desired = read_as.levels(values)
            dimension, opens = values.get("dimension") or OVERALL, values.get("opens", True)
            found = ()
            if perceived is not None:
                found = (Rating(dimension, raw, perceived, adequate, desired, opens, adequate is not None),)
            self._answers[answer] = found
        return found

    def _check_rated(self, kind: str, values: Mapping[str, Any]) -> None:
        """A signal with a level is a rating, review or prediction of a source of that kind, and has no course."""
        if kind not in RATED:
            field = "rating" if "rating" in values else "perceived"
            raise At(field, gettext_noop("A signal of this kind has no level; send the rating as a signal of its own."))
        if kind != self._sources[values["source"]]:
            reason = gettext_noop("Signals of this source are of the kind %(kind)s; name another source.")
            raise At("kind", reason, kind, kind=self._sources[values["source"]])
        if not COURSE.isdisjoint(values):
            named = next(name for name in values if name in COURSE)
            raise At(named, gettext_noop("This belongs to complaints, contacts and tickets."))

    def _when(self, values: Mapping[str, Any]) -> tuple[date, datetime | None]:
        at, on = values.get("occurred_at"), values.get("occurred_on")
        if at is not None and on is None:
            on = at.astimezone(self._zone).date()
        elif on is None or at is not None:
            raise At("occurred_at", gettext_noop("Give either occurred_at or occurred_on."))
        closed = values.get("closed_at")
        if closed is not None and (closed < at if at else closed.astimezone(self._zone).date() < on):
            raise At("closed_at", gettext_noop("This was closed before it occurred."))
        return on, at

    def _faults(self, row: int, item: Any) -> list[Fault]:
        """Everything that is wrong with a row: field by field, or if all are well with how they fit together."""
        if type(item) is not dict:
            return [Fault(row, "", None, Sentence(NO_OBJECT))]
        found: list[Fault] = []
        values: dict[str, Any] = {}
        for name, value in item.items():
            if value is None:
                continue
            if name not in self._fields:
                found.append(unknown(row, name, self._fields))
            else:
                try:
                    values[name] = self._fields[name](value)
                except Wrong as wrong:
                    found.append(fault(row, name, value, wrong))
        if not found:
            try:
                self._whole(row, values)
            except Wrong as wrong:
                found.append(fault(row, "", None, wrong))
        return found

    def _source(self, value: Any) -> str:
        if type(value) is not str or value not in self._sources:
            raise Wrong(gettext_noop("There is no source of this code, or not for this key."))
        return value


def _event(kind: str, occurred_at: datetime | None, values: Mapping[str, Any]) -> Event:
    """A signal without a level; its dimension is its kind."""
    get = values.get
    if kind in ("rating", "prediction"):
        raise At("rating", gettext_noop("A signal of this kind needs rating or perceived."))
    if get("dimension", kind) != kind:
        raise At("dimension", gettext_noop("The dimension of a signal without a level is its kind."), get("dimension"))
    if "opens" in values:
        raise At("opens", gettext_noop("Only a signal with a level says whether it opens."))
    return Event(
        kind,
        get("topic", ""),
        get("channel", ""),
        occurred_at,
        get("promised_at"),
        get("closed_at"),
        get("transfers"),
        get("disputed"),
    )
