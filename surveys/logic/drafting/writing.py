"""The pieces of a mapping in TOML."""

from __future__ import annotations

import json
from collections.abc import Iterable

from surveys.logic.sentences import Sentence

WIDTH = 116


def quoted(text: str) -> str:
    """A text as a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def remark(text: object) -> str:
    """A comment of one line, whatever stands in a file's header."""
    line = " ".join(str(text).split())
    return "# " + "".join(letter if letter.isprintable() else " " for letter in line)


def ask(question: Sentence) -> str:
    return remark(f"ASK: {question}")


def line(key: str, value: str, why: object = "") -> str:
    """`key = value  # why`."""
    return f"{key} = {value}" + (f"  {remark(why)}" if why else "")


def listed(key: str, items: Iterable[str]) -> list[str]:
    """`key = [...]`, several to a line."""
    rows: list[str] = []
    for item in items:
        if rows and len(rows[-1]) + len(item) + 2 <= WIDTH:
            rows[-1] += f" {item},"
        else:
            rows.append(f"  {item},")
    return [f"{key} = [", *rows, "]"]
