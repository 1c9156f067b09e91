"""Where a world lives: one directory with its data, sockets, locks, logs and keys."""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from loopcare.embedded.errors import EmbeddedError

CHECKOUT = Path(__file__).resolve().parent.parent.parent
LONGEST_SOCKET_DIRECTORY = 80  # bytes; the kernel takes 108 for the whole path, PostgreSQL adds a name to ours


@dataclass(frozen=True, slots=True)
class Home:
    """The paths of one world below `root` (LOOPCARE_HOME)."""

    root: Path

    @classmethod
    def from_environment(cls) -> "Home":
        return cls(Path(os.environ.get("LOOPCARE_HOME") or CHECKOUT / "var").absolute())

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def mail(self) -> Path:
        return self.root / "mail"

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.root / "postgres"

    @property
    def servers_file(self) -> Path:
        """What the running servers are called and which processes they are; written when both are ready."""
        return self.run / "servers.json"

    @property
    def holders_lock(self) -> Path:
        """Shared by every process that needs the servers; taken alone by the supervisor to stop them."""
        return self.run / "holders.lock"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the one supervisor."""
        return self.run / "supervisor.lock"

    @property
    def data_lock(self) -> Path:
        """Held by the servers themselves: free means that no process has the data open."""
        return self.run / "data.lock"

    @property
    def sockets(self) -> Path:
        """`run`, or where that is too long for a socket a short directory named after it."""
        if len(os.fsencode(self.run)) <= LONGEST_SOCKET_DIRECTORY:
            return self.run
        name = hashlib.sha256(os.fsencode(self.run.resolve())).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"loopcare-{os.geteuid()}-{name}"

    def prepare(self) -> None:
        """Make the directories; raises EmbeddedError when that is not possible."""
        try:
            for directory in (self.root, self.run, self.log, self.mail):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.sockets.mkdir(mode=0o700, exist_ok=True)
            if not os.access(self.run, os.W_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise EmbeddedError(
                f"Cannot write to {self.root} ({error.strerror}): set LOOPCARE_HOME to your own directory."
            ) from error
        found = self.sockets.lstat()
        # Whoever can open the sockets is let in, so nobody else may own or enter their directory.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise EmbeddedError(f"{self.sockets} must be a directory that only you can enter: remove it.")
