"""The weekly audit: drawn once a week at random from the silent, answered by later ratings, and what it says."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from surveys.logic.silent.audit import Band, estimate
from surveys.models import AuditMember, AuditSample, PoolEntry, ScoreRun
from surveys.selectors.silent import audits
from surveys.services.silent.audits import take_answers
from surveys.services.silent.scoring import score_file
from tests.surveys.factories import land_rows, row
from tests.surveys.silent_bases import in_use, rows, write

pytestmark = pytest.mark.django_db
N = 2_000


@pytest.fixture
def run(tmp_path: Path, now: datetime) -> ScoreRun:
    found = [(one[0], *one[2:5]) for one in rows(N, seed=9)]
    path = write(tmp_path / "customers.csv", found, header=("customer", "drops", "load", "net"))
    return score_file(model=in_use(now=now), path=path, capacity=20, asked=200, now=now)


def answer(reference: str, score: float, now: datetime) -> None:
    land_rows(row(reference, score, on=now.date()), now=now)


def named(member: AuditMember) -> str:
    return member.customer.reference if member.customer is not None else member.reference


def test_a_sample_of_all_bands_is_kept_with_the_chance_of_each(run: ScoreRun, now: datetime) -> None:
    sample = AuditSample.objects.get()

    sizes = [size for size, _expected in sample.bands]
    members = list(sample.members.all())
    assert (sample.run, sample.week, sample.drawn_on) == (run, now.date() - timedelta(days=0), now.date())
    assert now.date().weekday() == 0
    assert (sum(sizes), len(sizes), len(members)) == (N, 4, 200)
    drawn = [sum(member.band == band for member in members) for band in range(4)]
    assert min(drawn) >= 10
    for member in members:
        assert member.chance == pytest.approx(drawn[member.band] / sizes[member.band])
    assert len({named(member) for member in members}) == 200


def test_inverse_chances_add_up_to_the_silent(run: ScoreRun) -> None:
    """Horvitz–Thompson: the weights of the drawn sum to the population."""
    assert sum(1 / chance for chance in AuditMember.objects.values_list("chance", flat=True)) == pytest.approx(N)


def test_once_a_week(run: ScoreRun, tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "customers.csv"
    model = run.model
    score_file(model=model, path=path, capacity=20, asked=200, now=now + timedelta(days=2))
    assert AuditSample.objects.count() == 1

    score_file(model=model, path=path, capacity=20, asked=200, now=now + timedelta(days=7))
    assert [sample.week for sample in AuditSample.objects.order_by("week")] == [
        now.date(),
        now.date() + timedelta(days=7),
    ]


def test_the_database_itself_refuses_a_second_sample_of_a_week(run: ScoreRun, now: datetime) -> None:
    sample = AuditSample.objects.get()
    other = ScoreRun.objects.create(
        model=run.model, table="t", day=run.day, capacity=0, due_at=now, created_at=now, status="cancelled"
    )
    with pytest.raises(IntegrityError, match="audit_sample_once_a_week"), transaction.atomic():
        AuditSample.objects.create(model=run.model, run=other, week=sample.week, drawn_on=sample.week, bands=[])


def test_later_ratings_are_the_answers_and_only_the_first_counts(run: ScoreRun, now: datetime) -> None:
    members = list(AuditMember.objects.order_by("id")[:3])
    unhappy, happy, both = (named(member) for member in members)
    later = now + timedelta(days=3)
    answer(unhappy, 2, later)
    answer(happy, 9, later)
    answer(both, 9, later)
    answer(both, 1, later + timedelta(days=1))

    new = take_answers(now=later + timedelta(days=2))

    found = {named(one): (one.dissatisfied, one.answered_on) for one in AuditMember.objects.exclude(answered_on=None)}
    assert new == 3
    assert found == {
        unhappy: (True, later.date()),
        happy: (False, later.date()),
        both: (False, later.date()),
    }
    assert take_answers(now=later + timedelta(days=3)) == 0


def test_answers_of_the_day_itself_before_it_and_too_late_do_not_count(run: ScoreRun, now: datetime) -> None:
    before, same, late = (named(member) for member in AuditMember.objects.order_by("id")[:3])
    answer(before, 2, now - timedelta(days=1))
    answer(same, 2, now)
    answer(late, 2, now + timedelta(days=29))

    assert take_answers(now=now + timedelta(days=30)) == 0


def test_a_stranger_who_lands_later_is_known_by_their_row(run: ScoreRun, now: datetime) -> None:
    stranger = AuditMember.objects.filter(customer=None).first()
    assert stranger is not None
    reference = stranger.reference
    answer(reference, 2, now + timedelta(days=1))

    take_answers(now=now + timedelta(days=2))

    stranger.refresh_from_db()
    assert (stranger.reference, stranger.customer and stranger.customer.reference) == ("", reference)
    assert stranger.dissatisfied is True


def test_whoever_was_cared_for_first_says_how_good_the_care_was(run: ScoreRun, now: datetime) -> None:
    entry = PoolEntry.objects.first()
    assert entry is not None
    sample = AuditSample.objects.get()
    member, _made = AuditMember.objects.get_or_create(
        sample=sample, customer=entry.customer, defaults={"band": 0, "score": 0.5, "chance": 0.5}
    )
    entry.events.create(from_status="waiting", to_status="in_care", reason="", at=now + timedelta(days=1))
    answer(entry.customer.reference, 9, now + timedelta(days=3))

    take_answers(now=now + timedelta(days=4))

    member.refresh_from_db()
    assert member.answered_on is None


def test_what_it_says_is_the_estimate_of_its_bands(run: ScoreRun, now: datetime) -> None:
    members = list(AuditMember.objects.order_by("id"))
    later = now + timedelta(days=3)
    for number, member in enumerate(members[::2]):
        answer(named(member), 2 if number % 4 == 0 else 9, later)
    take_answers(now=later + timedelta(days=1))

    (audited,) = audits(AuditSample.objects.all())

    asked = [[one for one in AuditMember.objects.all() if one.band == band] for band in range(4)]
    bands = tuple(
        Band(
            size,
            len(mine),
            sum(one.answered_on is not None for one in mine),
            sum(bool(one.dissatisfied) for one in mine),
        )
        for (size, _expected), mine in zip(audited.sample.bands, asked, strict=True)
    )
    assert audited.bands == bands
    assert audited.pool == estimate(bands)
    assert (audited.pool.size, audited.pool.drawn, audited.pool.answered) == (N, 200, 100)
    assert audited.predicted == pytest.approx(sum(size * share for size, share in audited.sample.bands))
    assert audited.pool.low is not None
    assert audited.pool.high is not None
    assert 0 < audited.pool.least < audited.pool.low < audited.pool.high < audited.pool.most < N
