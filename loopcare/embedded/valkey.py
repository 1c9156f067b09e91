"""Valkey on this machine: the doorbell and the cache. Nothing in it must survive, so it writes nothing."""

import signal
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from loopcare.embedded.children import spawn
from loopcare.embedded.home import Home


@dataclass(frozen=True, slots=True)
class Valkey:
    """One server with its socket in `home`."""

    home: Home
    program: Path

    @property
    def socket_path(self) -> Path:
        return self.home.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """The broker's URL as Celery writes it."""
        return f"redis+socket://{self.socket_path}"

    def start(self, log: IO[bytes], keep: Sequence[int]) -> subprocess.Popen[bytes]:
        self.socket_path.unlink(missing_ok=True)
        settings = {
            "port": "0",
            "unixsocket": str(self.socket_path),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",  # a full cache must not drop a bell
            "dir": str(self.home.run),
            "loglevel": "warning",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return spawn((self.program, *options), output=log, death=signal.SIGTERM, keep=keep)

    def is_ready(self) -> bool:
        """Whether the server answers a ping."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket_path))
                connection.sendall(b"PING\r\n")
                return connection.recv(5) == b"+PONG"
            except OSError:
                return False
