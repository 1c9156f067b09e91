"""Filters of adequate levels."""

from __future__ import annotations

from django_filters import CharFilter
from django_filters.rest_framework import FilterSet

from surveys.filters.base import CodeFilter
from surveys.models import AdequateLevel


class LevelFilter(FilterSet):
    """`value_tier=?` finds the levels for everybody."""

    source = CharFilter("source__code")
    dimension = CharFilter("dimension")
    value_tier = CodeFilter("value_tier")
    basis = CharFilter("basis")

    class Meta:
        model = AdequateLevel
        fields: list[str] = []
