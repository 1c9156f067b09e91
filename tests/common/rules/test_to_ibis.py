from __future__ import annotations

import subprocess
import sys

import ibis
import pytest

from loopcare.common.rules import parse
from loopcare.common.rules.parsing import MAX_TESTS
from loopcare.common.rules.to_ibis import to_expression
from tests.common.rules.samples import FIELDS

PEOPLE = ibis.table({"tariff": "string", "rating": "int64", "since": "timestamp"}, name="people")


def sql(text: str, engine: str) -> str:
    expression = to_expression(parse(text, FIELDS), FIELDS, PEOPLE)
    return " ".join(ibis.to_sql(PEOPLE.filter(expression), dialect=engine).split("WHERE")[1].split())


@pytest.mark.parametrize(
    ("engine", "where"),
    [
        ("duckdb", r""" "t0"."tariff" = 'a\b''c' """),
        ("trino", r""" "t0"."tariff" = 'a\b''c' """),
        ("clickhouse", r""" "t0"."tariff" = 'a\\b''c' """),
        ("pyspark", r""" `t0`.`tariff` = 'a\\b\'c' """),
    ],
)
def test_to_expression_quotes_texts_as_each_engine_does(engine: str, where: str) -> None:
    assert sql(r"plan = 'a\b''c'", engine) == where.strip()


def test_to_expression_compares_days_of_moments() -> None:
    where = sql("since <= '2026-01-31'", "duckdb")
    assert where == 'CAST("t0"."since" AS DATE) <= MAKE_DATE(2026, 1, 31)'


@pytest.mark.parametrize("engine", ["duckdb", "trino", "postgres", "pyspark"])
def test_to_expression_of_the_largest_rule_compiles(engine: str) -> None:
    text = " or ".join(f"not rating = {number}" for number in range(MAX_TESTS))
    assert sql(text, engine).count("IS NOT NULL") == MAX_TESTS


def test_rules_without_a_warehouse_load_no_ibis() -> None:
    code = "import sys, loopcare.common.rules; sys.exit('ibis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
