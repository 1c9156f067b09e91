"""What is asked and said about causes; the service judges what is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from surveys.models import Cause
from surveys.selectors import causes
from surveys.services.causes.tree import MAX_NAME, MAX_REASON, NewCause

AXIS_NAMES = (
    ("source", gettext_lazy("Source")),
    ("brand", gettext_lazy("Brand")),
    ("region", gettext_lazy("Region")),
    ("channel", gettext_lazy("Channel")),
    ("value_tier", gettext_lazy("Value tier")),
    ("activity_tier", gettext_lazy("Activity tier")),
    ("repeat_band", gettext_lazy("Times dissatisfied")),
)
TOP, FULL = "top", "full"
MOST_DRAWN = 200
_PLAIN = {"autocomplete": "off"}


class ParetoForm(forms.Form):
    """How deep causes are told apart, and what they are crossed with."""

    depth = forms.ChoiceField(
        label=gettext_lazy("Causes"),
        required=False,
        choices=((FULL, gettext_lazy("as they were named")), (TOP, gettext_lazy("top of the tree"))),
    )
    by = forms.ChoiceField(label=gettext_lazy("Crossed with"), required=False, choices=AXIS_NAMES)


class SampleForm(forms.Form):
    """How many to draw; the same seed draws the same customers again."""

    size = forms.IntegerField(label=gettext_lazy("How many"), min_value=1, max_value=MOST_DRAWN)
    seed = forms.CharField(label=gettext_lazy("Seed"), max_length=40, widget=forms.TextInput(attrs=_PLAIN))


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why"), required=False, max_length=MAX_REASON, widget=forms.TextInput(attrs=_PLAIN)
    )


class ChangeForm(ReasonForm):
    """Names and keywords, one keyword a line."""

    name_en = forms.CharField(
        label=gettext_lazy("Name in English"), max_length=MAX_NAME, widget=forms.TextInput(attrs=_PLAIN)
    )
    name_zh = forms.CharField(
        label=gettext_lazy("Name in Chinese"), required=False, max_length=MAX_NAME, widget=forms.TextInput(attrs=_PLAIN)
    )
    keywords = forms.CharField(
        label=gettext_lazy("Keywords"),
        required=False,
        max_length=4_000,
        help_text=gettext_lazy("Words of comments that speak of it, in any language, one a line."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    field_order = ("code", "name_en", "name_zh", "keywords", "reason")

    @classmethod
    def of(cls, cause: Cause) -> ChangeForm:
        """The form with what stands now."""
        words = "\n".join(cause.keywords)
        return cls(initial={"name_en": cause.name_en, "name_zh": cause.name_zh, "keywords": words}, auto_id="change_%s")

    def clean_keywords(self) -> list[str]:
        return str(self.cleaned_data["keywords"]).splitlines()


class AddForm(ChangeForm):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=60,
        help_text=gettext_lazy("Its path, such as billing.refund; it never changes."),
        widget=forms.TextInput(attrs=_PLAIN | {"spellcheck": "false", "autocapitalize": "off"}),
    )

    @property
    def new(self) -> NewCause:
        said = self.cleaned_data
        return NewCause(said["code"], said["name_en"], said["name_zh"], tuple(said["keywords"]))


class CauseField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.code} · {obj.name}"


class MergeForm(ReasonForm):
    into = CauseField(Cause.objects.none(), label=gettext_lazy("Into"), to_field_name="code", empty_label=None)
    field_order = ("into", "reason")

    def __init__(self, data: Mapping[str, Any] | None = None, *, cause: Cause) -> None:
        super().__init__(data, auto_id="merge_%s")
        into = self.fields["into"]
        assert isinstance(into, CauseField)
        into.queryset = causes(in_use=True).exclude(pk=cause.pk).exclude(code__startswith=f"{cause.code}.")


class SplitForm(ReasonForm):
    """One part a line: what the code adds, the English name, the Chinese name, with | between."""

    parts = forms.CharField(
        label=gettext_lazy("Parts"),
        max_length=4_000,
        help_text=gettext_lazy("One a line: what the code adds | name in English | name in Chinese."),
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "late | Refund came late | 退款晚到"}),
    )
    field_order = ("parts", "reason")

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="split_%s")

    def clean_parts(self) -> list[NewCause]:
        return [self._part(line) for line in str(self.cleaned_data["parts"]).splitlines() if line.strip()]

    def _part(self, line: str) -> NewCause:
        told = [piece.strip() for piece in line.split("|")]
        if not 2 <= len(told) <= 3:
            problem = _("“%(line)s” is no part: write what the code adds | name in English | name in Chinese.")
            raise forms.ValidationError(problem % {"line": line[:80]})
        return NewCause(told[0], told[1], told[2] if len(told) == 3 else "")
