"""A file on its way into the pool, in a browser: mapped, tried, imported, called off, mended; by keyboard alone too."""

from __future__ import annotations

import csv
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from playwright.sync_api import Page, expect

from loopcare.common.due_rows import DueStatus
from loopcare.staff.enums import Role
from surveys.models import Import, SavedMapping, Signal
from surveys.services import uploads
from surveys.services.setup import ensure_basics
from surveys.services.uploads import run_due_imports
from tests.e2e.conftest import Open
from tests.factories import make_user

ROWS = 100_000
LONG = 180_000
"""Milliseconds that a hundred thousand rows may take on a busy machine."""
MAPPING = """
[source]
code = "visits"
name = "Visits"
channel = "shop"
[columns]
reference = "Customer"
external_id = "Visit"
occurred_on = "Day"
[[rating]]
column = "Score"
dimension = "overall"
low = 1
high = 10
adequate = 6.5
opens = true
"""


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data directory of its own; parts do not grow, however fast the machine."""
    settings.HOME = tmp_path / "home"
    settings.MEDIA_ROOT = settings.HOME / "media"
    monkeypatch.setattr(uploads, "PACE", 0)


@pytest.fixture
def supervisor(transactional_db: None, open_as: Open) -> Page:
    ensure_basics()
    return open_as(make_user(Role.SUPERVISOR), "/imports/")


def write(path: Path, rows: int, *, wrong: int = 0) -> Path:
    """A file of visits; the scores of the first `wrong` are no numbers."""
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["Customer", "Visit", "Day", "Score"])
        for n in range(rows):
            score = "bad" if n < wrong else 1 + n % 10
            lines.writerow([f"C{n % 50_000}", f"V{n}", f"2026-0{1 + n % 2}-{1 + n % 28:02d}", score])
    return path


@contextmanager
def worker() -> Iterator[None]:
    """Drains the queue of imports in a thread, as a worker's sweeper does, until the block ends.

    It is not faster than half a second for ten thousand rows, so that a page has time to see it work.
    """
    over = threading.Event()

    def pause(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("ANALYZE intake_signal"):
            time.sleep(0.5)
        return execute(sql, *rest)

    def sweep() -> None:
        try:
            with connection.execute_wrapper(pause):
                while not over.is_set():
                    run_due_imports()
                    time.sleep(0.1)
        finally:
            connections.close_all()

    thread = threading.Thread(target=sweep, name="sweeper")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def map_file(page: Page, path: Path, mapping: str | None = MAPPING) -> None:
    """The first two steps: choose the file and, unless it finds its own, paste the mapping."""
    page.goto("/imports/new/")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Next: mapping").click()
    page.wait_for_url("**/imports/files/*/**")
    if mapping is not None:
        page.get_by_label("Mapping", exact=False).and_(page.locator("textarea")).fill(mapping)


def dry_run(page: Page) -> None:
    page.get_by_role("button", name="Dry run").click()
    page.wait_for_url(re.compile(r"/imports/\d+/$"))


def stat(page: Page, label: str) -> str:
    """A headline number by its name."""
    found = page.locator(".stat").filter(has=page.get_by_text(label, exact=True)).locator(".stat-value")
    return found.inner_text().strip()


def shares(page: Page, *, until: str) -> list[int]:
    """Every share that the progress bar showed, until some words stand on the page; the page asks by itself."""
    seen: list[int] = []
    deadline = time.monotonic() + LONG / 1000
    while not page.get_by_role("main").get_by_text(until).is_visible():
        assert time.monotonic() < deadline, f"no {until} after {seen}"
        # Asked in one go: between two questions the page may have put another part in its place.
        value = page.evaluate("document.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow') ?? null")
        if value is not None and (not seen or seen[-1] != int(value)):
            seen.append(int(value))
        page.wait_for_timeout(100)
    return seen


@pytest.mark.slow
def test_hundred_thousand_rows_are_tried_and_imported_with_progress(supervisor: Page, tmp_path: Path) -> None:
    page = supervisor
    map_file(page, write(tmp_path / "visits.csv", ROWS))
    with worker():
        dry_run(page)
        tried = shares(page, until="Nothing has been changed yet.")
        assert (stat(page, "Rows"), stat(page, "Accepted"), Signal.objects.count()) == ("100,000", "100,000", 0)
        page.get_by_role("button", name="Import now").click()
        imported = shares(page, until="The import is finished.")
    for seen in (tried, imported):
        assert seen == sorted(seen)
        assert len([share for share in seen if 0 < share < 100]) >= 2
    assert (stat(page, "Rows"), stat(page, "Accepted"), Signal.objects.count()) == ("100,000", "100,000", ROWS)


@pytest.mark.slow
def test_import_called_off_half_way_says_what_landed_and_goes_on_later(supervisor: Page, tmp_path: Path) -> None:
    page = supervisor
    path = write(tmp_path / "visits.csv", ROWS)
    map_file(page, path)
    with worker():
        dry_run(page)
        expect(page.get_by_role("button", name="Import now")).to_be_visible(timeout=LONG)
        page.get_by_role("button", name="Import now").click()
        expect(page.get_by_text(re.compile("Read up to row"))).to_be_visible(timeout=LONG)
        page.get_by_role("button", name="Call the import off").click()
        expect(page.get_by_text("The import was called off.")).to_be_visible(timeout=LONG)
        landed = Signal.objects.count()
        assert 0 < landed < ROWS
        expect(page.get_by_text(f"{landed:,} rows have landed and stay.")).to_be_visible()
        page.get_by_role("link", name="Choose the file again").click()
        page.locator("input[type=file]").set_input_files(path)
        page.get_by_role("button", name="Next: mapping").click()
        dry_run(page)
        expect(page.get_by_role("button", name="Import now")).to_be_visible(timeout=LONG)
    assert (stat(page, "Accepted"), stat(page, "Known already")) == (f"{ROWS - landed:,}", f"{landed:,}")


def test_rejects_file_is_mended_and_imported_without_rejects(supervisor: Page, tmp_path: Path) -> None:
    page = supervisor
    map_file(page, write(tmp_path / "visits.csv", 40, wrong=3))
    dry_run(page)
    run_due_imports()
    page.get_by_label("Save this mapping as").fill("Monthly visits")
    page.get_by_role("button", name="Save the mapping").click()
    expect(page.get_by_role("link", name="Monthly visits")).to_be_visible()
    page.get_by_role("button", name="Import now").click()
    run_due_imports()
    expect(page.get_by_role("main").get_by_text("The import is finished.")).to_be_visible()
    assert stat(page, "Rejected") == "3"

    with page.expect_download() as download:
        page.get_by_role("link", name="Rejected rows (CSV)").click()
    mended = tmp_path / download.value.suggested_filename
    rejected = download.value.path().read_text(encoding="utf-8-sig")
    assert mended.name == "visits-rejects.csv"
    mended.write_text(rejected.replace(",bad\n", ",2\n").replace(",bad\r\n", ",2\r\n"), encoding="utf-8")

    page.get_by_role("link", name="Import the mended file").click()
    page.locator("input[type=file]").set_input_files(mended)
    page.get_by_role("button", name="Next: mapping").click()
    dry_run(page)
    run_due_imports()
    expect(page.get_by_role("button", name="Import now")).to_be_visible()
    assert (stat(page, "Accepted"), stat(page, "Rejected")) == ("3", "0")
    page.get_by_role("button", name="Import now").click()
    run_due_imports()
    expect(page.get_by_role("main").get_by_text("The import is finished.")).to_be_visible()
    assert Signal.objects.count() == 40


def test_saved_mapping_is_found_on_a_second_device(supervisor: Page, open_as: Open, tmp_path: Path) -> None:
    page = supervisor
    map_file(page, write(tmp_path / "visits.csv", 4))
    dry_run(page)
    run_due_imports()
    page.get_by_label("Save this mapping as").fill("Monthly visits")
    page.get_by_role("button", name="Save the mapping").click()
    expect(page.get_by_role("link", name="Monthly visits")).to_be_visible()
    map_file(page, write(tmp_path / "april.csv", 5), mapping=None)

    other = open_as(make_user(Role.ADMINISTRATOR), page.url, width=390, height=844)
    expect(other.get_by_text("Chosen because this file has the same columns: Monthly visits.")).to_be_visible()
    assert other.locator("textarea").input_value() == SavedMapping.objects.get().text
    dry_run(other)
    run_due_imports()
    expect(other.get_by_role("button", name="Import now")).to_be_visible()


def test_mapping_is_read_again_while_it_is_written(supervisor: Page, tmp_path: Path) -> None:
    page = supervisor
    map_file(page, write(tmp_path / "visits.csv", 4))
    reading = page.locator("#reading")
    expect(reading.get_by_text("All are used")).to_be_visible()
    page.locator("textarea").press("Control+Home")
    page.keyboard.type("x")
    expect(reading.get_by_text("This mapping cannot be used yet.")).to_be_visible()
    page.keyboard.press("Backspace")
    expect(reading.get_by_text("All are used")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "id_mapping"


def test_days_in_doubt_are_settled_by_a_button_without_script(supervisor: Page, open_as: Open, tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    path.write_text("Customer,Visit,Day,Score\nA,1,03/04/2025,2\nB,2,05/06/2025,9\n", encoding="utf-8")
    page = open_as(make_user(Role.SUPERVISOR), "/imports/", width=390, java_script_enabled=False)
    map_file(page, path)
    page.get_by_role("button", name="Dry run").click()
    expect(page.get_by_text("In Day, what does 03/04/2025 mean?")).to_be_visible()
    page.get_by_role("button", name="April 3, 2025").click()
    assert page.locator("textarea").input_value().strip().startswith('date_format = "%d/%m/%Y"')
    dry_run(page)
    run_due_imports()
    page.reload()
    page.get_by_role("button", name="Import now").click()
    run_due_imports()
    page.reload()
    expect(page.get_by_role("main").get_by_text("The import is finished.")).to_be_visible()
    assert sorted(str(day) for day in Signal.objects.values_list("occurred_on", flat=True)) == [
        "2025-04-03",
        "2025-06-05",
    ]


def test_import_by_keyboard_alone(supervisor: Page, tmp_path: Path) -> None:
    page = supervisor
    page.keyboard.press("n")
    page.wait_for_url("**/imports/new/")
    path = write(tmp_path / "visits.csv", 12)
    tab_to(page, "input[type=file]")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(path)
    tab_to(page, "button.primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/imports/files/*/")
    tab_to(page, "textarea")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(MAPPING)
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/imports/\d+/$"))
    run_due_imports()
    expect(page.get_by_role("button", name="Import now")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Call the import off")).to_be_visible()
    tab_to(page, "#call-off")
    page.wait_for_timeout(2_500)
    assert page.evaluate("document.activeElement.id") == "call-off"
    page.keyboard.press("Enter")
    expect(page.get_by_text("The import was called off.")).to_be_visible()
    assert Import.objects.get(dry_run=False).status == DueStatus.CANCELLED


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{selector} is not reached by Tab")


def test_pages_do_not_scroll_sideways_on_a_telephone(supervisor: Page, open_as: Open, tmp_path: Path) -> None:
    page = open_as(make_user(Role.SUPERVISOR), "/imports/new/", width=390, height=844)

    def fits() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))

    assert fits()
    map_file(page, write(tmp_path / f"{'a_very_long_name_' * 4}.csv", 40, wrong=3))
    assert fits()
    dry_run(page)
    assert fits()
    run_due_imports()
    expect(page.get_by_role("button", name="Import now")).to_be_visible()
    assert fits()
    page.goto("/imports/")
    assert fits()
