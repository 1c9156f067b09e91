"""The body of a call as JSON, strictly: UTF-8, no field twice, no number that is none. Standard library only."""

from __future__ import annotations

import json
import math
from typing import Any

from surveys.logic.sentences import Sentence, gettext_noop


class Malformed(ValueError):
    """A body that is no JSON, or JSON that says two things."""

    def __init__(self, msgid: str, **facts: object) -> None:
        super().__init__(msgid)
        self.sentence = Sentence(msgid, facts)


def parse_rows(body: bytes) -> list[Any]:
    """What a body lists; one object is a list of one. Raises Malformed."""
    try:
        parsed = json.loads(body.decode(), object_pairs_hook=_object, parse_float=_finite, parse_constant=_constant)
    except Malformed:
        raise
    except UnicodeDecodeError as error:
        raise Malformed(gettext_noop("Byte %(place)s of the body is not UTF-8."), place=error.start) from error
    except json.JSONDecodeError as error:
        reason = gettext_noop("The body is not JSON: line %(line)s, column %(column)s.")
        raise Malformed(reason, line=error.lineno, column=error.colno) from error
    except RecursionError as error:
        raise Malformed(gettext_noop("The body is nested too deeply.")) from error
    except ValueError as error:  # the one that is left: an integer of thousands of digits
        raise Malformed(gettext_noop("The body holds a number that is too large.")) from error
    return parsed if isinstance(parsed, list) else [parsed]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed(gettext_noop("An object of the body names a field twice."))
    return found


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise Malformed(gettext_noop("The body holds a number that is too large."))
    return number


def _constant(written: str) -> float:
    raise Malformed(gettext_noop("The body holds %(word)s, which is no JSON."), word=written)
