"""Charts as values, and as rendered pages that stay well-formed and complete."""

import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from django.template.loader import render_to_string

from loopcare.common.charts.bars import BarChart, BarRow, bars
from loopcare.common.charts.forest import ForestChart, ForestRow, Interval, forest
from loopcare.common.charts.sparkline import Sparkline, sparkline

Chart = ForestChart | BarChart | Sparkline
EFFECTS = [
    ForestRow("Month 1 <b>", 4.9, 2.1, 7.7, 2610, 298),
    ForestRow("Month 3", 4.1, 1.8, 6.4, 2390, 272, primary=True),
    ForestRow("Repeat complaints", -2.2, -3.6, -0.8, 7410, 823, higher_is_better=False),
    ForestRow("Inquiries", 1.9, 0.3, 3.5, 7410, 823, higher_is_better=False),
    ForestRow("Retention", 0.4, -0.9, 1.7, 7410, 823),
    ForestRow("App", None, None, None, 12, 1),
]
CAUSES = [BarRow("Signal", 12), BarRow("Unknown", None), BarRow("Refund", 68), BarRow("Bill", 20)]


def a_forest(rows: Sequence[ForestRow] = EFFECTS, **more: Any) -> ForestChart:
    return forest(rows, name="effects", title="Effects", axis="points", **more)


def causes(**more: Any) -> BarChart:
    return bars(CAUSES, name="causes", title="Causes", axis="entries", **more)


def rendered(template: str, chart: Chart, **more: Any) -> Element:
    """The page's XML tree: HTML that is also well-formed XML, void elements not being used."""
    return ElementTree.fromstring(render_to_string(f"charts/{template}.html", {"chart": chart, **more}))


def part_of(tree: Element, path: str) -> Element:
    part = tree.find(path)
    assert part is not None
    return part


def table_of(tree: Element) -> list[list[str]]:
    return [["".join(cell.itertext()) for cell in row] for row in part_of(tree, ".//tbody")]


def test_forest_says_of_each_row_whether_it_is_better_worse_or_open() -> None:
    tones = [mark.interval and mark.interval.tone for mark in a_forest().marks]
    assert tones == ["good", "good", "good", "bad", "open", None]


def test_forest_places_effects_between_its_ticks() -> None:
    chart = a_forest()
    assert [(tick.text, tick.x) for tick in chart.ticks] == [
        ("−5", "4.00%"),
        ("0", "34.67%"),
        ("+5", "65.33%"),
        ("+10", "96.00%"),
    ]
    assert [tick.is_zero for tick in chart.ticks] == [False, True, False, False]
    assert chart.marks[1].interval == Interval("59.81%", "45.71%", "73.92%", "good")


def test_forest_without_a_known_effect_still_has_an_axis_with_zero() -> None:
    chart = a_forest(EFFECTS[-1:])
    assert [tick.text for tick in chart.ticks if tick.is_zero] == ["0.0"]
    assert chart.marks[0].effect == "?"


def test_forest_page_shows_every_number_in_its_table() -> None:
    table = table_of(rendered("forest", a_forest()))
    assert table[0] == ["Month 1 <b>", "+4.9", "+2.1", "+7.7", "2,610", "298"]
    assert table[-1] == ["App", "?", "?", "?", "12", "1"]
    assert len(table) == len(EFFECTS)


@pytest.mark.parametrize(
    ("template", "chart"),
    [
        ("forest", a_forest()),
        ("bars", causes()),
        ("sparkline", sparkline([1, None, 3], ["a", "b", "c"], name="line", title="Line")),
    ],
)
def test_chart_has_a_name_a_description_and_no_inline_style(template: str, chart: Chart) -> None:
    tree = rendered(template, chart)
    image = part_of(tree, ".//svg[@role='img']")
    named = {element.get("id") for element in image if element.tag in ("title", "desc")}
    assert set(image.attrib["aria-labelledby"].split()) == named
    assert all("".join(element.itertext()).strip() for element in image if element.tag in ("title", "desc"))
    assert not any("style" in element.attrib for element in tree.iter())


