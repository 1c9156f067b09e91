"""What `parts/pager.html` needs: the same address, another place."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from loopcare.common.pagination import Page


@dataclass(frozen=True)
class Pager:
    """`count_text` and the addresses of the first and the next page, empty where there is none."""

    count_text: str
    first_url: str
    next_url: str


def pager(request: HttpRequest, page: Page, count_text: str) -> Pager:
    first, following = request.GET.copy(), request.GET.copy()
    first.pop("after", None)
    following["after"] = page.next_cursor or ""
    return Pager(
        count_text=count_text,
        first_url=f"{request.path}?{first.urlencode()}" if "after" in request.GET else "",
        next_url=f"{request.path}?{following.urlencode()}" if page.next_cursor else "",
    )
