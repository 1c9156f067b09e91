"""`python -m loopcare.embedded.mailbox DIRECTORY PORT`: a real SMTP server on loopback for trying LoopCare out.

Every message it accepts becomes one .eml file; nothing is sent on.
"""

import argparse
import asyncio
import itertools
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class FileHandler:
    """Keeps messages in `directory`, named by the time they came."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.numbers = itertools.count(1)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Called by aiosmtpd; the answer is the SMTP reply. Accepted means on the disk."""
        content = envelope.original_content or b""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}-{next(self.numbers)}.eml"
        recipients = "".join(f"X-Envelope-To: {address}\r\n" for address in envelope.rcpt_tos)
        partial = self.directory / f".{name}"
        with partial.open("wb") as file:
            file.write(recipients.encode() + content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self.directory / name)
        return "250 Message kept"


async def serve(directory: Path, port: int) -> None:
    """Receive until SIGTERM."""
    loop = asyncio.get_running_loop()
    handler = FileHandler(directory)
    server = await loop.create_server(lambda: SMTP(handler, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", port)
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="loopcare.embedded.mailbox")
    parser.add_argument("directory", type=Path)
    parser.add_argument("port", type=int)
    options = parser.parse_args()
    asyncio.run(serve(options.directory, options.port))


if __name__ == "__main__":
    main()
