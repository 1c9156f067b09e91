"""Training of the reader of comments: from this installation's coded cases and from phrases that speak of a cause."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid
from loopcare.staff.models import User
from surveys.logic.causes.reader import Coded, train
from surveys.logic.causes.seed import NOTHING, SEED
from surveys.models import Cause, TextModel
from surveys.selectors.cause_texts import coded_cases, counts_as
from surveys.services.causes.keeping import keep_reader
from surveys.services.pickled import library_version

FOLDS_SEED = 1
"""Of folds and fitting: the same cases give the same card."""


def train_reader(*, now: datetime, by: User | None = None) -> TextModel:
    """Train on what agents and customers coded, on the keywords of causes and on the seed, and keep it.

    A merged cause teaches what it ended in, one out of use teaches nothing. Raises Invalid where fewer than two causes
    have a case or a keyword.
    """
    now_is = counts_as()
    cases = [Coded(comment, code) for comment, cause in coded_cases(now=now) if (code := now_is.get(cause))]
    try:
        fitted, card = train(cases, _phrases(now_is), nothing=NOTHING, seed=FOLDS_SEED)
    except ValueError as error:
        raise Invalid(
            _("There is too little to learn from: give keywords to two causes of the tree at least."), field="causes"
        ) from error
    return keep_reader(fitted=fitted, card={**card.plain(), "made_with": library_version()}, now=now, by=by)


def _phrases(now_is: dict[str, str]) -> dict[str, list[str]]:
    """Phrases that speak of each cause in use: the seed's and the tree's own keywords."""
    found = defaultdict[str, list[str]](list)
    keywords = dict(Cause.objects.values_list("code", "keywords"))
    for cause, code in sorted(now_is.items()):
        if code:
            found[code] += [*SEED.get(cause, ()), *keywords[cause]]
    return dict(found)
