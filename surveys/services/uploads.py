"""An uploaded file waits here between its dry run and "Import now", so that it is sent once and imported as checked."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid
from loopcare.staff.models import User
from surveys.models import Import
from surveys.services.intake import UPLOADS, ImportResult, import_file, queue_import

KEPT_FOR = timedelta(hours=24)
SALT = "surveys.uploads"


@dataclass(frozen=True)
class DryRun:
    """What an import would do, and the ticket with which it may be done."""

    result: ImportResult
    ticket: str


def try_upload(*, upload: UploadedFile[bytes], mapping_text: str, source_code: str | None, now: datetime) -> DryRun:
    """Do a dry run of an upload and keep the file for a day. Raises Invalid as `import_file` does."""
    _forget_old(now)
    path = _folder() / uuid4().hex / _short(upload.name or "upload")
    path.parent.mkdir(parents=True)
    try:
        with path.open("wb") as kept:
            for chunk in upload.chunks():
                kept.write(chunk)
        result = import_file(
            path=path,
            mapping_text=mapping_text,
            source_code=source_code,
            now=now,
            dry_run=True,
            rejects_dir=path.parent,
        )
    except BaseException:
        shutil.rmtree(path.parent)
        raise
    # The age of a kept file is told by the installation's clock, which in a demo world is not the machine's.
    os.utime(path.parent, (now.timestamp(), now.timestamp()))
    kept_as = str(path.relative_to(_folder()))
    facts = {"file": kept_as, "mapping": mapping_text, "source": source_code}
    return DryRun(result=result, ticket=signing.dumps(facts, salt=SALT, compress=True))


def queue_tried(*, ticket: str, now: datetime, created_by: User) -> Import:
    """Queue the import that was tried, with the same file, mapping and source. Raises Invalid for an old ticket."""
    try:
        facts = signing.loads(ticket, salt=SALT)
    except signing.BadSignature as error:
        raise Invalid(_("This is not a checked upload; choose the file again.")) from error
    path = _folder() / facts["file"]
    if not path.is_file():
        raise Invalid(_("This upload is used or older than a day; choose the file again."))
    with path.open("rb") as opened:
        batch = queue_import(
            upload=UploadedFile(opened, name=path.name),
            mapping_text=facts["mapping"],
            source_code=facts["source"],
            now=now,
            created_by=created_by,
        )
    shutil.rmtree(path.parent)
    return batch


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / UPLOADS / "tried"


def _short(name: str) -> str:
    """The user's own name for the file, which messages repeat, cut to what every file system takes."""
    return Path(name).stem[:60] + Path(name).suffix[:10]


def _forget_old(now: datetime) -> None:
    oldest = (now - KEPT_FOR).timestamp()
    for kept in _folder().glob("*"):
        if kept.stat().st_mtime < oldest:
            shutil.rmtree(kept, ignore_errors=True)
