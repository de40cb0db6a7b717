"""A sweep is the same to the bit, whoever makes its chunks; none of them is ever missing."""

from __future__ import annotations

import dataclasses
import importlib
import os
import pickle
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import COMPILING, ROOT
from dask.distributed import Client, LocalCluster
from test_map_pages import query_of
from test_maps import of_every_kind
from test_start import posix
from test_sweep import BUSY, MAP, assert_same, whole

from landscape import Dataset
from optimizers import Cancelled, EngineError, Experiment, Run, Sweep, sweep
from optimizers.simulation import chunks, driver
from optimizers.simulation.chunks import Chunk
from optimizers.simulation.journal import Journal, packed
from views import command as zigzag
from views.maps import MAPS, command, files

module = importlib.import_module("optimizers.simulation.sweep")  # its name is also the function's

RUN = Run("Momentum", batch_size=1)


def busy(**more: Any) -> Sweep:
    """Make the map of test_sweep."""
    return sweep(BUSY, RUN, **MAP, **more)


@pytest.fixture
def small_chunks(monkeypatch):
    """Cut that map into 64 chunks."""
    monkeypatch.setattr(chunks, "CHUNK_UPDATES", 2000)


class AtOnce(Executor):
    """An executor that makes each chunk when it is handed over, of what another process would get.

    `made` counts them, and from the one with the number `last` on it fails.
    """

    def __init__(self, last: int | None = None, error: Exception | None = None) -> None:
        self.made, self.sizes, self.last, self.error = 0, [], last, error

    def submit(self, fn, /, *args, **kwargs):
        content = pickle.dumps((fn, args))
        self.sizes.append(len(content))
        future: Future[Any] = Future()
        if self.made == self.last:
            future.set_exception(self.error)
            return future
        self.made += 1
        fn, args = pickle.loads(content)
        future.set_result(pickle.loads(pickle.dumps(fn(*args))))
        return future


class Shuffled(Executor):
    """An executor that makes what it was given in any order, each in a thread of its own."""

    def __init__(self, seed: int) -> None:
        self.random, self.waiting = random.Random(seed), []

    def submit(self, fn, /, *args, **kwargs):
        future: Future[Any] = Future()
        self.waiting.append((future, fn, args))
        if len(self.waiting) == 1:
            threading.Timer(0.01, self.make).start()
        return future

    def make(self):
        waiting, self.waiting = self.waiting, []
        self.random.shuffle(waiting)
        for future, fn, args in waiting:
            future.set_result(fn(*args))


# --- The same bits ------------------------------------------------------------------------------


@pytest.mark.parametrize("updates", [1, 130, 777, 5000, 2**23])
def test_it_makes_no_difference_how_a_map_is_cut(monkeypatch, updates):
    monkeypatch.setattr(chunks, "CHUNK_UPDATES", updates)
    made = AtOnce()
    few = updates < 200  # of the smallest chunks a part is enough
    given = {**MAP, "lr": MAP["lr"][:3]} if few else MAP
    assert_same(sweep(BUSY, RUN, executor=made, **given), sweep(BUSY, RUN, **given))
    cells = (3 if few else 37) * 11 * 5
    assert made.made == {1: cells, 2**23: 1}.get(updates, made.made)
    assert made.made >= cells * 60 / max(updates, 60)


@pytest.mark.parametrize("seed", range(3))
def test_it_makes_no_difference_which_chunk_is_ready_first(small_chunks, seed):
    assert_same(busy(executor=Shuffled(seed)), whole())


def test_few_chunks_ahead_are_enough(small_chunks, monkeypatch):
    monkeypatch.setattr(chunks, "AHEAD", 3)
    with ThreadPoolExecutor(2) as threads:
        assert_same(busy(executor=threads), whole())


