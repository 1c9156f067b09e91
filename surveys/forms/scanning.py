"""Where a warehouse is, what its columns mean, and what a scan rule is made of."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import InvalidToken
from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from loopcare.customers.encryption import decrypt, encrypt
from surveys.logic.latent_rules import FIELDS, AgreedField
from surveys.models import ScanRule, Warehouse
from surveys.services.warehouses import Looked, guessed

UNTIL = "until:"
"""Before the name of a date whose distance in days is meant."""


class PlaceForm(forms.Form):
    """A warehouse's URL, which may hold a password: it is not shown again."""

    url = forms.CharField(
        label=_("Address"),
        max_length=2_000,
        help_text=_(
            "parquet:///folder · duckdb:///file · postgresql://user:password@host/database · "
            "spark:local?parquet=/folder · spark://host:7077?parquet=hdfs://…"
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
    )


def sealed(url: str) -> str:
    """A URL as it may travel through a page between two steps."""
    return encrypt(url).decode()


def unsealed(text: str) -> str:
    """The URL back; '' for what was not sealed here."""
    try:
        return decrypt(text.encode())
    except (InvalidToken, ImproperlyConfigured):
        return ""


class TableForm(forms.Form):
    """Which table, who a row is, when it changed, and which column is which agreed field."""

    place = forms.CharField(widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    table = forms.ChoiceField(label=_("Table"))
    reference = forms.ChoiceField(
        label=_("Customer reference"), help_text=_("The column that names the customer, as your files do.")
    )
    changed = forms.ChoiceField(
        label=_("Changed at"),
        required=False,
        help_text=_("If rows say when they changed, a scan looks only at those that changed since the last one."),
    )

    def __init__(self, looked: Looked, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.looked = looked
        self._choose("table", looked.tables, empty="")
        self._choose("reference", looked.references, empty="")
        self._choose("changed", looked.moments, empty=_("not known: look at everybody"))
        for agreed in FIELDS:
            self._offer(agreed)

    def _offer(self, agreed: AgreedField) -> None:
        """A column for an agreed field, or for what it may be made of."""
        columns = self.looked.columns
        fitting = [(column.name, column.name) for column in columns if column.kind == agreed.kind]
        dates = [
            (f"{UNTIL}{column.name}", _("days until %(column)s") % {"column": column.name})
            for column in columns
            if column.kind == "date" and agreed.made == "days"
        ]
        found = guessed(agreed, columns)
        self.fields[f"field_{agreed.name}"] = forms.ChoiceField(
            label=agreed.name,
            required=False,
            choices=[("", _("not there")), *fitting, *dates],
            initial=found.name if found else "",
            help_text=_(agreed.label),
        )
        if agreed.made == "share":
            self.fields[f"over_{agreed.name}"] = forms.ChoiceField(
                label=_("%(field)s: divided by") % {"field": agreed.name},
                required=False,
                choices=[("", _("nothing: it is the share already")), *fitting],
                help_text=_("For example this month's use, divided by the mean of three months."),
            )

    def _choose(self, name: str, values: list[str], *, empty: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", empty), *((value, value) for value in values)]

    @property
    def agreed(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(("field_", "over_"))]

    @property
    def chosen(self) -> dict[str, dict[str, str]]:
        """What each agreed field is made of; {} for one that is not there."""
        return {field.name: self._made(field.name) for field in FIELDS}

    def _made(self, name: str) -> dict[str, str]:
        column, over = self.cleaned_data[f"field_{name}"], self.cleaned_data.get(f"over_{name}")
        if not column:
            return {}
        if column.startswith(UNTIL):
            return {"until": column.removeprefix(UNTIL)}
        return {"of": column, "to": over} if over else {"column": column}


def chosen_before(row: Warehouse) -> dict[str, str]:
    """What `TableForm` begins with for a warehouse that is connected: its agreed fields as they are made."""
    initial = {}
    for name in (field.name for field in FIELDS):
        made = row.fields.get(name, {})
        until = f"{UNTIL}{made['until']}" if "until" in made else ""
        initial[f"field_{name}"] = made.get("column") or made.get("of") or until
        initial[f"over_{name}"] = made.get("to", "")
    return initial


class TriedScanRuleForm(forms.Form):
    """A rule alone, while it is being written; `count`: also how many it finds among some customers, or all."""

    rule = forms.CharField(required=False, max_length=2000, strip=False)
    count = forms.ChoiceField(required=False, choices=[("", ""), ("some", ""), ("all", "")])


class ScanRuleForm(forms.Form):
    """`confirmed` stands beside the rule's reading, where it is asked for; `seen` is the version that was changed."""

    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    rule = forms.CharField(
        label=_("Rule"),
        max_length=2000,
        strip=False,
        help_text=_("A value that is not known fits no test; only “is missing” finds it."),
        widget=forms.Textarea(
            attrs={"rows": 4, "class": "rule", "spellcheck": "false", "autocapitalize": "off"},
        ),
    )
    confirmed = forms.BooleanField(label=_("It is meant to find more than half"), required=False)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @classmethod
    def of(cls, row: ScanRule) -> ScanRuleForm:
        """The form with what stands now."""
        return cls(initial={"name": row.name, "rule": row.rule})


class ScheduleForm(forms.Form):
    """When a rule is asked by itself."""

    every_days = forms.IntegerField(label=_("Every … days"), min_value=0, max_value=366, help_text=_("0: by hand only"))
    at_hour = forms.IntegerField(label=_("At … o'clock"), min_value=0, max_value=23)

    @classmethod
    def of(cls, row: ScanRule) -> ScheduleForm:
        return cls(initial={"every_days": row.every_days, "at_hour": row.at_hour})
