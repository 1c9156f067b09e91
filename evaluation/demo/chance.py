"""Chance that can be repeated: the same seed and the same subject give the same draw, whatever happened before."""

from __future__ import annotations

from random import Random


def chance(*subject: object) -> Random:
    """A generator of its own for one subject, such as ("answer", seed, reference, wave)."""
    return Random(":".join(map(str, subject)))  # noqa: S311 - invents a world, guards nothing