@pytest.mark.parametrize(
    ("template", "chart"), [("forest", a_forest([])), ("bars", bars([], name="b", title="B", axis=""))]
)
def test_empty_chart_says_so(template: str, chart: Chart) -> None:
    tree = rendered(template, chart)
    assert tree.find(".//svg") is None
    assert part_of(tree, "p").text == "Nothing to show yet."


@pytest.mark.parametrize("chart", [a_forest(csv_url="/x.csv?wave=3&arm=1"), a_forest()])
def test_forest_page_links_its_file_when_there_is_one(chart: ForestChart) -> None:
    links = [link.get("href") for link in rendered("forest", chart).iter("a")]
    assert links == ([chart.csv_url] if chart.csv_url else [])


def test_bars_keep_their_order_and_share_the_total() -> None:
    chart = causes(total=200)
    assert [bar.label for bar in chart.bars] == ["Signal", "Unknown", "Refund", "Bill"]
    assert [(bar.value, bar.share, bar.width) for bar in chart.bars] == [
        ("12", "6.0%", "17.65%"),
        ("?", "", "0.00%"),
        ("68", "34.0%", "100.00%"),
        ("20", "10.0%", "29.41%"),
    ]


def test_pareto_goes_from_the_largest_down_and_marks_the_vital_few() -> None:
    chart = causes(is_pareto=True)
    assert [(bar.label, bar.cumulative, bar.vital) for bar in chart.bars] == [
        ("Refund", "68.0%", True),
        ("Bill", "88.0%", True),
        ("Signal", "100.0%", False),
        ("Unknown", "", False),
    ]


def test_pareto_of_rows_that_overlap_counts_nobody_twice() -> None:
    rows = [BarRow("Refund", 60), BarRow("Bill", 50), BarRow("Signal", 5)]
    chart = bars(rows, name="b", title="B", axis="", total=100, reached=[60, 78, 80], is_pareto=True)
    assert [(bar.share, bar.cumulative, bar.vital) for bar in chart.bars] == [
        ("60.0%", "60.0%", True),
        ("50.0%", "78.0%", True),
        ("5.0%", "80.0%", False),
    ]
    assert chart.total == "80"


def test_pareto_page_shows_the_cumulative_share() -> None:
    table = table_of(rendered("bars", causes(is_pareto=True)))
    assert table[1] == ["Bill", "20", "20.0%", "88.0%"]


def test_bars_of_nothing_have_no_share() -> None:
    chart = bars([BarRow("Signal", 0)], name="b", title="B", axis="")
    assert [(bar.share, bar.width) for bar in chart.bars] == [("", "0.00%")]


def test_bars_refuse_negative_values() -> None:
    with pytest.raises(ValueError, match="negative"):
        bars([BarRow("Signal", -1)], name="b", title="B", axis="")


def test_sparkline_breaks_where_a_value_is_missing() -> None:
    chart = sparkline([0, 10, None, 5, None], list("abcde"), name="s", title="S")
    moves = re.findall(r"[ML][\d. ]+", chart.path)
    assert moves == ["M3.0 21.0", "L25.5 3.0", "M70.5 12.0"]
    assert chart.last is None
    assert [point.value for point in chart.points] == ["0", "10", "?", "5", "?"]


@pytest.mark.parametrize(
    ("values", "last"),
    [([], None), ([3], ("3.0", "3.0")), ([0, 0], ("93.0", "21.0")), ([-4, 0], ("93.0", "3.0"))],
)
def test_sparkline_ends_at_its_newest_value(values: list[float | None], last: tuple[str, str] | None) -> None:
    assert sparkline(values, ["x"] * len(values), name="s", title="S").last == last


def test_sparkline_refuses_values_without_labels() -> None:
    with pytest.raises(ValueError, match="as many labels"):
        sparkline([1, 2], ["a"], name="s", title="S")


def test_sparkline_page_shows_its_table_on_request() -> None:
    chart = sparkline([1, None], ["Mon", "Tue"], name="s", title="S")
    html = render_to_string("charts/sparkline.html", {"chart": chart, "table": True})
    assert table_of(ElementTree.fromstring(f"<div>{html}</div>")) == [["Mon", "1"], ["Tue", "?"]]
