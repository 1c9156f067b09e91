"""PostgreSQL on this machine: its data directory, how it is started, and its two URLs."""

import contextlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from loopcare.embedded import binaries
from loopcare.embedded.children import costume, spawn
from loopcare.embedded.errors import EmbeddedError
from loopcare.embedded.home import Home

PORT = 5432  # only a part of the socket's name
ROLES = Path(__file__).with_name("roles.sql")
# A test run's data is thrown away: it need not survive the machine, only its processes.
FORGETFUL = ("-c", "fsync=off", "-c", "full_page_writes=off")


@dataclass(frozen=True, slots=True)
class Postgres:
    """One cluster in `home`, run with the programs in `programs`."""

    home: Home
    programs: Path
    durable: bool = True

    def url(self, role: str) -> str:
        return f"postgresql://{role}@/loopcare?host={quote(str(self.home.sockets), safe='')}&port={PORT}"

    def check(self) -> None:
        """Raises EmbeddedError when what lies in the data directory's place cannot be used."""
        data = self.home.data
        if not data.exists() or (data.is_dir() and not any(data.iterdir())):
            return
        owner = data.stat().st_uid
        if owner != costume().owner:
            raise EmbeddedError(f"{data} belongs to user {owner}: run as that user, or move it away.")
        try:
            made_by = (data / "PG_VERSION").read_text().strip()
        except OSError:
            raise EmbeddedError(f"{data} is not a PostgreSQL data directory: move it away.") from None
        here = binaries.postgres_major(self.programs)
        if made_by != str(here):
            raise EmbeddedError(
                f"{data} was made by PostgreSQL {made_by}, but this is PostgreSQL {here}: "
                f"set LOOPCARE_POSTGRES_BIN to the programs of version {made_by}, or move the directory away."
            )

    def create(self, log: IO[bytes], keep: Sequence[int]) -> None:
        """Make the data directory if there is none; under another name first, so that none is ever half made."""
        for left in self.home.root.glob("postgres.new-*"):
            shutil.rmtree(left)
        if (self.home.data / "PG_VERSION").exists():
            return
        parent = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.home.root))
        new = parent / "data"
        locale = (
            ("--locale-provider=builtin", "--locale=C.UTF-8")
            if binaries.postgres_major(self.programs) >= 17
            else ("--locale=C.UTF-8",)
        )
        initdb = (self.programs / "initdb", "-D", new, "--username=postgres", "--encoding=UTF8", *locale)
        self._finish((*initdb, "--auth=trust", "--data-checksums", *self._speed("--no-sync")), log, keep)
        single = (self.programs / "postgres", "--single", "-j", "-D", new, "-c", "exit_on_error=on")
        with ROLES.open("rb") as statements:
            self._finish((*single, *self._speed("-F"), "template1"), log, keep, statements)
        with contextlib.suppress(FileNotFoundError):
            self.home.data.rmdir()
        new.rename(self.home.data)
        parent.rmdir()

    def _speed(self, option: str) -> tuple[str, ...]:
        return () if self.durable else (option,)

    def _finish(
        self,
        command: Sequence[str | Path],
        log: IO[bytes],
        keep: Sequence[int],
        source: IO[bytes] | int = subprocess.DEVNULL,
    ) -> None:
        process = spawn(command, output=log, source=source, death=signal.SIGKILL, keep=keep)
        if process.wait() != 0:
            raise EmbeddedError(f"{Path(command[0]).name} failed; its last words are in {log.name}.")

    def start(self, log: IO[bytes], keep: Sequence[int]) -> subprocess.Popen[bytes]:
        """Start the server in the foreground. Call only when no process has the data open."""
        # Left by a killed server; PostgreSQL would take whatever process now has that number for itself.
        for left in (self.home.data / "postmaster.pid", self.home.sockets / f".s.PGSQL.{PORT}.lock"):
            left.unlink(missing_ok=True)
        settings = {
            "listen_addresses": "",
            "port": PORT,
            "unix_socket_directories": f'"{self.home.sockets}"',
            "unix_socket_permissions": "0700",
            "max_connections": 300,
            "timezone": "UTC",
            "log_timezone": "UTC",
            "synchronous_commit": "on",
        }
        options: list[str] = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command: tuple[str | Path, ...] = (self.programs / "postgres", "-D", self.home.data, *options)
        return spawn(command if self.durable else (*command, *FORGETFUL), output=log, death=signal.SIGINT, keep=keep)

    def is_ready(self) -> bool:
        """Whether the running server accepts connections: it says so in the last line of its pid file."""
        try:
            lines = (self.home.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"
