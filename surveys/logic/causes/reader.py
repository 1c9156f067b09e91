"""A reader of comments: which cause a text names, how sure that is, and from which sureness on it may be believed.

Character n-grams serve Chinese and English alike; words of Latin letters are added. A logistic regression over both,
each cause against the rest, is trained on this installation's coded cases and on a seed of phrases, with one class more
for what names no cause. Its probabilities are not believed for being high: out of fold, each cause gets the lowest
confidence at which four in five of its guesses were right. Below it the cause stays unknown. What the card tells of
each fold was measured at the confidence that the other folds asked for: a level is not judged by what it was chosen on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surveys.logic.causes.texts import normalised
from surveys.logic.metrics import Share, proportion

TARGET = 0.8
"""Precision that a cause's guesses must reach."""
EVEN = 0.5
"""Confidence that is asked for at least, and where precision is not measured yet: more likely than not. Coded cases all
name a cause of the tree, so what they say of a low confidence does not hold for comments on something new."""
LEAST_JUDGED = 20
"""Guesses of a cause, of even confidence or more, from which its precision counts as measured."""
NEVER = 1.01
"""Confidence that nothing reaches: the cause's guesses are not right often enough, however sure they are."""
FOLDS = 5
SEED_WEIGHT = 0.5
INVERSE_PENALTY = 30.0
"""Inverse of the penalty on the weights, for each example: C of a logistic regression."""
MOST_FEATURES = 50_000
LEARNT_FROM = 400
"""Characters of a comment that are learned from: 5,000 of the longest comments would not fit into memory."""
TERMS_SHOWN = 8
NO_CAUSE = ""
"""The class of what names no cause."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Coded:
    """A comment whose cause somebody named: the case's agent, or the customer by a choice."""

    comment: str
    cause: str


