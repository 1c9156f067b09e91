"""`python3 manage.py run`, as a person starts and stops it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import IO

import pytest

from loopcare.embedded.home import CHECKOUT, Home
from tests.embedded.conftest import processes_of, supervisor_of, wait_until


class Run:
    """A `manage.py run` of `home` on a port of its own."""

    def __init__(self, home: Home, port: int, environment: dict[str, str], *options: str) -> None:
        self.process = subprocess.Popen(
            (sys.executable, "manage.py", "run", "--workers", "1", *options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env={
                **environment,
                "LOOPCARE_BOOTSTRAP": "off",
                "LOOPCARE_HOME": str(home.root),
                "LOOPCARE_PORT": str(port),
            },
        )

    def read_until(self, words: str) -> str:
        """What it says on stdout up to the line with `words`."""
        stdout: IO[str] | None = self.process.stdout
        assert stdout is not None
        said = ""
        for line in stdout:
            said += line
            if words in line:
                return said
        raise AssertionError(said + self.process.communicate()[1])

    def end(self) -> tuple[int, str]:
        """(exit code, stderr) once it has ended."""
        errors = self.process.communicate(timeout=30)[1]
        return self.process.returncode, errors.strip()


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        number = found.getsockname()[1]
    yield number
    with socket.socket() as attempt:
        assert attempt.connect_ex(("127.0.0.1", number)) != 0, "something was left on the port"


@pytest.mark.slow
@pytest.mark.parametrize("wish", [signal.SIGINT, signal.SIGKILL])
def test_run_serves_once_per_home_and_leaves_nothing(
    home: Home, port: int, bare_environment: dict[str, str], wish: signal.Signals
) -> None:
    run = Run(home, port, bare_environment, "--empty")
    said = run.read_until("Ctrl-C")
    assert f"LoopCare runs at http://127.0.0.1:{port}\n" in said
    assert "python3 manage.py create_admin" in said
    second = Run(home, port, bare_environment, "--empty")
    assert second.end() == (4, f"CommandError: LoopCare already runs at http://127.0.0.1:{port}.")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
        assert answer.status == 200
    mailbox = int(re.search(r"127\.0\.0\.1:(\d+) and stays", said)[1])  # type: ignore[index]
    run.process.send_signal(wish)
    started = time.monotonic()
    code, _ = run.end()
    assert code == {signal.SIGINT: 0, signal.SIGKILL: -signal.SIGKILL}[wish]
    wait_until(lambda: not processes_of(home))
    assert time.monotonic() - started < 15
    with socket.socket() as attempt:
        assert attempt.connect_ex(("127.0.0.1", mailbox)) != 0


@pytest.mark.slow
def test_run_brings_back_servers_and_pages_that_were_killed(
    home: Home, port: int, bare_environment: dict[str, str]
) -> None:
    run = Run(home, port, bare_environment, "--empty")
    run.read_until("Ctrl-C")
    killed = supervisor_of(home)
    os.kill(killed, signal.SIGKILL)
    # The page server is recognised by its port, the home is only in its environment.
    pages = subprocess.run(("pgrep", "-f", f"granian.*--port {port}"), check=True, capture_output=True, text=True)
    os.kill(min(int(pid) for pid in pages.stdout.split()), signal.SIGKILL)

    def is_back() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return supervisor_of(home) != killed and home.servers_file.exists()
        except (OSError, StopIteration):
            return False

    time.sleep(4)  # a busy machine needs a moment to see who has gone: workers of a killed server still answer
    wait_until(is_back, 30)
    run.process.terminate()
    code, errors = run.end()
    assert code == 0
    assert "web ended (-9)" in errors
    wait_until(lambda: not processes_of(home))


def test_taken_port_is_one_sentence(home: Home, bare_environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        assert Run(home, number, bare_environment).end() == (
            1,
            f"CommandError: Port {number} is taken (Address already in use): "
            f"choose another with LOOPCARE_PORT={number + 1}.",
        )
    wait_until(lambda: not processes_of(home), 6)
