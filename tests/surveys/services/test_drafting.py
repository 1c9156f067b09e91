"""Files of several shapes: what is drafted for them, and the mended draft brings them in whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from loopcare.common.errors import Invalid
from surveys.logic.mapping import Mapping, parse_mapping
from surveys.models import PoolEntry, Signal
from surveys.services.drafting import draft_mapping
from surveys.services.intake import import_file
from tests.surveys.conftest import EXAMPLES

FILES = ["ratings.csv", "broadband.tsv", "tickets.csv", "app_reviews.parquet"]


def mended(name: str) -> str:
    return (EXAMPLES / name).with_suffix(".toml").read_text(encoding="utf-8")


def found(mapping: Mapping) -> Mapping:
    """What can be found in a file; what only its owner knows is set aside."""
    return replace(
        mapping,
        source="",
        ratings=tuple(replace(rating, dimension="", adequate=None, opens=False) for rating in mapping.ratings),
        causes=tuple(replace(cause, code="", name_en="", name_zh="") for cause in mapping.causes),
        event=mapping.event and replace(mapping.event, channels={}),
    )


@pytest.mark.parametrize("name", FILES)
def test_draft_finds_what_the_mended_mapping_says(name: str) -> None:
    draft = parse_mapping(draft_mapping(EXAMPLES / name).text)
    assert found(draft) == found(parse_mapping(mended(name)))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "rows", "signals", "dissatisfied"),
    [("broadband.tsv", 48, 144, 12), ("app_reviews.parquet", 60, 60, 13)],
)
def test_example_is_imported_whole(name: str, rows: int, signals: int, dissatisfied: int, now: datetime) -> None:
    result = import_file(path=EXAMPLES / name, mapping_text=mended(name), source_code=None, now=now)

    assert (result.rows, result.accepted, result.rejected, result.warnings) == (rows, rows, 0, [])
    assert (result.signals, result.dissatisfied) == (signals, dissatisfied)
    assert PoolEntry.objects.count() == result.pool_new > 0


@pytest.mark.django_db
def test_example_of_events_is_imported_whole(now: datetime) -> None:
    result = import_file(path=EXAMPLES / "tickets.csv", mapping_text=mended("tickets.csv"), source_code=None, now=now)

    assert (result.rows, result.accepted, result.rejected, result.warnings) == (50, 50, 0, [])
    assert Signal.objects.filter(kind="ticket").count() == 50
    assert Signal.objects.filter(closed_at=None).count() == 6
    assert sorted(set(Signal.objects.values_list("channel", flat=True))) == [
        "email",
        "hotline",
        "shop",
        "social",
        "web",
    ]


def test_voice_survey_that_nobody_mapped_is_understood(voice_survey: Path) -> None:
    draft = parse_mapping(draft_mapping(voice_survey).text)
    known = parse_mapping((EXAMPLES / "voice_survey.toml").read_text(encoding="utf-8"))

    assert draft.columns.reference == known.columns.reference
    assert draft.columns.value_tier == known.columns.value_tier
    assert draft.value_tiers == known.value_tiers
    assert draft.ratings == known.ratings
    assert [(c.column, c.not_chosen) for c in draft.causes] == [(c.column, c.not_chosen) for c in known.causes]
    assert draft.comments == known.comments


def test_file_that_is_no_table_has_no_draft(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("nothing")
    with pytest.raises(Invalid, match="is not a table"):
        draft_mapping(tmp_path / "a.csv")
