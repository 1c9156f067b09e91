"""Readers of comments as rows: kept with their cards, the latest one reads, loaded only where nobody changed them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from loopcare.staff.enums import AuditAction
from loopcare.staff.models import User
from loopcare.staff.services import audit
from surveys.models import TextModel
from surveys.selectors.cause_texts import latest_reader
from surveys.selectors.cause_tree import tree_version
from surveys.services.pickled import signed, unpickled

SALT = "loopcare reader of comments"
READER_LOCK = 7_012
"""One reader is kept at a time, so that none takes another's number."""


@transaction.atomic
def keep_reader(*, fitted: Any, card: dict[str, Any], now: datetime, by: User | None = None) -> TextModel:
    """Keep a trained reader as the next version; from now on it reads."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [READER_LOCK])
    latest = latest_reader()
    version = 1 + (latest.version if latest else 0)
    content, signature = signed(fitted, salt=SALT, name=str(version))
    row = TextModel.objects.create(
        version=version,
        tree_version=tree_version(),
        card=card,
        fitted=content,
        signature=signature,
        trained_by=by,
        trained_at=now,
    )
    note = f"reader of comments {version} trained"
    audit(actor=by, action=AuditAction.CONFIGURE, subject="text_model", subject_id=row.pk, note=note, now=now)
    return row


def load_reader(model: TextModel) -> Any:
    """The fitted pipeline. Raises Conflict for bytes that this installation did not sign, or another scikit-learn's."""
    return unpickled(
        bytes(model.fitted),
        model.signature,
        salt=SALT,
        name=str(model.version),
        shown=_("Reader of comments %(version)d") % {"version": model.version},
        made_with=model.card.get("made_with", ""),
    )
