"""The import of 5,433 real answers; the file stays outside the project."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from loopcare.customers.models import Customer
from surveys.models import Cause, Import, PoolEntry, PoolEvent, Signal, Source
from surveys.services.intake import import_file
from surveys.services.running import ImportResult
from tests.surveys.conftest import EXAMPLES

MAPPING = (EXAMPLES / "voice_survey.toml").read_text()


def run(path: Path, now: datetime, *, dry_run: bool = False) -> ImportResult:
    return import_file(path=path, mapping_text=MAPPING, source_code=None, now=now, dry_run=dry_run)


@pytest.mark.django_db
@pytest.mark.slow
def test_voice_survey_lands_once_and_its_dry_run_writes_nothing(voice_survey: Path, now: datetime) -> None:
    dry = run(voice_survey, now, dry_run=True)

    assert [
        Customer.objects.count(),
        Signal.objects.count(),
        PoolEntry.objects.count(),
        PoolEvent.objects.count(),
        Import.objects.count(),
        Source.objects.count(),
        Cause.objects.count(),
    ] == [0] * 7

    first = run(voice_survey, now)

    assert first == dry
    assert (first.rows, first.accepted, first.duplicates, first.rejected) == (5433, 5433, 0, 0)
    assert (first.signals, first.dissatisfied, first.pool_new, first.pool_open) == (21732, 731, 731, 731)
    assert first.rejects_file is None

    second = run(voice_survey, now)

    assert (second.rows, second.accepted, second.duplicates, second.rejected) == (5433, 0, 5433, 0)
    assert (second.signals, second.dissatisfied, second.pool_new, second.pool_open) == (0, 0, 0, 731)
    assert (Customer.objects.count(), Signal.objects.count()) == (5433, 21732)
    assert (PoolEntry.objects.count(), PoolEvent.objects.count(), Import.objects.count()) == (731, 731, 2)


@pytest.mark.django_db
@pytest.mark.slow
def test_voice_survey_answers_stand_where_they_belong_and_its_defects_are_reported(
    voice_survey: Path, now: datetime
) -> None:
    warnings = run(voice_survey, now).warnings

    answered = Signal.objects.filter(dimension="overall")
    assert [answered.filter(raw=str(score)).count() for score in range(1, 11)] == [
        *(209, 42, 71, 55, 172),
        *(182, 214, 567, 764, 3157),
    ]
    assert Signal.objects.filter(opens=True).count() == answered.count()
    assert Signal.objects.exclude(dimension="overall").exclude(causes=[], comment="").count() == 0
    assert answered.filter(causes__contains=["symptom.dropped"]).count() == 1406
    assert answered.filter(causes__contains=["scene.other"]).count() == 275
    assert Cause.objects.get(code="scene.metro").name_zh == "地铁"
    assert set(PoolEntry.objects.values_list("raw", flat=True)) == {"1", "2", "3", "4", "5", "6"}
    assert Customer.objects.filter(value_tier="strategic").count() == 10
    assert warnings == [
        "The columns 语音通话-时长（分钟） and 当月MOU are equal in every row: one may be a mistake.",
        "The columns ARPU（家庭宽带） and 前3月ARPU are equal in every row: one may be a mistake.",
        "The column 语音方式 spells one value in several ways: VOLTE, VoLTE.",
        "The column 终端品牌 holds text and 12 numbers: 0.",
        "The column 终端品牌类型 holds text and 18 numbers: 0, 2015561, 5320.",
        "The column 外省流量占比 holds 2 spreadsheet errors; they count as missing.",
    ]
