"""The signature itself, as a truth table: one good call, and every way of changing it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from loopcare.staff.signing import WINDOW, Call, Verdict, derive_secret, fingerprint, judge, sign

NOW = 1_772_500_000.4
SECRET = "QlVgF0m0Zb0s8sJcB2sXw0gqfJ8m9m5o0Jc1o5nq3rE"
CALL = Call("1772500000", "POST", "/api/v1/signals/?a=1", "key-1", b'{"a": 1}')


def verdict(call: Call = CALL, *, signature: str | None = None, secret: str = SECRET, now: float = NOW) -> Verdict:
    return judge(secret=secret, call=call, signature=sign(SECRET, CALL) if signature is None else signature, now=now)


def test_signature_is_what_any_client_can_compute() -> None:
    digest = hashlib.sha256(b'{"a": 1}').hexdigest()
    text = f"1772500000\nPOST\n/api/v1/signals/?a=1\nkey-1\n{digest}"
    assert sign(SECRET, CALL) == hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    assert verdict() is Verdict.GOOD


def test_method_is_signed_in_capitals() -> None:
    assert verdict(replace(CALL, method="post")) is Verdict.GOOD


@pytest.mark.parametrize(
    "changed",
    [
        replace(CALL, timestamp="1772500001"),
        replace(CALL, timestamp="01772500000"),
        replace(CALL, method="PUT"),
        replace(CALL, path="/api/v1/signals/"),
        replace(CALL, path="/api/v1/signals/?a=2"),
        replace(CALL, idempotency_key="key-2"),
        replace(CALL, idempotency_key=""),
        replace(CALL, body=b'{"a": 2}'),
        replace(CALL, body=b'{"a": 1} '),
        replace(CALL, body=b""),
    ],
)
def test_any_change_to_a_call_is_a_forgery(changed: Call) -> None:
    assert verdict(changed) is Verdict.FORGED


@pytest.mark.parametrize(
    "signature",
    ["", "0" * 64, sign(SECRET, CALL).upper(), sign(SECRET, CALL)[:-1], sign(SECRET, CALL) + " ", "é" * 64, "\udcff"],
)
def test_any_other_signature_is_a_forgery(signature: str) -> None:
    assert verdict(signature=signature) is Verdict.FORGED


def test_another_secret_is_a_forgery() -> None:
    assert verdict(secret=SECRET[:-1] + "F") is Verdict.FORGED


@pytest.mark.parametrize("timestamp", ["", "now", "-5", "1772500000.0", " 1772500000", "١٧٧٢٥٠٠٠٠٠", "1" * 13])
def test_timestamp_must_be_whole_seconds(timestamp: str) -> None:
    call = replace(CALL, timestamp=timestamp)
    assert verdict(call, signature=sign(SECRET, call)) is Verdict.UNREADABLE


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (1_772_500_000 + WINDOW, Verdict.GOOD),
        (1_772_500_000 - WINDOW, Verdict.GOOD),
        (1_772_500_000 + WINDOW + 0.1, Verdict.SKEWED),
        (1_772_500_000 - WINDOW - 0.1, Verdict.SKEWED),
    ],
)
def test_window_is_five_minutes_either_way(now: float, expected: Verdict) -> None:
    assert (WINDOW, verdict(now=now)) == (300, expected)


def test_forgery_does_not_learn_our_time() -> None:
    assert verdict(now=0, signature="0" * 64) is Verdict.FORGED


def test_secrets_are_derived_and_differ() -> None:
    first = derive_secret("master", "lc_1")
    assert first == derive_secret("master", "lc_1")
    assert len({first, derive_secret("master", "lc_2"), derive_secret("other", "lc_1")}) == 3
    assert len(first) == 43
    assert fingerprint(first) == hashlib.sha256(first.encode()).hexdigest()
