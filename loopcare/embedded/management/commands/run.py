"""From a prepared environment to a working LoopCare on this machine."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from loopcare.embedded import locks
from loopcare.embedded.errors import EmbeddedError
from loopcare.embedded.home import CHECKOUT, Home
from loopcare.embedded.processes import Family, Process
from loopcare.embedded.servers import are_supervised, ensure_running, published
from loopcare.staff.selectors import installation

MANAGE = CHECKOUT / "manage.py"
FIRST_ANSWER_SECONDS = 60.0


class Stopped(Exception):
    """Ctrl-C or SIGTERM."""


class Command(BaseCommand):
    help = (
        "Examples:\n"
        "  python3 manage.py run                     the demo world on http://127.0.0.1:8000\n"
        "  LOOPCARE_PORT=8001 python3 manage.py run  on another port\n"
        "  python3 manage.py run --empty             without the demo world\n\n"
        "Migrates, loads the demo world once, starts web, worker, scheduler and a mailbox. Ctrl-C stops all of it."
    )
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--empty", action="store_true", help="start without the demo world")
        parser.add_argument("--port", type=int, help="of the pages (default: LOOPCARE_PORT or 8000)")
        parser.add_argument("--workers", type=int, default=2, help="processes that serve pages (default: 2)")

    def handle(self, *_args: Any, **options: Any) -> None:
        home = Home.from_environment()
        port = options["port"] or int(os.environ.get("LOOPCARE_PORT") or 8000)
        address = f"http://127.0.0.1:{port}"
        os.environ["LOOPCARE_PORT"] = str(port)
        for wish in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(wish, _stop)
        family = Family(self.report)
        try:
            home.prepare()
            self.claim(home, port, address)
            if _is_behind():
                self.step("Migrations", lambda: _manage("migrate", "--no-input"))
            mail = self.offer_mailbox(home, family)
            web, *others = _services(home, port, options["workers"])
            # Pages come up while the world is being loaded; who is waited for starts first.
            family.start([web])
            self.load(empty=options["empty"])
            self.step("First page", lambda: _wait_for_page(address, family))
            family.start(others)
            self.welcome(home, address, mail, empty=options["empty"])
            _watch(home, family)
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
        except Stopped:
            self.report("Stopping …")
        finally:
            for wish in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(wish, signal.SIG_IGN)  # once is enough
            family.stop()

    def report(self, line: str) -> None:
        self.stderr.write(line, style_func=str)

    def step(self, name: str, do: Any) -> None:
        started = time.monotonic()
        do()
        self.report(f"  {name:<14}{time.monotonic() - started:6.1f} s")

    def claim(self, home: Home, port: int, address: str) -> None:
        """One `run` per home, and a port that is free."""
        path = home.run / "web.lock"
        lock = locks.take(path)  # held to the end of this process
        if lock is None:
            raise CommandError(f"LoopCare already runs at {path.read_text()}.", returncode=4)
        with socket.socket() as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError as error:
                raise CommandError(
                    f"Port {port} is taken ({error.strerror}): choose another with LOOPCARE_PORT={port + 1}."
                ) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, address.encode(), 0)

    def load(self, *, empty: bool) -> None:
        if empty:
            self.step("Basics", lambda: _manage("ensure_basics"))
        elif not installation().is_demo:
            self.step("Demo world", lambda: _manage("load_demo", "--if-empty"))

    def offer_mailbox(self, home: Home, family: Family) -> str:
        """Start the mailbox unless mail already has a way out; says where mail goes."""
        if os.environ.get("EMAIL_URL"):
            return "Mail leaves by EMAIL_URL."
        port = int(os.environ.get("LOOPCARE_MAIL_PORT") or _free_port())
        command = (sys.executable, "-m", "loopcare.embedded.mailbox", str(home.mail), str(port))
        family.start([Process("mailbox", command, home.log / "mailbox.log")])
        os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
        return f"Mail goes to 127.0.0.1:{port} and stays in {home.mail}"

    def welcome(self, home: Home, address: str, mail: str, *, empty: bool) -> None:
        self.stdout.write(f"\nLoopCare runs at {address}\n\n")
        password = home.root / "demo_password"
        if empty:
            self.stdout.write("The first administrator: python3 manage.py create_admin NAME\n")
        elif password.exists():
            for name, work in (
                ("agent", "calls customers back"),
                ("supervisor", "watches the pool and plans campaigns"),
                ("analyst", "reads what care has changed"),
            ):
                self.stdout.write(f"  {name:<12}{password.read_text().strip():<20}{work}")
            self.stdout.write("")
        self.stdout.write(f"{mail}\nLogs are in {home.log}\nCtrl-C stops everything.")
        self.stdout.flush()


def _stop(_signal: int, _frame: object) -> NoReturn:
    raise Stopped


def _is_behind() -> bool:
    """Whether the database lacks a migration; asked here, because another process takes seconds to say no."""
    executor = MigrationExecutor(connection)
    behind = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    connection.close()
    return behind


def _manage(*arguments: str) -> None:
    """Another command of ours, silent unless it fails."""
    done = subprocess.run(
        (sys.executable, str(MANAGE), *arguments),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=CHECKOUT,
    )
    if done.returncode != 0:
        tail = "\n".join(done.stdout.strip().splitlines()[-15:])
        raise EmbeddedError(f"{tail}\nmanage.py {' '.join(arguments)} failed ({done.returncode}).")


def _services(home: Home, port: int, workers: int) -> list[Process]:
    """Web, worker and scheduler."""
    granian = ("granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers))
    threads = ("--blocking-threads", "4", "--no-ws", "--respawn-failed-workers", "--log-level", "warning")
    celery = ("celery", "-A", "loopcare")
    worker = ("worker", "--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "warning")
    beat = ("beat", "--schedule", str(home.run / "beat"), "--pidfile", "", "--loglevel", "warning")
    commands = {
        "web": (*granian, *threads, "loopcare.wsgi:application"),
        "worker": (*celery, *worker),
        "scheduler": (*celery, *beat),
    }
    return [
        Process(name, (sys.executable, "-m", *command), home.log / f"{name}.log") for name, command in commands.items()
    ]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait_for_page(address: str, family: Family) -> None:
    deadline = time.monotonic() + FIRST_ANSWER_SECONDS
    while time.monotonic() < deadline:
        family.check()
        with suppress(OSError), urllib.request.urlopen(f"{address}/healthz", timeout=5):  # noqa: S310
            return
        time.sleep(0.1)
    raise EmbeddedError(f"No page came within {FIRST_ANSWER_SECONDS:.0f} s; see the logs.")


def _watch(home: Home, family: Family) -> NoReturn:
    """Until a signal: keep the processes and, where they are ours, the servers below them."""
    are_ours = os.environ["DATABASE_URL"] in published(home).values()
    while True:
        family.check()
        if are_ours and not are_supervised(home):
            ensure_running(home)
        time.sleep(0.5)
