"""Stage 3 as rows: strategies, campaigns with their arms, and the cases that agents work."""

from careplans.models.campaigns import (
    Assignment,
    Campaign,
    CampaignEvent,
    CampaignLine,
    Preview,
    PreviewMember,
)
from careplans.models.cases import Attempt, Case, CaseEvent, Draft
from careplans.models.priority import PriorityFactor
from careplans.models.strategies import Strategy

__all__ = [
    "Assignment",
    "Attempt",
    "Campaign",
    "CampaignEvent",
    "CampaignLine",
    "Case",
    "CaseEvent",
    "Draft",
    "Preview",
    "PreviewMember",
    "PriorityFactor",
    "Strategy",
]
