"""What rules see is the same, whether read back from the view or still in hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection

from surveys.logic.decoding import Decoded, Event
from surveys.models import Sighting
from surveys.selectors.detection import SIGHTINGS
from tests.surveys.factories import land_rows, row


@pytest.mark.django_db
def test_text_for_signals_in_hand_is_the_views_own(now: datetime) -> None:
    day = now.date()
    told = [
        Event("ticket", "billing", "hotline", now - timedelta(hours=3), now - timedelta(hours=2), None, 3, True),
        Event("contact", "billing", "app", now - timedelta(hours=1)),
        Event("complaint"),
    ]
    events = [Decoded(n, "a", f"e{n}", day, (), event, "Nova", "North") for n, event in enumerate(told, 3)]
    land_rows(row("a", 3, on=day), row("b", 9, on=day - timedelta(days=40), number=2), *events, now=now)

    names = ", ".join(field.column for field in Sighting._meta.fields if field.column)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM surveys_sighting ORDER BY occurred_on, id")
        viewed = cursor.fetchall()
        cursor.execute(f"SELECT {names} FROM {SIGHTINGS.format(signals='surveys_signal')} ORDER BY occurred_on, id")
        assert cursor.fetchall() == viewed
    assert len(viewed) == 5
    seen = Sighting.objects.filter(kind="contact").values_list("contacts_7d", "topic_contacts_30d", "channels_1d")
    assert list(seen) == [(3, 2, 3)]
