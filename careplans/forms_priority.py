"""The factors of the priority as a form: chances and effects in percent, values in the operator's currency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from careplans.enums import FactorKind, StrategyKind
from careplans.models.priority import MOST_VALUE
from careplans.selectors.priority import ALL_FACTORS, Name, Standing
from careplans.services.priority import field_of
from loopcare.customers.enums import ValueTier

PERCENT = 100
DECIMALS = 10
"""Digits that a number read from a form keeps behind the point, so that what nobody changed stays as it is."""


class FactorsForm(forms.Form):
    """Every factor in one form; `seen` is the version that is looked at."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, data: Mapping[str, Any] | None = None, *, standings: Mapping[Name, Standing], seen: int) -> None:
        super().__init__(
            data, initial={"seen": seen} | {field_of(name): _shown(standings[name]) for name in ALL_FACTORS}
        )
        self.standings = standings
        for name in ALL_FACTORS:
            low, high = _ends(name[0])
            self.fields[field_of(name)] = forms.FloatField(
                label=_label(name),
                min_value=low,
                max_value=high,
                widget=forms.NumberInput({"step": "any"}),
            )

    def values(self) -> dict[Name, float]:
        """The factors of a valid form; one that was not touched is exactly what it was."""
        said = {}
        for name in ALL_FACTORS:
            field = field_of(name)
            typed, stood = self.cleaned_data[field], self.standings[name]
            untouched = typed == _shown(stood)
            said[name] = stood.value if untouched else round(typed / _scale(name[0]), DECIMALS)
        return said


def _scale(kind: str) -> int:
    return 1 if kind == FactorKind.VALUE else PERCENT


def _ends(kind: str) -> tuple[float, float]:
    match kind:
        case FactorKind.P_LEAVES:
            return 0, PERCENT
        case FactorKind.EFFECT:
            return -PERCENT, PERCENT
    return 0, MOST_VALUE


def _shown(standing: Standing) -> float:
    """A factor as it stands in its field."""
    return round(standing.value * _scale(standing.kind), 2)


def _label(name: Name) -> str:
    kind, of = name
    whose = StrategyKind(of).label if kind == FactorKind.EFFECT else ValueTier(of).label
    return f"{FactorKind(kind).label}: {whose}"
