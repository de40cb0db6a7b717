"""The command line's maps: the file that the page saves of a map, made by any number of machines.

    zigzag map KIND --link LINK --out FILE [--dask ADDRESS | --mpi]

KIND is a map's name as in the address of its file, such as rate-and-momentum. LINK is the page's
address, or the part of it after the question mark. With the address of a Dask scheduler the map's
chunks are made by its workers, which need this version of Zigzag, and with --mpi by all but the
first of the processes that mpiexec has begun with this command; otherwise by this machine's
processors. Until FILE is complete, finished chunks lie beside it in FILE.part: a command that was
interrupted goes on where it was when it is given again, and makes the same bytes.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from optimizers import EngineError
from optimizers.maps.base import part
from optimizers.simulation.chunks import program
from optimizers.simulation.journal import Journal
from optimizers.simulation.sweep import WORKERS, give_way
from views.maps import MAPS
from views.maps.files import pieces, slug
from views.maps.reasons import Lack
from views.server.search import found, search
from views.settings.settings import Settings, read, write

KINDS = {slug(name): name for name in MAPS}
CONNECT_SECONDS = 20
TOLD_SECONDS = 0.2  # between two shares that are told
NICE = 10  # how far this machine's threads step back, so that it can be used meanwhile


class CommandError(Exception):
    """Something the user has to put right; its text says what."""


def main(arguments: list[str]) -> int:
    """Make the map that the arguments ask for, and return the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = parser().parse_args(arguments)
    try:
        with mpi() if options.mpi else dask(options.dask) if options.dask else here() as workers:
            if workers is not None:
                make(options.kind, options.link, options.out, workers)
    except (CommandError, EngineError, ValueError, OSError, sqlite3.Error) as problem:
        print(f"zigzag map: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("zigzag map: interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what reads the arguments."""
    made = argparse.ArgumentParser(
        "zigzag map",
        description=(__doc__ or "").partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    made.add_argument("--link", required=True, help="the page's address, or its query")
    made.add_argument("--out", required=True, type=Path, metavar="FILE", help="a CSV file")
    engines = made.add_mutually_exclusive_group()
    engines.add_argument("--dask", metavar="ADDRESS", help="such as tcp://10.0.0.1:8786")
    engines.add_argument("--mpi", action="store_true", help="mpiexec -n 9 zigzag map ... --mpi")
    return made


def make(kind: str, link: str, out: Path, workers: Executor) -> None:
    """Write the numbers of the map of a link to a file, or raise what is wrong."""
    settings = settings_of(kind, link)
    if not out.parent.is_dir() or out.is_dir():
        raise CommandError(f"{out} is no file in a folder that exists")
    made = MAPS[settings["map"]].ask(settings, found(settings, None))
    if isinstance(made, Lack):
        raise CommandError(made.why.text())
    kept = out.with_name(f"{out.name}.part")
    # The search for best rates, if the link asks for one, comes first and is kept too.
    rates = search(settings)
    told = f"{kind} {program()} {sorted(write(settings).items())}"
    with Journal(kept, told, workers) as journal, Line() as line:
        parts = 1 if rates is None else 2
        best = None if rates is None else rates.compute(None, part(line, 0, parts), journal)
        request = MAPS[settings["map"]].ask(settings, found(settings, best))
        if isinstance(request, Lack):
            raise CommandError(request.why.text())
        result = request.compute(None, part(line, parts - 1, parts), journal)
    ready = out.with_name(f"{out.name}.new")
    try:
        with ready.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces(result, settings["lang"]))
        ready.replace(out)
    finally:
        ready.unlink(missing_ok=True)
    kept.unlink()


def settings_of(kind: str, link: str) -> Settings:
    """Return what a link asks for, with the map of a kind; raise a CommandError that says why not.

    The link is an address, its query, or that with a question mark.
    """
    query = urlsplit(link).query if "?" in link else link
    names = parse_qs(query, keep_blank_values=True)
    settings, notes = read({**names, "map": [KINDS[kind]]})
    if notes:
        raise CommandError(" ".join(note.text() for note in notes))
    return settings


@contextlib.contextmanager
def here() -> Iterator[Executor]:
    """Have this machine's processors make the chunks."""
    with ThreadPoolExecutor(WORKERS, "map", give_way, (NICE,)) as threads:
        yield threads


@contextlib.contextmanager
def dask(address: str) -> Iterator[Executor]:
    """Have the workers of a Dask scheduler make the chunks."""
    try:
        from dask.distributed import Client
    except ImportError:
        raise CommandError("--dask needs Dask: pip install distributed") from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as problem:
        raise CommandError(f"no Dask scheduler answers at {address}: {problem}") from None
    with client, client.get_executor() as executor:
        yield executor


@contextlib.contextmanager
def mpi() -> Iterator[Executor | None]:
    """Have all processes of this MPI job but the first make the chunks; to them None is given.

    They have made theirs, and end, when the first one has left this.
    """
    try:
        from mpi4py import MPI
        from mpi4py.futures import MPICommExecutor
    except (ImportError, RuntimeError):  # the second where there is no MPI itself
        raise CommandError("--mpi needs mpi4py and an MPI: pip install mpi4py mpich") from None
    if MPI.COMM_WORLD.size == 1:
        raise CommandError("--mpi needs processes: mpiexec -n 9 zigzag map ... --mpi")
    workers: Any = MPICommExecutor(MPI.COMM_WORLD, root=0)  # its own types name another class
    with workers as executor:
        yield executor


class Line:
    """A line at a terminal that tells the share that is done, and how long the rest will take."""

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()
        self._shown = False

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: Any) -> None:
        if self._shown:
            print(file=sys.stderr)

    def __call__(self, share: float) -> None:
        """Tell the share."""
        now = time.monotonic()
        if not sys.stderr.isatty() or (now < self._told + TOLD_SECONDS and share < 1):
            return
        self._told, self._shown = now, True
        left = (now - self._began) * (1 - share) / share if share else 0.0
        bar = "#" * round(30 * share)
        line = f"\r[{bar:<30}] {share:6.1%}, {left:,.0f} s left "
        print(line, end="", file=sys.stderr, flush=True)
