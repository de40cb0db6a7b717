"""A class over a long time: what grows, and what is left over when it has gone.

Sessions come and go. Each opens a random link, changes it for a while over its WebSocket and asks
for the pictures by their addresses; some open maps, save files or leave in the middle of what they
have asked for. Meanwhile memory, descriptors and threads of each process are looked at. In the end
all have gone: descriptors and threads have to be no more than after a shorter class before, and
memory has to be within what the kept things may take.

    python benchmarks/soak.py --minutes 60 --sessions 50 --pause 10

With a pause of 1 s, 50 sessions want more than two processors can compute. It ends with code 1 if
anything is left over, and talks to 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

import websockets
from common import ROOT, Server, percentile, report, server
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

sys.path.insert(0, str(ROOT))

from landscape import SURFACES
from optimizers import OPTIMIZERS
from views.live.kept import TRAJECTORIES
from views.live.routes import MOST_BYTES as ANSWERS_BYTES
from views.maps import MAPS
from views.server.jobs import MOST_BYTES as MAPS_BYTES
from views.server.start import DESCRIPTORS_OF_SESSION

MOST_MINUTES = 600.0
LONG = 10.0  # minutes from which on nothing at all may be left over
WARM = 0.3  # share of the time after which what is kept should be full
# Seconds after the last has gone: Streamlit keeps a session for two minutes.
REST = 200.0
SWEEPERS = 24  # who then come, of whom every process meets some
# MB a process: what is kept, half as much again for how Python lays it out, and a map under way.
MAY_GROW = 1.5 * (TRAJECTORIES.most_bytes + ANSWERS_BYTES + MAPS_BYTES) / 1e6 + 100
GROWTH = 0.25  # MB a process for 1,000 changes, once what is kept is full


@dataclass(frozen=True)
class Look:
    """The state of the server's processes at a time: MB, descriptors and threads by process."""

    seconds: float
    changes: int
    memory: dict[str, float]
    descriptors: dict[str, int]
    threads: dict[str, int]

    def more(self, before: Look, what: str) -> float:
        """Return the most by which a process has more than before."""
        now, then = getattr(self, what), getattr(before, what)
        return max(now[process] - then[process] for process in now if process in then)


@dataclass
class Seen:
    """What the sessions have done, and what went wrong."""

    opened: int = 0
    changes: int = 0
    files: int = 0
    refused: int = 0
    dropped: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def look(ours: Server, began: float, changes: int) -> Look:
    """Return the state of the processes that serve."""
    found = Look(time.monotonic() - began, changes, {}, {}, {})
    for process in ours.processes():
        if b"spawn_main" in (process / "cmdline").read_bytes():
            lines = (process / "status").read_text().splitlines()
            status = dict(line.split(":", 1) for line in lines if ":" in line)
            found.memory[process.name] = int(status["VmRSS"].split()[0]) / 1e3
            found.descriptors[process.name] = len([*(process / "fd").iterdir()])
            found.threads[process.name] = int(status["Threads"])
    return found


def link(dice: random.Random) -> dict[str, object]:
    """Return the settings of a random experiment, now and then with a map."""
    surface = dice.choice([*SURFACES])
    found: dict[str, object] = {
        "surface": surface,
        "optimizers": dice.sample([*OPTIMIZERS], dice.randint(1, 6)),
        "length": dice.choice([50, 100, 300, 1000]),
        "noise": dice.choice([0, 0, 0.5]),
        "batch": dice.choice(["all", "16"]),
        "view": dice.choice(["Side by side", "Overlay", "3-D"]),
    }
    if dice.random() < 0.1:
        found |= {"view": "Maps", "map": dice.choice([*MAPS]), "map.starts": 64, "length": 100}
    if dice.random() < 0.05:
        found["fair"] = "each its best"
    return found


