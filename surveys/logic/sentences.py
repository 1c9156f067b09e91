"""Sentences for people from code that knows no translation: a msgid and what stands in its holes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


def gettext_noop(text: str) -> str:
    """Marks a msgid for the translators; whoever shows the sentence translates it."""
    return text


@dataclass(frozen=True, slots=True)
class Sentence:
    """What to tell a person. `msgid` carries %(named)s holes, `facts` fills them."""

    msgid: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.msgid % self.facts


class MappingError(ValueError):
    """A mapping that cannot be used: where it is wrong and how to mend it."""

    def __init__(self, msgid: str, **facts: object) -> None:
        self.sentence = Sentence(msgid, facts)
        super().__init__(str(self.sentence))
