"""Values that stand for "nothing was said": 999 among ages, 0000-00-00 among days, 无 among words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from surveys.logic.cells import as_number

NOTABLE = 0.01  # share of a column's filled cells
WORDS = frozenset(
    {
        "n/a",
        "na",
        "#n/a",
        "nan",
        "null",
        "none",
        "nil",
        "undefined",
        "unknown",
        "missing",
        "test",
        "tbd",
        "xxx",
        "-",
        "--",
    }
    | {"—", "/", "\\", "?", "??", ".", "无", "未知", "暂无", "不详", "空", "测试", "未填写", "未填", "不知道", "没填"}
)
DAYS = frozenset({"0000-00-00", "0001-01-01", "1899-12-30", "1900-01-00", "1900-01-01", "1970-01-01", "9999-12-31"})
NUMBERS = frozenset(
    {
        8.0,
        9.0,
        -1.0,
        -8.0,
        -9.0,
        -88.0,
        -98.0,
        -99.0,
        -888.0,
        -998.0,
        -999.0,
        -9999.0,
        88.0,
        98.0,
        99.0,
        888.0,
        998.0,
        999.0,
    }
    | {8888.0, 9998.0, 9999.0, 88888.0, 99999.0, 999999.0, 9999999.0, 99999999.0}
)
FAR = 3  # times the width of all other values: so far off, any number is none
SPIKE = 5  # times as often as the next most frequent: so often, a known one is none


def placeholders_in(counts: Mapping[str, int], filled: int, *, complete: bool) -> Iterator[tuple[str, float]]:
    """Values that look like placeholders, and their share of the filled cells.

    `counts` says how often each value occurs; where not `complete`, rare values are missing. Two values are an answer
    (yes and no, chosen and not), so a placeholder is looked for beside three others among numbers, two among words.
    """
    often = {value: count for value, count in counts.items() if count >= max(2, NOTABLE * filled)}
    numbers = {number: value for value in counts if (number := as_number(value)) is not None}
    mostly_numbers = sum(counts[value] for value in numbers.values()) >= 0.8 * sum(counts.values())
    for value, count in often.items():
        number = as_number(value)
        if number is None:
            found = _is_word(value) and len(counts) > 2
        else:
            found = mostly_numbers and _is_odd(number, numbers, counts, complete=complete)
        if found:
            yield value, count / filled


def _is_word(value: str) -> bool:
    folded = value.casefold()
    return folded in WORDS or folded[:10] in DAYS


def _is_odd(number: float, numbers: Mapping[float, str], counts: Mapping[str, int], *, complete: bool) -> bool:
    others = [other for other in numbers if other != number]
    if len(others) < 3:
        return False
    low, high = min(others), max(others)
    distance = max(low - number, number - high)  # from the nearest, outside their range
    if complete and distance > FAR * (high - low):
        return True
    if number not in NUMBERS:
        return False
    if number < 0:
        return low >= 0
    next_often = max(counts[numbers[other]] for other in others)
    return distance >= (high - low) / 2 or (number > 99 and counts[numbers[number]] > SPIKE * next_often)
