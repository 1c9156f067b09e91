"""Saved mappings: kept under a name, and found again by the header of the next file of their kind."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid
from loopcare.staff.enums import AuditAction
from loopcare.staff.models import User
from loopcare.staff.services import audit
from surveys.logic.decoding import address
from surveys.models import SavedMapping
from surveys.services.intake import read_mapping

SUBJECT = "mapping"
LONGEST_NAME = 80


def header_fingerprint(header: Sequence[str]) -> str:
    """SHA-256, in hex, of the names by which a file's columns are addressed, in their order."""
    return hashlib.sha256("\0".join(address(header)).encode()).hexdigest()


def mapping_for(header: Sequence[str]) -> SavedMapping | None:
    """The mapping that was saved last for files with just these columns."""
    return SavedMapping.objects.filter(header=header_fingerprint(header)).order_by("-saved_at", "-id").first()


def mapping_called(name: str) -> SavedMapping | None:
    return SavedMapping.objects.filter(name=name.strip()).first()


@transaction.atomic
def save_mapping(*, name: str, text: str, header: str, by: User, now: datetime, replace: bool = False) -> SavedMapping:
    """Keep a mapping for files whose header has this fingerprint; with `replace`, in place of one of this name.

    Raises Invalid for no mapping, no name, or a taken one.
    """
    read_mapping(text)
    row = mapping_called(name) if replace else None
    row = row or SavedMapping(name=_checked(name))
    row.text, row.header, row.saved_by, row.saved_at = text, header, by, now
    _write(row)
    audit(actor=by, action=AuditAction.CONFIGURE, subject=SUBJECT, subject_id=row.pk, note="saved", now=now)
    return row


@transaction.atomic
def rename_mapping(*, mapping: SavedMapping, name: str, by: User, now: datetime) -> None:
    """Raises Invalid for no name, or a taken one."""
    mapping.name = _checked(name)
    _write(mapping)
    audit(actor=by, action=AuditAction.CONFIGURE, subject=SUBJECT, subject_id=mapping.pk, note="renamed", now=now)


@transaction.atomic
def delete_mapping(*, mapping: SavedMapping, by: User, now: datetime) -> None:
    """What was imported with it keeps its own copy."""
    audit(actor=by, action=AuditAction.CONFIGURE, subject=SUBJECT, subject_id=mapping.pk, note="deleted", now=now)
    mapping.delete()


def _checked(name: str) -> str:
    name = name.strip()
    if not name:
        raise Invalid(_("Give the mapping a name."), field="name")
    if len(name) > LONGEST_NAME:
        raise Invalid(_("This is longer than %(limit)s characters.") % {"limit": LONGEST_NAME}, field="name")
    return name


def _write(row: SavedMapping) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Invalid(_("There is already a mapping %(name)s.") % {"name": row.name}, field="name") from error


def mapping_kept_as(*, text: str, header: str) -> SavedMapping | None:
    """The saved mapping that is this very one."""
    return SavedMapping.objects.filter(header=header, text=text).first() if header else None
