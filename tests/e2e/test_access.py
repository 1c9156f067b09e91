"""An administrator lets a person and a system in, in a browser; the program the page shows is run as it stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from playwright.sync_api import Error, expect

from loopcare.staff.enums import Role
from loopcare.staff.models import ApiKey, User
from surveys.models import Signal
from surveys.services.setup import ensure_basics
from tests.e2e.conftest import Open
from tests.factories import make_team, make_user


def test_key_is_made_copied_used_and_revoked(transactional_db: None, open_as: Open) -> None:
    ensure_basics()
    page = open_as(make_user(Role.ADMINISTRATOR), "/access/", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="API keys").click()
    page.get_by_role("link", name="New key").click()
    page.get_by_label("Name").fill("CRM nightly")
    page.get_by_role("button", name="Make the key").click()
    address = page.url
    page.get_by_role("button", name="Copy the secret").click()
    expect(page.locator("#toasts").get_by_text("Copied", exact=True)).to_be_visible()
    secret = page.evaluate("navigator.clipboard.readText()")
    assert (secret, len(secret)) == (page.locator("#secret").inner_text(), 43)
    assert secret not in address

    keys = {"LOOPCARE_KEY": ApiKey.objects.get().public_id, "LOOPCARE_SECRET": secret}
    program = page.locator("#example").inner_text()
    for _again in range(2):
        ran = run(program, keys)
        assert (ran.returncode, ran.stderr, json.loads(ran.stdout)["accepted"]) == (0, "", 1)
    assert Signal.objects.count() == 1

    page.get_by_role("link", name="I have kept the secret").click()
    with pytest.raises(Error, match="ERR_CACHE_MISS"):  # the browser's history has nothing to show
        page.go_back()
    page = page.context.new_page()
    page.goto("/access/keys/")
    page.get_by_role("button", name="Revoke: CRM nightly").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.locator("tbody tr").get_by_text("revoked")).to_be_visible()
    assert "401" in run(program, keys).stderr


def run(program: str, keys: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-c", program)
    return subprocess.run(command, env=os.environ | keys, capture_output=True, text=True, check=False)


def test_user_is_made_moved_and_shut_out(transactional_db: None, open_as: Open) -> None:
    make_team("East")
    page = open_as(make_user(Role.ADMINISTRATOR), "/access/")
    page.keyboard.press("n")
    page.get_by_label("Sign-in name").fill("li.na")
    page.get_by_label("First password").fill("short")
    page.get_by_label("Team", exact=True).select_option("East")
    page.get_by_role("button", name="Create").click()
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_label("First password").fill("correct horse battery")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("link", name="li.na").click()
    page.get_by_label("Role").select_option("supervisor")
    page.get_by_label("Team", exact=True).select_option("")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="li.na").click()
    page.get_by_role("button", name="Shut out").click()
    page.get_by_role("dialog").get_by_role("button", name="Shut out").click()
    expect(page.get_by_role("button", name="Let in again")).to_be_visible()
    person = User.objects.get(username="li.na")
    assert (person.role, person.team, person.is_active) == ("supervisor", None, False)


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_pages_of_access_do_not_scroll_sideways(transactional_db: None, open_as: Open, width: int) -> None:
    administrator = make_user(Role.ADMINISTRATOR)
    page = open_as(administrator, "/access/", width=width)
    for path in ("/access/", "/access/users/new/", f"/access/users/{administrator.pk}/", "/access/keys/"):
        page.goto(path)
        assert (path, page.evaluate("document.documentElement.scrollWidth")) == (path, width)
    page.goto("/access/keys/new/")
    page.get_by_label("Name").fill("CRM")
    page.get_by_role("button", name="Make the key").click()
    assert page.evaluate("document.documentElement.scrollWidth") == width
