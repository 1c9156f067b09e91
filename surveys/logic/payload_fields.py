"""The fields of a signal in an ingest call: what each may say, in plain Python. A reader that cannot raises Wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any

from surveys.logic.decoding import EARLIEST, Wrong
from surveys.logic.sentences import gettext_noop
from surveys.logic.tolerance import rescale

MAX_ATTRIBUTES = 50
MAX_ATTRIBUTE = 200  # characters of a name or value
MAX_CAUSES = 20
MAX_TRANSFERS = 1_000

OFF_SCALE = gettext_noop("This lies outside the scale %(low)s to %(high)s.")


_CODE = re.compile(r"[\w.-]+")


class At(Wrong):
    """Wrong in a named field, which only a part of a field or the whole row shows."""

    def __init__(self, field: str, msgid: str, value: object = None, **facts: object) -> None:
        super().__init__(msgid, **facts)
        self.field = field
        self.value = value


class Memory(dict[Any, Any]):
    """What a field of texts was read as. Only good texts are kept, so no other value can be taken for one of them."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, value: Any) -> Any:
        found = self[value] = self._read(value)
        return found


def text(limit: int) -> Callable[[Any], str]:
    """A text that the database can hold, without space around it."""

    def read(value: Any) -> str:
        if type(value) is not str:
            raise Wrong(gettext_noop("This must be a text."))
        if len(value) > limit:
            raise Wrong(gettext_noop("This is longer than %(limit)s characters."), limit=limit)
        # NUL and half a surrogate pair can be written in JSON but not stored.
        if "\0" in value or not (value.isascii() or _encodes(value)):
            raise Wrong(gettext_noop("This holds a character that is none."))
        return value.strip()

    return read


_dimension = text(40)


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def dimension(value: Any) -> str:
    """What a level is about: a code of at most 40 characters."""
    found = _dimension(value)
    if not _CODE.fullmatch(found):
        raise Wrong(gettext_noop("This is a code: letters, digits, dots, hyphens and underscores."))
    return found


def one_of(known: tuple[str, ...]) -> Callable[[Any], str]:
    """One of these words."""
    members = frozenset(known)

    def read(value: Any) -> str:
        if type(value) is not str or value not in members:
            raise Wrong(gettext_noop("This must be one of %(known)s."), known=", ".join(known))
        return value

    return read


def day(latest: date) -> Callable[[Any], date]:
    """A day from 2000 to `latest`, in ISO order."""

    def read(value: Any) -> date:
        try:
            found = date.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise Wrong(gettext_noop("This is not a date; write 2026-03-31.")) from error
        if not EARLIEST <= found <= latest:
            raise Wrong(gettext_noop("This day lies in the future or before 2000."))
        return found

    return read


def moment(latest: datetime) -> Callable[[Any], datetime]:
    """A moment from 2000 to `latest`, in ISO order and with its zone."""
    earliest = datetime(EARLIEST.year, EARLIEST.month, EARLIEST.day, tzinfo=UTC)

    def read(value: Any) -> datetime:
        try:
            found = datetime.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise Wrong(gettext_noop("This is not a moment; write 2026-03-31T14:30:00+08:00.")) from error
        if found.tzinfo is None:
            raise Wrong(gettext_noop("This moment has no zone; write 2026-03-31T14:30:00+08:00."))
        if not earliest <= found <= latest:
            raise Wrong(gettext_noop("This moment lies in the future or before 2000."))
        return found

    return read


def number(value: Any) -> float:
    """A number that a scale may hold; true is none."""
    if type(value) not in (int, float) or not -1e15 <= value <= 1e15:
        raise Wrong(gettext_noop("This is not a number."))
    return float(value)


def level(value: Any) -> float:
    """A number from 0 to 100."""
    found = number(value)
    if not 0 <= found <= 100:
        raise Wrong(OFF_SCALE, low="0", high="100")
    return found


def rating(value: Any) -> tuple[float, float, float]:
    """(value, low, high) of an answer on its own scale."""
    if type(value) is not dict or value.keys() != {"value", "low", "high"}:
        raise Wrong(gettext_noop("A rating is an object of value, low and high."))
    answer, low, high = number(value["value"]), number(value["low"]), number(value["high"])
    if low >= high:
        raise Wrong(gettext_noop("A scale runs from a lower to a higher number."))
    if not low <= answer <= high:
        raise At("rating.value", OFF_SCALE, answer, low=f"{low:g}", high=f"{high:g}")
    return answer, low, high


def levels(values: Mapping[str, Any]) -> tuple[str, float | None, float | None, float | None]:
    """(raw, perceived, adequate, desired) on the 0–100 scale, raw on its own.

    Adequate and desired are given on the scale of the answer they stand beside.
    """
    answered, perceived = values.get("rating"), values.get("perceived")
    if answered is not None and perceived is not None:
        raise At("perceived", gettext_noop("Give either rating or perceived."), perceived)
    if answered is None and perceived is None:
        for name in ("adequate", "desired"):
            if name in values:
                raise At(name, gettext_noop("A level stands beside rating or perceived."), values[name])
        return "", None, None, None
    answer, low, high = answered if answered is not None else (float(perceived or 0), 0.0, 100.0)
    beside: list[float | None] = []
    for name in ("adequate", "desired"):
        given = values.get(name)
        if given is not None and not low <= given <= high:
            raise At(name, OFF_SCALE, given, low=f"{low:g}", high=f"{high:g}")
        beside.append(None if given is None else rescale(given, low, high))
    return f"{answer:.15g}", rescale(answer, low, high), beside[0], beside[1]


def transfers(value: Any) -> int:
    """How often the customer was passed on."""
    if type(value) is not int or not 0 <= value <= MAX_TRANSFERS:
        raise Wrong(gettext_noop("This is not a number of transfers."))
    return value


def flag(value: Any) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise Wrong(gettext_noop("This must be true or false."))
    return value


def causes(known: Collection[str]) -> Callable[[Any], tuple[str, ...]]:
    """Codes of the cause tree, each once."""

    def read(value: Any) -> tuple[str, ...]:
        if type(value) is not list or len(value) > MAX_CAUSES:
            raise Wrong(gettext_noop("This must be a list of at most %(most)s codes."), most=MAX_CAUSES)
        for code in value:
            if type(code) is not str or code not in known:
                raise At("causes", gettext_noop("The cause tree has no such code."), code)
        return tuple(dict.fromkeys(value))

    return read


_attribute = text(MAX_ATTRIBUTE)


def attributes(value: Any) -> dict[str, str | int | float | bool]:
    """What else is known of the customer: names with a text, a number, true or false each."""
    if type(value) is not dict or len(value) > MAX_ATTRIBUTES:
        raise Wrong(gettext_noop("This must be an object of at most %(most)s texts and numbers."), most=MAX_ATTRIBUTES)
    return {_attribute(name): _plain(said) for name, said in value.items() if said is not None}


def _plain(said: Any) -> str | int | float | bool:
    if type(said) is str:
        return _attribute(said)
    if type(said) is not bool:
        number(said)
    return said  # type: ignore[no-any-return]  # as it was written: 3 stays 3
