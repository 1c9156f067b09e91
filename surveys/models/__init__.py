"""Stages 1 and 2 as rows: feedback comes in, becomes signals, signals become the pool."""

from surveys.models.analysis import Analysis, Cause, CauseChange, CauseCode, Segment, TextModel
from surveys.models.archive import ArchivedMonth
from surveys.models.detection import AdequateLevel, Detection, DetectionRule, RuleText, RuleVersion, Sighting, Watermark
from surveys.models.feedback import Import, ImportReject, IngestReply, SavedMapping, Signal, Source
from surveys.models.monitoring import (
    Alarm,
    AlarmEvent,
    ChangedDay,
    DailyCount,
    Incident,
    IncidentEvent,
    IncidentNote,
    IncidentStep,
    JudgedDay,
)
from surveys.models.pool import PoolEntry, PoolEvent
from surveys.models.questionnaires import Answer, Invitation, Questionnaire
from surveys.models.scanning import Scan, ScannedRule, ScanRule, ScanRuleVersion, Warehouse
from surveys.models.silent import AuditMember, AuditSample, ScoreRun, SilentModel, SilentModelEvent
from surveys.models.tiers import TierMove, TierRule

__all__ = [
    "AdequateLevel",
    "Alarm",
    "AlarmEvent",
    "Analysis",
    "Answer",
    "ArchivedMonth",
    "AuditMember",
    "AuditSample",
    "Cause",
    "CauseChange",
    "CauseCode",
    "ChangedDay",
    "DailyCount",
    "Detection",
    "DetectionRule",
    "Import",
    "ImportReject",
    "Incident",
    "IncidentEvent",
    "IncidentNote",
    "IncidentStep",
    "IngestReply",
    "Invitation",
    "JudgedDay",
    "PoolEntry",
    "PoolEvent",
    "Questionnaire",
    "RuleText",
    "RuleVersion",
    "SavedMapping",
    "Scan",
    "ScanRule",
    "ScanRuleVersion",
    "ScannedRule",
    "ScoreRun",
    "Segment",
    "Sighting",
    "Signal",
    "SilentModel",
    "SilentModelEvent",
    "Source",
    "TextModel",
    "TierMove",
    "TierRule",
    "Warehouse",
    "Watermark",
]
