"""One block, shown twice: the page's title stands in the head and as its h1, and is written once."""

from __future__ import annotations

from html import unescape

from django import template
from django.template.context import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils.html import strip_tags

register = template.Library()


@register.simple_tag(takes_context=True)
def block_text(context: Context, name: str) -> str:
    """The words of a block of the page being rendered, without markup; empty if no page fills it."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks else None
    # Plain text, so that it is escaped where it is shown, as any other text.
    return " ".join(unescape(strip_tags(block.render(context))).split()) if block else ""
