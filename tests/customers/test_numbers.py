"""Numbers that are read without the library are read as it reads them."""

from __future__ import annotations

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from loopcare.common.errors import Invalid
from loopcare.customers.numbers import _e164, _plain, normalise

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
PREFIXES = {
    region: known.national_prefix_for_parsing
    for region in REGIONS
    if (known := phonenumbers.PhoneMetadata.metadata_for_region(region)) and known.national_prefix_for_parsing
}
"""What numbers of a region may begin with that is no part of them: a 0, carriers, area codes that are filled in."""


def by_library(text: str, region: str) -> str | None:
    try:
        return _e164.__wrapped__(text, region)
    except Invalid:
        return None


def by_itself(text: str, region: str) -> str | None:
    """What the short way says of a text; None where it leaves it to the library."""
    code, plain = _plain(region)
    found = plain.fullmatch(text)
    return f"{code}{found['national']}" if found else None


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """A region, and digits as they may stand in its files: bare, behind a plus, a calling code, a trunk prefix."""
    region = draw(st.sampled_from(REGIONS))
    code = str(phonenumbers.country_code_for_region(region))
    before = draw(st.sampled_from(["", "+", f"+{code}", code, "0", "00", f"00{code}"]))
    if region in PREFIXES and draw(st.booleans()):
        before += draw(st.from_regex(re.compile(PREFIXES[region], re.ASCII), fullmatch=True))
    return before + draw(st.text("0123456789", min_size=1, max_size=15)), region


@hypothesis_settings(max_examples=1_000, deadline=None)
@given(written())
def test_plain_number_means_what_the_library_reads(said: tuple[str, str]) -> None:
    text, region = said
    short = by_itself(text, region)
    assert short is None or short == by_library(text, region)


@pytest.mark.parametrize("region", REGIONS)
def test_published_examples_are_read_alike(region: str) -> None:
    """Every kind of number of every region, from the library's own metadata."""
    for kind in phonenumbers.PhoneNumberType.values():
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        national = phonenumbers.national_significant_number(example)
        for text in (national, f"+{example.country_code}{national}", f"0{national}"):
            short = by_itself(text, region)
            assert short is None or (text, short) == (text, by_library(text, region))


@pytest.mark.parametrize("prefix", [f"{n}" for n in range(130, 200)])
def test_chinese_mobile_numbers_take_the_short_way(prefix: str) -> None:
    """All of 130 to 199; 179.. is a carrier's prefix, which the library cuts off."""
    for text in (f"{prefix}12345678", f"+86{prefix}12345678"):
        assert by_itself(text, "CN") == (None if prefix == "179" else f"+86{prefix}12345678")
    assert normalise("phone", f"{prefix}12345678") == by_library(f"{prefix}12345678", "CN")


@pytest.mark.parametrize(
    "text", ["013800138000", "008613800138000", "8613800138000", "138-0013-8000", "１３８００１３８０００", "12593"]
)
def test_what_is_not_plain_is_left_to_the_library(text: str) -> None:
    assert by_itself(text, "CN") is None


def test_short_way_goes_with_the_installations_region(settings: Settings) -> None:
    assert normalise("phone", "13800138000") == "+8613800138000"
    settings.PHONE_REGION = "ES"
    assert normalise("phone", "612345678") == "+34612345678"
    with pytest.raises(Invalid):
        normalise("phone", "13800138000000000")


def test_region_that_nobody_knows_leaves_everything_to_the_library() -> None:
    assert by_itself("13800138000", "XX") is None
