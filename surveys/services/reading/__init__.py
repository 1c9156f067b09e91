"""Table files, read row by row: XLSX, Parquet, and text with separators."""

from surveys.services.reading.opening import open_table
from surveys.services.reading.tables import Row, Table

__all__ = ["Row", "Table", "open_table"]
