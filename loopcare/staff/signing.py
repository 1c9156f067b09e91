"""How another system signs a call, and how we check it. Standard library only; clients may copy `sign`.

A call carries three headers: the key's public id, the moment it was signed (Unix seconds), and HMAC-SHA256 under the
key's secret, in lower-case hex, over these lines joined by a newline:

    timestamp, METHOD, path with query, Idempotency-Key (empty without one), SHA-256 of the body in lower-case hex

So nothing that decides what a call does can be changed on the way, and an overheard one is worthless after `WINDOW`.
Within the window a repeated call does nothing twice, because signals have a natural key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum

KEY_HEADER = "X-LoopCare-Key"
TIMESTAMP_HEADER = "X-LoopCare-Timestamp"
SIGNATURE_HEADER = "X-LoopCare-Signature"
IDEMPOTENCY_HEADER = "Idempotency-Key"

WINDOW = 300
"""Seconds by which the sender's clock may differ from ours, either way."""

PURPOSE = "loopcare api key"
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


class Verdict(StrEnum):
    """What there is to say of a signature; only GOOD opens anything."""

    GOOD = "good"
    UNREADABLE = "unreadable"
    FORGED = "forged"
    SKEWED = "skewed"


@dataclass(frozen=True, slots=True)
class Call:
    """What a signature covers. `path` is the path with its query as sent; `body` the bytes as sent."""

    timestamp: str
    method: str
    path: str
    idempotency_key: str
    body: bytes

    def text(self) -> bytes:
        digest = hashlib.sha256(self.body).hexdigest()
        lines = (self.timestamp, self.method.upper(), self.path, self.idempotency_key, digest)
        return "\n".join(lines).encode("utf-8", "surrogatepass")


def derive_secret(master: str, public_id: str) -> str:
    """The secret of a key: 256 bits as base64url text, the same whenever it is asked for, stored nowhere."""
    digest = hmac.new(master.encode(), f"{PURPOSE}:{public_id}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def fingerprint(secret: str) -> str:
    """What the database keeps of a secret; 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sign(secret: str, call: Call) -> str:
    """The signature of a call, 64 lower-case hex digits."""
    return hmac.new(secret.encode(), call.text(), hashlib.sha256).hexdigest()


def judge(*, secret: str, call: Call, signature: str, now: float) -> Verdict:
    """Whether this call was signed with this secret within `WINDOW` of `now` (Unix seconds).

    The signature is checked first: only who has the secret learns that their clock is wrong.
    """
    if not _TIMESTAMP.fullmatch(call.timestamp):
        return Verdict.UNREADABLE
    # As bytes: compare_digest refuses text beyond ASCII, which a header may well hold.
    if not hmac.compare_digest(sign(secret, call).encode(), signature.encode("utf-8", "surrogatepass")):
        return Verdict.FORGED
    if abs(int(call.timestamp) - now) > WINDOW:
        return Verdict.SKEWED
    return Verdict.GOOD
