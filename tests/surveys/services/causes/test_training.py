"""What a reader of comments learns from, and how it is kept."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from pytest_django import Settings

from loopcare.common.errors import Conflict
from loopcare.staff.enums import Role
from surveys.logic.causes.seed import SEED
from surveys.models import Cause, CauseChange, TextModel
from surveys.selectors.cause_texts import coded_cases, counts_as, latest_reader
from surveys.services.causes.keeping import keep_reader, load_reader
from surveys.services.causes.training import train_reader
from surveys.services.pickled import library_version
from surveys.services.setup import ensure_basics
from tests.factories import make_user
from tests.surveys.comments import heard, say
from tests.surveys.intruder import Intruder
from tests.threads import PATIENCE, Threads, someone_waits, wait_until

pytestmark = pytest.mark.django_db

COVERAGE, VOICE, PRICE = "network.coverage", "network.voice", "product.price"


def cases(now: datetime) -> set[tuple[str, str]]:
    return set(coded_cases(now=now))


def test_reader_of_an_untouched_installation_comes_from_the_seed(now: datetime) -> None:
    ensure_basics()
    model = train_reader(now=now)
    assert (model.version, model.tree_version, model.trained_by) == (1, 0, None)
    assert (model.card["coded"], model.card["coverage"], model.card["made_with"]) == (0, None, library_version())
    assert [cause["cause"] for cause in model.card["causes"]] == sorted(SEED)
    assert {cause["precision"] for cause in model.card["causes"]} == {None}


def test_each_training_is_the_next_version_with_the_tree_it_saw(now: datetime) -> None:
    ensure_basics()
    by = make_user(Role.ANALYST)
    train_reader(now=now)
    cause = Cause.objects.get(code=PRICE)
    CauseChange.objects.create(version=7, act="changed", cause=cause, by=by, at=now)

    model = train_reader(now=now, by=by)

    assert (model.version, model.tree_version, model.trained_by) == (2, 7, by)
    latest = latest_reader()
    assert latest is not None
    assert latest.pk == model.pk


def test_learns_from_agents_and_from_customers_who_chose_one_cause(now: datetime) -> None:
    say(("A", "one"), now=now, causes=[COVERAGE])
    say(("B", "two"), now=now, causes=[COVERAGE, VOICE])
    say(("C", "three"), ("D", "four"), ("E", ""), now=now)
    heard("C", PRICE, at=now)
    heard("D", PRICE, at=now)
    heard("D", VOICE, at=now)
    heard("E", VOICE, at=now)
    assert cases(now) == {("one", COVERAGE), ("three", PRICE)}


def test_agent_outranks_what_the_customer_chose_and_no_comment_counts_twice(now: datetime) -> None:
    say(("A", "one"), now=now, causes=[COVERAGE])
    heard("A", PRICE, at=now)
    assert coded_cases(now=now) == [("one", PRICE)]


def test_cases_older_than_a_year_are_not_learned_from(now: datetime) -> None:
    say(("A", "one"), now=now - timedelta(days=366), causes=[COVERAGE])
    assert cases(now) == set()
    assert cases(now - timedelta(days=1)) == {("one", COVERAGE)}


def test_merged_causes_teach_what_they_ended_in_and_those_out_of_use_nothing(now: datetime) -> None:
    say(*[(f"A{n}", f"no signal {n}") for n in range(30)], now=now, causes=[COVERAGE])
    say(*[(f"B{n}", f"dropped {n}") for n in range(30)], now=now, causes=[VOICE])
    network = Cause.objects.create(code="network", name_en="Network")
    top = Cause.objects.create(code="top", name_en="Top")
    Cause.objects.filter(pk=network.pk).update(merged_into=top, retired_at=now)
    Cause.objects.filter(code=COVERAGE).update(merged_into=network, retired_at=now)
    Cause.objects.filter(code=VOICE).update(retired_at=now)

    assert {code: end for code, end in counts_as().items() if code != end} == {
        "network": "top",
        COVERAGE: "top",
        VOICE: "",
    }
    causes = {cause["cause"]: cause["n"] for cause in train_reader(now=now).card["causes"]}
    assert (causes["top"], COVERAGE in causes, VOICE in causes) == (30, False, False)


def test_keywords_of_the_tree_teach_a_cause_of_ones_own(now: datetime) -> None:
    ensure_basics()
    Cause.objects.create(code="device", name_en="Device", keywords=["手机发烫", "battery"])
    model = train_reader(now=now)
    terms = {cause["cause"]: cause["terms"] for cause in model.card["causes"]}
    assert "battery" in terms["device"]


def test_bytes_that_this_installation_did_not_sign_are_never_unpickled(now: datetime) -> None:
    ensure_basics()
    model = train_reader(now=now)
    TextModel.objects.update(fitted=pickle.dumps(Intruder()))
    with pytest.raises(Conflict, match="Reader of comments 1 was changed"):
        load_reader(TextModel.objects.get(pk=model.pk))
    assert not Intruder.ran


def test_bytes_of_another_version_do_not_fit(now: datetime) -> None:
    ensure_basics()
    first, second = train_reader(now=now), train_reader(now=now)
    TextModel.objects.filter(pk=second.pk).update(fitted=first.fitted, signature=first.signature)
    with pytest.raises(Conflict, match="was changed"):
        load_reader(TextModel.objects.get(pk=second.pk))


def test_another_installation_or_another_library_cannot_load_it(now: datetime, settings: Settings) -> None:
    ensure_basics()
    model = train_reader(now=now)
    model.card["made_with"] = "0.1.0"
    with pytest.raises(Conflict, match=r"scikit-learn 0\.1\.0"):
        load_reader(model)
    settings.SECRET_KEY = "another installation's key"
    with pytest.raises(Conflict, match="key was"):
        load_reader(model)


def test_two_readers_kept_at_once_get_two_numbers(now: datetime, transactional_db: None) -> None:
    ensure_basics()
    with Threads(1) as threads:
        with transaction.atomic():
            first = keep_reader(fitted="one", card={}, now=now)
            second = threads.start(lambda: keep_reader(fitted="two", card={}, now=now))
            wait_until(someone_waits)
        assert (first.version, second.result(PATIENCE).version) == (1, 2)
