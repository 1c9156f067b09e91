"""Servers run while somebody holds them, survive kills with their data, and explain themselves."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import psycopg
import pytest

from loopcare.embedded import binaries, locks
from loopcare.embedded.errors import EmbeddedError
from loopcare.embedded.home import CHECKOUT, Home
from loopcare.embedded.postgres import Postgres
from loopcare.embedded.servers import are_supervised, hold, sweep
from tests.embedded.conftest import Holder, processes_of, supervisor_of, wait_until


def test_servers_stop_with_their_last_holder(home: Home) -> None:
    first, second = Holder(home), Holder(home)
    assert first.urls == second.urls
    supervisor = supervisor_of(home)
    first.leave()
    time.sleep(2.5)  # longer than an idle supervisor waits
    assert second.query("SELECT 1") == 1
    assert supervisor_of(home) == supervisor
    second.leave()
    wait_until(lambda: not processes_of(home), 6)
    assert sorted(path.name for path in home.run.iterdir()) == ["data.lock", "holders.lock", "supervisor.lock"]


def test_holders_that_come_together_share_one_supervisor(home: Home) -> None:
    code = "import sys; from pathlib import Path; from loopcare.embedded.home import Home; "
    code += "from loopcare.embedded.servers import hold; hold(Home(Path(sys.argv[1]))); sys.stdin.read()"
    together = [
        subprocess.Popen([sys.executable, "-c", code, home.root], stdin=subprocess.PIPE, cwd=CHECKOUT) for _ in range(4)
    ]
    wait_until(home.servers_file.exists)
    assert [command.count("embedded.supervisor") for command in processes_of(home).values()].count(1) == 1
    for process in together:
        process.communicate(timeout=30)
    assert [process.returncode for process in together] == [0, 0, 0, 0]


def test_killed_supervisor_leaves_nothing_and_loses_nothing(home: Home) -> None:
    holder = Holder(home)
    holder.query("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(supervisor_of(home), signal.SIGKILL)
    wait_until(lambda: not processes_of(home))
    assert not are_supervised(home)
    after = Holder(home)
    assert after.query("SELECT answer FROM kept") == 42
    assert after.urls == holder.urls
    holder.leave()
    after.leave()


def test_killed_servers_are_started_again(home: Home) -> None:
    holder = Holder(home)
    holder.query("CREATE TABLE kept AS SELECT 42 AS answer")
    supervisor = supervisor_of(home)
    killed = {pid for pid in processes_of(home) if pid != supervisor}
    for pid in killed:
        os.kill(pid, signal.SIGKILL)

    def answers() -> bool:
        try:
            return holder.query("SELECT answer FROM kept") == 42
        except psycopg.OperationalError:
            return False

    wait_until(answers)
    assert supervisor_of(home) == supervisor
    holder.leave()


def test_a_home_deleted_under_its_servers_stops_them(home: Home) -> None:
    holder = Holder(home)
    shutil.rmtree(home.root, ignore_errors=True)  # the servers remove files of theirs meanwhile
    assert not home.holders_lock.exists()
    wait_until(lambda: not processes_of(home))
    holder.leave()


def test_half_made_data_is_made_again(home: Home) -> None:
    home.prepare()
    half = home.root / "postgres.new-half" / "data"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    holder = Holder(home)
    assert holder.query("SELECT 1") == 1
    holder.leave()
    assert not half.parent.exists()


def test_pid_files_of_other_processes_do_not_stop_a_start(home: Home) -> None:
    Holder(home).leave()
    wait_until(lambda: not processes_of(home), 6)
    stranger = f"{os.getppid()}\n{home.data}\n1\n5432\n{home.run}\n\n  1 1\nready\n"
    (home.data / "postmaster.pid").write_text(stranger)
    (home.run / ".s.PGSQL.5432.lock").write_text(stranger)
    (home.run / "servers.json").write_text("{}")
    holder = Holder(home)
    assert holder.query("SELECT 1") == 1
    holder.leave()


def test_long_home_gets_short_sockets(home: Home) -> None:
    deep = Home(home.root / ("long-" * 25))
    holder = Holder(deep)
    assert holder.query("SELECT 1") == 1
    holder.leave()
    assert deep.sockets.parent == Path(home.root.parent)
    wait_until(lambda: not processes_of(home), 6)
    shutil.rmtree(deep.sockets)


def test_the_application_cannot_change_the_schema(home: Home) -> None:
    holder = Holder(home)
    holder.query("CREATE TABLE facts (id bigserial PRIMARY KEY, name text)")
    with psycopg.connect(holder.urls["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("INSERT INTO facts (name) VALUES ('a')")
        for statement in ("DROP TABLE facts", "CREATE TABLE more (id int)", "TRUNCATE facts"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    holder.query("CREATE DATABASE copy")
    copy = holder.urls["DATABASE_OWNER_URL"].replace("/loopcare?", "/copy?")
    with psycopg.connect(copy) as connection:
        names = connection.execute("SELECT extname FROM pg_extension ORDER BY 1").fetchall()
    assert names == [("btree_gist",), ("pg_trgm",), ("plpgsql",), ("unaccent",)]
    holder.leave()


def test_data_of_another_version_is_refused(home: Home) -> None:
    home.data.mkdir(mode=0o700)
    (home.data / "PG_VERSION").write_text("9\n")
    here = binaries.postgres_major(binaries.postgres())
    with pytest.raises(EmbeddedError) as refused:
        hold(home)
    assert str(refused.value) == (
        f"{home.data} was made by PostgreSQL 9, but this is PostgreSQL {here}: "
        "set LOOPCARE_POSTGRES_BIN to the programs of version 9, or move the directory away."
    )


def test_a_directory_that_is_no_database_is_refused(home: Home) -> None:
    home.data.mkdir(mode=0o700)
    (home.data / "letter.txt").write_text("dear all")
    with pytest.raises(EmbeddedError) as refused:
        hold(home)
    assert str(refused.value) == f"{home.data} is not a PostgreSQL data directory: move it away."
    assert (home.data / "letter.txt").read_text() == "dear all"


def test_a_home_that_is_a_file_is_refused(home: Home) -> None:
    file = home.root / "file"
    file.touch()
    with pytest.raises(EmbeddedError) as refused:
        hold(Home(file))
    assert str(refused.value) == (f"Cannot write to {file} (File exists): set LOOPCARE_HOME to your own directory.")


def test_wrong_postgres_programs_are_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPCARE_POSTGRES_BIN", "/nowhere")
    with pytest.raises(EmbeddedError) as refused:
        hold(home)
    assert str(refused.value) == "LOOPCARE_POSTGRES_BIN=/nowhere has no program postgres."


@pytest.mark.skipif(not Path("/usr/lib/postgresql/15/bin").exists(), reason="PostgreSQL 15 is not installed")
def test_programs_of_postgresql_15_can_be_forced(home: Home) -> None:
    holder = Holder(home, LOOPCARE_POSTGRES_BIN="/usr/lib/postgresql/15/bin")
    assert str(holder.query("SHOW server_version")).startswith("15.")
    holder.leave()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_needs_no_rights(home: Home) -> None:
    os.chown(home.root, 65534, 65534)
    become = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    packages = sysconfig.get_path("purelib")  # the system's Python may be the only one outside root's own folders
    for python in (sys.executable, "/usr/bin/python3"):
        again = "import os, sys; os.execv(sys.executable, [sys.executable, '-c', 'import loopcare'])"
        test = [*become, python, "-c", again]
        if subprocess.run(test, check=False, capture_output=True, cwd=CHECKOUT).returncode == 0:
            break
    else:
        pytest.skip("this checkout cannot be reached by an ordinary user")
    holder = Holder(home, (*become, python), PYTHONPATH=packages)
    assert holder.urls, holder.leave()
    assert {path.stat().st_uid for path in (home.data, home.sockets)} == {65534}
    holder.leave()


def test_sweep_removes_only_what_nobody_uses(home: Home) -> None:
    used, unused, new = (Home(home.root / name) for name in ("x-used", "x-unused", "x-new"))
    for each in (used, unused, new):
        each.prepare()
    for each in (used, unused):
        os.utime(each.root, (0, 0))
    lock = locks.take(used.supervisor_lock)
    assert lock is not None
    sweep(home.root, "x-*")
    os.close(lock)
    assert sorted(path.name for path in home.root.glob("x-*")) == ["x-new", "x-used"]


def test_urls_name_the_role_and_the_socket() -> None:
    postgres = Postgres(Home(Path("/srv/a b")), Path("/bin"))
    assert postgres.url("loopcare_app") == ("postgresql://loopcare_app@/loopcare?host=%2Fsrv%2Fa%20b%2Frun&port=5432")
