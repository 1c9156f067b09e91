"""The worked example of a sender, run as it is against a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from pytest_django.live_server_helper import LiveServer

from loopcare.embedded.home import CHECKOUT
from surveys.models import Signal
from surveys.services.setup import ensure_basics
from tests.sender import Sender, make_sender

SCRIPT = CHECKOUT / "examples" / "send_signals.py"
RATING = {
    "source": "hotline",
    "reference": "C1",
    "external_id": "E1",
    "occurred_on": "2026-03-01",
    "rating": {"value": 1, "low": 1, "high": 5},
    "comment": "信号不好",
}


def run(live_server: LiveServer, file: Path, sender: Sender) -> subprocess.CompletedProcess[str]:
    keys = {"LOOPCARE_KEY": sender.public_id, "LOOPCARE_SECRET": sender.secret}
    command = (sys.executable, str(SCRIPT), live_server.url, str(file))
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **keys}, check=False)


def test_example_sends_once_however_often_it_is_run(
    transactional_db: None, live_server: LiveServer, tmp_path: Path
) -> None:
    ensure_basics()
    sender = make_sender()
    file = tmp_path / "signals.json"
    file.write_text(json.dumps([RATING, RATING | {"external_id": "E2"}]))
    first, again = run(live_server, file, sender), run(live_server, file, sender)
    assert (first.returncode, first.stderr) == (0, "")
    assert json.loads(first.stdout)["accepted"] == 2
    assert again.stdout == first.stdout
    assert Signal.objects.count() == 2


def test_example_says_what_to_mend(transactional_db: None, live_server: LiveServer, tmp_path: Path) -> None:
    ensure_basics()
    file = tmp_path / "signals.json"
    file.write_text(json.dumps([RATING | {"source": "nowhere"}]))
    refused = run(live_server, file, make_sender())
    assert refused.returncode == 1
    assert json.loads(refused.stderr)["errors"][0]["field"] == "source"


def test_example_is_short_and_needs_nothing_installed() -> None:
    lines = SCRIPT.read_text().splitlines()
    assert len(lines) <= 40
    imported = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert imported <= sys.stdlib_module_names
