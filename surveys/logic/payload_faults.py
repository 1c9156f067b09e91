"""What is wrong with an ingest call, told so that its sender can mend it and a log may keep it."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches
from typing import NamedTuple

from surveys.logic.decoding import Wrong
from surveys.logic.payload_fields import At
from surveys.logic.sentences import Sentence, gettext_noop

PERSONAL = frozenset({"reference", "external_id", "comment", "topic", "attributes", "name", "phone", "email"})
"""Fields whose values are never repeated to whoever sent them, for the answer may end in a log."""
SHOWN = 80  # characters of a wrong value that are repeated


class Fault(NamedTuple):
    """What is wrong with one field of one row; `value` is None where it is not a single value or may be personal."""

    row: int
    field: str
    value: str | None
    reason: Sentence


class Faulty(ValueError):
    """A body that cannot be used: the first faults, and how many rows have any."""

    def __init__(self, faults: list[Fault], rows: int) -> None:
        super().__init__(f"{rows} rows cannot be used")
        self.faults = faults
        self.rows = rows


NO_OBJECT = gettext_noop("A signal is an object.")
UNKNOWN = gettext_noop("This field is unknown.")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


def fault(row: int, field: str, value: object, wrong: Wrong) -> Fault:
    if isinstance(wrong, At):
        field, value = wrong.field, wrong.value
    shown = isinstance(value, str | int | float) and field not in PERSONAL
    # Half a surrogate pair cannot be sent back either.
    said = str(value)[:SHOWN].encode(errors="replace").decode() if shown else None
    return Fault(row, field, said, wrong.reason)


def unknown(row: int, name: str, known: Collection[str]) -> Fault:
    """A field nobody asked for; its name is repeated only where it looks like one."""
    near = get_close_matches(name, known, n=1) if len(name) <= 40 else []
    reason = Sentence(UNKNOWN)
    if near:
        reason = Sentence(gettext_noop("This field is unknown; the nearest is %(near)s."), {"near": near[0]})
    return Fault(row, name if _NAME.fullmatch(name) else "?", None, reason)
