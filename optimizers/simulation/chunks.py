"""A sweep cut into chunks that any `concurrent.futures.Executor` makes: processes, or machines.

A chunk is a smaller sweep, a box of the map, told by names and numbers alone; what it takes of the
program every worker has itself. Each cell is to the bit what `simulate` gives, so that it makes no
difference how a map is cut, who makes which chunk, and which of them is ready first.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.metadata
import itertools
import math
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.program import cost
from optimizers.record import LINE, LONG
from optimizers.simulation import driver
from optimizers.simulation.experiment import Experiment, Run

# A chunk takes 0.1 to 1.2 s: long against the milliseconds that an engine adds, and short for who
# gives a map up, whose workers end what is under way.
CHUNK_UPDATES = 2**23
CHUNK_CELLS = 2**17  # whose ends are 5 MB
CHUNK_NUMBERS = 2**20  # of recorded losses: 8 MB
AHEAD = 1024  # chunks that are handed over at once: nobody counts an executor's workers
POLL_SECONDS = 0.01  # between two looks at `cancel`

# Losses that a search asks for, usually; where noise leaves backtracking no way down, fifty.
SEARCHED = {LONG: 8, LINE: 16}
DRAWN = 5  # passes over samples that take as long as to draw their order, and what is left of each
SAMPLES_AN_UPDATE = 8  # whose gradients take as long as an update on an analytic surface, or less
FORMULA_AN_UPDATE = 100  # nanoseconds of a formula that are no more than such an update
PACKAGES = ("landscape", "landscape.surfaces", "optimizers", "optimizers.rules")

Array = NDArray[Any]
Box = tuple[slice, ...]  # of a map: a range along each of its axes


class Cancelled(Exception):  # noqa: N818  (nothing went wrong)
    """A sweep was given up because its `cancel` was set."""


class EngineError(RuntimeError):
    """An engine has lost a chunk of a map, or could not make it; its text says which and why."""


@dataclass(frozen=True, eq=False)
class Watch:
    """What is looked for in every cell of a sweep, whichever chunk it is in.

    `lowest` is the surface's lowest loss and `reach` how far above it a run has arrived, negative
    where nobody asks. `recorded_at` int64 (n,) are the update counts whose losses are recorded, or
    None, and `places` tells whether the positions are too.
    """

    lowest: float
    reach: float
    recorded_at: Array | None
    places: bool


@dataclass(frozen=True, eq=False)
class Chunk:
    """A box of a sweep: what its cells are given, by the names that `sweep` has for it."""

    experiment: Experiment
    run: Run
    given: Mapping[str, Array]
    hyper: Mapping[str, Array]
    watch: Watch
    program: str

    @functools.cached_property
    def key(self) -> str:
        """What tells this chunk from every other one, in any process: a hash of all it holds."""
        data = self.experiment.data
        told = (self.program, self.experiment, self.run, None if data is None else data.digest)
        watch = self.watch
        found = hashlib.sha256(repr((told, watch.lowest, watch.reach, watch.places)).encode())
        arrays = {**self.given, **self.hyper}
        if watch.recorded_at is not None:
            arrays["recorded at"] = watch.recorded_at
        for name, array in arrays.items():
            found.update(repr((name, array.shape, array.dtype.str)).encode())
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of its ends: those of `driver.Ends`, its box in place of all cells."""
        start, *others = (self.given["start"], *self.given.values(), *self.hyper.values())
        plain = [array.shape for array in others if array is not start]
        cells = np.broadcast_shapes(start.shape[:-1], *plain)
        watch = self.watch
        record = 0 if watch.recorded_at is None else len(watch.recorded_at)
        tails = ((2,), (), (), (), (), (record,), (record if watch.places else 0, 2))
        return tuple((*cells, *tail) for tail in tails)

    def check(self) -> None:
        """Raise an EngineError unless this process has the program that the chunk was cut by."""
        if self.program != program():
            raise EngineError(
                "a worker has another version of Zigzag, NumPy or Numba, or of a surface or an"
                " optimizer of one's own: its results might be others"
            )


@functools.cache
def program() -> str:
    """Return a hash of all that decides a result's bits, but the processor."""
    found = hashlib.sha256()
    for name in ("numpy", "numba"):
        found.update(f"{name} {importlib.metadata.version(name)}\n".encode())
    for package in PACKAGES:
        for folder in importlib.import_module(package).__path__:
            for path in sorted(Path(folder).rglob("*.py")):
                found.update(f"{package} {path.relative_to(folder).as_posix()}\n".encode())
                found.update(path.read_bytes())
    return found.hexdigest()


