"""What a warehouse can say about silent customers: agreed names of fields, and the rules that are shipped over them.

A field that compares two times (a share of the usual, days left) is a number that the warehouse has, or that is made of
two columns or a date: rules compare a field with a value, never two fields. Thresholds are a beginning; an operator
moves them to his own base.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from surveys.logic.sentences import gettext_noop

FieldKind = Literal["number", "text", "boolean", "date", "codes"]


class AgreedField(NamedTuple):
    """A name that shipped rules use. `also` are columns that mean the same in bases we have seen.

    `made`: it may be made of columns instead: a "share" of one by another, or the "days" until a date.
    """

    name: str
    kind: FieldKind
    label: str
    also: tuple[str, ...] = ()
    made: Literal["share", "days", ""] = ""


class LatentRule(NamedTuple):
    code: str
    name: str
    text: str


FIELDS = (
    AgreedField("tenure_months", "number", gettext_noop("months as a customer"), ("tenure", "months")),
    AgreedField("usage_ratio_3m", "number", gettext_noop("data use, as a share of the 3 months before"), (), "share"),
    AgreedField(
        "voice_ratio_3m", "number", gettext_noop("call minutes, as a share of the 3 months before"), (), "share"
    ),
    AgreedField("contacts_30d", "number", gettext_noop("contacts within 30 days"), ("custcare", "contacts")),
    AgreedField("weak_coverage_min_30d", "number", gettext_noop("minutes of weak coverage within 30 days")),
    AgreedField(
        "dropped_calls_30d", "number", gettext_noop("dropped calls within 30 days"), ("dropvce", "dropped_calls")
    ),
    AgreedField("speed_mbps", "number", gettext_noop("usual speed of data in Mbit/s"), ("speed",)),
    AgreedField("arrears", "number", gettext_noop("amount owed behind its date"), ("amount_overdue",)),
    AgreedField("bill_disputed", "boolean", gettext_noop("a bill is disputed"), ("disputed",)),
    AgreedField("help_dwell_s_7d", "number", gettext_noop("seconds on help pages within 7 days")),
    AgreedField(
        "contract_days_left", "number", gettext_noop("days until the contract ends"), ("days_to_contract_end",), "days"
    ),
    AgreedField(
        "topup_gap_ratio",
        "number",
        gettext_noop("days since the last top-up, as a share of the usual gap"),
        (),
        "share",
    ),
)

RULES = (
    LatentRule("usage-drop", gettext_noop("Data use dropped"), "usage_ratio_3m <= 0.3 and tenure_months >= 6"),
    LatentRule("voice-drop", gettext_noop("Call minutes dropped"), "voice_ratio_3m <= 0.3 and tenure_months >= 6"),
    LatentRule("contacts-30d", gettext_noop("Many contacts in a month"), "contacts_30d >= 3"),
    LatentRule("weak-coverage", gettext_noop("Long weak coverage"), "weak_coverage_min_30d >= 600"),
    LatentRule("dropped-calls", gettext_noop("Many dropped calls"), "dropped_calls_30d >= 8"),
    LatentRule("slow-data", gettext_noop("Slow data in use"), "speed_mbps <= 1.5 and usage_ratio_3m > 0.3"),
    LatentRule("arrears-dispute", gettext_noop("Arrears with a dispute"), "arrears > 0 and bill_disputed"),
    LatentRule("help-dwell", gettext_noop("Long on help pages"), "help_dwell_s_7d >= 300"),
    LatentRule(
        "contract-end",
        gettext_noop("Contract ends soon, and less is used"),
        "contract_days_left >= 0 and contract_days_left <= 30 and (usage_ratio_3m <= 0.8 or contacts_30d >= 1)",
    ),
    LatentRule("topup-gap", gettext_noop("Top-up is late"), "topup_gap_ratio >= 2.5 and tenure_months >= 3"),
)
