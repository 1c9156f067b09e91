"""How the API's schema describes an ingest call. The serializers read nothing: `surveys.logic.payload` does, faster."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from loopcare.staff.api.authentication import SignedKey
from loopcare.staff.signing import IDEMPOTENCY_HEADER, KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER
from surveys.enums import SignalKind, SourceChannel
from surveys.logic.mapping import VALUE_TIERS


class RatingSerializer(serializers.Serializer[Any]):
    """An answer on its own scale."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class SignalSerializer(serializers.Serializer[Any]):
    """For the schema alone: `surveys.logic.payload` reads the rows, many times faster."""

    source = serializers.CharField(  # type: ignore[assignment]
        max_length=40, help_text=_("code of the source")
    )
    reference = serializers.CharField(max_length=64, help_text=_("your own number of the customer"))
    external_id = serializers.CharField(
        max_length=80,
        help_text=_("your number of the answer or event; with source, dimension and day it names one signal for ever"),
    )
    kind = serializers.ChoiceField(
        choices=SignalKind.choices, required=False, help_text=_("default: the kind of the source")
    )
    occurred_at = serializers.DateTimeField(required=False, help_text=_("with its zone; this or occurred_on"))
    occurred_on = serializers.DateField(required=False)
    dimension = serializers.CharField(
        max_length=40, required=False, help_text=_("what a rating is about; default: overall")
    )
    rating = RatingSerializer(required=False, help_text=_("this or perceived, for ratings, reviews and predictions"))
    perceived = serializers.FloatField(min_value=0, max_value=100, required=False)
    adequate = serializers.FloatField(
        required=False, help_text=_("what this customer calls good enough, on the scale of the answer")
    )
    desired = serializers.FloatField(required=False)
    opens = serializers.BooleanField(
        required=False, help_text=_("false for a rating that only explains another; default: true")
    )
    topic = serializers.CharField(max_length=60, required=False)
    channel = serializers.ChoiceField(
        choices=SourceChannel.choices, required=False, help_text=_("of an event; default: the source's")
    )
    transfers = serializers.IntegerField(min_value=0, max_value=1_000, required=False)
    promised_at = serializers.DateTimeField(required=False, help_text=_("by when it was to be done"))
    closed_at = serializers.DateTimeField(required=False)
    disputed = serializers.BooleanField(required=False)
    comment = serializers.CharField(max_length=4_000, required=False)
    causes = serializers.ListField(
        child=serializers.CharField(), max_length=20, required=False, help_text=_("codes of the cause tree")
    )
    brand = serializers.CharField(max_length=40, required=False)
    region = serializers.CharField(max_length=20, required=False)
    language = serializers.CharField(max_length=10, required=False)
    value_tier = serializers.ChoiceField(choices=VALUE_TIERS, required=False)
    attributes = serializers.DictField(
        required=False, help_text=_("what else is known of the customer: texts, numbers, true or false")
    )
    name = serializers.CharField(max_length=200, required=False)
    phone = serializers.CharField(max_length=40, required=False)
    email = serializers.CharField(max_length=254, required=False)


class LandedSerializer(serializers.Serializer[Any]):
    """rows sent = accepted + updated + duplicates."""

    accepted = serializers.IntegerField(help_text=_("rows that brought a new signal"))
    updated = serializers.IntegerField(help_text=_("rows that told how a known event went on"))
    duplicates = serializers.IntegerField(help_text=_("rows that were known already"))
    signals = serializers.IntegerField()
    dissatisfied = serializers.IntegerField(help_text=_("signals that a detection rule found"))
    pool_new = serializers.IntegerField(help_text=_("customers who entered the pool"))


class ErrorSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text=_("the first signal is 1; 0 is the list itself"))
    field = serializers.CharField()
    value = serializers.CharField(allow_null=True, help_text=_("null where it may be personal"))
    reason = serializers.CharField()


class UnusableSerializer(serializers.Serializer[Any]):
    """An RFC 9457 problem document; the first 100 errors, and how many rows have any."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    rows = serializers.IntegerField(required=False)
    rejected = serializers.IntegerField(required=False)
    errors = ErrorSerializer(many=True, required=False)  # type: ignore[assignment]


class SignedKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema says that a call is signed."""

    target_class = SignedKey
    name = "signedKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": KEY_HEADER,
            "description": (
                f"With {TIMESTAMP_HEADER} (Unix seconds, within 5 minutes) and {SIGNATURE_HEADER}: HMAC-SHA256 in "
                "lower-case hex, under the key's secret, over timestamp, method, path with query, Idempotency-Key "
                "(empty without one) and the SHA-256 of the body in lower-case hex, joined by newlines."
            ),
        }


# The schema is of a list; an example of one signal is shown as a list of one.
RATED = OpenApiExample(
    "A rating",
    request_only=True,
    value={
        "source": "hotline",
        "reference": "C-10023",
        "external_id": "call-88121",
        "occurred_at": "2026-03-01T09:30:00+08:00",
        "rating": {"value": 2, "low": 1, "high": 5},
        "comment": "Twice cut off",
        "region": "BJ",
    },
)
TICKET = OpenApiExample(
    "A ticket that was closed",
    request_only=True,
    value={
        "source": "complaint-desk",
        "reference": "C-10023",
        "external_id": "T-553",
        "kind": "ticket",
        "occurred_at": "2026-03-01T09:30:00+08:00",
        "topic": "refund",
        "transfers": 2,
        "promised_at": "2026-03-03T18:00:00+08:00",
        "closed_at": "2026-03-04T10:00:00+08:00",
    },
)
UNUSABLE = OpenApiExample(
    "A row that cannot be used",
    response_only=True,
    status_codes=["422"],
    value={
        "type": "urn:loopcare:invalid",
        "title": "invalid",
        "status": 422,
        "detail": "1 of 2 signals cannot be used; nothing was stored.",
        "rows": 2,
        "rejected": 1,
        "errors": [
            {
                "row": 2,
                "field": "rating.value",
                "value": "7",
                "reason": "This lies outside the scale 1 to 5.",
            }
        ],
    },
)
PROBLEM = OpenApiResponse(UnusableSerializer, description=_("a problem document"))

DESCRIBED: dict[str, Any] = {
    "request": SignalSerializer(many=True),
    "parameters": [
        OpenApiParameter(
            IDEMPOTENCY_HEADER,
            str,
            OpenApiParameter.HEADER,
            description="1 to 80 visible ASCII characters, remembered for 7 days",
        )
    ],
    "responses": {
        201: OpenApiResponse(LandedSerializer, description=_("new signals were stored")),
        200: OpenApiResponse(LandedSerializer, description=_("everything was known already")),
        **dict.fromkeys((400, 401, 403, 409, 413, 415, 422, 429), PROBLEM),
    },
    "examples": [RATED, TICKET, UNUSABLE],
}
"""For `extend_schema`."""
