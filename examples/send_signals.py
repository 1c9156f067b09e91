"""Sends signals, signed and safe to repeat: python examples/send_signals.py http://127.0.0.1:8000 signals.json
Key and secret, which `create_api_key` prints, stand in LOOPCARE_KEY and LOOPCARE_SECRET."""

import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path


def send(server: str, key: str, secret: str, signals: list[dict[str, object]], tries: int = 6) -> dict[str, object]:
    """One call of up to 10,000 signals; repeated until it is answered, and counted once."""
    path, body = "/api/v1/signals/", json.dumps(signals).encode()
    once = hashlib.sha256(body).hexdigest()  # the same signals are the same call; any text of your own does as well
    for attempt in range(1, tries + 1):
        moment = str(int(time.time()))
        signed = "\n".join([moment, "POST", path, once, hashlib.sha256(body).hexdigest()])
        signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "Idempotency-Key": once, "X-LoopCare-Key": key}
        headers |= {"X-LoopCare-Timestamp": moment, "X-LoopCare-Signature": signature}
        request = urllib.request.Request(server + path, body, headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return dict(json.load(answer))
        except urllib.error.HTTPError as refusal:  # 4xx says what to mend; 409, 429 and 5xx ask to come again
            if (refusal.code < 500 and refusal.code not in (409, 429)) or attempt == tries:
                raise SystemExit(refusal.read().decode()) from refusal
            time.sleep(int(refusal.headers.get("Retry-After", attempt)))
        except OSError:
            time.sleep(attempt)
    raise SystemExit("The server does not answer.")


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[2]).read_text("utf-8"))
    json.dump(send(sys.argv[1], os.environ["LOOPCARE_KEY"], os.environ["LOOPCARE_SECRET"], given), sys.stdout)
