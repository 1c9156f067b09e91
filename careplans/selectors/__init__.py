"""What there is to know about campaigns, their people and the cases in work."""

from careplans.selectors.campaigns import (
    Funnel,
    assigned,
    campaign_named,
    campaigns_followed,
    contaminated,
    funnel,
    newest_preview,
)
from careplans.selectors.queue import HourCount, QueueHome, queue_home
from careplans.selectors.situation import Situation, situation
from careplans.selectors.workspace import CaseView, HistoryLine, OutcomeChoice, case_view

__all__ = [
    "CaseView",
    "Funnel",
    "HistoryLine",
    "HourCount",
    "OutcomeChoice",
    "QueueHome",
    "Situation",
    "assigned",
    "campaign_named",
    "campaigns_followed",
    "case_view",
    "contaminated",
    "funnel",
    "newest_preview",
    "queue_home",
    "situation",
]
