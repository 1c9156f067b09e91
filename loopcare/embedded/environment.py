"""Called by manage.py before Django starts: gives a command the servers and secrets it needs."""

import os
import sys

from loopcare.embedded import keys
from loopcare.embedded.errors import EmbeddedError
from loopcare.embedded.home import Home
from loopcare.embedded.servers import hold

WITHOUT_DATABASE = frozenset(
    {"help", "version", "--help", "-h", "--version", "makemessages", "compilemessages", "collectstatic"}
)
# These change or describe the schema: only the owner's role may.
AS_OWNER = frozenset({"migrate", "makemigrations", "sqlmigrate", "showmigrations", "flush"})


def prepare(argv: list[str]) -> None:
    """Set DATABASE_URL, DATABASE_OWNER_URL, REDIS_URL and the secrets where the environment lacks them.

    Servers are started only when one of the first and the third is missing; they run until this process ends.
    """
    command = argv[1] if len(argv) > 1 else "help"
    if command in WITHOUT_DATABASE or {"--help", "-h"} & set(argv[2:]):
        return
    try:
        _provide(Home.from_environment())
    except EmbeddedError as error:
        sys.exit(str(error))
    if command in AS_OWNER:
        os.environ["DATABASE_URL"] = os.environ["DATABASE_OWNER_URL"]


def _provide(home: Home) -> None:
    if os.environ.get("DATABASE_URL"):
        os.environ.setdefault("DATABASE_OWNER_URL", os.environ["DATABASE_URL"])
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        _default(hold(home).urls)
    if not all(os.environ.get(name) for name in keys.NAMES):
        home.prepare()
        _default(keys.load(home))


def _default(values: dict[str, str]) -> None:
    for name, value in values.items():
        os.environ[name] = os.environ.get(name) or value
