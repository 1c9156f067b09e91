"""Real processes on the test database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(transactional_db: None) -> Iterator[Start]:
    """Starts `python -m MODULE ARGS` on the test database, `extra` in its environment; the survivors are killed."""
    running: list[subprocess.Popen[bytes]] = []
    url = make_conninfo(
        "", **{**conninfo_to_dict(os.environ["DATABASE_URL"]), "dbname": str(connection.settings_dict["NAME"])}
    )
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "loopcare.settings"}

    def begin(module: str, *arguments: str, **extra: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-m", module, *arguments], env=environment | extra)
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_for(condition: Callable[[], bool], *, seconds: float) -> float:
    """Seconds until `condition` held; fails the test when it did not in time."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if condition():
            return time.monotonic() - started
        time.sleep(0.05)
    pytest.fail(f"not within {seconds} s")
