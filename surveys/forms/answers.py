"""The customer's one answer."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

SCORES = (
    (5, _("Very satisfied")),
    (4, _("Satisfied")),
    (3, _("Neither satisfied nor dissatisfied")),
    (2, _("Dissatisfied")),
    (1, _("Very dissatisfied")),
)


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
