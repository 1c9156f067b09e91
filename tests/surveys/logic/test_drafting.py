"""Drafts of mappings: what is found in files of many shapes, what is asked, and what is never quoted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.logic.cells import Cell
from surveys.logic.drafting import draft
from surveys.logic.drafting.headings import plain, slug
from surveys.logic.drafting.profiling import profile
from surveys.logic.drafting.ratings import stated_scale
from surveys.logic.event_mapping import EventColumns
from surveys.logic.mapping import Columns, Mapping, RatingColumn, parse_mapping

Values = Callable[[int], Cell] | Sequence[Cell]
ROWS = 60
ALWAYS = ("By which channel did this come?", "Below which answer is a customer dissatisfied?")


def cycle(*values: Cell) -> Callable[[int], Cell]:
    return lambda n: values[n % len(values)]


def drafted(columns: dict[str, Values], *, name: str = "file", rows: int = ROWS) -> tuple[Mapping, list[str], str]:
    """The mapping of a draft, its questions beside those that every draft asks, and its text."""
    cells = {header: [v(n) for n in range(rows)] if callable(v) else list(v) for header, v in columns.items()}
    found = draft(list(columns), list(zip(*cells.values(), strict=True)), name=name)
    questions = [str(question) for question in found.questions]
    asked = sorted(line for line in found.text.splitlines() if line.startswith("# ASK: "))
    assert asked == sorted(f"# ASK: {question}" for question in questions)
    return parse_mapping(found.text), [q for q in questions if not q.startswith(ALWAYS)], found.text


BASIC: dict[str, Values] = {"Customer no.": lambda n: f"C{n}", "Day": lambda n: f"2026-03-{n % 28 + 1:02d}"}
SCORE: dict[str, Values] = {"Overall (1-5)": cycle(1, 2, 3, 4, 5)}


def test_survey_in_english_is_understood() -> None:
    mapping, asked, _text = drafted(
        {
            "Response ID": lambda n: f"R{n}",
            "CustomerID": lambda n: n % 50,
            "Submitted": lambda n: f"{n % 28 + 1:02d}.03.2026 09:30",
            "Full name": cycle("Ann", "Bob"),
            "Mobile phone": lambda n: f"+49 170 55{n:05d}",
            "E-mail": lambda n: f"a{n}@example.org",
            "Brand": cycle("Nova", "Lumen"),
            "City": cycle("Ulm", "Bonn", "Kiel"),
            "Language": cycle("en", "de"),
            "Loyalty tier": cycle("Gold", "Silver"),
            "Overall satisfaction (1-5)": cycle(1, 2, 3, 4, 5),
            "Speed": cycle(2, 3, 5, 4, 1),
            "How likely are you to recommend us?": cycle(0, 3, 7, 9, 10),
            "Slow line": cycle("yes", "no"),
            "Wrong bill": cycle("no", "no", "yes"),
            "Is a 5G customer": cycle("yes", "no", "no"),
            "Remarks": lambda n: f"It drops every evening, {n} times",
            "Plan": cycle("S", "M", "L"),
        },
        name="web_survey",
    )
    assert mapping.columns == Columns(
        reference="CustomerID",
        external_id="Response ID",
        occurred_on="Submitted",
        language="Language",
        brand="Brand",
        region="City",
        value_tier="Loyalty tier",
        name="Full name",
        phone="Mobile phone",
        email="E-mail",
        attributes=("Is a 5G customer", "Plan"),
    )
    assert mapping.date_format == "%d.%m.%Y %H:%M"
    assert mapping.value_tiers == {"Gold": "high", "Silver": "core"}
    assert mapping.ratings == (
        RatingColumn("Overall satisfaction (1-5)", "overall", 1, 5, 3.5, opens=True),
        RatingColumn("Speed", "speed", 1, 5, 3.5),
        RatingColumn("How likely are you to recommend us?", "recommend", 0, 10, 6.5),
    )
    assert [(cause.column, cause.code, set(cause.not_chosen)) for cause in mapping.causes] == [
        ("Slow line", "choice1.slow_line", {"no"}),
        ("Wrong bill", "choice1.wrong_bill", {"no"}),
    ]
    assert mapping.comments == ("Remarks",)
    assert asked == []


def test_survey_in_chinese_is_understood() -> None:
    mapping, asked, _text = drafted(
        {
            "问卷编号": lambda n: f"W{n}",
            "用户号码": lambda n: f"1380000{n:04d}",
            "答题时间": lambda n: f"2026年3月{n % 28 + 1}日 10:00",
            "客户姓名": cycle("李娜", "王强"),
            "归属地市": cycle("东城", "西城"),
            "客户星级": cycle("钻石卡", "金卡", "未评级"),
            "网络覆盖最低可接受": cycle(3, 4, 5, 6),
            "网络覆盖期望": cycle(8, 9, 10),
            "网络覆盖实际感受": cycle(1, 5, 9, 10),
            "手机没有信号": cycle("-1", "1"),
            "串线": cycle("-1", "-1", "2"),
            "意见建议": lambda n: f"第{n}次了，晚上看视频总是卡",
        }
    )
    assert mapping.columns == Columns(
        reference="用户号码",
        external_id="问卷编号",
        occurred_on="答题时间",
        region="归属地市",
        value_tier="客户星级",
        name="客户姓名",
        phone="用户号码",
    )
    assert (mapping.date_format, mapping.language) == ("%Y年%m月%d日 %H:%M", "zh-hans")
    assert mapping.value_tiers == {"钻石卡": "strategic", "金卡": "high", "未评级": "basic"}
    assert mapping.ratings == (
        RatingColumn("网络覆盖实际感受", "coverage", 1, 10, 6.5, "网络覆盖最低可接受", "网络覆盖期望", opens=True),
    )
    assert [(cause.column, cause.name_zh, set(cause.not_chosen)) for cause in mapping.causes] == [
        ("手机没有信号", "手机没有信号", {"-1"}),
        ("串线", "串线", {"-1"}),
    ]
    assert (mapping.comments, asked) == (
        ("意见建议",),
        ["Which rating decides whether a customer is dissatisfied? x"][1:],
    )


@pytest.mark.parametrize(
    ("perceived", "adequate", "desired"),
    [
        ("Speed (perceived)", "Speed (minimum)", "Speed (desired)"),
        ("Speed - actual level", "Speed - adequate level", "Speed - ideal level"),
        ("Speed", "Minimum speed", "Expected speed"),
        ("网速-感知", "网速-最低期望", "网速-期望"),
        ("网速", "网速可容忍水平", "网速理想水平"),
    ],
)
def test_three_columns_of_one_question_belong_together(perceived: str, adequate: str, desired: str) -> None:
    levels: dict[str, Values] = {
        adequate: cycle(2, 3, 4), desired: cycle(5, 6, 7), perceived: cycle(1, 3, 5, 7)
    }  # fmt: skip
    mapping, _asked, _text = drafted(BASIC | levels | SCORE)
    assert mapping.ratings[0] == RatingColumn(perceived, "speed", 1, 7, 4.5, adequate, desired)


@pytest.mark.parametrize(
    ("header", "values", "scale"),
    [
        ("Satisfaction (1-5)", (3, 4), (1, 5)),
        ("满意度（1-10分）", (8, 9, 10), (1, 10)),
        ("Score 0 to 10", (7, 8), (0, 10)),
        ("评分（5分制）", (4, 5), (1, 5)),
        ("Quality score out of 100", (71, 88), (0, 100)),
        ("Satisfaction", (1, 2, 3, 4, 5), (1, 5)),
        ("Satisfaction", (1, 4, 7), (1, 7)),
        ("Satisfaction", (1, 4, 10), (1, 10)),
        ("NPS", (0, 9, 10), (0, 10)),
        ("推荐意愿", (6, 9, 10), (0, 10)),
        ("Satisfaction", (0, 25, 50, 75, 100), (0, 100)),
        ("Satisfaction", (1, 2.5, 4.5, 5), (1, 5)),
    ],
)
def test_scale_is_stated_or_told_from_the_answers(
    header: str, values: tuple[float, ...], scale: tuple[float, float]
) -> None:
    mapping, asked, _text = drafted(BASIC | {header: cycle(*values)})
    assert [(rating.low, rating.high, rating.opens) for rating in mapping.ratings] == [(*scale, True)]
    assert [question for question in asked if "is the scale" in question] == []


def test_scale_that_is_not_used_to_its_end_is_asked_about() -> None:
    _mapping, asked, text = drafted(BASIC | {"Satisfaction": cycle(2, 3, 6)})
    assert asked == ["The answers to Satisfaction run from 2 to 6: is the scale 1 to 7?"]
    assert "# ASK: The answers to Satisfaction run from 2 to 6: is the scale 1 to 7?\n" in text


@pytest.mark.parametrize(
    "values", [cycle(18, 25, 33), cycle(0, 1, 2, 3), cycle("yes", "no"), cycle(1.25, 3.5, 4.75), lambda n: n]
)
def test_other_numbers_are_no_ratings(values: Values) -> None:
    mapping, _asked, _text = drafted(BASIC | SCORE | {"": cycle(1), "Visits": values})
    assert [rating.column for rating in mapping.ratings] == ["Overall (1-5)"]
    assert mapping.columns.attributes == ("Visits",)


def test_answers_off_the_scale_are_asked_about() -> None:
    _mapping, asked, _text = drafted(BASIC | {"Satisfaction": cycle(1, 2, 3, 4, 5, 99)})
    assert asked == [
        "Satisfaction holds 99, which is off its scale and keeps the row out: empty these cells in the file?"
    ]


def test_scale_that_runs_the_other_way_is_found_by_its_answers() -> None:
    overall = [n % 10 + 1 for n in range(ROWS)]
    _mapping, asked, _text = drafted(
        BASIC | {"Overall satisfaction": overall, "Quality of the line": [11 - answer for answer in overall]}
    )
    assert asked == [
        "Customers who are content overall answer low on Quality of the line: does a high answer mean that it went "
        "badly? Then turn it round in the file, or leave it out."
    ]


@pytest.mark.parametrize(
    ("one", "other", "not_chosen"),
    [
        (cycle(0, 1), cycle(1, 0, 0), ("0",)),
        (cycle("-1", "1"), cycle("-1", "98"), ("-1",)),
        (cycle("yes", "no"), cycle("no", "yes", "no"), ("no",)),
        (cycle("是", "否"), cycle("否", "否", "是"), ("否",)),
        (cycle(True, False), cycle(False, False, True), ("False",)),
        (cycle(None, "x"), cycle("x", None, ""), ()),
        (cycle(None, "Slow line"), cycle("Wrong bill", None, None), ()),
    ],
)
def test_options_of_a_multiple_choice_are_found(one: Values, other: Values, not_chosen: tuple[str, ...]) -> None:
    mapping, _asked, _text = drafted(BASIC | SCORE | {"Slow line": one, "Wrong bill": other})
    assert [(cause.column, set(cause.not_chosen)) for cause in mapping.causes] == [
        ("Slow line", set(not_chosen)),
        ("Wrong bill", set(not_chosen)),
    ]


def test_table_of_tickets_is_understood() -> None:
    mapping, asked, _text = drafted(
        {
            "工单编号": lambda n: f"G{n}",
            "客户编号": lambda n: n % 30,
            "受理时间": lambda n: f"2026/1/{n % 28 + 1} 10:0{n % 9}",
            "办结时间": lambda n: f"2026/2/{n % 28 + 1} 10:00" if n % 3 else None,
            "承诺时限": lambda n: f"2026-02-{n % 28 + 1:02d}",
            "工单类型": cycle("投诉", "咨询", "报障"),
            "投诉类型": cycle("网络", "资费"),
            "转派次数": cycle(0, 1, 2),
            "受理渠道": cycle("10086热线", "营业厅", "微信公众号"),
            "是否争议": cycle("是", "否"),
            "问题描述": lambda n: f"用户反映信号不好很久了{n}",
            "身份证号": lambda n: f"11010119{n:010d}",
        }
    )
    assert mapping.event == EventColumns(
        kind_column="工单类型",
        topic="投诉类型",
        opened_at="受理时间",
        closed_at="办结时间",
        promised_at="承诺时限",
        transfers="转派次数",
        channel="受理渠道",
        disputed="是否争议",
        kinds={"投诉": "complaint", "咨询": "contact", "报障": "ticket"},
        channels={"10086热线": "hotline", "营业厅": "shop", "微信公众号": "social"},
    )
    assert mapping.columns == Columns(reference="客户编号", external_id="工单编号")
    assert (mapping.date_format, mapping.comments, mapping.ratings) == ("%Y/%m/%d %H:%M", ("问题描述",), ())
    assert asked == []


def test_contacts_with_a_rating_are_events_and_the_rating_explains() -> None:
    mapping, asked, _text = drafted(
        {
            "Call ID": lambda n: n,
            "MSISDN": lambda n: f"+49170{n % 40:07d}",
            "Call date": lambda n: date(2026, 1, n % 28 + 1),
            "Channel": cycle("phone", "store"),
            "Topic": cycle("billing", "tech"),
            "Transfers": cycle(0, 1),
            "Satisfaction (1-5)": cycle(1, 3, 5),
        }
    )
    assert mapping.event == EventColumns(
        kind="contact",
        topic="Topic",
        opened_at="Call date",
        transfers="Transfers",
        channel="Channel",
        channels={"phone": "hotline", "store": "shop"},
    )
    assert mapping.ratings == (RatingColumn("Satisfaction (1-5)", "overall", 1, 5, 3.5),)
    assert (mapping.columns.reference, mapping.columns.phone) == ("MSISDN", "MSISDN")
    assert asked == ["Is every row of this file a contact?"]


def test_words_that_nobody_can_place_are_asked_about_and_left_to_the_reader() -> None:
    mapping, asked, text = drafted(
        BASIC | SCORE | {"Member tier": cycle("Gold", "Jade"), "Ticket no.": lambda n: n, "Closed": cycle("2026-04-01")}
        | {"Channel": cycle("Phone", "E-mail", "Pigeon")}
    )  # fmt: skip
    assert (mapping.value_tiers, mapping.event and mapping.event.channels) == (
        {"Gold": "high"},
        {"Phone": "hotline", "E-mail": "email"},
    )
    assert '\n# "Jade" = ""\n' in text
    assert '\n# "Pigeon" = ""\n' in text
    assert "Which value tier (strategic, high, core, basic) is meant by Jade of Member tier?" in asked
    assert "By which channel (email, sms, app, social, shop, web, hotline) came Pigeon of Channel?" in asked


def test_ambiguous_days_are_asked_about_and_nothing_can_be_imported_before() -> None:
    mapping, asked, text = drafted(BASIC | {"Day": lambda n: f"0{n % 9 + 1}/0{n % 4 + 1}/2026"} | SCORE)
    assert (mapping.columns.occurred_on, mapping.date_format) == ("Day", "")
    assert [question.partition(",")[0] for question in asked] == ["The column Day holds days such as 05/01/2026"]
    assert '\n# date_format = "%d/%m/%Y"\n# date_format = "%m/%d/%Y"\n' in text


def test_another_column_of_days_settles_what_the_first_means() -> None:
    opened, closed = "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M"
    mapping, asked, _text = drafted(
        {
            "Ticket no.": lambda n: n,
            "Customer no.": lambda n: n,
            "Opened": lambda n: date(2026, n % 3 + 1, n % 9 + 1).strftime(opened),
            "Closed": lambda n: date(2026, n % 3 + 1, n % 9 + 20).strftime(closed),
        }
    )
    assert mapping.date_format == opened
    assert [question for question in asked if "days" in question] == []


def test_file_without_days_cannot_be_imported_before_somebody_says_when() -> None:
    mapping, asked, _text = drafted({"Customer no.": lambda n: n, **SCORE})
    assert mapping.occurred_on == date(1900, 1, 1)
    assert asked == ["No column says when: which day does the file stand for? Nothing can be imported before."]


def test_numbers_of_a_spreadsheet_for_days_are_named() -> None:
    _mapping, asked, _text = drafted({"Customer no.": lambda n: n, "Date": lambda n: 46_000 + n, **SCORE})
    assert asked[0].startswith("The column Date holds 46000 and the like, which look like a spreadsheet's numbers")


def test_file_that_is_neither_survey_nor_events_is_asked_about() -> None:
    mapping, asked, _text = drafted(BASIC | {"Plan": cycle("a", "b")})
    assert mapping.event == EventColumns(kind="contact")
    assert asked[0].startswith("No column looks like an answer on a scale or like an event")


def test_answers_in_words_are_named() -> None:
    _mapping, asked, _text = drafted(BASIC | {"Satisfaction": cycle("good", "bad")})
    assert asked == [
        "The answers of Satisfaction are words, and a rating needs numbers: write 1 to 5 in their place in the file?"
    ]


def test_customers_who_answer_twice_need_a_number_of_the_answer() -> None:
    _mapping, asked, _text = drafted(BASIC | {"Customer no.": lambda n: n % 7} | SCORE)
    assert asked == [
        "Customers answer more than once, and no column tells the answers apart: only one a day will be kept. "
        "Is there a number of the answer?"
    ]


def test_useless_columns_are_left_out_with_their_reasons() -> None:
    mapping, _asked, text = drafted(
        BASIC | SCORE
        | {"Empty": cycle(None), "Same": cycle("x"), "Twin": cycle(1, 2, 3, 4, 5)}
        | {"Birthday": cycle("1990-01-01", "1990-02-01"), "Token": lambda n: f"k{n}x", "x" * 201: cycle(1)}
    )  # fmt: skip
    assert mapping.columns.attributes == ()
    for why in (
        "Twin: equal to Overall (1-5)",
        "Empty: empty",
        "Birthday: personal data that nothing here needs",
        "Same: the same in every row",
        "Token: nearly every row says something else",
        f"{'x' * 80}: its name is longer than 200 characters: shorten it in the file",
    ):
        assert f"\n#   {why}\n" in text


PRIVATE: dict[str, Values] = {
    "Customer no.": lambda n: f"canaryref{n}",
    "Name": lambda n: f"canaryname{n % 7}",
    "E-mail": lambda n: f"canarymail{n}@x.org",
    "Phone": lambda n: f"1770000{n:04d}",
    "Answer no.": lambda n: f"canaryanswer{n}",
    "Remarks": lambda n: f"canaryremark {n} and many more words",
    "Address": lambda n: f"canarystreet {n}",
    "col7": lambda n: f"canaryother{n}",
    "Region": lambda n: f"canaryregion{n % 3}",
    "Brand": lambda n: f"canarybrand{n % 3}",
    "Slow": cycle("canaryyes", "canaryno"),
}


@pytest.mark.parametrize("columns", [PRIVATE, {f"col{n}": values for n, values in enumerate(PRIVATE.values())}])
def test_no_draft_quotes_what_customers_are_or_say(columns: dict[str, Values]) -> None:
    event: dict[str, Values] = {"Closed": cycle("2026-04-01"), "Channel": cycle("phone", "e-mail")}
    for extra in (SCORE, event):
        _mapping, asked, text = drafted(columns | extra)
        assert [line for line in [*asked, *text.splitlines()] if "canary" in line or "1770000" in line] == []


HEADERS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "Id",
        "客户编号",
        "Score",
        "Score (1-5)",
        "满意度",
        "Day",
        "Opened",
        "Closed",
        "Channel",
        "Name",
        "Tier",
        "",
        'q"\\#',
        "#2",
    ]
)
CELLS = (
    st.none() | st.integers(-2, 12) | st.booleans() | st.floats(allow_nan=True) | st.dates() | st.datetimes()
    | st.sampled_from(["yes", "no", "2026-03-01", "03/04/2026", "a@b.org", "13800001111", "-1", "Gold", "电话", "\0"])
    | st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_every_draft_is_a_mapping(data: st.DataObject) -> None:
    header = data.draw(st.lists(HEADERS, min_size=1, max_size=8))
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), min_size=1, max_size=6))
    names = [str(name).replace("\0", "").strip() for name in header]
    found = draft(names, rows, name=data.draw(HEADERS))
    parse_mapping(found.text)


def test_widest_file_has_a_draft_that_is_not_too_long() -> None:
    chance = Random(1)
    columns: dict[str, Values] = dict(BASIC)
    columns |= {f"满意度{n}".ljust(190, "长"): [*chance.choices([1, 2, 3, 4, 5], k=18), 77, 77] for n in range(200)}
    columns |= {f"选项{n}".ljust(190, "长"): chance.choices([True, False], k=20) for n in range(400)}
    columns |= {f"属性{n}".ljust(190, "长"): chance.choices(["a", "b", "c"], k=20) for n in range(600)}
    mapping, _asked, text = drafted(columns, rows=20)
    assert (len(mapping.ratings), len(mapping.columns.attributes), len(text) < 200_000) == (60, 60, True)


@pytest.mark.parametrize(
    ("heading", "scale"),
    [
        *[
            ("overall (1-5)", (1, 5)),
            ("0–10", (0, 10)),
            ("1 到 7", (1, 7)),
            ("1至10分", (1, 10)),
            ("score /10", (1, 10)),
        ],
        *[("满分100", (0, 100)), ("2021-5", None), ("11-5", None), ("1-50", None), ("4g/5g", None), ("plan", None)],
    ],
)
def test_stated_scale(heading: str, scale: tuple[float, float] | None) -> None:
    assert stated_scale(heading) == scale


@pytest.mark.parametrize(
    ("heading", "shown"),
    [
        *[("CustomerID", "customer id"), ("customer_id", "customer id"), ("Customer-ID", "customer id")],
        *[("用户ID", "用户id"), ("Ｎｏ．", "no"), ("  A  b\n c", "a b c"), ("Score /10", "score /10")],
    ],
)
def test_headings_are_compared_in_plain_form(heading: str, shown: str) -> None:
    assert plain(heading) == shown


def test_codes_are_made_of_english_only() -> None:
    assert [slug("Wrong bill!", 40), slug("收费", 40), slug("A" * 50, 5)] == ["wrong_bill", "", "aaaaa"]


def test_profile_of_a_column() -> None:
    column = profile("Score", 0, [1, "2", None, 5, 99, 99, 3, 4, 2, 1])
    assert (column.filled, column.numbers, column.placeholders) == (9, (1, 2, 3, 4, 5), ("99",))
    assert all(one < two for one, two in pairwise(column.numbers))
