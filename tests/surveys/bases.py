"""Small bases of customers for scans: a Parquet file in the warehouse folder, and the warehouse connected to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from django.conf import settings

from surveys.models import ScanRule, Warehouse
from surveys.services.warehouses import save_warehouse

NOW = datetime.fromisoformat("2026-05-04T08:00+00:00")


def write(query: str, *, name: str = "customers") -> Path:
    """What a DuckDB query says, as a Parquet file in the warehouse folder."""
    folder = Path(settings.WAREHOUSE_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.parquet"
    path.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


def customers(rows: int, *, contacts: str = "i % 10", extra: str = "") -> str:
    """Customers c000 …: `contacts_30d` of each is told by an expression of its number `i`."""
    columns = f"'c' || lpad(i::varchar, 3, '0') AS msisdn, ({contacts})::integer AS contacts_30d {extra}"
    return f"SELECT {columns} FROM range({rows}) AS r(i)"


def connected(query: str = "", **facts: Any) -> Warehouse:
    """A warehouse over one table `customers`."""
    write(query or customers(100))
    said = {"name": "Base", "table": "customers", "reference": "msisdn", "by": None, "now": NOW}
    return save_warehouse(url=f"parquet://{settings.WAREHOUSE_DIR}", **said | facts)


def rule_of(warehouse: Warehouse, code: str = "contacts-30d", **facts: Any) -> ScanRule:
    """A rule of it, the shipped one unless told otherwise."""
    row, _made = ScanRule.objects.get_or_create(
        warehouse=warehouse, code=code, defaults={"name": code, "rule": "contacts_30d >= 3"} | facts
    )
    for name, value in facts.items():
        setattr(row, name, value)
    row.save()
    return row


def references(numbers: Iterable[int]) -> list[str]:
    return [f"c{number:03}" for number in numbers]
