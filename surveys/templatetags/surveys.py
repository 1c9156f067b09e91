"""How the pool's values are written: unknown is `?`, a code by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

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
def at(found: Mapping[int, object] | str, key: int) -> object:
    """What is found under a key; None where nothing is, or nobody looked."""
    return found.get(key) if isinstance(found, Mapping) else None


@register.filter
def words(name: str) -> str:
    """What an operator's own field is called, read aloud: tenure_months → tenure months."""
    return name.replace("_", " ")


@register.filter
def percent(share: float) -> int:
    """A share from 0 to 1 in whole percent; only what is whole is a hundred."""
    return int(100 * share)


@register.filter
def language_name(code: str) -> object:
    """A language by its name; one that the house does not speak by its code."""
    return known(str(dict(settings.LANGUAGES).get(code, code)))


@register.filter
def marked(rule: str, offset: int) -> SafeString:
    """A rule with the place of its error marked: the word or sign there, or the end."""
    found = _WORD.match(rule, offset)
    end = found.end() if found else offset
    return format_html("{}<mark>{}</mark>{}", rule[:offset], rule[offset:end] or END, rule[end:])
