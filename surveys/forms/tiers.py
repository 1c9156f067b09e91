"""By which measure tiers are told, and where each begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loopcare.common.charts.scales import UNKNOWN
from loopcare.customers.enums import ActivityTier, ValueTier
from surveys.logic.tiers import ATTRIBUTE, BUILT_IN, HEARD, RECENCY, TIERS, TOLD, Kind, shown_as
from surveys.models import TierRule

LABELS: Mapping[str, Any] = {**dict(ActivityTier.choices), **dict(ValueTier.choices), "": UNKNOWN}
MEASURES = {
    RECENCY: _("days since last heard of"),
    HEARD: _("days heard of, of the last 90"),
    TOLD: _("no measure: as files tell them"),
}


def measure_label(measure: str) -> str:
    """What a measure is called; an attribute by its own name, read aloud."""
    return str(MEASURES.get(measure, measure.removeprefix(ATTRIBUTE).replace("_", " ")))


NAMES = ("first", "second", "third")


class CutField(forms.FloatField):
    """From which value a tier begins."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.NumberInput(attrs={"step": "any"}))


class TierRuleForm(forms.Form):
    """A measure and three cuts, as people read them: days since somebody was heard of rise, all else falls."""

    measure = forms.ChoiceField(label=_("Measure"))
    first = CutField()
    second = CutField()
    third = CutField()

    def __init__(
        self,
        kind: Kind,
        attributes: Iterable[str],
        data: Mapping[str, Any] | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        """`attributes`: names that may be chosen."""
        super().__init__(data, auto_id=f"id_{kind}_%s", initial=initial)
        chosen = str(self["measure"].value() or "")
        names = [f"{ATTRIBUTE}{name}" for name in attributes]
        # A rule whose attribute nobody has any more is still shown as what it is.
        gone = [chosen] if chosen.startswith(ATTRIBUTE) and chosen not in names else []
        measure = self.fields["measure"]
        assert isinstance(measure, forms.ChoiceField)
        measure.choices = [(name, measure_label(name)) for name in (*BUILT_IN[kind], *names, *gone)]
        for name, tier in zip(NAMES, TIERS[kind], strict=False):
            self.fields[name].label = _("%(tier)s from") % {"tier": str(LABELS[tier]).capitalize()}

    @classmethod
    def of(cls, kind: Kind, attributes: Iterable[str], rule: TierRule | None) -> TierRuleForm:
        """The form of the rule that holds; of none, that tiers are only told."""
        if rule is None or rule.measure == TOLD:
            return cls(kind, attributes, initial={"measure": TOLD})
        cuts = [f"{shown_as(rule.measure, cut):.10g}" for cut in rule.cuts]
        return cls(kind, attributes, initial={"measure": rule.measure, **dict(zip(NAMES, cuts, strict=True))})

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("measure") not in (None, TOLD):
            for name in NAMES:
                if said.get(name) is None and name not in self.errors:
                    self.add_error(name, _("Give a number."))
        return said

    def rule(self) -> tuple[str, list[float]]:
        """Measure and cuts as a rule keeps them, of a valid form; no cuts where tiers are only told."""
        measure = self.cleaned_data["measure"]
        if measure == TOLD:
            return measure, []
        return measure, [shown_as(measure, self.cleaned_data[name]) for name in NAMES]
