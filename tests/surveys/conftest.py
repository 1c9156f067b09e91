"""What the tests of stages 1 and 2 share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

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


@pytest.fixture(autouse=True)
def home(settings: Settings, tmp_path: Path) -> Path:
    """Every test has a data directory of its own."""
    settings.HOME = tmp_path / "home"
    settings.MEDIA_ROOT = settings.HOME / "media"
    settings.WAREHOUSE_DIR = settings.HOME / "warehouse"
    return tmp_path / "home"
