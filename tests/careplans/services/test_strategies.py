"""The shipped strategies."""

from __future__ import annotations

import pytest

from careplans.enums import StrategyKind
from careplans.models import Strategy
from careplans.services.strategies import ensure_basics


@pytest.mark.django_db
def test_shipped_strategies_come_once_and_keep_what_was_edited() -> None:
    ensure_basics()
    Strategy.objects.filter(kind=StrategyKind.CALLBACK).update(minutes=12)
    ensure_basics()
    assert sorted(Strategy.objects.values_list("kind", flat=True)) == sorted(StrategyKind.values)
    assert Strategy.objects.get(kind=StrategyKind.CALLBACK).minutes == 12


@pytest.mark.django_db
def test_shipped_guides_have_as_many_steps_in_both_languages() -> None:
    ensure_basics()
    for strategy in Strategy.objects.all():
        assert len(strategy.guide_en.splitlines()) == len(strategy.guide_zh.splitlines()) >= 3
