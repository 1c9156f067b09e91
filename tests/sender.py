"""Another system that signs its calls, as tests need it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from loopcare.staff.services import create_key
from loopcare.staff.signing import Call, sign

PATH = "/api/v1/signals/"


@dataclass
class Sender:
    """A key with its secret. Signs like any client, and can lie about every part of a call afterwards."""

    public_id: str
    secret: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def headers(
        self, body: bytes, *, once: str = "", skew: int = 0, method: str = "POST", path: str = PATH
    ) -> dict[str, str]:
        """The headers of a signed call; `once` is its idempotency key."""
        timestamp = str(int(time.time()) + skew)
        signature = sign(self.secret, Call(timestamp, method, path, once, body))
        headers = {
            "X-LoopCare-Key": self.public_id,
            "X-LoopCare-Timestamp": timestamp,
            "X-LoopCare-Signature": signature,
        }
        return headers | ({"Idempotency-Key": once} if once else {})

    def call(self, method: str, path: str) -> Any:
        """The answer to a signed call without a body."""
        headers = self.headers(b"", method=method, path=path)
        return self.client.generic(method, path, content_type="application/json", headers=headers)

    def post(
        self,
        signals: Any,
        *,
        once: str = "",
        content_type: str = "application/json",
        **lies: str,
    ) -> Any:
        """The answer to signals, or to a body in bytes; `lies` are headers in place of the signed ones, `_` for `-`."""
        body = signals if isinstance(signals, bytes) else json.dumps(signals).encode()
        headers = self.headers(body, once=once) | {name.replace("_", "-"): value for name, value in lies.items()}
        return self.client.generic("POST", PATH, body, content_type=content_type, headers=headers)


def make_sender(**fields: Any) -> Sender:
    """A sender with a key of its own, which may send any number of calls."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    limits = {"calls_per_minute": 1_000_000, "rows_per_minute": 100_000_000}
    key, secret = create_key(name="Tests", now=now, **limits | fields)
    return Sender(key.public_id, secret)
