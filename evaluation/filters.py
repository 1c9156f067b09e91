"""What a list of evaluations may be narrowed by: one allow-list for page and API."""

from __future__ import annotations

import django_filters
from django.utils.translation import gettext_lazy as _

from careplans.enums import CampaignStatus
from careplans.models import Campaign

SHOWN = [choice for choice in CampaignStatus.choices if choice[0] != CampaignStatus.DRAFT]


class EvaluationFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=SHOWN, label=_("Status"), empty_label=_("All"))

    class Meta:
        model = Campaign
        fields = {"read_out_on": ["gte", "lte"]}
