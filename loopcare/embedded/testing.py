"""A pytest plugin: every test run has its own PostgreSQL and Valkey, gone when it ends.

Loaded with `-p`, because pytest-django reads the settings before any conftest. Workers of pytest-xdist inherit the
servers. LOOPCARE_TEST_DURABLE=1 keeps fsync on; LOOPCARE_TEST_EXTERNAL=1 uses the DATABASE_URL that is set.
"""

import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from loopcare.embedded import keys
from loopcare.embedded.errors import EmbeddedError
from loopcare.embedded.home import Home
from loopcare.embedded.servers import hold, sweep

PREFIX = "loopcare-test-"


def _needs_servers(arguments: list[str]) -> bool:
    """Only the first process of a run that will run tests."""
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    is_external = os.environ.get("LOOPCARE_TEST_EXTERNAL") == "1" and "DATABASE_URL" in os.environ
    return not (is_worker or is_external or {"--help", "-h", "--version", "-V"} & set(arguments))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> Generator[None, object, object]:
    if _needs_servers(args):
        temporary = Path(tempfile.gettempdir())
        sweep(temporary, f"{PREFIX}*")
        home = Home(Path(tempfile.mkdtemp(prefix=PREFIX, dir=temporary)))
        try:
            held = hold(home, throwaway=True)
        except EmbeddedError as error:
            raise pytest.UsageError(str(error)) from error
        early_config.add_cleanup(held.release)
        os.environ.update(keys.load(home))
        os.environ.update(
            held.urls,
            LOOPCARE_HOME=str(home.root),
            # Tests make their own tables, so they come as the owner; what the application may is asked as the other.
            DATABASE_URL=held.urls["DATABASE_OWNER_URL"],
            LOOPCARE_APP_DATABASE_URL=held.urls["DATABASE_URL"],
        )
    return (yield)
