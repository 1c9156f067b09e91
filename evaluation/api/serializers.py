"""The shape of evaluations in the API; the values come ready from `evaluation.services.results`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from careplans.enums import CampaignStatus
from evaluation.enums import Metric, Verdict


class OverviewSerializer(serializers.Serializer[Any]):
    campaign = serializers.IntegerField()
    name = serializers.CharField()
    status = serializers.ChoiceField(CampaignStatus.choices)
    read_out_on = serializers.DateField(allow_null=True)
    verdict = serializers.ChoiceField(Verdict.choices)
    wave = serializers.IntegerField(
        help_text="month of the effect: the latest one that has an effect, 3 at the read-out"
    )
    effect = serializers.FloatField(allow_null=True, help_text="satisfaction, care minus hold-out, points of 100")
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class ArmSerializer(serializers.Serializer[Any]):
    assigned = serializers.IntegerField()
    asked = serializers.IntegerField()
    sent = serializers.IntegerField()
    answered = serializers.IntegerField()
    refused = serializers.IntegerField(help_text="could not be asked: no address, do not contact, no consent")
    missed = serializers.IntegerField(help_text="were not asked in time")
    response = serializers.FloatField(allow_null=True, help_text="answered of asked, 0 to 1")
    mean = serializers.FloatField(allow_null=True, help_text="score on 0–100")
    mean_low = serializers.FloatField(allow_null=True)
    mean_high = serializers.FloatField(allow_null=True)
    satisfied = serializers.FloatField(allow_null=True, help_text="share of scores of 75 and above, 0 to 1")
    satisfied_low = serializers.FloatField(allow_null=True)
    satisfied_high = serializers.FloatField(allow_null=True)


class WaveSerializer(serializers.Serializer[Any]):
    wave = serializers.IntegerField(help_text="calendar months after the assignment")
    arms = serializers.DictField(child=ArmSerializer(), help_text="by arm: care, hold_out, deferred")


class EffectSerializer(serializers.Serializer[Any]):
    metric = serializers.ChoiceField(Metric.choices)
    wave = serializers.IntegerField()
    primary = serializers.BooleanField()
    effect = serializers.FloatField(allow_null=True, help_text="care minus hold-out by assigned arm, points of 100")
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    se = serializers.FloatField(allow_null=True)
    p = serializers.FloatField(allow_null=True)
    n_care = serializers.IntegerField()
    n_hold_out = serializers.IntegerField()
    method = serializers.CharField()
    unadjusted = serializers.FloatField(allow_null=True, help_text="the plain difference, for comparison")
    unadjusted_low = serializers.FloatField(allow_null=True)
    unadjusted_high = serializers.FloatField(allow_null=True)


class CheckSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    warns = serializers.BooleanField()
    spoils = serializers.BooleanField()


class FunnelSerializer(serializers.Serializer[Any]):
    assigned = serializers.IntegerField()
    reached = serializers.IntegerField()
    talked = serializers.IntegerField()
    solved = serializers.IntegerField()


class EvaluationSerializer(serializers.Serializer[Any]):
    campaign = serializers.IntegerField()
    name = serializers.CharField()
    status = serializers.ChoiceField(CampaignStatus.choices)
    read_out_on = serializers.DateField(allow_null=True)
    frozen = serializers.BooleanField(help_text="read out: these numbers do not change any more")
    assigned = serializers.DictField(child=serializers.IntegerField(), help_text="customers by arm")
    waves = WaveSerializer(many=True)
    effects = EffectSerializer(many=True)
    checks = serializers.DictField(
        child=CheckSerializer(),
        help_text="sample_ratio (p), response_by_arm (points), contamination (share), balance (sd)",
    )
    funnel = FunnelSerializer()
    roi = serializers.DictField(help_text="empty until value and cost are measured")
    verdict = serializers.ChoiceField(Verdict.choices)
