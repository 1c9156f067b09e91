"""Every page of the product under axe, in both themes and languages; and the borders of controls, which axe passes by.

The pages are those of the route table, so a new one is looked at on the day it arrives: its address is found by
following links through a small demo world, as each role in turn.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from django.conf import settings
from django.test import Client
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from evaluation.demo.world import load
from loopcare.common import clock
from loopcare.customers.models import Customer
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from loopcare.staff.services import create_key
from surveys.models import Cause
from surveys.services.incidents import open_incident
from surveys.services.scanning import scan_now
from surveys.services.silent.scoring import score_file
from tests.architecture.test_routes import ROWS
from tests.e2e.conftest import PATIENCE, session
from tests.factories import NOW, make_case, set_clock
from tests.surveys.bases import connected, rule_of
from tests.surveys.silent_bases import in_use, rows, write
from tests.surveys.test_views_answers import link
from tests.surveys.test_views_imports import imported, save, send, tried
from tests.surveys.watching import make_alarm

CUSTOMERS = 60
SCORED = ("customer", "drops", "load", "net")
FOLLOWED = {"S": 2}
"""How many addresses of one route a role opens to follow their links: one, or two where rows have different links."""

ROLES = {"S": Role.SUPERVISOR, "M": Role.ADMINISTRATOR, "N": Role.ANALYST, "U": Role.AUDITOR, "A": Role.AGENT}
"""In the order in which they are asked: whoever may change most shows most controls."""

NO_PAGES = {"/campaigns/<int:pk>/live/"}
"""Routes that answer GET with a part of a page, and that no link names."""

OTHER_STATES = ("/no-such-page/", "/pool/entries/?q=nobody")

# The rows of a list are alike: eight of them show what fifty would, in a quarter of the time.
SHORTEN = "document.querySelectorAll('main tbody tr:nth-child(n+9)').forEach(row => row.remove())"

FAULTS = """options => axe.run({ resultTypes: ["violations"], preload: false, iframes: false, ...options })
  .then(found => found.violations.filter(one => ["serious", "critical"].includes(one.impact))
  .flatMap(one => one.nodes.map(node => `${one.id} ${node.target.join(" ")}`)))"""
ALL_RULES = {"rules": {"target-size": {"enabled": True}}}
COLOURS = {"runOnly": ["color-contrast"]}

# A control is found by its border, or by a ground that differs from what is around it, at 3:1 (WCAG 2.2, 1.4.11). A
# button without border and ground is found by its text; a radio or file field that the browser draws, by its label or
# by its button. Colours are read as the browser computed them.
BORDERS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = (top, below) => top.slice(0, 3).map((c, n) => (c * top[3] + below[n] * (255 - top[3])) / 255);
  const ground = element => {
    if (!element) return [255, 255, 255];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 255 ? own.slice(0, 3) : over(own, ground(element.parentElement));
  };
  const light = colour => colour.map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, n) => sum + c * [.2126, .7152, .0722][n], 0);
  const ratio = (a, b) => {
    const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
    return (high + .05) / (low + .05);
  };
  const drawn = control => {
    if (!control.matches("[type=radio], [type=checkbox]")) return control;
    return getComputedStyle(control).appearance === "none" ? control : control.closest("label") ?? control;
  };
  const style = control => {
    const own = getComputedStyle(control);
    return control.type === "file" && own.borderTopStyle === "none"
      ? getComputedStyle(control, "::file-selector-button") : own;
  };
  const fields = "input:not([type=hidden]), select, textarea, .segmented, .outcome, .tick-box";
  const seen = control => !control.disabled && !control.closest(".hidden-text")
    && control.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const controls = document.querySelectorAll(`${fields}, button, summary.button, a.button`);
  return [...controls].filter(seen).flatMap(control => {
    const place = drawn(control), looks = style(place), around = ground(place.parentElement);
    const own = rgba(looks.backgroundColor);
    const border = parseFloat(looks.borderTopWidth) > 0 && looks.borderTopStyle !== "none"
      ? rgba(looks.borderTopColor) : [0, 0, 0, 0];
    if (control.matches("button, summary, a") && own[3] === 0 && border[3] === 0) return [];
    const best = Math.max(ratio(over(border, around), around), ratio(over(own, around), around));
    return best < 3 ? [`border ${best.toFixed(2)} ${control.outerHTML.slice(0, 120)}`] : [];
  });
}"""


class Address(NamedTuple):
    """One page, and whom it is shown to: a role's letter, or nothing for whoever did not sign in."""

    path: str
    who: str


@dataclass
class Walk:
    """What a walk through all links finds: one address of every page, every route that came, links that end at a no."""

    pages: dict[str, Address] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)

    def go(self, letter: str, client: Client, start: list[str]) -> None:
        """Follow all links as one person. A page that two roles see is kept as the first one's."""
        seen: Counter[str] = Counter()
        waiting = [(path, "") for path in start]
        while waiting:
            path, told_by = waiting.pop(0)
            name = path if path in OTHER_STATES else route_of(path)
            if seen[name] == FOLLOWED.get(letter, 1) or name.startswith("/api/"):
                continue
            answer: Any = client.get(path)
            if answer.status_code >= 400 and path not in OTHER_STATES:
                self.refused += [f"{letter} {told_by} → {path} {answer.status_code}"] if told_by else []
                continue
            seen[name] += 1
            self.reached.add(name)
            if answer.streaming:
                answer.close()
            elif is_page(answer):
                self.pages.setdefault(name, Address(path, letter))
                hrefs = re.findall(r'<a [^>]*?href="([^"#]+)"', answer.content.decode())
                ours = [unescape(href) for href in hrefs if not href.startswith("http")]
                waiting += [(urljoin(path, href), path) for href in ours]


