"""How numbers are written on every page: grouped, with a true minus, unknown as `?`."""

from __future__ import annotations

from django import template

from loopcare.common.charts import scales

register = template.Library()


@register.filter
def signed(value: float) -> str:
    """A gap: +4.0, −38.9 with a true minus."""
    return scales.signed(value)


@register.filter
def number(value: float | str | None) -> str:
    """1,234, or `?` for what is not known; a name that a template does not find comes as an empty text."""
    return scales.number(None if isinstance(value, str) else value)
