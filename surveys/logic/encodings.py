"""Which encoding a text is in, told from its lines that are not plain ASCII."""

from __future__ import annotations

import re
from collections.abc import Sequence

MOSTLY = 0.9  # share of lines that must be UTF-8 for the others to be damage rather than another encoding
SURE = 0.6  # share of characters that must be common ones of an encoding

LATIN_MARKS = frozenset("€£§°–—‘’“”„…«»¿¡®™·")


def encoding_of(lines: Sequence[bytes]) -> str | None:
    """One of utf-8, gb18030, big5, cp1252; None where none fits. `lines` are those with bytes above 127.

    Chinese bytes are nearly always *valid* in several encodings; but in the wrong one they become rare characters. So
    each encoding is judged by the share of its common ones: the 3,755 everyday characters and the punctuation of
    GB 2312, the 5,401 of Big5, and accented letters that stand alone for Western Europe.
    """
    if not lines or sum(map(_is_utf8, lines)) >= MOSTLY * len(lines):
        return "utf-8"
    text = b"\n".join(lines)
    scores = {"gb18030": _gb(text), "big5": _big5(text), "cp1252": _latin(text)}
    best = max(scores, key=scores.__getitem__)  # of equals the first
    return best if scores[best] >= SURE else None


def _is_utf8(line: bytes) -> bool:
    return _decoded(line, "utf-8") is not None


def _decoded(text: bytes, encoding: str) -> str | None:
    try:
        return text.decode(encoding)
    except UnicodeDecodeError:
        return None


def _gb(text: bytes) -> float:
    decoded = _decoded(text, "gb18030")
    if decoded is None:
        return 0.0
    wide = [character.encode("gb18030") for character in decoded if character > "\x7f"]
    common = sum(code[1] >= 0xA1 and (0xB0 <= code[0] <= 0xD7 or 0xA1 <= code[0] <= 0xA3) for code in wide)
    return common / len(wide)


def _big5(text: bytes) -> float:
    decoded = _decoded(text, "big5")
    if decoded is None:
        return 0.0
    wide = [character.encode("big5") for character in decoded if character > "\x7f"]
    return sum(0xA1 <= code[0] <= 0xC6 for code in wide) / len(wide)


def _latin(text: bytes) -> float:
    decoded = _decoded(text, "cp1252")
    if decoded is None:
        return 0.0
    wide = [character for character in decoded if character > "\x7f"]
    letters = sum(character.isalpha() or character in LATIN_MARKS for character in wide) / len(wide)
    runs = re.findall(rb"[\x80-\xff]+", text)
    return letters * sum(len(run) == 1 for run in runs) / len(runs)
