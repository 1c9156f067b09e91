"""What planners fill in about the pool: the board's axes, a rule, a segment."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from surveys.models import Segment

AXIS_NAMES = (
    ("source", _("Source")),
    ("brand", _("Brand")),
    ("region", _("Region")),
    ("channel", _("Channel")),
    ("causes", _("Cause")),
    ("repeat_band", _("Times dissatisfied")),
)


class BoardForm(forms.Form):
    """Which two fields the board's table crosses."""

    rows = forms.ChoiceField(label=_("Rows"), choices=AXIS_NAMES, required=False)
    columns = forms.ChoiceField(label=_("Columns"), choices=AXIS_NAMES, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("rows") and cleaned.get("rows") == cleaned.get("columns"):
            self.add_error("columns", _("Choose something else than the rows."))
        return cleaned


class RuleForm(forms.Form):
    """A rule alone, while it is being written."""

    rule = forms.CharField(required=False, max_length=2000, strip=False)


class SegmentForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    rule = forms.CharField(
        label=_("Rule"),
        max_length=2000,
        strip=False,
        help_text=_("Checked while you write. A value that is not known fits no test; only “is missing” finds it."),
        widget=forms.Textarea(
            attrs={
                "rows": 5,
                "class": "rule",
                "spellcheck": "false",
                "autocapitalize": "off",
                "hx-post": reverse_lazy("surveys:check_rule"),
                "hx-trigger": "input changed delay:300ms",
                "hx-target": "#rule-reading",
                "hx-sync": "this:replace",
            }
        ),
    )

    @classmethod
    def of(cls, segment: Segment) -> SegmentForm:
        """The form with what stands now."""
        return cls(initial={"name": segment.name, "rule": segment.rule})
