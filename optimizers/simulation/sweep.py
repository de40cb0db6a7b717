"""Many runs of one surface and one optimizer, of which only the ends are kept: maps."""

from __future__ import annotations

import concurrent.futures
import functools
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscape.checks import check_mapping, check_names, check_number, shown
from landscape.record import Number
from optimizers.record import APART, DECOUPLED
from optimizers.simulation import chunks, driver
from optimizers.simulation.chunks import Box, Cancelled, Chunk, Watch
from optimizers.simulation.epochs import Epoch
from optimizers.simulation.experiment import (
    BIG,
    MOST_SAMPLES,
    MOST_SEED,
    MOST_STEPS,
    RATE,
    STOPPED_BY,
    Experiment,
    Run,
    check_count,
)
from optimizers.simulation.schedules import SCHEDULES

MOST_CELLS = 2**22
MOST_MAP_UPDATES = 2**31  # cells x steps, on this machine's own threads
MOST_ENGINE_CELLS = 2**27  # whose ends, of 41 bytes each, this process has room for
MOST_LOSSES = 2**25  # cells x recorded losses
MOST_TOLERANCE = 1e300
MOST_THREADS = 64

# A chunk is what one call of the driver runs: long against what Python adds to it, some 50 us, and
# too short for others who share the threads to notice.
CHUNK_SECONDS = (0.0005, 0.01)
CHUNK_RUNS = (64, 16384)
STINT_SECONDS = 0.02  # a worker does chunk after chunk for so long before it serves another map
FIRST_UPDATES = 2**17  # of the first chunks, as long as nobody knows how fast they are
HAND_OVER_SECONDS = 0.0005  # what takes no longer is made sooner than threads are woken for it
MOST_BEGUN = 2**14  # cells of a map that may be so short
CHUNK_UPDATES = 2**22  # bounds the tables that are made for one chunk
MOST_ORDERS = 2**27  # numbers in a chunk's table of orders
SHARED_NUMBERS = 2**22  # a table of at most so many is made once for all chunks
# Of a sweep's threads: they give way to whoever answers a visitor, and those of long sweeps also to
# those of short ones. An update takes 10 to 150 ns, of a formula up to 260: a
# short sweep takes a second or two at most.
NICE_SHORT, NICE_LONG = 10, 19
SHORT_UPDATES = 2**23
POLL_SECONDS = 0.01  # between two looks at `cancel` and at the progress

WORKERS = os.cpu_count() or 1

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sweep:
    """What became of every cell of a map.

    `end` float64 shape + (2,) is the last position and `loss` float64 the loss there; where
    `diverged` it is the position that was the first beyond bounds. `steps` int64 counts the
    updates done, `stopped` tells where the rule had no step to take, `by_stopping_rule` where a
    stopping rule of the run has ended it, and `arrived_at` int64 is the first update count whose
    loss is within the tolerance of the surface's lowest, -1 for none.

    `losses` float64 shape + (n,) holds the loss after each of the `recorded_at` int64 (n,) update
    counts, NaN after a run's end, and the last again where a stopping rule has ended it; both
    are None where none were asked for. `places` float64 shape +
    (n, 2) are the positions then, where they were asked for.
    """

    shape: tuple[int, ...]
    end: Floats
    loss: Floats
    steps: Integers
    diverged: NDArray[np.bool_]
    stopped: NDArray[np.bool_]
    by_stopping_rule: NDArray[np.bool_]
    arrived_at: Integers
    recorded_at: Integers | None
    losses: Floats | None
    places: Floats | None = None


