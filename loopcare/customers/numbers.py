"""Phone numbers and e-mail addresses: one written form for each, and the mask they are shown behind."""

from __future__ import annotations

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid
from loopcare.customers.enums import PointKind


def normalise(kind: str, text: str) -> str:
    """E.164 for a phone number, lower case for an address. Raises Invalid for what is neither."""
    text = text.strip()
    if kind == PointKind.EMAIL:
        try:
            validate_email(text)
        except ValidationError as error:
            raise Invalid(_("This is not an e-mail address.")) from error
        return text.lower()
    try:
        number = phonenumbers.parse(text, settings.PHONE_REGION)
    except phonenumbers.NumberParseException as error:
        raise Invalid(_("This is not a phone number.")) from error
    if not phonenumbers.is_possible_number(number):
        raise Invalid(_("This phone number is too long or too short."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


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
