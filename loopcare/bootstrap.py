"""Makes the environment `manage.py` runs in.

Standard library only, and readable by old Pythons so that they can say what they lack. LOOPCARE_VENV moves
it; LOOPCARE_BOOTSTRAP=off trusts the one that is there (an image, a package).
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:
    sys.exit("LoopCare runs on Linux and macOS; on Windows use WSL or docker-compose.yml.")

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = ROOT / "requirements.txt"
TESTS = ROOT / "requirements-dev.txt"
SPARK = ROOT / "requirements-spark.txt"
INSTALLER = ROOT / "requirements-uv.txt"


def enter(argv: "list[str]") -> None:
    """Return inside a complete environment; on the way this process may be replaced by one in there.

    `test` ends in pytest. `environment` makes everything, the tools for tests and checks included, and stops;
    `environment spark` adds what scans on Spark need beside Java.
    """
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is read by older ones too
        sys.exit("LoopCare needs Python 3.11 or newer; this is {}.{}.".format(*sys.version_info[:2]))
    command = argv[1] if len(argv) > 1 else ""
    python = Path(sys.executable)
    if os.environ.get("LOOPCARE_BOOTSTRAP") != "off":
        venv = Path(os.environ.get("LOOPCARE_VENV") or ROOT / ".venv").absolute()
        python = venv / "bin" / "python"
        wanted = [RUNTIME, TESTS] if command in ("test", "environment") else [RUNTIME]
        _ensure_or_exit(venv, [*wanted, SPARK] if argv[1:3] == ["environment", "spark"] else wanted)
    if command == "environment":
        sys.exit(0)
    if command == "test":
        os.chdir(ROOT)
        os.execv(python, [str(python), "-m", "pytest", *argv[2:]])
    if python != Path(sys.executable) and Path(sys.prefix).resolve() != python.parent.parent.resolve():
        os.execv(python, [str(python), *argv])


def _ensure_or_exit(venv: Path, requirements: "list[Path]") -> None:
    try:
        _ensure(venv, requirements)
    except OSError as error:
        sys.exit(f"Cannot make the environment {venv}: {error}. LOOPCARE_VENV moves it to where you may write.")
    except KeyboardInterrupt:
        sys.exit(130)


def _ensure(venv: Path, requirements: "list[Path]") -> None:
    """Make `venv` hold `requirements`; of several first runs one works and the others wait."""
    if _is_complete(venv, requirements):
        return
    venv.mkdir(parents=True, exist_ok=True)
    lock = os.open(venv, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Waiting for another run that is making the environment …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        # An installer inherits the lock: should this process be killed, the next run waits for its orphan.
        os.set_inheritable(lock, True)
        if not _is_complete(venv, requirements):
            _make(venv, requirements)
    finally:
        os.close(lock)


def _stamp(path: Path) -> str:
    return f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _is_complete(venv: Path, requirements: "list[Path]") -> bool:
    """The stamp is written after everything is installed, so a half-made environment has none."""
    try:
        stamps = (venv / "loopcare-stamp").read_text().splitlines()
    except FileNotFoundError:
        return False
    return (venv / "bin" / "python").exists() and all(_stamp(path) in stamps for path in requirements)


def _make(venv: Path, requirements: "list[Path]") -> None:
    started = time.monotonic()
    _say(f"Making the environment in {venv} (once; needs the network) …")
    stamp = venv / "loopcare-stamp"
    stamp.unlink(missing_ok=True)
    if not (venv / "bin" / "python").exists():
        # The real path names the minor version: after a system upgrade it dangles and all is remade.
        command = [os.path.realpath(sys.executable), "-m", "venv", "--without-pip", "--clear", str(venv)]
        if not _run(command):
            sys.exit("Cannot make {} with: {}".format(venv, " ".join(command)))
    with (venv / "install.log").open("w+b") as log:
        if not any(_run(command, log, extra) for command, extra in _installers(venv, requirements, log)):
            log.seek(0)
            tail = log.read().decode("utf-8", "replace").strip().splitlines()[-12:]
            sys.exit("\n".join([*tail, f"The packages could not be installed; all of it: {log.name}"]))
    complete = stamp.with_suffix(".new")
    complete.write_text("\n".join(_stamp(path) for path in requirements))
    complete.replace(stamp)
    _say(f"Environment ready after {time.monotonic() - started:.0f} s.")


def _installers(
    venv: Path, requirements: "list[Path]", log: "IO[bytes]"
) -> "Iterator[tuple[list[str], dict[str, str]]]":
    """(command, extra environment) of each way to install, fastest first; the next is for when one failed."""
    python = venv / "bin" / "python"
    files = [part for path in requirements for part in ("-r", str(path))]
    with_uv = ["pip", "install", "--quiet", "--python", str(python), "--require-hashes", *files]
    uv = shutil.which("uv")
    if uv:
        yield [uv, *with_uv], {}
    pip = _pip(python, log)
    if pip is None:
        if uv is None:
            sys.exit("This Python has neither pip nor ensurepip: apt-get install python3-venv and run this again.")
        return
    if _run([*pip, "install", "--quiet", "--require-hashes", "-r", str(INSTALLER)], log):
        yield [str(venv / "bin" / "uv"), *with_uv], _mirror(pip)
    yield [*pip, "install", "--quiet", "--require-hashes", *files], {}


def _pip(python: Path, log: "IO[bytes]") -> "list[str] | None":
    """A pip that installs into `python`'s environment, or None."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    if importlib.util.find_spec("ensurepip") and _run([str(python), "-m", "ensurepip"], log):
        return [str(python), "-m", "pip", "--disable-pip-version-check"]
    return None


def _mirror(pip: "list[str]") -> "dict[str, str]":
    """uv does not read pip's configuration: hand it the package index that pip was told to use."""
    url = os.environ.get("PIP_INDEX_URL")
    if not url:
        command = [*pip, "config", "get", "global.index-url"]
        url = subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
    return {"UV_DEFAULT_INDEX": url} if url else {}


def _run(command: "list[str]", log: "IO[bytes] | None" = None, extra: "dict[str, str] | None" = None) -> bool:
    """Run to the end, output into `log`; True on success."""
    environment = {**os.environ, **(extra or {})}
    return (
        subprocess.call(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, close_fds=False)
        == 0
    )


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
