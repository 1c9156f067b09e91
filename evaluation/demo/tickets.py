"""The shops' tickets of the last nine weeks: steady, until yesterday a system stood still in one region.

These customers are not the panel of the other sources: what they meet shows on the board of daily counts and changes
no campaign.
"""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from evaluation.demo.chance import chance
from evaluation.demo.people import weighted
from loopcare.staff.models import User
from surveys.services.intake import import_file

WEEKS = 9
PER_THOUSAND = {("Northwind Plus", "JS"): 6, ("Northwind Go", "SH"): 2}
"""Tickets a day for every thousand customers of the world, by brand and region; all of them were passed on twice."""
STANDSTILL = ("Northwind Plus", "JS")
TIMES = 3.5  # as many as on any other day
SMOOTH = 0.1  # share of tickets that went well
TOPICS = {"SIM card replaced": 5, "Plan changed": 4, "Device returned": 2, "Contract ended": 1}
HEADER = ("Ticket", "Customer", "Opened", "Closed", "Brand", "Region", "Topic", "Passed on")

MAPPING = """
[source]
code = "shop-tickets"
name = "Shop tickets"
channel = "shop"
kind = "ticket"
[columns]
reference = "Customer"
external_id = "Ticket"
brand = "Brand"
region = "Region"
[event]
kind = "ticket"
topic = "Topic"
opened_at = "Opened"
closed_at = "Closed"
transfers = "Passed on"
"""


def first_day(last: date) -> date:
    """The first day of the tickets, whole weeks before `last`."""
    return last - timedelta(days=7 * WEEKS - 1)


def deliver(
    *, first: date, last: date, spike_on: date, customers: int, seed: int, folder: Path, by: User, now: datetime
) -> None:
    """Write the tickets of some days and import them, as the supervisor would."""
    path = folder / f"shop-tickets-{last.isoformat()}.csv"
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(HEADER)
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            writer.writerows(_day(day, chance("tickets", seed, (spike_on - day).days), customers, spike_on))
    import_file(path=path, mapping_text=MAPPING, source_code=None, now=now, created_by=by)
    path.unlink()


def _day(day: date, rng: Random, customers: int, spike_on: date) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for (brand, region), rate in PER_THOUSAND.items():
        expected = rate * customers / 1000 * (TIMES if day == spike_on and (brand, region) == STANDSTILL else 1)
        for _number in range(round(rng.gauss(expected, expected**0.5 / 2))):
            name = f"{day:%y%m%d}-{region}{len(rows):03d}"
            opened = f"{day} {rng.randrange(9, 20):02d}:{rng.randrange(60):02d}"
            closed = f"{day} 20:30" if day != spike_on else ""
            passed_on = rng.choice((0, 1)) if rng.random() < SMOOTH else rng.choice((2, 2, 3))
            topic = weighted(rng, TOPICS)
            rows.append((f"T{name}", f"SHOP{name}", opened, closed, brand, region, topic, str(passed_on)))
    return rows
