"""Keyset pages, one way for pages and API: page 10,000 costs what page 1 costs, and no row is shown twice or skipped
while others are inserted. Rows are ordered by id, newest first; a cursor is the last id seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from loopcare.common.errors import Invalid

if TYPE_CHECKING:  # the settings name this module, and rest_framework.views reads the settings
    from rest_framework.views import APIView

PAGE_SIZE = 50
LARGEST_PAGE = 200
COUNT_UP_TO = 10_000


@dataclass(frozen=True)
class Page:
    """One page of rows; `count` is exact up to 10,000 and told as "10,000+" beyond."""

    rows: Sequence[Any]
    next_cursor: str | None
    count: int
    capped: bool

    @property
    def count_text(self) -> str:
        return f"{COUNT_UP_TO:,}+" if self.capped else f"{self.count:,}"


def page_of(queryset: models.QuerySet[Any], query: Mapping[str, Any]) -> Page:
    """The page that `after` and `page_size` of a query string ask for. Raises Invalid for what is no number."""
    size = min(_number(query, "page_size", PAGE_SIZE), LARGEST_PAGE)
    after = _number(query, "after", 0)
    counted = queryset.order_by()[: COUNT_UP_TO + 1].count()
    ordered = queryset.order_by("-id")
    rows = list((ordered.filter(id__lt=after) if after else ordered)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page(
        rows=rows,
        next_cursor=str(rows[-1].id) if more else None,
        count=min(counted, COUNT_UP_TO),
        capped=counted > COUNT_UP_TO,
    )


def _number(query: Mapping[str, Any], name: str, default: int) -> int:
    text = str(query.get(name, default))
    if not text.isdecimal() or int(text) >= 2**63 or (name == "page_size" and int(text) == 0):
        raise Invalid(_("%(name)s must be a positive whole number.") % {"name": name}, field=name)
    return int(text)


class Keyset(BasePagination):
    """The same pages for the API: `next` is a link, `count` is capped and `count_capped` says so."""

    def paginate_queryset(  # type: ignore[override]
        self, queryset: models.QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        self.page = page_of(queryset, request.query_params)
        self.url = request.build_absolute_uri()
        return list(self.page.rows)

    def get_paginated_response(self, data: Any) -> Response:
        cursor = self.page.next_cursor
        return Response(
            {
                "count": self.page.count,
                "count_capped": self.page.capped,
                "next": replace_query_param(self.url, "after", cursor) if cursor else None,
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["count", "count_capped", "next", "results"],
            "properties": {
                "count": {"type": "integer"},
                "count_capped": {"type": "boolean"},
                "next": {"type": "string", "format": "uri", "nullable": True},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        whole = {"type": "integer", "minimum": 1}
        return [
            {"name": "after", "in": "query", "required": False, "schema": whole},
            {
                "name": "page_size",
                "in": "query",
                "required": False,
                "schema": {**whole, "maximum": LARGEST_PAGE},
            },
        ]