DATA = Dataset(x=[0.0, 1.0, 2.0, 3.0, 5.0], y=[1.1, 2.9, 5.2, 6.8, 9.9])
SWEEPS: dict[str, Any] = {
    "every cell its own": (
        Experiment("Himmelblau", steps=30),
        Run("Adam"),
        {
            "start": np.random.default_rng(0).uniform(-4, 4, (13, 7, 2)),
            "lr": np.random.default_rng(1).uniform(0, 0.1, (13, 7)),
            "steps": np.random.default_rng(2).integers(1, 60, (13, 1)),
            "record": 5,
            "places": True,
        },
    ),
    "nothing varies": (Experiment("Ackley", steps=30), Run("SGD"), {"tolerance": 1.0}),
    "an axis on which nothing varies": (
        Experiment("Beale", steps=30),
        Run("SGD"),
        {"lr": np.geomspace(1e-4, 1e-2, 9), "seed": np.zeros((5, 1)), "record": 3},
    ),
    "data of one's own": (
        Experiment("Linear regression", data=DATA, steps=40),
        Run("SGD", batch_size=2),
        {"lr": np.geomspace(1e-3, 1e-1, 9)[:, None], "seed": np.arange(6), "tolerance": 0.1},
    ),
    "regularized, scheduled": (
        Experiment("Two features", l1=0.3, l1_step="proximal", keep=0.8, steps=30),
        Run("SGD", schedule="Cosine", warmup=3, batch_size=8, l2=0.1),
        {"batch_size": np.array([1, 8, 0])[:, None], "seed": np.arange(4)},
    ),
    "its own parameters": (
        Experiment("Rosenbrock", params={"b": 7.0}, steps=30, noise=0.5),
        Run("RMSProp", params={"b": 3.0}, seed=5, start=(0.5, 0.5), batch_size=4),
        {"hyper": {"decay": np.linspace(0.5, 0.99, 12)}, "seed": np.arange(3)[:, None]},
    ),
}


@pytest.mark.parametrize(("experiment", "run", "given"), SWEEPS.values(), ids=SWEEPS)
def test_whatever_is_swept_a_chunk_says_all_of_it(monkeypatch, experiment, run, given):
    monkeypatch.setattr(chunks, "CHUNK_UPDATES", 300)
    assert_same(sweep(experiment, run, executor=AtOnce(), **given), sweep(experiment, run, **given))


def assert_same_map(found: Any, expected: Any) -> None:
    for field in dataclasses.fields(expected):
        a, b = getattr(found, field.name), getattr(expected, field.name)
        np.testing.assert_array_equal(a, b, err_msg=field.name)


@of_every_kind
def test_every_map_may_be_made_by_an_executor(monkeypatch, request_):
    monkeypatch.setattr(chunks, "CHUNK_UPDATES", 200)
    made, shares = AtOnce(), []
    found = request_.compute(None, shares.append, made)
    assert_same_map(found, request_.compute())
    assert made.made > len(request_.experiment.runs)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


def test_a_chunk_is_names_and_numbers(small_chunks):
    made = AtOnce()
    busy(executor=made)
    assert max(made.sizes) < 5000
    # A grid of any size is told by its axes.
    made = AtOnce()
    rates, momenta = np.geomspace(1e-4, 1e-2, 256), np.linspace(0, 0.9, 64)[:, None]
    sweep(Experiment(steps=1), RUN, lr=rates, hyper={"momentum": momenta}, executor=made)
    assert max(made.sizes) < 5000


# --- Engines ------------------------------------------------------------------------------------


def test_processes_give_the_same_bits(small_chunks):
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        assert_same(busy(executor=processes), whole())


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Dask's scheduler with two worker processes."""
    options = {"processes": True, "dashboard_address": None, "silence_logs": 50}
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster,
        Client(cluster) as c,
    ):
        yield c


def test_a_chunk_whose_worker_is_killed_is_made_by_another(client, small_chunks):
    pids = client.run(os.getpid)
    assert len(pids) == 2
    killed = []

    def kill_one(share: float) -> None:
        if not killed:
            killed.append(next(iter(pids.values())))
            os.kill(killed[0], signal.SIGKILL)

    found = busy(executor=client.get_executor(), progress=kill_one)
    assert killed
    assert_same(found, whole())


def die(chunk: Chunk) -> None:
    os._exit(3)


def test_a_pool_whose_process_is_killed_says_which_cells_are_missing(small_chunks, monkeypatch):
    monkeypatch.setattr(module, "make_chunk", die)
    with (
        ProcessPoolExecutor(1, get_context("fork")) as processes,
        pytest.raises(EngineError, match=r"the cells \[\d+:.*\] of a map were not made: .*process"),
    ):
        busy(executor=processes)


