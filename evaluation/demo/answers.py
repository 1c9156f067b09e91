"""How the customers of the demo world answer the follow-up question: the truth that the evaluation looks for."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from statistics import NormalDist

from careplans.enums import Arm
from careplans.models import Campaign
from evaluation.demo.chance import chance
from evaluation.demo.people import Person, saying
from evaluation.demo.sayings import AFTERWARDS_BAD, AFTERWARDS_GOOD
from evaluation.demo.timeline import Timeline
from evaluation.models import FollowUp
from evaluation.services.panel import ask_due, enrol
from loopcare.contact.enums import Purpose
from loopcare.contact.outbox import send_due_messages
from surveys.models import Invitation
from surveys.services.sending import invite, record_answer
from surveys.services.setup import FOLLOW_UP

# Shares of the scores 1 to 5, in hundredths. Satisfied are 4 and 5: 64 of those drawn for care, 38 of the others, so
# the true effect is 26 points, by assigned arm. A smaller one would not show in a world of this size.
CARED = (6, 10, 20, 38, 26)
LEFT_ALONE = (16, 20, 26, 27, 11)

RESPONDS = {1: 0.78, 2: 0.76, 3: 0.75}
"""Share of those asked who answer, by wave; the same in every arm."""

STEADINESS = 0.7
"""Correlation of one person's answers between two waves, before they are cut into five steps."""


class Panel:
    """Asks a wave and lets it be answered over the twelve days after it."""

    def __init__(self, *, timeline: Timeline, people: dict[str, Person], seed: int) -> None:
        self._timeline = timeline
        self._people = people
        self._seed = seed

    def ask(self, now: datetime, *, campaign: Campaign, wave: int) -> None:
        """Everything that is due leaves; who will answer, answers later."""
        enrol(now=now)
        ask_due(now=now)
        send_due_messages(now=now)
        asked = FollowUp.objects.filter(member__campaign=campaign, wave=wave, invitation__isnull=False)
        rows = asked.order_by("pk").values_list("member__customer__reference", "member__arm", "invitation")
        for reference, arm, invitation in rows:
            rng = chance("answers", self._seed, campaign.name, reference, wave)
            if rng.random() < RESPONDS[wave]:
                days = min(rng.expovariate(1 / 2.2), 11.5)
                moment = (now + timedelta(days=days)).replace(hour=rng.randint(0, 14), minute=rng.randint(0, 59))
                step = partial(self._answer, person=self._people[reference], arm=arm, wave=wave, pk=invitation)
                self._timeline.at(max(moment, now + timedelta(minutes=20)), step)

    def _answer(self, now: datetime, *, person: Person, arm: str, wave: int, pk: int) -> None:
        score = self._score(person, arm, wave)
        rng = chance("words", self._seed, person.reference, wave)
        comment = ""
        if rng.random() < 0.3:
            comment = saying(rng, person, AFTERWARDS_GOOD if score > 3 else AFTERWARDS_BAD)
        record_answer(token=_token(pk, now), score=score, comment=comment, language=person.language, now=now)

    def _score(self, person: Person, arm: str, wave: int) -> int:
        """1 to 5: a person's own level and the month's mood, cut by the shares of the arm."""
        own = chance("level", self._seed, person.reference).gauss()
        mood = chance("mood", self._seed, person.reference, wave).gauss()
        level = 100 * NormalDist().cdf(STEADINESS**0.5 * own + (1 - STEADINESS) ** 0.5 * mood)
        shares = CARED if arm == Arm.CARE else LEFT_ALONE
        return 1 + sum(level > sum(shares[:n]) for n in range(1, 5))


def _token(pk: int, now: datetime) -> str:
    """The link's secret, which the mail carried and nothing has kept: asking with the same key gives it again."""
    invitation = Invitation.objects.get(pk=pk)
    _same, token = invite(
        customer_id=invitation.customer_id,
        questionnaire=FOLLOW_UP,
        purpose=Purpose.FOLLOW_UP,
        key=invitation.key,
        now=now,
    )
    return token
