from __future__ import annotations

from pathlib import Path

import pytest

from loopcare.common.errors import Invalid
from loopcare.warehouse import parse_address
from loopcare.warehouse.errors import Unreachable
from loopcare.warehouse.files import fixed_folder, parquet_tables


@pytest.mark.parametrize(
    ("url", "engine", "files"),
    [
        ("parquet:///data/base", "duckdb", "/data/base"),
        ("parquet:///data/c-?.parquet", "duckdb", "/data/c-?.parquet"),
        ("parquet:///data/my%20base", "duckdb", "/data/my base"),
        ("duckdb:///data/base.duckdb", "duckdb", "/data/base.duckdb"),
        ("postgresql://reader@host/base", "postgresql", ""),
        ("spark:local?parquet=/data/base", "spark", "/data/base"),
        ("spark:local?parquet=file:///data/base", "spark", "/data/base"),
        ("spark://host:7077?parquet=hdfs://name/base", "spark", ""),
        ("spark:yarn", "spark", ""),
    ],
)
def test_address_says_engine_and_local_files(url: str, engine: str, files: str) -> None:
    address = parse_address(f"  {url} ")
    assert (address.engine, address.files) == (engine, files)


@pytest.mark.parametrize(
    ("url", "master"), [("spark://host:7077?parquet=x", "spark://host:7077"), ("spark:yarn", "yarn")]
)
def test_address_says_sparks_master(url: str, master: str) -> None:
    assert parse_address(url).master == master


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/data/base",
        "parquet://base",
        "parquet:///",
        "duckdb:base",
        "postgresql://",
        "mysql://host/base",
        "spark:",
        "http://host",
        "postgresql://[bad/base",
        "spark:local?spark.driver.extraJavaOptions=-javaagent:/tmp/x.jar",
        "spark:local?spark.jars=/tmp/x.jar",
        "spark:local?spark.hadoop.fs.x.impl%20=y",
    ],
)
def test_address_refuses_what_is_none(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_address(url)
    assert refused.value.field == "url"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://reader:s3cret@host:5432/base", "postgresql://reader:•••@host:5432/base"),
        ("postgresql://reader:p%40ss@host/base", "postgresql://reader:•••@host/base"),
        ("postgresql://host/base?user=reader&password=s3cret", "postgresql://host/base?user=reader&password=•••"),
        ("postgresql://reader@host/base", "postgresql://reader@host/base"),
        (
            "spark:local?parquet=s3a://b/base&spark.hadoop.fs.s3a.secret.key=s3cret",
            "spark:local?parquet=s3a://b/base&spark.hadoop.fs.s3a.secret.key=•••",
        ),
        ("parquet:///data/c-?.parquet", "parquet:///data/c-?.parquet"),
    ],
)
def test_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    address = parse_address(url)
    assert address.shown == shown
    assert repr(address) == f"Address({shown})"


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("parquet:///data", True),
        ("parquet:///data/base", True),
        ("parquet:///data/*.parquet", True),
        ("parquet:///database", False),
        ("parquet:///dat*/base.parquet", False),
        ("parquet:///data/../etc", False),
        ("parquet:///data/*/../../etc", False),
        ("duckdb:///etc/base.duckdb", False),
        ("spark:local?parquet=/etc", False),
        ("spark:local?parquet=file:///etc", False),
        ("postgresql://reader@host/base", True),
    ],
)
def test_address_knows_whether_its_files_are_within_a_folder(url: str, inside: bool) -> None:
    assert parse_address(url).within(Path("/data")) is inside


def test_address_within_a_folder_follows_links(tmp_path: Path) -> None:
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / "out").symlink_to("/etc")
    assert not parse_address(f"parquet://{tmp_path}/warehouse/out").within(tmp_path / "warehouse")


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("postgresql:///base", False),
        ("postgresql://host/base", False),
        ("postgresql://reader@/base?host=/run", True),
        ("postgresql://host/base?user=reader", True),
        ("parquet:///data", True),
    ],
)
def test_address_says_whether_it_names_a_user(url: str, names: bool) -> None:
    assert parse_address(url).names_user is names


def test_parquet_tables_are_files_and_folders(tmp_path: Path) -> None:
    for name in (
        "base.parquet",
        "months/2026-01.parquet",
        "parts.parquet/a/part-0.parquet",
        "notes.txt",
        "empty/x.csv",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert parquet_tables(str(tmp_path)) == {
        "base": f"{tmp_path}/base.parquet",
        "months": f"{tmp_path}/months/**/*.parquet",
        "parts": f"{tmp_path}/parts.parquet/**/*.parquet",
    }
    assert parquet_tables(f"{tmp_path}/months/2026-*.parquet") == {"2026": f"{tmp_path}/months/2026-*.parquet"}
    assert parquet_tables(f"{tmp_path}/m*/*.parquet") == {tmp_path.name: f"{tmp_path}/m*/*.parquet"}
    assert parquet_tables(f"{tmp_path}/base.parquet") == {"base": f"{tmp_path}/base.parquet"}
    assert fixed_folder(f"{tmp_path}/m*/*.parquet") == tmp_path
    assert fixed_folder(f"{tmp_path}/base.parquet") == tmp_path
    for nothing in ("empty", "gone", "gone-*.parquet"):
        with pytest.raises(Unreachable):
            parquet_tables(f"{tmp_path}/{nothing}")
