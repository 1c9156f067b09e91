"""What an administrator fills in: somebody who works here, and a key for another system."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.translation import gettext_lazy as _

from loopcare.staff.enums import Role, Scope
from loopcare.staff.models import ApiKey, Team
from loopcare.staff.services import MOST_PER_MINUTE, new_public_id

OFF = {"autocomplete": "off"}


class PersonForm(forms.Form):
    """A name, a role and a team; `cleaned_data["team"]` is the team's name, of an old or a new one."""

    display_name = forms.CharField(
        label=_("Name"), max_length=80, required=False, help_text=_("As others see it."), widget=forms.TextInput(OFF)
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    team = forms.ChoiceField(
        label=_("Team"),
        required=False,
        help_text=_("Agents see the cases of their team; a supervisor without a team sees all."),
    )
    new_team = forms.CharField(label=_("Or a new team"), max_length=80, required=False, widget=forms.TextInput(OFF))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["team"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("No team")), *((name, name) for name in Team.objects.values_list("name", flat=True))]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        new = said.pop("new_team", "")
        if new and said.get("team"):
            self.add_error("new_team", _("Choose a team or name a new one, not both."))
        said["team"] = said.get("team") or new
        return said


class NewUserForm(PersonForm):
    username = forms.CharField(
        label=_("Sign-in name"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        help_text=_("Letters, digits and @ . + - _"),
        widget=forms.TextInput({**OFF, "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("First password"),
        strip=False,
        help_text=_("Tell it to them in person."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    field_order = ("username", "display_name", "role", "team", "new_team", "password")


class KeyForm(forms.Form):
    """`public_id` is chosen before, so that a form sent twice makes one key."""

    public_id = forms.CharField(widget=forms.HiddenInput, initial=new_public_id)
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Which system calls with it."), widget=forms.TextInput(OFF)
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=Scope.choices, initial=Scope.values, widget=forms.CheckboxSelectMultiple
    )
    sources = forms.CharField(
        label=_("Sources"),
        required=False,
        help_text=_("Codes of the sources it may write for, with commas between them; none means any."),
        widget=forms.TextInput({**OFF, "autocapitalize": "none", "spellcheck": "false"}),
    )
    calls_per_minute = forms.IntegerField(label=_("Calls a minute"), min_value=1, max_value=MOST_PER_MINUTE)
    rows_per_minute = forms.IntegerField(label=_("Signals a minute"), min_value=1, max_value=MOST_PER_MINUTE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("calls_per_minute", "rows_per_minute"):
            self.fields[name].initial = getattr(ApiKey(), name)

    def clean_sources(self) -> list[str]:
        return [code for code in re.split(r"[\s,，、;]+", self.cleaned_data["sources"]) if code]
