"""How the pool's values are written: unknown is `?`, a code by its name, a gap with its sign."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from loopcare.common.charts import scales
from surveys.selectors import UNKNOWN

register = template.Library()

_WORD = re.compile(r"\w+|\S")
END = "▁"


@register.filter
def known(value: object) -> object:
    """The value, or a quiet `?`."""
    return format_html('<span class="unknown">{}</span>', UNKNOWN) if value in (None, "") else value


@register.filter
def named(names: Mapping[str, str], code: str) -> object:
    """What people read for a code."""
    return known(names.get(code, code))


@register.filter
def signed(value: float) -> str:
    """A gap: +4, −38.9 with a true minus."""
    return scales.signed(value)


@register.filter
def number(value: float | str | None) -> str:
    """1,234, or `?` for what is not known; a name that a template does not find comes as an empty text."""
    return scales.number(None if isinstance(value, str) else value)


@register.filter
def marked(rule: str, offset: int) -> SafeString:
    """A rule with the place of its error marked: the word or sign there, or the end."""
    found = _WORD.match(rule, offset)
    end = found.end() if found else offset
    return format_html("{}<mark>{}</mark>{}", rule[:offset], rule[offset:end] or END, rule[end:])
