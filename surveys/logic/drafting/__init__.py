"""Drafts of mappings for files that nobody has mapped yet."""

from surveys.logic.drafting.draft import Draft, draft

__all__ = ["Draft", "draft"]