def test_a_chunk_that_fails_is_told(small_chunks):
    failing = AtOnce(last=5, error=MemoryError())
    with pytest.raises(EngineError, match=r"cells \[.*\] of a map were not made: MemoryError"):
        busy(executor=failing)
    # What is wrong with the sweep itself is told as it is without an engine.
    with pytest.raises(ValueError, match="too much"):
        busy(executor=AtOnce(last=5, error=ValueError("too much")))


def test_an_executor_that_was_shut_down_is_told():
    with ThreadPoolExecutor(1) as threads:
        pass
    with pytest.raises(EngineError, match="were not made: cannot schedule new futures"):
        busy(executor=threads)


def test_a_future_that_the_engine_gives_up_is_told(small_chunks):
    class Forgetful(AtOnce):
        def submit(self, fn, /, *args, **kwargs):
            if self.made < 3:
                return super().submit(fn, *args, **kwargs)
            future: Future[Any] = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with pytest.raises(EngineError, match="were not made: CancelledError"):
        busy(executor=Forgetful())


def test_a_worker_of_another_version_makes_nothing(small_chunks, monkeypatch):
    made = AtOnce()
    busy(executor=made)
    programs = iter(["mine"] + ["theirs"] * 99)
    monkeypatch.setattr(chunks, "program", lambda: next(programs))
    with pytest.raises(EngineError, match="a worker has another version of Zigzag, NumPy or Numba"):
        busy(executor=AtOnce())


REFUSALS: dict[str, Any] = {
    "no executor": ({"executor": 4}, "executor = 4: must be a concurrent.futures.Executor"),
    "threads too": ({"executor": AtOnce(), "threads": 1}, "executor = "),
    "too many cells": (
        {"executor": AtOnce(), "lr": np.ones((2**14, 1)), "seed": np.arange(2**14)},
        "cells = 268435456: must be 1 to MOST_ENGINE_CELLS = 134217728",
    ),
}


