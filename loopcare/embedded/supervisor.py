"""`python -m loopcare.embedded.supervisor HOME` runs PostgreSQL and Valkey for as long as somebody needs them.

Detached from its starter, to whom it says nothing (both servers are ready) or one sentence (they are not).
"""

import argparse
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from loopcare.embedded import binaries, locks
from loopcare.embedded.errors import EmbeddedError
from loopcare.embedded.home import Home
from loopcare.embedded.postgres import Postgres
from loopcare.embedded.valkey import Valkey

IDLE_SECONDS = 2.0  # the servers outlive their last holder this long: scripts run one command after another
START_SECONDS = 60.0  # crash recovery may take a while
STARTS = 5  # in a row that never got ready
LOG_BYTES = 10_000_000

logger = logging.getLogger("loopcare.supervisor")


@dataclass(slots=True)
class Server:
    """One supervised server: its start and readiness, the signals that stop it politely and firmly."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    is_ready: Callable[[], bool]
    polite: signal.Signals
    firm: signal.Signals
    process: subprocess.Popen[bytes] | None = None

    def bring_up(self) -> None:
        """Start until ready; after a kill it may refuse at first, while its old processes are still leaving."""
        for attempt in range(STARTS):
            self.process = self.start()
            deadline = time.monotonic() + START_SECONDS
            while self.process.poll() is None and time.monotonic() < deadline:
                if self.is_ready():
                    return
                time.sleep(0.01)
            self.stop()
            time.sleep(0.2 * attempt)
        raise EmbeddedError(f"{self.name} does not start; its last words are in its log.")

    def stop(self) -> None:
        if self.process is None:
            return
        for wish, patience in ((self.polite, 30.0), (self.firm, 5.0), (signal.SIGKILL, None)):
            if self.process.poll() is None:
                self.process.send_signal(wish)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
                break


class Supervisor:
    """The servers of one home, and the wish to stop."""

    def __init__(self, home: Home, *, throwaway: bool) -> None:
        self.home = home
        self.idle_seconds = 0.0 if throwaway else IDLE_SECONDS
        self.wished_to_stop = False
        durable = not throwaway or os.environ.get("LOOPCARE_TEST_DURABLE") == "1"
        self.postgres = Postgres(home, binaries.postgres(), durable)
        self.valkey = Valkey(home, binaries.valkey())
        self.servers: list[Server] = []

    def start(self) -> None:
        """Bring both servers up and publish them; raises EmbeddedError."""
        self._wait_for_old_servers()
        self.home.servers_file.unlink(missing_ok=True)
        data_lock = locks.take(self.home.data_lock)
        if data_lock is None:
            raise EmbeddedError(f"Another process still uses {self.home.data}.")
        keep = (data_lock,)
        self.postgres.check()
        log = open_log(self.home, "postgres")
        self.postgres.create(log, keep)
        valkey_log = open_log(self.home, "valkey")
        # PostgreSQL's own log says why it stopped; an immediate stop loses nothing that was committed.
        self.servers = [
            Server(
                "PostgreSQL",
                lambda: self.postgres.start(log, keep),
                self.postgres.is_ready,
                signal.SIGINT if self.postgres.durable else signal.SIGQUIT,
                signal.SIGQUIT,
            ),
            Server(
                "Valkey",
                lambda: self.valkey.start(valkey_log, keep),
                self.valkey.is_ready,
                signal.SIGTERM,
                signal.SIGKILL,
            ),
        ]
        for server in self.servers:
            server.bring_up()
        self._publish()

    def _wait_for_old_servers(self) -> None:
        """A killed supervisor takes its servers with it; their lock is free when they are gone."""
        if sys.platform != "linux" and locks.take(self.home.data_lock) is None:
            with suppress(OSError, ValueError):  # nothing tells them there, so we do
                for pid in json.loads(self.home.servers_file.read_text())["pids"].values():
                    os.kill(pid, signal.SIGINT)
        descriptor = locks.take(self.home.data_lock, wait=40)
        if descriptor is not None:
            os.close(descriptor)

    def _publish(self) -> None:
        new = self.home.servers_file.with_suffix(".new")
        content = {
            "DATABASE_URL": self.postgres.url("loopcare_app"),
            "DATABASE_OWNER_URL": self.postgres.url("loopcare_owner"),
            "REDIS_URL": self.valkey.url,
            "pids": {server.name: server.process.pid for server in self.servers if server.process},
        }
        new.write_text(json.dumps(content, indent=1))
        new.replace(self.home.servers_file)

    def watch(self) -> None:
        """Restart a server that ended; return, with the holders' lock, when nobody has held it for a while."""
        free_since: float | None = None
        while not self.wished_to_stop:
            for server in self.servers:
                if server.process is not None and server.process.poll() is not None:
                    logger.warning("%s ended (%s); starting it again", server.name, server.process.returncode)
                    server.bring_up()
                    self._publish()
            if not self.home.holders_lock.exists():
                return  # the home was deleted under us
            alone = locks.take(self.home.holders_lock)
            if alone is None:
                free_since = None
            else:
                free_since = free_since or time.monotonic()
                if time.monotonic() - free_since >= self.idle_seconds:
                    return  # keeping the lock: whoever comes now waits until everything has stopped
                os.close(alone)
            time.sleep(0.1)

    def stop(self) -> None:
        self.home.servers_file.unlink(missing_ok=True)
        for server in reversed(self.servers):
            server.stop()


def open_log(home: Home, name: str) -> IO[bytes]:
    """Append to a log of the home; one that grew long is put aside first."""
    path = home.log / f"{name}.log"
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab", buffering=0)


def detach() -> None:
    """Leave the starter, which waits only until the output closes."""
    if os.fork():
        os._exit(0)
    os.chdir("/")


def say_and_close(line: str) -> None:
    """The one answer to the starter; after it the output leads nowhere."""
    sys.stdout.write(line)
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def main() -> None:
    parser = argparse.ArgumentParser(prog="loopcare.embedded.supervisor")
    parser.add_argument("home", type=Path)
    parser.add_argument("--lock", type=int, help="descriptor that already holds the supervisor's lock")
    parser.add_argument("--throwaway", action="store_true", help="for a test run: fast, and deleted at its end")
    options = parser.parse_args()
    home = Home(options.home.absolute())
    home.prepare()
    if options.lock is None and locks.take(home.supervisor_lock) is None:
        sys.exit(f"A supervisor is already running for {home.root}.")
    detach()
    logging.basicConfig(filename=home.log / "supervisor.log", format="%(asctime)s %(message)s", level=logging.INFO)
    try:
        supervisor = Supervisor(home, throwaway=options.throwaway)
    except EmbeddedError as error:
        say_and_close(str(error))
        return
    serve(supervisor)
    if options.throwaway:
        shutil.rmtree(home.root, ignore_errors=True)


def serve(supervisor: Supervisor) -> None:
    def stop(_signal: int, _frame: object) -> None:
        supervisor.wished_to_stop = True

    for wish in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(wish, stop)
    try:
        try:
            supervisor.start()
        except (EmbeddedError, OSError) as error:
            logger.error("%s", error)
            say_and_close(str(error))
            return
        say_and_close("")
        supervisor.watch()
    except Exception:
        logger.exception("The supervisor failed")
    finally:
        supervisor.stop()


if __name__ == "__main__":
    main()
