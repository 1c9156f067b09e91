"""An operator's base for scans: one row a customer, seeded, written by DuckDB as Parquet, and loaded into PostgreSQL.

    python -m tests.benchmarks.base 20000000 /tmp/base/customers.parquet --seed 7

What makes engines disagree is in it: NULLs, NaN, FLOAT beside DOUBLE and DECIMAL, and values rounded so that many stand
on the thresholds of the shipped rules. About 4.5 % of the customers satisfy at least one of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb
import psycopg

COLUMNS = {
    "msisdn": "text",
    "changed_at": "timestamp",
    "region": "text",
    "tenure_months": "integer",
    "usage_ratio_3m": "double precision",
    "voice_ratio_3m": "real",
    "contacts_30d": "integer",
    "weak_coverage_min_30d": "double precision",
    "dropped_calls_30d": "smallint",
    "speed_mbps": "double precision",
    "arrears": "numeric(10,2)",
    "bill_disputed": "boolean",
    "help_dwell_s_7d": "real",
    "contract_days_left": "integer",
}
"""Each column with PostgreSQL's name of its type."""

# u(k): an even chance in [0, 1) of its own for each customer and column.
BASE = """
WITH chance AS (SELECT i, {chances} FROM range({first}, {rows}) AS r(i))
SELECT 'c' || lpad(i::varchar, 9, '0') AS msisdn,
    TIMESTAMP '2026-11-01' + to_seconds((u1 * 2160000)::bigint) AS changed_at,
    ['BJ', 'SH', 'GD', 'SC', ''][1 + (u2 * 4.2)::integer] AS region,
    (1 + 120 * u3 * u3)::integer AS tenure_months,
    CASE WHEN u4 < .02 THEN NULL ELSE round(.285 + u5 * 1.5 - (u4 > .99)::integer * .5, 2) END AS usage_ratio_3m,
    (CASE WHEN u6 < .02 THEN NULL WHEN u6 < .03 THEN 'nan'::double ELSE round(.29 + u7 * 1.6, 2) END)::float
        AS voice_ratio_3m,
    CASE WHEN u8 > .995 THEN 3 + (u9 * 3)::integer WHEN u8 > .8 THEN 1 ELSE 0 END::integer AS contacts_30d,
    CASE WHEN u10 < .02 THEN NULL WHEN u10 > .999 THEN 599 + (u11 * 2)::integer ELSE round(-100 * ln(1 - u11), 0) END
        AS weak_coverage_min_30d,
    CASE WHEN u12 < .02 THEN NULL WHEN u12 > .996 THEN 6 + (u13 * 4)::integer ELSE (u13 * 4)::integer END::smallint
        AS dropped_calls_30d,
    CASE WHEN u14 < .02 THEN 'nan'::double ELSE round(1.44 + 20 * u15, 1) END AS speed_mbps,
    (CASE WHEN u16 < .05 THEN round(u17 * 300, 2) ELSE 0 END)::decimal(10, 2) AS arrears,
    CASE WHEN u18 < .1 THEN NULL ELSE u18 > .97 END AS bill_disputed,
    (CASE WHEN u19 < .3 THEN NULL WHEN u19 > .999 THEN 299.9 + round(u20 * .2, 1) ELSE round(-55 * ln(1 - u20), 1) END)
        ::float AS help_dwell_s_7d,
    CASE WHEN u21 < .3 THEN NULL ELSE (u22 * 900)::integer END AS contract_days_left{more}
FROM chance
"""
# What an operator's table holds besides, and no rule asks.
MORE = ",\n    round(1000 * (hash(i * 32 + {k}) / 18446744073709551616.0), 1) AS more_{k}"


def select_base(rows: int, seed: int, *, first: int = 0, more: int = 0) -> str:
    """The query that makes customers `first` … `rows` - 1; the same of the same seed, however many there are."""
    chances = ", ".join(f"hash(i * 32 + {seed << 40 | k}) / 18446744073709551616.0 AS u{k}" for k in range(1, 23))
    columns = "".join(MORE.format(k=k) for k in range(more))
    return BASE.format(chances=chances, first=first, rows=rows, more=columns)


def write_base(path: Path, *, rows: int, seed: int = 7, more: int = 0) -> Path:
    """A base of so many customers as one Parquet file, in the order of the reference; `more` columns beside."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        connection.execute(
            f"COPY ({select_base(rows, seed, more=more)}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 200000)"
        )
    return path


def load_base(path: Path, connection: psycopg.Connection, *, table: str = "customers") -> None:
    """The same base in a table of PostgreSQL."""
    csv = path.with_suffix(".csv")
    with duckdb.connect() as duck:
        names = [str(row[0]) for row in duck.execute(f"DESCRIBE FROM '{path}'").fetchall()]
        columns = ", ".join(f"{name} {COLUMNS.get(name, 'double precision')}" for name in names)
        connection.execute(f"DROP TABLE IF EXISTS {table}; CREATE UNLOGGED TABLE {table} ({columns})")
        duck.execute(f"COPY (FROM '{path}') TO '{csv}' (FORMAT csv, HEADER false, NULL '\\N', FORCE_QUOTE *)")
    statement = f"COPY {table} FROM STDIN (FORMAT csv, NULL '\\N')"
    with connection.cursor() as cursor, cursor.copy(statement) as copy, csv.open("rb") as lines:
        while block := lines.read(1 << 20):
            copy.write(block)
    csv.unlink()
    connection.execute(f"ANALYZE {table}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int)
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--more", type=int, default=0, help="columns that no rule asks")
    said = parser.parse_args()
    print(write_base(said.path, rows=said.rows, seed=said.seed, more=said.more))