@pytest.mark.parametrize(("given", "message"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_says(given, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the message is compared)
        sweep(Experiment(), Run("SGD"), **given)
    assert str(caught.value).startswith(message)


def test_an_executor_may_make_more_updates_than_this_machine_would(monkeypatch):
    monkeypatch.setattr(module, "MOST_MAP_UPDATES", 1000)
    given = {"lr": np.geomspace(1e-3, 0.1, 64), "steps": 100}
    with pytest.raises(ValueError, match="MOST_MAP_UPDATES"):
        sweep(Experiment(), Run("SGD"), **given)
    monkeypatch.setattr(chunks, "CHUNK_UPDATES", 1000)
    assert sweep(Experiment(), Run("SGD"), executor=AtOnce(), **given).loss.shape == (64,)


# --- Cancelling and progress --------------------------------------------------------------------


def test_a_map_that_is_given_up_leaves_nothing_but_what_is_under_way(small_chunks, monkeypatch):
    cancel, made = threading.Event(), []
    make = module.make_chunk
    monkeypatch.setattr(module, "make_chunk", lambda chunk: made.append(chunk) or make(chunk))

    def give_up(share: float) -> None:
        assert share < 0.1
        cancel.set()
        until.set()

    until = threading.Event()
    with ThreadPoolExecutor(1) as threads, pytest.raises(Cancelled):
        busy(executor=threads, cancel=cancel, progress=give_up)
    assert until.is_set()
    assert len(made) < 64


def test_a_map_that_is_given_up_beforehand_asks_nobody():
    cancel, made = threading.Event(), AtOnce()
    cancel.set()
    with pytest.raises(Cancelled):
        busy(executor=made, cancel=cancel, progress=pytest.fail)
    assert made.made == 0


def test_progress_rises_to_one_in_the_callers_thread(small_chunks):
    shares, threads = [], set()

    def progress(share: float) -> None:
        shares.append(share)
        threads.add(threading.current_thread())

    busy(executor=Shuffled(4), progress=progress, cancel=threading.Event())
    assert len(shares) > 20
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] == 1
    assert threads == {threading.current_thread()}


# --- The journal --------------------------------------------------------------------------------


def test_an_interrupted_sweep_goes_on_where_it_was(tmp_path, small_chunks):
    path = tmp_path / "map.part"
    failing = AtOnce(last=20, error=KeyError("gone"))
    with Journal(path, "this map", failing) as journal, pytest.raises(EngineError, match="gone"):
        busy(executor=journal)
    rest, whole_map = AtOnce(), AtOnce()
    with Journal(path, "this map", rest) as journal:
        assert_same(busy(executor=journal), whole())
    busy(executor=whole_map)
    assert rest.made == whole_map.made - 20
    # Nothing is left to be made, and other sweeps find nothing of theirs.
    nothing = AtOnce(last=0, error=AssertionError())
    with Journal(path, "this map", nothing) as journal:
        assert_same(busy(executor=journal), whole())
        with pytest.raises(EngineError):
            sweep(dataclasses.replace(BUSY, seed=4), RUN, **{**MAP, "lr": 0.1}, executor=journal)


OTHERS: dict[str, Any] = {
    "surface": (dataclasses.replace(BUSY, surface="Beale", params={}), RUN, {}),
    "number of the surface": (dataclasses.replace(BUSY, params={"b": 3.0}), RUN, {}),
    "noise": (dataclasses.replace(BUSY, noise=0.25), RUN, {}),
    "run": (BUSY, dataclasses.replace(RUN, weight_decay=1e-3), {}),
    "rates": (BUSY, RUN, {"lr": MAP["lr"] * (1 + 1e-15)}),
    "momenta": (BUSY, RUN, {"hyper": {"momentum": np.linspace(0, 0.98, 11)[:, None]}}),
    "seeds": (BUSY, RUN, {"seed": np.arange(1, 6)}),
    "tolerance": (BUSY, RUN, {"tolerance": 2.0}),
    "losses": (BUSY, RUN, {"record": 8}),
    "positions": (BUSY, RUN, {"places": True}),
}


@pytest.mark.parametrize(("experiment", "run", "given"), OTHERS.values(), ids=OTHERS)
def test_a_chunk_is_taken_for_no_other(tmp_path, experiment, run, given):
    made = AtOnce()
    with Journal(tmp_path / "map.part", "maps", made) as journal:
        busy(executor=journal)
        found = sweep(experiment, run, executor=journal, **{**MAP, **given})
        assert made.made == 2
        assert_same(found, sweep(experiment, run, **{**MAP, **given}))


def spoil(path: Path, content: bytes) -> None:
    with sqlite3.connect(path) as file:
        file.execute("UPDATE chunks SET ends = ?", (content,))
    file.close()


def told_otherwise(offset: int) -> Callable[[bytes], bytes]:
    """Return what spoils one byte of an archive's list of contents."""

    def spoiled(content: bytes) -> bytes:
        at = content.index(b"PK\x01\x02") + offset
        return content[:at] + bytes([content[at] ^ 0x81]) + content[at + 1 :]

    return spoiled


DAMAGES = {
    "nothing": lambda content: b"",
    "the beginning": lambda content: content[:4],
    "half": lambda content: content[: len(content) // 2],
    "no archive": lambda content: b"\x93NUMPY" + content,
    "another version of zip": told_otherwise(6),
    "encrypted": told_otherwise(8),
    "another sum": told_otherwise(16),
    "one cell for all": lambda content: packed(driver.Ends(*(np.zeros(1) for _ in range(7)))),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_chunk_is_made_again(tmp_path, damage):
    path = tmp_path / "map.part"
    with Journal(path, "this map", AtOnce()) as journal:
        busy(executor=journal)
    with sqlite3.connect(path) as file:
        ((content,),) = file.execute("SELECT ends FROM chunks")
    file.close()
    spoil(path, damage(content))
    made = AtOnce()
    with Journal(path, "this map", made) as journal:
        assert_same(busy(executor=journal), whole())
    assert made.made == 1


def test_a_file_that_is_for_something_else_is_left_alone(tmp_path):
    path, other = tmp_path / "map.part", tmp_path / "notes.txt"
    other.write_text("my notes " * 200)
    used = pytest.raises(ValueError, match="is open already")
    with Journal(path, "this map", AtOnce()) as journal, used:
        busy(executor=journal)
        Journal(path, "this map", AtOnce())
    with pytest.raises(ValueError, match="holds chunks of another map"):
        Journal(path, "that map", AtOnce())
    with pytest.raises(ValueError, match="holds no chunks of a map"):
        Journal(other, "this map", AtOnce())
    assert other.read_text() == "my notes " * 200
    database = tmp_path / "grades.db"
    with sqlite3.connect(database) as file:
        file.execute("CREATE TABLE grades (mark)")
    file.close()
    before = database.read_bytes()
    with pytest.raises(ValueError, match="it is another database"):
        Journal(database, "this map", AtOnce())
    assert database.read_bytes() == before
    with pytest.raises(ValueError, match="cannot be written"):
        Journal(tmp_path / "nowhere" / "map.part", "this map", AtOnce())


# --- The command line ---------------------------------------------------------------------------


def run_command(*arguments: Any) -> int:
    before = signal.getsignal(signal.SIGTERM)
    try:
        return command.main([*map(str, arguments)])
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("name", MAPS)
def test_the_command_writes_the_file_of_the_page(name, tmp_path):
    query, out = query_of(name), tmp_path / "map.csv"
    settings = command.settings_of(files.slug(name), query)
    expected = "".join(files.made_from(settings, threading.Event()))
    assert run_command(files.slug(name), "--link", f"http://a/maps?{query}#b", "--out", out) == 0
    assert out.read_text(encoding="utf-8") == expected
    assert [path.name for path in tmp_path.iterdir()] == ["map.csv"]


BASINS = "surface=Himmelblau&map.starts=64&length=50"
WRONG: dict[str, Any] = {
    "no kind": (("basins", "--link", BASINS), "invalid choice: 'basins'"),
    "no link": (("basins-of-attraction",), "--link"),
    "unknown setting": (("basins-of-attraction", "--link", "hue=3"), "hue"),
    "no number": (("basins-of-attraction", "--link", "length=nan"), "nan"),
    "no map": (("ensemble-of-seeds", "--link", "surface=Beale"), "Without noise"),
    "no scheduler": (
        ("basins-of-attraction", "--link", BASINS, "--dask", "tcp://127.0.0.1:1"),
        "no Dask scheduler answers at tcp://127.0.0.1:1",
    ),
    "no address": (
        ("basins-of-attraction", "--link", BASINS, "--dask", "?:?"),
        "no Dask scheduler answers at ?:?",
    ),
}


@pytest.mark.parametrize(("arguments", "words"), WRONG.values(), ids=WRONG)
def test_the_command_says_what_is_wrong(arguments, words, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "CONNECT_SECONDS", 0.5)
    try:
        code = run_command(*arguments, "--out", tmp_path / "map.csv")
    except SystemExit as end:
        code = end.code
    told = capsys.readouterr()
    assert code in (1, 2)
    assert words in told.err
    assert told.out == ""
    assert "Traceback" not in told.err
    assert [*tmp_path.iterdir()] == []


def test_the_command_says_where_it_cannot_write(tmp_path, capsys):
    assert run_command("basins-of-attraction", "--link", BASINS, "--out", tmp_path) == 1
    assert "is no file in a folder that exists" in capsys.readouterr().err


def test_the_command_has_dasks_workers_make_the_same_bytes(client, tmp_path):
    arguments = ("basins-of-attraction", "--link", BASINS, "--out")
    assert run_command(*arguments, tmp_path / "here.csv") == 0
    address = client.scheduler.address
    assert run_command(*arguments, tmp_path / "there.csv", "--dask", address) == 0
    assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()


# --- MPI ----------------------------------------------------------------------------------------

SWEPT = """
import pickle, sys
from pathlib import Path
from mpi4py.futures import MPIPoolExecutor
from optimizers import Run, sweep
from optimizers.simulation import chunks
from test_sweep import BUSY, MAP

if __name__ == "__main__":
    chunks.CHUNK_UPDATES = 2000
    with MPIPoolExecutor() as workers:
        found = sweep(BUSY, Run("Momentum", batch_size=1), executor=workers, **MAP)
        Path(sys.argv[1]).write_bytes(pickle.dumps((workers.num_workers, found)))
"""

# One of the processes that make chunks is killed at its fourth.
KILLED = """
import importlib, itertools, os, signal, sys
from mpi4py import MPI
from optimizers.simulation import chunks
from views.maps import command

chunks.CHUNK_UPDATES = 10_000
module = importlib.import_module("optimizers.simulation.sweep")
make, made = module.make_chunk, itertools.count()

def make_chunk(chunk):
    if next(made) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return make(chunk)

if MPI.COMM_WORLD.rank == 1:
    module.make_chunk = make_chunk
sys.exit(command.main(sys.argv[1:]))
"""


def under_mpi(*arguments: Any) -> subprocess.CompletedProcess[str]:
    """Run Python in three processes of an MPI job."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    mpiexec = shutil.which("mpiexec", path=places)
    assert mpiexec
    settings = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    return subprocess.run(
        [mpiexec, "-n", "3", sys.executable, *map(str, arguments)],
        env=settings,
        capture_output=True,
        text=True,
        timeout=COMPILING,
    )


@posix
def test_the_processes_of_mpi_give_the_same_bits(tmp_path):
    script, out = tmp_path / "swept.py", tmp_path / "found"
    script.write_text(SWEPT)
    done = under_mpi("-m", "mpi4py.futures", script, out)
    assert done.returncode == 0, done.stderr
    workers, found = pickle.loads(out.read_bytes())
    assert workers == 2
    assert_same(found, whole())


@posix
def test_an_mpi_job_that_lost_a_process_makes_no_file_and_the_next_goes_on(tmp_path):
    arguments = ("basins-of-attraction", "--link", BASINS, "--out")
    assert run_command(*arguments, tmp_path / "here.csv") == 0
    script, there = tmp_path / "killed.py", tmp_path / "there.csv"
    script.write_text(KILLED)
    assert under_mpi(script, *arguments, there, "--mpi").returncode != 0
    assert not there.exists()
    assert there.with_name("there.csv.part").exists()
    done = under_mpi("-m", "views.command", "map", *arguments, there, "--mpi")
    assert done.returncode == 0, done.stderr
    assert there.read_bytes() == (tmp_path / "here.csv").read_bytes()
    assert not there.with_name("there.csv.part").exists()


@posix
def test_a_command_that_mpi_has_not_begun_says_so(tmp_path, monkeypatch, capsys):
    arguments = ("basins-of-attraction", "--link", BASINS, "--out", str(tmp_path / "a.csv"))
    command_line = [sys.executable, "-m", "views.command", "map", *arguments, "--mpi"]
    done = subprocess.run(command_line, cwd=ROOT, capture_output=True, text=True, timeout=COMPILING)
    assert done.returncode == 1
    assert done.stderr == ("zigzag map: --mpi needs processes: mpiexec -n 9 zigzag map ... --mpi\n")
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    assert run_command(*arguments, "--mpi") == 1
    told = "zigzag map: --mpi needs mpi4py and an MPI: pip install mpi4py mpich\n"
    assert capsys.readouterr().err == told
    assert [*tmp_path.iterdir()] == []


def test_a_file_that_cannot_be_written_leaves_what_was_made(tmp_path, monkeypatch, capsys):
    def full(*_: Any) -> None:
        raise OSError("No space left on device")

    arguments = ("basins-of-attraction", "--link", BASINS, "--out", tmp_path / "map.csv")
    with monkeypatch.context() as once:
        once.setattr(command, "pieces", full)
        assert run_command(*arguments) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["map.csv.part"]
    assert run_command(*arguments) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["map.csv"]


def test_an_interrupted_command_goes_on_and_makes_the_same_bytes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(chunks, "CHUNK_UPDATES", 10_000)
    arguments = ("basins-of-attraction", "--link", BASINS, "--out")
    assert run_command(*arguments, tmp_path / "whole.csv") == 0
    made: list[Chunk] = []
    make = module.make_chunk

    def interrupted(chunk: Chunk) -> driver.Ends:
        made.append(chunk)
        return make(chunk)

    def interrupt(share: float) -> None:
        if share > 0.3:
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "make_chunk", interrupted)
    with monkeypatch.context() as once:
        once.setattr(command.Line, "__call__", lambda self, share: interrupt(share))
        assert run_command(*arguments, tmp_path / "map.csv") == 130
    assert "the same command goes on from here" in capsys.readouterr().err
    assert not (tmp_path / "map.csv").exists()
    before = len(made)
    assert run_command(*arguments, tmp_path / "map.csv") == 0
    assert (tmp_path / "map.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert len(made) == len({chunk.key for chunk in made})
    assert 0.3 * len(made) < before < len(made)


def test_zigzag_map_is_that_command_and_anything_else_serves(monkeypatch, capsys):
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as end:
        zigzag.main(["map", "--help"])
    assert end.value.code == 0
    told = capsys.readouterr().out
    assert told.startswith("usage: zigzag map")
    told = "".join(told.split())  # argparse breaks lines at hyphens
    assert all(files.slug(name) in told for name in MAPS)
    assert zigzag.main(["--help"]) == 0
    assert "--server.port" in capsys.readouterr().out
