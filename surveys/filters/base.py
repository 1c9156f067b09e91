"""What filters are made of: an allow-list of names, `?` for what is unknown, lists of several codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet
from django.forms import Select
from django.utils.choices import CallableChoiceIterator
from django.utils.translation import gettext_lazy as _
from django_filters import BooleanFilter, CharFilter
from django_filters.constants import EMPTY_VALUES
from django_filters.filters import BaseInFilter

from surveys.selectors import UNKNOWN, labels

ALL = _("all")


class Choice(Select):
    """A select whose options are read once: asking whether it is required would read them again."""

    def use_required_attribute(self, initial: Any) -> bool:
        return False


def choose(options: Callable[[], Iterable[tuple[str, Any]]], *, unknown: bool = False, without: Any = ALL) -> Select:
    """A list to choose from, read only when a page draws it; `without` says what no choice means."""

    def offered() -> list[tuple[str, Any]]:
        return [("", without), *options(), *([(UNKNOWN, UNKNOWN)] if unknown else [])]

    return Choice(choices=CallableChoiceIterator(offered))


def among(axis: str, *, unknown: bool = False) -> Select:
    """The codes that a field of the pool can hold."""
    return choose(lambda: labels(axis).items(), unknown=unknown)


class CodeFilter(CharFilter):
    """One code; `?` finds the rows where it is not known."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return qs.filter(**{self.field_name: ""}) if value == UNKNOWN else super().filter(qs, value)


class CodesFilter(BaseInFilter, CharFilter):
    """Any of several codes, with commas between them."""


class MissingFilter(BooleanFilter):
    """`true` finds the rows where a code is not known, `false` the others."""

    def filter(self, qs: QuerySet[Any], value: bool | None) -> QuerySet[Any]:
        if value is None:
            return qs
        missing = {self.field_name: ""}
        return qs.filter(**missing) if value else qs.exclude(**missing)


class CausesFilter(CharFilter):
    """Entries with this cause; `?` finds those without any."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        return qs.filter(causes__len=0) if value == UNKNOWN else qs.filter(causes__contains=[value])


class AnyCauseFilter(CodesFilter):
    """Entries with at least one of these causes."""

    def filter(self, qs: QuerySet[Any], value: list[str] | None) -> QuerySet[Any]:
        return qs if not value else qs.filter(causes__overlap=value)
