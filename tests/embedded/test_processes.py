"""The processes of `run`, and the mailbox among them."""

import email
import smtplib
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from loopcare.embedded import processes
from loopcare.embedded.errors import EmbeddedError
from loopcare.embedded.processes import Family, Process
from tests.embedded.conftest import wait_until


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def family(told: list[str]) -> Iterator[Family]:
    family = Family(told.append)
    yield family
    family.stop()


def _python(name: str, code: str, folder: Path) -> Process:
    return Process(name, (sys.executable, "-c", code), folder / f"{name}.log")


def _has_ended(process: Process) -> bool:
    return process.running is not None and process.running.poll() is not None


def test_one_that_ends_is_reported_and_restarted_later_each_time(
    family: Family, told: list[str], tmp_path: Path
) -> None:
    web = _python("web", "print('no luck'); raise SystemExit(3)", tmp_path)
    family.start([web])
    wait_until(lambda: _has_ended(web))
    family.check()
    assert told == ["web ended (3): no luck. Again in 1 s."]
    family.check()
    assert web.running is None
    web.due = time.monotonic()
    family.check()
    wait_until(lambda: _has_ended(web))
    family.check()
    assert told[1].endswith("Again in 2 s.")


def test_one_that_keeps_ending_ends_the_run(family: Family, tmp_path: Path) -> None:
    web = _python("web", "raise SystemExit(3)", tmp_path)
    web.restarts = processes.RESTARTS
    family.start([web])
    wait_until(lambda: _has_ended(web))
    with pytest.raises(EmbeddedError) as given_up:
        family.check()
    assert str(given_up.value) == (f"web ended (3): it said nothing. It ended 6 times; all of it: {tmp_path}/web.log")


def test_stop_ends_workers_that_were_left_behind(family: Family, tmp_path: Path) -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    child = (
        f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); print('up', flush=True); time.sleep(60)"
    )
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}]).wait()"
    web = _python("web", parent, tmp_path)
    family.start([web])
    wait_until(lambda: "up" in web.log.read_text())
    family.stop()

    def is_free() -> bool:
        with socket.socket() as attempt:
            return attempt.connect_ex(("127.0.0.1", port)) != 0

    wait_until(is_free, 2)


def test_mailbox_keeps_each_message_in_a_file(family: Family, tmp_path: Path) -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    folder = tmp_path / "mail"
    folder.mkdir()
    command = (sys.executable, "-m", "loopcare.embedded.mailbox", str(folder), str(port))
    family.start([Process("mailbox", command, tmp_path / "mailbox.log")])

    def send() -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=5) as connection:
                text = "Subject: One question\r\n\r\n您满意吗?\r\n".encode()
                connection.sendmail("care@loopcare.example", ["a@example.org", "b@example.org"], text)
        except ConnectionRefusedError:
            return False
        return True

    wait_until(send)
    (file,) = folder.glob("*.eml")
    message = email.message_from_bytes(file.read_bytes())
    assert message.get_all("X-Envelope-To") == ["a@example.org", "b@example.org"]
    assert message["Subject"] == "One question"
    assert message.get_payload(decode=True) == "您满意吗?\r\n".encode()
