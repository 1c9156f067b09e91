"""Starts server processes that end with their parent and, for PostgreSQL, not as root."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from loopcare.embedded.errors import EmbeddedError

NOBODY = 65534
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)  # loaded here, because little is safe between fork and exec


def die_with_parent(wish: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends `wish` when the parent ends, even by kill -9. Linux only."""
    parent = os.getpid()

    def arrange() -> None:
        if sys.platform != "linux":
            return
        _LIBC.prctl(PR_SET_PDEATHSIG, wish)
        if os.getppid() != parent:  # it ended before the kernel knew
            os.kill(os.getpid(), wish)

    return arrange


def enter_user_namespace() -> None:
    """Become `nobody` in a namespace of its own, while files still see the caller: needs no user, no chown."""
    outside_user, outside_group = os.geteuid(), os.getegid()
    if _LIBC.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {outside_user} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {outside_group} 1")


@dataclass(frozen=True, slots=True)
class Costume:
    """How to start a program that refuses to run as root: a prefix, a step before exec, whose its files are."""

    prefix: tuple[str, ...]
    before_exec: Callable[[], None]
    owner: int


def _nothing() -> None:
    return None


@cache
def costume() -> Costume:
    """An ordinary user needs none; root a user namespace, or where that is forbidden (Docker) setpriv.

    With setpriv the server is `nobody` and keeps one capability: to reach programs and data in root's directories.
    """
    if os.geteuid() != 0:
        return Costume((), _nothing, os.geteuid())
    if sys.platform == "linux":
        try:
            subprocess.run(["true"], check=True, preexec_fn=enter_user_namespace)  # noqa: S607
        except (OSError, subprocess.SubprocessError):
            pass
        else:
            return Costume((), enter_user_namespace, 0)
        if shutil.which("setpriv"):
            ids = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--pdeathsig=INT")
            reach = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
            return Costume(("setpriv", *ids, *reach), _nothing, NOBODY)
    raise EmbeddedError("PostgreSQL refuses to run as root here: be an ordinary user, or set DATABASE_URL.")


def spawn(
    command: Sequence[str | Path],
    *,
    output: IO[bytes] | int | None,
    death: signal.Signals,
    source: IO[bytes] | int | None = subprocess.DEVNULL,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a server program in the foreground, in costume. `keep` are descriptors it inherits and so holds open."""
    worn = costume()
    mortal = die_with_parent(death)

    def before_exec() -> None:
        worn.before_exec()
        mortal()  # after the change of user, which forgets it

    return subprocess.Popen(
        [*worn.prefix, *command],
        stdin=source,
        stdout=output,
        stderr=subprocess.STDOUT,
        pass_fds=keep,
        preexec_fn=before_exec,
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PG")},
    )