def sweep(
    experiment: Experiment,
    run: Run,
    *,
    lr: ArrayLike | None = None,
    hyper: Mapping[str, Any] | None = None,
    start: ArrayLike | None = None,
    seed: ArrayLike | None = None,
    batch_size: ArrayLike | None = None,
    steps: ArrayLike | None = None,
    tolerance: float | None = None,
    record: int | None = None,
    places: bool = False,
    cancel: threading.Event | None = None,
    progress: Callable[[float], object] | None = None,
    threads: int | None = None,
    executor: concurrent.futures.Executor | None = None,
) -> Sweep:
    """Run `run` with other numbers in every cell of a map, each to the bit as `simulate` would.

    `lr`, the values of `hyper`, `seed`, `batch_size` (0 is the full batch) and `steps` are numbers
    or arrays, `start` is an array of shape (..., 2); together they broadcast to the map's shape.
    Whatever is not given, a single hyperparameter included, is the run's or else the experiment's;
    the experiment's own runs play no part.

    `tolerance` asks for the first arrival, `record` for the losses at so many update counts,
    spread evenly from 0 to the most steps of any cell (n = steps + 1 are all of them), and with
    them for the `places`. `progress`
    is called with the share of the cells that are done, by this thread. No more than `threads`
    chunks of the map are worked on at once.

    With an `executor` that makes the chunks, as many as it will, in place of this machine's own
    threads: processes, loky, Dask's (`Client.get_executor()`) or MPI's (`mpi4py.futures`). The bits
    are the same, if all processors are of one kind. Whoever has workers decides how long they may
    work: MOST_CELLS is then MOST_ENGINE_CELLS, and MOST_MAP_UPDATES bounds each chunk alone.

    Raises ValueError naming the field, the value and the allowed range, Cancelled soon after
    `cancel` was set, and EngineError where the executor has lost a chunk, or could not make it.
    """
    own = executor is None
    if not own and (threads is not None or not isinstance(executor, concurrent.futures.Executor)):
        raise ValueError(
            f"executor = {shown(executor)}: must be a concurrent.futures.Executor, without threads"
        )
    threads = WORKERS if threads is None else check_count("threads", threads, MOST_THREADS)
    cells = _Cells(experiment, run, lr, hyper, start, seed, batch_size, steps, own=own)
    watch = _watch(cells, tolerance, record, places)
    ends = _room(cells.count, watch)
    if executor is None:
        _work_through(_Job(cells, watch, ends), cancel, progress, threads)
    else:
        _hand_out(cells, watch, ends, executor, cancel, progress)
    return _answer(cells.shape, watch, ends)


# --- The cells ----------------------------------------------------------------------------------


def check_numbers(field: str, value: Any, low: float, high: float, integer: bool = False) -> Floats:
    """Return a number or an array of them as float64, checked as `check_number` would each."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "iuf":
        return np.asarray(check_number(field, value, low, high, integer))
    numbers = np.asarray(array, dtype=np.float64)
    # NaN fails every comparison, and is the least and the most of whatever holds it.
    fine = numbers.size == 0 or (numbers.min() >= low and numbers.max() <= high)
    if not fine or (integer and (numbers != np.floor(numbers)).any()):
        bad = ~((numbers >= low) & (numbers <= high)) | (integer & (numbers != np.floor(numbers)))
        check_number(field, array[bad][0].item(), low, high, integer)
    zero = numbers == 0
    if zero.any() and np.signbit(numbers[zero]).any():
        return numbers + 0.0  # not -0, as `check_number` has it
    return numbers


def check_hyper(owner: str, number: Number, value: Any) -> Floats:
    """Return a hyperparameter's values as float64; a choice may be given by its name."""
    if isinstance(value, str):
        return np.asarray(number.check(owner, value))
    field = f"{owner}.{number.name}"
    return check_numbers(field, value, number.low, number.high, number.integer)


def check_starts(value: Any) -> Floats:
    """Return starts as float64 (..., 2)."""
    starts = check_numbers("start", value, -BIG, BIG)
    if starts.ndim == 0 or starts.shape[-1] != 2:
        raise ValueError(
            f"start = {shown(value)}: must be two numbers from {-BIG:g} to {BIG:g} along the last"
            " axis"
        )
    return starts


def check_batches(value: Any, samples: int) -> Floats:
    """Return batch sizes as float64, 0 being the full batch."""
    sizes = check_numbers("batch_size", value, 0, MOST_SAMPLES, integer=True)
    if sizes.max(initial=0) > samples:
        raise ValueError(
            f"batch_size = {sizes.max():.0f}: must be from 1 to samples = {samples}, or 0 for the"
            " full batch"
        )
    return sizes


def collapsed(array: NDArray[Any], dimensions: int) -> NDArray[Any]:
    """Return `array` with `dimensions` axes, those along which it is constant of length 1."""
    array = array.reshape((1,) * (dimensions - array.ndim) + array.shape)
    for axis, length in enumerate(array.shape):
        first = array.take([0], axis)
        if length > 1 and (array == first).all():
            array = first
    return array


