"""A reader of comments: which cause a text names, how sure that is, and from which sureness on it may be believed.

Character n-grams serve Chinese and English alike; words of Latin letters are added. A linear model over both is
trained on this installation's coded cases and on a seed of phrases. Its probabilities are not believed for being high:
out of fold, each cause gets the lowest confidence at which four in five of its guesses were right. Below it the cause
stays unknown.
"""

from __future__ import annotations

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
UNMEASURED = 0.5
"""Confidence that is asked for where precision is not measured yet."""
LEAST_JUDGED = 20
"""Guesses of a cause from which its precision counts as measured."""
FOLDS = 5
SEED_WEIGHT = 0.5
TERMS_SHOWN = 8

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Coded:
    """A comment whose cause somebody named: the case's agent, or the customer by a choice."""

    comment: str
    cause: str


@dataclass(frozen=True, slots=True)
class CauseCard:
    """How well one cause is read: coded examples, the confidence asked for, and precision there (None: not measured).

    `found` is the share of its coded examples that were found at that confidence (recall).
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
    """`coverage`: of coded comments, the share that got a cause out of fold; `precision` of those that were right."""

    coded: int
    phrases: int
    coverage: float | None
    precision: float | None
    causes: tuple[CauseCard, ...] = field(default=())

    def plain(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Guess:
    """The best guess for one text, its probability, and whether it may be believed."""

    cause: str
    confidence: float
    accepted: bool


def train(coded: Iterable[Coded], phrases: Mapping[str, Sequence[str]], *, seed: int) -> tuple[Any, ReaderCard]:
    """A fitted reader and its card, from coded comments and from phrases that speak of a cause.

    A comment that says nothing teaches nothing. Raises ValueError where fewer than two causes have examples.
    """
    real = [(text, each.cause) for each in coded if (text := normalised(each.comment))]
    taught = [(text, cause) for cause in sorted(phrases) for phrase in phrases[cause] if (text := normalised(phrase))]
    if len({cause for _text, cause in [*real, *taught]}) < 2:
        raise ValueError("A reader needs examples of two causes at least.")
    fitted = _fitted([*real, *taught], [1.0] * len(real) + [SEED_WEIGHT] * len(taught), seed)
    probabilities, causes = _out_of_fold(real, taught, seed)
    card = _card(real, len(taught), probabilities, causes, fitted)
    return fitted, card


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
            confidence >= thresholds.get(cause, UNMEASURED),
        )
        if texts[row] and known[row]
        else None
        for row, place in enumerate(best)
    ]


def _fitted(examples: Sequence[tuple[str, str]], weights: Sequence[float], seed: int) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - heavy, and only workers read
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import FeatureUnion, Pipeline  # noqa: PLC0415

    grams = TfidfVectorizer(analyzer="char", ngram_range=(2, 4), sublinear_tf=True)
    latin_word = r"[a-z][a-z0-9]+"
    words = TfidfVectorizer(token_pattern=latin_word, ngram_range=(1, 2), sublinear_tf=True)
    # A seed in Chinese alone has no Latin words, and a vocabulary must have one.
    latin = any(any("a" <= letter <= "z" for letter in text) for text, _cause in examples)
    union = FeatureUnion([("grams", grams), ("words", words)] if latin else [("grams", grams)])
    model = LogisticRegression(C=20.0, class_weight="balanced", max_iter=500, random_state=seed)
    pipeline = Pipeline([("features", union), ("model", model)])
    texts, causes = [text for text, _cause in examples], [cause for _text, cause in examples]
    return pipeline.fit(texts, causes, model__sample_weight=np.array(weights))


def _out_of_fold(
    real: Sequence[tuple[str, str]], taught: Sequence[tuple[str, str]], seed: int
) -> tuple[Floats, list[str]]:
    """Each coded comment's probabilities by readers that had not seen it, by cause; empty where too few are coded."""
    from sklearn.model_selection import KFold  # noqa: PLC0415

    causes = sorted({cause for _text, cause in [*real, *taught]})
    found = np.zeros((len(real), len(causes)))
    if len(real) < FOLDS * 4:
        return found[:0], causes
    for learning, judged in KFold(FOLDS, shuffle=True, random_state=seed).split(real):
        examples = [real[row] for row in learning] + list(taught)
        if len({cause for _text, cause in examples}) < 2:
            return found[:0], causes
        fitted = _fitted(examples, [1.0] * len(learning) + [SEED_WEIGHT] * len(taught), seed)
        places = [causes.index(str(cause)) for cause in fitted[-1].classes_]
        found[np.ix_(judged, places)] = fitted.predict_proba([real[row][0] for row in judged])
    return found, causes


def _card(
    real: Sequence[tuple[str, str]], phrases: int, probabilities: Floats, causes: Sequence[str], fitted: Any
) -> ReaderCard:
    counts = Counter(cause for _text, cause in real)
    measured = len(probabilities) > 0
    truth = np.array([causes.index(cause) for _text, cause in real]) if measured else np.empty(0, dtype=int)
    best = probabilities.argmax(axis=1) if measured else truth
    sureness = probabilities.max(axis=1) if measured else np.empty(0)
    terms = _terms(fitted)
    cards, given, right = [], 0, 0
    for place, cause in enumerate(causes):
        guessed = best == place
        threshold, hits = _threshold(sureness[guessed], (truth == best)[guessed])
        share = proportion(*hits) if hits[1] >= LEAST_JUDGED else Share(None, None, None, hits[1])
        given, right = given + hits[1], right + hits[0]
        found = hits[0] / counts[cause] if measured and counts[cause] else None
        told = terms.get(cause, ())
        cards.append(
            CauseCard(cause, counts[cause], threshold, share.share, share.low, share.high, hits[1], found, told)
        )
    return ReaderCard(
        coded=len(real),
        phrases=phrases,
        coverage=given / len(real) if measured else None,
        precision=right / given if given else None,
        causes=tuple(cards),
    )


def _threshold(sureness: Floats, right: NDArray[np.bool_]) -> tuple[float, tuple[int, int]]:
    """The lowest confidence whose guesses reach the target, and (right, all) of them there.

    A cause with too few guesses to tell keeps the default; one that never reaches the target is never believed.
    """
    order = np.argsort(-sureness, kind="stable")
    sureness, hits = sureness[order], np.cumsum(right[order])
    judged = np.arange(1, len(sureness) + 1)
    if len(sureness) < LEAST_JUDGED:
        taken = sureness >= UNMEASURED
        return UNMEASURED, (int(right[order][taken].sum()), int(taken.sum()))
    reaches = np.nonzero((hits / judged >= TARGET) & (judged >= LEAST_JUDGED))[0]
    if not len(reaches):
        return 1.01, (0, 0)
    last = int(reaches[-1])
    # Those equally sure are taken together.
    last = int(np.nonzero(sureness == sureness[last])[0][-1])
    return float(sureness[last]), (int(hits[last]), last + 1)


def _terms(fitted: Any) -> dict[str, tuple[str, ...]]:
    """By cause, the terms that speak most for it."""
    names = [str(name).partition("__")[2].strip() for name in fitted[:-1].get_feature_names_out()]
    model = fitted[-1]
    weights = model.coef_ if len(model.classes_) > 2 else np.vstack([-model.coef_[0], model.coef_[0]])
    told = {}
    for cause, row in zip(model.classes_, weights, strict=True):
        best = dict.fromkeys(names[place] for place in np.argsort(-row)[: 4 * TERMS_SHOWN] if row[place] > 0)
        told[str(cause)] = tuple(term for term in best if len(term) > 1)[:TERMS_SHOWN]
    return told
