"""A class that moves sliders while others ask for the most: how much slower is a slider then?

Thirty sessions change a rate every two seconds and ask for the picture by its address, as a slider
does. In turns they do so alone, and beside a crowd: five who compute the largest maps, one who
pastes long lists, and strangers with 40 hostile requests a second, which end in files, pictures,
searches and maps that nobody waits for. What counts is the ratio of the times within which 95 % of
the pictures come. What other processes of the machine take meanwhile is told too: they make the
times long as well. It talks to 127.0.0.1 only.

    python benchmarks/mixed.py --turns 4 --seconds 15
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import random
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from common import RATES, ROOT, SMALL, Server, machine, percentile, report, server

SESSIONS = 30
EVERY = 2.0  # seconds between two changes of a session
MAPS, HOSTILE = 5, 40  # at once, and a second
MOST_RATIO = 1.5
RATE = "Rosenbrock.Adam.lr"
LARGE = {"view": "Maps", "map": "Basins of attraction", "surface": "Ackley", "optimizers": "AdamW"}
LARGE |= {"noise": "0.1", "batch": "1", "map.starts": "512", "length": "2000"}
NINE = {"surface": "Ackley", "optimizers": [*RATES], "length": "5000", "noise": "1.2", "batch": "8"}


async def get(ours: Server, address: str, leave: float | None = None) -> int:
    """Return the status of an answer that was read to its end; 0 for who leaves after a while.

    The address is below the server's own, without the first slash.
    """
    place = ours.url.split("/")[2]
    host, port = place.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        request = f"GET /{address} HTTP/1.1\r\nHost: {place}\r\nAccept-Encoding: gzip, deflate\r\n"
        writer.write(f"{request}Connection: close\r\n\r\n".encode())
        await writer.drain()
        if leave is not None:
            await asyncio.sleep(leave)
            return 0
        status = int((await reader.readline()).split()[1])
        await reader.read()
        return status
    finally:
        writer.close()


async def slide(ours: Server, dice: random.Random, until: float, times: list[float]) -> None:
    """Change a rate now and then, and take note of how long the picture takes."""
    due = time.monotonic() + dice.uniform(0, EVERY)
    while due < until:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        rate = 10 ** dice.uniform(-3, -1)
        before = time.monotonic()
        status = await get(ours, f"zz/scene?{SMALL.query(**{RATE: f'{rate:.5g}'})}")
        times.append(time.monotonic() - before if status == 200 else float("inf"))
        due += EVERY


async def largest(ours: Server, number: int, until: float, done: list[int]) -> None:
    """Compute one of the largest maps after another."""
    for turn in itertools.count():
        query = urlencode(LARGE | {"noise": f"{0.1 + number}", "seed": f"{turn}"})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                done.append(await get(ours, f"zz/map/m.csv?{query}"))
        if time.monotonic() >= until:
            return


async def paste(ours: Server, until: float, done: list[int]) -> None:
    """Ask with lists as long as an address may be."""
    while time.monotonic() < until:
        text = ", ".join(f"{random.random():.6f}" for _ in range(1500))
        query = urlencode({"compare": "Learning rate", "rates": text})
        done.append(await get(ours, f"zz/scene?{query}"))
        await asyncio.sleep(0.5)


async def attack(ours: Server, until: float, done: list[int]) -> None:
    """Ask for whatever takes long, and leave."""
    tasks = set()
    for n in itertools.count():
        if time.monotonic() >= until:
            break
        seed = f"{time.time_ns()}"[-9:]
        nine = urlencode(NINE | {"seed": seed}, doseq=True)
        address = (
            f"zz/map/m.csv?{urlencode(LARGE | {'seed': seed})}",
            f"zz/scene?{nine}",
            f"zz/scene?{nine}&fair=each+its+best",
            f"zz/save/x.html?{nine}",
            f"zz/scene?{seed}=%00&theme=x",
            f"zz/save/x.csv?{nine}",
        )[n % 6]
        tasks.add(asyncio.create_task(get(ours, address, leave=1.0)))
        await asyncio.sleep(1 / HOSTILE)
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        done.append(-1 if isinstance(result, BaseException) else result)


@dataclass
class Turn:
    """What was seen in some turns: times of pictures, and the processors that were used."""

    times: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)  # by how much this script came too late
    serving: float = 0.0
    loading: float = 0.0
    others: float = 0.0

    async def watch(self, ours: Server, until: float) -> None:
        """Take note of who uses the processors."""
        began, before = time.monotonic(), (ours.cpu(), time.process_time(), machine())
        while time.monotonic() < until:
            asleep = time.monotonic()
            await asyncio.sleep(0.01)
            self.late.append(time.monotonic() - asleep - 0.01)
        after, took = (ours.cpu(), time.process_time(), machine()), time.monotonic() - began
        serving, loading, all_ = ((b - a) / took for a, b in zip(before, after, strict=True))
        self.serving, self.loading = self.serving + serving, self.loading + loading
        self.others += all_ - serving - loading


async def turn(ours: Server, seconds: float, crowd: bool, seen: Turn, done: list[int]) -> None:
    """Let a class move its sliders, with a crowd beside it or alone."""
    until = time.monotonic() + seconds
    work: list[Coroutine[Any, Any, None]] = [
        slide(ours, random.Random(f"{seconds} {n}"), until, seen.times) for n in range(SESSIONS)
    ]
    work.append(seen.watch(ours, until))
    if crowd:
        work += [largest(ours, n, until, done) for n in range(MAPS)]
        work += [paste(ours, until, done), attack(ours, until, done)]
    await asyncio.gather(*work)


def percentiles(times: list[float]) -> tuple[float, float]:
    """Return the milliseconds within which half and 95 % of some times lie."""
    return 1000 * percentile(times, 0.5), 1000 * percentile(times, 0.95)


def told(turn: Turn, turns: int) -> str:
    """Return in words who used the processors: the server, this script, all others."""
    used = (each / turns for each in (turn.serving, turn.loading, turn.others))
    late = 1000 * percentile(turn.late, 0.95)
    return ", ".join(f"{each:.2f}" for each in used) + f"; {late:.1f} ms"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=15)
    given = parser.parse_args()
    found = {False: Turn(), True: Turn()}
    asked: list[int] = []
    with server(ROOT / "app.py") as ours:
        run: Callable[..., None] = lambda *a: asyncio.run(turn(ours, *a))  # noqa: E731
        run(given.seconds / 3, False, Turn(), [])
        for _ in range(given.turns):
            for crowd in (False, True):
                run(given.seconds, crowd, found[crowd], asked)
                time.sleep(2)
    alone, beside = found.values()
    half, most = zip(*(percentiles(each.times) for each in found.values()), strict=True)
    times = [*alone.times, *beside.times]
    lost = sum(t == float("inf") for t in times)
    ratio = most[1] / most[0]
    rows = [
        ("pictures alone: p50, p95", f"{half[0]:.1f} ms, {most[0]:.1f} ms", "", None),
        ("beside the crowd", f"{half[1]:.1f} ms, {most[1]:.1f} ms", "", None),
        ("p95, ratio", f"{ratio:.2f}x", f"{MOST_RATIO}x", ratio <= MOST_RATIO),
        ("pictures, of them lost", f"{len(times)}, {lost}", "0 lost", lost == 0),
        ("requests of the crowd", f"{len(asked)}", "", None),
        (
            "processors alone: server, load, others; load late at p95",
            told(alone, given.turns),
            "",
            None,
        ),
        ("beside the crowd", told(beside, given.turns), "", None),
    ]
    report(f"{SESSIONS} sliders, {given.turns} turns of {given.seconds:g} s", rows)
    return int(any(met is False for *_, met in rows))


if __name__ == "__main__":
    sys.exit(main())
