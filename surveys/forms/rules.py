"""What a detection rule is made of, while it is being written and when it is saved."""

from __future__ import annotations

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from surveys.enums import EntryKind
from surveys.models import DetectionRule


class TriedRuleForm(forms.Form):
    """A rule alone, while it is being written; `itself` is the saved rule it may become."""

    rule = forms.CharField(required=False, max_length=2000, strip=False)
    itself = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)


class DetectionRuleForm(forms.Form):
    """`confirmed` stands beside the rule's reading, where it is asked for; `seen` is the version that was changed."""

    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=EntryKind.choices,
        help_text=_("Explicit: the customer told us. Latent: nobody complained, and we found out."),
    )
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
                "hx-post": reverse_lazy("surveys:try_rule"),
                "hx-trigger": "input changed delay:300ms",
                "hx-target": "#rule-reading",
                "hx-sync": "this:replace",
            }
        ),
    )
    confirmed = forms.BooleanField(label=_("It is meant to find nearly everybody"), required=False)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @classmethod
    def of(cls, row: DetectionRule) -> DetectionRuleForm:
        """The form with what stands now."""
        return cls(initial={"name": row.name, "kind": row.kind, "rule": row.rule})
