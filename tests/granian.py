"""The web server that serves the project, as tests start it and kill it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


@dataclass
class Granian:
    """One granian with one worker. `start` runs `python -m MODULE ARGS` on the test database."""

    start: Callable[..., subprocess.Popen[bytes]]
    application: str = "loopcare.wsgi:application"
    threads: int = 8
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def begin(self) -> float:
        """Seconds until it answers."""
        options = ("--interface", "wsgi", "--port", str(self.port), "--blocking-threads", str(self.threads), "--no-ws")
        self.process = self.start(
            "granian", *options, "--log-level", "error", self.application, PYTHONWARNINGS="ignore"
        )
        began = time.monotonic()
        while not self.answers():
            assert time.monotonic() - began < 60, "granian does not answer"
            time.sleep(0.05)
        return time.monotonic() - began

    def kill(self) -> None:
        """Parent and worker, in the middle of whatever they do."""
        assert self.process is not None
        pids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in (self.process.pid, *map(int, pids)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def answers(self) -> bool:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)) as connection:
                connection.request("GET", "/healthz")
                with connection.getresponse() as response:
                    return response.status == 200
        except (OSError, http.client.HTTPException):
            return False


def post(port: int, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """Status and answer of one call of JSON."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("POST", path, body, headers | {"Content-Type": "application/json"})
        with connection.getresponse() as response:
            return response.status, response.read()
