"""Who is next: the browser that has a picture to draw, or the user who has changed something."""

from __future__ import annotations

import threading
import time

import pytest

from views import turns


def test_without_a_change_the_browser_has_its_time():
    before = time.monotonic()
    turns.let_draw()
    assert time.monotonic() - before >= turns.DRAWING


def test_a_change_does_not_wait_for_the_browser(monkeypatch: pytest.MonkeyPatch):
    looks: list[float] = []

    def changed() -> bool:
        looks.append(time.monotonic())
        return len(looks) > 1

    monkeypatch.setattr(turns, "changed", changed)
    monkeypatch.setattr(turns, "DRAWING", 60.0)
    before = time.monotonic()
    turns.let_draw()
    assert time.monotonic() - before < 30


def test_in_a_busy_class_nobody_waits(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(turns, "WAITING", threading.Semaphore(1))
    monkeypatch.setattr(turns, "DRAWING", 60.0)
    monkeypatch.setattr(turns, "changed", lambda: False)
    assert turns.WAITING.acquire(blocking=False)  # somebody else's
    before = time.monotonic()
    turns.let_draw()
    assert time.monotonic() - before < 30
    turns.WAITING.release()
