"""A comment as it is read: one form for what is written alike, nothing for what says nothing."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 2_000
"""Characters of a comment that are read; what matters is said before."""

# Phone numbers, accounts, times: they say nothing of a cause, and a reader would remember them.
_LONG_NUMBER = re.compile(r"\d{4,}")
# Neither letters nor digits: punctuation, symbols, emoji, control characters.
_GAP = re.compile(r"[\W_]+")
_NOTHING = frozenset(
    {
        *("", "无", "没有", "没", "不记得", "不知道", "暂无", "没问题", "偶尔", "不一定"),
        *("no", "none", "nothing", "na", "n a", "nil", "null", "nope", "ok", "no comment"),
    }
)


def normalised(comment: str) -> str:
    """Lower case, one width (NFKC), words apart by one space, without numbers of four digits and more, at most 2,000
    characters; "" where nothing is said."""
    plain = unicodedata.normalize("NFKC", comment[: 2 * LONGEST]).lower()
    text = _GAP.sub(" ", _LONG_NUMBER.sub(" ", plain))[:LONGEST].strip()
    return "" if text in _NOTHING else text
