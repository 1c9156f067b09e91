"""Models as rows: versions, one in use, none of those that look at answers, and bytes that nobody may change."""

from __future__ import annotations

import pickle
from datetime import datetime

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from loopcare.common.errors import Conflict, NotFound
from surveys.enums import SilentStatus
from surveys.models import SilentModel, SilentModelEvent
from surveys.services.silent.keeping import find_model, load, put_in_use, retire
from tests.surveys.intruder import Intruder
from tests.surveys.silent_bases import in_use, kept, learned

pytestmark = pytest.mark.django_db


def test_each_training_is_the_next_version_and_a_draft(now: datetime) -> None:
    first, second = kept(now=now), kept(now=now)

    assert [(row.version, row.status) for row in (first, second)] == [(1, "draft"), (2, "draft")]
    assert second.card["n"] == 1500
    assert [(event.from_status, event.to_status) for event in SilentModelEvent.objects.all()] == [("", "draft")] * 2


def test_what_is_loaded_scores_as_what_was_kept(now: datetime) -> None:
    row = kept(now=now)
    matrix = np.array([[3.0, 0.5, 2.0]])

    again = load(SilentModel.objects.get(pk=row.pk))

    assert again.predict_proba(matrix)[0, 1] == learned().model.predict_proba(matrix)[0, 1]


def test_bytes_that_this_installation_did_not_sign_are_never_unpickled(now: datetime) -> None:
    row = kept(now=now)
    SilentModel.objects.filter(pk=row.pk).update(fitted=pickle.dumps(Intruder()))

    with pytest.raises(Conflict, match="was changed"):
        load(SilentModel.objects.get(pk=row.pk))
    assert not Intruder.ran


def test_bytes_of_another_version_do_not_fit(now: datetime) -> None:
    first, second = kept(now=now), kept(now=now)
    SilentModel.objects.filter(pk=second.pk).update(fitted=first.fitted, signature=first.signature)

    with pytest.raises(Conflict, match="was changed"):
        load(SilentModel.objects.get(pk=second.pk))


def test_another_installation_cannot_load_it(now: datetime, settings: Settings) -> None:
    row = kept(now=now)
    settings.SECRET_KEY = "another installation's key"

    with pytest.raises(Conflict, match="key was"):
        load(row)


def test_a_model_of_another_library_version_says_so(now: datetime) -> None:
    row = kept(now=now, card={"made_with": "0.1.0"})

    with pytest.raises(Conflict, match=r"scikit-learn 0\.1\.0"):
        load(row)


def test_one_is_in_use_and_the_one_before_is_retired_and_can_come_back(now: datetime) -> None:
    first, second = kept(now=now), kept(now=now)

    put_in_use(model=first, now=now)
    put_in_use(model=second, now=now)
    after = dict(SilentModel.objects.values_list("version", "status"))
    put_in_use(model=first, now=now)

    assert after == {1: SilentStatus.RETIRED, 2: SilentStatus.IN_USE}
    assert dict(SilentModel.objects.values_list("version", "status")) == {
        1: SilentStatus.IN_USE,
        2: SilentStatus.RETIRED,
    }
    assert find_model(name="calls").version == 1


def test_the_database_itself_lets_one_be_in_use(now: datetime) -> None:
    in_use(now=now)
    second = kept(now=now)

    with pytest.raises(IntegrityError, match="silent_model_one_in_use"), transaction.atomic():
        SilentModel.objects.filter(pk=second.pk).update(status=SilentStatus.IN_USE)


def test_a_model_that_looks_at_answers_is_not_for_silent_customers(now: datetime) -> None:
    row = kept(now=now, with_flags=True)
    assert not row.for_silent

    with pytest.raises(Conflict, match="looks at answers"):
        put_in_use(model=row, now=now)
    with pytest.raises(IntegrityError, match="silent_model_in_use_is_for_silent"), transaction.atomic():
        SilentModel.objects.filter(pk=row.pk).update(status=SilentStatus.IN_USE)


def test_retired_is_not_found_and_not_retired_twice(now: datetime) -> None:
    row = in_use(now=now)
    retire(model=row, now=now)

    with pytest.raises(NotFound, match="is in use"):
        find_model(name="calls")
    assert find_model(name="calls", version=1).status == SilentStatus.RETIRED
    with pytest.raises(NotFound, match="no model calls 9"):
        find_model(name="calls", version=9)
    with pytest.raises(Conflict):
        retire(model=row, now=now)
