"""What every installation begins with: sources, the follow-up question, causes. Safe to repeat; edits are kept."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from loopcare.common.errors import Invalid
from surveys.enums import EntryKind, QuestionKind, SignalKind, SourceChannel
from surveys.logic.mapping import DeclaredSource, Mapping
from surveys.models import Cause, DetectionRule, Questionnaire, Source

FOLLOW_UP = "follow-up"
SCANS = "warehouse-scan"
PREDICTIONS = "silent-model"
BETWEEN_3_AND_4 = Decimal("62.5")
"""The default adequate level of a 1–5 answer on the 0–100 scale: 3 is not good enough, 4 is."""

# code, name, channel, kind
SOURCES = (
    ("hotline", gettext_noop("Hotline rating"), SourceChannel.HOTLINE, SignalKind.RATING),
    ("sms", gettext_noop("SMS rating"), SourceChannel.SMS, SignalKind.RATING),
    ("app-review", gettext_noop("App review"), SourceChannel.APP, SignalKind.REVIEW),
    ("web-survey", gettext_noop("Web survey"), SourceChannel.WEB, SignalKind.RATING),
    ("complaint-desk", gettext_noop("Complaint desk"), SourceChannel.HOTLINE, SignalKind.COMPLAINT),
    (FOLLOW_UP, gettext_noop("Follow-up question"), SourceChannel.EMAIL, SignalKind.RATING),
    (SCANS, gettext_noop("Warehouse scan"), SourceChannel.SCAN, SignalKind.USAGE),
    (PREDICTIONS, gettext_noop("Model of the silent"), SourceChannel.SCAN, SignalKind.PREDICTION),
)

# code, name, kind, rule; a rule sees only what may open an entry
RULES = (
    ("low-rating", gettext_noop("Low rating"), EntryKind.EXPLICIT, "gap < 0"),
    ("complaint", gettext_noop("Complaint"), EntryKind.EXPLICIT, "kind = 'complaint'"),
    ("dispute", gettext_noop("Dispute"), EntryKind.EXPLICIT, "disputed"),
    (
        "repeated-contacts",
        gettext_noop("Repeated contacts"),
        EntryKind.LATENT,
        "kind in ('contact', 'ticket') and contacts_7d >= 3",
    ),
    ("broken-promise", gettext_noop("Broken promise"), EntryKind.LATENT, "promise_overdue"),
    ("transfers", gettext_noop("Passed on"), EntryKind.LATENT, "transfers >= 2"),
    (
        "channel-switch",
        gettext_noop("Channel switch within a day"),
        EntryKind.LATENT,
        "kind in ('contact', 'ticket') and channels_1d >= 2",
    ),
    ("warehouse-scan", gettext_noop("Found by a warehouse scan"), EntryKind.LATENT, "kind = 'usage'"),
    ("silent-model", gettext_noop("Found by a model of the silent"), EntryKind.LATENT, "kind = 'prediction'"),
)

CAUSES = (
    ("network.coverage", "Poor coverage", "网络覆盖差"),
    ("network.speed", "Slow data", "上网速度慢"),
    ("network.voice", "Poor call quality", "通话质量差"),
    ("billing.unclear", "Unclear bill", "账单不清楚"),
    ("billing.charge", "Unexpected charge", "意外扣费"),
    ("billing.refund", "Slow refund", "退款慢"),
    ("service.waiting", "Long waiting", "等待时间长"),
    ("service.repeat", "Had to explain again", "需要重复说明"),
    ("service.promise", "Broken promise", "承诺未兑现"),
    ("product.price", "Price too high", "资费太高"),
    ("product.fit", "Plan does not fit", "套餐不合适"),
    ("other", "Other", "其他"),
)


@transaction.atomic
def ensure_basics() -> None:
    """Create what is missing of the default sources, rules and causes, and the follow-up questionnaire."""
    ensure_rules()
    for code, name, channel, kind in SOURCES:
        Source.objects.get_or_create(
            code=code, defaults={"name": name, "channel": channel, "kind": kind, "adequate": _level_of(kind)}
        )
    Questionnaire.objects.get_or_create(
        code=FOLLOW_UP,
        defaults={
            "kind": QuestionKind.CSAT,
            "question_en": "How satisfied are you with our service now?",
            "question_zh": "您现在对我们的服务满意吗？",
            "source": Source.objects.get(code=FOLLOW_UP),
        },
    )
    ensure_causes(causes=CAUSES)


def shipped_source(code: str) -> Source:
    """One of the shipped sources; an installation that was never set up gets them all."""
    if (source := Source.objects.filter(code=code).first()) is None:
        ensure_basics()
        source = Source.objects.get(code=code)
    return source


def _level_of(kind: SignalKind) -> Decimal | None:
    """What nobody answered has no level that could be good enough."""
    return None if kind in (SignalKind.USAGE, SignalKind.PREDICTION) else BETWEEN_3_AND_4


def ensure_rules() -> None:
    """Create the shipped detection rules that are missing; edits are kept."""
    for code, name, kind, rule in RULES:
        DetectionRule.objects.get_or_create(code=code, defaults={"name": name, "kind": kind, "rule": rule})


def ensure_causes(*, causes: Iterable[tuple[str, str, str]]) -> None:
    """Create causes from (code, name in English, name in Chinese); those that exist keep their names."""
    Cause.objects.bulk_create(
        [Cause(code=code, name_en=name_en, name_zh=name_zh) for code, name_en, name_zh in causes],
        ignore_conflicts=True,
    )


def resolve_source(*, mapping: Mapping, code: str | None) -> Source:
    """The source an import counts for: `code` if given, else the mapping's own, which may declare a new one."""
    if not code and isinstance(mapping.source, DeclaredSource):
        return _declared(mapping.source)
    wanted = code or (mapping.source if isinstance(mapping.source, str) else "")
    if source := Source.objects.filter(code=wanted).first():
        return source
    known = ", ".join(Source.objects.values_list("code", flat=True)) or "–"
    if not wanted:
        raise Invalid(_("Name the source; known are: %(known)s.") % {"known": known}, field="source")
    raise Invalid(
        _("There is no source %(code)s; known are: %(known)s.") % {"code": wanted, "known": known}, field="source"
    )


def _declared(source: DeclaredSource) -> Source:
    for value, known in ((source.channel, SourceChannel.values), (source.kind, SignalKind.values)):
        if value not in known:
            raise Invalid(
                _("%(value)s in the mapping's [source] must be one of %(known)s.")
                % {"value": value, "known": ", ".join(known)},
                field="mapping",
            )
    row, _created = Source.objects.get_or_create(
        code=source.code, defaults={"name": source.name, "channel": source.channel, "kind": source.kind}
    )
    return row
