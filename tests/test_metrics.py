"""What processes tell of themselves: whether each can draw a picture, and their numbers."""

from __future__ import annotations

import asyncio
import os
import re
import time
import urllib.request
from typing import Any

import pytest
import websockets
from conftest import answer_of, awaited

from optimizers import Experiment, Run
from optimizers.maps import BasinMap
from views.live import answer
from views.server import metrics
from views.server.board import FACTS, PLACES, STALE, Board
from views.server.counts import Counts
from views.server.jobs import JOBS


@pytest.fixture
def telling(monkeypatch: pytest.MonkeyPatch) -> metrics.Telling:
    """What this process tells, on a board of its own."""
    fresh = metrics.Telling()
    monkeypatch.setattr(metrics, "TELLING", fresh)
    return fresh


def health() -> tuple[int, str]:
    response = answer_of(metrics.health, "")
    return response.status_code, bytes(response.body).decode()


def test_health_means_that_a_picture_was_drawn_a_moment_ago(telling, monkeypatch):
    assert health() == (503, "No process has drawn a picture yet.\n")
    telling.tell()
    status, told = health()
    assert status == 200
    assert re.fullmatch(rf"Process {os.getpid()} drew a picture \d s ago\.\n", told)
    now = time.time()
    monkeypatch.setattr(metrics.time, "time", lambda: now + STALE + 1)
    assert health()[0] == 503


def test_a_process_that_cannot_draw_tells_nothing_new(telling, monkeypatch):
    def broken(*_: Any) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(answer, "pack", broken)
    with pytest.raises(ValueError, match="broken"):
        telling.tell()
    assert health()[0] == 503


def test_one_process_that_cannot_draw_makes_the_machine_unhealthy(telling):
    telling.tell()
    row = telling.board.rows()[0]
    telling.board.put(1, (os.getppid(), time.time() - STALE - 1, *row[2:]))
    assert health()[0] == 503
    telling.board.put(1, (2**22 + 1, 1.0, *row[2:]))  # no process can have this number
    assert health()[0] == 200


def test_a_trial_is_a_picture_that_nobody_has_seen_before(telling, monkeypatch):
    drawn = []
    real = metrics.answer
    monkeypatch.setattr(metrics, "answer", lambda asked: drawn.append(real(asked)))
    for _ in range(3):
        telling.tell()
    assert len({*drawn}) == 3


def test_telling_goes_on_after_a_trial_that_failed(telling, monkeypatch, caplog):
    monkeypatch.setattr(metrics, "EVERY", 0.01)
    real, failed = metrics.answer, []

    def first_broken(asked: Any) -> bytes:
        if not failed:
            failed.append(1)
            raise ValueError("broken")
        return real(asked)

    monkeypatch.setattr(metrics, "answer", first_broken)

    async def for_a_while() -> None:
        task = asyncio.create_task(metrics.keep_telling())
        while not telling.board.rows():
            await asyncio.sleep(0.01)
        task.cancel()

    awaited(asyncio.wait_for(for_a_while(), 30))
    assert health()[0] == 200
    assert "No picture could be drawn" in caplog.text


def test_the_place_of_a_process_that_has_gone_is_taken():
    board = Board()
    for place in range(PLACES):
        board.put(place, (2**22 + 1 + place, time.time(), *(0.0 for _ in FACTS)))
    assert board.rows() == []
    board.write(time.time(), dict.fromkeys(FACTS, 1.0))
    board.write(time.time(), dict.fromkeys(FACTS, 2.0))
    (row,) = board.rows()
    assert row[0] == os.getpid()
    assert {*row[2:]} == {2.0}
    board.put(0, (os.getppid(), time.time(), *(0.0 for _ in FACTS)))  # at the same moment
    board.write(time.time(), dict.fromkeys(FACTS, 3.0))
    assert [row[0] for row in board.rows()] == [os.getppid(), os.getpid()]


def test_metrics_are_what_prometheus_reads(telling):
    experiment = Experiment("Ackley", steps=2000, noise=1.0, runs=(Run("AdamW"),))
    job = JOBS.join(BasinMap(experiment, size=512))
    telling.tell()
    JOBS.leave(job)
    told = bytes(answer_of(metrics.metrics, "").body).decode()
    numbers = dict(re.findall(r"^zigzag_(\w+)\{process=\"\d+\"\} (\S+)$", told, re.MULTILINE))
    assert {*numbers} == {*FACTS}
    assert float(numbers["map_jobs"]) == 1
    assert 5e7 < float(numbers["memory_bytes"]) < 5e9
    assert 0 < float(numbers["trial_seconds"]) < STALE
    for name in FACTS:
        kind = "counter" if name.endswith("_total") else "gauge"
        assert f"# TYPE zigzag_{name} {kind}\n" in told


def test_the_slow_pictures_are_those_of_the_last_thousand():
    counts = Counts()
    assert counts.slow() == 0
    for _ in range(1000):
        counts.picture(9.0)
    for n in range(1000):
        counts.picture(n / 1000)
    assert (counts.pictures, counts.slow()) == (2000, 0.95)


def told(url: str) -> dict[str, float]:
    """Return the sum of each number over all processes."""
    with urllib.request.urlopen(url + "zz/metrics", timeout=10) as answer:
        found = re.findall(r"^zigzag_(\w+)\{.*\} (\S+)$", answer.read().decode(), re.MULTILINE)
    return {name: sum(float(value) for other, value in found if other == name) for name in FACTS}


@pytest.mark.browser  # with the server of those tests
def test_any_process_tells_of_all_and_counts_what_they_did(server, monkeypatch):
    def until(condition: Any) -> dict[str, float]:
        ends = time.monotonic() + 4 * metrics.EVERY
        while not condition(now := told(server)):
            assert time.monotonic() < ends, now
            time.sleep(0.2)
        return now

    before = told(server)

    async def visit() -> None:
        url = server.replace("http", "ws") + "_stcore/stream"
        async with websockets.connect(url, subprotocols=[websockets.Subprotocol("streamlit")]):
            until(lambda now: now["sessions"] > before["sessions"])

    awaited(visit())
    with urllib.request.urlopen(f"{server}zz/scene?seed=77", timeout=30) as answer:
        assert answer.status == 200
    until(lambda now: now["pictures_total"] == before["pictures_total"] + 1)
    until(lambda now: now["sessions"] == before["sessions"])
    with urllib.request.urlopen(f"{server}zz/health", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    assert len(lines) == min(os.cpu_count() or 1, 4)
