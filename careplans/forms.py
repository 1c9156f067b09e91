"""What people may type: the outcome of a try, a skip, a plan, a launch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from careplans.enums import Outcome, SkipReason
from careplans.models import Campaign, Strategy
from careplans.selectors import CaseView
from loopcare.common.errors import DomainError
from loopcare.staff.models import Team, User
from surveys.models import Segment

MOST_LINES = 20


def tell(form: forms.BaseForm, error: DomainError) -> None:
    """Show a service's refusal on the field it names, or above the form."""
    form.add_error(error.field if error.field in form.fields else None, error.message)


# --- the outcome of a try --------------------------------------------------------------------------------------------
class LocalTimeField(forms.DateTimeField):
    """A time typed and shown by one zone's clock; the customer's, because that is what was agreed."""

    zone: ZoneInfo = ZoneInfo("UTC")

    def to_python(self, value: Any) -> datetime | None:
        with timezone.override(self.zone):
            return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        with timezone.override(self.zone):
            return super().prepare_value(value)


class OutcomeForm(forms.Form):
    """One try. `key` is new for every form and stays while it is mended, so that sending it twice records it once."""

    epoch = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    key = forms.CharField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(
        choices=Outcome.choices, label=gettext_lazy("Outcome"), error_messages={"required": gettext_lazy("Choose one.")}
    )
    notes = forms.CharField(required=False, strip=False, label=gettext_lazy("Notes"))
    cause = forms.ChoiceField(required=False, label=gettext_lazy("Cause"))
    action = forms.CharField(required=False, label=gettext_lazy("Action"))
    booked_at = LocalTimeField(required=False, label=gettext_lazy("Agreed time"))

    def __init__(self, data: Mapping[str, Any] | None = None, *, view: CaseView) -> None:
        super().__init__(data, initial=_first_values(view))
        self.fields["notes"].widget = forms.Textarea({"rows": 7, "data-key": "t", "maxlength": 20_000})
        self.fields["cause"].widget.choices = [("", _("Choose a cause")), *view.cause_choices]
        self.fields["cause"].choices = self.fields["cause"].widget.choices  # type: ignore[attr-defined]
        self.fields["action"].widget = forms.TextInput({"maxlength": 80, "autocomplete": "off"})
        booked_at = self.fields["booked_at"]
        assert isinstance(booked_at, LocalTimeField)
        booked_at.zone = ZoneInfo(view.zone)
        booked_at.widget = forms.DateTimeInput({"type": "datetime-local", "data-key": "b"}, format="%Y-%m-%dT%H:%M")


def _first_values(view: CaseView) -> dict[str, Any]:
    """What stands in the form first: the draft, else what earlier tries and the customer's own words said."""
    known = [code for code in view.case.entry.causes if code in dict(view.cause_choices)]
    return {
        "epoch": view.case.epoch,
        "key": uuid4().hex,
        "notes": view.draft.notes if view.draft else "",
        "cause": (view.draft.cause if view.draft else "") or view.case.cause or next(iter(known), ""),
        "action": (view.draft.action if view.draft else "") or view.case.action,
    }


class SkipForm(forms.Form):
    epoch = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    reason = forms.ChoiceField(
        choices=SkipReason.choices,
        initial=SkipReason.BAD_MOMENT,
        widget=forms.RadioSelect,
        label=gettext_lazy("Why"),
    )


