"""Stage 4 as rows: the panel of everybody assigned, their follow-ups, and the frozen estimates."""

from evaluation.models.estimates import Estimate
from evaluation.models.panel import FollowUp, PanelMember

__all__ = ["Estimate", "FollowUp", "PanelMember"]
