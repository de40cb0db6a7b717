"""Long computations are made once for all who ask, given up when nobody does, and kept."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import views.server.jobs
from optimizers import Cancelled, Experiment, Run
from optimizers.maps import BasinMap, MomentumGrid
from optimizers.maps.grids import LOSS, STEPS
from optimizers.simulation.sweep import SHORT_UPDATES
from views.server.jobs import FILE, MOST_AT_ONCE, PAGE, Job, Jobs

PATIENCE = 30  # seconds after which a test that hangs fails


@dataclass(frozen=True, eq=False)
class Made:
    nbytes: int


@dataclass(eq=False)
class Gate:
    """What a test sees and decides of a computation."""

    began: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    open: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None
    stubborn: bool = False  # does not look whether it is cancelled
    calls: int = 0
    running: int = 0
    most: int = 0  # that ran at the same time
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Task:
    """A request that takes as long as its gate is shut."""

    name: str
    gate: Gate = field(compare=False)
    nbytes: int = 8
    updates: int = SHORT_UPDATES + 1

    def compute(
        self,
        cancel: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Any:
        gate = self.gate
        assert cancel
        assert progress
        with gate.lock:
            gate.calls += 1
            gate.running += 1
            gate.most = max(gate.most, gate.running)
        try:
            progress(0.25)
            gate.began.release()
            while not gate.open.wait(0.001):
                if cancel.is_set() and not gate.stubborn:
                    raise Cancelled
            if gate.error:
                raise gate.error
            return Made(self.nbytes)
        finally:
            with gate.lock:
                gate.running -= 1

    def coarse(self) -> None:
        return None


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open.set()  # a test that failed leaves no thread behind


def began(gate: Gate, times: int = 1) -> None:
    for _ in range(times):
        assert gate.began.acquire(timeout=PATIENCE)


def ended(job: Job) -> Job:
    assert job.done.wait(PATIENCE)
    return job


def made(jobs: Jobs, task: Any) -> Any:
    """Ask for a map, wait for it and leave."""
    job = ended(jobs.join(task))
    jobs.leave(job)
    return job.result


def test_two_who_ask_for_the_same_share_one_computation(gate):
    jobs = Jobs()
    first = jobs.join(Task("a", gate))
    began(gate)
    second = jobs.join(Task("a", gate))
    assert first is second
    gate.open.set()
    assert isinstance(ended(second).result, Made)
    assert gate.calls == 1


def test_others_get_a_job_of_their_own(gate):
    jobs = Jobs()
    gate.open.set()
    assert jobs.join(Task("a", gate)) is not jobs.join(Task("b", gate))


def test_a_finished_map_is_kept_and_not_made_again(gate):
    jobs = Jobs()
    gate.open.set()
    task = Task("a", gate)
    assert jobs.kept(task) is None
    result = made(jobs, task)
    assert jobs.kept(Task("a", gate)) is result
    again = jobs.join(Task("a", gate))
    assert again.done.is_set()
    assert again.result is result
    jobs.leave(again)
    assert not again.cancel.is_set()
    assert gate.calls == 1


def test_another_measure_of_a_kept_map_is_there_at_once():
    jobs = Jobs()
    experiment = Experiment(runs=(Run("Momentum"),))
    result = made(jobs, MomentumGrid(experiment, size=8, measure=LOSS))
    assert result.gap.shape == (8, 8)
    assert jobs.kept(MomentumGrid(experiment, size=8, measure=STEPS)) is result


def test_the_share_that_is_done_can_be_seen(gate):
    job = Jobs().join(Task("a", gate))
    began(gate)
    assert job.share == 0.25
    assert not job.done.is_set()


def test_a_job_is_cancelled_when_the_last_one_leaves_and_not_before(gate):
    jobs = Jobs()
    job = jobs.join(Task("a", gate))
    assert jobs.join(Task("a", gate)) is job
    began(gate)
    jobs.leave(job)
    assert not job.cancel.is_set()
    jobs.leave(job)
    assert job.cancel.is_set()
    ended(job)
    assert (job.result, job.error) == (None, None)
    assert jobs.kept(Task("a", gate)) is None


def test_a_cancelled_job_is_not_handed_to_whoever_asks_later(gate):
    jobs = Jobs()
    given_up = jobs.join(Task("a", gate))
    began(gate)
    jobs.leave(given_up)
    later = jobs.join(Task("a", gate))
    assert later is not given_up
    began(gate)
    ended(given_up)
    assert jobs.join(Task("a", gate)) is later, "the end of the first must not hide the second"
    gate.open.set()
    assert isinstance(ended(later).result, Made)


def test_what_was_finished_in_spite_of_being_cancelled_is_kept(gate):
    jobs = Jobs()
    gate.stubborn = True
    job = jobs.join(Task("a", gate))
    began(gate)
    jobs.leave(job)
    gate.open.set()
    assert ended(job).result
    assert jobs.kept(Task("a", gate)) is job.result


def test_whoever_leaves_after_the_end_cancels_nothing(gate):
    jobs = Jobs()
    gate.open.set()
    job = ended(jobs.join(Task("a", gate)))
    jobs.leave(job)
    assert not job.cancel.is_set()


def test_an_error_is_told_to_everybody_who_waits_and_nothing_is_kept(gate):
    jobs = Jobs()
    gate.error = ValueError("cells = 0: too few")
    first, second = (jobs.join(Task("a", gate)) for _ in range(2))
    gate.open.set()
    assert ended(first).error is gate.error
    assert second is first
    assert jobs.kept(Task("a", gate)) is None
    gate.error = None
    assert isinstance(made(jobs, Task("a", gate)), Made), "who asks again gets another try"


def test_a_request_that_the_sweep_refuses_says_why():
    too_long = Experiment(steps=100_000)
    job = ended(Jobs().join(BasinMap(too_long, size=1024)))
    assert isinstance(job.error, ValueError)
    assert "MOST_MAP_UPDATES" in str(job.error)


def test_the_cache_is_bounded_in_bytes_and_forgets_what_was_not_used_for_longest(gate):
    gate.open.set()
    jobs = Jobs(most_bytes=100)
    a, b, c, d = (Task(name, gate, 30) for name in "abcd")
    for task in (a, b, c):
        made(jobs, task)
    assert jobs.kept(a)  # so that b is the one that was not used for longest
    made(jobs, d)
    assert [jobs.kept(task) is not None for task in (a, b, c, d)] == [True, False, True, True]
    made(jobs, Task("large", gate, 95))
    assert [jobs.kept(task) for task in (a, b, c, d)] == [None] * 4
    assert jobs.kept(Task("large", gate, 95))


def test_a_map_larger_than_the_cache_is_handed_out_and_not_kept(gate):
    gate.open.set()
    jobs = Jobs(most_bytes=100)
    assert made(jobs, Task("a", gate, 101)).nbytes == 101
    assert jobs.kept(Task("a", gate, 101)) is None
    assert made(jobs, Task("b", gate, 100))
    assert jobs.kept(Task("b", gate, 100))


def test_no_more_compute_at_once_than_there_are_turns(gate):
    jobs = Jobs()
    waiting = [jobs.join(Task(str(n), gate)) for n in range(3 * MOST_AT_ONCE)]
    began(gate, MOST_AT_ONCE)
    assert gate.running == gate.calls == MOST_AT_ONCE
    gate.open.set()
    assert all(ended(job).result for job in waiting)
    assert gate.most == MOST_AT_ONCE
    assert gate.calls == len(waiting)


def test_a_job_cancelled_before_its_turn_is_never_begun(gate):
    jobs = Jobs()
    for n in range(MOST_AT_ONCE):
        jobs.join(Task(str(n), gate))
    began(gate, MOST_AT_ONCE)
    late = Gate()
    job = jobs.join(Task("late", late))
    jobs.leave(job)
    gate.open.set()
    assert ended(job).result is None
    assert late.calls == 0


def test_a_cancelled_job_gives_its_turn_to_the_next(gate):
    jobs = Jobs()
    running = [jobs.join(Task(str(n), gate)) for n in range(MOST_AT_ONCE)]
    began(gate, MOST_AT_ONCE)
    other = Gate()
    next_ = jobs.join(Task("next", other))
    jobs.leave(running[0])
    began(other)
    other.open.set()
    assert ended(next_).result


def test_a_long_sweep_ends_soon_after_nobody_waits_for_it():
    jobs = Jobs()
    experiment = Experiment("Himmelblau", steps=5000, runs=(Run("Adam", lr=1e-4),))
    job = jobs.join(BasinMap(experiment, size=512))
    jobs.leave(job)
    ended(job)
    assert (job.result, job.error) == (None, None)


def test_a_job_is_cancelled_when_no_page_watches_it_any_more(gate):
    jobs = Jobs()
    (job,) = jobs.watch("first", Task("a", gate))
    assert jobs.watch("second", Task("a", gate)) == [job]
    began(gate)
    jobs.forget("first")
    assert not job.cancel.is_set()
    (other,) = jobs.watch("second", Task("b", gate))
    assert other is not job
    ended(job)
    assert (job.result, job.error) == (None, None)
    assert not other.cancel.is_set()


@pytest.mark.parametrize("page", [False, True])
def test_who_waits_in_a_request_is_there_however_seldom_its_thread_gets_its_turn(
    gate, monkeypatch, page
):
    monkeypatch.setattr(views.server.jobs, "PATIENCE", 0.0)
    jobs, results = Jobs(), []
    waits = threading.Thread(
        target=lambda: results.append(jobs.made(Task("a", gate), threading.Event(), page))
    )
    waits.start()
    began(gate)
    jobs.forget_old()
    (job,) = jobs._under_way.values()
    assert job.wanted
    assert job.lane == (PAGE if page else FILE)
    gate.open.set()
    waits.join(PATIENCE)
    assert isinstance(results[0], Made)
    assert not job.wanted
    assert not job.on_page


def test_who_joins_a_watched_job_keeps_it(gate):
    jobs = Jobs()
    (job,) = jobs.watch("page", Task("a", gate))
    assert jobs.join(Task("a", gate)) is job
    jobs.forget("page")
    assert not job.cancel.is_set()
    jobs.leave(job)
    assert job.cancel.is_set()


def test_a_page_that_does_not_look_again_has_gone(monkeypatch):
    monkeypatch.setattr(views.server.jobs, "PATIENCE", 0.05)
    jobs = Jobs()
    experiment = Experiment("Himmelblau", steps=5000, runs=(Run("Adam", lr=1e-4),))
    (job,) = jobs.watch("page", BasinMap(experiment, size=512))
    ended(job)
    assert (job.result, job.error) == (None, None)
    (again,) = jobs.watch("page", BasinMap(experiment, size=512))
    assert again is not job, "it is made when the page comes back"


def test_a_page_that_looks_now_and_then_gets_its_map(monkeypatch):
    monkeypatch.setattr(views.server.jobs, "PATIENCE", 1.0)
    jobs = Jobs()
    request = BasinMap(Experiment("Himmelblau", steps=500), size=256)
    (job,) = jobs.watch("page", request)
    while not job.done.wait(0.01):
        assert jobs.watch("page", request) == [job]
    assert jobs.kept(request) is job.result is not None


def test_an_error_is_told_as_long_as_the_page_asks_for_the_same(gate):
    jobs = Jobs()
    gate.error = ValueError("cells = 0: too few")
    gate.open.set()
    (job,) = jobs.watch("page", Task("a", gate))
    ended(job)
    assert jobs.watch("page", Task("a", gate)) == [job]
    assert gate.calls == 1
    jobs.forget("page")
    (job,) = jobs.watch("page", Task("a", gate))
    ended(job)
    assert gate.calls == 2


def test_any_order_of_coming_and_going_leaves_nothing_behind():
    jobs = Jobs(most_bytes=60)
    gate = Gate()
    gate.open.set()
    trouble: list[BaseException] = []

    def visitor(seed: int) -> None:
        choice = random.Random(seed)
        try:
            for _ in range(200):
                task = Task(choice.choice("abcdefgh"), gate, 20)
                job = jobs.join(task)
                if choice.random() < 0.5:
                    ended(job)
                    assert job.result.nbytes == 20
                jobs.leave(job)
        except BaseException as error:
            trouble.append(error)

    visitors = [threading.Thread(target=visitor, args=(n,)) for n in range(8)]
    for thread in visitors:
        thread.start()
    for thread in visitors:
        thread.join(PATIENCE)
    assert trouble == []
    last = ended(jobs.join(Task("the last", gate, 20)))
    assert last.result
    kept = [name for name in [*"abcdefgh", "the last"] if jobs.kept(Task(name, gate, 20))]
    assert 1 <= len(kept) <= 3
    assert "the last" in kept
    for name in "abcdefgh":
        job = ended(jobs.join(Task(name, gate, 20)))
        assert isinstance(job.result, Made), "no cancelled job is left under its name"


def test_a_result_counts_with_the_bytes_of_its_arrays():
    result = made(Jobs(), BasinMap(Experiment(), size=32))
    arrays = (result.x, result.y, result.where, result.steps, result.end)
    assert result.nbytes == sum(np.asarray(array).nbytes for array in arrays) == 33_280