@dataclass(frozen=True, slots=True)
class CauseCard:
    """How well one cause is read: coded examples, the confidence asked for, and precision (None: not measured).

    `judged` is how many guesses the precision was measured on, `found` the share of its coded examples that were found
    (recall). Guesses that a card judges were made, and believed, without a look at the case they are judged by.
    """

    cause: str
    n: int
    threshold: float
    precision: float | None
    low: float | None
    high: float | None
    judged: int
    found: float | None
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReaderCard:
    """`given`: of coded comments, how many got a cause out of fold; `right`, how many of these the right one."""

    coded: int
    phrases: int
    given: int
    right: int
    coverage: float | None
    precision: float | None
    causes: tuple[CauseCard, ...] = field(default=())

    def plain(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Guess:
    """The best guess for one text ("" for none of the causes), its probability, and whether it may be believed."""

    cause: str
    confidence: float
    accepted: bool


def train(
    coded: Iterable[Coded], phrases: Mapping[str, Sequence[str]], *, nothing: Sequence[str] = (), seed: int
) -> tuple[Any, ReaderCard]:
    """A fitted reader and its card, from coded comments, phrases that speak of a cause, and some that speak of none.

    A comment that says nothing teaches nothing. Raises ValueError where fewer than two causes have examples.
    """
    real = [(text, each.cause) for each in coded if (text := normalised(each.comment)[:LEARNT_FROM])]
    phrases = {**phrases, NO_CAUSE: nothing}
    taught = [(text, cause) for cause in sorted(phrases) for phrase in phrases[cause] if (text := normalised(phrase))]
    if len({cause for _text, cause in [*real, *taught]} - {NO_CAUSE}) < 2:
        raise ValueError("A reader needs examples of two causes at least.")
    fitted = _fitted([*real, *taught], [1.0] * len(real) + [SEED_WEIGHT] * len(taught), seed)
    return fitted, _card(real, len(taught), _out_of_fold(real, taught, seed), fitted)


def read(fitted: Any, thresholds: Mapping[str, float], comments: Sequence[str]) -> list[Guess | None]:
    """The best guess for each comment; None for one that says nothing or holds nothing the reader knows."""
    texts = [normalised(comment) for comment in comments]
    if not texts:
        return []
    vectors = fitted[:-1].transform(texts)
    known = np.asarray(vectors.getnnz(axis=1)) > 0
    probabilities = fitted[-1].predict_proba(vectors)
    best = probabilities.argmax(axis=1)
    causes = [str(cause) for cause in fitted[-1].classes_]
    return [
        Guess(
            cause := causes[place],
            confidence := float(probabilities[row, place]),
            cause != NO_CAUSE and confidence >= thresholds.get(cause, EVEN),
        )
        if texts[row] and known[row]
        else None
        for row, place in enumerate(best)
    ]


def _fitted(examples: Sequence[tuple[str, str]], weights: Sequence[float], seed: int) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - heavy, and only workers read
    from sklearn.linear_model import SGDClassifier  # noqa: PLC0415
    from sklearn.pipeline import FeatureUnion, Pipeline  # noqa: PLC0415

    grams = TfidfVectorizer(analyzer="char", ngram_range=(2, 4), sublinear_tf=True, max_features=MOST_FEATURES)
    latin_word = r"[a-z][a-z0-9]+"
    words = TfidfVectorizer(token_pattern=latin_word, ngram_range=(1, 2), sublinear_tf=True, max_features=MOST_FEATURES)
    # A seed in Chinese alone has no Latin words, and a vocabulary must have one.
    latin = any(re.search(latin_word, text) for text, _cause in examples)
    union = FeatureUnion([("grams", grams), ("words", words)] if latin else [("grams", grams)])
    # Logistic regression by stochastic gradient: a tenth of the time of an exact solver, and as right.
    penalty = 1 / (INVERSE_PENALTY * len(examples))
    model = SGDClassifier(loss="log_loss", alpha=penalty, class_weight="balanced", random_state=seed)
    pipeline = Pipeline([("features", union), ("model", model)])
    texts, causes = [text for text, _cause in examples], [cause for _text, cause in examples]
    return pipeline.fit(texts, causes, model__sample_weight=np.array(weights))


@dataclass(frozen=True, slots=True)
class _Judged:
    """Coded comments read by readers that had not seen them: truth and best guess (places in `causes`), the guess's
    probability, and the fold; empty where too few are coded."""

    causes: list[str]
    truth: NDArray[np.intp]
    best: NDArray[np.intp]
    sureness: Floats
    fold: NDArray[np.intp]


def _out_of_fold(real: Sequence[tuple[str, str]], taught: Sequence[tuple[str, str]], seed: int) -> _Judged:
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415

    causes = sorted({cause for _text, cause in [*real, *taught]})
    truth = np.array([causes.index(cause) for _text, cause in real], dtype=np.intp)
    if len(real) < FOLDS * 4:
        nobody = truth[:0]
        return _Judged(causes, nobody, nobody, np.empty(0), nobody)
    found, fold = np.zeros((len(real), len(causes))), np.zeros(len(real), dtype=np.intp)
    splits = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(truth, _strata(truth))
    for number, (learning, judged) in enumerate(splits):
        examples = [real[row] for row in learning] + list(taught)
        fitted = _fitted(examples, [1.0] * len(learning) + [SEED_WEIGHT] * len(taught), seed)
        places = [causes.index(str(cause)) for cause in fitted[-1].classes_]
        found[np.ix_(judged, places)] = fitted.predict_proba([real[row][0] for row in judged])
        fold[judged] = number
    return _Judged(causes, truth, found.argmax(axis=1), found.max(axis=1), fold)


def _strata(truth: NDArray[np.intp]) -> NDArray[np.intp]:
    """What is spread evenly over the folds: causes; those too rare to be in each of them go with the most frequent."""
    counts = np.bincount(truth)
    return np.where(counts[truth] < FOLDS, counts.argmax(), truth)


def _card(real: Sequence[tuple[str, str]], phrases: int, judged: _Judged, fitted: Any) -> ReaderCard:
    counts = Counter(cause for _text, cause in real)
    terms = _terms(fitted)
    cards, given, right = [], 0, 0
    for place, cause in enumerate(judged.causes):
        if cause == NO_CAUSE:
            continue
        mine = judged.best == place
        sureness, hits, fold = judged.sureness[mine], (judged.truth == place)[mine], judged.fold[mine]
        threshold = _threshold(sureness, hits)
        believed = np.zeros(len(hits), dtype=np.bool_)
        for number in range(FOLDS if threshold < NEVER else 0):
            others = fold != number
            believed |= ~others & (sureness >= _threshold(sureness[others], hits[others]))
        n, good = int(believed.sum()), int(hits[believed].sum())
        share = proportion(good, n) if n >= LEAST_JUDGED else Share(None, None, None, n)
        given, right = given + n, right + good
        found = good / counts[cause] if len(judged.truth) and counts[cause] else None
        told = terms.get(cause, ())
        cards.append(CauseCard(cause, counts[cause], threshold, share.share, share.low, share.high, n, found, told))
    return ReaderCard(
        coded=len(real),
        phrases=phrases,
        given=given,
        right=right,
        coverage=given / len(real) if len(judged.truth) else None,
        precision=right / given if given else None,
        causes=tuple(cards),
    )


def _threshold(sureness: Floats, right: NDArray[np.bool_]) -> float:
    """The lowest confidence, even at least, from which on the guesses reach the target.

    A cause with too few guesses to tell keeps the default; one that never reaches the target is never believed.
    """
    if int((sureness >= EVEN).sum()) < LEAST_JUDGED:
        return EVEN
    order = np.argsort(-sureness, kind="stable")
    sureness, hits = sureness[order], np.cumsum(right[order])
    judged = np.arange(1, len(sureness) + 1)
    # Those equally sure are taken together.
    whole = np.append(sureness[1:] != sureness[:-1], True)
    reaches = whole & (hits / judged >= TARGET) & (judged >= LEAST_JUDGED) & (sureness >= EVEN)
    return float(sureness[np.nonzero(reaches)[0][-1]]) if reaches.any() else NEVER


def _terms(fitted: Any) -> dict[str, tuple[str, ...]]:
    """By cause, the terms that speak most for it; of terms that hold each other the strongest alone."""
    names = [str(name).partition("__")[2].strip() for name in fitted[:-1].get_feature_names_out()]
    model = fitted[-1]
    weights = model.coef_ if len(model.classes_) > 2 else np.vstack([-model.coef_[0], model.coef_[0]])
    told = {}
    for cause, row in zip(model.classes_, weights, strict=True):
        kept = list[str]()
        for place in np.argsort(-row)[: 20 * TERMS_SHOWN]:
            term = names[place]
            if row[place] > 0 and len(term) > 1 and not any(term in one or one in term for one in kept):
                kept.append(term)
        told[str(cause)] = tuple(kept[:TERMS_SHOWN])
    return told
