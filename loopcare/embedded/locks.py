"""Locks on files that the kernel lets go of when their last holder ends, however it ends."""

import fcntl
import os
import time
from pathlib import Path


def take(path: Path, *, shared: bool = False, wait: float = 0.0) -> int | None:
    """An open descriptor that holds the lock, or None if others still hold it after `wait` seconds.

    Close the descriptor, or end the process, to let go. Children do not inherit it unless it is passed on.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return None
            time.sleep(0.02)
        else:
            return descriptor
