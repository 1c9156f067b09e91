"""No cell of a rejects file is a formula."""

from __future__ import annotations

import pytest

from surveys.services.rejects import harmless


@pytest.mark.parametrize(
    ("text", "shown"),
    [("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("+cmd|x", "'+cmd|x"), ("\t=1", "'\t=1"), ("-x", "'-x")],
)
def test_formula_is_disarmed(text: str, shown: str) -> None:
    assert harmless(text) == shown


@pytest.mark.parametrize("text", ["-1", "+3.5", "", "loud", "a=b"])
def test_other_text_stays(text: str) -> None:
    assert harmless(text) == text