def distinct(values: Floats) -> tuple[Floats, Integers]:
    """Return the sorted different ones of `values`, and which of them each is."""
    if values.size == 1:  # as in most maps, where NumPy's own takes a twentieth of a millisecond
        return values.reshape(1), np.zeros(values.shape, np.int64)
    found, which = np.unique(values, return_inverse=True)
    return found, which.reshape(values.shape)


class _Cells:
    """What the cells of a map are given: checked arrays that broadcast to its shape."""

    def __init__(
        self,
        experiment: Experiment,
        run: Run,
        lr: Any,
        hyper: Any,
        start: Any,
        seed: Any,
        batch_size: Any,
        steps: Any,
        *,
        own: bool = True,  # whether this machine's threads make them
    ) -> None:
        def given(value: Any, otherwise: Any) -> Any:
            return otherwise if value is None else value

        self.experiment = replace(experiment, runs=(run,))  # checks the run against the samples
        self.run = run
        self.plan = plan = self.experiment.plan(run)
        hyper = check_mapping("hyper", given(hyper, {}))
        check_names(f"hyper of {plan.rule.name}", hyper, run.hyper)
        fields = {
            "lr": check_numbers("lr", given(lr, plan.lr), *RATE),
            "seed": check_numbers("seed", given(seed, plan.seed), 0, MOST_SEED, integer=True),
            "batch_size": check_batches(given(batch_size, run.batch_size or 0), experiment.samples),
            "steps": check_numbers("steps", given(steps, plan.steps), 1, MOST_STEPS, integer=True),
        }
        numbers = {
            number.name: check_hyper(
                plan.rule.name, number, hyper.get(number.name, run.hyper[number.name])
            )
            for number in plan.rule.hyperparameters
        }
        self.start = check_starts(given(start, plan.start))
        shapes = {name: array.shape for name, array in {**fields, **numbers}.items()}
        shapes["start"] = self.start.shape[:-1]
        try:
            self.shape = np.broadcast_shapes(*shapes.values())
        except ValueError:
            told = ", ".join(f"{name} {shape}" for name, shape in shapes.items() if shape)
            raise ValueError(f"shapes of {told}: must broadcast to one") from None
        self.count = math.prod(self.shape)
        bound = "MOST_CELLS" if own else "MOST_ENGINE_CELLS"
        most = MOST_CELLS if own else MOST_ENGINE_CELLS
        if not 1 <= self.count <= most:
            raise ValueError(f"cells = {self.count}: must be 1 to {bound} = {most}")
        updates = int(np.broadcast_to(fields["steps"], self.shape).sum())
        if own and updates > MOST_MAP_UPDATES:
            raise ValueError(
                f"cells x steps = {updates}: must be at most MOST_MAP_UPDATES = {MOST_MAP_UPDATES}"
            )
        self.updates = updates
        self.lr = fields["lr"]
        self.seed, self.batch_size, self.steps = (
            collapsed(fields[name], len(self.shape)) for name in ("seed", "batch_size", "steps")
        )
        self.hyper = {name: collapsed(array, len(self.shape)) for name, array in numbers.items()}
        switch = self.hyper.get(APART, np.zeros(1))
        if switch.size > 1 and run.weight_decay > 0:
            raise ValueError(f"{plan.rule.name}.{APART}: must be the same for all cells")
        self.apart = bool(switch.any()) and run.weight_decay > 0
        self.most_steps = int(self.steps.max())
        # A map has few batch sizes: an epoch is asked for each of them, not for each cell.
        sizes, self._epoch_of = distinct(self.batch_size)
        drawn = run.replacement, run.accumulate
        self._epochs = [experiment.epoch(int(size) or None, *drawn) for size in sizes]

    def slow(self, seeds_first: bool) -> list[int]:
        """Return the axes, first those along which neighbours would share least of their tables.

        Neighbours step together, which is cheaper if they share draws, schedule and betas.
        """
        fields = [self.steps, self.batch_size, *self.hyper.values()]
        fields.insert(0 if seeds_first else len(fields), self.seed)
        axes = range(len(self.shape))
        return sorted(axes, key=lambda axis: [array.shape[axis] == 1 for array in fields])

    def flat(self, array: NDArray[Any], *tail: int) -> NDArray[Any]:
        """Return `array` for all cells in a row, without a copy where they share one value."""
        if array.size == math.prod(tail):
            return np.broadcast_to(array.reshape(tail), (self.count, *tail))
        return np.broadcast_to(array, (*self.shape, *tail)).reshape(self.count, *tail)

    def flat_rows(self, arrays: list[Floats]) -> Floats:
        """Return each array for all cells in a row, without a copy where they share its value."""
        shared = all(array.size == 1 for array in arrays)
        if shared:
            values = np.array([array.item() for array in arrays], dtype=np.float64)
            return np.broadcast_to(values[:, None], (len(arrays), self.count))
        return np.stack([self.flat(array) for array in arrays])

    def of_batch(self, function: Callable[[Epoch], float]) -> Floats:
        """Return what `function` says of an epoch, for each batch size."""
        values = np.array([function(epoch) for epoch in self._epochs], dtype=np.float64)
        found: Floats = values[self._epoch_of]
        return found


