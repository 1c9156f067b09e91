"""Cells as a matrix: numbers with gaps, categories as codes with rare levels merged; the layout kept and read back."""

from __future__ import annotations

import json

import numpy as np

from surveys.logic.silent.spec import Feature
from surveys.logic.silent.table import (
    FIRST_LEVEL,
    MISSING,
    OTHER,
    Cells,
    codes_of,
    from_plain,
    layout_of,
    level_name,
    matrix_of,
    numbers_of,
    to_plain,
)

FEATURES = (Feature("Drops", "counter"), Feature("Net", "category"), Feature("Share", "number"))


def test_numbers_also_come_as_text_and_everything_else_is_a_gap() -> None:
    found = numbers_of([1, 2.5, "3", " 4 ", "", None, "n/a", "#DIV/0!", float("nan"), float("inf")])
    np.testing.assert_array_equal(found, [1, 2.5, 3, 4, *[np.nan] * 6])


def test_rare_levels_are_one_and_missing_is_another() -> None:
    cells = ["4G"] * 60 + ["5G"] * 50 + ["2G"] * 49 + [None] * 3
    layout = layout_of([Feature("Net", "category")], {"Net": cells})

    assert layout.levels["Net"] == ("4G", "5G")
    codes = codes_of(["5G", "2G", None, "6G", "4G"], layout.levels["Net"])
    assert list(codes) == [FIRST_LEVEL + 1, OTHER, MISSING, OTHER, FIRST_LEVEL]
    assert [level_name(layout, 0, code) for code in (OTHER, MISSING, FIRST_LEVEL)] == ["*", "", "4G"]
    assert layout.codes(0) == 4


def test_matrix_has_a_column_for_each_feature_in_order() -> None:
    columns: dict[str, Cells] = {"Drops": [0, None] * 30, "Net": ["4G"] * 60, "Share": ["0.5", 1] * 30}
    layout = layout_of(FEATURES, columns)

    found = matrix_of(layout, columns)

    assert found.shape == (60, 3)
    np.testing.assert_array_equal(found[:2], [[0, FIRST_LEVEL, 0.5], [np.nan, FIRST_LEVEL, 1]])
    assert (layout.of("counter"), layout.of("category"), layout.of("number")) == ([0], [1], [2])


def test_layout_is_kept_as_plain_values_and_read_back() -> None:
    layout = layout_of(FEATURES, {"Drops": [], "Net": ["4G"] * 60, "Share": []})

    assert from_plain(json.loads(json.dumps(to_plain(layout)))) == layout
    assert layout.without(["Net"]).features == (FEATURES[0], FEATURES[2])
    assert layout.without(["Net"]).levels == {}
