"""Answers that take long are made by a process of their own, which steps back and is replaced."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from optimizers import OPTIMIZERS, Cancelled
from views.live.answer import answer, answer_to, asked
from views.server.heavy import NICE, Heavy
from views.server.save import file
from views.server.search import QUICK_UPDATES, large
from views.settings.settings import read

NOBODY_GOES = threading.Event()


@pytest.fixture(scope="module")
def heavy() -> Iterator[Heavy]:
    """The process, as a server has it."""
    made = Heavy()
    made.begin()
    yield made
    made.end()


def place() -> tuple[int, int]:
    """Return the process that this is called in, and how far it has stepped back."""
    return os.getpid(), os.nice(0) if os.name == "posix" else NICE


def test_without_a_server_work_is_made_at_once():
    assert Heavy().make(NOBODY_GOES, place)[0] == os.getpid()


def test_another_process_makes_the_same_and_steps_back(heavy):
    process, stepped = heavy.make(NOBODY_GOES, place)
    assert process != os.getpid()
    assert stepped == min(19, place()[1] + NICE) or os.name != "posix"
    assert heavy.make(NOBODY_GOES, place)[0] == process
    query = "surface=Beale&length=7&lang=pseudo"
    assert heavy.make(NOBODY_GOES, answer_to, query, None) == answer(asked(query))
    link = {"surface": ["Beale"], "length": ["7"]}
    for kind in ("csv", "html"):
        assert heavy.make(NOBODY_GOES, file, kind, link, None) == file(kind, link, None)


def test_whoever_goes_waits_no_longer_and_what_was_not_begun_is_not_made(heavy):
    heavy.make(NOBODY_GOES, place)
    gone, raised = threading.Event(), []

    def wait() -> None:
        try:
            heavy.make(gone, time.sleep, 2.0)
        except Cancelled:
            raised.append(time.monotonic())

    waiting = [threading.Thread(target=wait) for _ in range(8)]
    for thread in waiting:
        thread.start()
    time.sleep(0.2)
    began = time.monotonic()
    gone.set()
    for thread in waiting:
        thread.join(5)
    assert len(raised) == len(waiting)
    assert max(raised) < began + 1
    heavy.make(NOBODY_GOES, place)
    assert time.monotonic() < began + 8, "one was under way; 8 would be 16 seconds"


def test_what_work_raises_is_raised(heavy):
    with pytest.raises(ZeroDivisionError):
        heavy.make(NOBODY_GOES, divmod, 1, 0)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_process_that_was_killed_is_replaced(heavy):
    process, _ = heavy.make(NOBODY_GOES, place)
    os.kill(process, signal.SIGKILL)
    other, _ = heavy.make(NOBODY_GOES, place)
    assert other not in (process, os.getpid())


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ({}, False),
        ({"length": "5000", "optimizers": "SGD"}, False),
        ({"length": "5000", "optimizers": [*OPTIMIZERS][:9]}, True),
        ({"length": "9", "unit": "epochs", "batch": "10", "optimizers": "SGD"}, False),
        ({"length": "9", "unit": "epochs", "batch": "10"}, True),
    ],
)
def test_what_takes_long_is_told_from_the_updates(link, expected):
    settings, _ = read({"surface": "Quadratic", **link})
    assert large(settings) == expected
    assert 1000 * 9 < QUICK_UPDATES < 5000 * 9
