"""Codes as paths, where merged ones ended, and what the few causes reach together."""

from __future__ import annotations

import json

import pytest

from surveys.logic.causes.pareto import from_figures, pareto, ranked, to_figures
from surveys.logic.causes.tree import destinations, is_below, is_code, level, parent, top, with_parents
from surveys.logic.metrics import Share, proportion


@pytest.mark.parametrize(
    ("code", "good"),
    [
        ("other", True),
        ("billing.refund", True),
        ("network.4g.slow-data", True),
        ("symptom.no_signal", True),
        ("a" * 60, True),
        ("a" * 61, False),
        ("", False),
        ("Billing", False),
        ("billing.", False),
        (".refund", False),
        ("billing..refund", False),
        ("billing refund", False),
        ("退款", False),
        ("billing\n", False),
    ],
)
def test_code_is_a_path_of_small_letters(code: str, good: bool) -> None:
    assert is_code(code) == good


def test_path_says_what_stands_above() -> None:
    assert [parent("a.b.c"), parent("a"), top("a.b.c"), top("a")] == ["a.b", "", "a", "a"]
    assert [level("a"), level("a.b.c")] == [0, 2]
    assert [is_below("a.b", "a"), is_below("a", "a"), is_below("ab.c", "a")] == [True, False, False]


def test_tree_is_told_depth_first_with_those_above() -> None:
    # A dash sorts before a dot: by letters alone b-c would stand between b and what is below it.
    assert with_parents(["b.c", "b-c", "a.x.y", "b"]) == ["a", "a.x", "a.x.y", "b", "b.c", "b-c"]


def test_merged_codes_end_where_the_last_merging_led() -> None:
    assert destinations({"a": "b", "b": "c", "x": "c"}) == {"a": "c", "b": "c", "x": "c"}
    assert destinations({}) == {}


@pytest.mark.parametrize("ring", [{"a": "a"}, {"a": "b", "b": "a"}, {"x": "a", "a": "b", "b": "a"}])
def test_merged_in_a_ring_is_refused(ring: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="merged into itself"):
        destinations(ring)


def test_pareto_counts_who_has_two_causes_once_in_what_is_reached() -> None:
    # Ten entries: 4 with a, 2 with a and b, 1 with b, 3 with none.
    counted = pareto({"b": 3, "a": 6}, first={"a": 6, "b": 1}, total=10, unknown=3)
    assert [(line.code, line.n, line.share, line.reached, line.reached_share.share) for line in counted.lines] == [
        ("a", 6, proportion(6, 10), 6, 0.6),
        ("b", 3, proportion(3, 10), 7, 0.7),
    ]
    assert (counted.unknown, counted.unknown_share, counted.known) == (3, proportion(3, 10), 7)


def test_share_has_wilsons_interval() -> None:
    """Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263 is 0.2553 to 0.3662."""
    (line,) = pareto({"a": 81}, first={"a": 81}, total=263, unknown=182).lines
    assert line.share.low == pytest.approx(0.2553, abs=5e-5)
    assert line.share.high == pytest.approx(0.3662, abs=5e-5)


def test_equally_many_stand_by_their_letters() -> None:
    assert ranked({"c": 1, "b": 2, "a": 1}) == ["b", "a", "c"]


def test_empty_pool_has_no_shares() -> None:
    counted = pareto({}, first={}, total=0, unknown=0)
    assert (counted.lines, counted.unknown_share) == ((), Share(None, None, None, 0))


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="are not 3"):
        pareto({"a": 1}, first={"a": 1}, total=3, unknown=1)


@pytest.mark.parametrize(
    "counted",
    [
        pareto({"b": 3, "a": 6}, first={"a": 6, "b": 1}, total=10, unknown=3),
        pareto({}, first={}, total=0, unknown=0),
        pareto({}, first={}, total=2, unknown=2),
    ],
)
def test_what_is_kept_reads_back_as_the_same(counted: object) -> None:
    assert from_figures(json.loads(json.dumps(to_figures(counted), allow_nan=False))) == counted  # type: ignore[arg-type]
