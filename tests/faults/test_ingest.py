"""Promises 24 and 25 in their short form: repeating an ingest call is free, and only known senders are heard."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from loopcare.common import clock
from loopcare.staff.api import authentication
from loopcare.staff.services import revoke_key
from loopcare.staff.signing import Verdict
from surveys.models import IngestReply, Signal
from surveys.services.setup import ensure_basics
from tests.faults.conftest import Start, wait_for
from tests.granian import Granian, post
from tests.sender import PATH, Sender, make_sender

pytestmark = [pytest.mark.faults, pytest.mark.slow]

KEYS, THREADS, COPIES, KILLS = 200, 50, 3, 4
PATIENCE = 40.0  # seconds for one delivery


def rating(n: int) -> bytes:
    """A call with one signal."""
    signal_ = {
        "source": "hotline",
        "reference": f"C{n % 60}",
        "external_id": f"E{n}",
        "occurred_on": "2026-03-01",
        "rating": {"value": n % 5 + 1, "low": 1, "high": 5},
    }
    return json.dumps(signal_).encode()


@pytest.fixture
def web(start: Start) -> Iterator[Granian]:
    running = Granian(start)
    running.begin()
    yield running
    running.kill()


@dataclass
class Crowd:
    """Threads that deliver every call several times, each until it is answered."""

    sender: Sender
    port: int
    idempotent: bool
    answers: dict[int, list[tuple[int, bytes]]] = field(default_factory=lambda: defaultdict(list))
    cut_off: int = 0
    killed: int = 0
    worst: float = 0.0
    _work: SimpleQueue[int] = field(default_factory=SimpleQueue)
    _given_up: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def at_work(self, rng: random.Random) -> Iterator[None]:
        """All of it is delivered when the block ends; nothing more when it fails."""
        order = [n for n in range(KEYS) for _copy in range(COPIES)]
        rng.shuffle(order)
        for n in order:
            self._work.put(n)
        threads = [threading.Thread(target=self._run) for _n in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            yield
        except BaseException:
            self._given_up.set()
            raise
        finally:
            for thread in threads:
                thread.join()

    def left(self) -> int:
        return self._work.qsize()

    def _run(self) -> None:
        while not self._given_up.is_set():
            try:
                n = self._work.get_nowait()
            except Empty:
                return
            self.answers[n].append(self._deliver(n))

    def _deliver(self, n: int) -> tuple[int, bytes]:
        body = rating(n)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not self._given_up.is_set():
            try:
                status, answer = call(self.port, self.sender, body, once=f"key-{n}" if self.idempotent else "")
            except (OSError, http.client.HTTPException):
                self.cut_off += 1
                time.sleep(0.2)
                continue
            if status in (200, 201):
                return status, answer
            assert status == 409, answer
            time.sleep(0.2)
        raise AssertionError("no answer")


def call(port: int, sender: Sender, body: bytes, *, once: str = "") -> tuple[int, bytes]:
    return post(port, PATH, body, sender.headers(body, once=once))


def deliver(web: Granian, *, idempotent: bool, kills: int) -> Crowd:
    """Everything delivered while the web process is killed again and again."""
    rng = random.Random(24)
    crowd = Crowd(make_sender(), web.port, idempotent)
    with crowd.at_work(rng):
        while crowd.killed < kills and crowd.left():
            time.sleep(rng.uniform(0.3, 0.8))
            web.kill()
            crowd.killed += 1
            crowd.worst = max(crowd.worst, web.begin())
    return crowd


def unequal(crowd: Crowd) -> int:
    """Calls whose copies were not all answered with the same status and bytes."""
    return sum(len(set(answers)) > 1 for answers in crowd.answers.values())


def test_repeating_a_call_is_free(web: Granian) -> None:
    ensure_basics()
    crowd = deliver(web, idempotent=True, kills=KILLS)
    landed = Signal.objects.count()
    distinct = Signal.objects.values("external_id").distinct().count()
    print(
        f"killed {crowd.killed}, cut off {crowd.cut_off}, lost {KEYS - distinct}, duplicated {landed - distinct}, "
        f"unequal replays {unequal(crowd)}, worst recovery {crowd.worst:.1f} s"
    )
    assert (crowd.killed, distinct, landed, unequal(crowd)) == (KILLS, KEYS, KEYS, 0)
    assert sorted(crowd.answers) == list(range(KEYS))
    assert {len(answers) for answers in crowd.answers.values()} == {COPIES}
    assert IngestReply.objects.count() == KEYS
    assert crowd.cut_off > 0
    status, _answer = call(web.port, crowd.sender, rating(1_000), once="key-0")
    assert status == 422


def test_without_its_key_a_repeated_call_is_answered_otherwise(web: Granian) -> None:
    """The negative control: signals are still recognised, but the sender cannot tell what its first call did."""
    ensure_basics()
    crowd = deliver(web, idempotent=False, kills=1)
    assert Signal.objects.count() == KEYS
    assert unequal(crowd) > KEYS / 2


Mutation = Callable[[dict[str, str], bytes, Sender], tuple[dict[str, str], bytes, str]]


def turned(text: str) -> str:
    """A text of which one character is another."""
    return ("0" if text[0] != "0" else "1") + text[1:]


MUTATIONS: dict[str, Mutation] = {
    "another body": lambda headers, body, sender: (headers, body.replace(b"E1", b"E2"), PATH),
    "a longer body": lambda headers, body, sender: (headers, body + b" ", PATH),
    "no body": lambda headers, body, sender: (headers, b"", PATH),
    "a query": lambda headers, body, sender: (headers, body, PATH + "?x=1"),
    "another signature": lambda headers, body, sender: (
        headers | {"X-LoopCare-Signature": turned(headers["X-LoopCare-Signature"])},
        body,
        PATH,
    ),
    "no signature": lambda headers, body, sender: (without(headers, "X-LoopCare-Signature"), body, PATH),
    "a capital signature": lambda headers, body, sender: (
        headers | {"X-LoopCare-Signature": headers["X-LoopCare-Signature"].upper()},
        body,
        PATH,
    ),
    "a second later": lambda headers, body, sender: (
        headers | {"X-LoopCare-Timestamp": str(int(headers["X-LoopCare-Timestamp"]) + 1)},
        body,
        PATH,
    ),
    "six minutes old": lambda headers, body, sender: (sender.headers(body, skew=-360), body, PATH),
    "six minutes ahead": lambda headers, body, sender: (sender.headers(body, skew=360), body, PATH),
    "another key": lambda headers, body, sender: (headers | {"X-LoopCare-Key": make_sender().public_id}, body, PATH),
    "an idempotency key": lambda headers, body, sender: (headers | {"Idempotency-Key": "x"}, body, PATH),
}


def without(headers: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key != name}


def accepted(live_server: LiveServer, sender: Sender) -> list[str]:
    """The mutations of a good call that were let in."""
    port = int(live_server.url.rpartition(":")[2])
    found = []
    for name, mutate in MUTATIONS.items():
        body = rating(1)
        headers, changed, path = mutate(sender.headers(body), body, sender)
        if post(port, path, changed, headers)[0] != 401:
            found.append(name)
    return found


def test_only_known_senders_are_heard(transactional_db: None, live_server: LiveServer) -> None:
    ensure_basics()
    sender = make_sender()
    port = int(live_server.url.rpartition(":")[2])
    let_in = accepted(live_server, sender)
    assert (len(MUTATIONS), Signal.objects.count()) == (12, 0)
    body = rating(1)
    assert call(port, sender, body)[0] == 201
    revoke_key(public_id=sender.public_id, now=clock.now())
    delay = wait_for(lambda: call(port, sender, body)[0] == 401, seconds=10)
    print(f"mutations {len(MUTATIONS)}, accepted {len(let_in)}, revoked after {delay:.2f} s")
    assert let_in == []
    assert delay <= 1


def test_without_the_check_changed_calls_are_heard(
    transactional_db: None, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: every signature passes."""
    ensure_basics()

    def good(**_facts: Any) -> Verdict:
        return Verdict.GOOD

    monkeypatch.setattr(authentication, "judge", good)
    assert accepted(live_server, make_sender()) == list(MUTATIONS)
