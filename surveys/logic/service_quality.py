"""The five dimensions of service quality (Parasuraman, Zeithaml & Berry 1988), and which rating speaks of which."""

from __future__ import annotations

QUALITIES = ("tangibles", "reliability", "responsiveness", "assurance", "empathy")

WORDS: dict[str, tuple[str, ...]] = {
    "tangibles": ("tangibles", "coverage", "shop", "app", "equipment", "device", "signal", "bill_layout"),
    "reliability": ("reliability", "stability", "speed", "clarity", "billing", "network", "promise", "accuracy"),
    "responsiveness": ("responsiveness", "waiting", "time", "repair", "resolution", "effort"),
    "assurance": ("assurance", "knowledge", "competence", "trust", "security", "privacy"),
    "empathy": ("empathy", "attitude", "courtesy", "understanding", "care", "fit"),
}
"""Words in a dimension's code that put it under a quality: an assumption, shown on the page."""


def quality_of(dimension: str) -> str | None:
    """The quality that a dimension's code speaks of, by its first part that is known; None for none."""
    parts = dimension.lower().replace("-", "_").replace(".", "_").split("_")
    for part in parts:
        for quality, words in WORDS.items():
            if part in words:
                return quality
    return None
