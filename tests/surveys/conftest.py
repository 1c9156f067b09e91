"""What the tests of stages 1 and 2 share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from surveys.services.reading import open_table

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "examples"
SHARED_DATA = REPOSITORY.parent / "shared" / "data"
VOICE_SURVEY = SHARED_DATA / "beijing_mobile_voice" / "voice_survey.xlsx"


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


@pytest.fixture
def voice_survey() -> Path:
    if not VOICE_SURVEY.exists():
        pytest.skip("the real voice survey is not on this machine; it may not be redistributed")
    return VOICE_SURVEY


@pytest.fixture
def voice_comments(voice_survey: Path) -> dict[tuple[int, int], str]:
    """The survey's comments by row of the file and place of the column."""
    with open_table(voice_survey) as table:
        places = [place for place, name in enumerate(table.header) if name.startswith("用户描述")]
        return {
            (number, place): str(cells[place])
            for number, cells in table.rows
            for place in places
            if cells[place] not in (None, "", -1, "-1")
        }


@pytest.fixture(autouse=True)
def home(settings: Settings, tmp_path: Path) -> Path:
    """Every test has a data directory of its own."""
    settings.HOME = tmp_path / "home"
    settings.MEDIA_ROOT = settings.HOME / "media"
    settings.WAREHOUSE_DIR = settings.HOME / "warehouse"
    return tmp_path / "home"
