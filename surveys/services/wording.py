"""Turns the sentences of logic/ into the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext

from loopcare.common.errors import Invalid
from surveys.logic.sentences import MappingError, Sentence


def said(sentence: Sentence) -> str:
    """The sentence in the language that is active now."""
    facts = {name: said(fact) if isinstance(fact, Sentence) else fact for name, fact in sentence.facts.items()}
    return gettext(sentence.msgid) % facts


@contextmanager
def mapping_problems() -> Iterator[None]:
    """A mapping's error becomes the domain error that pages and commands show."""
    try:
        yield
    except MappingError as error:
        raise Invalid(said(error.sentence), field="mapping") from error
