"""The four shipped ways to care."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_noop

from careplans.enums import StrategyKind
from careplans.models import Strategy

# Guides are one step a line. Minutes count all expected tries of one case; costs are in the installation's currency.
SHIPPED: tuple[dict[str, Any], ...] = (
    {
        "name": gettext_noop("Callback"),
        "kind": StrategyKind.CALLBACK,
        "minutes": Decimal(9),
        "unit_cost": Decimal(18),
        "max_tries": 4,
        "first_contact_hours": 24,
        "guide_en": "Say who you are and why you call; ask whether it is a good moment.\n"
        "Let the customer tell the story; do not interrupt.\n"
        "Say back what you heard and what it meant for them.\n"
        "Agree on what you do now, and who does the rest by when.\n"
        "Ask whether this would solve it; thank the customer.",
        "guide_zh": "说明您是谁、为何来电，询问现在是否方便。\n请客户讲述经过，不要打断。\n"
        "复述您听到的内容以及对客户的影响。\n约定现在做什么，其余由谁在何时完成。\n确认这样是否解决问题，并致谢。",
    },
    {
        "name": gettext_noop("Outreach"),
        "kind": StrategyKind.OUTREACH,
        "minutes": Decimal(1),
        "unit_cost": Decimal("0.60"),
        "max_tries": 1,
        "first_contact_hours": 72,
        "guide_en": "Say why you get in touch, in one sentence.\n"
        "Offer the one thing that helps this customer now.\n"
        "Say how to reach a person.",
        "guide_zh": "用一句话说明联系原因。\n提供此刻对客户最有帮助的一件事。\n告知如何联系人工。",
    },
    {
        "name": gettext_noop("Touchpoint"),
        "kind": StrategyKind.TOUCHPOINT,
        "minutes": Decimal(3),
        "unit_cost": Decimal(2),
        "max_tries": 2,
        "first_contact_hours": 168,
        "guide_en": "Serve the customer's own matter first.\n"
        "Then mention what we learned about the earlier trouble.\n"
        "Offer the remedy and note the answer.",
        "guide_zh": "先办理客户本次的事项。\n再提及我们了解到的先前问题。\n提供补救方案并记录答复。",
    },
    {
        "name": gettext_noop("Interview"),
        "kind": StrategyKind.INTERVIEW,
        "minutes": Decimal(35),
        "unit_cost": Decimal(96),
        "max_tries": 3,
        "first_contact_hours": 72,
        "guide_en": "Ask for consent to the talk and to taking notes.\n"
        "What did you expect? What happened instead?\n"
        "Which moment mattered most, and why?\n"
        "What would have been good enough? What would have been ideal?\n"
        "Sum up in the customer's words; code the cause afterwards.",
        "guide_zh": "征得客户同意进行访谈并做记录。\n您原本期望什么？实际发生了什么？\n哪个时刻最重要，为什么？\n"
        "怎样算足够好？怎样算理想？\n用客户的话总结；之后归入原因树。",
    },
)


def ensure_basics() -> None:
    """The shipped strategies, where they are missing; one that was edited stays as it is."""
    Strategy.objects.bulk_create([Strategy(**row) for row in SHIPPED], ignore_conflicts=True)
