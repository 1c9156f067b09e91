"""Promise 13 in its short form: what was acknowledged survives a database that is stopped in the middle of it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from loopcare.embedded.home import CHECKOUT, Home
from tests.embedded.conftest import Holder, home
from tests.faults.conftest import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.slow]

__all__ = ["home"]

WRITERS, STOPS = 16, 3
BETWEEN = 100  # acknowledged calls before each stop
CARELESS = "&options=-c%20synchronous_commit%3Doff"


@pytest.fixture
def cluster(home: Home) -> Iterator[Holder]:
    """A database of its own, with fsync, as an installation has it."""
    holder = Holder(home)
    owner = {**os.environ, "DATABASE_URL": holder.urls["DATABASE_OWNER_URL"], "PYTHONWARNINGS": "ignore"}
    for command in ("migrate", "ensure_basics"):
        subprocess.run(
            (sys.executable, "-m", "django", command),
            env=owner | {"DJANGO_SETTINGS_MODULE": "loopcare.settings"},
            cwd=CHECKOUT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    yield holder
    holder.leave()


def stop_immediately(home: Home) -> float:
    """Stop PostgreSQL as a power cut would, without a farewell; seconds until it answers again."""
    pid = json.loads(home.servers_file.read_text())["pids"]["PostgreSQL"]
    os.kill(pid, signal.SIGQUIT)

    def came_back() -> bool:
        try:
            return bool(json.loads(home.servers_file.read_text())["pids"]["PostgreSQL"] != pid)
        except (OSError, ValueError):
            return False

    return wait_for(came_back, seconds=30)


def write_through(cluster: Holder, home: Home, said: Path, *, options: str = "") -> tuple[set[str], float]:
    """What writers were acknowledged while the database was stopped again and again; the worst recovery."""
    url = cluster.urls["DATABASE_URL"] + options
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "loopcare.settings"}
    rng, worst = random.Random(13), 0.0
    with said.open("wb") as output:
        writers = subprocess.Popen(
            (sys.executable, "-m", "tests.faults.writer", str(WRITERS)), env=environment, cwd=CHECKOUT, stdout=output
        )
    try:
        for _stop in range(STOPS):
            before = said.stat().st_size
            wait_for(lambda before=before: said.stat().st_size > before + BETWEEN * 33, seconds=40)  # type: ignore[misc]
            time.sleep(rng.uniform(0.1, 0.5))
            worst = max(worst, stop_immediately(home))
    finally:
        writers.kill()
        writers.wait()
    return {line for line in said.read_text().split("\n") if len(line) == 32}, worst


def landed(cluster: Holder) -> tuple[set[str], int]:
    """The external ids that are there, and how many signals stand beyond the first of each."""
    with psycopg.connect(cluster.urls["DATABASE_OWNER_URL"]) as connection:
        names = [name for (name,) in connection.execute("SELECT external_id FROM surveys_signal").fetchall()]
    return set(names), len(names) - len(set(names))


def test_acknowledged_is_durable(cluster: Holder, home: Home, tmp_path: Path) -> None:
    acknowledged, worst = write_through(cluster, home, tmp_path / "said")
    there, doubled = landed(cluster)
    lost = acknowledged - there
    print(
        f"killed {STOPS}, acknowledged {len(acknowledged)}, lost {len(lost)}, duplicated {doubled}, "
        f"worst recovery {worst:.1f} s"
    )
    assert (len(lost), doubled) == (0, 0)
    assert len(acknowledged) > BETWEEN * STOPS


def test_acknowledged_before_it_is_written_is_lost(cluster: Holder, home: Home, tmp_path: Path) -> None:
    """The negative control: the same writers, answered before their commit is on the disk."""
    acknowledged, _worst = write_through(cluster, home, tmp_path / "said", options=CARELESS)
    there, _doubled = landed(cluster)
    lost = acknowledged - there
    print(f"without waiting for the disk: acknowledged {len(acknowledged)}, lost {len(lost)}")
    assert len(lost) > 0
