"""What must never be unpickled: it says that it ran."""

from __future__ import annotations


class Intruder:
    """Runs when it is unpickled."""

    ran = False

    def __reduce__(self) -> tuple[object, tuple[()]]:
        return _mark, ()


def _mark() -> str:
    Intruder.ran = True
    return "intruder"
