"""Scores as signals, and how explicit and latent signs meet in one entry."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from surveys.enums import EntryKind
from surveys.models import Detection, PoolEntry, Signal
from surveys.selectors.silent import LatentScore, heard_of, latent_scores, standing_of
from surveys.services.landing import Landed
from surveys.services.setup import PREDICTIONS, shipped_source
from surveys.services.silent.entering import enter
from tests.surveys.factories import customer_id, land_rows, row
from tests.surveys.silent_bases import kept

pytestmark = pytest.mark.django_db


def entered(*chosen: tuple[str, float], now: datetime) -> Landed:
    with transaction.atomic():
        return enter(model=kept(now=now), chosen=chosen, day=now.date(), now=now)


def entry_of(reference: str) -> PoolEntry:
    return PoolEntry.objects.select_related("rule", "source").open().get(customer__reference=reference)


def test_a_score_is_a_prediction_that_the_shipped_rule_finds(now: datetime) -> None:
    landed = entered(("A", 0.41239), now=now)

    signal = Signal.objects.get()
    assert (landed.signals, landed.pool_new) == (1, 1)
    assert (signal.kind, signal.channel, signal.dimension, signal.raw) == ("prediction", "scan", "calls", "0.412")
    assert (signal.external_id, signal.occurred_on, signal.opens) == ("A", now.date(), True)
    assert (signal.perceived, signal.adequate, signal.adequate_from) == (None, None, "")
    entry = entry_of("A")
    assert (entry.kind, entry.rule and entry.rule.code, entry.source.code) == (
        EntryKind.LATENT,
        "silent-model",
        "silent-model",
    )
    assert (entry.raw, entry.gap) == ("0.412", None)


def test_the_same_day_again_adds_nothing(now: datetime) -> None:
    entered(("A", 0.4), ("B", 0.3), now=now)

    again = entered(("A", 0.4), ("B", 0.3), now=now)

    assert (again.signals, again.pool_new, again.clashes) == (0, 0, [])
    assert (Signal.objects.count(), Detection.objects.count(), PoolEntry.objects.count()) == (2, 2, 2)


def test_customers_unknown_here_follow_the_sources_setting(now: datetime) -> None:
    customer_id("known", now=now)
    source = shipped_source(PREDICTIONS)
    source.unknown_customers = "reject"
    source.save()

    landed = entered(("known", 0.4), ("stranger", 0.9), now=now)

    assert (landed.signals, landed.pool_new, landed.unknown) == (1, 1, [2])
    assert list(Signal.objects.values_list("customer__reference", flat=True)) == ["known"]


def test_latent_then_explicit_is_explicit_with_its_rule_and_keeps_the_score(now: datetime) -> None:
    entered(("A", 0.4), now=now)
    later = now + timedelta(days=3)
    land_rows(row("A", 2, on=later.date()), now=later)

    entry = entry_of("A")
    assert (entry.kind, entry.raw, entry.dimension) == (EntryKind.EXPLICIT, "2", "overall")
    assert entry.gap is not None
    assert entry.repeat_count == 2
    assert (entry.rule and entry.rule.label, entry.source.label) == ("Low rating", "cards")
    assert latent_scores([entry.customer_id], today=later.date()) == {
        entry.customer_id: LatentScore("0.400", "calls", now.date())
    }


def test_explicit_then_latent_stays_explicit_with_its_rule_and_shows_the_score(now: datetime) -> None:
    land_rows(row("A", 2, on=now.date()), now=now)
    later = now + timedelta(days=3)
    entered(("A", 0.7), now=later)

    entry = entry_of("A")
    assert entry.kind == EntryKind.EXPLICIT
    assert (entry.rule and entry.rule.label, entry.source.label, entry.raw) == ("Low rating", "cards", "2")
    assert (entry.perceived is not None, entry.gap is not None) == (True, True)
    assert latent_scores([entry.customer_id], today=later.date())[entry.customer_id].score == "0.700"


def test_the_latest_score_is_shown_and_for_a_year(now: datetime) -> None:
    entered(("A", 0.2), now=now)
    entered(("A", 0.3), now=now + timedelta(days=1))
    (customer,) = set(Signal.objects.values_list("customer_id", flat=True))

    assert latent_scores([customer], today=now.date())[customer].score == "0.200"
    assert latent_scores([customer], today=now.date() + timedelta(days=1))[customer].score == "0.300"
    assert latent_scores([customer], today=now.date() + timedelta(days=367)) == {}


def test_silent_is_who_told_nothing_lately_and_does_not_stand_in_the_pool_explicitly(now: datetime) -> None:
    today = now.date()
    land_rows(row("happy", 10, on=today - timedelta(days=20)), now=now)
    land_rows(row("long ago", 10, on=today - timedelta(days=120)), now=now)
    land_rows(row("unhappy long ago", 2, on=today - timedelta(days=120)), now=now)
    entered(("latent", 0.5), now=now)

    assert heard_of(day=today) == {"happy", "unhappy long ago"}


def test_who_was_entered_before_is_standing_but_not_on_the_day_itself(now: datetime) -> None:
    entered(("A", 0.5), now=now)
    today = now.date()

    assert standing_of(name="calls", day=today) == set()
    assert standing_of(name="calls", day=today + timedelta(days=1)) == {"A"}
    assert standing_of(name="another", day=today + timedelta(days=1)) == set()
    assert standing_of(name="calls", day=today + timedelta(days=91)) == set()
