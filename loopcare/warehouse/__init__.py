"""The operator's own data, where it is: DuckDB (Parquet files, its own files), PostgreSQL, Spark; read, never written.

    with connect("parquet:///data/warehouse") as warehouse:
        warehouse.tables()                                 # ['customers', …]
        warehouse.columns("customers")                     # (Column('msisdn', 'text', 'string'), …)
        base = Base(table="customers", reference="msisdn")
        warehouse.count(base, {"drop": Asked(rule)}, fields)   # how many rows, and how many each rule finds
        for batch in warehouse.matches(base, {"drop": Asked(rule)}, fields, after="c0041"):
            …                                              # Arrow: the reference, and one truth a rule

    for batch in stream(url, table="customers", columns=["tenure", "calls"], order_by="msisdn"):
        …                                                  # Arrow: msisdn, tenure, calls; everybody, in order

Whoever is interrupted goes on behind the last reference of a batch that was used: batches come in the order of the
reference, and a reference is never in two batches. Only what is asked for leaves the warehouse.

Ibis, DuckDB and Spark are loaded by `connect`, not by the import of this package.
"""

from loopcare.warehouse.addresses import Address, parse_address
from loopcare.warehouse.connecting import connect, stream
from loopcare.warehouse.errors import ColumnGone, EngineMissing, TableGone, TooSlow, Unreachable, WarehouseError
from loopcare.warehouse.reading import Asked, Base, Column, Counted, DaysUntil, Made, Ratio, Reader

__all__ = [
    "Address",
    "Asked",
    "Base",
    "Column",
    "ColumnGone",
    "Counted",
    "DaysUntil",
    "EngineMissing",
    "Made",
    "Ratio",
    "Reader",
    "TableGone",
    "TooSlow",
    "Unreachable",
    "WarehouseError",
    "connect",
    "parse_address",
    "stream",
]
