"""Answers as news: what the stages above have not taken in yet."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from surveys.models import Answer
from surveys.models.questionnaires import NEWS

AT_ONCE = 10_000


def has_news() -> bool:
    """Whether an answer was given or changed since `take_answers` was last called; one look into a tiny index."""
    return Answer.objects.filter(NEWS).exists()


@transaction.atomic
def take_answers() -> list[tuple[int, int]]:
    """(invitation id, score) of the answers that are news, at most 10,000; each version of an answer is told once.

    Call it in the transaction that uses them: if that fails they stay news. Two callers at once share them out.
    """
    news = list(
        Answer.objects.select_for_update(skip_locked=True)
        .filter(NEWS)
        .order_by("pk")
        .values_list("pk", "invitation_id", "score")[:AT_ONCE]
    )
    Answer.objects.filter(pk__in=[pk for pk, _invitation, _score in news]).update(taken=F("score"))
    return [(invitation, score) for _pk, invitation, score in news]
