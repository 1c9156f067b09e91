"""A file on its way into the pool: the upload, the mapping that explains it, the name it is kept under."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.choices import CallableChoiceIterator
from django.utils.translation import gettext_lazy as _

from surveys.logic.mapping import MAX_MAPPING
from surveys.selectors import sources

LARGEST_UPLOAD = 200_000_000  # bytes


def _sources() -> list[tuple[str, Any]]:
    return [("", _("as the mapping says")), *((source.code, source.label) for source in sources())]


def checked_size(upload: Any) -> Any:
    """Raises ValidationError for a file that is too large to be kept."""
    if upload.size > LARGEST_UPLOAD:
        raise forms.ValidationError(_("This file is larger than 200 MB; split it."))
    return upload


class UploadForm(forms.Form):
    """The file itself."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("Drag it here or choose it: XLSX, CSV, TSV or Parquet, up to 200 MB; row 1 names the columns."),
    )

    def clean_file(self) -> Any:
        return checked_size(self.cleaned_data["file"])


class MappingForm(forms.Form):
    """The mapping's text, and the source it is to count for where that is not the mapping's own."""

    mapping = forms.CharField(
        label=_("Mapping"),
        max_length=MAX_MAPPING,
        strip=False,
        error_messages={"required": _("Choose a mapping, or paste one: it says what the columns mean.")},
        widget=forms.Textarea(attrs={"rows": 24, "class": "rule", "spellcheck": "false", "autocomplete": "off"}),
    )
    source = forms.ChoiceField(label=_("Source"), required=False, choices=CallableChoiceIterator(_sources))

    def clean_mapping(self) -> str:
        """A browser sends line ends of its own."""
        return str(self.cleaned_data["mapping"]).replace("\r\n", "\n")


class MappingFileForm(forms.Form):
    """A mapping that comes as a file."""

    mapping_file = forms.FileField(label=_("Or a mapping of your own"), required=False)

    def clean_mapping_file(self) -> str:
        """The text that stands in it."""
        upload = self.cleaned_data["mapping_file"]
        if not upload:
            raise forms.ValidationError(_("Choose the mapping's file first."))
        if upload.size > MAX_MAPPING:
            raise forms.ValidationError(_("This is too long for a mapping; was it the data file?"))
        try:
            return str(upload.read().decode("utf-8-sig")).replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise forms.ValidationError(_("This is not a text file; save the mapping as UTF-8.")) from None


class SaveMappingForm(forms.Form):
    """The name a mapping is kept under for the next file of its kind."""

    name = forms.CharField(label=_("Save this mapping as"), max_length=80)
    replace = forms.BooleanField(label=_("Replace the one of this name"), required=False)


class RenameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
