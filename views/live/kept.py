"""What has been made is kept for whoever asks next: the last used, up to a number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Generic, TypeVar

from optimizers import Experiment, Run, Trajectory, simulate
from optimizers.maps import Ensemble, Spread
from views.server.heavy import given_up

Thing = TypeVar("Thing")
BESIDE = 500  # bytes: what an entry takes beside its content, about


class Kept(Generic[Thing]):
    """Things by what they depend on; the least recently used ones make room for others."""

    def __init__(self, most_bytes: int, size: Callable[[Thing], int]) -> None:
        self._lock = threading.Lock()
        self._things: OrderedDict[Hashable, Thing] = OrderedDict()
        self.most_bytes, self._size = most_bytes, size
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._things)

    def get(self, key: Hashable) -> Thing | None:
        """Return what is kept under a key, or None."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
            return self._things.get(key)

    def put(self, key: Hashable, thing: Thing) -> None:
        """Keep something, and let go of others until all of it has room."""
        with self._lock:
            if (old := self._things.pop(key, None)) is not None:
                self.bytes -= BESIDE + self._size(old)
            self._things[key] = thing
            self.bytes += BESIDE + self._size(thing)
            while self.bytes > self.most_bytes:
                _, gone = self._things.popitem(last=False)
                self.bytes -= BESIDE + self._size(gone)


def size_of(trajectory: Trajectory) -> int:
    """Return the bytes of a trajectory's arrays."""
    arrays = (trajectory.path, trajectory.loss, trajectory.lr, trajectory.gradient)
    unclipped = () if trajectory.unclipped is None else (trajectory.unclipped,)
    return sum(array.nbytes for array in (*arrays, trajectory.states, *unclipped))


TRAJECTORIES: Kept[Trajectory] = Kept(50_000_000, size_of)


SPREADS: Kept[Spread] = Kept(20_000_000, lambda spread: spread.nbytes)
QUICK_ENDS = 400_000  # updates of all seeds: some 20 ms


def spread_of(experiment: Experiment, seeds: int, moving: bool = False) -> Spread:
    """Return where many seeds of the runs end; of fewer where something moves and many take long.

    It is kept for whoever asks next.
    """
    request = Ensemble(experiment, seeds)
    if moving and request.updates > QUICK_ENDS:
        request = request.coarse() or request
    found = SPREADS.get(request)
    if found is None:
        found = request.compute(given_up())
        SPREADS.put(request, found)
    return found


def simulated(experiment: Experiment) -> list[Trajectory]:
    """Return what `simulate` does, each run from those that are kept if it is there.

    A slider that changes one run of four makes one.
    """
    if experiment.data is not None:  # a visitor's own, which are kept for nobody
        return simulate(experiment)
    return [one(experiment, run) for run in experiment.runs]


def one(experiment: Experiment, run: Run) -> Trajectory:
    """Return one run of an experiment; the others do not matter to it."""
    key = experiment.shared, run
    found = TRAJECTORIES.get(key)
    if found is None:
        (found,) = simulate(replace(experiment, runs=(run,)))
        TRAJECTORIES.put(key, found)
    return found