def is_page(answer: Any) -> bool:
    kind: str = answer.get("Content-Type", "")
    return kind.startswith("text/html") and bool(answer.content.lstrip().startswith(b"<!doctype"))


def route_of(path: str) -> str:
    try:
        return f"/{resolve(urlsplit(path).path).route}"
    except Resolver404:
        return ""


def client_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def people(transactional_db: None, settings: Settings, tmp_path: Path) -> dict[str, User]:
    """Who works in a small demo world in which every list has a row and every page its subject."""
    settings.HOME = tmp_path / "home"
    settings.MEDIA_ROOT = settings.HOME / "media"
    settings.WAREHOUSE_DIR = settings.HOME / "warehouse"
    load(customers=CUSTOMERS, seed=1, now=NOW)
    set_clock()
    people = {letter: User.objects.filter(role=role).order_by("pk")[0] for letter, role in ROLES.items()}
    now, supervisor = clock.now(), people["S"]
    make_alarm(region="SH")
    open_incident(title="Refunds take three weeks", by=supervisor, now=now, alarm=make_alarm())
    create_key(name="CRM", now=now, by=supervisor)
    scan_now(rules=[rule_of(connected(now=now), rule="contacts_30d >= 9")], now=now)
    base = write(tmp_path / "base.csv", [(one[0], *one[2:5]) for one in rows(400)], header=SCORED)
    score_file(model=in_use(now=now), path=base, capacity=20, asked=10, now=now)
    save("Cards", ["Id", "Score"])
    imported(client_of(supervisor))
    tried(client_of(supervisor))
    return people


def beginnings(people: dict[str, User]) -> dict[str, list[str]]:
    """Where each role begins: routes without a number, and addresses that no link names."""
    case = make_case(agent=people["A"])
    plain = [(route, who) for method, route, who in ROWS if method == "GET" and not re.search(r"[<*]|^/api/", route)]
    start = {letter: [path for path, who in plain if letter in who] for letter in ROLES}
    start["A"].append(f"/cases/{case.pk}/")
    old, into = Cause.objects.order_by("code")[:2]
    start["S"].append(f"/analysis/causes/tree/{old.pk}/merge/?into={into.code}")  # a form leads there
    start["S"] += [send(client_of(people["S"]), "Name,Points\nA,3\n", name="other.csv"), *OTHER_STATES]
    return {"": [link(Customer.objects.order_by("pk")[0], key="axe"), "/sign-in/"], **start}


class Look:
    """A browser window of one person in one language, whose pages bring axe with them."""

    def __init__(self, browser: Browser, server: str, user: User | None, language: str) -> None:
        self.context: BrowserContext = browser.new_context(
            base_url=server, viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
        )
        self.context.set_default_timeout(PATIENCE)
        cookies = {settings.LANGUAGE_COOKIE_NAME: language}
        if user is not None:
            cookies[settings.SESSION_COOKIE_NAME] = session(user)
        for name, value in cookies.items():
            self.context.add_cookies([{"name": name, "value": value, "url": server}])
        self.context.add_init_script(AXE_SCRIPT)
        self.page: Page = self.context.new_page()

    def faults(self, path: str) -> Iterator[str]:
        """The page in the light theme, then its colours in the dark one: nothing else of it depends on the theme."""
        self.page.emulate_media(color_scheme="light")
        self.page.goto(path)
        self.page.evaluate(SHORTEN)
        for theme, rules in (("light", ALL_RULES), ("dark", COLOURS)):
            self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            found = self.page.evaluate(FAULTS, rules) + self.page.evaluate(BORDERS)
            yield from (f"{path} {theme} {fault}" for fault in found)


@pytest.mark.slow
def test_no_page_has_a_serious_fault_in_any_theme_or_language(
    people: dict[str, User], browser: Browser, live_server: LiveServer
) -> None:
    walk = Walk()
    for letter, start in beginnings(people).items():
        walk.go(letter, client_of(people.get(letter)), start)
    numbered = {route for method, route, _who in ROWS if method == "GET" and "<" in route and "/api/" not in route}
    assert sorted(numbered - walk.reached - NO_PAGES) == []  # each must be linked from some page of this world
    assert walk.refused == []
    faults: list[str] = []
    for language in ("en", "zh-hans"):
        for who in ("", *ROLES):
            look = Look(browser, live_server.url, people.get(who), language)
            for path in [path for path, whose in walk.pages.values() if whose == who]:
                faults += [f"{language} {fault}" for fault in look.faults(path)]
            look.context.close()
    assert faults == []


FAULTY = """<!doctype html><html lang="en"><title>Faulty</title>
<body style="background: #fff; color: #000"><main><h1>Faulty</h1>
<img src="data:,"><p style="color: #999">Pale</p>
<label>Name <input style="border: 1px solid #cfd5e2; background: #fff"></label>
<button style="border: 1px solid #767676; background: #fff">Send</button></main></body></html>"""


def test_faults_are_found_where_they_are(browser: Browser) -> None:
    """Among them the border of a popular base, 1.47:1, which axe does not see."""
    page = browser.new_page()
    page.set_content(FAULTY)
    page.evaluate(AXE_SCRIPT)
    assert page.evaluate(FAULTS, ALL_RULES) == ["color-contrast p", "image-alt img"]
    assert [fault.split(" <")[0] for fault in page.evaluate(BORDERS)] == ["border 1.47"]
    page.close()
