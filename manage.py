#!/usr/bin/env python3
"""LoopCare's commands; from a bare checkout the environment they run in is made first."""

import os
import sys

from loopcare import bootstrap


def main() -> None:
    bootstrap.enter(sys.argv)
    # Django exists only now, inside the environment that bootstrap made.
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    from loopcare.embedded import environment  # noqa: PLC0415

    environment.prepare(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopcare.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
