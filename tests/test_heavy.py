"""Answers that take long are made by a process of their own, which steps back and is replaced."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import pytest
from conftest import COMPILING

from optimizers import OPTIMIZERS, Cancelled, Experiment, Run
from optimizers.maps import BasinMap
from views.live.answer import answer, answer_to, asked
from views.live.kept import spread_of
from views.server.heavy import GIVEN_UP, NICE, Heavy, given_up
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
    begun = {child.pid for child in multiprocessing.active_children()}
    process, stepped = heavy.make(NOBODY_GOES, place)
    assert process in begun
    assert process != os.getpid()
    assert stepped == min(19, place()[1] + NICE) or os.name != "posix"
    assert heavy.make(NOBODY_GOES, place)[0] == process
    query = "surface=Beale&length=7&lang=pseudo"
    assert heavy.make(NOBODY_GOES, answer_to, query, None) == answer(asked(query))
    link = {"surface": ["Beale"], "length": ["7"]}
    for kind in ("csv", "html"):
        assert heavy.make_file(NOBODY_GOES, file, kind, link, None) == file(kind, link, None)


def held(folder: Path, name: str) -> None:
    """Say that it has begun, and go on until the folder is opened."""
    (folder / name).touch()
    while not (folder / "open").exists():
        time.sleep(0.01)


def until(condition: Callable[[], bool]) -> None:
    """Return when something has become true."""
    ends = time.monotonic() + COMPILING
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_whoever_goes_leaves_the_place_to_the_next_and_what_was_not_begun_is_not_made(
    heavy, tmp_path
):
    left: list[int] = []

    def wait(number: int, gone: threading.Event) -> None:
        with contextlib.suppress(Cancelled):
            heavy.make(gone, held, tmp_path, f"begun{number}")
        left.append(number)

    for number in range(10):
        gone = threading.Event()
        threading.Thread(target=wait, args=(number, gone), daemon=True).start()
        if number == 0:
            until((tmp_path / "begun0").exists)
        gone.set()
    until(lambda: len(left) == 9)
    assert 0 not in left, "what is begun keeps its turn"
    (tmp_path / "open").touch()
    heavy.make(NOBODY_GOES, place)
    until(lambda: 0 in left)
    assert [path.name for path in tmp_path.glob("begun*")] == ["begun0"]


def until_given_up(folder: Path) -> None:
    """Go on until nobody waits for it."""
    (folder / "begun").touch()
    cancel = given_up()
    assert cancel is not None
    assert cancel.wait(COMPILING)
    raise Cancelled


@pytest.mark.parametrize("make", ["make", "make_file"])
def test_what_is_under_way_is_told_that_nobody_waits(heavy, tmp_path, make):
    gone, raised = threading.Event(), []

    def wait() -> None:
        with pytest.raises(Cancelled):
            getattr(heavy, make)(gone, until_given_up, tmp_path)
        raised.append(make)

    thread = threading.Thread(target=wait)
    thread.start()
    until((tmp_path / "begun").exists)
    gone.set()
    thread.join(COMPILING)
    assert raised == [make]


def test_the_ends_of_many_seeds_are_not_computed_for_nobody():
    cancel = threading.Event()
    cancel.set()
    token = GIVEN_UP.set(cancel)
    try:
        with pytest.raises(Cancelled):
            spread_of(Experiment(steps=77, noise=0.77), 200)
    finally:
        GIVEN_UP.reset(token)


def test_a_process_that_cannot_be_begun_is_tried_again(monkeypatch):
    real, failures = SpawnProcess.start, []

    def start(process: Any) -> None:
        if failures:
            raise failures.pop()
        real(process)

    monkeypatch.setattr(SpawnProcess, "start", start)
    made = Heavy()
    made.begin()
    try:
        failures += [OSError("no room")] * 3
        made.prepare()
        with pytest.raises(Cancelled):
            made.make(NOBODY_GOES, place)
        assert failures == []
        failures.append(OSError("no room"))
        assert made.make(NOBODY_GOES, place)[0] != os.getpid()
    finally:
        made.end()


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


def test_no_picture_waits_for_maps_and_files(heavy, tmp_path):
    cancel, moving = threading.Event(), threading.Semaphore(0)
    ended = []

    def compute() -> None:
        with pytest.raises(Cancelled):
            heavy.compute(LONG, cancel, lambda share: moving.release())
        ended.append("map")

    def make_file() -> None:
        heavy.make_file(NOBODY_GOES, held, tmp_path, "begun")
        ended.append("file")

    others = [threading.Thread(target=each) for each in (compute, make_file)]
    for thread in others:
        thread.start()
    assert moving.acquire(timeout=COMPILING)
    until((tmp_path / "begun").exists)
    assert heavy.make(NOBODY_GOES, place)[0] != os.getpid()
    assert ended == []
    cancel.set()
    (tmp_path / "open").touch()
    for thread in others:
        thread.join(COMPILING)
    assert sorted(ended) == ["file", "map"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_process_that_was_killed_is_replaced_which_makes_what_was_under_way(heavy, tmp_path):
    process, _ = heavy.make(NOBODY_GOES, place)
    made = []

    def ask() -> None:
        heavy.make(NOBODY_GOES, held, tmp_path, "begun")
        made.append("held")

    asked = threading.Thread(target=ask)
    asked.start()
    until((tmp_path / "begun").exists)
    (tmp_path / "begun").unlink()
    os.kill(process, signal.SIGKILL)
    until((tmp_path / "begun").exists)
    (tmp_path / "open").touch()
    asked.join(COMPILING)
    assert made == ["held"]
    assert heavy.make(NOBODY_GOES, place)[0] not in (process, os.getpid())


def test_whoever_asks_when_it_has_ended_is_told_so():
    heavy = Heavy()
    heavy.begin()
    asked: list[type] = []
    moving = threading.Event()

    def ask() -> None:
        with pytest.raises(Cancelled):
            heavy.compute(LONG, NOBODY_GOES, lambda share: moving.set())
        asked.append(Cancelled)

    thread = threading.Thread(target=ask)
    thread.start()
    assert moving.wait(COMPILING)
    heavy.end()
    thread.join(COMPILING)
    assert asked == [Cancelled]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ({}, False),
        ({"length": "5000", "optimizers": "SGD"}, False),
        ({"length": "5000", "optimizers": "SGD", "average": "mean"}, False),
        ({"length": "5000", "optimizers": ["SGD", "Adam"], "average": "mean"}, True),
        ({"length": "3000", "optimizers": "Nesterov", "sutskever": "1"}, False),
        ({"length": "5000", "optimizers": "Nesterov", "average": "mean", "sutskever": "1"}, True),
        ({"length": "5000", "optimizers": [*OPTIMIZERS][:9]}, True),
        ({"length": "9", "unit": "epochs", "batch": "10", "optimizers": "SGD"}, False),
        ({"length": "9", "unit": "epochs", "batch": "10"}, True),
    ],
)
def test_what_takes_long_is_told_from_the_updates(link, expected):
    settings, _ = read({"surface": "Quadratic", **link})
    assert large(settings) == expected
    assert 1000 * 9 < QUICK_UPDATES < 5000 * 9
