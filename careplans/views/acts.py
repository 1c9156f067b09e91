"""What may be done to a launched campaign."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy

from careplans.enums import CampaignStatus
from careplans.services import campaigns as services

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Act(NamedTuple):
    """A change of a launched campaign: its path and service, its words, what is asked before."""

    name: str
    service: Callable[..., object]
    label: _StrPromise
    question: _StrPromise
    done: _StrPromise
    allowed_from: frozenset[CampaignStatus]


RUNNING = frozenset({CampaignStatus.LAUNCHED, CampaignStatus.PAUSED})
ACTS = (
    Act(
        "pause",
        services.pause,
        gettext_lazy("Pause"),
        gettext_lazy("Pause this campaign? Agents get none of its cases until it is resumed."),
        gettext_lazy("The campaign is paused."),
        frozenset({CampaignStatus.LAUNCHED}),
    ),
    Act(
        "resume",
        services.resume,
        gettext_lazy("Resume"),
        gettext_lazy("Resume this campaign? Agents get its cases again at once."),
        gettext_lazy("The campaign goes on."),
        frozenset({CampaignStatus.PAUSED}),
    ),
    Act(
        "finish",
        services.finish,
        gettext_lazy("Finish"),
        gettext_lazy("Finish this campaign as planned? Cases that still wait are withdrawn."),
        gettext_lazy("The campaign is finished."),
        RUNNING,
    ),
    Act(
        "stop",
        services.stop,
        gettext_lazy("Stop"),
        gettext_lazy("Stop this campaign for good? Cases that wait are withdrawn, promised callbacks too."),
        gettext_lazy("The campaign is stopped."),
        RUNNING,
    ),
)
