"""A customer's signals as they are read: what was answered or happened, by day and source, and which rules found it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loopcare.common.charts.scales import number
from surveys.logic.tolerance import dissatisfied, inverted
from surveys.models import Detection, Signal

NO_LEVEL = "–"


@dataclass(frozen=True, slots=True)
class Told:
    """One signal: an answer with its levels, or an event with what is known of its course (`facts`).

    `state` is bad for dissatisfied, good for satisfied, empty where neither can be said.
    """

    signal: Signal
    perceived: str
    adequate: str
    desired: str
    state: str
    inverted: bool
    facts: tuple[str, ...]
    found: tuple[Detection, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """What one source told on one day."""

    day: date
    source: str
    told: tuple[Told, ...]

    @property
    def comment(self) -> str:
        return next((one.signal.comment for one in self.told if one.signal.comment), "")

    @property
    def causes(self) -> list[str]:
        return next((one.signal.causes for one in self.told if one.signal.causes), [])


def told_by_day(signals: Iterable[Signal], detections: Iterable[Detection], *, now: datetime) -> list[Day]:
    """In the order of `signals`, which stand by day and source."""
    found = defaultdict[tuple[date, int], list[Detection]](list)
    for detection in detections:
        found[detection.signal_on, detection.signal_no].append(detection)
    days = groupby(signals, key=lambda signal: (signal.occurred_on, signal.source.label))
    return [
        Day(day, source, tuple(_told(signal, found[signal.occurred_on, signal.id], now) for signal in each))
        for (day, source), each in days
    ]


def _told(signal: Signal, found: list[Detection], now: datetime) -> Told:
    state = ""
    if signal.perceived is not None and signal.adequate is not None:
        state = "bad" if dissatisfied(signal.perceived, signal.adequate) else "good"
    return Told(
        signal=signal,
        perceived=_level(signal.perceived),
        adequate=_level(signal.adequate),
        desired=_level(signal.desired),
        state=state,
        inverted=signal.adequate is not None
        and signal.desired is not None
        and inverted(signal.adequate, signal.desired),
        facts=tuple(_facts(signal, now)) if signal.perceived is None else (),
        found=tuple(found),
    )


def _facts(signal: Signal, now: datetime) -> Iterable[str]:
    """The course of an event, each fact a few words; what is not known is left out."""
    if signal.topic:
        yield _("about %(topic)s") % {"topic": signal.topic}
    if signal.occurred_at:
        yield _("opened %(at)s") % {"at": _moment(signal.occurred_at)}
    if signal.promised_at:
        facts = {"at": _moment(signal.promised_at)}
        if signal.promised_at < (signal.closed_at or now):
            yield _("promised by %(at)s, not kept") % facts
        elif signal.closed_at:
            yield _("promised by %(at)s, kept") % facts
        else:
            yield _("promised by %(at)s") % facts
    if signal.closed_at:
        yield _("closed %(at)s") % {"at": _moment(signal.closed_at)}
    if signal.transfers:
        times = ngettext("passed on once", "passed on %(n)s times", signal.transfers)
        yield times % {"n": signal.transfers}
    if signal.disputed:
        yield _("disputed")


def _moment(value: datetime) -> str:
    return f"{localtime(value):%Y-%m-%d %H:%M}"


def _level(value: float | None) -> str:
    return NO_LEVEL if value is None else number(value, 1).removesuffix(".0")
