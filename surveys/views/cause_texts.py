"""What is read in customers' own words: how right the reader is, what it leaves unknown, and what stands out there."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from loopcare.common import clock
from loopcare.common.charts.scales import number
from loopcare.customers.selectors import masked
from loopcare.staff.access import StaffRequest, roles
from surveys.logic.causes.reader import NEVER, TARGET
from surveys.logic.causes.standing_out import standing_out
from surveys.logic.metrics import Share, proportion
from surveys.models import TextModel
from surveys.selectors.cause_texts import (
    Readings,
    comments_read,
    latest_reader,
    readings_of,
    sample_of,
)
from surveys.selectors.cause_tree import tree_version
from surveys.selectors.pool import labels
from surveys.services.causes.coding import code_comments
from surveys.services.causes.training import train_reader
from surveys.views.pool import ACTORS, PLANNERS, READERS
from surveys.views.shares import percent, shown

SAMPLE = 20
READ_AT_ONCE = 5_000
"""Comments that are read while the supervisor waits; the others follow with the day's work."""


@roles(*READERS)
@require_safe
def cause_texts(request: StaffRequest) -> HttpResponse:
    """The latest reader's card and what it made of the pool. Comments themselves are shown to those who plan."""
    model = latest_reader()
    context: dict[str, Any] = {"model": model, "may_train": request.user.role in ACTORS}
    if model is not None:
        context |= _card(model, readings_of(model))
        if request.user.role in PLANNERS:
            context |= _comments(model)
    return render(request, "surveys/cause_texts/texts.html", context)


@roles(*ACTORS)
@require_POST
def train_again(request: StaffRequest) -> HttpResponse:
    """Train a new reader on what is coded by now, and let it read the first of the pool's comments."""
    now = clock.now()
    train_reader(now=now, by=request.user)
    done = code_comments(now=now, limit=READ_AT_ONCE)
    read = ngettext("%(n)s comment was read.", "%(n)s comments were read.", done.read) % {"n": number(done.read)}
    rest = _("The others follow with the day's work.") if done.more else ""
    messages.success(request, " ".join(filter(None, [_("Trained again."), read, rest])))
    return redirect("surveys:cause_texts")


def _card(model: TextModel, read: Readings) -> dict[str, Any]:
    card, names = model.card, labels("causes")
    return {
        "card": card,
        "target": percent(TARGET),
        "changed_since": tree_version() - model.tree_version,
        "read": number(read.read),
        "given": shown(proportion(read.given, read.read)),
        "unknown": shown(proportion(read.unknown, read.read)),
        "unsure": number(read.unknown - read.nothing),
        "nothing": number(read.nothing),
        "precision": shown(proportion(card["right"], card["given"])),
        "coverage": shown(proportion(card["given"], card["coded"] if card["coverage"] is not None else 0)),
        "lines": [_line(cause, names, read) for cause in card["causes"]],
    }


def _line(cause: dict[str, Any], names: dict[str, str], read: Readings) -> dict[str, Any]:
    guessed, given = read.by_cause.get(cause["cause"], (0, 0))
    return {
        "code": cause["cause"],
        "name": names.get(cause["cause"], cause["cause"]),
        "n": number(cause["n"]),
        "precision": shown(Share(cause["precision"], cause["low"], cause["high"], cause["judged"])),
        "measured": cause["precision"] is not None,
        "found": percent(cause["found"]),
        "threshold": number(cause["threshold"], 2) if cause["threshold"] < NEVER else "",
        "terms": cause["terms"],
        "guessed": number(guessed),
        "given": number(given),
    }


def _comments(model: TextModel) -> dict[str, Any]:
    names = labels("causes")
    sample = sample_of(model, size=SAMPLE, seed=localdate(clock.now()).isoformat())
    people = masked({one.customer for one in sample})
    terms = standing_out(comments_read(model, given=False), comments_read(model, given=True))
    return {
        "may_read": True,
        "terms": [(term, number(term.unknown), number(term.known), number(term.z, 1)) for term in terms],
        "sample": [
            (one, names.get(one.cause, one.cause), number(one.confidence, 2), people.get(one.customer))
            for one in sample
        ],
    }
