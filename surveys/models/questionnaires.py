"""Our own questions: what is asked, of whom, and what was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from loopcare.contact.enums import Purpose
from loopcare.staff.enums import Role
from surveys.enums import QuestionKind

if TYPE_CHECKING:
    from loopcare.staff.models import User


class Questionnaire(models.Model):
    """One question, worded in both languages, with the scale it is answered on."""

    code = models.CharField(_("code"), max_length=40, unique=True, db_collation="C")
    kind = models.CharField(max_length=8, choices=QuestionKind.choices, default=QuestionKind.CSAT)
    question_en = models.CharField(max_length=200)
    question_zh = models.CharField(max_length=200)
    source = models.ForeignKey("surveys.Source", models.PROTECT, related_name="+")

    objects = models.Manager()

    @property
    def question(self) -> str:
        chinese = (get_language() or "en").startswith("zh")
        return self.question_zh if chinese else self.question_en


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, user: User) -> InvitationQuerySet:
        return self.none() if user.role == Role.AGENT else self


class Invitation(models.Model):
    """One customer asked one questionnaire for one purpose. The link's token is kept only as its hash."""

    questionnaire = models.ForeignKey(Questionnaire, models.PROTECT, related_name="invitations")
    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="invitations")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    key = models.CharField(max_length=80, unique=True, db_collation="C")
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = InvitationQuerySet.as_manager()


NEWS = Q(taken=None) | Q(taken__lt=F("score")) | Q(taken__gt=F("score"))
"""Answers that were given or changed since the stages above looked last, in the words of their index."""


class Answer(models.Model):
    """What was answered; it can be changed for seven days and is then final. 1–5, five is best."""

    invitation = models.OneToOneField(Invitation, models.CASCADE, related_name="answer")
    score = models.PositiveSmallIntegerField()
    comment = models.TextField(blank=True, max_length=2000)
    language = models.CharField(max_length=10)
    answered_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True, blank=True)
    taken = models.PositiveSmallIntegerField(
        null=True, editable=False, help_text=_("the score that the stages above have taken in; another one is news")
    )

    objects = models.Manager()

    class Meta:
        constraints = [models.CheckConstraint(name="answer_on_the_scale", condition=Q(score__range=(1, 5)))]
        # The few answers that are news, looked for each second.
        indexes = [models.Index(fields=["id"], condition=NEWS, name="answer_news")]
