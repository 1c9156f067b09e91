"""What people fill in: the board's axes, a segment, an upload, and the customer's one answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.urls import reverse_lazy
from django.utils.choices import CallableChoiceIterator
from django.utils.translation import gettext_lazy as _

from surveys.logic.mapping import MAX_MAPPING
from surveys.models import Segment
from surveys.selectors import sources

LARGEST_UPLOAD = 200_000_000  # bytes
EXAMPLES = settings.BASE_DIR / "examples"

AXIS_NAMES = (
    ("source", _("Source")),
    ("brand", _("Brand")),
    ("region", _("Region")),
    ("channel", _("Channel")),
    ("causes", _("Cause")),
)
SCORES = (
    (5, _("Very satisfied")),
    (4, _("Satisfied")),
    (3, _("Neither satisfied nor dissatisfied")),
    (2, _("Dissatisfied")),
    (1, _("Very dissatisfied")),
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


def _examples() -> list[tuple[str, Any]]:
    return [("", _("none of these")), *((path.name, path.name) for path in sorted(EXAMPLES.glob("*.toml")))]


def _sources() -> list[tuple[str, Any]]:
    return [("", _("as the mapping says")), *((source.code, source.label) for source in sources())]


class ImportForm(forms.Form):
    """A file and the mapping that explains it: pasted, uploaded, or one of the shipped examples, in this order."""

    file = forms.FileField(label=_("File"), help_text=_("XLSX or CSV; the first row names the columns."))
    example = forms.ChoiceField(
        label=_("Mapping that exists"),
        required=False,
        choices=CallableChoiceIterator(_examples),
        help_text=_("One of these …"),
    )
    mapping_file = forms.FileField(label=_("Mapping file"), required=False, help_text=_("… or your own TOML file …"))
    mapping = forms.CharField(
        label=_("Mapping text"),
        required=False,
        max_length=MAX_MAPPING,
        help_text=_("… or its text, pasted."),
        widget=forms.Textarea(attrs={"rows": 6, "class": "rule", "spellcheck": "false"}),
    )
    source = forms.ChoiceField(label=_("Source"), required=False, choices=CallableChoiceIterator(_sources))

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if upload.size > LARGEST_UPLOAD:
            raise forms.ValidationError(_("This file is larger than 200 MB; split it."))
        return upload

    def clean_mapping_file(self) -> str:
        """The text of the uploaded mapping."""
        upload = self.cleaned_data["mapping_file"]
        if not upload:
            return ""
        if upload.size > MAX_MAPPING:
            raise forms.ValidationError(_("This is too long for a mapping; was it the data file?"))
        try:
            return str(upload.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError(_("This is not a text file; save the mapping as UTF-8.")) from None

    def clean(self) -> dict[str, Any]:
        """`mapping` becomes the text that counts, wherever it came from."""
        cleaned = super().clean() or {}
        example = cleaned.get("example")
        text = cleaned.get("mapping") or cleaned.get("mapping_file") or (_example(example) if example else "")
        if not text and not self.errors:
            self.add_error("mapping", _("Choose a mapping, or paste one: it says what the columns mean."))
        cleaned["mapping"] = text
        return cleaned


def _example(name: str) -> str:
    """The text of a shipped mapping; the name was checked against the ones that exist."""
    return Path(EXAMPLES / name).read_text(encoding="utf-8")


class AnswerForm(forms.Form):
    """The customer's answer, on the one page that needs no script."""

    score = forms.TypedChoiceField(
        choices=SCORES,
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Please choose one of the five answers."),
            "invalid_choice": _("Please choose one of the five answers."),
        },
    )
    comment = forms.CharField(required=False, max_length=2000, widget=forms.Textarea)
