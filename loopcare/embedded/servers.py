"""A command's side of the embedded servers: hold them, and they run."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from loopcare.embedded import locks
from loopcare.embedded.errors import EmbeddedError
from loopcare.embedded.home import CHECKOUT, Home

PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Held:
    """Servers that keep running until `release` or the end of this process, whatever end that is."""

    home: Home
    urls: dict[str, str]
    descriptor: int

    def release(self) -> None:
        os.close(self.descriptor)


def hold(home: Home, *, throwaway: bool = False) -> Held:
    """Use the running servers of `home`, or start them. Raises EmbeddedError with a sentence."""
    home.prepare()
    holding = locks.take(home.holders_lock, shared=True, wait=PATIENCE)
    if holding is None:
        raise EmbeddedError(f"The servers of {home.root} have been stopping for {PATIENCE:.0f} s; see {home.log}.")
    try:
        return Held(home, ensure_running(home, throwaway=throwaway), holding)
    except BaseException:
        os.close(holding)
        raise


def ensure_running(home: Home, *, throwaway: bool = False) -> dict[str, str]:
    """Environment variable → URL of the servers of `home`, which the caller holds; starts them if need be."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        lock = locks.take(home.supervisor_lock)
        if lock is not None:
            try:
                _start_supervisor(home, lock, throwaway=throwaway)
            finally:
                os.close(lock)  # the supervisor has inherited it
        urls = published(home)
        if urls:
            return urls
        time.sleep(0.05)
    raise EmbeddedError(f"The servers of {home.root} do not get ready; see {home.log}.")


def _start_supervisor(home: Home, lock: int, *, throwaway: bool) -> None:
    command = [sys.executable, "-m", "loopcare.embedded.supervisor", str(home.root), "--lock", str(lock)]
    answer = subprocess.run(
        [*command, "--throwaway"] if throwaway else command,
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        pass_fds=(lock,),
        start_new_session=True,
        cwd=CHECKOUT,
    )
    if answer.returncode or answer.stdout:
        raise EmbeddedError(answer.stdout or answer.stderr.strip().splitlines()[-1])


def are_supervised(home: Home) -> bool:
    """False after a supervisor was killed, which takes the servers down; `ensure_running` mends it."""
    lock = locks.take(home.supervisor_lock)
    if lock is not None:
        os.close(lock)
    return lock is None


def published(home: Home) -> dict[str, str]:
    """What the supervisor has published, once its servers can be reached; else nothing."""
    try:
        content = json.loads(home.servers_file.read_text())
        for name in (".s.PGSQL.5432", "valkey.sock"):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(home.sockets / name))
    except OSError:
        return {}
    return {name: value for name, value in content.items() if name != "pids"}


def sweep(directory: Path, pattern: str) -> None:
    """Delete the throw-away homes of test runs that were killed together with their supervisor."""
    for root in directory.glob(pattern):
        home = Home(root)
        try:
            if time.time() - root.stat().st_mtime < 60:  # perhaps one that is only just being made
                continue
            free = [locks.take(path) for path in (home.supervisor_lock, home.data_lock)]
        except OSError:
            continue  # not ours, or just gone
        if None not in free:
            shutil.rmtree(root, ignore_errors=True)
        for descriptor in free:
            if descriptor is not None:
                os.close(descriptor)
