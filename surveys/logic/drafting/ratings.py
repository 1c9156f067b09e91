"""Which columns are answers on a scale, which scale, and which of them are levels of one question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import StatisticsError, correlation

from surveys.logic.cells import as_number
from surveys.logic.drafting import headings
from surveys.logic.drafting.headings import dimension_of
from surveys.logic.drafting.profiling import Profile
from surveys.logic.drafting.sheet import Sheet
from surveys.logic.sentences import Sentence, gettext_noop

OPPOSED = -0.3  # correlation with the overall answer below which a scale runs the other way
MOST = 60  # questions of a draft; a mapping has its limits
PAIRS = 30  # rows answered on both, at least
TOPS = (5.0, 7.0, 10.0, 100.0)
LEVELS = (("adequate", headings.ADEQUATE), ("desired", headings.DESIRED), ("perceived", headings.PERCEIVED))

SCALE = gettext_noop("The answers to %(column)s run from %(low)s to %(high)s: is the scale %(from)s to %(to)s?")
OFF_SCALE = gettext_noop(
    "%(column)s holds %(values)s, which is off its scale and keeps the row out: empty these cells in the file?"
)
DIRECTION = gettext_noop(
    "Customers who are content overall answer low on %(column)s: does a high answer mean that it went badly? "
    "Then turn it round in the file, or leave it out."
)
WORDING = gettext_noop("Does a high answer to %(column)s mean that it went well? If not, turn it round in the file.")
ADEQUATE = gettext_noop(
    "Below which answer is a customer dissatisfied? The adequate levels, such as %(level)s for %(column)s, are guesses."
)
OPENS = gettext_noop("Which rating decides whether a customer is dissatisfied? %(column)s was taken.")


@dataclass(slots=True)
class Rating:
    """One question with the columns of its levels."""

    column: Profile
    low: float
    high: float
    dimension: str = ""
    adequate: Profile | None = None
    desired: Profile | None = None
    opens: bool = False
    asked: list[Sentence] = field(default_factory=list)

    @property
    def enough(self) -> float:
        """A level between two answers, a little above the middle: 3.5 of 1–5, 4.5 of 1–7, 6.5 of 1–10, 65 of 100."""
        if self.high - self.low > 10:
            return 65.0
        return (self.low + self.high) // 2 + (0.5 if self.high < 10 else 1.5)

    @property
    def columns(self) -> list[Profile]:
        return [column for column in (self.column, self.adequate, self.desired) if column]


def find_ratings(sheet: Sheet, *, opening: bool = True) -> list[Rating]:
    """Take the columns of answers on a scale. With `opening`, one of them opens a pool entry."""
    ratings = [_rating(sheet, group) for group in _groups(_answers(sheet))[:MOST]]
    if not ratings:
        return []
    _name(ratings)
    chief = _chief(ratings)
    for rating in ratings:
        _check_direction(sheet, rating, chief)
    if opening:
        chief.opens = True
        if len(ratings) > 1 and chief.dimension != "overall":
            chief.asked.append(sheet.ask(OPENS, column=chief.column.name))
        guessed = next((rating for rating in [chief, *ratings] if not rating.adequate), None)
        if guessed:
            guessed.asked.append(sheet.ask(ADEQUATE, level=f"{guessed.enough:g}", column=guessed.column.name))
    return ratings


def seem_rated(sheet: Sheet) -> bool:
    """Whether any free column looks like an answer on a scale."""
    return bool(_answers(sheet))


def _answers(sheet: Sheet) -> list[Profile]:
    """Columns that look like answers, and their neighbours that look the same."""
    found = [column for column in sheet.free if _is_answer(column)]
    for step in (1, -1):
        for column in sheet.free[::step]:
            beside = [c for c in found if c.index == column.index - step]
            if column not in found and beside and _is_alike(column, beside[0]):
                found.append(column)
    return sorted(found, key=lambda column: column.index)


def _is_answer(column: Profile) -> bool:
    if not column.numbers or column.is_day:
        return False
    stated = stated_scale(column.heading)
    if stated:
        return stated[0] <= column.numbers[0] and _bulk(column) <= stated[1]
    rated = bool(headings.RATED.search(column.heading))
    level = any(pattern.search(column.heading) for _level, pattern in LEVELS)
    if not (rated or level) or (headings.COUNTED.search(column.heading) and not rated):
        return False
    percent = rated and 10 < column.numbers[-1] <= 100 and column.numbers[0] >= 0 and len(column.numbers) >= 5
    return _is_small(column) or percent


def _is_alike(column: Profile, other: Profile) -> bool:
    """Whether a column without telling words is one more question of a block."""
    if not column.numbers or headings.COUNTED.search(column.heading) or column.is_day:
        return False
    return _is_small(column) and len(column.numbers) >= 4 and column.numbers[-1] == other.numbers[-1]


def _is_small(column: Profile) -> bool:
    """Few whole or half numbers from 0 to 10."""
    low, high = column.numbers[0], column.numbers[-1]
    return low >= 0 and high <= 10 and len(column.numbers) >= 3 and all(n * 2 == int(n * 2) for n in column.numbers)


def _bulk(column: Profile) -> float:
    """The number below which 98 % of the distinct answers lie."""
    return column.numbers[max(0, int(len(column.numbers) * 0.98) - 1)]


def stated_scale(heading: str) -> tuple[float, float] | None:
    """The scale that a heading names: (1-5), 0 to 10, /10, 5分制."""
    if found := headings.STATED_SCALE.search(heading):
        return float(found[1]), float(found[2])
    if found := headings.OUT_OF.search(heading):
        top = float(found[1] or found[2])
        return (0.0 if top == 100 else 1.0), top
    return None


def _level(column: Profile) -> str:
    return next((level for level, pattern in LEVELS if pattern.search(column.heading)), "")


def _key(column: Profile) -> str:
    """What a question is about, without the words for its levels and scale."""
    text = headings.STATED_SCALE.sub(" ", column.heading)
    for pattern in (*(pattern for _level, pattern in LEVELS), headings.FILLER):
        text = pattern.sub(" ", text)
    return re.sub(r"[\W_]+", " ", text).strip()


def _groups(columns: Sequence[Profile]) -> list[dict[str, Profile]]:
    """Columns by question and level. A level without its perceived one is a question of its own."""
    keyed: dict[str, dict[str, Profile]] = {}
    alone: list[dict[str, Profile]] = []
    for column in columns:
        level = _level(column)
        group = keyed.setdefault(_key(column), {})
        if (level or "perceived") in group:
            alone.append({"perceived": column})
        else:
            group[level or "perceived"] = column
    whole = [group for group in keyed.values() if "perceived" in group]
    for group in keyed.values():
        if "perceived" not in group:
            # "Effort" and "Wished ease" ask about one thing in two words.
            code = dimension_of(_key(next(iter(group.values()))))
            same = [
                other for other in whole if code == dimension_of(_key(other["perceived"])) and not other.keys() & group
            ]
            if code and len(same) == 1:
                same[0].update(group)
            else:
                alone += [{"perceived": column} for column in group.values()]
    alone += whole
    return sorted(alone, key=lambda group: group["perceived"].index)


def _rating(sheet: Sheet, group: dict[str, Profile]) -> Rating:
    column = group["perceived"]
    low = min(member.numbers[0] for member in group.values())
    high = max(member.numbers[-1] for member in group.values())
    stated = next((scale for member in group.values() if (scale := stated_scale(member.heading))), None)
    recommend = bool(headings.RECOMMEND.search(column.heading))
    start, end = stated or _scale(low, high, recommend=recommend)
    rating = Rating(column, start, end, adequate=group.get("adequate"), desired=group.get("desired"))
    if not (stated or recommend or end > 10) and (high < end or low > start == 0):
        facts = {"column": column.name, "low": f"{low:g}", "high": f"{high:g}"}
        rating.asked.append(sheet.ask(SCALE, **facts, **{"from": f"{start:g}", "to": f"{end:g}"}))
    for member in group.values():
        sheet.take(member)
        off = [text for text in member.values if not _within(text, start, end)]
        if off:
            rating.asked.append(sheet.ask(OFF_SCALE, column=member.name, values=", ".join(off[:5])))
    return rating


def _within(text: str, low: float, high: float) -> bool:
    number = as_number(text)
    return number is not None and low <= number <= high


def _scale(low: float, high: float, *, recommend: bool) -> tuple[float, float]:
    """The usual scale that answers from `low` to `high` come from."""
    if recommend and high > 5:
        return 0.0, 10.0
    top = next(top for top in TOPS if high <= top)
    return (0.0 if low < 1 or top == 100 else 1.0), top


def _name(ratings: list[Rating]) -> None:
    """Give every rating a dimension of its own."""
    used: set[str] = set()
    for number, rating in enumerate(ratings, start=1):
        code = dimension_of(_key(rating.column)) or dimension_of(rating.column.heading) or f"question_{number}"
        rating.dimension = code if code not in used else f"{code[:36]}_{number}"
        used.add(rating.dimension)


def _chief(ratings: list[Rating]) -> Rating:
    """The rating of the whole; else the one that asks for all three levels; else the first."""
    overall = [rating for rating in ratings if rating.dimension == "overall"]
    return (overall or [rating for rating in ratings if rating.adequate] or ratings)[0]


def _check_direction(sheet: Sheet, rating: Rating, chief: Rating) -> None:
    backward = bool(headings.BACKWARD.search(rating.column.heading))
    if rating is not chief and _correlation(rating.column, chief.column) < OPPOSED:
        rating.asked.append(sheet.ask(DIRECTION, column=rating.column.name))
    elif backward:
        rating.asked.append(sheet.ask(WORDING, column=rating.column.name))


def _correlation(one: Profile, other: Profile) -> float:
    """Pearson's, over rows answered on both; 0 where that cannot be told."""
    pairs = [
        (x, y)
        for first, second in zip(one.cells, other.cells, strict=True)
        if (x := as_number(first)) is not None and (y := as_number(second)) is not None
    ]
    if len(pairs) < PAIRS:
        return 0.0
    try:
        return correlation([x for x, _y in pairs], [y for _x, y in pairs])
    except StatisticsError:
        return 0.0
