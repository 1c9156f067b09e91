"""What a page may say about scoring the silent; the service judges the numbers."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from surveys.models import Warehouse


class ScoreForm(forms.Form):
    warehouse = forms.ModelChoiceField(Warehouse.objects.none(), label=_("Warehouse"), empty_label=None)
    capacity = forms.IntegerField(
        label=_("Callable customers"), initial=1000, help_text=_("So many silent customers enter the pool at most.")
    )
    asked = forms.IntegerField(
        label=_("Audit sample"),
        initial=300,
        help_text=_("Silent customers asked this week, drawn at random; or 0."),
    )
    floor = forms.FloatField(
        label=_("Lowest score"), initial=0, help_text=_("0 to 1: nobody below it enters, even if there is room.")
    )
    every_days = forms.IntegerField(
        label=_("Again every … days"), initial=0, help_text=_("0: once. The next run is queued when this one is done.")
    )

    @classmethod
    def over(cls, warehouses: object, data: object = None) -> ScoreForm:
        """The form with the warehouses that may be chosen."""
        form = cls(data)  # type: ignore[arg-type]
        form.fields["warehouse"].queryset = warehouses  # type: ignore[attr-defined]
        return form
