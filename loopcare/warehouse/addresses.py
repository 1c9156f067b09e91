"""How a warehouse is named: one URL, which says the engine and the place.

parquet:///data/warehouse            DuckDB over the Parquet files of a folder: each file, and each folder of files,
                                     is a table
parquet:///data/customers-*.parquet  one table in many files
duckdb:///data/warehouse.duckdb      a DuckDB file
postgresql://reader:…@host/database  PostgreSQL; ?schema=… for another schema than the user's own
spark:local?parquet=/data/warehouse  Spark in this process over a folder of Parquet files
spark://host:7077?parquet=hdfs://…   a Spark cluster; without `parquet` the tables of its catalogue
spark:yarn?…                         any other master that Spark knows
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid

Engine = Literal["duckdb", "postgresql", "spark"]

HIDDEN = "•••"
# What an address may set of Spark. Others can name code to run; they belong into the server's own spark-defaults.conf.
SPARK_OPTIONS = re.compile(
    r"parquet|spark\.(executor\.(memory|cores|instances)|cores\.max|hadoop\.fs\.[\w.-]+|driver\.(host|port))"
)
_SECRET = re.compile("pass|secret|token|key", re.IGNORECASE)


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """Where a warehouse is. `path` is a file, folder or pattern for DuckDB; `options` what follows the `?`."""

    url: str
    engine: Engine
    path: str = ""
    options: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"Address({self.shown})"

    @property
    def shown(self) -> str:
        """The URL as anybody may read it: without its password."""
        parts = urlsplit(self.url)
        place = parts.netloc
        if parts.password is not None:
            place = f"{parts.username}:{HIDDEN}@{place.rpartition('@')[2]}"
        slashes = "//" if self.url.startswith(f"{parts.scheme}://") else ""
        pairs = [f"{name}={HIDDEN if _SECRET.search(name) else value}" for name, value in self.options]
        query = "&".join(pairs) if pairs else parts.query
        return f"{parts.scheme}:{slashes}{place}{parts.path}{'?' if query else ''}{query}"

    @property
    def files(self) -> str:
        """The local files that are read, '' where there are none: a folder, a file or a pattern."""
        if self.engine == "duckdb":
            return self.path
        parquet = dict(self.options).get("parquet", "")
        return parquet.removeprefix("file://") if parquet.startswith(("/", "file:///")) else ""

    @property
    def master(self) -> str:
        """How Spark names the cluster."""
        return self.url.split("?")[0] if self.url.startswith("spark://") else self.path

    @property
    def names_user(self) -> bool:
        """Whether PostgreSQL is asked as a user of the address, not as whom LoopCare itself runs as."""
        return self.engine != "postgresql" or bool(urlsplit(self.url).username or dict(self.options).get("user"))

    def within(self, folder: Path) -> bool:
        """Whether nothing outside `folder` is read; true where no local file is."""
        if not self.files:
            return True
        # A pattern is judged by where it begins: it cannot climb, because it holds no "..".
        fixed = Path(re.split(r"[*?\[]", self.files)[0])
        return ".." not in Path(self.files).parts and fixed.resolve().is_relative_to(folder.resolve())


def parse_address(url: str) -> Address:
    """Read a warehouse's URL. Raises Invalid for one that names no engine or no place."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        options = tuple(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError as error:
        raise _refused() from error
    path = unquote(parts.path)
    match parts.scheme:
        case "parquet" | "duckdb" if not parts.netloc and path.startswith("/") and len(path) > 1:
            # A pattern may hold "?", which a URL takes for its query.
            return Address(url, "duckdb", path + (f"?{unquote(parts.query)}" if parts.query else ""))
        case "postgresql" | "postgres" if parts.netloc or parts.path.strip("/"):
            return Address(url, "postgresql", path, options)
        case "spark" if parts.netloc or path:
            for name, _value in options:
                if not SPARK_OPTIONS.fullmatch(name):
                    sentence = _(
                        "%(name)s cannot be set in an address; it belongs into the server's spark-defaults.conf."
                    )
                    raise Invalid(sentence % {"name": name}, field="url")
            return Address(url, "spark", path or parts.netloc, options)
    raise _refused()


def _refused() -> Invalid:
    return Invalid(
        _(
            "This is no address of a warehouse. Write parquet:///folder, duckdb:///file, postgresql://host/database, "
            "spark:local?parquet=/folder or spark://host:7077."
        ),
        field="url",
    )
