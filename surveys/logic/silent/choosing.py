"""Whom to enter and whom to ask, in one pass over a stream of scores, in memory that depends on neither's length.

The threshold follows from how many can be called: the score of the last who fits. Customers with equal scores take
their chance. A sample is kept of each band, so large that any division among bands can be cut from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from surveys.logic.silent.table import Floats, Truths

References = NDArray[np.object_]


@dataclass
class _Best:
    """The `most` rows with the highest keys, each a reference with its score."""

    most: int
    keys: Floats = field(default_factory=lambda: np.empty(0))
    chance: Floats = field(default_factory=lambda: np.empty(0))
    scores: Floats = field(default_factory=lambda: np.empty(0))
    references: References = field(default_factory=lambda: np.empty(0, dtype=object))

    def feed(self, keys: Floats, chance: Floats, scores: Floats, references: References) -> None:
        if not self.most:
            return
        if len(self.keys) >= self.most:
            worth = keys >= self.keys.min()
            keys, chance, scores, references = keys[worth], chance[worth], scores[worth], references[worth]
        self.keys, self.chance = np.r_[self.keys, keys], np.r_[self.chance, chance]
        self.scores, self.references = np.r_[self.scores, scores], np.r_[self.references, references]
        if len(self.keys) > self.most:
            best = np.lexsort((self.chance, self.keys))[::-1][: self.most]
            self.keys, self.chance = self.keys[best], self.chance[best]
            self.scores, self.references = self.scores[best], self.references[best]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One customer of an audit sample; `chance` is the probability with which their band's customers were drawn."""

    reference: str
    score: float
    band: int
    chance: float


class Chooser:
    """Feed it batches; then ask for `entered` and `sample`.

    `capacity` customers are entered at most, none whose score lies below `floor`; `borders` divide the bands of an
    audit of `asked` customers. The same rows in the same order with the same seed choose the same.
    """

    def __init__(self, *, capacity: int, floor: float, borders: Sequence[float], asked: int, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._borders, self._floor, self._asked = np.asarray(borders), floor, asked
        self._top = _Best(capacity)
        self._bands = [_Best(asked) for _ in range(len(borders) + 1)]
        self.sizes = [0] * (len(borders) + 1)
        self._sums = [0.0] * (len(borders) + 1)

    def feed(self, references: References, scores: Floats, may_enter: Truths) -> None:
        """A batch of silent customers; those not in `may_enter` are counted and may be asked, but not entered."""
        chance = self._random.random((len(scores), 2)).T  # the same however the rows are cut into batches
        enter = may_enter & (scores >= self._floor)
        self._top.feed(scores[enter], chance[0][enter], scores[enter], references[enter])
        bands = np.searchsorted(self._borders, scores, side="right")
        for band, kept in enumerate(self._bands):
            here = bands == band
            self.sizes[band] += int(here.sum())
            self._sums[band] += float(scores[here].sum())
            kept.feed(chance[1][here], chance[0][here], scores[here], references[here])

    @property
    def expected(self) -> list[float]:
        """The predicted share dissatisfied, by band."""
        return [total / size if size else 0.0 for total, size in zip(self._sums, self.sizes, strict=True)]

    def entered(self) -> list[tuple[str, float]]:
        """(reference, score) of those who fit the capacity, the highest score first."""
        order = np.lexsort((self._top.chance, self._top.scores))[::-1]
        return [(str(self._top.references[place]), float(self._top.scores[place])) for place in order]

    @property
    def threshold(self) -> float | None:
        """The lowest score that was entered; None where nobody was."""
        return float(self._top.scores.min()) if len(self._top.scores) else None

    def sample(self, by_band: Sequence[int]) -> list[Drawn]:
        """`by_band` customers of each band, at random, and in random order: whoever asks them from the first to the
        last, and stops, has asked all bands. At most as many as were asked for altogether."""
        drawn = []
        for band, (kept, n) in enumerate(zip(self._bands, by_band, strict=True)):
            if n > min(self._asked, self.sizes[band]):
                raise ValueError("More customers than the band keeps.")
            order = np.argsort(-kept.keys, kind="stable")[:n]
            drawn += [
                Drawn(str(kept.references[place]), float(kept.scores[place]), band, n / self.sizes[band])
                for place in order
            ]
        return [drawn[place] for place in self._random.permutation(len(drawn))]
