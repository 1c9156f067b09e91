"""Months of signals that stand in a file."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class ArchivedMonth(models.Model):
    """A closed month of signals as a Parquet file: what it holds, and whether its rows still stand here too.

    `checksum` is that of the rows (`surveys_content`), `sha256` that of the file, `file` its place under the archive's
    folder. With `dropped_at` the rows are gone from the database; without it they stand in both places.
    """

    month = models.DateField(primary_key=True)
    rows = models.PositiveBigIntegerField()
    checksum = models.CharField(max_length=60, db_collation="C")
    columns = ArrayField(models.CharField(max_length=40))
    file = models.CharField(max_length=200, unique=True, db_collation="C")
    sha256 = models.CharField(max_length=64, db_collation="C")
    size = models.PositiveBigIntegerField()
    archived_at = models.DateTimeField()
    dropped_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager()

    class Meta:
        ordering = ["month"]
        constraints = [
            models.CheckConstraint(name="archived_month_is_a_first", condition=Q(month__day=1)),
        ]
