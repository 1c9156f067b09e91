"""A month to its file and back, beside bare COPY of the same rows, which neither checks nor compresses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from surveys.models import ArchivedMonth
from surveys.services.archive import archive_month, drop_month, restore_month
from surveys.services.months import make_months
from tests.benchmarks.conftest import compare, show
from tests.surveys.factories import source

pytestmark = [pytest.mark.bench, pytest.mark.django_db]

ROWS, MONTH = 200_000, date(2025, 3, 1)
NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
FILL = """
INSERT INTO customers_customer (reference, brand, region, language, value_tier, activity_tier, attributes, created_at)
SELECT 'C' || n, '', NULL, '', '', '', '{}', now() FROM generate_series(1, %(rows)s / 4) AS n;
INSERT INTO surveys_signal (occurred_on, source_id, external_id, dimension, customer_id, kind, channel, raw,
    perceived, adequate, adequate_from, opens, topic, causes, comment, received_at)
SELECT '2025-03-01'::date + n %% 31, %(source)s, 'sheet-' || n / 2,
    CASE n %% 2 WHEN 0 THEN 'overall' ELSE 'network' END, c.first + n %% (%(rows)s / 4), 'rating', 'sms',
    (hashint4(n) & 7)::text, (hashint4(n) & 7) * 100 / 7.0, 65, 'source', n %% 2 = 0, '',
    CASE n %% 5 WHEN 0 THEN '{network.speed}' ELSE '{}' END::text[],
    CASE n %% 10 WHEN 0 THEN 'slow since ' || md5(n::text) ELSE '' END, now() + n * interval '1 second'
FROM generate_series(0, %(rows)s - 1) AS n, (SELECT min(id) AS first FROM customers_customer) AS c;
"""


def test_archive_and_restore(settings: Settings, tmp_path: Path) -> None:
    settings.HOME = tmp_path
    make_months(days=[MONTH])
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"rows": ROWS, "source": source().pk})
        cursor.execute(
            "SELECT pg_table_size('surveys_signal_2025_03'), pg_total_relation_size('surveys_signal_2025_03')"
        )
        table, with_indexes = cursor.fetchone()
    plain = tmp_path / "plain.csv"

    def copy_out() -> int:
        statement = "COPY surveys_signal_2025_03 TO STDOUT (FORMAT csv)"
        with connection.cursor() as cursor, plain.open("wb") as lines, cursor.copy(statement) as copy:
            for block in copy:
                lines.write(block)
        return ROWS

    def archive() -> int:
        ArchivedMonth.objects.all().delete()
        return archive_month(month=MONTH, now=NOW).rows

    rates = compare({"bare COPY to CSV": copy_out, "archive, read back, compared": archive})
    show(f"A month of {ROWS:,} signals to a file", rates, floor="bare COPY to CSV")
    size = ArchivedMonth.objects.get().size
    print(
        f"  bytes a row: {size / ROWS:.1f} in Parquet, {plain.stat().st_size / ROWS:.0f} in CSV, "
        f"{table / ROWS:.0f} in the table, {with_indexes / ROWS:.0f} with its indexes"
    )

    def copy_in() -> int:
        with connection.cursor() as cursor, plain.open("rb") as lines:
            cursor.execute("CREATE TEMPORARY TABLE plain (LIKE surveys_signal INCLUDING INDEXES)")
            with cursor.copy("COPY plain FROM STDIN (FORMAT csv)") as copy:
                while block := lines.read(1 << 20):
                    copy.write(block)
            cursor.execute("DROP TABLE plain")
        return ROWS

    def drop_and_restore() -> int:
        assert drop_month(month=MONTH, now=NOW) == ROWS
        return restore_month(month=MONTH)

    rates = compare({"bare COPY from CSV, indexed": copy_in, "drop, restore, compared": drop_and_restore}, rounds=3)
    show(f"A month of {ROWS:,} signals and back", rates, floor="bare COPY from CSV, indexed")
