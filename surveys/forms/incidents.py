"""What is filled in about incidents: a new one, its owner, a note, the incident an alarm belongs to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from loopcare.staff.models import User
from surveys.models import Incident
from surveys.selectors.incidents import possible_owners
from surveys.services.incidents import LONGEST_NOTE


class _Owned(forms.Form):
    owner = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Owner"), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["owner"], possible_owners())


class OwnerForm(_Owned):
    """Who answers for it from now on."""


class IncidentForm(_Owned):
    """A new incident; `alarm` is the one it is opened from."""

    title = forms.CharField(
        label=_("Title"),
        max_length=120,
        help_text=_("What others will call it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    alarm = forms.IntegerField(required=False, widget=forms.HiddenInput)

    field_order = ("title", "owner", "alarm")


class NoteForm(forms.Form):
    text = forms.CharField(
        label=_("Note for the log"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Lines of the log cannot be changed or deleted."),
    )


class _ByTitle(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.title)


class JoinForm(forms.Form):
    """The running incident that an alarm is part of."""

    incident = _ByTitle(queryset=Incident.objects.none(), label=_("Add to a running incident"), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["incident"], Incident.objects.running())


def _offer(field: forms.Field, rows: QuerySet[Any]) -> None:
    """What can be chosen is asked for when the form is made, not when the module is read."""
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows
