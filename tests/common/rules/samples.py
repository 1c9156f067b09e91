"""One set of fields over one table of rows with many gaps, for all tests of the rule language."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from loopcare.common.rules import Field, FieldSet


class Brand(models.Model):
    name = models.CharField(max_length=40, null=True)  # noqa: DJ001 - a NULL text is what is tested

    objects: ClassVar[models.Manager[Brand]] = models.Manager()

    class Meta:
        app_label = "rules"
        managed = False
        db_table = "rules_brand"


class Row(models.Model):
    rating = models.SmallIntegerField(null=True)
    score = models.FloatField(null=True)
    paid = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    region = models.CharField(max_length=40, null=True)  # noqa: DJ001
    plan = models.CharField(max_length=40, blank=True)
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, null=True)
    since = models.DateField(null=True)
    vip = models.BooleanField(null=True)
    causes = ArrayField(models.CharField(max_length=40), null=True)

    objects: ClassVar[models.Manager[Row]] = models.Manager()

    class Meta:
        app_label = "rules"
        managed = False
        db_table = "rules_row"


FIELDS = FieldSet(
    Field("rating", "number", "Latest rating"),
    Field("score", "number", "Score"),
    Field("paid", "number", "Paid"),
    Field("region", "text", "Region", choices={"BJ": "Beijing", "SH": "Shanghai", "GD": "Guangdong"}),
    Field("plan", "text", "Plan", column="tariff"),
    Field("brand", "text", "Brand", path="brand__name"),
    Field("since", "date", "Customer since"),
    Field("vip", "boolean", "Strategic customer"),
    Field("causes", "codes", "Causes"),
)

NUMBERS: list[int | Decimal] = [-6, 0, 1, 5, 6, 7, 10, Decimal("-6.5"), Decimal("0.1"), Decimal("6.5")]
TEXTS: dict[str, list[str]] = {
    "region": ["BJ", "SH", "GD"],
    "plan": ["basic", "O'Neill", "back\\slash", "%", "畅享套餐", "; drop table rules_row; --"],
    "brand": ["GoTone", "EasyOwn", "M-Zone"],
}
DAYS = [date(2024, 2, 29), date(2025, 12, 31), date(2026, 1, 1)]
CAUSES = ["billing", "coverage", "shop"]


def sample_rows(count: int, seed: int) -> list[dict[str, Any]]:
    """Rows as dicts by field name; about a third of the values of every field are missing."""
    chance = random.Random(seed)

    def some(values: list[Any], missing: Any = None) -> Any:
        return missing if chance.random() < 0.33 else chance.choice(values)

    def cause_list() -> list[str] | None:
        return some([chance.sample(CAUSES, chance.randint(1, 3)), []])  # type: ignore[no-any-return]

    return [
        {
            "id": number,
            "rating": some([-7, -6, 0, 1, 5, 6, 7, 10]),
            "score": some([-6.5, 0.1, 5.999, 6.0, 6.5]),
            "paid": some([Decimal("-6.50"), Decimal("0.10"), Decimal("6.00"), Decimal("9999999.99")]),
            "region": some([*TEXTS["region"], ""]),
            "plan": some(TEXTS["plan"], missing=""),
            "brand": some([*TEXTS["brand"], ""]),
            "since": some(DAYS),
            "vip": some([True, False]),
            "causes": cause_list(),
        }
        for number in range(1, count + 1)
    ]
