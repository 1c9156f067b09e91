"""Homes of their own for tests that start and kill servers."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from loopcare.embedded.home import CHECKOUT, Home

HOLD = """
import json, sys
from pathlib import Path
from loopcare.embedded.errors import EmbeddedError
from loopcare.embedded.home import Home
from loopcare.embedded.servers import hold
try:
    held = hold(Home(Path(sys.argv[1])))
except EmbeddedError as error:
    sys.exit(str(error))
print(json.dumps(held.urls), flush=True)
sys.stdin.read()
"""


class Holder:
    """A process that needs the servers of `home` until `leave`."""

    def __init__(self, home: Home, python: tuple[str, ...] = (sys.executable,), **environment: str) -> None:
        self.process = subprocess.Popen(
            [*python, "-c", HOLD, str(home.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env={**os.environ, **environment},
        )
        assert self.process.stdout is not None
        self.urls: dict[str, str] = json.loads(self.process.stdout.readline() or "{}")

    def leave(self) -> str:
        """Let go; the last words on stderr."""
        return self.process.communicate(timeout=30)[1].strip()

    def query(self, statement: str) -> object:
        """The first value of a statement run as the owner."""
        with psycopg.connect(self.urls["DATABASE_OWNER_URL"], autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None


def processes_of(home: Home) -> dict[int, str]:
    """pid → command line of everything that runs for `home`."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if str(home.root) in command and HOLD not in command:
                    found[int(entry.name)] = command
    return found


def supervisor_of(home: Home) -> int:
    return next(pid for pid, command in processes_of(home).items() if "embedded.supervisor" in command)


def wait_until(is_true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def home() -> Iterator[Home]:
    """An unused home; whatever still runs for it at the end is killed."""
    root = Path(tempfile.mkdtemp(prefix="loopcare-home-"))
    yield Home(root)
    for pid in processes_of(Home(root)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def bare_environment() -> dict[str, str]:
    """The environment of somebody who has configured nothing."""
    ours = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "EMAIL_URL")
    return {k: v for k, v in os.environ.items() if k not in ours and not k.startswith(("LOOPCARE_", "PYTEST_"))}
