"""What an installation begins with."""

from __future__ import annotations

from decimal import Decimal

import pytest

from surveys import tasks
from surveys.models import Cause, Questionnaire, Source
from surveys.services.setup import ensure_basics


@pytest.mark.django_db
def test_basics_are_made_once_and_edits_are_kept() -> None:
    ensure_basics()
    Source.objects.filter(code="hotline").update(name="Our hotline", adequate=50)
    Cause.objects.filter(code="other").update(name_en="Something else")
    counts = (Source.objects.count(), Questionnaire.objects.count(), Cause.objects.count())
    ensure_basics()

    assert counts == (8, 1, 12)
    assert (Source.objects.count(), Questionnaire.objects.count(), Cause.objects.count()) == counts
    assert Source.objects.values_list("name", "adequate").get(code="hotline") == ("Our hotline", Decimal(50))
    assert Cause.objects.get(code="other").name == "Something else"


@pytest.mark.django_db
def test_follow_up_question_is_asked_in_both_languages() -> None:
    ensure_basics()
    question = Questionnaire.objects.get(code="follow-up")
    assert (question.question_en, question.question_zh) == (
        "How satisfied are you with our service now?",
        "您现在对我们的服务满意吗？",
    )
    assert (question.source.code, question.source.adequate) == ("follow-up", Decimal("62.5"))


@pytest.mark.django_db
def test_tasks_find_nothing_left_to_do() -> None:
    tasks.make_months()
    assert (tasks.make_months(), tasks.run_imports()) == (0, 0)
