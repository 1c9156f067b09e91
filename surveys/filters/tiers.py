"""Filters of tier rules."""

from __future__ import annotations

from django_filters import CharFilter
from django_filters.rest_framework import FilterSet

from surveys.models import TierRule


class TierRuleFilter(FilterSet):
    kind = CharFilter("kind")

    class Meta:
        model = TierRule
        fields: list[str] = []
