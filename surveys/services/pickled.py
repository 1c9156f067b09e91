"""Fitted models as bytes in the database: signed by this installation, and loaded only where nobody changed them."""

from __future__ import annotations

import hmac
import pickle
from importlib.metadata import version as version_of
from typing import Any

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from loopcare.common.errors import Conflict


def signed(fitted: Any, *, salt: str, name: str) -> tuple[bytes, str]:
    """The bytes of a fitted model and their signature. `name` tells it from others under the same salt."""
    content = pickle.dumps(fitted, protocol=5)
    return content, _signature(salt, name, content)


def unpickled(content: bytes, signature: str, *, salt: str, name: str, shown: str, made_with: str) -> Any:
    """The fitted model again; `shown` names it to people, `made_with` is the version of scikit-learn that fitted it.

    Raises Conflict for bytes that this installation did not sign under this name, or another scikit-learn's.
    """
    if not hmac.compare_digest(_signature(salt, name, content), signature):
        raise Conflict(
            _("The model %(model)s was changed, or the installation's key was: train it again.") % {"model": shown}
        )
    here = library_version()
    if made_with.split(".")[:2] != here.split(".")[:2]:
        facts = {"model": shown, "then": made_with or "?", "now": here}
        raise Conflict(
            _("The model %(model)s was trained with scikit-learn %(then)s, here is %(now)s: train it again.") % facts
        )
    return pickle.loads(content)  # noqa: S301 - signed by this installation, checked above


def library_version() -> str:
    """The version of scikit-learn here, without loading it."""
    return version_of("scikit-learn")


def _signature(salt: str, name: str, content: bytes) -> str:
    """HMAC-SHA256 under the installation's key over name and bytes: no other model's bytes fit either."""
    return salted_hmac(salt, f"{name}\n".encode() + content, algorithm="sha256").hexdigest()
