"""What supervisors say is good enough."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loopcare.customers.enums import ValueTier
from surveys.enums import UnknownCustomers
from surveys.models import Source

ANY_TIER = ("", _("all tiers"))


class LevelForm(forms.Form):
    """A level for one value tier or for all; the dimension stands in the address."""

    value_tier = forms.ChoiceField(label=_("Value tier"), required=False, choices=[ANY_TIER, *ValueTier.choices])
    level = forms.FloatField(
        label=_("Adequate level"),
        min_value=0,
        max_value=100,
        help_text=_("0 to 100, best between two answers: 6.5 on 1 to 10 is 61.1, 3.5 on 1 to 5 is 62.5."),
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    reason = forms.CharField(label=_("Why"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class TierForm(forms.Form):
    """Whose set level is taken back."""

    value_tier = forms.ChoiceField(required=False, choices=[ANY_TIER, *ValueTier.choices])


class SourceForm(forms.Form):
    unknown_customers = forms.ChoiceField(label=_("Unknown customers"), choices=UnknownCustomers.choices)
    adequate = forms.DecimalField(
        label=_("The source's own adequate level"),
        required=False,
        min_value=0,
        max_value=100,
        max_digits=6,
        decimal_places=3,
        help_text=_("0 to 100; holds where nothing better is known. Empty: such ratings are kept and judge nobody."),
        widget=forms.NumberInput(attrs={"step": "any"}),
    )

    @classmethod
    def of(cls, source: Source) -> SourceForm:
        initial: dict[str, Any] = {"unknown_customers": source.unknown_customers, "adequate": source.adequate}
        if source.adequate is not None:
            initial["adequate"] = f"{source.adequate.normalize():f}"
        return cls(initial=initial)
