"""The same question, the same customers, whatever the engine; judged by a slow reading of the rules in Python."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pytest

from loopcare.common.rules import Field, FieldSet, Rule, parse
from loopcare.warehouse import (
    Asked,
    Base,
    Column,
    ColumnGone,
    Counted,
    DaysUntil,
    Made,
    Ratio,
    Reader,
    TableGone,
    connect,
)
from surveys.logic.latent_rules import FIELDS as AGREED
from surveys.logic.latent_rules import RULES
from tests.benchmarks.base import COLUMNS
from tests.common.rules.oracle import holds
from tests.warehouse.conftest import ROWS

# PySpark leaves its sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

FIELDS = FieldSet(
    *(Field(field.name, field.kind, field.label) for field in AGREED if field.name in COLUMNS),
    Field("region", "text", "region"),
    Field("changed_at", "date", "changed"),
)
BASE = Base("customers", "msisdn", "changed_at")
NUMBERS = {
    "usage_ratio_3m": ("0.3", "0.8", "0.29"),
    "voice_ratio_3m": ("0.3", "0.29", "1.1"),
    "contacts_30d": ("1", "3", "0.5"),
    "weak_coverage_min_30d": ("600", "100", "0"),
    "dropped_calls_30d": ("8", "6", "-1"),
    "speed_mbps": ("1.5", "1.4", "20"),
    "arrears": ("0", "0.01", "120.125"),
    "help_dwell_s_7d": ("300", "12.5", "0.1"),
    "contract_days_left": ("0", "30", "29.5"),
}
OPERATORS = ("= {}", "!= {}", "< {}", "<= {}", "> {}", ">= {}", "in ({}, 7)", "not in ({}, 7)")
OTHERS = [
    "bill_disputed",
    "not bill_disputed",
    "bill_disputed is missing",
    "region = 'BJ'",
    "region != 'BJ'",
    "region in ('BJ', 'SH')",
    "region is missing",
    "region is known",
    "changed_at <= '2026-11-10'",
    "not changed_at <= '2026-11-10'",
    "changed_at = '2026-11-10'",
    "arrears > 0 or region = 'GD' and not bill_disputed",
    "not (arrears > 0 or help_dwell_s_7d > 60)",
]


def shipped() -> dict[str, Rule]:
    """The shipped rules whose fields the base has."""
    agreed = FieldSet(*(Field(field.name, field.kind, field.label) for field in AGREED))
    texts = {rule.code: rule.text for rule in RULES}
    lacking = {field.name for field in AGREED} - set(COLUMNS)
    assert lacking == {"topup_gap_ratio"}
    return {code: parse(text, agreed) for code, text in texts.items() if "topup_gap_ratio" not in text}


def each_operator() -> dict[str, Rule]:
    tests = [f"{name} {op.format(value)}" for name, values in NUMBERS.items() for value in values for op in OPERATORS]
    tests += [f"{name} is {state}" for name in NUMBERS for state in ("missing", "known")]
    return {text: parse(text, FIELDS) for text in (*tests, *OTHERS)}


def as_days(person: dict[str, Any]) -> dict[str, Any]:
    return person | {"changed_at": person["changed_at"].date()}


def found(batches: Iterable[pa.RecordBatch], rules: Iterable[str]) -> dict[str, list[Any]]:
    table = pa.Table.from_batches(batches)
    assert table.schema.names == ["reference", *rules]
    return {rule: table.filter(table.column(rule)).column("reference").to_pylist() for rule in rules}


def expected(rules: dict[str, Rule], people: list[dict[str, Any]]) -> dict[str, list[str]]:
    days = [as_days(person) for person in people]
    return {name: [person["msisdn"] for person in days if holds(rule, person) is True] for name, rule in rules.items()}


def asked(rules: dict[str, Rule], since: str = "") -> dict[str, Asked]:
    return {name: Asked(rule, since) for name, rule in rules.items()}


def test_engine_shows_tables_and_columns(warehouse: Reader) -> None:
    others = {"duckdb": ["other.few", "peek"], "postgresql": [], "spark": ["parts"]}
    assert [name for name in warehouse.tables() if "." not in name or name.startswith("other")] == sorted(
        ["customers", *(["parts"] if "parts" in warehouse.tables() else others[warehouse.engine])]
    )
    kinds = {column.name: column.kind for column in warehouse.columns("customers")}
    assert kinds == {"msisdn": "text", "changed_at": "date"} | {name: field.kind for name, field in FIELDS.items()}
    assert all(column.type for column in warehouse.columns("customers"))


def test_shipped_rules_find_the_same_customers_in_every_engine(warehouse: Reader, people: list[dict[str, Any]]) -> None:
    rules = shipped()
    assert len(rules) == 9
    wanted = expected(rules, people)
    assert min(map(len, wanted.values())) >= 5
    assert found(warehouse.matches(BASE, asked(rules), FIELDS, batch=500), rules) == wanted
    counted = warehouse.count(BASE, asked(rules), FIELDS)
    assert counted.scanned == ROWS
    assert counted.found == {name: len(customers) for name, customers in wanted.items()}


def test_base_has_customers_on_the_thresholds(people: list[dict[str, Any]]) -> None:
    """Without them the equality of engines would show nothing."""
    on = {
        name: sum(person[name] is not None and float(person[name]) == float(values[0]) for person in people)
        for name, values in NUMBERS.items()
    }
    assert min(on.values()) > 0
    missing = [name for name in NUMBERS if any(person[name] is None for person in people)]
    assert len(missing) >= 6


def test_every_operator_finds_the_same_customers_in_every_engine(
    warehouse: Reader, people: list[dict[str, Any]]
) -> None:
    rules = each_operator()
    wanted = {name: len(customers) for name, customers in expected(rules, people).items()}
    assert warehouse.count(BASE, asked(rules), FIELDS).found == wanted


def test_matches_go_on_behind_a_reference(warehouse: Reader, people: list[dict[str, Any]]) -> None:
    rules = shipped()
    whole = list(warehouse.matches(BASE, asked(rules), FIELDS, batch=100))
    assert {batch.num_rows for batch in whole[:-1]} == {100}
    after = whole[2].column("reference")[-1].as_py()
    rest = list(warehouse.matches(BASE, asked(rules), FIELDS, batch=100, after=after))
    assert pa.Table.from_batches(rest) == pa.Table.from_batches(whole[3:])
    last = people[-1]["msisdn"]
    assert list(warehouse.matches(BASE, asked(rules), FIELDS, after=last)) == []


def test_rules_look_at_what_changed(warehouse: Reader, people: list[dict[str, Any]]) -> None:
    """Each behind its own mark, all up to one."""
    rules = shipped()
    until, since = "2026-11-20T00:00:00", "2026-11-12T10:30:00"
    questions = asked(rules) | asked({"contacts-30d": rules["contacts-30d"]}, since)
    seen = [person for person in people if person["changed_at"] <= datetime.fromisoformat(until)]
    new = [person for person in seen if person["changed_at"] > datetime.fromisoformat(since)]
    wanted = expected(rules, seen) | expected({"contacts-30d": rules["contacts-30d"]}, new)
    assert found(warehouse.matches(BASE, questions, FIELDS, until=until), rules) == wanted
    counted = warehouse.count(BASE, questions, FIELDS, until=until)
    assert (counted.scanned, counted.found["contacts-30d"]) == (len(seen), len(wanted["contacts-30d"]))
    all_new = warehouse.count(BASE, asked(rules, since), FIELDS, until=until)
    assert all_new.scanned == len(new)
    assert warehouse.latest(BASE) == max(person["changed_at"] for person in people).isoformat()


def test_numbers_are_made_of_columns(warehouse: Reader, people: list[dict[str, Any]]) -> None:
    made: dict[str, Made] = {"share": Ratio("voice_ratio_3m", "contacts_30d"), "days": DaysUntil("changed_at")}
    base = Base("customers", "msisdn", made=made, day=date(2026, 11, 10))
    fields = FieldSet(Field("share", "number", ""), Field("days", "number", ""))
    texts = ["share <= 0.5", "share > 0.5", "share is missing", "days < 0", "days = 0", "days >= 10"]
    rules = {text: parse(text, fields) for text in texts}

    def person_of(person: dict[str, Any]) -> dict[str, Any]:
        voice, contacts = person["voice_ratio_3m"], person["contacts_30d"]
        share = None if voice is None or not contacts else voice / contacts
        days = (person["changed_at"].date() - date(2026, 11, 10)).days
        return {"msisdn": person["msisdn"], "share": share, "days": days}

    wanted = {
        text: [person["msisdn"] for person in people if holds(rule, person_of(person)) is True]
        for text, rule in rules.items()
    }
    assert min(map(len, wanted.values())) > 0
    assert found(warehouse.matches(base, asked(rules), fields), rules) == wanted


def test_rows_without_a_reference_are_nobodys(postgres_url: str, tmp_path: Path) -> None:
    """Neither counted nor found, whether a file says itself that it has some or has to be read."""
    rows = "VALUES ('', 9), (NULL, 9), ('c2', 9), ('c1', 9), ('c1', 1)"
    for name, more in (("mixed", rows), ("named", "VALUES ('c2', 9), ('c1', 9), ('c1', 1)")):
        duckdb.execute(f"COPY (FROM ({more}) AS t(msisdn, contacts_30d)) TO '{tmp_path}/{name}.parquet'")
    rule = asked({"many": parse("contacts_30d >= 3", FIELDS)})
    with connect(f"parquet://{tmp_path}") as warehouse:
        for name in ("mixed", "named"):
            base = Base(name, "msisdn")
            assert warehouse.count(base, rule, FIELDS).found == {"many": 2}
            assert warehouse.count(base, rule, FIELDS).scanned == 3
            assert found(warehouse.matches(base, rule, FIELDS), rule) == {"many": ["c1", "c2"]}
    with psycopg.connect(postgres_url.split("&schema", maxsplit=1)[0], autocommit=True) as loading:
        loading.execute(f"CREATE TABLE operator.mixed AS SELECT * FROM ({rows}) AS t(msisdn, contacts_30d)")
    with connect(postgres_url) as warehouse:
        assert warehouse.count(Base("mixed", "msisdn"), rule, FIELDS) == Counted(3, {"many": 2})


def test_references_may_be_whole_numbers(tmp_path: Path) -> None:
    duckdb.execute(f"COPY (SELECT range AS id, range % 10 AS contacts_30d FROM range(100)) TO '{tmp_path}/n.parquet'")
    rule = asked({"many": parse("contacts_30d = 9", FIELDS)})
    with connect(f"parquet://{tmp_path}") as warehouse:
        whole = found(warehouse.matches(Base("n", "id"), rule, FIELDS), rule)
        behind = found(warehouse.matches(Base("n", "id"), rule, FIELDS, after="59"), rule)
    assert whole == {"many": [9, 19, 29, 39, 49, 59, 69, 79, 89, 99]}
    assert behind == {"many": [69, 79, 89, 99]}


def test_count_looks_at_the_first_rows_only(warehouse: Reader) -> None:
    counted = warehouse.count(BASE, asked(shipped()), FIELDS, most=1_000)
    assert counted.scanned == 1_000
    assert warehouse.count(BASE, {}, FIELDS).scanned == ROWS


def test_stream_gives_every_row_in_order(warehouse: Reader, people: list[dict[str, Any]]) -> None:
    columns = [name for name in COLUMNS if name != "msisdn"]
    batches = list(warehouse.stream("customers", columns, order_by="msisdn", batch=3_000))
    assert [batch.num_rows for batch in batches] == [3_000] * 6 + [2_000]
    rows = pa.Table.from_batches(batches).to_pylist()
    assert [row["msisdn"] for row in rows] == [person["msisdn"] for person in people]

    def plain(person: dict[str, Any]) -> dict[str, Any]:
        return as_days(person) | {"arrears": float(person["arrears"])}

    assert [{**row, **close(row, person)} for row, person in zip(rows, people, strict=True)] == [
        plain(person) for person in people
    ]
    behind = list(warehouse.stream("customers", ["region"], order_by="msisdn", after=people[14_999]["msisdn"]))
    assert [batch.schema.names for batch in behind] == [["msisdn", "region"]]
    assert behind[0].column("msisdn").to_pylist() == [person["msisdn"] for person in people[15_000:]]


def close(row: dict[str, Any], person: dict[str, Any]) -> dict[str, Any]:
    """A FLOAT comes as the double that it is; the oracle has the number that it stands for."""
    return {
        name: person[name]
        for name in ("voice_ratio_3m", "help_dwell_s_7d")
        if row[name] is not None and row[name] == pytest.approx(person[name], rel=1e-7)
    }


@pytest.mark.parametrize(
    ("base", "error"),
    [
        (Base("nobody", "msisdn"), TableGone),
        (Base("customers", "imsi"), ColumnGone),
        (Base("customers", "speed_mbps"), ColumnGone),
    ],
)
def test_what_is_not_there_is_named(warehouse: Reader, base: Base, error: type[Exception]) -> None:
    with pytest.raises(error):
        warehouse.count(base, asked(shipped()), FIELDS)
    with pytest.raises(error):
        list(warehouse.matches(base, asked(shipped()), FIELDS))


def test_column_that_vanished_or_changed_its_kind_is_named(warehouse: Reader) -> None:
    fields = FieldSet(Field("contacts_30d", "number", "", column="contacts"), Field("region", "number", ""))
    for text, column in (("contacts_30d > 1", "contacts"), ("region > 1", "region")):
        with pytest.raises(ColumnGone) as gone:
            warehouse.count(BASE, asked({"rule": parse(text, fields)}), fields)
        assert gone.value.extra == {"column": column}
    with pytest.raises(ColumnGone):
        warehouse.latest(Base("customers", "msisdn", "region"))


def test_columns_say_the_engines_own_types(warehouse: Reader) -> None:
    types = {"duckdb": "DECIMAL(10,2)", "postgresql": "numeric(10,2)", "spark": "decimal(10,2)"}
    assert Column("arrears", "number", types[warehouse.engine]) in warehouse.columns("customers")
