"""One customer's story so far: signals, stays in the pool and why; contact details behind the mask."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from loopcare.common import clock
from loopcare.common.charts.scales import number
from loopcare.customers.models import ContactPoint, Customer
from loopcare.customers.selectors import masked, zone_of
from loopcare.customers.services import reveal
from loopcare.staff.access import StaffRequest, roles
from loopcare.staff.enums import Role
from surveys.models import PoolEntry
from surveys.selectors import UNKNOWN, labels, signals_of, stays_of
from surveys.selectors.rules import detections_of
from surveys.selectors.silent import LatentScore, latent_scores
from surveys.views.pool import READERS
from surveys.views.told import told_by_day

REVEALERS = (Role.SUPERVISOR, Role.ADMINISTRATOR)


@roles(*READERS)
def customer(request: StaffRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Customer.objects.visible_to(request.user).select_related("region"), pk=pk)
    causes, now, detections = labels("causes"), clock.now(), list(detections_of(pk))
    latent = latent_scores([pk], today=localdate(now)).get(pk)
    context = {
        "customer": person,
        "person": masked([pk])[pk],
        "zone": zone_of(person),
        "now": now,
        "may_reveal": request.user.role in REVEALERS,
        "stays": [(entry, why(entry, causes, latent)) for entry in stays_of(pk)],
        "days": told_by_day(signals_of(pk), detections, now=now),
        "detections": detections,
        "causes": causes,
        "cases_url": _cases_url(pk),
    }
    return render(request, "surveys/customers/customer.html", context)


@roles(*REVEALERS)
@require_POST
def reveal_point(request: StaffRequest, pk: int, point: int) -> HttpResponse:
    """One number or address in the clear, in the place of its mask; the audit trail keeps who looked."""
    person = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    shown = get_object_or_404(ContactPoint.objects.filter(customer=person), pk=point)
    text = reveal(point_id=shown.pk, actor=request.user, now=clock.now())
    response = render(request, "parts/masked.html", {"masked": text})
    response.headers["Cache-Control"] = "no-store"
    return response


def why(entry: PoolEntry, causes: Mapping[str, str], latent: LatentScore | None = None) -> list[str]:
    """Why this customer is (or was) in the pool, as sentences.

    Rule and source are those of the first signal, the answer is the latest one, the levels are the worst ones; where
    there is an explicit signal, all are of such. `latent` is the latest prediction, which stays visible beside it.
    """
    facts = {
        "raw": entry.raw or UNKNOWN,
        "rule": entry.rule.label if entry.rule else UNKNOWN,
        "dimension": entry.dimension,
        "source": entry.source.label,
        "day": entry.signal_on.isoformat(),
        "gap": _level(None if entry.gap is None else -entry.gap),
        "perceived": _level(entry.perceived),
        "adequate": _level(entry.adequate),
    }
    sentences = [
        _("Found by the rule “%(rule)s” (%(source)s).") % facts if entry.rule else _("Came in by %(source)s.") % facts,
        *_signs(entry, facts, latent),
        _("Perceived service %(perceived)s is %(gap)s points below the adequate level %(adequate)s.") % facts
        if entry.gap is not None
        else "",
        ngettext(
            "Dissatisfied for the first time in the repeat window.",
            "Dissatisfied %(count)s times in the repeat window.",
            entry.repeat_count,
        )
        % {"count": entry.repeat_count},
    ]
    if entry.causes:
        named = ", ".join(causes.get(code, code) for code in entry.causes)
        sentences.append(_("Named causes: %(causes)s.") % {"causes": named})
    return [sentence for sentence in sentences if sentence]


def _signs(entry: PoolEntry, facts: Mapping[str, str], latent: LatentScore | None) -> list[str]:
    """The latest answer or sign, and the latest prediction; a prediction is no answer."""
    predicted = [] if latent is None else [_predicted(latent)]
    if latent is not None and (entry.dimension, entry.raw) == (latent.model, latent.score):
        return predicted
    sign = (
        _("Latest answer: %(raw)s for “%(dimension)s” (%(day)s).")
        if entry.raw
        else _("Latest sign: %(dimension)s (%(day)s).")
    )
    return [sign % facts, *predicted]


def _predicted(latent: LatentScore) -> str:
    told = {"score": latent.score, "model": latent.model, "day": latent.day.isoformat()}
    return _("Probability of being dissatisfied as predicted by %(model)s: %(score)s (%(day)s).") % told


def _level(value: float | None) -> str:
    return number(value, 1).removesuffix(".0")


def _cases_url(pk: int) -> str:
    """The address of the cases part, which the stage above offers or does not."""
    try:
        return reverse("careplans:customer_cases", args=[pk])
    except NoReverseMatch:
        return ""
