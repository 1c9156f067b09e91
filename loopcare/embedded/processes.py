"""The processes of one `run`: started together, restarted when they end, stopped together."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from loopcare.embedded.children import die_with_parent
from loopcare.embedded.errors import EmbeddedError
from loopcare.embedded.home import CHECKOUT

RESTARTS = 5
STEADY_SECONDS = 60.0  # one that lived this long is forgiven its earlier ends
STOP_SECONDS = 8.0


@dataclass(slots=True)
class Process:
    """One program with its log; `restarts` in a row so far, the next not before `due` (monotonic seconds)."""

    name: str
    command: Sequence[str]
    log: Path
    running: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restarts: int = 0
    due: float = 0.0

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.running = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=CHECKOUT,
                start_new_session=True,  # Ctrl-C reaches `run` alone, which then stops all in order
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        self.started = time.monotonic()

    def last_words(self) -> str:
        """The end of its log on one line."""
        lines = self.log.read_text(errors="replace").strip().splitlines()[-3:]
        return " | ".join(line.strip() for line in lines) or "it said nothing"

    def kill_group(self) -> None:
        """End also the workers it left behind, which may still hold its port."""
        if self.running is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.running.pid, signal.SIGKILL)


@dataclass(slots=True)
class Family:
    """Processes that live and die together. `report` takes one line for the person watching."""

    report: Callable[[str], None]
    members: list[Process] = field(default_factory=list)

    def start(self, members: Iterable[Process]) -> None:
        for member in members:
            member.start()
            self.members.append(member)

    def check(self) -> None:
        """Look once at everyone: report who ended, restart whose time has come. Raises EmbeddedError to give up."""
        now = time.monotonic()
        for member in self.members:
            if member.running is None:
                if now >= member.due:
                    member.start()
            elif member.running.poll() is not None:
                self._bury(member, member.running.returncode, now)

    def _bury(self, member: Process, code: int, now: float) -> None:
        member.kill_group()
        member.running = None
        if now - member.started > STEADY_SECONDS:
            member.restarts = 0
        member.restarts += 1
        told = f"{member.name} ended ({code}): {member.last_words()}"
        if member.restarts > RESTARTS:
            raise EmbeddedError(f"{told}. It ended {member.restarts} times; all of it: {member.log}")
        delay = 2.0 ** (member.restarts - 1)
        member.due = now + delay
        self.report(f"{told}. Again in {delay:.0f} s.")

    def stop(self) -> None:
        """Ask everyone at once, then end whoever is left."""
        alive = [member for member in self.members if member.running is not None]
        for member in alive:
            assert member.running is not None
            member.running.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for member in alive:
            assert member.running is not None
            with suppress(subprocess.TimeoutExpired):
                member.running.wait(max(0.0, deadline - time.monotonic()))
            member.kill_group()
            member.running.wait()
