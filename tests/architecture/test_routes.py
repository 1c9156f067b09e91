"""Routes are closed by default: this table names every route and who may use it; a route not in it fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from careplans.enums import CampaignStatus
from loopcare.staff.access import PUBLIC, allowed_roles
from loopcare.staff.enums import Role
from loopcare.staff.models import Team, User
from tests.factories import make_campaign, make_case, make_team, make_user
from tests.sender import make_sender

ROLES = {"A": Role.AGENT, "S": Role.SUPERVISOR, "N": Role.ANALYST, "U": Role.AUDITOR, "M": Role.ADMINISTRATOR}

# Agent, Supervisor, aNalyst, aUditor, adMinistrator; K is an API key, * the world. The method is one that the route
# answers.
TABLE = """
GET   /                                                        ASNUM
GET   /healthz                                                 *
GET   /readyz                                                  *
POST  /language/                                               *
GET   /sign-in/                                                *
POST  /sign-out/                                               *
GET   /help/                                                   ASNUM
GET   /access/                                                 M
GET   /access/users/new/                                       M
GET   /access/users/<int:pk>/                                  M
POST  /access/users/<int:pk>/switch/                           M
GET   /access/keys/                                            M
GET   /access/keys/new/                                        M
POST  /access/keys/<int:pk>/revoke/                            M
GET   /pool/                                                   SNUM
GET   /pool/entries/                                           SNUM
GET   /pool/alarms/                                            SNUM
GET   /pool/alarms/<int:pk>/                                   SNUM
POST  /pool/alarms/<int:pk>/acknowledge/                       SM
POST  /pool/alarms/<int:pk>/incident/                          SM
GET   /incidents/                                              SNUM
GET   /incidents/new/                                          SM
GET   /incidents/<int:pk>/                                     SNUM
POST  /incidents/<int:pk>/owner/                               SM
POST  /incidents/<int:pk>/notes/                               SM
POST  /incidents/<int:pk>/steps/<str:step>/                    SM
POST  /incidents/<int:pk>/<str:act>/                           SM
GET   /customers/<int:pk>/                                     SNUM
POST  /customers/<int:pk>/points/<int:point>/reveal/           SM
GET   /segments/                                               SNM
GET   /segments/new/                                           SNM
POST  /segments/check/                                         SNM
GET   /segments/<int:pk>/                                      SNM
GET   /rules/                                                  SNUM
GET   /rules/new/                                              SM
POST  /rules/try/                                              SM
GET   /rules/<int:pk>/                                         SNUM
POST  /rules/<int:pk>/save/                                    SM
POST  /rules/<int:pk>/switch/                                  SM
GET   /analysis/causes/                                        SNUM
GET   /analysis/causes/unknown/                                SNUM
GET   /analysis/causes/texts/                                  SNUM
POST  /analysis/causes/texts/train/                            SM
GET   /analysis/causes/tree/                                   SNUM
POST  /analysis/causes/tree/add/                               SM
POST  /analysis/causes/tree/<int:pk>/change/                   SM
GET   /analysis/causes/tree/<int:pk>/merge/                    SM
POST  /analysis/causes/tree/<int:pk>/split/                    SM
POST  /analysis/causes/tree/<int:pk>/retire/                   SM
POST  /analysis/causes/tree/<int:pk>/revive/                   SM
GET   /analysis/drivers/                                       SNUM
GET   /analysis/profile/                                       SNUM
GET   /analysis/tiers/                                         SNUM
POST  /analysis/tiers/anew/                                    SM
POST  /analysis/tiers/<str:kind>/                              SM
POST  /analysis/tiers/<str:kind>/try/                          SM
POST  /analysis/<str:kind>/again/                              SNM
GET   /rules/levels/                                           SNUM
GET   /rules/levels/<int:pk>/                                  SNUM
POST  /rules/levels/<int:pk>/set/                              SM
POST  /rules/levels/<int:pk>/clear/                            SM
POST  /rules/levels/<int:pk>/learn/                            SM
POST  /rules/levels/<int:pk>/source/                           SM
GET   /imports/                                                SNM
GET   /imports/new/                                            SM
GET   /imports/<int:pk>/                                       SNM
POST  /imports/<int:pk>/start/                                 SM
POST  /imports/<int:pk>/cancel/                                SM
POST  /imports/<int:pk>/mapping/                               SM
GET   /imports/<int:pk>/rejects.csv                            SM
GET   /imports/files/<uuid:key>/                               SM
POST  /imports/files/<uuid:key>/reading/                       SM
POST  /imports/files/<uuid:key>/throw-away/                    SM
GET   /imports/mappings/                                       SNM
GET   /imports/mappings/<int:pk>/                              SNM
POST  /imports/mappings/<int:pk>/rename/                       SM
POST  /imports/mappings/<int:pk>/delete/                       SM
GET   /scans/                                                  SNUM
GET   /scans/<int:pk>/                                         SNUM
POST  /scans/<int:pk>/cancel/                                  SM
GET   /scans/rules/<int:pk>/                                   SNUM
POST  /scans/rules/<int:pk>/save/                              SM
POST  /scans/rules/<int:pk>/switch/                            SM
POST  /scans/rules/<int:pk>/schedule/                          SM
POST  /scans/rules/<int:pk>/scan/                              SM
GET   /scans/warehouses/                                       SNUM
GET   /scans/warehouses/new/                                   SM
GET   /scans/warehouses/<int:pk>/                              SNUM
GET   /scans/warehouses/<int:pk>/connect/                      SM
POST  /scans/warehouses/<int:pk>/scan/                         SM
GET   /scans/warehouses/<int:pk>/rules/new/                    SM
POST  /scans/warehouses/<int:pk>/rules/try/                    SM
GET   /scans/models/                                           SNUM
GET   /scans/models/<int:pk>/                                  SNUM
POST  /scans/models/<int:pk>/use/                              SM
POST  /scans/models/<int:pk>/retire/                           SM
POST  /scans/models/<int:pk>/score/                            SM
POST  /scans/models/runs/<int:pk>/cancel/                      SM
GET   /scans/audits/<int:pk>/                                  SNUM
GET   /s/<str:token>/                                          *
GET   /queue/                                                  AS
POST  /queue/next/                                             AS
POST  /queue/shortcuts/                                        AS
GET   /cases/<int:pk>/                                         AS
POST  /cases/<int:pk>/outcome/                                 AS
POST  /cases/<int:pk>/draft/                                   AS
POST  /cases/<int:pk>/hold/                                    AS
POST  /cases/<int:pk>/release/                                 AS
POST  /cases/<int:pk>/points/<int:point>/reveal/               AS
GET   /campaigns/                                              SNM
GET   /campaigns/new/                                          S
GET   /campaigns/lines/                                        S
GET   /campaigns/priority/                                     SNUM
POST  /campaigns/priority/save/                                SM
POST  /campaigns/priority/adopt/                               SM
GET   /campaigns/<int:pk>/                                     SNM
GET   /campaigns/<int:pk>/edit/                                S
POST  /campaigns/<int:pk>/preview/                             S
POST  /campaigns/<int:pk>/launch/                              S
GET   /campaigns/<int:pk>/live/                                SNM
POST  /campaigns/<int:pk>/<str:act>/                           S
GET   /evaluations/                                            SNUM
GET   /evaluations/<int:campaign_id>/                          SNUM
GET   /evaluations/<int:campaign_id>/effects.csv               SNUM
POST  /evaluations/<int:campaign_id>/read-out/                 N
GET   /api/v1/^pool-entries/$                                  SNUM
GET   /api/v1/^pool-entries/(?P<pk>[^/.]+)/$                   SNUM
GET   /api/v1/^customers/$                                     SNUM
GET   /api/v1/^customers/(?P<pk>[^/.]+)/$                      SNUM
GET   /api/v1/^causes/$                                        ASNUM
POST  /api/v1/^causes/$                                        SM
GET   /api/v1/^causes/history/$                                SNUM
GET   /api/v1/^causes/(?P<pk>[^/.]+)/$                         ASNUM
PATCH /api/v1/^causes/(?P<pk>[^/.]+)/$                         SM
POST  /api/v1/^causes/(?P<pk>[^/.]+)/merge/$                   SM
POST  /api/v1/^causes/(?P<pk>[^/.]+)/retire/$                  SM
POST  /api/v1/^causes/(?P<pk>[^/.]+)/revive/$                  SM
POST  /api/v1/^causes/(?P<pk>[^/.]+)/split/$                   SM
GET   /api/v1/^segments/$                                      SNM
POST  /api/v1/^segments/$                                      SNM
POST  /api/v1/^segments/explain/$                              SNM
GET   /api/v1/^segments/(?P<pk>[^/.]+)/$                       SNM
PUT   /api/v1/^segments/(?P<pk>[^/.]+)/$                       SNM
GET   /api/v1/^segments/(?P<pk>[^/.]+)/count/$                 SNM
GET   /api/v1/^detection-rules/$                               SNUM
POST  /api/v1/^detection-rules/$                               SM
POST  /api/v1/^detection-rules/explain/$                       SNM
GET   /api/v1/^detection-rules/(?P<pk>[^/.]+)/$                SNUM
PUT   /api/v1/^detection-rules/(?P<pk>[^/.]+)/$                SM
GET   /api/v1/^levels/$                                        SNUM
POST  /api/v1/^levels/$                                        SM
GET   /api/v1/^levels/(?P<pk>[^/.]+)/$                         SNUM
DELETE /api/v1/^levels/(?P<pk>[^/.]+)/$                        SM
GET   /api/v1/^imports/$                                       SNM
POST  /api/v1/^imports/$                                       SM
GET   /api/v1/^imports/(?P<pk>[^/.]+)/$                        SNM
POST  /api/v1/^imports/(?P<pk>[^/.]+)/start/$                  SM
POST  /api/v1/^imports/(?P<pk>[^/.]+)/cancel/$                 SM
GET   /api/v1/^warehouses/$                                    SNUM
GET   /api/v1/^warehouses/(?P<pk>[^/.]+)/$                     SNUM
GET   /api/v1/^scan-rules/$                                    SNUM
GET   /api/v1/^scan-rules/(?P<pk>[^/.]+)/$                     SNUM
POST  /api/v1/^scan-rules/(?P<pk>[^/.]+)/run/$                 SM
GET   /api/v1/^scans/$                                         SNUM
GET   /api/v1/^scans/(?P<pk>[^/.]+)/$                          SNUM
POST  /api/v1/^scans/(?P<pk>[^/.]+)/cancel/$                   SM
GET   /api/v1/^silent-models/$                                 SNUM
GET   /api/v1/^silent-models/(?P<pk>[^/.]+)/$                  SNUM
POST  /api/v1/^silent-models/(?P<pk>[^/.]+)/retire/$           SM
GET   /api/v1/^silent-models/(?P<pk>[^/.]+)/runs/$             SNUM
POST  /api/v1/^silent-models/(?P<pk>[^/.]+)/score/$            SM
POST  /api/v1/^silent-models/(?P<pk>[^/.]+)/use/$              SM
GET   /api/v1/^tier-rules/$                                    SNUM
POST  /api/v1/^tier-rules/$                                    SM
GET   /api/v1/^invitations/$                                   SNUM
GET   /api/v1/^alarms/$                                        SNUM
GET   /api/v1/^alarms/(?P<pk>[^/.]+)/$                         SNUM
POST  /api/v1/^alarms/(?P<pk>[^/.]+)/acknowledge/$             SM
GET   /api/v1/^alarms/(?P<pk>[^/.]+)/customers/$               SNUM
GET   /api/v1/^incidents/$                                     SNUM
POST  /api/v1/^incidents/$                                     SM
GET   /api/v1/^incidents/(?P<pk>[^/.]+)/$                      SNUM
POST  /api/v1/^incidents/(?P<pk>[^/.]+)/alarms/$               SM
POST  /api/v1/^incidents/(?P<pk>[^/.]+)/close/$                SM
POST  /api/v1/^incidents/(?P<pk>[^/.]+)/contain/$              SM
POST  /api/v1/^incidents/(?P<pk>[^/.]+)/notes/$                SM
POST  /api/v1/^incidents/(?P<pk>[^/.]+)/owner/$                SM
POST  /api/v1/^incidents/(?P<pk>[^/.]+)/reopen/$               SM
POST  /api/v1/^incidents/(?P<pk>[^/.]+)/steps/$                SM
GET   /api/v1/^strategies/$                                    ASNUM
GET   /api/v1/^strategies/(?P<pk>[^/.]+)/$                     ASNUM
GET   /api/v1/^campaigns/$                                     SNM
POST  /api/v1/^campaigns/$                                     S
GET   /api/v1/^campaigns/(?P<pk>[^/.]+)/$                      SNM
PUT   /api/v1/^campaigns/(?P<pk>[^/.]+)/$                      S
POST  /api/v1/^campaigns/(?P<pk>[^/.]+)/finish/$               S
POST  /api/v1/^campaigns/(?P<pk>[^/.]+)/launch/$               S
POST  /api/v1/^campaigns/(?P<pk>[^/.]+)/pause/$                S
POST  /api/v1/^campaigns/(?P<pk>[^/.]+)/preview/$              S
POST  /api/v1/^campaigns/(?P<pk>[^/.]+)/resume/$               S
POST  /api/v1/^campaigns/(?P<pk>[^/.]+)/stop/$                 S
GET   /api/v1/^assignments/$                                   SNM
GET   /api/v1/^assignments/(?P<pk>[^/.]+)/$                    SNM
GET   /api/v1/^cases/$                                         AS
POST  /api/v1/^cases/next/$                                    AS
GET   /api/v1/^cases/(?P<pk>[^/.]+)/$                          AS
POST  /api/v1/^cases/(?P<pk>[^/.]+)/notes/$                    AS
POST  /api/v1/^cases/(?P<pk>[^/.]+)/outcome/$                  AS
POST  /api/v1/^cases/(?P<pk>[^/.]+)/release/$                  AS
GET   /api/v1/^priority-factors/$                              SNUM
GET   /api/v1/^evaluations/$                                   SNUM
GET   /api/v1/^evaluations/(?P<pk>[^/.]+)/$                    SNUM
POST  /api/v1/signals/                                         K
GET   /api/v1/schema/                                          ASNUM
GET   /api/v1/docs/                                            ASNUM
"""

ROWS = [tuple(line.split()) for line in TABLE.strip().splitlines()]


def routes(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[tuple[str, Any]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern.callback
        else:
            yield from routes(pattern, route)


def address(route: str) -> str:
    """A route with numbers that no row has."""
    route = re.sub(r"<str:token>", "x" * 22, route)
    route = re.sub(r"<str:act>", "pause", route)
    route = re.sub(r"<uuid:key>", str(UUID(int=0)), route)
    route = re.sub(r"<int:\w+>|\(\?P<pk>\[\^/\.\]\+\)", "999999", route)
    return route.replace("^", "").replace("$", "")


def test_table_names_every_route_and_no_other() -> None:
    assert sorted({route for _method, route, _who in ROWS}) == sorted({route for route, _view in routes()})


def test_every_route_says_who_may_use_it() -> None:
    assert [route for route, view in routes() if allowed_roles(view) is None] == []


def test_only_these_routes_are_public() -> None:
    public = {route for _method, route, who in ROWS if who == "*"}
    assert {route for route, view in routes() if allowed_roles(view) == PUBLIC} == public


@pytest.fixture
def people(db: None) -> dict[str, User]:
    team = make_team()
    return {letter: make_user(role, team=team if letter in "AS" else None) for letter, role in ROLES.items()}


@pytest.mark.parametrize(("method", "route", "who"), [row for row in ROWS if row[2] != "*"])
def test_route_answers_exactly_its_roles(people: dict[str, User], method: str, route: str, who: str) -> None:
    answered = ""
    for letter, user in people.items():
        client = Client()
        client.force_login(user)
        response = client.generic(method, address(route), content_type="application/json")
        assert response.status_code < 500
        answered += letter if response.status_code not in (401, 403) else ""
    assert answered + ("K" if answers_a_key(method, address(route)) else "") == who


def answers_a_key(method: str, path: str) -> bool:
    """Whether a call that is signed as it should be gets through."""
    response = make_sender().call(method, path)
    return path.startswith("/api/") and response.status_code not in (401, 403)


@pytest.mark.parametrize(("method", "route", "who"), [row for row in ROWS if row[2] != "*"])
def test_stranger_is_sent_to_sign_in(db: None, method: str, route: str, who: str) -> None:
    response = Client().generic(method, address(route), content_type="application/json")
    if route.startswith("/api/"):
        assert response.status_code == (401 if who == "K" else 403)
        assert response["Content-Type"] == "application/problem+json"
    else:
        assert (response.status_code, response["Location"].split("?")[0]) == (302, "/sign-in/")


OWNED = [
    ("A", "/cases/{case}/", 200),
    ("S", "/cases/{case}/", 200),
    ("S", "/campaigns/{campaign}/", 200),
    ("S", "/evaluations/{campaign}/", 200),
    ("A", "/api/v1/cases/{case}/", 200),
    ("S", "/api/v1/campaigns/{campaign}/", 200),
    ("S", "/api/v1/assignments/{assignment}/", 200),
    ("S", "/api/v1/evaluations/{campaign}/", 200),
]


@pytest.mark.parametrize(("letter", "path", "own"), OWNED)
def test_another_teams_row_does_not_exist(db: None, letter: str, path: str, own: int) -> None:
    def status(team: Team) -> int:
        campaign = make_campaign(CampaignStatus.LAUNCHED, team=team, ends_on=date(2026, 12, 31))
        case = make_case(campaign, team=team)
        client = Client()
        client.force_login(user)
        names = {"case": case.pk, "campaign": campaign.pk, "assignment": case.assignment_id}
        return client.get(path.format(**names)).status_code

    user = make_user(ROLES[letter], team=make_team())
    assert user.team is not None
    assert (status(user.team), status(make_team())) == (own, 404)
