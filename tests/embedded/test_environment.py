"""What manage.py gives a command before Django starts."""

import json
import os
from pathlib import Path

import pytest

from loopcare.embedded import environment, keys
from loopcare.embedded.home import Home

NAMES = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", *keys.NAMES)


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "")  # so that what the code sets is taken back after the test
    monkeypatch.setenv("LOOPCARE_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    "argv", [["help"], ["version"], [], ["--help"], ["run", "--help"], ["migrate", "-h"], ["makemessages"]]
)
def test_commands_without_a_database_touch_nothing(argv: list[str], tmp_path: Path) -> None:
    environment.prepare(["manage.py", *argv])
    assert not (tmp_path / "home").exists()
    assert [os.environ[name] for name in NAMES] == [""] * len(NAMES)


@pytest.mark.parametrize(("command", "role"), [("sweep", "app"), ("migrate", "owner")])
def test_configured_servers_are_used(command: str, role: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@db/x")
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://owner@db/x")
    monkeypatch.setenv("REDIS_URL", "redis://cache/0")
    environment.prepare(["manage.py", command])
    assert os.environ["DATABASE_URL"] == f"postgresql://{role}@db/x"
    assert os.environ["REDIS_URL"] == "redis://cache/0"
    assert not (tmp_path / "home" / "postgres").exists()


def test_without_an_owner_the_one_url_does_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://one@db/x")
    monkeypatch.delenv("DATABASE_OWNER_URL")
    monkeypatch.setenv("REDIS_URL", "redis://cache/0")
    environment.prepare(["manage.py", "migrate"])
    assert os.environ["DATABASE_OWNER_URL"] == os.environ["DATABASE_URL"] == "postgresql://one@db/x"


def test_secrets_are_made_once_and_kept_private(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = keys.load(home)
    assert tuple(first) == keys.NAMES
    assert keys.load(home) == first == json.loads((tmp_path / "secrets.json").read_text())
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]


def test_secrets_that_are_set_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://one@db/x")
    monkeypatch.setenv("REDIS_URL", "redis://cache/0")
    monkeypatch.setenv("LOOPCARE_SECRET_KEY", "mine")
    environment.prepare(["manage.py", "sweep"])
    assert os.environ["LOOPCARE_SECRET_KEY"] == "mine"
    assert len(bytes.fromhex(os.environ["LOOPCARE_INDEX_KEY"])) == 32


def test_unusable_home_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LOOPCARE_HOME", str(tmp_path / "file"))
    with pytest.raises(SystemExit) as stopped:
        environment.prepare(["manage.py", "sweep"])
    assert stopped.value.code == (
        f"Cannot write to {tmp_path / 'file'} (File exists): set LOOPCARE_HOME to your own directory."
    )
