"""The secrets of a world on one machine: made once, kept beside its data, readable by its owner only."""

import base64
import contextlib
import json
import os
import secrets
import tempfile
from pathlib import Path

from loopcare.embedded.home import Home

NAMES = ("LOOPCARE_SECRET_KEY", "LOOPCARE_FIELD_KEYS", "LOOPCARE_INDEX_KEY")


def _generate() -> dict[str, str]:
    fernet_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return dict(zip(NAMES, (secrets.token_urlsafe(48), fernet_key, secrets.token_hex(32)), strict=True))


def load(home: Home) -> dict[str, str]:
    """Environment variable → secret; the same at every call, also when several processes ask first at once."""
    path = home.root / "secrets.json"
    if not path.exists():
        descriptor, name = tempfile.mkstemp(dir=home.root)
        with os.fdopen(descriptor, "w") as file:
            json.dump(_generate(), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, path)  # unlike a rename, never replaces keys that another process has just made
        Path(name).unlink()
    found: dict[str, str] = json.loads(path.read_text())
    return found