class _Table:
    """Rows of numbers, named by the cells that need them.

    All of them are made at once where they are few; otherwise every chunk makes its own.
    """

    def __init__(
        self, cells: _Cells, keys: Floats, width: int, make: Callable[[Floats], Any]
    ) -> None:
        self._keys, rows = distinct(keys)
        self._rows = cells.flat(rows)
        self._make = make
        self._whole = make(self._keys) if self._keys.size * width <= SHARED_NUMBERS else None

    @property
    def shared(self) -> bool:
        """Whether all chunks use the same table."""
        return self._whole is not None

    def of(self, cells: Integers) -> tuple[Integers, Any]:
        """Return the row of each cell in a table, and the table."""
        if self._keys.size == 1:
            rows = np.zeros(cells.size, np.int64)
        else:
            rows = self._rows[cells]
        if self._whole is not None:
            return rows, self._whole
        wanted, found = np.unique(rows, return_inverse=True)
        return found, self._make(self._keys[wanted])


def orders_table(cells: _Cells) -> _Table:
    """Return the table of each seed's orders of the samples, (seeds, epochs x samples).

    It holds one update more than the steps, and nothing where all updates take all samples as they
    are.
    """
    samples, plan = cells.experiment.samples, cells.plan
    updates = cells.of_batch(lambda epoch: epoch.updates)
    batched = cells.of_batch(lambda epoch: epoch.batch_size < samples or plan.objective.dropped) > 0
    epochs = int(np.where(batched, -(-(cells.steps + 1) // updates), 0).max())
    # With dropout the full batch has an order too, and no sample of it is drawn twice.
    apart = plan.objective.dropped and plan.epoch.replacement
    whole = cells.of_batch(lambda epoch: apart and epoch.batch_size == samples)
    keys = 2 * cells.seed + whole if epochs else np.zeros(1)
    at_once = min(np.unique(keys).size, CHUNK_RUNS[0])
    if epochs * samples * at_once > MOST_ORDERS:
        raise ValueError(
            f"epochs x samples = {epochs * samples} for each seed: must be at most"
            f" {MOST_ORDERS // at_once} together"
        )

    def make(seeds: Floats) -> Any:
        found = []
        for key in seeds:
            seed, whole = divmod(int(key), 2)
            epoch = replace(plan.epoch, batch_size=samples if whole else 1)
            found.append(replace(plan, seed=seed, epoch=epoch).rows(epochs))
        return np.array(found, dtype=np.int32).reshape(len(seeds), epochs * samples)

    return _Table(cells, keys, epochs * samples, make)


def draws_table(cells: _Cells, noisy: bool) -> _Table:
    """Return the table of each seed's draws, (seeds, steps, 2)."""
    steps = cells.most_steps if noisy else 0

    def make(seeds: Floats) -> Floats:
        table = np.empty((len(seeds), steps, 2))
        if noisy:
            for out, seed in zip(table, seeds, strict=True):
                # As in `experiment.draws`, whose rows begin with those of a shorter run.
                np.random.default_rng(int(seed)).standard_normal(out=out)
        return cells.plan.shaped(table)

    return _Table(cells, cells.seed if noisy else np.zeros(1), 2 * steps, make)


def factors_table(cells: _Cells) -> _Table:
    """Return the table of the factors on the rate, (schedules, steps), ends repeating the last."""
    run, schedule = cells.run, SCHEDULES[cells.run.schedule]
    most = cells.most_steps

    def make(keys: Floats) -> Floats:
        table = np.empty((len(keys), most))
        for out, key in zip(table, keys, strict=True):
            epoch, steps = divmod(int(key), MOST_STEPS + 1)
            factors = schedule.factors(steps, run.schedule_params, run.warmup, epoch)
            out[:steps], out[steps:] = factors, factors[-1]
        return table

    epoch = cells.of_batch(lambda epoch: epoch.updates if schedule.asks_for_epochs else 1)
    return _Table(cells, epoch * (MOST_STEPS + 1) + cells.steps, most, make)


# --- The work -----------------------------------------------------------------------------------


class _Job:
    """A sweep as the driver takes it, with room for what comes out."""

    def __init__(self, cells: _Cells, watch: Watch, ends: driver.Ends) -> None:
        self.cells = cells
        experiment, plan = cells.experiment, cells.plan
        rule, surface, count = plan.rule, plan.surface, cells.count
        scale = cells.of_batch(lambda epoch: epoch.noise(experiment.noise, epoch.batch_size))
        short_scale = cells.of_batch(lambda epoch: epoch.noise(experiment.noise, epoch.last))
        epoch = cells.of_batch(lambda epoch: epoch.updates)
        self._by_data = surface.samples is not None
        self._draws = (
            orders_table(cells) if self._by_data else draws_table(cells, bool(scale.any()))
        )
        self._factors = factors_table(cells)
        slow = cells.slow(seeds_first=not self._draws.shared)
        self._order = None
        if slow != sorted(slow):
            self._order = np.arange(count).reshape(cells.shape).transpose(slow).ravel()
        self._kernels = (
            surface.kernel.pointer,
            surface.hessian_kernel.pointer,
            (driver.no_batch if surface.samples is None else surface.samples.batch).pointer,
            rule.update.pointer,
            plan.objective.numbers,
            plan.objective.count,
            0 if plan.objective.dropped else plan.objective.count,
        )
        self._given = (
            cells.flat(cells.start, 2),
            cells.flat(cells.lr),
            cells.flat_rows(list(cells.hyper.values())),
            cells.flat(np.stack([scale, short_scale], axis=-1), 2),
            cells.flat(epoch.astype(np.int64)),
            cells.flat(cells.of_batch(lambda epoch: epoch.batch_size).astype(np.int64)),
            cells.flat(cells.steps.astype(np.int64)),
        )
        # Of rounds that are left out the losses are known, and not the places.
        timeless = not (rule.uses_time or watch.places)
        self._rule = driver.Rule(
            plan.coupled,
            plan.run.weight_decay if rule.weight_decay == DECOUPLED else 0.0,
            cells.apart,
            rule.needs_hessian,
            timeless,
            len(rule.state),
        )
        self._penalty, self._clipping, self._stopping = plan.penalty, plan.clipping, plan.stopping
        recorded = np.empty(0, np.int64) if watch.recorded_at is None else watch.recorded_at
        self._watch = driver.Watch(BIG, watch.lowest, watch.reach, recorded)
        self.halt = np.zeros(1, np.int64)
        self._ends = ends
        self.taken = self.finished = 0
        self._lock = threading.Lock()
        self._seconds_per_run: float | None = None

    def begin(self) -> None:
        """Run the first chunk in this thread, and the rest if that is sooner than to hand it over.

        Run none where it may take so long that a look at `cancel` cannot wait, nor of a map of so
        many cells that it is never that short.
        """
        cost = chunks.cost_of(self.cells.experiment)
        long = CHUNK_RUNS[0] * self.cells.most_steps * cost > FIRST_UPDATES
        if long or self.cells.count > MOST_BEGUN:
            return
        self._run_next()
        assert self._seconds_per_run is not None  # there is at least one chunk
        if (self.cells.count - self.taken) * self._seconds_per_run <= HAND_OVER_SECONDS:
            self.stint()

    def stint(self) -> None:
        """Run chunk after chunk, until the time is up or none is left."""
        until = time.perf_counter() + STINT_SECONDS
        while not self.halt[0] and self._run_next() and time.perf_counter() < until:
            pass

    def _run_next(self) -> bool:
        """Run the next chunk and return True, or return False where none is left."""
        chunk = self._next_chunk()
        if chunk is None:
            return False
        first, last = chunk
        start = time.perf_counter()
        self.run(first, last)
        now = time.perf_counter()
        with self._lock:
            self.finished += last - first
            self._seconds_per_run = (now - start) / (last - first)
        return True

    def _next_chunk(self) -> tuple[int, int] | None:
        """Take the next cells that nobody has taken, in a number that the last chunk suggests."""
        with self._lock:
            first, left = self.taken, self.cells.count - self.taken
            if not left:
                return None
            fewest, most = CHUNK_RUNS
            short, long = 0, FIRST_UPDATES // self.cells.most_steps
            if self._seconds_per_run is not None:
                short, long = (int(wanted / self._seconds_per_run) for wanted in CHUNK_SECONDS)
            # At most a share of what is left, so that the workers end together.
            size = min(max(left // (2 * WORKERS), short), long)
            size = min(size, most, CHUNK_UPDATES // self.cells.most_steps)
            self.taken = first + min(max(size, fewest), left)
            return first, self.taken

    def run(self, first: int, last: int) -> None:
        """Run the cells from `first` to `last` in the order of the work."""
        cells = np.arange(first, last) if self._order is None else self._order[first:last]
        driver.sweep(
            *self._kernels,
            cells,
            *self._given,
            *self._chance_of(cells),
            *self._factors.of(cells),
            self._rule,
            self._penalty,
            self._clipping,
            self._stopping,
            self._watch,
            self.halt,
            self._ends,
        )

    def _chance_of(self, cells: Integers) -> tuple[Integers, Any, Any]:
        """Return each cell's row in a table of draws or of orders, and both, one of them empty."""
        rows, table = self._draws.of(cells)
        if self._by_data:
            return rows, np.empty((0, 0, 2)), table
        return rows, table, np.empty((0, 0), np.int32)


def _watch(cells: _Cells, tolerance: Any, record: Any, places: bool) -> Watch:
    """Return what is looked for in all cells; raise ValueError for what cannot be."""
    lowest, reach = -math.inf, -1.0
    if tolerance is not None:
        reach = check_number("tolerance", tolerance, 0.0, MOST_TOLERANCE)
        lowest = cells.plan.objective.lowest()
    if record is None:
        return Watch(lowest, reach, None, False)
    most = cells.most_steps
    record = check_count("record", record, most + 1, least=2)
    if cells.count * record > MOST_LOSSES:
        raise ValueError(
            f"cells x record = {cells.count * record}: must be at most MOST_LOSSES = {MOST_LOSSES}"
        )
    return Watch(lowest, reach, np.arange(record) * most // (record - 1), places)


def _room(count: int, watch: Watch) -> driver.Ends:
    """Return room for what comes out of so many cells."""
    record = 0 if watch.recorded_at is None else len(watch.recorded_at)
    return driver.Ends(
        end=np.empty((count, 2)),
        loss=np.empty(count),
        done=np.empty(count, np.int64),
        outcome=np.empty(count, np.int8),
        arrived=np.empty(count, np.int64),
        losses=np.full((count, record), np.nan),
        places=np.full((count, record if watch.places else 0, 2), np.nan),
    )


def _answer(shape: tuple[int, ...], watch: Watch, ends: driver.Ends) -> Sweep:
    """Return the results in the map's shape."""
    recorded = watch.recorded_at is not None
    by_stopping_rule = np.logical_or.reduce([ends.outcome == how for how in STOPPED_BY])
    if recorded and by_stopping_rule.any():  # a run that was stopped stays where it is
        held = by_stopping_rule[:, None] & (watch.recorded_at > ends.done[:, None])
        ends.losses[held] = np.broadcast_to(ends.loss[:, None], held.shape)[held]
        if watch.places:
            ends.places[held] = np.broadcast_to(ends.end[:, None], (*held.shape, 2))[held]
    return Sweep(
        shape=shape,
        end=ends.end.reshape(*shape, 2),
        loss=ends.loss.reshape(shape),
        steps=ends.done.reshape(shape),
        diverged=(ends.outcome == driver.OUT_OF_BOUNDS).reshape(shape),
        stopped=(ends.outcome == driver.NO_STEP).reshape(shape),
        by_stopping_rule=by_stopping_rule.reshape(shape),
        arrived_at=ends.arrived.reshape(shape),
        recorded_at=watch.recorded_at,
        losses=ends.losses.reshape(*shape, -1) if recorded else None,
        places=ends.places.reshape(*shape, -1, 2) if watch.places else None,
    )


# --- Made by an executor ------------------------------------------------------------------------


def make_chunk(chunk: Chunk) -> driver.Ends:
    """Return the ends of a chunk's cells, in the shape of what it is given: a worker's part."""
    chunk.check()
    lr, *others = (chunk.given[name] for name in ("lr", "start", "seed", "batch_size", "steps"))
    cells = _Cells(chunk.experiment, chunk.run, lr, chunk.hyper, *others)
    ends = _room(cells.count, chunk.watch)
    job = _Job(cells, chunk.watch, ends)
    while job.finished < cells.count:
        job.stint()
    return driver.Ends(*(array.reshape((*cells.shape, *array.shape[1:])) for array in ends))


def _cut(cells: _Cells, watch: Watch) -> Iterator[tuple[Box, Chunk]]:
    """Yield the chunks of a map, each with the box that it fills."""
    dimensions = len(cells.shape)
    lr = cells.lr.reshape((1,) * (dimensions - cells.lr.ndim) + cells.lr.shape)
    start = cells.start.reshape((1,) * (dimensions + 1 - cells.start.ndim) + cells.start.shape)
    given = {"lr": lr, "start": start, "seed": cells.seed}
    given |= {"batch_size": cells.batch_size, "steps": cells.steps}
    row = 0 if watch.recorded_at is None else len(watch.recorded_at) * (3 if watch.places else 1)
    cost, program = chunks.cost_of(cells.experiment), chunks.program()
    slow = cells.slow(seeds_first=True)  # for every chunk makes the draws of its own seeds
    for box in chunks.boxes(cells.shape, cells.steps, slow, cost, row):
        inside = functools.partial(chunks.inside, box=box)
        numbers, hyper = (
            {name: inside(array) for name, array in some.items()} for some in (given, cells.hyper)
        )
        yield box, Chunk(cells.experiment, cells.run, numbers, hyper, watch, program)


def _hand_out(
    cells: _Cells,
    watch: Watch,
    ends: driver.Ends,
    executor: concurrent.futures.Executor,
    cancel: threading.Event | None,
    progress: Callable[[float], object] | None,
) -> None:
    """Have an executor make all cells; tell of the progress and listen for the end of it."""
    whole = [array.reshape((*cells.shape, *array.shape[1:])) for array in ends]
    done = 0

    def put(box: Box, found: driver.Ends) -> None:
        nonlocal done
        for array, part in zip(whole, found, strict=True):
            array[box] = part  # along an axis where nothing varies one cell stands for all
        done += math.prod(side.stop - side.start for side in box)
        if progress is not None:
            progress(done / cells.count)

    chunks.make_all(executor, make_chunk, _cut(cells, watch), put, cancel)


# --- Made by this machine's threads -------------------------------------------------------------


@functools.cache
def _pool(nice: int) -> concurrent.futures.ThreadPoolExecutor:
    """The threads of all long, or short, sweeps; the kernels leave the interpreter to others."""
    return concurrent.futures.ThreadPoolExecutor(WORKERS, "sweep", give_way, (nice,))


def give_way(nice: int) -> None:
    """Let this thread step back behind those that answer visitors, where each has a priority."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)


if hasattr(os, "register_at_fork"):  # the threads stay behind in the parent
    os.register_at_fork(after_in_child=_pool.cache_clear)


def _work_through(
    job: _Job,
    cancel: threading.Event | None,
    progress: Callable[[float], object] | None,
    threads: int,
) -> None:
    """Run all chunks of a job, by workers but for a short one; tell of progress, heed `cancel`."""
    poll = None if cancel is None and progress is None else POLL_SECONDS
    count, told = job.cells.count, 0
    stints: set[concurrent.futures.Future[None]] = set()
    try:
        if cancel is None or not cancel.is_set():
            job.begin()
        while True:
            if progress is not None and job.finished > told:
                told = job.finished
                progress(told / count)
            if job.finished == count:
                break
            if cancel is not None and cancel.is_set():
                raise Cancelled
            pool = _pool(NICE_SHORT if job.cells.updates <= SHORT_UPDATES else NICE_LONG)
            while job.taken < count and len(stints) < threads:
                stints.add(pool.submit(job.stint))
            done, stints = concurrent.futures.wait(stints, poll, concurrent.futures.FIRST_COMPLETED)
            for stint in done:
                stint.result()
    finally:
        # Whatever has happened, nobody goes on with a map that is no longer waited for.
        job.halt[0] = 1
        for stint in stints:
            stint.cancel()
        concurrent.futures.wait(stints)
