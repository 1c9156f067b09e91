"""Who a row is about: the customer's number, the number of the answer, contact details, brand, region, tier."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from surveys.logic.drafting import headings
from surveys.logic.drafting.headings import TIERS, meaning
from surveys.logic.drafting.profiling import CHINESE_MOBILE, EMAIL, PHONE, Profile, profile
from surveys.logic.drafting.sheet import Sheet
from surveys.logic.sentences import Sentence, gettext_noop

LANGUAGE_CODE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z]{2,4})?")
FEW = 50  # values of a column that sorts customers into groups

NO_REFERENCE = gettext_noop(
    "No column clearly holds your own number of the customer; %(column)s was taken. Which one is it?"
)
NO_ANSWER_ID = gettext_noop(
    "Customers answer more than once, and no column tells the answers apart: only one a day will be kept. "
    "Is there a number of the answer?"
)
TIER_WORDS = gettext_noop("Which value tier (strategic, high, core, basic) is meant by %(words)s of %(column)s?")


@dataclass(slots=True)
class People:
    """Columns by the names they have in a mapping; `asked` are questions about one of them."""

    columns: dict[str, Profile] = field(default_factory=dict)
    asked: dict[str, Sentence] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    tiers: dict[str, str] = field(default_factory=dict)
    """The file's words for the value tiers; "" for those nobody could place."""


def find_people(sheet: Sheet) -> People:
    """Take the columns that say who answered. There is always a reference."""
    people = People()
    contact = {
        "email": sheet.first(headings.EMAIL, _is_email) or _by_content(sheet, _is_email),
        "phone": sheet.first(headings.PHONE, _is_phone) or _by_content(sheet, _is_mobile),
        "name": sheet.first(headings.NAME, _is_name),
    }
    _identify(sheet, people, [column for column in contact.values() if column])
    people.columns |= {role: column for role, column in contact.items() if column}
    for column in list(sheet.free):
        if headings.PRIVATE.search(column.heading):
            sheet.leave_out(column, "personal data that nothing here needs")
    return people


def find_groups(sheet: Sheet, people: People) -> None:
    """Take the columns of what sort of customer answered: brand, region, language, value tier."""
    found = {
        "brand": sheet.first(headings.BRAND, lambda c: not headings.DEVICE.search(c.heading) and _sorts(c, 40)),
        "region": sheet.first(headings.REGION, lambda c: _sorts(c, 20, few=500)),
        "language": sheet.first(headings.LANGUAGE, lambda c: c.share(LANGUAGE_CODE) == 1 and _sorts(c, 10)),
        "value_tier": sheet.first(headings.TIER, _is_tier),
    }
    people.columns |= {role: column for role, column in found.items() if column}
    tier = found["value_tier"]
    if tier is None:
        return
    people.tiers = {word: meaning(word, TIERS) for word in tier.values}
    if unknown := [word for word, code in people.tiers.items() if not code]:
        people.asked["value_tier"] = sheet.ask(TIER_WORDS, words=", ".join(unknown), column=tier.name)


def _identify(sheet: Sheet, people: People, contact: list[Profile]) -> None:
    """The reference, and the number of the answer where there is one. A phone number may be the reference too."""
    reference = sheet.first(headings.REFERENCE, lambda column: column.is_full and not column.is_day)
    answer = sheet.first(headings.EXTERNAL_ID, _tells_rows_apart) or sheet.first(headings.ANY_ID, _tells_rows_apart)
    if reference is None:
        known = [c for c in contact if c.is_full and headings.REFERENCE.search(c.heading)]
        if known:
            reference = known[0]
        elif answer:
            reference, answer = answer, None
        else:
            reference = _likeliest(sheet, contact)
            if reference in sheet.free:
                sheet.take(reference)
        if not known:
            people.asked["reference"] = sheet.ask(NO_REFERENCE, column=reference.name)
    people.columns["reference"] = reference
    if answer:
        people.columns["external_id"] = answer
    elif not reference.is_unique:
        people.asked["external_id"] = sheet.ask(NO_ANSWER_ID)


def _likeliest(sheet: Sheet, contact: list[Profile]) -> Profile:
    """The column that tells most rows apart; contact details before any other."""
    whole = [column for column in contact if column.is_full] or sheet.free or sheet.named or [profile("?", 0, ())]
    return max(whole, key=lambda column: (not column.is_day, len(column.values), -column.index))


def _tells_rows_apart(column: Profile) -> bool:
    return column.is_unique and column.is_full and not column.is_day


def _by_content(sheet: Sheet, fits: Callable[[Profile], bool]) -> Profile | None:
    found = next((column for column in sheet.free if fits(column)), None)
    return sheet.take(found) if found else None


def _is_email(column: Profile) -> bool:
    return column.share(EMAIL) >= 0.5


def _is_phone(column: Profile) -> bool:
    return not column.is_day and column.share(PHONE) >= 0.5 and len(column.values) > column.filled / 2


def _is_mobile(column: Profile) -> bool:
    return column.share(CHINESE_MOBILE) >= 0.8 and len(column.values) > column.filled / 2


def _is_name(column: Profile) -> bool:
    """Rather once too often: a name that is not known for one would be kept in the clear."""
    return not (column.numbers or column.is_day or headings.NOT_A_NAME.search(column.heading))


def _sorts(column: Profile, limit: int, few: int = FEW) -> bool:
    """Whether a column sorts customers into a few groups whose names fit."""
    return len(column.values) <= few and max(map(len, column.values)) <= limit and not column.is_day


def _is_tier(column: Profile) -> bool:
    return not column.numbers and _sorts(column, 40, few=15) and any(meaning(word, TIERS) for word in column.values)