class Student:
    """One who comes, looks at some experiments, and goes."""

    def __init__(self, ours: Server, seen: Seen, dice: random.Random, pause: float) -> None:
        self.host = ours.url.split("/")[2]
        self.seen, self.dice, self.pause = seen, dice, pause

    async def stay(self, until: float) -> None:
        """Come again and again."""
        while time.monotonic() < until:
            try:
                await self.visit(until)
            except Exception as problem:  # an hour's work is not lost for one
                self.seen.dropped.append(f"{time.strftime('%H:%M:%S')}: {problem!r}")
            await asyncio.sleep(self.dice.uniform(0, 2 * self.pause))

    async def visit(self, until: float) -> None:
        """Open a page, change it some times, and leave."""
        async with websockets.connect(
            f"ws://{self.host}/_stcore/stream",
            subprotocols=[websockets.Subprotocol("streamlit")],
            max_size=None,
            # As a browser does, it hears the server while it waits for a picture.
            max_queue=None,
        ) as socket:
            self.seen.opened += 1
            settings = link(self.dice)
            for _ in range(self.dice.randint(3, 20)):
                if time.monotonic() > until:
                    return
                settings["seed"] = self.dice.randint(0, 10_000)
                query = urlencode(settings, doseq=True)
                message = BackMsg()
                message.rerun_script.query_string = query
                before = time.monotonic()
                await socket.send(message.SerializeToString())
                await self.get(f"scene?{query}")
                await ended(socket)
                self.seen.seconds.append(time.monotonic() - before)
                self.seen.changes += 1
                if self.dice.random() < 0.1:
                    kind = self.dice.choice(["save/x.csv", "save/x.html", "map/x.csv"])
                    self.seen.files += 1
                    await self.get(f"{kind}?{query}", leave=self.dice.random() < 0.5)
                await asyncio.sleep(self.dice.uniform(0.2, 2) * self.pause)

    async def get(self, address: str, leave: bool = False) -> None:
        """Ask for something below the server's own address, and wait for it or leave."""
        host, port = self.host.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            request = f"GET /zz/{address} HTTP/1.1\r\nHost: {self.host}\r\n"
            writer.write(f"{request}Accept-Encoding: deflate\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
            if leave:
                await asyncio.sleep(0.05)
                return
            line = await reader.readline()
            if not line:
                raise ConnectionError(f"no answer: {address}")
            status = int(line.split()[1])
            await reader.read()
            self.seen.refused += status == 503
            if status not in (200, 400, 503):  # 400: there is no such map of these settings
                self.seen.dropped.append(f"{status}: {address}")
        finally:
            writer.close()


async def ended(socket: websockets.ClientConnection) -> None:
    """Read until a run of the script has ended."""
    while True:
        message = ForwardMsg.FromString(await socket.recv(decode=False))
        if message.WhichOneof("type") != "script_finished":
            continue
        if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            raise RuntimeError("the script cannot be run")
        # A run may end early for another, such as that of the page which a link is of.
        if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return


async def sweep_up(ours: Server) -> None:
    """Come and go: Streamlit lets go of whoever has gone only when the next one has."""
    async with websockets.connect(
        f"ws://{ours.url.split('/')[2]}/_stcore/stream",
        subprotocols=[websockets.Subprotocol("streamlit")],
        max_size=None,
    ) as socket:
        await socket.send(BackMsg(rerun_script={"query_string": "length=10"}).SerializeToString())
        await ended(socket)


async def soak(
    ours: Server, sessions: int, seconds: float, pause: float
) -> tuple[Seen, list[Look]]:
    """Let sessions come and go; return what they did and what was seen meanwhile.

    A shorter class comes before, and goes: what a process makes once is no growth.
    """
    began, looks, seen = time.monotonic(), [], Seen()
    for length in (min(60.0, seconds / 3), seconds):
        seen = Seen()
        until = time.monotonic() + length
        students = [
            Student(ours, seen, random.Random(f"{length} {n}"), pause) for n in range(sessions)
        ]
        tasks = [asyncio.create_task(student.stay(until)) for student in students]
        while looks and time.monotonic() < until:
            await asyncio.sleep(min(60.0, seconds / 20))
            looks.append(look(ours, began, seen.changes))
        await asyncio.gather(*tasks)
        await asyncio.sleep(REST if seconds >= 60 * LONG else 6)
        # One after another: of those who come at once, one process takes all.
        for _ in range(SWEEPERS if seconds >= 60 * LONG else 0):
            await sweep_up(ours)
        looks.append(look(ours, began, seen.changes))
    return seen, looks


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--pause", type=float, default=1, help="seconds between changes, about")
    given = parser.parse_args()
    seconds = 60 * min(given.minutes, MOST_MINUTES)
    with server(ROOT / "app.py") as ours:
        seen, looks = asyncio.run(soak(ours, given.sessions, seconds, given.pause))
    first, last = looks[0], looks[-1]
    full = next(each for each in looks if each.seconds >= WARM * last.seconds)
    changed = max(1, last.changes - full.changes) / 1000 / len(first.memory)
    grown = last.more(first, "memory")
    later = last.more(full, "memory") / changed
    # Of all processes together: which of them the last to come have met is by chance.
    left, threads = (
        sum(getattr(last, what).values()) - sum(getattr(first, what).values())
        for what in ("descriptors", "threads")
    )
    most = max(max(each.memory.values()) for each in looks)
    replaced = len(first.memory.keys() - last.memory.keys())
    long = given.minutes >= LONG
    # Whoever was there may still come back, for two minutes after leaving.
    kept = 0 if long else DESCRIPTORS_OF_SESSION * seen.opened
    rows = [
        ("pages opened, changes, files", f"{seen.opened}, {seen.changes}, {seen.files}", "", None),
        ("lost", f"{len(seen.dropped)}", "0", not seen.dropped),
        ("processes replaced", f"{replaced}", "0", not replaced),
        ("refused for a while", f"{seen.refused}", "", None),
        ("change to end of run: p95", f"{percentile(seen.seconds, 0.95):.2f} s", "", None),
        (
            "memory of a process: most",
            f"{most:.0f} MB",
            "",
            None,
        ),
        ("  grown in the end", f"{grown:.0f} MB", f"{MAY_GROW:.0f} MB", grown < MAY_GROW),
        (
            "  for 1,000 changes, once what is kept is full",
            f"{later:.2f} MB",
            f"{GROWTH} MB" if long else "",
            later < GROWTH if long else None,
        ),
        ("descriptors left over", f"{left}", f"{kept}", left <= kept),
        ("threads left over", f"{threads}", f"{kept}", threads <= kept),
    ]
    report(
        f"{given.sessions} sessions, {given.minutes:g} minutes, pauses of {given.pause:g} s", rows
    )
    print("most MB of a process, in the course of the time:")  # noqa: T201
    print(*(f"{max(each.memory.values()):.0f}" for each in looks))  # noqa: T201
    for problem in sorted({*seen.dropped})[:10]:
        print(problem)  # noqa: T201
    return int(any(met is False for *_, met in rows))


if __name__ == "__main__":
    sys.exit(main())