# --- the planner -----------------------------------------------------------------------------------------------------
class PercentField(forms.DecimalField):
    """A share from 0 to 0.5 that people write as 0 to 50."""

    def prepare_value(self, value: Any) -> Any:
        return f"{float(value) * 100:g}" if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        percent = super().clean(value)
        return percent / 100 if percent is not None else None


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PlanForm(forms.Form):
    """The plan without its lines. The services check it again; these limits only answer sooner."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    team = forms.ModelChoiceField(Team.objects.none(), label=gettext_lazy("Team"), empty_label=None)
    starts_on = forms.DateField(label=gettext_lazy("First day"), widget=DayInput)
    ends_on = forms.DateField(label=gettext_lazy("Last day"), widget=DayInput)
    agents = forms.IntegerField(label=gettext_lazy("Agents"), min_value=1, max_value=10_000, initial=1)
    hours_per_day = forms.DecimalField(
        label=gettext_lazy("Daily hours per agent"), min_value=0, max_value=24, decimal_places=2, initial=5.5
    )
    hold_out_share = PercentField(
        label=gettext_lazy("Hold-out, %"),
        min_value=0,
        max_value=50,
        decimal_places=1,
        initial=Decimal("0.1"),
        help_text=gettext_lazy("Left alone on purpose, so that the effect can be proven."),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, user: User, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        team = self.fields["team"]
        assert isinstance(team, forms.ModelChoiceField)
        team.queryset = Team.objects.visible_to(user)


class LineForm(forms.Form):
    """One segment with its strategy; a line left empty does not count."""

    segment = forms.TypedChoiceField(required=False, empty_value=None, label=gettext_lazy("Segment"))
    strategy = forms.TypedChoiceField(required=False, empty_value=None, label=gettext_lazy("Strategy"))

    def __init__(
        self, *args: Any, segments: dict[str, Segment], strategies: dict[str, Strategy], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["segment"], segments, _("Choose a segment"))
        _offer(self.fields["strategy"], strategies, _("Choose a strategy"))

    def clean(self) -> dict[str, Any]:
        line = super().clean() or {}
        if line.get("segment") and not line.get("strategy") and "strategy" not in self.errors:
            self.add_error("strategy", _("Choose how to care for this segment."))
        if line.get("strategy") and not line.get("segment") and "segment" not in self.errors:
            self.add_error("segment", _("Choose whom this strategy is for."))
        return line


class Lines(forms.BaseFormSet):  # type: ignore[type-arg]  # Django takes no type argument at run time
    """The lines of a plan, in the order in which a customer of several segments is claimed."""

    def pairs(self) -> list[tuple[Segment, Strategy]]:
        """The filled lines of a valid formset."""
        return [(line["segment"], line["strategy"]) for line in self.cleaned_data if line.get("segment")]

    def as_typed(self) -> list[dict[str, str]]:
        """Every row as it stands on the page, valid or not."""
        names = ("segment", "strategy")
        return [{name: form.data.get(form.add_prefix(name), "") for name in names} for form in self.forms]


def lines_formset(
    data: Mapping[str, Any] | None = None, *, user: User, initial: Iterable[Mapping[str, Any]] = (), spare: int = 2
) -> Lines:
    """The lines of a plan with `spare` empty rows; the choices are read once, not once a row."""
    kwargs = {
        "segments": {str(row.pk): row for row in Segment.objects.visible_to(user)},
        "strategies": {str(row.pk): row for row in Strategy.objects.visible_to(user)},
    }
    factory = forms.formset_factory(LineForm, formset=Lines, extra=spare, max_num=MOST_LINES, absolute_max=MOST_LINES)
    lines = factory(data, initial=list(initial), prefix="lines", form_kwargs=kwargs)
    assert isinstance(lines, Lines)
    return lines


def _offer(field: forms.Field, rows: Mapping[str, Any], empty: str) -> None:
    assert isinstance(field, forms.TypedChoiceField)
    field.choices = [("", empty), *((pk, _line_label(row)) for pk, row in rows.items())]

    def row_of(pk: Any) -> Any:
        if str(pk) not in rows:
            raise ValueError(pk)
        return rows[str(pk)]

    field.coerce = row_of


def _line_label(row: Segment | Strategy) -> str:
    """A strategy says what it takes, so that lines can be compared while they are chosen."""
    if isinstance(row, Segment):
        return row.name
    return _("%(name)s: %(minutes)s min, %(tries)s tries, %(currency)s%(cost)s") % {
        "name": row.label,
        "minutes": f"{float(row.minutes):g}",
        "tries": row.max_tries,
        "currency": settings.CURRENCY,
        "cost": f"{row.unit_cost:.2f}",
    }


class LaunchForm(forms.Form):
    """Typing the name makes a launch deliberate; the hash says which list was looked at."""

    hash = forms.CharField(widget=forms.HiddenInput)
    name = forms.CharField(label=gettext_lazy("Type the campaign's name"))

    def __init__(self, data: Mapping[str, Any] | None = None, *, campaign: Campaign, hash_: str = "") -> None:
        super().__init__(data, initial={"hash": hash_})
        self.campaign = campaign
        self.fields["name"].widget.attrs |= {"autocomplete": "off", "placeholder": campaign.name}

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if name != self.campaign.name:
            raise forms.ValidationError(_("Type %(name)s, exactly.") % {"name": self.campaign.name})
        return name
