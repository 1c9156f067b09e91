"""The project as granian serves it, beside what one writes first with Django REST framework, for comparison."""

from __future__ import annotations

from typing import Any

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.urls import path  # noqa: E402 - Django must be set up first
from rest_framework import serializers  # noqa: E402
from rest_framework.permissions import AllowAny  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from loopcare import urls  # noqa: E402
from loopcare.common import clock  # noqa: E402
from loopcare.customers.models import Customer  # noqa: E402
from loopcare.staff.enums import Role  # noqa: E402
from surveys.models import Signal, Source  # noqa: E402


class NaiveSerializer(serializers.Serializer[Any]):
    """One row, saved by itself. It opens no pool entry and detects nothing."""

    source = serializers.SlugRelatedField("code", queryset=Source.objects.all())  # type: ignore[assignment]
    reference = serializers.CharField(max_length=64)
    external_id = serializers.CharField(max_length=80)
    occurred_on = serializers.DateField()
    perceived = serializers.FloatField(min_value=0, max_value=100)
    adequate = serializers.FloatField(min_value=0, max_value=100)
    region = serializers.CharField(max_length=20)

    def create(self, validated_data: dict[str, Any]) -> Signal:
        customer, _created = Customer.objects.get_or_create(
            reference=validated_data.pop("reference"), defaults={"created_at": clock.now()}
        )
        validated_data.pop("region")
        return Signal.objects.create(
            customer=customer, dimension="overall", kind="rating", opens=True, received_at=clock.now(), **validated_data
        )


class Naive(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    roles = frozenset(Role)

    def post(self, request: Request) -> Response:
        serializer = NaiveSerializer(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response({"accepted": len(request.data)}, status=201)


urls.urlpatterns.insert(0, path("naive/", Naive.as_view()))
