"""Answers that take long are made by a process of their own, which steps back and is replaced."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest
from conftest import COMPILING

from optimizers import OPTIMIZERS, Cancelled, Experiment, Run
from optimizers.maps import BasinMap
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
    Heavy().prepare()
    assert Heavy().make(NOBODY_GOES, place)[0] == os.getpid()


def test_another_process_makes_the_same_and_steps_back(heavy):
    heavy.prepare()
    begun = heavy._process.pid
    process, stepped = heavy.make(NOBODY_GOES, place)
    assert process == begun != os.getpid()
    assert stepped == min(19, place()[1] + NICE) or os.name != "posix"
    assert heavy.make(NOBODY_GOES, place)[0] == process
    query = "surface=Beale&length=7&lang=pseudo"
    assert heavy.make(NOBODY_GOES, answer_to, query, None) == answer(asked(query))
    link = {"surface": ["Beale"], "length": ["7"]}
    for kind in ("csv", "html"):
        assert heavy.make_file(NOBODY_GOES, file, kind, link, None) == file(kind, link, None)


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


class StrangeError(Exception):
    """One that cannot be made from its text."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(f"{number} {text}")


def strange() -> None:
    raise StrangeError(3, "words")


def unsendable() -> object:
    return threading.Lock()


def test_what_another_process_could_not_read_is_told_in_words(heavy):
    with pytest.raises(RuntimeError, match="StrangeError: 3 words"):
        heavy.make(NOBODY_GOES, strange)
    with pytest.raises(TypeError, match="pickle"):
        heavy.make(NOBODY_GOES, unsendable)
    with pytest.raises(TypeError, match="pickle"):
        heavy.make(NOBODY_GOES, divmod, threading.Lock(), 1)


LONG = BasinMap(Experiment("Himmelblau", steps=5000, runs=(Run("Adam", lr=1e-4),)), size=512)
MIDDLE = BasinMap(Experiment("Himmelblau", steps=1000, runs=(Run("Adam", lr=1e-4),)), size=128)
SHORT = BasinMap(Experiment("Himmelblau", steps=300), size=64)


def test_a_map_is_the_same_and_tells_how_far_it_is(heavy):
    shares: list[float] = []
    made = heavy.compute(SHORT, NOBODY_GOES, shares.append)
    expected = SHORT.compute()
    for name, column in expected.table().items():
        assert (made.table()[name] == column).all()
    cancel = threading.Event()
    shares.clear()

    def enough(share: float) -> None:
        shares.append(share)
        if len(shares) >= 2:
            cancel.set()

    with pytest.raises(Cancelled):
        heavy.compute(LONG, cancel, enough)
    assert 0 < shares[0] < shares[1] < 1


def test_no_picture_waits_for_maps_and_files(heavy):
    cancel = threading.Event()
    ended = []

    def compute() -> None:
        with pytest.raises(Cancelled):
            heavy.compute(LONG, cancel, lambda share: None)
        ended.append("map")

    def make_file() -> None:
        heavy.make_file(NOBODY_GOES, time.sleep, 2.0)
        ended.append("file")

    others = [threading.Thread(target=each) for each in (compute, compute, make_file)]
    for thread in others:
        thread.start()
    time.sleep(0.2)
    assert heavy.make(NOBODY_GOES, place)[0] != os.getpid()
    assert ended == []
    cancel.set()
    for thread in others:
        thread.join(COMPILING)
    assert sorted(ended) == ["file", "map", "map"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_process_that_was_killed_is_replaced_which_makes_what_was_under_way(heavy):
    process, _ = heavy.make(NOBODY_GOES, place)
    made = []
    asked = threading.Thread(
        target=lambda: made.append(heavy.compute(MIDDLE, NOBODY_GOES, lambda share: None))
    )
    asked.start()
    time.sleep(0.2)
    os.kill(process, signal.SIGKILL)
    asked.join(COMPILING)
    assert made[0].where.shape == (128, 128)
    assert heavy.make(NOBODY_GOES, place)[0] not in (process, os.getpid())


def test_whoever_asks_when_it_has_ended_is_told_so():
    heavy = Heavy()
    heavy.begin()
    heavy.make(NOBODY_GOES, place)
    asked: list[type] = []

    def ask() -> None:
        with pytest.raises(Cancelled):
            heavy.compute(LONG, NOBODY_GOES, lambda share: None)
        asked.append(Cancelled)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.2)
    heavy.end()
    thread.join(COMPILING)
    assert asked == [Cancelled]


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