def cost_of(experiment: Experiment) -> int:
    """Return how many updates on an analytic surface take as long as one on this, at most."""
    objective = max(experiment.objectives, key=lambda objective: objective.ways)
    # Of the batch and, where one asks for it, of all in all the ways that dropout leaves them.
    passes = 1 if objective.surface.quadratic else 1 + objective.ways
    passes += DRAWN if objective.dropped else 0
    found = max(1, objective.count * passes // SAMPLES_AN_UPDATE)
    if experiment.formula is not None:
        found = max(1, cost(objective.numbers) // FORMULA_AN_UPDATE)
    rules = [experiment.plan(run).rule for run in experiment.runs]
    return found * max(SEARCHED.get(rule.searches, 1) for rule in rules)


# --- How a map is cut ---------------------------------------------------------------------------


def boxes(
    shape: tuple[int, ...], steps: Array, slow: list[int], cost: int, row: int
) -> Iterator[Box]:
    """Yield boxes that make up a map of `shape`, each as much work as a chunk is to be, or less.

    `steps` broadcasts to the map; a step costs as much as `cost` updates, and a cell's answer has
    `row` recorded numbers. Axes are halved in the order of `slow`.
    """
    steps = np.broadcast_to(steps, shape)
    cells = max(1, min(CHUNK_CELLS, CHUNK_NUMBERS // max(1, row)))

    def halves(box: Box) -> Iterator[Box]:
        lengths = [side.stop - side.start for side in box]
        count = math.prod(lengths)
        if count == 1 or (count <= cells and int(steps[box].sum()) * cost <= CHUNK_UPDATES):
            yield box
            return
        axis = next(axis for axis in slow if lengths[axis] > 1)
        first, last = box[axis].start, box[axis].stop
        for start, stop in itertools.pairwise((first, (first + last) // 2, last)):
            yield from halves((*box[:axis], slice(start, stop), *box[axis + 1 :]))

    yield from halves(tuple(slice(0, length) for length in shape))


def inside(array: Array, box: Box) -> Array:
    """Return what is in a box of an array whose first axes are the map's, or of length 1."""
    sides = zip(array.shape, box, strict=False)  # a start has an axis more
    # A copy, for a view would take the whole along.
    return array[tuple(side if length > 1 else slice(None) for length, side in sides)].copy()


# --- The work -----------------------------------------------------------------------------------


def make_all(
    executor: Executor,
    make: Callable[[Chunk], driver.Ends],
    chunks: Iterator[tuple[Box, Chunk]],
    put: Callable[[Box, driver.Ends], object],
    cancel: threading.Event | None,
) -> None:
    """Have an executor make all chunks, and hand each to `put`, in this thread, when it is ready.

    Raises Cancelled soon after `cancel` was set, what is under way then being left to itself, and
    EngineError where the executor does not make a chunk.
    """
    poll = None if cancel is None else POLL_SECONDS
    pending: dict[Future[driver.Ends], Box] = {}
    ready: queue.SimpleQueue[Future[driver.Ends]] = queue.SimpleQueue()
    try:
        while True:
            if cancel is not None and cancel.is_set():
                raise Cancelled
            following = next(chunks, None) if len(pending) < AHEAD else None
            if following is not None:
                box, chunk = following
                try:
                    future = executor.submit(make, chunk)
                except RuntimeError as error:  # it is broken, or was shut down
                    raise lost(box, error) from error
                pending[future] = box
                future.add_done_callback(ready.put)
            elif not pending:
                return
            try:
                future = ready.get(following is None, poll)
            except queue.Empty:
                continue
            box = pending.pop(future)
            put(box, ends_of(future, box))
    finally:
        for future in pending:
            future.cancel()


def ends_of(future: Future[driver.Ends], box: Box) -> driver.Ends:
    """Return what has become of a chunk, or raise what is wrong with it."""
    try:
        return future.result()
    except (ValueError, Cancelled):  # as it would be without an engine
        raise
    except Exception as error:
        raise lost(box, error) from error


def lost(box: Box, error: Exception) -> EngineError:
    """Return the error that says which chunk was not made, and why."""
    where = ", ".join(f"{side.start}:{side.stop}" for side in box)
    why = str(error) or type(error).__name__
    return EngineError(f"the cells [{where}] of a map were not made: {why}")
