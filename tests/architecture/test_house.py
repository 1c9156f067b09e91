"""The house keeps its rules: small rooms, no catch-all names, no signals, no inline imports, closed models."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("loopcare", "surveys", "careplans", "evaluation")
LONGEST_MODULE, LONGEST_FUNCTION = 300, 40
# manage.py's way in: Django exists only after the environment was made, and command-line tools import late.
LATE_IMPORTS = {"manage.py"}

# Rows that no page lists: reached only through a row that has `visible_to`, or facts about the installation.
WITHIN_OTHERS = {
    "Region", "ContactPoint", "Suppression", "Hold", "ContactRule", "Contact", "RefusedContact", "Installation",
    "Signal", "ImportReject", "PoolEvent", "Cause", "Questionnaire", "Answer",
    "CampaignEvent", "CampaignLine", "Preview", "PreviewMember", "CaseEvent",
    "DailyCount", "ChangedDay", "JudgedDay", "AlarmEvent", "IncidentEvent", "IncidentStep", "IncidentNote",
    "ScanRuleVersion", "ScannedRule",
    "AuditMember", "SilentModelEvent", "CauseChange", "CauseCode", "TextModel", "TierMove",
    "ArchivedMonth", "RuleVersion", "Detection", "Sighting", "Watermark", "IngestReply",
}  # fmt: skip


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (p for p in (ROOT / package).rglob("*.py") if "migrations" not in p.parts)


def test_modules_are_small_rooms() -> None:
    lengths = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in sources()}
    assert {name: n for name, n in lengths.items() if n > LONGEST_MODULE} == {}


def test_functions_fit_on_a_screen() -> None:
    long = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                n = (node.end_lineno or 0) - node.lineno + 1
                if n > LONGEST_FUNCTION:
                    long[f"{path.relative_to(ROOT)}:{node.name}"] = n
    assert long == {}


def test_no_room_is_called_anything() -> None:
    names = {"utils.py", "helpers.py", "misc.py", "signals.py"}
    assert [str(p) for p in sources() if p.name in names] == []


def test_nothing_listens_to_djangos_signals() -> None:
    imports = ("from django.dispatch", "django.db.models.signals", "django.core.signals")
    assert [str(p) for p in sources() if any(line in p.read_text() for line in imports)] == []


@pytest.mark.parametrize("model", apps.get_models(), ids=lambda model: model.__name__)
def test_every_model_says_who_may_see_it(model: type[models.Model]) -> None:
    if model._meta.app_config.name.split(".")[0] not in PACKAGES or model.__name__ in WITHIN_OTHERS:
        return
    assert hasattr(model._default_manager, "visible_to")


@pytest.mark.parametrize("model", apps.get_models(), ids=lambda model: model.__name__)
def test_every_status_is_checked_by_the_database(model: type[models.Model]) -> None:
    if "status" not in {field.name for field in model._meta.fields if field.choices}:
        return
    names = [constraint.name for constraint in model._meta.constraints]
    assert [name for name in names if name.endswith("_status_known")] != []
