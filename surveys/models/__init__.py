"""Stages 1 and 2 as rows: feedback comes in, becomes signals, signals become the pool."""

from surveys.models.analysis import Cause, Segment
from surveys.models.feedback import Import, ImportReject, Signal, Source
from surveys.models.pool import PoolEntry, PoolEvent
from surveys.models.questionnaires import Answer, Invitation, Questionnaire

__all__ = [
    "Answer",
    "Cause",
    "Import",
    "ImportReject",
    "Invitation",
    "PoolEntry",
    "PoolEvent",
    "Questionnaire",
    "Segment",
    "Signal",
    "Source",
]
