"""Phone numbers and e-mail addresses: one written form for each, and the mask they are shown behind."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid
from loopcare.customers.enums import PointKind

REPEATS = 65_536
"""Written forms that a process remembers: files repeat their customers, and reading one costs 20 to 30 µs."""


def normalise(kind: str, text: str) -> str:
    """E.164 for a phone number, lower case for an address. Raises Invalid for what is neither."""
    text = text.strip()
    if kind == PointKind.EMAIL:
        return _address(text)
    code, plain = _plain(settings.PHONE_REGION)
    found = plain.fullmatch(text)
    return f"{code}{found['national']}" if found else _e164(text, settings.PHONE_REGION)


@lru_cache(maxsize=REPEATS)
def _address(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError as error:
        raise Invalid(_("This is not an e-mail address.")) from error
    return text.lower()


@lru_cache(maxsize=REPEATS)
def _e164(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise Invalid(_("This is not a phone number.")) from error
    if not phonenumbers.is_possible_number(number):
        raise Invalid(_("This phone number is too long or too short."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=8)
def _plain(region: str) -> tuple[str, re.Pattern[str]]:
    """The calling code with its plus, and the numbers that mean what they say: bare digits of a possible length that
    begin with nothing the region gives a meaning to (a 0, the way out of the country, its calling code, a trunk or
    carrier prefix). Most files write most numbers so, and the library takes fifteen times as long to say the same.
    """
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    if metadata is None or metadata.general_desc is None:
        return "", re.compile(r"(?!)")
    code = phonenumbers.country_code_for_region(region)
    meant = ["0", str(code), metadata.international_prefix, metadata.national_prefix_for_parsing]
    begins = "|".join(f"(?:{one})" for one in meant if one)
    lengths = "|".join(f"[0-9]{{{length}}}" for length in metadata.general_desc.possible_length)
    # What follows a plus is read as the main region of the code does, which another one of the same code need not do.
    is_main = phonenumbers.region_code_for_country_code(code) == region
    plus = f"(?:\\+{code})?" if is_main else ""
    return f"+{code}", re.compile(f"{plus}(?!{begins})(?P<national>{lengths})", re.ASCII)


def mask(kind: str, value: str) -> str:
    """Enough to recognise one's own, too little to call: 138****5521, w***@example.com."""
    if kind == PointKind.EMAIL:
        name, _at, host = value.partition("@")
        return f"{name[:1]}***@{host}"
    digits = national(value)
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) > 7 else f"****{digits[-2:]}"


def mask_name(name: str) -> str:
    """The first character or word, and stars: Wang**, 王**."""
    words = name.split(maxsplit=1)
    first = words[0] if words and name.isascii() else name.strip()[:1]
    return f"{first}**" if first else ""


def national(value: str) -> str:
    """The digits as people of the installation's own country say them."""
    number = phonenumbers.parse(value, settings.PHONE_REGION)
    if number.country_code == phonenumbers.country_code_for_region(settings.PHONE_REGION):
        return phonenumbers.national_significant_number(number)
    return value


def last_four(value: str) -> str:
    return value[-4:]
