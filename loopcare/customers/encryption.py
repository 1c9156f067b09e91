"""Personal data at rest: encrypted values, and keyed blind indexes to find them by.

Values are encrypted with Fernet (AES-128-CBC, HMAC-SHA256) under the first of `FIELD_KEYS`; all of them decrypt, so
keys rotate. A blind index is HMAC-SHA256 of the normalised value under `INDEX_KEY`, cut to 16 bytes: equal values
have equal indexes, and nothing can be read from one without the key.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("LOOPCARE_FIELD_KEYS is not set: contact details cannot be stored or read.")
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> bytes:
    """The text under the newest key."""
    return _cipher(tuple(settings.FIELD_KEYS)).encrypt(text.encode())


def decrypt(value: bytes) -> str:
    """The text back. Raises ImproperlyConfigured when no configured key fits: the data is whole, the key is missing."""
    try:
        return _cipher(tuple(settings.FIELD_KEYS)).decrypt(bytes(value)).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(
            "A contact detail was encrypted with a key that is not in LOOPCARE_FIELD_KEYS; add the old key."
        ) from error


def blind_index(text: str, *, purpose: str) -> bytes:
    """16 bytes that stand for the normalised text within one purpose (phone, e-mail, last four digits)."""
    if not settings.INDEX_KEY:
        raise ImproperlyConfigured("LOOPCARE_INDEX_KEY is not set: contact details cannot be looked up.")
    return hmac.digest(settings.INDEX_KEY.encode(), f"{purpose}:{text}".encode(), "sha256")[:16]


class EncryptedText(models.BinaryField):  # type: ignore[type-arg]
    """Text that the database holds encrypted. It cannot be filtered or ordered by: use a blind index."""

    description = "encrypted text"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        return None if value is None else decrypt(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, str):
            value = encrypt(value)
        return super().get_db_prep_value(value, connection, prepared)

    def to_python(self, value: Any) -> Any:
        return value
