"""The environment is made when it is missing or outdated, and says what it lacks."""

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from loopcare import bootstrap


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """Looks like an environment."""
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(sys.executable)
    return tmp_path / "venv"


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """A file that asks for nothing."""
    file = tmp_path / "requirements.txt"
    file.write_text("# nothing\n")
    return file


def test_environment_is_complete_only_with_the_stamp_of_these_requirements(venv: Path, requirements: Path) -> None:
    stamp = venv / "loopcare-stamp"
    answers = [bootstrap._is_complete(venv, [requirements])]
    stamp.write_text(bootstrap._stamp(requirements))
    answers.append(bootstrap._is_complete(venv, [requirements]))
    answers.append(bootstrap._is_complete(venv, [requirements, bootstrap.TESTS]))
    requirements.write_text("# changed\n")
    answers.append(bootstrap._is_complete(venv, [requirements]))
    stamp.write_text(bootstrap._stamp(requirements))
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to("/usr/bin/python-that-an-upgrade-removed")
    answers.append(bootstrap._is_complete(venv, [requirements]))
    assert answers == [False, True, False, False, False]


def test_second_first_run_waits_for_the_first(
    venv: Path, requirements: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = os.open(venv, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    second = threading.Thread(target=bootstrap._ensure, args=(venv, [requirements]))
    second.start()
    second.join(0.3)
    assert second.is_alive()
    (venv / "loopcare-stamp").write_text(bootstrap._stamp(requirements))
    os.close(lock)
    second.join(10)
    assert capsys.readouterr().err == "Waiting for another run that is making the environment …\n"


@pytest.mark.parametrize(
    ("environment", "answer"),
    [
        ({"LOOPCARE_VENV": "/proc/venv"}, "Cannot make the environment /proc/venv: "),
        ({"LOOPCARE_BOOTSTRAP": "off"}, ""),
    ],
)
def test_manage_says_what_it_cannot_make(environment: dict[str, str], answer: str) -> None:
    done = subprocess.run(
        (sys.executable, bootstrap.ROOT / "manage.py", "environment"),
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    assert done.returncode == (1 if answer else 0)
    assert done.stderr.startswith(answer)
    assert done.stderr.count("\n") == (1 if answer else 0)


def test_old_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    with pytest.raises(SystemExit) as stopped:
        bootstrap.enter(["manage.py", "run"])
    assert stopped.value.code == "LoopCare needs Python 3.11 or newer; this is 3.10."
