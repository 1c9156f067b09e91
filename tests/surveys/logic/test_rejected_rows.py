"""No cell of a rejects file is a formula, and every cell comes back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.logic.rejected_rows import ADDED, armed, as_before, harmless, is_rejects


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        *[("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("+cmd|x", "'+cmd|x"), ("\t=1", "'\t=1"), ("-x", "'-x")],
        *[("'=1+1", "''=1+1"), ("''-x", "'''-x")],
    ],
)
def test_formula_is_disarmed_and_armed_again(text: str, shown: str) -> None:
    assert harmless(text) == shown
    assert armed(shown) == text


@pytest.mark.parametrize("text", ["-1", "+3.5", "", "loud", "a=b", "'s-Gravenhage", "'", "''-1"])
def test_other_text_stays(text: str) -> None:
    assert harmless(text) == armed(text) == text


@given(st.text(alphabet="'=+-@\t\r1a .", max_size=8))
def test_no_text_is_lost_on_the_way_out_and_in(text: str) -> None:
    assert armed(harmless(text)) == text


def test_added_columns_are_known_by_their_names_and_left_out() -> None:
    assert is_rejects([*ADDED, "Id"])
    assert not is_rejects(["Id", *ADDED])
    assert as_before(["2", "Score", "'=1", "wrong", "7", "'=1", 3, None]) == ["7", "=1", 3, None]
