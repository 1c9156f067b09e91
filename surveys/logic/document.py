"""A TOML document taken apart with care: every key has its type, and none may be left over."""

from __future__ import annotations

import math
import re
from typing import Any, TypeVar

from surveys.logic.sentences import MappingError, Sentence, gettext_noop

CODE = re.compile(r"[a-z0-9_]+([.-][a-z0-9_]+)*")

T = TypeVar("T")


class Document:
    """One table of a mapping. Taking a key removes it; what is wrong with one is a MappingError that names it."""

    def __init__(self, values: dict[str, Any], path: str) -> None:
        self.values = dict(values)
        self.path = path

    def take(self, key: str, kind: type[T], wanted: str) -> T | None:
        value = self.values.pop(key, None)
        if value is not None and not isinstance(value, kind):
            raise self.error(gettext_noop("%(key)s in the mapping must be %(wanted)s."), key, wanted=Sentence(wanted))
        return value

    def text(self, key: str, *, limit: int = 200) -> str:
        value = self.take(key, str, gettext_noop("a text in quotes")) or ""
        if len(value) > limit:
            raise self.error(gettext_noop("%(key)s in the mapping is longer than %(limit)s."), key, limit=limit)
        return value.strip()

    def required(self, key: str, *, limit: int = 200) -> str:
        value = self.text(key, limit=limit)
        if not value:
            raise self.error(gettext_noop("The mapping lacks %(key)s."), key)
        return value

    def code(self, key: str, *, limit: int) -> str:
        value = self.required(key, limit=limit)
        if not CODE.fullmatch(value):
            raise self.error(
                gettext_noop("%(key)s = %(value)s: a code is written in small letters, digits, dots and dashes."),
                key,
                value=value,
            )
        return value

    def number(self, key: str) -> float:
        value = self.take(key, object, "")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.error(gettext_noop("%(key)s in the mapping must be a number."), key)
        return float(value)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.take(key, list, gettext_noop("a list of texts")) or []
        if not all(isinstance(item, str) for item in value):
            raise self.error(gettext_noop("%(key)s in the mapping must be a list of texts."), key)
        return tuple(value)

    def table(self, key: str) -> Document:
        return Document(self.take(key, dict, gettext_noop("a table")) or {}, self._where(key))

    def tables(self, key: str) -> list[Document]:
        value = self.take(key, list, gettext_noop("a list of tables")) or []
        if not all(isinstance(item, dict) for item in value):
            raise self.error(gettext_noop("%(key)s in the mapping must be a list of tables."), key)
        return [Document(item, self._where(key)) for item in value]

    def nothing_else(self) -> None:
        for key in self.values:
            raise self.error(gettext_noop("The mapping does not know the key %(key)s."), key)

    def _where(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def error(self, msgid: str, key: str, **facts: object) -> MappingError:
        return MappingError(msgid, key=self._where(key), **facts)
